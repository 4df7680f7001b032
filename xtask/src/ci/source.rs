//! The sources of a crate as syntax trees, with imported names traced to their origin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Attribute, Item, Meta, Token, UseTree};

use crate::Error;
use crate::workspace::Tree;

/// The sources of the hand-written layer.
pub(super) const CLIENT: &str = "purge-api-ext/src";

/// One file: its name for messages, and its text.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
}

/// The files of a module and its children, or all files when `module` is empty. `None` if the folder does
/// not exist.
pub(super) fn folder(tree: &Tree, root: &str, module: &str) -> Result<Option<Vec<Source>>, Error> {
    if !tree.path(root).is_dir() {
        return Ok(None);
    }
    let mut names = Vec::new();
    if module.is_empty() {
        rust_files(&tree.path(root), root, &mut names)?;
    } else {
        names.push(format!("{root}/{module}.rs"));
        let inner = format!("{root}/{module}");
        if tree.path(&inner).is_dir() {
            rust_files(&tree.path(&inner), &inner, &mut names)?;
        }
    }
    names.sort();
    let read = |name: String| Ok(Source { text: tree.read(&name)?, name });
    names.into_iter().map(read).collect::<Result<_, Error>>().map(Some)
}

fn rust_files(folder: &Path, name: &str, found: &mut Vec<String>) -> Result<(), Error> {
    let unreadable = |e: io::Error| Error::new(format!("{name} could not be read: {e}"));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            rust_files(&entry.path(), &inner, found)?;
        } else if inner.ends_with(".rs") {
            found.push(inner);
        }
    }
    Ok(())
}

impl Source {
    /// The syntax tree without code that is compiled only for tests.
    pub(super) fn parse(&self) -> Result<syn::File, Error> {
        let mut file = syn::parse_file(&self.text)
            .map_err(|e| Error::new(format!("{} is not Rust: {e}", self.name)))?;
        without_tests(&mut file.items);
        Ok(file)
    }
}

fn without_tests(items: &mut Vec<Item>) {
    items.retain(|item| !is_test(item));
    for item in items {
        if let Item::Mod(module) = item
            && let Some((_, items)) = &mut module.content
        {
            without_tests(items);
        }
    }
}

/// Whether an item is compiled only for tests.
pub(super) fn is_test(item: &Item) -> bool {
    let attributes: &[Attribute] = match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    };
    attributes.iter().any(is_for_tests)
}

/// Whether an attribute restricts its item to tests.
pub(super) fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|cfg| needs_test(&cfg))
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|all| all.iter().any(needs_test)),
        condition => condition.path().is_ident("test"),
    }
}

/// Imported names and the paths they stand for.
pub(super) type Imports = BTreeMap<String, String>;

pub(super) fn imports(items: &[Item]) -> Imports {
    let mut found = Imports::new();
    for item in items {
        match item {
            Item::Use(item) => import(&item.tree, "", &mut found),
            Item::Mod(module) => {
                let items = module.content.as_ref().map(|(_, items)| items.as_slice());
                found.extend(imports(items.unwrap_or_default()));
            }
            _ => {}
        }
    }
    found
}

pub(super) fn import(tree: &UseTree, prefix: &str, found: &mut Imports) {
    let mut names = Vec::new();
    leaves(tree, prefix, &mut names);
    found.extend(names);
}

/// Every name that a tree imports, with its path.
pub(super) fn leaves(tree: &UseTree, prefix: &str, found: &mut Vec<(String, String)>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &format!("{prefix}{}::", path.ident), found),
        // `self` stands for the module named before it.
        UseTree::Name(name) if name.ident == "self" => {
            let path = prefix.trim_end_matches("::");
            found.push((path.rsplit("::").next().unwrap_or(path).to_owned(), path.to_owned()));
        }
        UseTree::Name(name) => {
            found.push((name.ident.to_string(), format!("{prefix}{}", name.ident)))
        }
        UseTree::Rename(rename) if rename.ident == "self" => {
            found.push((rename.rename.to_string(), prefix.trim_end_matches("::").to_owned()));
        }
        UseTree::Rename(rename) => {
            found.push((rename.rename.to_string(), format!("{prefix}{}", rename.ident)));
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, prefix, found)),
        // The names behind a glob are unknown, so the glob itself is recorded.
        UseTree::Glob(_) => found.push((format!("{prefix}*"), format!("{prefix}*"))),
    }
}

/// A path with its first name replaced by the path it was imported from.
pub(super) fn trace(path: &syn::Path, imports: &Imports) -> String {
    let names: Vec<String> =
        path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let (first, rest) =
        names.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mut full = match imports.get(first) {
        Some(origin) if path.leading_colon.is_none() => origin.clone(),
        _ => first.to_owned(),
    };
    for name in rest {
        full.push_str("::");
        full.push_str(name);
    }
    full
}

/// Every path in a file, including imports, in the form of [`trace`].
pub(super) fn paths(file: &syn::File) -> BTreeSet<String> {
    struct Paths<'a> {
        imports: &'a Imports,
        found: BTreeSet<String>,
    }

    impl<'ast> Visit<'ast> for Paths<'_> {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.found.insert(trace(path, self.imports));
            syn::visit::visit_path(self, path);
        }
    }

    let imports = imports(&file.items);
    let mut paths = Paths { imports: &imports, found: imports.values().cloned().collect() };
    paths.visit_file(file);
    paths.found
}
