//! Lets operation IDs in responses be numbers.
//!
//! The description says that an operation ID is a string, because nothing else has been observed. A response with a
//! number must still be readable. The generator has no setting for how a single field is deserialized, so the
//! attribute is added to its output.

use syn::{Field, File, Meta, parse_quote};

use super::field;

/// The name of such a field in JSON.
const NAME: &str = r#"rename = "opID""#;

/// Lets the operation IDs in a file be read from numbers as well.
pub(super) fn read_from_numbers(file: &mut File) {
    field::annotate(
        file,
        is_identifier,
        &parse_quote!(#[serde(default, with = "crate::identifier")]),
    );
}

fn is_identifier(field: &Field) -> bool {
    field.attrs.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("serde") && list.tokens.to_string().contains(NAME),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_identifiers_get_the_attribute() {
        let mut file = parse_quote! {
            pub mod types {
                pub struct Answer {
                    #[serde(rename = "opID", skip_serializing_if = "Option::is_none")]
                    pub op_id: Option<String>,
                    #[serde(rename = "createdAt")]
                    pub created_at: Option<String>,
                }
                pub mod builder {
                    pub struct Answer {
                        op_id: Result<Option<String>, String>,
                    }
                }
            }
        };
        read_from_numbers(&mut file);
        let text = prettyplease::unparse(&file);
        assert_eq!(text.matches("crate::identifier").count(), 1, "{text}");
        let (before, after) = text.split_once("crate::identifier").expect("one");
        assert!(before.contains("opID") && after.starts_with("\")]\n        pub op_id"), "{text}");
    }
}
