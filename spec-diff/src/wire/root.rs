//! The document itself, and the components that no operation uses.

use std::collections::HashSet;

use serde_json::Value;

use super::docs::Kind;
use super::operation::{Addresses, name as name_of};
use super::operations::{Operation, Operations};
use super::pair::{Pair, address};
use super::subtypes::Subtypes;
use super::walk::Walk;
use crate::message::quote;
use crate::rules::Rule;

impl<'a> Walk<'a> {
    pub(super) fn document(&mut self) {
        self.fields(Kind::Document, self.root, |walk, key, field| match key {
            "openapi" => walk.changed(Rule::OpenapiVersionChanged, key, field),
            "info" => walk.info(field),
            "servers" | "security" if !walk.is_inherited(key) => {
                walk.report(Rule::SameMeaning, &format!("no operation inherits `{key}`"));
            }
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

    /// Whether an operation takes a field from the document, on both sides. Operations that have their own on one side
    /// are compared by themselves.
    fn is_inherited(&self, key: &str) -> bool {
        let inherits = |operation: &Operation<'_>| {
            operation.item.get(key).is_none() && operation.value.get(key).is_none()
        };
        let (old, new) = self.root.map(Operations::new);
        new.has_callbacks() || new.both(&old).any(|(new, old)| inherits(new) && inherits(old))
    }

    /// Compares a security scheme for each operation that needs it on both sides, and says whether there is one.
    fn scheme_of_operations(&mut self, name: &str, scheme: Pair<'a>) -> bool {
        let (old_root, new_root) = (self.root.old, self.root.new);
        let needs = |root: Option<&'a Value>, operation: &Operation<'a>| {
            let own = operation.value.get("security");
            let list = own.or(root.and_then(|root| root.get("security")));
            let mut list = list.and_then(Value::as_array).into_iter().flatten();
            list.any(|alternative| alternative.get(name).is_some())
        };
        let (old, new) = self.root.map(Operations::new);
        let users: Vec<String> = new
            .both(&old)
            .filter(|(new, old)| needs(new_root, new) && needs(old_root, old))
            .map(|(Operation { path, method, value, .. }, _)| {
                let addresses = Addresses { old: path, new: path, method };
                name_of(addresses, Pair { old: None, new: Some(value) })
            })
            .collect();
        let is_used = !users.is_empty();
        for user in users {
            self.in_operation(user, |walk| walk.security_scheme(name, scheme));
        }
        // What callbacks require is not compared.
        if !is_used && new.has_callbacks() {
            self.security_scheme(name, scheme);
            return true;
        }
        is_used
    }

    fn components(&mut self, pair: Pair<'a>) {
        let old_uses = uses(self.root.old, self.subtypes[0]);
        let new_uses = uses(self.root.new, self.subtypes[1]);
        self.fields(Kind::Components, pair, |walk, kind, map| {
            walk.entries(map, |walk, name, component| {
                let called = quote(&format!("{kind}/{name}"));
                match (component.old, component.new) {
                    (None, _) => {
                        walk.report(Rule::ComponentAdded, &format!("component {called} added"));
                    }
                    (_, None) => {
                        walk.report(Rule::ComponentRemoved, &format!("component {called} removed"));
                    }
                    _ if kind == "securitySchemes"
                        && walk.scheme_of_operations(name, component) => {}
                    // The change is in something that it refers to, and is reported there.
                    (Some(old), Some(new)) if old == new => walk.settle(),
                    (Some(old), Some(new))
                        if old_uses.contains(&address(Some(old)))
                            && new_uses.contains(&address(Some(new))) =>
                    {
                        walk.settle();
                    }
                    _ => walk.report(
                        Rule::UnusedComponentChanged,
                        &format!(
                            "component {called} changed, but nothing that is compared uses it"
                        ),
                    ),
                }
            });
            // An empty map has no entries to report.
            let empty = |side: Option<&Value>| {
                side.and_then(Value::as_object).is_none_or(|map| map.is_empty())
            };
            if map.map(empty) == (true, true) {
                walk.report(Rule::SameMeaning, "no component on either side");
            }
        });
    }
}

/// The addresses of everything that can be reached from the paths by a reference, or by a discriminator.
fn uses<'a>(root: Option<&'a Value>, subtypes: &Subtypes<'a>) -> HashSet<usize> {
    let mut found = HashSet::new();
    let Some(root) = root else { return found };
    let mut open: Vec<&Value> = root.get("paths").into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                let reference = map.get("$ref").and_then(Value::as_str);
                let target =
                    reference.and_then(|reference| root.pointer(reference.strip_prefix('#')?));
                let kinds = subtypes.of(root, value).into_iter().map(|(_, kind)| kind);
                for target in kinds.chain(target) {
                    if found.insert(address(Some(target))) {
                        open.push(target);
                    }
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    found
}
