//! How the generated types read members without which a response is still safe to use: from any JSON. One that has
//! another type than expected must not make a response unreadable.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize as _;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::Secret;

/// An integer. Anything else counts as unknown.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(Any::<i64>(PhantomData))
}

/// A string. Anything else counts as unknown.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Any::<String>(PhantomData))
}

/// A string that is never printed. Anything else counts as unknown.
pub(crate) fn secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Secret>, D::Error> {
    Ok(text(deserializer)?.map(Secret::from))
}

/// A text for people: anything but a string is shown as JSON, since it may say what is wrong with a request.
pub(crate) fn message<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Any::<Message>(PhantomData)).map(|text| text.map(|text| text.0))
}

/// What becomes of a JSON value; by default, nothing.
trait Wanted: Sized {
    fn of_text(_: &str) -> Option<Self> {
        None
    }

    fn of_integer(_: i64) -> Option<Self> {
        None
    }

    /// Whether it is made of values that are neither.
    const TAKES_OTHERS: bool = false;

    fn of_other(_: &Value) -> Option<Self> {
        None
    }
}

struct Message(String);

impl Wanted for i64 {
    fn of_integer(number: i64) -> Option<Self> {
        Some(number)
    }
}

impl Wanted for String {
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Wanted for Message {
    fn of_text(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn of_integer(number: i64) -> Option<Self> {
        Some(Self(number.to_string()))
    }

    const TAKES_OTHERS: bool = true;

    fn of_other(value: &Value) -> Option<Self> {
        Some(Self(value.to_string()))
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Wanted> Visitor<'de> for Any<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::of_text(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::of_integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(match i64::try_from(number) {
            Ok(number) => T::of_integer(number),
            Err(_) => T::of_other(&number.into()),
        })
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(T::of_other(&number.into()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(T::of_other(&value.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        let list = SeqAccessDeserializer::new(list);
        if T::TAKES_OTHERS {
            return Value::deserialize(list).map(|list| T::of_other(&list));
        }
        IgnoredAny::deserialize(list).map(|_| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let map = MapAccessDeserializer::new(map);
        if T::TAKES_OTHERS {
            return Value::deserialize(map).map(|map| T::of_other(&map));
        }
        IgnoredAny::deserialize(map).map(|_| None)
    }
}

#[cfg(test)]
mod tests {
    use crate::login::types::CreateTokenResponse;
    use crate::types::{CreatePurgeResponse, ListPurgeRequestsResponse, PurgeRequest};

    /// JSON of every type, and one that cannot be an `i64`.
    const OTHERS: [&str; 7] =
        ["null", "true", "1.5", "18446744073709551615", "[]", r#"[1,{"a":2}]"#, r#"{"a":[1]}"#];

    fn login(member: &str) -> CreateTokenResponse {
        serde_json::from_str(&format!(r#"{{"status":true,"token":"t"{member}}}"#)).expect(member)
    }

    fn record(member: &str) -> Result<PurgeRequest, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{{member}}}"#))
    }

    #[test]
    fn only_an_integer_is_a_time() {
        assert_eq!(login(r#","expire":1666024005"#).expire, Some(1_666_024_005));
        assert_eq!(login(r#","expire":-1"#).expire, Some(-1));
        assert_eq!(login("").expire, None);
        for other in OTHERS.into_iter().chain([r#""1666024005""#]) {
            assert_eq!(login(&format!(r#","expire":{other}"#)).expire, None, "{other}");
        }
    }

    #[test]
    fn unused_members_of_any_type_leave_a_token_and_a_page_readable() {
        for other in OTHERS.into_iter().chain(["7"]) {
            let read = login(&format!(r#","session":{other}"#));
            assert!(read.session.is_none() && read.token.is_some(), "{other}");
        }
        let session = login(r#","session":"s""#).session.expect("a session");
        assert_eq!(session.expose_secret(), "s");
        for other in OTHERS.into_iter().chain([r#""0""#]) {
            let json = format!(
                r#"{{"status":true,"data":{{"page":{other},"total":{other},"limit":{other},"search":{other},"requests":[{{}}]}}}}"#
            );
            let read: ListPurgeRequestsResponse = serde_json::from_str(&json).expect(other);
            let data = read.data.expect("a page");
            assert_eq!((data.page, data.total, data.limit), (None, None, None), "{other}");
            assert_eq!(data.search.is_some(), other.starts_with('"'), "{other}");
            assert_eq!(data.requests.map(|records| records.len()), Some(1), "{other}");
        }
    }

    #[test]
    fn message_of_any_type_is_a_text() {
        for (json, expected) in [
            ("null", None),
            (r#""a\u0062""#, Some("ab")),
            ("7", Some("7")),
            ("false", Some("false")),
            ("18446744073709551615", Some("18446744073709551615")),
            (r#"["a", "b"]"#, Some(r#"["a","b"]"#)),
            (r#"{"file_path": ["bad path"]}"#, Some(r#"{"file_path":["bad path"]}"#)),
        ] {
            let read = format!(r#"{{"message":{json},"status":false}}"#);
            let read: CreatePurgeResponse = serde_json::from_str(&read).expect(json);
            assert_eq!((read.status, read.message.as_deref()), (false, expected), "{json}");
        }
    }

    #[test]
    fn only_what_decides_an_outcome_makes_a_record_unreadable() {
        for other in OTHERS.into_iter().chain([r#""1""#]) {
            let member = format!(r#""status":{other},"createdAt":{other},"startedAt":{other}"#);
            let read = record(&member).expect(other);
            assert_eq!(read.status, None, "{other}");
            assert_eq!(read.created_at.is_some(), other.starts_with('"'), "{other}");
            assert_eq!(read.started_at, read.created_at, "{other}");
        }
        for other in OTHERS.into_iter().filter(|other| *other != "null") {
            record(&format!(r#""completedAt":{other}"#)).expect_err(other);
            record(&format!(r#""url":{other}"#)).expect_err(other);
        }
    }

    #[test]
    fn broken_json_stays_unreadable() {
        for member in [r#""status":[1"#, r#""status":{"a":}"#, r#""status":1,"status":1"#] {
            record(member).expect_err(member);
        }
    }
}
