//! The modules of a crate, and the file that a path leads to. Imports, re-exports and globs are followed to
//! the module that defines the item.
//!
//! Files that are compiled only for tests are not part of the crate here.

use std::collections::{BTreeMap, BTreeSet};

use syn::Item;
use syn::ext::IdentExt as _;

use super::source::Source;
use crate::Error;

mod content;

use content::Content;

/// The modules of a crate by their path from the root, such as `plan::cover`. The root has no name.
pub(super) struct Modules(BTreeMap<String, Module>);

/// A module, in a file of its own or inline.
pub(super) struct Module {
    /// The file that it is in.
    pub(super) file: String,
    /// The module that the file is for: this one, or the one that contains an inline module.
    pub(super) home: String,
    /// The child modules in files, in the order of their `mod` lines.
    pub(super) files: Vec<String>,
    /// All child modules.
    inner: BTreeSet<String>,
    content: Content,
}

/// What a path leads to.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    pub(super) module: String,
    /// `None` when the path leads to the module itself.
    pub(super) item: Option<String>,
}

impl Modules {
    /// The modules of the library and of the binary of a package.
    pub(super) fn of_package(root: &str, sources: &[Source]) -> Result<[Self; 2], Error> {
        Ok([Self::new(root, "lib", sources)?, Self::new(root, "main", sources)?])
    }

    /// The modules that a crate root declares; none if there is no root.
    pub(super) fn new(root: &str, top: &str, sources: &[Source]) -> Result<Self, Error> {
        let sources: BTreeMap<_, _> =
            sources.iter().map(|source| (source.name.as_str(), source)).collect();
        let mut modules = Self(BTreeMap::new());
        if let Some(top) = sources.get(format!("{root}/{top}.rs").as_str()) {
            modules.add_file("", top, &|name| {
                let name = name.replace("::", "/");
                let files = [format!("{root}/{name}.rs"), format!("{root}/{name}/mod.rs")];
                let found = files.iter().find_map(|file| sources.get(file.as_str()).copied());
                found.ok_or_else(|| Error::new(format!("`mod {name}` has no file {}", files[0])))
            })?;
        }
        Ok(modules)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Module)> {
        self.0.iter().map(|(name, module)| (name.as_str(), module))
    }

    pub(super) fn get(&self, module: &str) -> Option<&Module> {
        self.0.get(module)
    }

    /// The targets in this crate of the imports and paths in a module.
    pub(super) fn uses(&self, module: &str) -> Vec<Target> {
        let Some(Module { content, .. }) = self.0.get(module) else { return Vec::new() };
        let globs = content.imports.iter().filter_map(|(_, path)| path.strip_suffix("::*"));
        // Importing a module by itself uses nothing; what is taken from it has a path of its own.
        let named = content.imports.iter().map(|(_, path)| path).chain(&content.paths);
        let items = named.filter_map(|path| self.target(module, path));
        globs
            .filter_map(|path| self.target(module, path))
            .chain(items.filter(|target| target.item.is_some()))
            .collect()
    }

    /// What a path in a module leads to, unless that is in another crate.
    fn target(&self, module: &str, path: &str) -> Option<Target> {
        let names: Vec<&str> = path.split("::").collect();
        self.follow(module, &names, &mut BTreeSet::new())
    }

    fn follow<'a>(
        &'a self,
        module: &'a str,
        path: &[&'a str],
        seen: &mut BTreeSet<(&'a str, &'a str)>,
    ) -> Option<Target> {
        match path {
            ["crate", rest @ ..] => self.walk("", rest, seen),
            ["self", rest @ ..] => self.follow(module, rest, seen),
            ["super", rest @ ..] => self.follow(parent(module), rest, seen),
            _ => self.walk(module, path, seen),
        }
    }

    /// Follows the rest of a path from a module.
    fn walk<'a>(
        &'a self,
        name: &'a str,
        path: &[&'a str],
        seen: &mut BTreeSet<(&'a str, &'a str)>,
    ) -> Option<Target> {
        let (name, module) = self.0.get_key_value(name)?;
        let Some((&first, rest)) = path.split_first() else {
            return Some(Target { module: name.clone(), item: None });
        };
        if let Some((inner, _)) = self.0.get_key_value(&join(name, first))
            && module.inner.contains(first)
        {
            return self.walk(inner, rest, seen);
        }
        if module.content.items.contains(first) {
            return Some(Target { module: name.clone(), item: Some(first.to_owned()) });
        }
        if !seen.insert((name, first)) {
            return None;
        }
        let imports = &module.content.imports;
        let renamed = imports.iter().filter(|(import, _)| import == first).find_map(|(_, from)| {
            let names: Vec<&str> = from.split("::").chain(rest.iter().copied()).collect();
            self.follow(name, &names, seen)
        });
        renamed.or_else(|| {
            imports.iter().filter_map(|(_, from)| from.strip_suffix("::*")).find_map(|from| {
                let names: Vec<&str> = from.split("::").chain(path.iter().copied()).collect();
                self.follow(name, &names, seen)
            })
        })
    }

    fn add_file<'a>(
        &mut self,
        module: &str,
        source: &'a Source,
        find: &impl Fn(&str) -> Result<&'a Source, Error>,
    ) -> Result<(), Error> {
        let items = source.parse()?.items;
        self.add(module, (&source.name, module), &items, find)
    }

    fn add<'a>(
        &mut self,
        name: &str,
        (file, home): (&str, &str),
        items: &[Item],
        find: &impl Fn(&str) -> Result<&'a Source, Error>,
    ) -> Result<(), Error> {
        let mut module = Module {
            file: file.to_owned(),
            home: home.to_owned(),
            files: Vec::new(),
            inner: BTreeSet::new(),
            content: Content::default(),
        };
        items.iter().for_each(|item| module.content.add(item));
        for item in items {
            let Item::Mod(inner) = item else { continue };
            let ident = inner.ident.unraw().to_string();
            let path = join(name, &ident);
            if let Some((_, items)) = &inner.content {
                self.add(&path, (file, home), items, find)?;
            } else {
                self.add_file(&path, find(&path)?, find)?;
                module.files.push(ident.clone());
            }
            module.inner.insert(ident);
        }
        self.0.insert(name.to_owned(), module);
        Ok(())
    }
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a module `a::x` uses, next to modules with these items.
    fn uses(text: &str) -> Vec<String> {
        let files = [
            ("lib", "mod a; mod b; mod c; pub use c::C; pub fn root() {}"),
            (
                "a",
                "mod x; mod y; pub(crate) use y::{Y, deep::Deep as Low}; use crate::b::*; pub struct A;",
            ),
            ("a/x", text),
            ("a/y", "pub mod deep; pub struct Y; pub fn f() {} macro_rules! made { () => {} }"),
            ("a/y/deep", "pub struct Deep;"),
            (
                "b",
                "pub struct B; pub use crate::c::*; pub enum Kind { One } mod inline { pub fn g() {} }",
            ),
            ("c/mod", "pub use crate::b::*; pub struct C; pub mod c { pub struct Inner; }"),
        ];
        let source = |(name, text): &(&str, &str)| Source {
            name: format!("src/{name}.rs"),
            text: (*text).to_owned(),
        };
        let sources: Vec<_> = files.iter().map(source).collect();
        let modules = Modules::new("src", "lib", &sources).expect("Rust");
        let mut found = BTreeSet::new();
        for (name, module) in modules.iter().filter(|(_, module)| module.home == "a::x") {
            for Target { module: used, item } in modules.uses(name) {
                let item = item.map_or_else(String::new, |item| format!("::{item}"));
                if modules.get(&used).expect("it was found").file != module.file {
                    found.insert(format!("{used}{item}"));
                }
            }
        }
        found.into_iter().collect()
    }

    #[test]
    fn every_form_of_a_path_leads_home() {
        let cases: [(&str, &[&str]); 23] = [
            ("use crate::a::y::Y;", &["a::y::Y"]),
            ("use super::y::Y;", &["a::y::Y"]),
            ("use super::A;", &["a::A"]),
            ("use super::Y;", &["a::y::Y"]),
            ("use super::Low;", &["a::y::deep::Deep"]),
            ("use crate::a::Low as Other;", &["a::y::deep::Deep"]),
            ("use super::super::b::B;", &["b::B"]),
            ("use crate::{C, b::{Kind::{self, One}, B}};", &["b::B", "b::Kind", "c::C"]),
            ("use super::y; use y::deep; fn f(x: deep::Deep) {}", &["a::y::deep::Deep"]),
            ("use super::y::{self as other}; fn f() { other::f() }", &["a::y::f"]),
            ("use super::y::*; fn f(y: Y) {}", &["a::y", "a::y::Y"]),
            ("use crate::b::Kind::*;", &["b::Kind"]),
            ("use super::C;", &["c::C"]),
            ("use crate::c::B;", &["b::B"]),
            ("use crate::c::c::Inner;", &["c::c::Inner"]),
            ("use self::inner::Y; mod inner { pub use crate::a::Y; }", &["a::y::Y"]),
            ("mod inner { fn f() { super::super::y::f() } }", &["a::y::f"]),
            ("fn f() { use crate::a::A as _; crate::root(); }", &["::root", "a::A"]),
            ("fn f() { println!(\"{}\", [1, super::y::f()].len()) }", &["a::y::f"]),
            ("#[serde(default(super::y::f))] struct S;", &["a::y::f"]),
            ("impl super::A { pub(super) fn f(self) -> Self { Self::f() } }", &["a::A"]),
            ("#[cfg(all(test, unix))] mod tests { use super::super::Y; }", &[]),
            (
                "struct S; impl S { #[cfg(test)] fn f() { super::y::f() } } #[cfg(test)] use super::Y;",
                &[],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(uses(text), expected, "{text}");
        }
    }

    #[test]
    fn paths_outside_the_crate_are_ignored() {
        let cases = [
            "use std::fmt; use serde_json::{Value, json}; fn f(x: fmt::Result) { json!(a::Y) }",
            "use ::b::B; fn f() -> ::c::C { missing::f() }",
            "use super::y; pub(in crate::a) fn f(y: u8) -> u8 { y }",
            "use crate::b::Missing; use super::Missing as Other;",
            "use self::a::One; use self::b::One as a;",
        ];
        for text in cases {
            assert_eq!(uses(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn module_without_a_file_is_an_error() {
        let lib = Source { name: "src/lib.rs".to_owned(), text: "mod a;".to_owned() };
        let error = Modules::new("src", "lib", &[lib]).err().expect("a.rs is missing");
        assert_eq!(error.to_string(), "`mod a` has no file src/a.rs");
    }
}
