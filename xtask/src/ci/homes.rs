//! Imports name the module that defines an item, not the crate root, which would hide that module.

use super::source::{Imports, Source, imports, paths};
use crate::Error;

/// Every import through the crate root.
pub(super) fn root_imports(root: &str, sources: &[Source]) -> Result<Vec<String>, Error> {
    let (top, modules): (Vec<_>, Vec<_>) =
        sources.iter().partition(|source| source.name == format!("{root}/lib.rs"));
    let mut homes = Imports::new();
    for source in top {
        homes.extend(imports(&source.parse()?.items));
    }
    let mut found = Vec::new();
    for source in modules {
        for path in paths(&source.parse()?) {
            let Some(path) = path.strip_prefix("crate::") else { continue };
            let name = path.split("::").next().unwrap_or_default();
            let is_other = |home: &&String| !home.trim_start_matches("crate::").starts_with(name);
            if let Some(home) = homes.get(name).filter(is_other) {
                let home = home.trim_start_matches("crate::");
                found.push(format!("{}: `crate::{name}`; import `crate::{home}`", source.name));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_through_the_root_is_reported_with_its_home() {
        let file = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
        let sources = [
            file("src/lib.rs", "mod a; mod b; pub use a::{A, B as C}; pub use b::f;"),
            file("src/a.rs", "use crate::b::D; fn g() { crate::f() }"),
            file("src/b.rs", "use crate::{A, C}; #[cfg(test)] mod tests { use crate::A; }"),
        ];
        let found = root_imports("src", &sources).expect("Rust");
        let expected = [
            "src/a.rs: `crate::f`; import `crate::b::f`",
            "src/b.rs: `crate::A`; import `crate::a::A`",
            "src/b.rs: `crate::C`; import `crate::a::B`",
        ];
        assert_eq!(found, expected);
    }
}
