//! Matches the operations of both sides: paths by their text, then by their template without the names of its
//! parameters, and the remaining operations by their `operationId`.

use serde_json::Value;

use super::docs::Kind;
use super::operation::{Addresses, name};
use super::pair::Pair;
use super::template::template;
use super::walk::Walk;
use crate::METHODS;
use crate::message::quote;
use crate::rules::Rule;

/// One operation at one address.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    method: &'static str,
    item: &'a Value,
    operation: &'a Value,
}

impl<'a> Walk<'a> {
    pub(super) fn paths(&mut self, pair: Pair<'a>) {
        for key in pair.keys().into_iter().filter(|key| key.starts_with("x-")) {
            if !self.same(pair.get(key)) {
                self.changed(Rule::ExtensionChanged, key, pair.get(key));
            }
        }
        let mut matched: Vec<(&str, &str)> = Vec::new();
        let (old_paths, new_paths) = pair.map(|side| {
            let paths = side.and_then(Value::as_object);
            let names = paths.into_iter().flat_map(|map| map.keys()).map(String::as_str);
            names.filter(|name| !name.starts_with("x-")).collect::<Vec<_>>()
        });
        matched.extend(
            old_paths.iter().filter(|path| new_paths.contains(path)).map(|path| (*path, *path)),
        );
        for old in old_paths.iter().filter(|path| !new_paths.contains(path)) {
            let like = new_paths
                .iter()
                .find(|new| !old_paths.contains(new) && template(old) == template(new));
            matched.extend(like.map(|new| (*old, *new)));
        }

        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for path in old_paths.iter().filter(|path| matched.iter().all(|(old, _)| old != *path)) {
            self.lone_path(Rule::PathRemoved, path, pair.get(path).old, &mut gone);
        }
        for path in new_paths.iter().filter(|path| matched.iter().all(|(_, new)| new != *path)) {
            self.lone_path(Rule::PathAdded, path, pair.get(path).new, &mut come);
        }
        for (old, new) in matched {
            let item = Pair { old: pair.get(old).old, new: pair.get(new).new };
            if old != new {
                let message = format!("path {} is written {}", quote(old), quote(new));
                self.report_at(item, Rule::PathParameterRenamed, &message);
            }
            if !self.same(item) || old != new {
                self.path_item((old, new), self.resolve(item), &mut gone, &mut come);
            }
        }
        self.left_over(gone, come);
    }

    /// A path that only one side has; its operations may have moved.
    fn lone_path(
        &mut self,
        rule: Rule,
        path: &'a str,
        item: Option<&'a Value>,
        places: &mut Vec<Place<'a>>,
    ) {
        let resolved = self.resolve(if rule == Rule::PathRemoved {
            Pair { old: item, new: None }
        } else {
            Pair { old: None, new: item }
        });
        let Some(item) = resolved.old.or(resolved.new) else { return };
        let before = places.len();
        places.extend(
            METHODS.iter().filter_map(|method| {
                Some(Place { path, method, item, operation: item.get(method)? })
            }),
        );
        if places.len() == before {
            let message = format!("path {} without an operation", quote(path));
            self.report_at(resolved, rule, &message);
        }
    }

    fn path_item(
        &mut self,
        (old_path, new_path): (&'a str, &'a str),
        item: Pair<'a>,
        gone: &mut Vec<Place<'a>>,
        come: &mut Vec<Place<'a>>,
    ) {
        let before = self.decisions();
        for method in METHODS {
            let operation = item.get(method);
            let place = |path, item: Option<&'a Value>, operation| {
                item.map(|item| Place { path, method, item, operation })
            };
            match (operation.old, operation.new) {
                (Some(_), Some(_)) => {
                    let addresses = Addresses { old: old_path, new: new_path, method };
                    if !self.same(operation) || self.inherits_another(item) || old_path != new_path
                    {
                        self.operation(addresses, item, operation);
                    }
                }
                (Some(operation), None) => gone.extend(place(old_path, item.old, operation)),
                (None, Some(operation)) => come.extend(place(new_path, item.new, operation)),
                (None, None) => {}
            }
        }
        let told = self.decisions() > before;
        self.at(item, |walk| {
            walk.fields(Kind::PathItem, item, |walk, key, _| match key {
                "parameters" | "servers" if told => walk.settle(),
                // All operations were compared with what they inherit from here.
                "parameters" | "servers" => {
                    walk.report(
                        Rule::SameMeaning,
                        &format!(
                            "{} of the path changed, without an effect on any operation",
                            quote(key)
                        ),
                    );
                }
                _ if METHODS.contains(&key) => walk.settle(),
                _ => {}
            });
        });
    }

    /// Operations that have moved.
    fn left_over(&mut self, gone: Vec<Place<'a>>, mut come: Vec<Place<'a>>) {
        for old in gone {
            let id = |place: &Place<'a>| place.operation.get("operationId").and_then(Value::as_str);
            let moved = come.iter().position(|new| id(new).is_some() && id(new) == id(&old));
            let Some(new) = moved.map(|index| come.remove(index)) else {
                self.alone(Rule::OperationRemoved, old, "removed");
                continue;
            };
            let addresses = Addresses { old: old.path, new: new.path, method: new.method };
            let item = Pair { old: Some(old.item), new: Some(new.item) };
            let operation = Pair { old: Some(old.operation), new: Some(new.operation) };
            let (from, to) = (old.method.to_uppercase(), new.method.to_uppercase());
            let message =
                format!("moved from {from} {} to {to} {}", quote(old.path), quote(new.path));
            self.in_operation(name(addresses, operation), |walk| {
                walk.report_at(operation, Rule::OperationMoved, &message);
            });
            self.operation(addresses, item, operation);
        }
        for new in come {
            self.alone(Rule::OperationAdded, new, "added");
        }
    }

    fn alone(&mut self, rule: Rule, place: Place<'a>, what: &str) {
        let Place { path, method, operation, .. } = place;
        let address = format!("{} {path}", method.to_uppercase());
        let id = operation.get("operationId").and_then(Value::as_str);
        let pair = if rule == Rule::OperationRemoved {
            Pair { old: Some(operation), new: None }
        } else {
            Pair { old: None, new: Some(operation) }
        };
        self.in_operation(id.unwrap_or(&address).to_owned(), |walk| {
            walk.report_at(pair, rule, &format!("operation {what}: {}", quote(&address)));
        });
    }

    /// Whether the operations of a path inherit something else than before.
    fn inherits_another(&self, item: Pair<'a>) -> bool {
        ["parameters", "security", "servers"].iter().any(|key| !self.same(item.get(key)))
            || ["security", "servers"].iter().any(|key| !self.same(self.root.get(key)))
    }
}
