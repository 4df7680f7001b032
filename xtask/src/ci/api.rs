//! The hand-written layer hides the generated one: its public API shows no type of the crates below, except
//! in one module.

use std::collections::BTreeSet;

use syn::visit::Visit;
use syn::{Fields, ImplItem, Item, ItemImpl, Signature, Type, Visibility};

use super::source::{Imports, Source, import, imports, trace};
use crate::Error;

const HIDDEN: [&str; 5] =
    ["reqwest", "progenitor", "progenitor_client", "purge_api", "purge_openapi"];

/// The only module that may expose the crates below.
const RAW: &str = "src/raw.rs";

/// Every public signature that shows a hidden crate.
pub(super) fn leaks(sources: &[Source]) -> Result<Vec<String>, Error> {
    let files = sources
        .iter()
        .map(|source| Ok((source, source.parse()?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let public_types =
        files.iter().flat_map(|(_, file)| public_types(&file.items)).collect::<BTreeSet<_>>();
    let mut scan =
        Scan { public_types, imports: Imports::new(), file: String::new(), leaks: Vec::new() };
    for (source, file) in files.into_iter().filter(|(source, _)| !source.name.ends_with(RAW)) {
        scan.imports = imports(&file.items);
        scan.file.clone_from(&source.name);
        scan.items(&file.items);
    }
    Ok(scan.leaks)
}

struct Scan {
    public_types: BTreeSet<String>,
    imports: Imports,
    file: String,
    leaks: Vec<String>,
}

impl Scan {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Fn(item) if public(&item.vis) => self.signature("", &item.sig),
                Item::Struct(item) if public(&item.vis) => {
                    let name = item.ident.to_string();
                    self.check(&name, |names| names.visit_generics(&item.generics));
                    self.fields(&name, &item.fields);
                }
                Item::Enum(item) if public(&item.vis) => {
                    // The fields of a variant are as public as the enum.
                    self.check(&item.ident.to_string(), |names| names.visit_item_enum(item));
                }
                Item::Trait(item) if public(&item.vis) => {
                    self.check(&item.ident.to_string(), |names| names.visit_item_trait(item));
                }
                Item::Type(item) if public(&item.vis) => {
                    self.check(&item.ident.to_string(), |names| names.visit_type(&item.ty));
                }
                Item::Const(item) if public(&item.vis) => {
                    self.check(&item.ident.to_string(), |names| names.visit_type(&item.ty));
                }
                Item::Static(item) if public(&item.vis) => {
                    self.check(&item.ident.to_string(), |names| names.visit_type(&item.ty));
                }
                Item::Use(item) if public(&item.vis) => {
                    let mut exported = Imports::new();
                    import(&item.tree, "", &mut exported);
                    for (name, path) in exported {
                        self.judge(&format!("pub use {name}"), path);
                    }
                }
                Item::Impl(item) => self.implementation(item),
                Item::Mod(item) if public(&item.vis) => {
                    self.items(item.content.as_ref().map_or(&[], |(_, items)| items));
                }
                _ => {}
            }
        }
    }

    fn implementation(&mut self, item: &ItemImpl) {
        let Type::Path(of) = &*item.self_ty else { return };
        let owner =
            of.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if !self.public_types.contains(&owner) {
            return;
        }
        let of_trait = item.trait_.as_ref().map(|(path, ..)| path);
        if let Some(path) = of_trait {
            self.check(&format!("impl for {owner}"), |names| names.visit_path(path));
        }
        for member in &item.items {
            match member {
                // The methods of a trait are as public as the trait and the type.
                ImplItem::Fn(method) if of_trait.is_some() || public(&method.vis) => {
                    self.signature(&owner, &method.sig);
                }
                ImplItem::Const(constant) if of_trait.is_some() || public(&constant.vis) => {
                    self.check(&format!("{owner}::{}", constant.ident), |names| {
                        names.visit_type(&constant.ty)
                    });
                }
                ImplItem::Type(alias) => {
                    self.check(&format!("{owner}::{}", alias.ident), |names| {
                        names.visit_type(&alias.ty)
                    });
                }
                _ => {}
            }
        }
    }

    fn signature(&mut self, owner: &str, signature: &Signature) {
        let name = if owner.is_empty() {
            signature.ident.to_string()
        } else {
            format!("{owner}::{}", signature.ident)
        };
        self.check(&name, |names| names.visit_signature(signature));
    }

    fn fields(&mut self, owner: &str, fields: &Fields) {
        for (index, field) in fields.iter().enumerate().filter(|(_, field)| public(&field.vis)) {
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            self.check(&format!("{owner}.{name}"), |names| names.visit_type(&field.ty));
        }
    }

    fn check(&mut self, item: &str, look: impl FnOnce(&mut Names<'_>)) {
        let mut names = Names { imports: &self.imports, found: BTreeSet::new() };
        look(&mut names);
        for path in names.found {
            self.judge(item, path);
        }
    }

    fn judge(&mut self, item: &str, path: String) {
        let origin = path.split("::").next().unwrap_or_default();
        if HIDDEN.contains(&origin) {
            let Self { file, .. } = self;
            self.leaks
                .push(format!("{file}: `{item}` shows `{path}`; wrap it, or leave it to `{RAW}`"));
        }
    }
}

/// Every path in a signature, with its origin.
struct Names<'a> {
    imports: &'a Imports,
    found: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.insert(trace(path, self.imports));
        syn::visit::visit_path(self, path);
    }

    fn visit_block(&mut self, _: &'ast syn::Block) {
        // Function bodies do not matter.
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

fn public_types(items: &[Item]) -> Vec<String> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::Struct(item) if public(&item.vis) => found.push(item.ident.to_string()),
            Item::Enum(item) if public(&item.vis) => found.push(item.ident.to_string()),
            Item::Mod(item) => {
                found.extend(public_types(item.content.as_ref().map_or(&[], |(_, items)| items)));
            }
            _ => {}
        }
    }
    found
}

/// Only a plain `pub`: the lint `unreachable_pub` ensures that it means what it says.
fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaks_in(text: &str) -> Vec<String> {
        let source = Source { name: "a.rs".to_owned(), text: text.to_owned() };
        leaks(&[source]).expect("the text is Rust")
    }

    #[test]
    fn leaks_are_found_in_every_public_place() {
        let leaking = [
            "pub fn f(x: reqwest::Url) {}",
            "pub fn f() -> Option<Vec<purge_api::types::PurgeRequest>> { None }",
            "use purge_api::types::PurgeRequest as Raw; pub fn f(x: &Raw) {}",
            "use reqwest::{self as http}; pub fn f(x: impl Into<http::Body>) {}",
            "use progenitor_client::Error; pub type Alias = Error<()>;",
            "pub use purge_api::Client;",
            "pub use reqwest::*;",
            "pub struct S { pub x: reqwest::Client }",
            "pub struct S(pub reqwest::Client);",
            "pub enum E { A(reqwest::Error) }",
            "pub struct S; impl S { pub fn f<T: Into<reqwest::Body>>(t: T) {} }",
            "pub struct S; impl S { pub fn f<T>(t: T) where T: AsRef<reqwest::Body> {} }",
            "pub struct S; impl From<reqwest::Error> for S { fn from(_: u8) -> S { S } }",
            "pub struct S; impl Iterator for S { type Item = reqwest::Url; }",
            "pub trait T { fn f(&self) -> reqwest::Url; }",
            "pub const C: reqwest::StatusCode = reqwest::StatusCode::OK;",
            "pub mod m { pub fn f(x: ::reqwest::Url) {} }",
            "pub struct Other; impl Other { pub fn raw(&self) -> &purge_api::Client { todo!() } }",
        ];
        for text in leaking {
            assert!(!leaks_in(text).is_empty(), "not seen: {text}");
        }
    }

    #[test]
    fn private_uses_are_allowed() {
        let tight = [
            "pub struct Client { raw: purge_api::Client }",
            "pub(crate) fn f(x: reqwest::Url) {}",
            "use reqwest::Url; fn f(x: Url) {}",
            "pub fn f() { let _ = reqwest::Client::new(); }",
            "struct S; impl From<reqwest::Error> for S { fn from(_: reqwest::Error) -> S { S } }",
            "#[cfg(test)] mod tests { pub fn f(x: reqwest::Url) {} }",
            "/// [`reqwest::Url`]\npub fn f(x: url::Url) {}",
        ];
        for text in tight {
            assert_eq!(leaks_in(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn raw_module_may_show_them() {
        let text = "pub use reqwest; pub trait T { fn f(&self) -> reqwest::Url; }";
        let source = |name: &str| Source { name: name.to_owned(), text: text.to_owned() };
        assert_eq!(leaks(&[source("ext/src/raw.rs")]).expect("Rust"), Vec::<String>::new());
        assert_ne!(leaks(&[source("ext/src/other.rs")]).expect("Rust"), Vec::<String>::new());
    }

    #[test]
    fn a_leak_is_named_with_its_file_and_item() {
        assert_eq!(
            leaks_in(
                "use reqwest::Url; pub struct S; impl S { pub fn at(&self) -> Url { todo!() } }"
            ),
            ["a.rs: `S::at` shows `reqwest::Url`; wrap it, or leave it to `src/raw.rs`"]
        );
    }
}
