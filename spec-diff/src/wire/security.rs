//! Who may call: schemes, and the alternatives of which one must be satisfied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::docs::Kind;
use super::pair::Pair;
use super::walk::Walk;
use crate::message::quote;
use crate::rules::Rule;

/// Scheme names with their scopes. An empty map lets everyone in.
type Alternative = BTreeMap<String, BTreeSet<String>>;

impl<'a> Walk<'a> {
    /// Compares two lists of alternatives, whose order means nothing.
    pub(super) fn security(&mut self, pair: Pair<'a>) {
        let before = self.decisions();
        let renamed = self.renamed_schemes();
        let (old, new) = pair.map(alternatives);
        let old: Vec<Alternative> =
            old.into_iter().map(|alternative| rename(alternative, &renamed)).collect();
        for alternative in &old {
            if !new
                .iter()
                .any(|other| same_schemes(other, alternative) || is_enough(other, alternative))
            {
                let message = format!("{} is no longer enough", describe(alternative));
                self.report(Rule::SecurityAlternativeRemoved, &message);
            }
        }
        for alternative in new.iter().filter(|alternative| !old.contains(alternative)) {
            let like =
                |other: &&Alternative| same_schemes(other, alternative) && !new.contains(other);
            if let Some(earlier) = old.iter().find(like) {
                self.scopes(earlier, alternative);
            } else if !old.iter().any(|other| is_enough(other, alternative)) {
                let message = format!("{} is now enough", describe(alternative));
                self.report(Rule::SecurityAlternativeAdded, &message);
            }
        }
        self.same_meaning_unless(before, "the same security is required");
    }

    fn scopes(&mut self, old: &Alternative, new: &Alternative) {
        for (scheme, scopes) in new {
            let earlier = old.get(scheme).cloned().unwrap_or_default();
            for scope in scopes.difference(&earlier) {
                self.report(
                    Rule::SecurityScopeAdded,
                    &format!("{} now needs the scope {}", quote(scheme), quote(scope)),
                );
            }
            for scope in earlier.difference(scopes) {
                let message =
                    format!("{} no longer needs the scope {}", quote(scheme), quote(scope));
                self.report(Rule::SecurityScopeRemoved, &message);
            }
        }
    }

    pub(super) fn security_scheme(&mut self, name: &str, pair: Pair<'a>) {
        self.fields(Kind::SecurityScheme, pair, |walk, key, field| match key {
            // By the specification, this is a hint for people.
            "name" if is_renamed_header(pair) => {
                walk.report(Rule::SameMeaning, "the names of header fields are case-insensitive");
            }
            "bearerFormat" => walk.changed(Rule::DocumentationChanged, key, field),
            _ => walk.changed(Rule::SecuritySchemeChanged, &format!("{key} of {name}"), field),
        });
    }

    /// Old names to new ones, for schemes that were only renamed. Their names are not sent.
    fn renamed_schemes(&self) -> BTreeMap<String, String> {
        let schemes = self.root.get("components").get("securitySchemes");
        let mut renamed = BTreeMap::new();
        for old in schemes.keys().into_iter().filter(|name| schemes.get(name).new.is_none()) {
            let new = schemes.keys().into_iter().find(|name| {
                let candidate = schemes.get(name);
                candidate.old.is_none()
                    && self.same(Pair { old: schemes.get(old).old, new: candidate.new })
            });
            if let Some(new) = new {
                renamed.insert(old.to_owned(), new.to_owned());
            }
        }
        renamed
    }
}

/// A missing list and an empty one let everyone in, as an empty alternative does.
fn alternatives(side: Option<&Value>) -> Vec<Alternative> {
    let list = side.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return vec![Alternative::new()];
    }
    let scopes = |value: &Value| {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    list.iter()
        .map(|alternative| {
            let map = alternative.as_object();
            map.into_iter().flatten().map(|(name, value)| (name.clone(), scopes(value))).collect()
        })
        .collect()
}

/// Whether an API key is sent in the same header field, in other letter case.
fn is_renamed_header(scheme: Pair<'_>) -> bool {
    let text = |side: Option<&Value>, key| {
        side.and_then(|side| side.get(key)?.as_str().map(str::to_lowercase))
    };
    let (old, new) = scheme.map(|side| (text(side, "in"), text(side, "name")));
    old == new && old.0.as_deref() == Some("header")
}

fn rename(alternative: Alternative, renamed: &BTreeMap<String, String>) -> Alternative {
    let name = |name: String| renamed.get(&name).cloned().unwrap_or(name);
    alternative.into_iter().map(|(scheme, scopes)| (name(scheme), scopes)).collect()
}

fn same_schemes(one: &Alternative, other: &Alternative) -> bool {
    one.keys().eq(other.keys())
}

/// Whether credentials that satisfy `met` also satisfy `asked`. The empty one is always satisfied.
fn is_enough(asked: &Alternative, met: &Alternative) -> bool {
    asked.iter().all(|(scheme, scopes)| met.get(scheme).is_some_and(|has| scopes.is_subset(has)))
}

fn describe(alternative: &Alternative) -> String {
    if alternative.is_empty() {
        return "a request without credentials".to_owned();
    }
    let names: Vec<_> = alternative.keys().map(|name| quote(name)).collect();
    names.join(" with ")
}
