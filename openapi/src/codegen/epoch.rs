//! Makes a time in seconds since 1970 unknown if it is not a number.
//!
//! Only an example shows what it looks like. If it were something else, the whole response would be unreadable, and the
//! token in it lost. The attribute is added to the output of the generator.

use syn::{Field, File, parse_quote};

use super::field;

/// The name of such a field, in JSON and in Rust.
const NAME: &str = "expire";

/// Lets such fields be read from any JSON.
pub(super) fn read_if_a_number(file: &mut File) {
    field::annotate(
        file,
        is_epoch,
        &parse_quote!(#[serde(default, deserialize_with = "crate::epoch::deserialize")]),
    );
}

fn is_epoch(field: &Field) -> bool {
    field::optional(field, NAME).is_some_and(|inner| inner == "i64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_optional_numbers_of_that_name_get_the_attribute() {
        let mut file = parse_quote! {
            pub mod types {
                pub struct Answer {
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub expire: ::std::option::Option<i64>,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub more: ::std::option::Option<i64>,
                }
                pub struct Text {
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub expire: ::std::option::Option<::std::string::String>,
                }
                pub mod builder {
                    pub struct Answer {
                        expire: Result<Option<i64>, String>,
                    }
                }
            }
        };
        read_if_a_number(&mut file);
        let text = prettyplease::unparse(&file);
        assert_eq!(text.matches("crate::epoch").count(), 1, "{text}");
        let (before, after) = text.split_once("crate::epoch::deserialize").expect("one");
        assert!(before.contains("struct Answer") && !before.contains("more"), "{text}");
        assert!(after.starts_with("\")]\n        pub expire"), "{text}");
    }
}
