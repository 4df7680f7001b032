//! Decisions are pure functions: what decides reads no clock, and neither file, network nor environment.

use std::collections::BTreeSet;

use syn::visit::Visit;

use super::source::{Source, paths};
use crate::Error;

/// What a decision must not reach. A moment that is handed in is fine, asking for the current one is not.
const IMPURE: [&str; 10] = [
    "std::time::Instant",
    "std::time::SystemTime::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "tokio",
    "fastrand",
];

/// Every use of the clock or of the outside world.
pub(super) fn impurities(sources: &[Source]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for source in sources {
        let file = source.parse()?;
        let mut macros = Macros(paths(&file));
        macros.visit_file(&file);
        found.extend(macros.0.iter().filter(|path| is_impure(path)).map(|path| {
            format!(
                "{}: `{path}`; hand in what it gives, and leave the asking to the caller",
                source.name
            )
        }));
    }
    Ok(found)
}

fn is_impure(path: &str) -> bool {
    IMPURE.iter().any(|impure| {
        path.strip_prefix(impure).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

/// The paths of a file, and what is impure inside its macros.
struct Macros(BTreeSet<String>);

impl<'ast> Visit<'ast> for Macros {
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        // The inside of a macro is not parsed; its paths are found by their text.
        let tokens = mac.tokens.to_string().replace(' ', "");
        for impure in IMPURE {
            let short = impure.trim_start_matches("std::time::").to_owned();
            if [impure, short.as_str()].iter().any(|name| contains_path(&tokens, name)) {
                self.0.insert(impure.to_owned());
            }
        }
        syn::visit::visit_macro(self, mac);
    }
}

/// Whether a path begins somewhere in the text, and not inside a longer name.
fn contains_path(text: &str, path: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(path).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = &text[start + path.len()..];
        let whole = !before.is_some_and(part) && !after.starts_with(part);
        // A name without `::` is a word like any other unless something is taken from it.
        whole && (path.contains("::") || after.starts_with("::"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impurities_in(text: &str) -> Vec<String> {
        let source = Source { name: "a.rs".to_owned(), text: text.to_owned() };
        impurities(&[source]).expect("the text is Rust")
    }

    #[test]
    fn the_clock_and_the_world_are_seen() {
        let impure = [
            "fn f() { let _ = std::time::Instant::now(); }",
            "use std::time::Instant; fn f(x: Instant) {}",
            "use std::time::SystemTime; fn f() { SystemTime::now(); }",
            "use std::time::{self}; fn f() { time::SystemTime::now(); }",
            "use std::time as t; fn f() { t::Instant::now(); }",
            "use std::fs; fn f() {}",
            "fn f() { ::std::net::TcpStream::connect(1); }",
            "use tokio::time::sleep;",
            "async fn f() { tokio::time::sleep(d).await }",
            "use std::time::SystemTime; fn f() { assert!(SystemTime::now() > x); }",
            "fn f() { vec![std::env::var(1)] }",
        ];
        for text in impure {
            assert!(!impurities_in(text).is_empty(), "not seen: {text}");
        }
    }

    #[test]
    fn moments_that_are_handed_in_are_fine() {
        let pure = [
            "use std::time::{Duration, SystemTime}; fn f(now: SystemTime) -> Duration { now.elapsed(x) }",
            "use std::fmt; fn f() { format!(\"{}\", tokio) }",
            "use std::collections::BTreeMap; use crate::instant::Instant; fn f(x: Instant) {}",
            "#[cfg(test)] mod tests { use std::fs; fn f() { std::time::Instant::now(); } }",
        ];
        for text in pure {
            assert_eq!(impurities_in(text), Vec::<String>::new(), "{text}");
        }
    }
}
