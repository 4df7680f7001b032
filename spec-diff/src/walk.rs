//! The walk through both documents at once: references, locations, and the rule that nothing is silent.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::Change;
use super::docs;
use super::message::{Message, quote};
use super::rules::Rule;

/// Who sends what is described here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
}

/// The same place in both documents; `None` where it does not exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) old: Option<&'a Value>,
    pub(super) new: Option<&'a Value>,
}

impl<'a> Pair<'a> {
    pub(super) fn get(self, key: &str) -> Self {
        Self {
            old: self.old.and_then(|value| value.get(key)),
            new: self.new.and_then(|value| value.get(key)),
        }
    }

    pub(super) fn keys(self) -> BTreeSet<&'a str> {
        let keys = |side: Option<&'a Value>| side.and_then(Value::as_object).map(|map| map.keys());
        [self.old, self.new].into_iter().filter_map(keys).flatten().map(String::as_str).collect()
    }

    /// Applies the same question to both sides.
    pub(super) fn map<T>(self, f: impl Fn(Option<&'a Value>) -> T) -> (T, T) {
        (f(self.old), f(self.new))
    }

    pub(super) fn flags(self) -> (bool, bool) {
        self.map(|side| side.and_then(Value::as_bool).unwrap_or(false))
    }
}

pub(super) struct Walk<'a> {
    pub(super) root: Pair<'a>,
    pub(super) changes: Vec<Change>,
    pub(super) operation: Option<String>,
    /// What the messages speak of: a parameter, a request body, a response.
    pub(super) subject: String,
    /// The property inside the subject, as `data.requests[]`.
    pub(super) property: String,
    at: Vec<String>,
    /// Rises with every decision, also with the decision that there is nothing to say.
    decisions: usize,
    /// The schemas that are being compared, by address: a recursive schema ends here.
    pub(super) active: Vec<(usize, usize, Direction)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(root: Pair<'a>) -> Self {
        Self {
            root,
            changes: Vec::new(),
            operation: None,
            subject: String::new(),
            property: String::new(),
            at: Vec::new(),
            decisions: 0,
            active: Vec::new(),
        }
    }

    /// Goes through the fields of an object. What a handler leaves undecided is `unclassified`.
    pub(super) fn fields(
        &mut self,
        kind: docs::Kind,
        pair: Pair<'a>,
        mut handle: impl FnMut(&mut Self, &str, Pair<'a>),
    ) {
        self.entries(pair, |walk, key, field| {
            if key.starts_with("x-") {
                walk.extension(key, field);
            } else if docs::holds(kind, key) {
                walk.changed(Rule::DocumentationChanged, key, field);
            } else {
                handle(walk, key, field);
            }
        });
    }

    /// Goes through the entries of a map, whose keys are names and not fields.
    pub(super) fn entries(
        &mut self,
        pair: Pair<'a>,
        mut handle: impl FnMut(&mut Self, &str, Pair<'a>),
    ) {
        let pair = self.resolve(pair);
        for key in pair.keys() {
            let entry = pair.get(key);
            if !self.same(entry) {
                self.inside(&[key], |walk| walk.decide(entry, |walk| handle(walk, key, entry)));
            }
        }
    }

    /// Runs a handler for a difference; when it decides nothing, the difference is `unclassified`.
    pub(super) fn decide(&mut self, pair: Pair<'a>, handle: impl FnOnce(&mut Self)) {
        let before = self.decisions;
        handle(self);
        if self.decisions == before {
            let place = self.at.last().cloned().unwrap_or_default();
            self.changed(Rule::Unclassified, &place, pair);
        }
    }

    /// Says that a difference is `SameMeaning`, unless something was decided since `before`.
    pub(super) fn same_meaning_unless(&mut self, before: usize, what: &str) {
        if self.decisions == before {
            self.report(Rule::SameMeaning, what);
        }
    }

    pub(super) fn decisions(&self) -> usize {
        self.decisions
    }

    /// Decides that a difference has been judged elsewhere.
    pub(super) fn settle(&mut self) {
        self.decisions += 1;
    }

    pub(super) fn inside<T>(&mut self, keys: &[&str], f: impl FnOnce(&mut Self) -> T) -> T {
        let depth = self.at.len();
        self.at.extend(keys.iter().map(|key| (*key).to_owned()));
        let result = f(self);
        self.at.truncate(depth);
        result
    }

    /// Runs `f` with another subject for its messages.
    pub(super) fn about<T>(&mut self, subject: String, f: impl FnOnce(&mut Self) -> T) -> T {
        let subject = std::mem::replace(&mut self.subject, subject);
        let property = std::mem::take(&mut self.property);
        let result = f(self);
        self.subject = subject;
        self.property = property;
        result
    }

    /// Runs `f` with a longer property path; `step` is a name or `[]`.
    pub(super) fn within<T>(&mut self, step: &str, f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.property.len();
        if length > 0 && step != "[]" {
            self.property.push('.');
        }
        self.property.push_str(step);
        let result = f(self);
        self.property.truncate(length);
        result
    }

    pub(super) fn report(&mut self, rule: Rule, message: &str) {
        self.settle();
        let property = &self.property;
        let subject = match (self.subject.as_str(), property.as_str()) {
            ("", _) => String::new(),
            (subject, "") => format!("{subject}: "),
            (subject, property) => format!("{subject}, {}: ", quote(property)),
        };
        let location = self.at.iter().map(|key| format!("/{}", escape(key))).collect();
        self.changes.push(Change {
            rule,
            level: rule.level(),
            location,
            operation: self.operation.clone(),
            message: Message::new(format!("{subject}{message}")),
        });
    }

    /// Reports a value that is another one now.
    pub(super) fn changed(&mut self, rule: Rule, what: &str, pair: Pair<'a>) {
        let what = quote(what);
        let message = match (pair.old, pair.new) {
            (None, Some(new)) => format!("{what} added: {}", show(new)),
            (Some(old), None) => format!("{what} removed: {}", show(old)),
            (Some(old), Some(new)) => format!("{what}: {} → {}", show(old), show(new)),
            (None, None) => format!("{what} changed"),
        };
        self.report(rule, &message);
    }

    fn extension(&mut self, key: &str, pair: Pair<'a>) {
        let rule =
            if docs::generator_reads(key) { Rule::Unclassified } else { Rule::ExtensionChanged };
        self.changed(rule, key, pair);
    }

    /// Follows references on both sides.
    pub(super) fn resolve(&self, pair: Pair<'a>) -> Pair<'a> {
        Pair {
            old: pair.old.map(|value| follow(self.root.old, value)),
            new: pair.new.map(|value| follow(self.root.new, value)),
        }
    }

    /// Whether both sides mean the same: references followed, sets without an order.
    pub(super) fn same(&self, pair: Pair<'a>) -> bool {
        match (pair.old, pair.new) {
            (None, None) => true,
            (Some(old), Some(new)) => self.equal("", old, new, &mut Vec::new()),
            _ => false,
        }
    }

    /// `assumed` holds the pairs behind references that are being compared: what leads back to one of
    /// them adds nothing new.
    fn equal(
        &self,
        key: &str,
        old: &'a Value,
        new: &'a Value,
        assumed: &mut Vec<(usize, usize)>,
    ) -> bool {
        let (old_target, new_target) = (follow(self.root.old, old), follow(self.root.new, new));
        if !std::ptr::eq(old_target, old) || !std::ptr::eq(new_target, new) {
            let pair = (address(Some(old_target)), address(Some(new_target)));
            if assumed.contains(&pair) {
                return true;
            }
            assumed.push(pair);
        }
        match (old_target, new_target) {
            (Value::Object(old), Value::Object(new)) => {
                old.len() == new.len()
                    && old.iter().all(|(key, old)| {
                        new.get(key).is_some_and(|new| self.equal(key, old, new, assumed))
                    })
            }
            (Value::Array(old), Value::Array(new)) if matches!(key, "required" | "enum") => {
                old.iter().all(|value| new.contains(value))
                    && new.iter().all(|value| old.contains(value))
            }
            (Value::Array(old), Value::Array(new)) => {
                old.len() == new.len()
                    && old.iter().zip(new).all(|(old, new)| self.equal("", old, new, assumed))
            }
            // 1 and 1.0 are the same number in JSON.
            (Value::Number(old), Value::Number(new)) => {
                old == new || (old.is_f64() != new.is_f64() && old.as_f64() == new.as_f64())
            }
            (old, new) => old == new,
        }
    }
}

/// The value behind a chain of local references; a reference that leads nowhere stands for itself.
pub(super) fn follow<'a>(root: Option<&'a Value>, value: &'a Value) -> &'a Value {
    let mut target = value;
    // A chain that is longer than this is a circle.
    for _ in 0..32 {
        let Some(reference) = target.get("$ref").and_then(Value::as_str) else { return target };
        let next =
            reference.strip_prefix('#').zip(root).and_then(|(pointer, root)| root.pointer(pointer));
        match next {
            Some(next) => target = next,
            None => return target,
        }
    }
    value
}

pub(super) fn address(value: Option<&Value>) -> usize {
    value.map_or(0, |value| std::ptr::from_ref(value).addr())
}

/// A key as one step of a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A value in a message: short.
pub(super) fn show(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 80 {
        return quote(&text);
    }
    quote(&format!("{}…", text.chars().take(79).collect::<String>()))
}
