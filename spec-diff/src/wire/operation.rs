//! An operation that both sides have. What it inherits is merged in before it is compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::docs::Kind;
use super::pair::{Pair, follow};
use super::template::renamed_parameters;
use super::walk::Walk;
use crate::rules::Rule;

/// Where an operation is, and where it was.
#[derive(Clone, Copy)]
pub(super) struct Addresses<'a> {
    pub(super) old: &'a str,
    pub(super) new: &'a str,
    pub(super) method: &'static str,
}

/// A parameter is identified by its place and its name.
type Parameters<'a> = BTreeMap<(String, String), &'a Value>;

/// The name of an operation: its `operationId`, or its method and path.
pub(super) fn name(addresses: Addresses<'_>, operation: Pair<'_>) -> String {
    let id = operation.get("operationId");
    let id = id.new.or(id.old).and_then(Value::as_str);
    let address = || format!("{} {}", addresses.method.to_uppercase(), addresses.new);
    id.map_or_else(address, str::to_owned)
}

impl<'a> Walk<'a> {
    pub(super) fn operation(
        &mut self,
        addresses: Addresses<'a>,
        item: Pair<'a>,
        operation: Pair<'a>,
    ) {
        self.in_operation(name(addresses, operation), |walk| {
            walk.at(operation, |walk| walk.inside_operation(addresses, item, operation));
        });
    }

    fn inside_operation(&mut self, addresses: Addresses<'a>, item: Pair<'a>, operation: Pair<'a>) {
        let mut told: Vec<&str> = Vec::new();
        let before = self.decisions();
        self.parameters(addresses, item, operation);
        told.extend((self.decisions() > before).then_some("parameters"));
        let inherited = |key| Pair {
            old: operation.get(key).old.or(item.get(key).old).or(self.root.get(key).old),
            new: operation.get(key).new.or(item.get(key).new).or(self.root.get(key).new),
        };
        let (security, servers) = (inherited("security"), inherited("servers"));
        // Changes that concern the whole document are reported there, once.
        let own = |key| {
            let (old, new) = operation.get(key).map(|side| side.is_some());
            let (old_item, new_item) = item.get(key).map(|side| side.is_some());
            old || new || old_item || new_item
        };
        if own("security") && !self.same(security) {
            self.at(security, |walk| walk.security(security));
            told.push("security");
        }
        if own("servers") && !self.same(servers) {
            self.at(servers, |walk| walk.servers(servers));
            told.push("servers");
        }
        self.fields(Kind::Operation, operation, |walk, key, field| match key {
            "parameters" | "security" | "servers" if told.contains(&key) => walk.settle(),
            "parameters" | "security" | "servers" => {
                walk.report(
                    Rule::SameMeaning,
                    &format!("`{key}` is written differently, with the same effect"),
                );
            }
            "operationId" => walk.changed(Rule::OperationIdChanged, key, field),
            "tags" => walk.changed(Rule::TagsChanged, key, field),
            "deprecated" => walk.deprecated(field),
            "requestBody" => walk.request_body(walk.resolve(field)),
            "responses" => walk.responses(field),
            _ => {}
        });
    }

    pub(super) fn deprecated(&mut self, pair: Pair<'a>) {
        match pair.flags() {
            (false, true) => self.report(Rule::Deprecated, "deprecated"),
            (true, false) => self.report(Rule::Undeprecated, "no longer deprecated"),
            _ => self.report(Rule::SameMeaning, "`deprecated: false` is the default"),
        }
    }

    fn parameters(&mut self, addresses: Addresses<'a>, item: Pair<'a>, operation: Pair<'a>) {
        let renamed = renamed_parameters(addresses.old, addresses.new);
        let merge =
            |root: Option<&'a Value>, item: Option<&'a Value>, operation: Option<&'a Value>| {
                let lists =
                    [item, operation].map(|owner| owner.and_then(|owner| owner.get("parameters")));
                let parameters = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
                // The later ones, those of the operation, replace the earlier ones.
                parameters
                    .map(|parameter| follow(root, parameter))
                    .map(keyed)
                    .collect::<Parameters<'a>>()
            };
        let old: Parameters<'a> = merge(self.root.old, item.old, operation.old)
            .into_iter()
            .map(|((place, name), parameter)| match renamed.get(name.as_str()) {
                Some(new) if place == "path" => ((place, new.clone()), parameter),
                _ => ((place, name), parameter),
            })
            .collect();
        let new = merge(self.root.new, item.new, operation.new);
        let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let pair = Pair { old: old.get(key).copied(), new: new.get(key).copied() };
            if !self.same(pair) {
                let (place, name) = key;
                self.at(pair, |walk| {
                    walk.decide(name, pair, |walk| walk.parameter((place, name), pair));
                });
            }
        }
    }
}

fn keyed(parameter: &Value) -> ((String, String), &Value) {
    let text = |key| parameter.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (place, name) = (text("in"), text("name"));
    // The names of header fields are case-insensitive (RFC 9110, section 5.1).
    let name = if place == "header" { name.to_lowercase() } else { name };
    ((place, name), parameter)
}
