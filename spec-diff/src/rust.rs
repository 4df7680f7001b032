//! The Rust axis: which public items of the generated bindings were added or removed. Both texts are parsed, so neither
//! a compiler nor rustdoc is needed.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Fields, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Meta, Path, Signature,
    Token, Visibility,
};

mod outlines;

/// What a change does to the generated bindings. An item that changed is removed and added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RustDiff {
    /// Items that only the new bindings have.
    pub added: Vec<String>,
    /// Items that only the old bindings have.
    pub removed: Vec<String>,
    /// Whether bindings were compared at all.
    pub known: bool,
    /// Why there are no bindings for one of the documents.
    pub codegen_error: Option<String>,
    /// Whether bindings could be generated before, and no longer can.
    pub broken: bool,
    /// Whether bindings could not be generated before, and still cannot.
    pub never: bool,
    /// The items that break callers: all that were removed, and some of those that were added.
    pub breaking: Vec<String>,
}

impl RustDiff {
    /// Whether code that compiled may no longer compile.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.broken || !self.breaking.is_empty()
    }

    /// Whether nothing was added or removed, and nothing failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.broken
            && self.codegen_error.is_none()
            && self.added.is_empty()
            && self.removed.is_empty()
    }

    /// Compares the texts of two bindings, or says why there are none.
    #[must_use]
    pub fn between(old: Result<&str, &str>, new: Result<&str, &str>) -> Self {
        let (old, new) = std::thread::scope(|scope| {
            let old = scope.spawn(|| items(old));
            let new = items(new);
            (old.join().unwrap_or_else(|_| Err("the Rust parser panicked".to_owned())), new)
        });
        let diff = match (old, new) {
            (Ok(old), Ok(new)) => Self::of_items(&old, &new),
            (Ok(_), Err(error)) => {
                Self { codegen_error: Some(error), broken: true, ..Self::default() }
            }
            // There were no bindings that a program could use, so only the wire decides.
            (Err(_), Err(error)) => Self {
                codegen_error: Some(format!("no bindings before or after: {error}")),
                never: true,
                ..Self::default()
            },
            (Err(error), Ok(new)) => Self {
                added: new.items.into_iter().collect(),
                codegen_error: Some(format!("the old document has no bindings: {error}")),
                ..Self::default()
            },
        };
        Self { known: true, ..diff }
    }

    fn of_items(old: &Items, new: &Items) -> Self {
        let added: Vec<String> = new.items.difference(&old.items).cloned().collect();
        let mut removed: Vec<String> = old.items.difference(&new.items).cloned().collect();
        let mut breaking: Vec<String> =
            added.iter().filter(|item| old.is_broken_by(item)).cloned().collect();
        // Uses of a remaining type that are no longer possible, although no item is gone.
        for (could, can, what) in [
            (&old.literals, &new.literals, "built with a literal"),
            (&old.matches, &new.matches, "matched without `_`"),
        ] {
            for name in could.difference(can).filter(|name| new.types.contains(*name)) {
                removed.push(format!("{name} can be {what}"));
            }
        }
        breaking.extend(removed.iter().cloned());
        Self { added, removed, breaking, ..Self::default() }
    }
}

/// The parts of some bindings that callers can use.
#[derive(Debug, Default, PartialEq, Eq)]
struct Items {
    items: BTreeSet<String>,
    types: BTreeSet<String>,
    /// The structs whose fields are all public, so that they can be built with a literal.
    literals: BTreeSet<String>,
    /// The enums that can be matched variant by variant.
    matches: BTreeSet<String>,
    /// The traits that callers can implement.
    traits: BTreeSet<String>,
}

impl Items {
    /// Whether adding an item breaks uses of the type that it belongs to: a field that a literal must have, a variant
    /// that a `match` must have, a method that an implementation must have.
    fn is_broken_by(&self, item: &str) -> bool {
        let owner = |separator: &str, owners: &BTreeSet<String>| {
            owners.iter().any(|owner| {
                let member = item.strip_prefix(owner.as_str());
                member.is_some_and(|member| {
                    member.strip_prefix(separator).is_some_and(|name| !name.starts_with(':'))
                })
            })
        };
        owner(".", &self.literals)
            || owner("::", &self.matches)
            || (owner(": ", &self.traits) && !item.ends_with('}'))
    }
}

fn items(text: Result<&str, &str>) -> Result<Items, String> {
    public_items(text?).map_err(|e| format!("the generated bindings are not Rust: {e}"))
}

fn public_items(text: &str) -> syn::Result<Items> {
    let mut found = Items::default();
    collect(&outlines::parse(text)?.items, "", &mut found);
    Ok(found)
}

fn collect(items: &[Item], module: &str, found: &mut Items) {
    for item in items {
        match item {
            Item::Mod(inner) if public(&inner.vis) => {
                let name = format!("{module}{}::", inner.ident);
                collect(inner.content.as_ref().map_or(&[], |(_, items)| items), &name, found);
            }
            Item::Struct(item) if public(&item.vis) => structure(item, module, found),
            Item::Enum(item) if public(&item.vis) => enumeration(item, module, found),
            Item::Impl(item) => implementation(item, module, found),
            Item::Fn(item) if public(&item.vis) => {
                found.items.insert(signature(&item.sig, module));
            }
            Item::Type(item) if public(&item.vis) => {
                found.items.insert(format!("type {module}{} = {}", item.ident, plain(&item.ty)));
            }
            Item::Const(item) if public(&item.vis) => {
                found.items.insert(format!("const {module}{}: {}", item.ident, plain(&item.ty)));
            }
            Item::Use(item) if public(&item.vis) => {
                found.items.insert(format!("use {module}{}", plain(&item.tree)));
            }
            Item::Trait(item) if public(&item.vis) => {
                found.items.insert(format!("trait {module}{}", item.ident));
                for member in &item.items {
                    found.items.insert(format!("{module}{}: {}", item.ident, plain(member)));
                }
                found.traits.insert(format!("{module}{}", item.ident));
            }
            _ => {}
        }
    }
}

fn structure(item: &ItemStruct, module: &str, found: &mut Items) {
    let name = format!("{module}{}", item.ident);
    found.items.insert(format!("struct {name}{}", plain(&item.generics)));
    derives(&item.attrs, &name, found);
    fields(&item.fields, &name, found);
    if item.fields.iter().all(|field| public(&field.vis)) && is_exhaustive(&item.attrs) {
        found.literals.insert(name.clone());
    }
    found.types.insert(name);
}

fn enumeration(item: &ItemEnum, module: &str, found: &mut Items) {
    let name = format!("{module}{}", item.ident);
    found.items.insert(format!("enum {name}{}", plain(&item.generics)));
    derives(&item.attrs, &name, found);
    for variant in &item.variants {
        found.items.insert(format!("{name}::{}{}", variant.ident, plain(&variant.fields)));
    }
    if is_exhaustive(&item.attrs) {
        found.matches.insert(name.clone());
    }
    found.types.insert(name);
}

fn fields(fields: &Fields, name: &str, found: &mut Items) {
    for (index, field) in fields.iter().enumerate().filter(|(_, field)| public(&field.vis)) {
        let field_name =
            field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
        found.items.insert(format!("{name}.{field_name}: {}", plain(&field.ty)));
    }
}

fn derives(attributes: &[Attribute], name: &str, found: &mut Items) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        if let Meta::List(list) = &attribute.meta {
            let traits = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
            for path in traits.into_iter().flatten() {
                found.items.insert(format!("impl {} for {name}", plain(&path)));
            }
        }
    }
}

fn implementation(item: &ItemImpl, module: &str, found: &mut Items) {
    let of = plain(&item.self_ty);
    if let Some((path, _)) = &item.trait_ {
        found.items.insert(format!(
            "impl {} for {of} in {}",
            plain(path),
            module.trim_end_matches("::")
        ));
        return;
    }
    // The lifetime of a builder says nothing about what its methods take.
    let of = of.split('<').next().unwrap_or_default();
    for member in &item.items {
        match member {
            ImplItem::Fn(method) if public(&method.vis) => {
                found.items.insert(signature(&method.sig, &format!("{module}{of}::")));
            }
            ImplItem::Const(constant) if public(&constant.vis) => {
                found.items.insert(format!(
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
    // Callers do not see whether a method changes its own copy.
    let text = plain(signature).replace("(mut self", "(self");
    let text = text.trim_end_matches(',');
    let name = signature.ident.to_string();
    text.replacen(&format!("fn {name}"), &format!("fn {owner}{name}"), 1)
}

/// Whether a type promises to get no further fields or variants.
fn is_exhaustive(attributes: &[Attribute]) -> bool {
    !attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Tokens as a person would write them: on one line, with the short names of the prelude.
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
    text = text.replace(":::", ": ::");
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
        "fmt::Display",
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
    fn only_items_that_callers_can_use_are_listed() {
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
        let items: Vec<_> =
            public_items(text).expect("the text is Rust").items.into_iter().collect();
        insta::assert_snapshot!(items.join("\n"));
    }
}
