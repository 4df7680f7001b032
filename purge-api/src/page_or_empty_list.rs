//! How the generated types read the page in a response: as an object, null, or an empty array in place of an empty
//! object. The service may write an empty object as `[]`, which must not make the response unreadable.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct ObjectOrEmptyList<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOrEmptyList<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object, an empty array or null")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            if list.next_element::<IgnoredAny>()?.is_some() {
                return Err(A::Error::custom("an array that is not empty, expected an object"));
            }
            let nothing: [(&str, &str); 0] = [];
            T::deserialize(MapDeserializer::new(nothing.into_iter())).map(Some)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(ObjectOrEmptyList(PhantomData))
}

#[cfg(test)]
mod tests {
    use crate::types::ListPurgeRequestsResponse;

    fn read(data: &str) -> Result<ListPurgeRequestsResponse, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{"status":true{data}}}"#))
    }

    #[test]
    fn an_empty_array_is_an_empty_page() {
        for data in [r#","data":[]"#, r#","data":{}"#, r#","data":[ ]"#] {
            let page = read(data).expect(data).data.expect("a page");
            assert!(page.total.is_none() && page.requests.is_none(), "{data}");
        }
    }

    #[test]
    fn absent_or_null_data_is_not_a_page() {
        for data in ["", r#","data":null"#] {
            assert!(read(data).expect(data).data.is_none(), "{data}");
        }
    }

    #[test]
    fn an_object_is_a_page() {
        let data = r#","data":{"total":3,"requests":[{"opID":"a"}],"more":[1]}"#;
        let page = read(data).expect("a page").data.expect("a page");
        assert_eq!(page.total, Some(3));
        assert_eq!(page.requests.expect("records").len(), 1);
    }

    #[test]
    fn no_other_value_is_a_page() {
        // Without this hook, an array with as many values as a page has members was read as a page.
        for data in [
            "[1]",
            "[[]]",
            "[null]",
            "[10,1,[],null,1]",
            r#""""#,
            "0",
            "false",
            r#"{"requests":"1"}"#,
        ] {
            read(&format!(r#","data":{data}"#)).expect_err(data);
        }
    }

    #[test]
    fn an_empty_page_is_written_as_an_object() {
        let json = serde_json::to_string(&read(r#","data":[]"#).expect("a page"));
        assert_eq!(json.expect("JSON"), r#"{"data":{},"status":true}"#);
    }
}
