//! The document itself, its servers, and the components that no operation uses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::docs::Kind;
use super::message::quote;
use super::rules::Rule;
use super::walk::{Pair, Walk};

impl<'a> Walk<'a> {
    pub(super) fn document(&mut self) {
        self.fields(Kind::Document, self.root, |walk, key, field| match key {
            "openapi" => walk.changed(Rule::OpenapiVersionChanged, key, field),
            "info" => walk.info(field),
            "servers" => walk.servers(field),
            "tags" => walk.changed(Rule::TagsChanged, key, field),
            "security" => walk.security(field),
            "paths" => walk.paths(field),
            "components" => walk.components(field),
            _ => {}
        });
    }

    fn info(&mut self, pair: Pair<'a>) {
        self.fields(Kind::Info, pair, |walk, key, field| {
            if key == "version" {
                walk.changed(Rule::InfoVersionChanged, key, field);
            }
        });
    }

    /// Servers are told apart by their address.
    pub(super) fn servers(&mut self, pair: Pair<'a>) {
        let (old, new) = pair.map(servers);
        let before = self.decisions();
        for (url, _) in old.iter().filter(|(url, _)| find(&new, url).is_none()) {
            self.report(Rule::ServerRemoved, &format!("server {} removed", quote(url)));
        }
        for (url, server) in &new {
            let Some(earlier) = find(&old, url) else {
                self.report(Rule::ServerAdded, &format!("server {} added", quote(url)));
                continue;
            };
            let server = Pair { old: Some(earlier), new: Some(server) };
            if !self.same(server.get("variables")) {
                self.changed(
                    Rule::ServerVariableChanged,
                    &format!("variables of {url}"),
                    server.get("variables"),
                );
            }
            if !self.same(server.get("description")) {
                self.changed(
                    Rule::DocumentationChanged,
                    &format!("description of {url}"),
                    server.get("description"),
                );
            }
            for key in server.keys().into_iter().filter(|key| key.starts_with("x-")) {
                if !self.same(server.get(key)) {
                    self.changed(Rule::ExtensionChanged, key, server.get(key));
                }
            }
        }
        if self.decisions() == before
            && old.iter().map(|(url, _)| url).ne(new.iter().map(|(url, _)| url))
        {
            self.report(Rule::ServerOrderChanged, "the servers stand in another order");
        }
    }

    fn components(&mut self, pair: Pair<'a>) {
        let (old_uses, new_uses) = (uses(self.root.old), uses(self.root.new));
        self.fields(Kind::Components, pair, |walk, kind, map| {
            walk.entries(map, |walk, name, component| {
                let pointer = format!("#/components/{kind}/{name}");
                match (component.old, component.new) {
                    (None, _) => walk
                        .report(Rule::ComponentAdded, &format!("component {} added", quote(name))),
                    (_, None) => walk.report(
                        Rule::ComponentRemoved,
                        &format!("component {} removed", quote(name)),
                    ),
                    _ if kind == "securitySchemes" => walk.security_scheme(name, component),
                    _ if old_uses.contains(&pointer) && new_uses.contains(&pointer) => {
                        walk.settle()
                    }
                    _ => walk.report(
                        Rule::UnusedComponentChanged,
                        &format!("component {} changed, and no operation uses it", quote(name)),
                    ),
                }
            });
            // An empty map has no entries to speak of.
            let empty = |side: Option<&Value>| {
                side.and_then(Value::as_object).is_none_or(|map| map.is_empty())
            };
            if map.map(empty) == (true, true) {
                walk.report(Rule::SameMeaning, "no component either way");
            }
        });
    }
}

type Servers<'a> = Vec<(String, &'a Value)>;

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

fn find<'a>(servers: &Servers<'a>, url: &str) -> Option<&'a Value> {
    servers.iter().find(|(other, _)| other == url).map(|(_, server)| *server)
}

/// Every reference that can be reached from the paths.
fn uses(root: Option<&Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Value> = root.and_then(|root| root.get("paths")).into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str)
                    && found.insert(reference.to_owned())
                {
                    let target = root
                        .zip(reference.strip_prefix('#'))
                        .and_then(|(root, pointer)| root.pointer(pointer));
                    open.extend(target);
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    found
}
