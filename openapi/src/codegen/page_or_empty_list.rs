//! Lets the page in a response be an empty array.
//!
//! In another operation, the service sends `[]` for an empty object, as PHP serializes an empty array. The description
//! says object, because nothing else has been observed in this operation. The attribute is added to the output of
//! the generator.

use syn::{Field, File, parse_quote};

use super::field;

/// The name of such a field, in JSON and in Rust.
const NAME: &str = "data";

/// Lets the pages in a file be read from an empty array as well.
pub(super) fn read_from_empty_lists(file: &mut File) {
    field::annotate(
        file,
        is_page,
        &parse_quote!(#[serde(default, deserialize_with = "crate::page_or_empty_list::deserialize")]),
    );
}

fn is_page(field: &Field) -> bool {
    // Types of the description have no path, unlike those of Rust.
    field::optional(field, NAME).is_some_and(|inner| inner.get_ident().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_optional_objects_of_that_name_get_the_attribute() {
        let mut file = parse_quote! {
            pub mod types {
                pub struct Answer {
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub data: ::std::option::Option<Page>,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub more: ::std::option::Option<Page>,
                }
                pub struct Text {
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub data: ::std::option::Option<::std::string::String>,
                }
                pub struct Required {
                    pub data: Page,
                }
                pub mod builder {
                    pub struct Answer {
                        data: Result<Option<super::Page>, String>,
                    }
                }
            }
        };
        read_from_empty_lists(&mut file);
        let text = prettyplease::unparse(&file);
        assert_eq!(text.matches("crate::page_or_empty_list").count(), 1, "{text}");
        let (before, after) =
            text.split_once("crate::page_or_empty_list::deserialize").expect("one");
        assert!(before.contains("struct Answer") && !before.contains("more"), "{text}");
        assert!(after.starts_with("\")]\n        pub data"), "{text}");
    }
}
