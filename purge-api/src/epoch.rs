//! How the generated types read a time in seconds since 1970: as an integer; anything else counts as unknown.

use serde::Deserialize as _;
use serde::de::Deserializer;
use serde_json::Value;

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    Value::deserialize(deserializer).map(|value| value.as_i64())
}

#[cfg(test)]
mod tests {
    use crate::login::types::CreateTokenResponse;

    #[test]
    fn only_an_integer_is_a_time() {
        let check = |expire: &str, expected: Option<i64>| {
            let read = serde_json::from_str(&format!(r#"{{"status":true{expire}}}"#));
            let read: CreateTokenResponse = read.expect(expire);
            assert_eq!(read.expire, expected, "{expire}");
        };
        check(r#","expire":1666024005"#, Some(1_666_024_005));
        check(r#","expire":-1"#, Some(-1));
        check("", None);
        for other in ["null", "1.5", r#""1666024005""#, "[]", "{}", "18446744073709551615"] {
            check(&format!(r#","expire":{other}"#), None);
        }
    }
}
