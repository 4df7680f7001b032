//! The addresses of the service. A server is identified by its URL, in which the names of variables mean nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::docs::Kind;
use super::pair::Pair;
use super::template::{parameter_names, template};
use super::walk::Walk;
use crate::message::quote;
use crate::rules::Rule;

/// A server by its URL.
type Servers<'a> = Vec<(String, &'a Value)>;

/// New names of variables by their old names.
type Names<'s> = BTreeMap<&'s str, &'s str>;

/// A server in whose URL only the names of variables changed.
struct Respelled<'s, 'a> {
    old: &'s str,
    new: &'s str,
    earlier: &'a Value,
    names: Names<'s>,
}

impl<'a> Walk<'a> {
    pub(super) fn servers(&mut self, pair: Pair<'a>) {
        let (old, new) = pair.map(servers);
        let before = self.decisions();
        let respelled = respelled(&old, &new);
        for (url, _) in &old {
            if find(&new, url).is_none() && respelled.iter().all(|server| server.old != url) {
                self.report(Rule::ServerRemoved, &format!("server {} removed", quote(url)));
            }
        }
        for (url, server) in &new {
            let both = |earlier| Pair { old: Some(earlier), new: Some(*server) };
            if let Some(earlier) = find(&old, url) {
                self.server(both(earlier), url, &Names::new());
            } else if let Some(known) = respelled.iter().find(|server| server.new == url) {
                let message = format!("server {} is written {}", quote(known.old), quote(url));
                self.report(Rule::SameMeaning, &message);
                self.server(both(known.earlier), url, &known.names);
            } else {
                self.report(Rule::ServerAdded, &format!("server {} added", quote(url)));
            }
        }
        if self.decisions() == before
            && old.iter().map(|(url, _)| url).ne(new.iter().map(|(url, _)| url))
        {
            self.report(Rule::ServerOrderChanged, "the order of the servers changed");
        }
        self.same_meaning_unless(before, "the same servers are listed");
    }

    fn server(&mut self, pair: Pair<'a>, url: &str, names: &Names<'_>) {
        self.fields(Kind::Server, pair, |walk, key, field| match key {
            "url" => walk.settle(),
            "variables" => {
                let before = walk.decisions();
                walk.variables(field, url, names);
                walk.same_meaning_unless(before, "the variables have the same values");
            }
            _ => {}
        });
    }

    fn variables(&mut self, pair: Pair<'a>, url: &str, names: &Names<'_>) {
        let of = |side: Option<&'a Value>| side.and_then(Value::as_object).into_iter().flatten();
        let new_name = |name: &'a String| names.get(name.as_str()).copied().unwrap_or(name);
        let mut old = BTreeMap::new();
        for (name, variable) in of(pair.old) {
            // One that is not in the URL may have the new name of one that is.
            if !names.contains_key(name.as_str()) && names.values().any(|new| *new == name) {
                let gone = Pair { old: Some(variable), new: None };
                self.changed(Rule::SameMeaning, name, gone);
            } else {
                old.insert(new_name(name), variable);
            }
        }
        let new: BTreeMap<_, _> = of(pair.new).map(|(name, new)| (name.as_str(), new)).collect();
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        for name in names {
            let variable = Pair { old: old.get(name).copied(), new: new.get(name).copied() };
            if self.same(variable) {
                continue;
            }
            match (variable.old, variable.new) {
                (Some(_), Some(_)) => self.variable(variable),
                _ if parameter_names(url).contains(&name) => {
                    self.changed(Rule::ServerVariableChanged, name, variable);
                }
                _ => self.changed(Rule::SameMeaning, name, variable),
            }
        }
    }

    fn variable(&mut self, pair: Pair<'a>) {
        self.fields(Kind::ServerVariable, pair, |walk, key, field| match key {
            "enum" => {
                let (old, new) = field.map(|side| side.and_then(Value::as_array));
                if allows_more(new, old) {
                    walk.changed(Rule::ServerVariableWidened, key, field);
                }
                if allows_more(old, new) {
                    walk.changed(Rule::ServerVariableNarrowed, key, field);
                }
            }
            _ => walk.changed(Rule::ServerVariableChanged, key, field),
        });
    }
}

/// A document without servers has one, at `/`.
fn servers(side: Option<&Value>) -> Servers<'_> {
    let list = side.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return vec![("/".to_owned(), &Value::Null)];
    }
    let url = |server: &Value| {
        server.get("url").map_or_else(
            || server.to_string(),
            |url| url.as_str().map_or_else(|| url.to_string(), str::to_owned),
        )
    };
    list.iter().map(|server| (url(server), server)).collect()
}

/// Whether a list allows a value that another one does not. Without a list, any value is allowed.
fn allows_more(list: Option<&Vec<Value>>, other: Option<&Vec<Value>>) -> bool {
    match (list, other) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(list), Some(other)) => list.iter().any(|value| !other.contains(value)),
    }
}

fn find<'a>(servers: &Servers<'a>, url: &str) -> Option<&'a Value> {
    servers.iter().find(|(other, _)| other == url).map(|(_, server)| *server)
}

fn respelled<'s, 'a>(old: &'s Servers<'a>, new: &'s Servers<'a>) -> Vec<Respelled<'s, 'a>> {
    let mut come: Vec<&str> =
        new.iter().map(|(url, _)| &**url).filter(|url| find(old, url).is_none()).collect();
    let gone = old.iter().filter(|(url, _)| find(new, url).is_none());
    gone.filter_map(|(old, earlier)| {
        let at = come.iter().position(|new| names(old, new).is_some())?;
        let new = come.remove(at);
        Some(Respelled { old, new, earlier, names: names(old, new)? })
    })
    .collect()
}

/// The new names of the variables in a URL, if nothing else changed.
fn names<'s>(old: &'s str, new: &'s str) -> Option<Names<'s>> {
    let (from, to) = (parameter_names(old), parameter_names(new));
    let names: Names<'s> = from.iter().copied().zip(to.iter().copied()).collect();
    let is_kept = |(old, new): (&&str, &&str)| names.get(*old) == Some(new);
    let distinct: BTreeSet<_> = to.iter().collect();
    let is_same = template(old) == template(new)
        && names.len() == distinct.len()
        && from.iter().zip(&to).all(is_kept);
    is_same.then_some(names)
}
