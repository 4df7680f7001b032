//! The same place in both documents.

use std::collections::BTreeSet;

use serde_json::Value;

/// `None` where the place does not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) old: Option<&'a Value>,
    pub(crate) new: Option<&'a Value>,
}

impl<'a> Pair<'a> {
    pub(crate) fn get(self, key: &str) -> Self {
        Self {
            old: self.old.and_then(|value| value.get(key)),
            new: self.new.and_then(|value| value.get(key)),
        }
    }

    pub(crate) fn keys(self) -> BTreeSet<&'a str> {
        let keys = |side: Option<&'a Value>| side.and_then(Value::as_object).map(|map| map.keys());
        [self.old, self.new].into_iter().filter_map(keys).flatten().map(String::as_str).collect()
    }

    /// Applies the same question to both sides.
    pub(crate) fn map<T>(self, f: impl Fn(Option<&'a Value>) -> T) -> (T, T) {
        (f(self.old), f(self.new))
    }

    pub(crate) fn flags(self) -> (bool, bool) {
        self.map(|side| side.and_then(Value::as_bool).unwrap_or(false))
    }

    pub(crate) fn addresses(self) -> (usize, usize) {
        self.map(address)
    }
}

/// The value behind a chain of local references; a reference that does not resolve is returned as it is.
pub(crate) fn follow<'a>(root: Option<&'a Value>, value: &'a Value) -> &'a Value {
    let mut target = value;
    // A longer chain is a cycle.
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

/// The members of a list; none where there is no list.
pub(crate) fn list<'a>(node: &'a Value, key: &str) -> Vec<&'a Value> {
    node.get(key).and_then(Value::as_array).into_iter().flatten().collect()
}

/// The identity of a value while its document is borrowed.
pub(crate) fn address(value: Option<&Value>) -> usize {
    value.map_or(0, |value| std::ptr::from_ref(value).addr())
}

/// A key as one step of a JSON pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
