//! How the generated types read an object: from a map, and not from an array of its values. Code derived by serde
//! accepts both, so a response `["", "a", true]` would be a success.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// A deserializer that reads a struct only from a map.
pub(crate) struct Object<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Object<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use crate::types::{CreatePurgeRequest, CreatePurgeResponse, ListPurgeRequestsResponse};

    #[test]
    fn an_array_of_the_values_is_not_an_object() {
        for json in [r#"["m","a",true]"#, "[null,null,true]", "[]", r#"[{"status":true}]"#] {
            serde_json::from_str::<CreatePurgeResponse>(json).expect_err(json);
            serde_json::from_str::<ListPurgeRequestsResponse>(json).expect_err(json);
        }
        let record = r#"{"status":true,"data":{"requests":[[null,null,null,"a",null,1,"/a"]]}}"#;
        serde_json::from_str::<ListPurgeRequestsResponse>(record).expect_err("a record");
        let request = r#"[["/a"],"660f9511-f30c-52e5-b827-557766551111"]"#;
        serde_json::from_str::<CreatePurgeRequest>(request).expect_err("a request");
    }

    #[test]
    fn an_object_is_read_and_written() {
        let json = r#"{"opID":"a","status":true}"#;
        let read: CreatePurgeResponse = serde_json::from_str(json).expect("a response");
        assert_eq!(serde_json::to_string(&read).expect("JSON"), json);
    }
}
