//! Decisions are pure functions: the modules that decide read no clock and do no I/O.

use std::collections::BTreeSet;

use syn::visit::Visit;

use super::source::{Source, paths};
use crate::Error;

/// What a decision must not use. It may receive a time, but not ask for the current one.
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

/// Every use of the clock or of I/O.
pub(super) fn impurities(sources: &[Source]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for source in sources {
        let file = source.parse()?;
        let mut macros = Macros(paths(&file));
        macros.visit_file(&file);
        found.extend(macros.0.iter().filter(|path| is_impure(path)).map(|path| {
            format!("{}: `{path}`; pass its result in, and let the caller get it", source.name)
        }));
    }
    Ok(found)
}

fn is_impure(path: &str) -> bool {
    IMPURE.iter().any(|impure| {
        path.strip_prefix(impure).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

/// The impure paths inside a file's macros.
struct Macros(BTreeSet<String>);

impl<'ast> Visit<'ast> for Macros {
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        // Macro input is not parsed; paths are found in its text.
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
        // A name without `::` is an ordinary word unless a path continues after it.
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
    fn clock_and_io_are_found() {
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
    fn times_passed_in_are_allowed() {
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
