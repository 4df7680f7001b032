//! The files of a crate form layers: they do not depend on each other in cycles, and `mod` lines are in the
//! order of the layers, so that no module uses one declared after it.
//!
//! Both rules hold among the modules that one module declares. Each of these counts as one together with
//! everything inside it, so two folders may not use each other through different files either. A re-export
//! counts as the module that defines it: a file that uses `crate::plan::Batch` depends on `plan/batch.rs`.
//!
//! The one exception is a module and its children: a parent uses its children, and they use what it
//! defines. They are read together, and the rules still hold among the children. The crate root is the
//! parent of all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::modules::{Module, Modules};
use super::source::Source;
use crate::Error;

/// For each module inside another, the neighbours that it uses, each with an example.
type Graph = BTreeMap<String, BTreeMap<String, Use>>;

/// A file and a path that it uses.
#[derive(Clone)]
struct Use {
    file: String,
    path: String,
}

/// The source folders of all packages in the workspace.
pub(super) fn roots(metadata: &Value) -> Vec<String> {
    let workspace = metadata["workspace_root"].as_str().unwrap_or_default();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifests = packages.filter_map(|package| package["manifest_path"].as_str());
    let folders =
        manifests.filter_map(|manifest| manifest.strip_prefix(workspace)).map(|manifest| {
            let manifest = manifest.replace('\\', "/");
            format!("{}src", manifest.trim_start_matches('/').trim_end_matches("Cargo.toml"))
        });
    folders.collect()
}

/// Every cycle among modules declared in the same place, once.
pub(super) fn cycles(root: &str, sources: &[Source]) -> Result<Vec<String>, Error> {
    let mut found = BTreeSet::new();
    let crates = Modules::of_package(root, sources)?;
    for graph in crates.iter().flat_map(|modules| graphs(modules).into_values()) {
        for module in graph.keys() {
            let Some(mut cycle) = way(&graph, module, module) else { continue };
            let first = (0..cycle.len()).min_by_key(|&place| cycle[place]).unwrap_or_default();
            cycle.rotate_left(first);
            found.insert(describe(&graph, &cycle));
        }
    }
    Ok(found.into_iter().collect())
}

/// Every `mod` line above one that its module uses. Cycles are skipped: no order suits them.
pub(super) fn misplaced(root: &str, sources: &[Source]) -> Result<Vec<String>, Error> {
    let crates = Modules::of_package(root, sources)?;
    let mut found = Vec::new();
    let graphs = crates.iter().flat_map(|modules| {
        graphs(modules).into_iter().map(move |(parent, graph)| (modules, parent, graph))
    });
    for (modules, parent, graph) in graphs {
        let Some(Module { file, files, .. }) = modules.get(&parent) else { continue };
        let place = |name: &String| files.iter().position(|declared| declared == name);
        for (name, uses) in &graph {
            let last = uses
                .iter()
                .filter(|(used, _)| place(used) > place(name) && way(&graph, used, name).is_none())
                .max_by_key(|(used, _)| place(used));
            found.extend(last.map(|(used, Use { file: user, path })| {
                format!("{file}: {user} uses `{path}`; move `mod {name};` below `mod {used};`")
            }));
        }
    }
    Ok(found)
}

fn describe(graph: &Graph, cycle: &[&String]) -> String {
    let next = cycle.iter().cycle().skip(1);
    let uses: Vec<String> = cycle
        .iter()
        .zip(next)
        .map(|(&module, &used)| &graph[module][used])
        .map(|Use { file, path }| format!("{file} uses `{path}`"))
        .collect();
    format!("{}; move what both need into a module below them", uses.join(", "))
}

/// The shortest way from one module to another, or back to itself, without the end point.
fn way<'a>(graph: &'a Graph, from: &'a String, to: &str) -> Option<Vec<&'a String>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::new();
    let mut next = 0;
    while let Some(way) = ways.get(next).cloned() {
        next += 1;
        for used in
            way.last().and_then(|&last| graph.get(last)).into_iter().flat_map(BTreeMap::keys)
        {
            if used == to {
                return Some(way);
            }
            if seen.insert(used) {
                ways.push([way.as_slice(), &[used]].concat());
            }
        }
    }
    None
}

/// How modules use each other, by the module that declares them.
fn graphs(modules: &Modules) -> BTreeMap<String, Graph> {
    let mut graphs = BTreeMap::<String, Graph>::new();
    for (name, module) in modules.iter() {
        for target in modules.uses(name) {
            let Some(used) = modules.get(&target.module) else { continue };
            let Some((parent, from, to)) = part(&module.home, &used.home) else { continue };
            let path = [Some(target.module), target.item].into_iter().flatten();
            let path = path.collect::<Vec<_>>().join("::");
            let file = module.file.clone();
            let uses = graphs.entry(parent).or_default().entry(from).or_default();
            uses.entry(to).or_insert(Use { file, path });
        }
    }
    graphs
}

/// Where the paths from the root to two modules part, and the module on either side. `None` if one module
/// is inside the other.
fn part(from: &str, to: &str) -> Option<(String, String, String)> {
    let names =
        |module| str::split(module, "::").filter(|name| !name.is_empty()).collect::<Vec<_>>();
    let (from, to) = (names(from), names(to));
    let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let side = |names: &[&str]| names.get(common).map(|&name| name.to_owned());
    Some((from[..common].join("::"), side(&from)?, side(&to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Vec<Source> {
        let source = |(name, text): &(&str, &str)| Source {
            name: format!("src/{name}"),
            text: (*text).to_owned(),
        };
        files.iter().map(source).collect()
    }

    fn cycles_in(files: &[(&str, &str)]) -> Vec<String> {
        cycles("src", &sources(files)).expect("Rust")
    }

    fn misplaced_in(files: &[(&str, &str)]) -> Vec<String> {
        misplaced("src", &sources(files)).expect("Rust")
    }

    #[test]
    fn every_package_has_sources() {
        let metadata = serde_json::json!({
            "workspace_root": "/tree",
            "packages": [
                { "manifest_path": "/tree/a/b/Cargo.toml" },
                { "manifest_path": "/tree/Cargo.toml" },
            ],
        });
        assert_eq!(roots(&metadata), ["a/b/src", "src"]);
    }

    #[test]
    fn cycle_of_modules_is_found_once() {
        let found = cycles_in(&[
            ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use c::{inner::C, D as E};"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::E; pub struct B;"),
            ("c.rs", "mod inner; pub struct D;"),
            ("c/inner.rs", "fn f() -> crate::A {}"),
        ]);
        let expected = "src/a.rs uses `b::B`, src/b.rs uses `c::D`, src/c/inner.rs uses `a::A`; move what \
                        both need into a module below them";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn cycle_of_siblings_is_found() {
        let found = cycles_in(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod x; mod y; pub use x::X; pub struct A;"),
            ("a/x.rs", "use super::{A, y}; pub struct X(y::Y);"),
            ("a/y.rs", "use super::{A, X}; pub struct Y;"),
        ]);
        let expected = "src/a/x.rs uses `a::y::Y`, src/a/y.rs uses `a::x::X`; move what both need into a \
                        module below them";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn cycle_of_cousins_is_found_even_through_different_files() {
        let found = cycles_in(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod x; mod y;"),
            ("a/x.rs", "use crate::b::v::V;"),
            ("a/y.rs", "pub struct Y;"),
            ("b.rs", "pub mod v; mod w;"),
            ("b/v.rs", "pub struct V;"),
            ("b/w.rs", "use crate::a::y::Y;"),
        ]);
        let expected = "src/a/x.rs uses `b::v::V`, src/b/w.rs uses `a::y::Y`; move what both need into a \
                        module below them";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn cycle_of_a_module_and_a_file_of_another_is_found() {
        let found = cycles_in(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod x; pub struct A(crate::b::B);"),
            ("a/x.rs", "pub fn f() {}"),
            ("b.rs", "pub struct B; fn g() { crate::a::x::f() }"),
        ]);
        let expected = "src/a.rs uses `b::B`, src/b.rs uses `a::x::f`; move what both need into a module \
                        below them";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn parents_and_children_layers_and_tests_are_allowed() {
        let files = [
            ("lib.rs", "mod b; mod a; pub use a::A; pub fn f() {} #[cfg(test)] mod tests;"),
            ("a.rs", "mod x; mod y; use crate::b::B; pub struct A(x::X); fn g() { crate::f() }"),
            ("a/x.rs", "use super::A; use crate::a::A as Same; pub struct X;"),
            ("a/y.rs", "use super::{A, x::X}; mod inline { use crate::a::x::X; }"),
            ("b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::A; }"),
            ("tests.rs", "use crate::a::A; use crate::b::B;"),
        ];
        assert_eq!(cycles_in(&files), Vec::<String>::new());
        assert_eq!(misplaced_in(&files), Vec::<String>::new());
    }

    #[test]
    fn mod_line_above_one_that_it_uses_is_found_at_every_depth() {
        let found = misplaced_in(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod x; mod y; mod z; pub use x::X;"),
            ("a/x.rs", "use super::{y::Y, z::Z}; pub struct X;"),
            ("a/y.rs", "use crate::b::B; pub struct Y;"),
            ("a/z.rs", "pub struct Z;"),
            ("b.rs", "pub struct B;"),
        ]);
        let expected = [
            "src/lib.rs: src/a/y.rs uses `b::B`; move `mod a;` below `mod b;`",
            "src/a.rs: src/a/x.rs uses `a::z::Z`; move `mod x;` below `mod z;`",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn binary_beside_a_library_has_layers_too() {
        let files = [
            ("lib.rs", "mod a; pub use a::A;"),
            ("main.rs", "mod x; mod y;"),
            ("a.rs", "pub struct A;"),
            ("x.rs", "use crate::y::Y;"),
            ("y.rs", "pub struct Y;"),
        ];
        let expected = "src/main.rs: src/x.rs uses `y::Y`; move `mod x;` below `mod y;`";
        assert_eq!(misplaced_in(&files), [expected]);
        assert_eq!(cycles_in(&files), Vec::<String>::new());
    }

    #[test]
    fn order_of_a_cycle_is_not_judged() {
        let found = misplaced_in(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::a::A; pub struct B;"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
