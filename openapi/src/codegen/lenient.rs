//! Lets members without which a response is still safe to use have any type.
//!
//! Nobody has published their types, and a response must not become unreadable because of a member that is only shown,
//! or not used at all: a token, a page or the ID of an operation would be lost with it. What decides an outcome stays
//! strict: `status` of an envelope, `data` and `requests`, and `url` and `completedAt` of a record. The attribute is added
//! to the output of the generator.

use syn::{Attribute, Field, File, Path, parse_quote};

use super::field;

/// The names of such members in Rust: integers, and texts that are unknown if they are not a string.
const INTEGERS: [&str; 5] = ["expire", "limit", "page", "status", "total"];
const TEXTS: [&str; 3] = ["created_at", "search", "started_at"];
/// A text for people, of which any JSON shows something.
const MESSAGE: &str = "message";
/// A text that is not shown.
const SECRET: &str = "session";

/// Lets such members in a file be read from any JSON.
pub(super) fn read_from_any(file: &mut File) {
    let read = |name: &str| -> Attribute {
        let path = format!("crate::lenient::{name}");
        parse_quote!(#[serde(default, deserialize_with = #path)])
    };
    field::annotate(file, |field| is(field, &INTEGERS, "i64"), &read("integer"));
    field::annotate(file, |field| is(field, &TEXTS, "String"), &read("text"));
    field::annotate(file, |field| is(field, &[MESSAGE], "String"), &read("message"));
    field::annotate(file, |field| is(field, &[SECRET], "Secret"), &read("secret"));
}

fn is(field: &Field, names: &[&str], ty: &str) -> bool {
    let is_of = |inner: &Path| inner.segments.last().is_some_and(|last| last.ident == ty);
    names.iter().any(|name| field::optional(field, name).is_some_and(is_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_optional_members_of_these_names_and_types_get_the_attribute() {
        let mut file = parse_quote! {
            pub mod types {
                pub struct Answer {
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub expire: ::std::option::Option<i64>,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub more: ::std::option::Option<i64>,
                    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")]
                    pub created_at: ::std::option::Option<::std::string::String>,
                    #[serde(rename = "completedAt", skip_serializing_if = "Option::is_none")]
                    pub completed_at: ::std::option::Option<::std::string::String>,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub message: ::std::option::Option<::std::string::String>,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub session: ::std::option::Option<crate::Secret>,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub token: ::std::option::Option<crate::Secret>,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub total: ::std::option::Option<::std::string::String>,
                    pub status: bool,
                }
                pub mod builder {
                    pub struct Answer {
                        expire: Result<Option<i64>, String>,
                    }
                }
            }
        };
        read_from_any(&mut file);
        let text = prettyplease::unparse(&file);
        let found = text.split("crate::lenient::").skip(1);
        let found: Vec<_> = found
            .map(|rest| {
                let (how, rest) = rest.split_once('"').expect("a name");
                (how, rest.split("pub ").nth(1).and_then(|rest| rest.split(':').next()))
            })
            .collect();
        assert_eq!(
            found,
            [
                ("integer", Some("expire")),
                ("text", Some("created_at")),
                ("message", Some("message")),
                ("secret", Some("session")),
            ],
            "{text}"
        );
    }
}
