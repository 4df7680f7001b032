//! Modules stand in layers: none imports one that imports it, not even by way of others.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Imports, Source, imports, paths};
use crate::Error;

/// The crates whose modules are looked at.
pub(super) const CRATES: [&str; 4] =
    ["purge-api-ext/src", "purge-cli/src", "purge-sandbox/src", "xtask/src"];

/// For each module of a crate, those that it imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Every circle of modules, once. A module and what is inside it count as one.
pub(super) fn circles(root: &str, sources: &[Source]) -> Result<Vec<String>, Error> {
    let graph = graph(root, sources)?;
    let mut found = BTreeSet::new();
    for module in graph.keys() {
        let Some(mut circle) = way_back(&graph, module) else { continue };
        let first = (0..circle.len()).min_by_key(|&place| &circle[place]).unwrap_or_default();
        circle.rotate_left(first);
        let names = circle.join("` imports `");
        found.insert(format!(
            "{root}: `{names}` imports `{}`; move what both need into a module below them",
            circle[0]
        ));
    }
    Ok(found.into_iter().collect())
}

/// The shortest way from a module to itself.
fn way_back(graph: &Graph, module: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![module.to_owned()]];
    let mut seen = BTreeSet::new();
    let mut next = 0;
    while let Some(way) = ways.get(next).cloned() {
        next += 1;
        for imported in way.last().and_then(|last| graph.get(last)).into_iter().flatten() {
            if imported == module {
                return Some(way);
            }
            if seen.insert(imported) {
                ways.push([way.clone(), vec![imported.clone()]].concat());
            }
        }
    }
    None
}

fn graph(root: &str, sources: &[Source]) -> Result<Graph, Error> {
    let (top, modules): (Vec<_>, Vec<_>) =
        sources.iter().partition(|source| module_of(root, source) == "lib");
    let mut exported = Imports::new();
    for source in top {
        exported.extend(imports(&source.parse()?.items));
    }
    let mut graph = Graph::new();
    for source in modules {
        let (file, module) = (source.parse()?, module_of(root, source));
        let paths = paths(&file);
        let named = paths.iter().filter_map(|path| path.strip_prefix("crate::"));
        let origin = |name: &str| {
            let name = name.split("::").next().unwrap_or_default();
            let path = exported.get(name).map_or(name, |path| path.trim_start_matches("crate::"));
            path.split("::").next().unwrap_or_default().to_owned()
        };
        let known = named.map(origin).filter(|other| other != module);
        graph.entry(module.to_owned()).or_default().extend(known);
    }
    // What is named in the root itself, a type or a function, is nobody's.
    let names: BTreeSet<String> = graph.keys().cloned().collect();
    graph.values_mut().for_each(|imported| imported.retain(|name| names.contains(name)));
    Ok(graph)
}

/// The top module that a file belongs to.
fn module_of<'a>(root: &str, source: &'a Source) -> &'a str {
    let name = source.name.strip_prefix(root).unwrap_or(&source.name).trim_start_matches('/');
    name.split(['/', '.']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles_in(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(name, text): &(&str, &str)| Source {
            name: format!("src/{name}"),
            text: (*text).to_owned(),
        };
        circles("src", &files.iter().map(source).collect::<Vec<_>>()).expect("Rust")
    }

    #[test]
    fn circle_is_told_once_whichever_way_it_is_imported() {
        let found = circles_in(&[
            ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use c::{C, D as E};"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::E;"),
            ("c/inner.rs", "fn f() -> crate::A {}"),
        ]);
        let expected = "src: `a` imports `b` imports `c` imports `a`; move what both need into a \
                        module below them";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn layers_and_tests_are_fine() {
        let found = circles_in(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub fn f() {}"),
            ("a.rs", "mod inner; use crate::b::B; fn g() { crate::f() }"),
            ("a/inner.rs", "use super::A; use crate::a::X;"),
            ("b.rs", "#[cfg(test)] mod tests { use crate::A; }"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
