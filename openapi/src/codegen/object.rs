//! Lets objects be read only from JSON objects.
//!
//! Code derived by serde also reads a struct from an array with the values of its fields: a response
//! `["", "a", true]` would be a success. With `remote = "Self"`, the derived code becomes inherent functions; the
//! implementations added here call them with a deserializer that requires a map.

use syn::{Attribute, Fields, File, Ident, Item, ItemStruct, Meta, Path, Token, parse_quote};

/// Prevents the structs in a file from being read from arrays.
pub(super) fn read_from_objects_only(file: &mut File) {
    items(&mut file.items);
}

fn items(all: &mut Vec<Item>) {
    let mut added = Vec::new();
    for item in all.iter_mut() {
        match item {
            Item::Mod(module) => {
                if let Some((_, inner)) = &mut module.content {
                    items(inner);
                }
            }
            Item::Struct(item) if is_read(item) => {
                item.attrs.push(parse_quote!(#[serde(remote = "Self")]));
                added.extend(implementations(&item.ident));
            }
            _ => {}
        }
    }
    all.extend(added);
}

/// Whether a struct has named fields and no parameters, and derives both directions of serde.
fn is_read(item: &ItemStruct) -> bool {
    let derives = |name: &str| item.attrs.iter().any(|attribute| derives(attribute, name));
    let named = matches!(item.fields, Fields::Named(_)) && item.generics.params.is_empty();
    named && derives("Deserialize") && derives("Serialize")
}

fn derives(attribute: &Attribute, name: &str) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let paths =
        list.parse_args_with(syn::punctuated::Punctuated::<Path, Token![,]>::parse_terminated);
    list.path.is_ident("derive")
        && paths
            .into_iter()
            .flatten()
            .any(|path| path.segments.last().is_some_and(|segment| segment.ident == name))
}

fn implementations(name: &Ident) -> [Item; 2] {
    [
        parse_quote! {
            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<D: ::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::std::result::Result<Self, D::Error> {
                    #name::deserialize(crate::object::Object(deserializer))
                }
            }
        },
        parse_quote! {
            impl ::serde::Serialize for #name {
                fn serialize<S: ::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::std::result::Result<S::Ok, S::Error> {
                    #name::serialize(self, serializer)
                }
            }
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_structs_with_named_fields_are_changed() {
        let mut file = parse_quote! {
            pub mod types {
                #[derive(::serde::Deserialize, ::serde::Serialize, Clone)]
                #[serde(deny_unknown_fields)]
                pub struct Answer {
                    pub status: bool,
                }
                #[derive(::serde::Deserialize, ::serde::Serialize)]
                #[serde(transparent)]
                pub struct Text(pub String);
                #[derive(Clone)]
                pub struct Builder {
                    status: bool,
                }
            }
        };
        read_from_objects_only(&mut file);
        let text = prettyplease::unparse(&file);
        assert_eq!(text.matches("remote = \"Self\"").count(), 1, "{text}");
        assert!(
            text.contains("Answer::deserialize(crate::object::Object(deserializer))"),
            "{text}"
        );
        assert!(text.contains("for Answer") && !text.contains("for Text"), "{text}");
    }
}
