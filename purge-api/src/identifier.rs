//! How the generated types read and write an operation ID: as a string. An integer is read as its digits, so that one
//! number in place of a string does not make a whole page unreadable.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Serialize as _, Serializer};

pub(crate) fn serialize<S: Serializer>(
    id: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    id.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    struct TextOrNumber;

    impl Visitor<'_> for TextOrNumber {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string, an integer or null")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(TextOrNumber)
}

#[cfg(test)]
mod tests {
    use crate::types::CreatePurgeResponse;

    #[test]
    fn strings_and_integers_are_read() {
        let check = |id: &str, expected: Option<&str>| {
            let read = serde_json::from_str(&format!(r#"{{"status":true{id}}}"#));
            let read: CreatePurgeResponse = read.expect(id);
            assert_eq!(read.op_id.as_deref(), expected, "{id}");
        };
        check(r#","opID":"a b""#, Some("a b"));
        check(r#","opID":"\u0061""#, Some("a"));
        check(r#","opID":17"#, Some("17"));
        check(r#","opID":-1"#, Some("-1"));
        check(r#","opID":18446744073709551615"#, Some("18446744073709551615"));
        check(r#","opID":null"#, None);
        check("", None);
        for id in ["1.5", "18446744073709551616", "1e3", "true", "[1]", "{}"] {
            let read = format!(r#"{{"status":true,"opID":{id}}}"#);
            serde_json::from_str::<CreatePurgeResponse>(&read).expect_err(id);
        }
    }

    #[test]
    fn integers_are_written_as_strings() {
        let json = r#"{"status":true,"opID":17}"#;
        let read: CreatePurgeResponse = serde_json::from_str(json).expect("a number");
        let written = serde_json::to_string(&read).expect("JSON");
        assert_eq!(written, r#"{"opID":"17","status":true}"#);
    }
}
