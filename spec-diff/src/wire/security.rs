//! Who may call: schemes, and the alternatives of which one must be satisfied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::docs::{self, Kind};
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
        let old: Vec<_> = old.into_iter().map(|old| rename(old, &renamed)).collect();
        let (old, new) = (without_kept(&old, &new), without_kept(&new, &old));
        let (pairs, gone, come) = paired(&old, &new);
        for (earlier, alternative) in pairs {
            self.scopes(earlier, alternative);
        }
        for alternative in gone.into_iter().filter(|gone| !is_met_by_one(&new, gone)) {
            let message = format!("{} is no longer enough", describe(alternative));
            self.report(Rule::SecurityAlternativeRemoved, &message);
        }
        for alternative in come.into_iter().filter(|come| !is_met_by_one(&old, come)) {
            let message = format!("{} is now enough", describe(alternative));
            self.report(Rule::SecurityAlternativeAdded, &message);
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
            // Authentication schemes are case-insensitive (RFC 9110, section 11.1).
            "scheme" if is_same_word(field) => {
                walk.report(Rule::SameMeaning, "authentication schemes are case-insensitive");
            }
            "flows" => walk.flows(field),
            "bearerFormat" => walk.changed(Rule::DocumentationChanged, key, field),
            _ => walk.changed(Rule::SecuritySchemeChanged, &format!("{key} of {name}"), field),
        });
    }

    fn flows(&mut self, pair: Pair<'a>) {
        self.fields(Kind::Flows, pair, |walk, key, flow| {
            if let Some(rule) = presence(flow) {
                return walk.changed(rule, key, flow);
            }
            walk.fields(Kind::Flows, flow, |walk, key, field| match (key, presence(field)) {
                ("scopes", None) => walk.offered_scopes(field),
                ("refreshUrl", Some(rule)) => walk.changed(rule, key, field),
                _ => walk.changed(Rule::SecuritySchemeChanged, key, field),
            });
        });
    }

    /// The scopes that a token may have. Those that it must have are listed where security is required.
    fn offered_scopes(&mut self, pair: Pair<'a>) {
        self.fields(Kind::Flows, pair, |walk, scope, text| {
            let rule = presence(text).unwrap_or(Rule::DocumentationChanged);
            walk.changed(rule, scope, text);
        });
    }

    /// Old names to new ones, for schemes of which only the name and text for people changed. Neither is sent.
    fn renamed_schemes(&self) -> BTreeMap<String, String> {
        let schemes = self.root.get("components").get("securitySchemes");
        let mut come = schemes.keys();
        come.retain(|name| schemes.get(name).old.is_none());
        let mut renamed = BTreeMap::new();
        for old in schemes.keys().into_iter().filter(|name| schemes.get(name).new.is_none()) {
            let new = come.iter().copied().find(|name| {
                let both = Pair { old: schemes.get(old).old, new: schemes.get(name).new };
                self.is_same_scheme(self.resolve(both))
            });
            if let Some(new) = new {
                come.remove(new);
                renamed.insert(old.to_owned(), new.to_owned());
            }
        }
        renamed
    }

    fn is_same_scheme(&self, pair: Pair<'a>) -> bool {
        let is_text = |key: &str| docs::holds(Kind::SecurityScheme, key) || key.starts_with("x-");
        let mut keys = pair.keys().into_iter().filter(|key| !is_text(key));
        keys.all(|key| self.same(pair.get(key)))
    }
}

/// What to report about a way to get a token that only one side has.
fn presence(pair: Pair<'_>) -> Option<Rule> {
    match (pair.old, pair.new) {
        (None, _) => Some(Rule::SecuritySchemeWidened),
        (_, None) => Some(Rule::SecuritySchemeNarrowed),
        _ => None,
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

fn is_same_word(pair: Pair<'_>) -> bool {
    let (old, new) = pair.map(|side| side.and_then(Value::as_str).map(str::to_lowercase));
    old.is_some() && old == new
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

/// The alternatives of one side, each once, without those that make no difference: callers that satisfy them also satisfy
/// one that both sides have.
fn without_kept(own: &[Alternative], others: &[Alternative]) -> Vec<Alternative> {
    let kept: Vec<_> = own.iter().filter(|alternative| others.contains(alternative)).collect();
    let mut rest: Vec<Alternative> = Vec::new();
    for alternative in own {
        let makes_none = kept.iter().any(|kept| is_enough(kept, alternative));
        if !makes_none && !rest.contains(alternative) {
            rest.push(alternative.clone());
        }
    }
    rest
}

type Refs<'l> = Vec<&'l Alternative>;

/// Each old alternative with one new alternative of the same schemes, and those that are left over.
fn paired<'l>(
    old: &'l [Alternative],
    new: &'l [Alternative],
) -> (Vec<(&'l Alternative, &'l Alternative)>, Refs<'l>, Refs<'l>) {
    let (mut pairs, mut gone, mut come) =
        (Vec::new(), Vec::new(), new.iter().collect::<Refs<'_>>());
    for alternative in old {
        match come.iter().position(|other| other.keys().eq(alternative.keys())) {
            Some(index) => pairs.push((alternative, come.remove(index))),
            None => gone.push(alternative),
        }
    }
    (pairs, gone, come)
}

/// Whether callers that satisfy an alternative also satisfy one of these.
fn is_met_by_one(others: &[Alternative], alternative: &Alternative) -> bool {
    others.iter().any(|other| is_enough(other, alternative))
}

/// Whether credentials that satisfy `met` also satisfy `asked`. The empty one is always satisfied.
fn is_enough(asked: &Alternative, met: &Alternative) -> bool {
    asked.iter().all(|(scheme, scopes)| met.get(scheme).is_some_and(|has| scopes.is_subset(has)))
}

fn describe(alternative: &Alternative) -> String {
    if alternative.is_empty() {
        return "a request without credentials".to_owned();
    }
    let name = |(scheme, scopes): (&String, &BTreeSet<String>)| {
        let scopes: Vec<_> = scopes.iter().map(|scope| quote(scope)).collect();
        let of =
            if scopes.is_empty() { String::new() } else { format!(" ({})", scopes.join(", ")) };
        format!("{}{of}", quote(scheme))
    };
    let names: Vec<_> = alternative.iter().map(name).collect();
    names.join(" with ")
}
