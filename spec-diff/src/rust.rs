//! The Rust axis: which public items of the generated bindings came and went. Both texts are parsed, so
//! neither a compiler nor rustdoc is in the way.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, Meta, Path, Signature, Token, Visibility};

/// What a change does to the generated bindings. An item that changed is removed and added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RustDiff {
    /// Items that only the new bindings have.
    pub added: Vec<String>,
    /// Items that only the old bindings have.
    pub removed: Vec<String>,
    /// Why there are no bindings for one of the documents.
    pub codegen_error: Option<String>,
    /// Whether it is the new document that has no bindings.
    pub broken: bool,
}

impl RustDiff {
    /// Whether code that compiled may not compile any more.
    ///
    /// A field that is added to a struct does not count: values are made by the builders, and nobody
    /// has to write such a struct out.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.broken || !self.removed.is_empty()
    }

    /// Whether nothing came, went or failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Compares the texts of two bindings, or says why there are none.
    #[must_use]
    pub fn between(old: Result<&str, &str>, new: Result<&str, &str>) -> Self {
        match (items(old), items(new)) {
            (Ok(old), Ok(new)) => Self {
                added: new.difference(&old).cloned().collect(),
                removed: old.difference(&new).cloned().collect(),
                ..Self::default()
            },
            (_, Err(error)) => Self { codegen_error: Some(error), broken: true, ..Self::default() },
            (Err(error), Ok(new)) => Self {
                added: new.into_iter().collect(),
                codegen_error: Some(format!("the old document has no bindings: {error}")),
                ..Self::default()
            },
        }
    }
}

fn items(text: Result<&str, &str>) -> Result<BTreeSet<String>, String> {
    public_items(text?).map_err(|e| format!("the generated bindings are not Rust: {e}"))
}

fn public_items(text: &str) -> syn::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    collect(&syn::parse_file(text)?.items, "", &mut found);
    Ok(found)
}

fn collect(items: &[Item], module: &str, found: &mut BTreeSet<String>) {
    for item in items {
        match item {
            Item::Mod(inner) if public(&inner.vis) => {
                let name = format!("{module}{}::", inner.ident);
                collect(inner.content.as_ref().map_or(&[], |(_, items)| items), &name, found);
            }
            Item::Struct(item) if public(&item.vis) => {
                let name = format!("{module}{}", item.ident);
                found.insert(format!("struct {name}{}", plain(&item.generics)));
                derives(&item.attrs, &name, found);
                fields(&item.fields, &name, found);
            }
            Item::Enum(item) if public(&item.vis) => {
                let name = format!("{module}{}", item.ident);
                found.insert(format!("enum {name}{}", plain(&item.generics)));
                derives(&item.attrs, &name, found);
                for variant in &item.variants {
                    found.insert(format!("{name}::{}{}", variant.ident, plain(&variant.fields)));
                }
            }
            Item::Impl(item) => implementation(item, module, found),
            Item::Fn(item) if public(&item.vis) => {
                found.insert(signature(&item.sig, module));
            }
            Item::Type(item) if public(&item.vis) => {
                found.insert(format!("type {module}{} = {}", item.ident, plain(&item.ty)));
            }
            Item::Const(item) if public(&item.vis) => {
                found.insert(format!("const {module}{}: {}", item.ident, plain(&item.ty)));
            }
            Item::Use(item) if public(&item.vis) => {
                found.insert(format!("use {module}{}", plain(&item.tree)));
            }
            Item::Trait(item) if public(&item.vis) => {
                found.insert(format!("trait {module}{}", item.ident));
                for member in &item.items {
                    found.insert(format!("{module}{}: {}", item.ident, plain(member)));
                }
            }
            _ => {}
        }
    }
}

fn fields(fields: &Fields, name: &str, found: &mut BTreeSet<String>) {
    for (index, field) in fields.iter().enumerate().filter(|(_, field)| public(&field.vis)) {
        let field_name =
            field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
        found.insert(format!("{name}.{field_name}: {}", plain(&field.ty)));
    }
}

fn derives(attributes: &[Attribute], name: &str, found: &mut BTreeSet<String>) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        if let Meta::List(list) = &attribute.meta {
            let traits = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
            for path in traits.into_iter().flatten() {
                found.insert(format!("impl {} for {name}", plain(&path)));
            }
        }
    }
}

fn implementation(item: &ItemImpl, module: &str, found: &mut BTreeSet<String>) {
    let of = plain(&item.self_ty);
    if let Some((path, _)) = &item.trait_ {
        found.insert(format!("impl {} for {of} in {}", plain(path), module.trim_end_matches("::")));
        return;
    }
    // The lifetime of a builder says nothing about what its methods take.
    let of = of.split('<').next().unwrap_or_default();
    for member in &item.items {
        match member {
            ImplItem::Fn(method) if public(&method.vis) => {
                found.insert(signature(&method.sig, &format!("{module}{of}::")));
            }
            ImplItem::Const(constant) if public(&constant.vis) => {
                found.insert(format!(
                    "const {module}{of}::{}: {}",
                    constant.ident,
                    plain(&constant.ty)
                ));
            }
            _ => {}
        }
    }
}

fn signature(signature: &Signature, owner: &str) -> String {
    // Whether a method changes its own copy is its own affair.
    let text = plain(signature).replace("(mut self", "(self");
    let text = text.trim_end_matches(',');
    let name = signature.ident.to_string();
    text.replacen(&format!("fn {name}"), &format!("fn {owner}{name}"), 1)
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Tokens as a person would write them, on one line, with the names of the prelude.
fn plain(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    let spaces = [
        (" : :: ", ": ::"),
        (" :: ", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :", ":"),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ;", ";"),
        (",>", ">"),
        (",)", ")"),
        (",}", "}"),
    ];
    for (from, to) in spaces {
        text = text.replace(from, to);
    }
    for prelude in [
        "option::Option",
        "vec::Vec",
        "string::String",
        "convert::TryInto",
        "convert::TryFrom",
        "convert::From",
        "result::Result",
        "default::Default",
        "clone::Clone",
    ] {
        let name = prelude.rsplit("::").next().unwrap_or(prelude);
        text = text
            .replace(&format!("::std::{prelude}"), name)
            .replace(&format!("std::{prelude}"), name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_callers_can_use_is_listed() {
        let text = r#"
            pub mod types {
                /// Docs do not count.
                #[derive(::serde::Serialize, Clone)]
                pub struct Thing { pub name: ::std::option::Option<::std::string::String>, hidden: u8 }
                pub enum Kind { A, B(u8) }
                impl Thing {
                    pub fn name<T>(mut self, value: &T) -> Self where T: ::std::convert::TryInto<u8>, { self }
                    fn secret(&self) {}
                }
                impl ::std::convert::From<u8> for Thing { fn from(_: u8) -> Self { todo!() } }
                mod inner { pub struct Unreachable; }
            }
            pub use types::Thing;
        "#;
        let items: Vec<_> = public_items(text).expect("the text is Rust").into_iter().collect();
        insta::assert_snapshot!(items.join("\n"));
    }
}
