//! Who may call: schemes, and the alternatives of which one has to be met.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::docs::Kind;
use super::pair::Pair;
use super::walk::Walk;
use crate::message::quote;
use crate::rules::Rule;

/// Scheme names with their scopes; the empty one lets everybody in.
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
                let message = format!("{} is not enough any more", describe(alternative));
                self.report(Rule::SecurityAlternativeRemoved, &message);
            }
        }
        for alternative in new.iter().filter(|alternative| !old.contains(alternative)) {
            let like =
                |other: &&Alternative| same_schemes(other, alternative) && !new.contains(other);
            if let Some(earlier) = old.iter().find(like) {
                self.scopes(earlier, alternative);
            } else if !old.iter().any(|other| is_enough(other, alternative)) {
                let message = format!("{} is enough now", describe(alternative));
                self.report(Rule::SecurityAlternativeAdded, &message);
            }
        }
        self.same_meaning_unless(before, "security is required as before");
    }

    fn scopes(&mut self, old: &Alternative, new: &Alternative) {
        for (scheme, scopes) in new {
            let earlier = old.get(scheme).cloned().unwrap_or_default();
            for scope in scopes.difference(&earlier) {
                self.report(
                    Rule::SecurityScopeAdded,
                    &format!("{} needs the scope {} now", quote(scheme), quote(scope)),
                );
            }
            for scope in earlier.difference(scopes) {
                let message =
                    format!("{} does not need the scope {} any more", quote(scheme), quote(scope));
                self.report(Rule::SecurityScopeRemoved, &message);
            }
        }
    }

    pub(super) fn security_scheme(&mut self, name: &str, pair: Pair<'a>) {
        self.fields(Kind::SecurityScheme, pair, |walk, key, field| match key {
            // A hint for people, says the specification.
            "bearerFormat" => walk.changed(Rule::DocumentationChanged, key, field),
            _ => walk.changed(Rule::SecuritySchemeChanged, &format!("{key} of {name}"), field),
        });
    }

    /// Old names to new ones, for schemes that only got another name: it is not sent.
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

/// No list and an empty list let everybody in, as an empty alternative does.
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

fn rename(alternative: Alternative, renamed: &BTreeMap<String, String>) -> Alternative {
    let name = |name: String| renamed.get(&name).cloned().unwrap_or(name);
    alternative.into_iter().map(|(scheme, scopes)| (name(scheme), scopes)).collect()
}

fn same_schemes(one: &Alternative, other: &Alternative) -> bool {
    one.keys().eq(other.keys())
}

/// Whether who meets `met` meets `asked` as well; everybody meets the empty one.
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
