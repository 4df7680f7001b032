//! Which places mean the same: references are followed, and sets have no order.
//!
//! Every object and list gets a hash of its content, so that two places are compared in constant time. A reference has
//! the hash of its target, so that it makes no difference whether something is referred to or written in place. Only
//! values that lead back to themselves are hashed like the states of an automaton that is minimized: first by their own
//! content, then by the hashes of what they refer to, until a pass distinguishes no more of them than the pass before.
//!
//! Targets are hashed in such an order that a reference never has to be followed: the stack is only as deep as the
//! nesting of a document, whatever its references are.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::pair::{Pair, address, follow};
use super::place::Place;
use super::subtypes::Subtypes;

mod order;

use order::Order;

/// The hashes of two documents.
pub(super) struct Sameness {
    hashes: HashMap<usize, u64>,
}

impl Sameness {
    pub(super) fn new(root: Pair<'_>, subtypes: [&Subtypes<'_>; 2]) -> Self {
        let mut documents: Vec<Document<'_>> = [root.old, root.new]
            .into_iter()
            .zip(subtypes)
            .filter_map(|(root, subtypes)| Some(Document::new(root?, subtypes)))
            .collect();
        let mut hashes = HashMap::new();
        for document in &mut documents {
            let before = std::mem::take(&mut document.order.before);
            document.hash_targets(&before, &mut hashes);
        }
        refine(&mut documents);
        for document in &mut documents {
            let after = std::mem::take(&mut document.order.after);
            document.hash_targets(&after, &mut hashes);
            let mut reader = Reader { document, pass: Pass::Hash(&mut hashes) };
            reader.hash(Place::Object, "", document.root);
            for (place, key, value) in &document.beside {
                reader.field(*place, key, value);
            }
        }
        Self { hashes }
    }

    /// Whether both sides mean the same.
    pub(super) fn same(&self, pair: Pair<'_>) -> bool {
        match (pair.old, pair.new) {
            (None, None) => true,
            (Some(old), Some(new)) => self.hash(old) == self.hash(new),
            _ => false,
        }
    }

    pub(super) fn hash(&self, value: &Value) -> u64 {
        self.hashes.get(&address(Some(value))).copied().unwrap_or_else(|| scalar(value))
    }
}

/// The target of a reference.
struct Target<'a> {
    value: &'a Value,
    /// That of the reference.
    place: Place,
    /// The hash of its own content, whatever its references lead to.
    own: u64,
    /// The targets of the references in it, in the order of its content.
    references: Vec<usize>,
    /// The hash that represents it where it is referred to.
    hash: u64,
}

struct Document<'a> {
    root: &'a Value,
    subtypes: &'a Subtypes<'a>,
    /// By the address of the value that is referred to.
    known: HashMap<usize, usize>,
    targets: Vec<Target<'a>>,
    order: Order,
    /// The siblings of references, each with the place of the reference and its key. By the specification they mean
    /// nothing, but they can be referred to.
    beside: Vec<(Place, &'a str, &'a Value)>,
}

impl<'a> Document<'a> {
    fn new(root: &'a Value, subtypes: &'a Subtypes<'a>) -> Self {
        let (targets, known) = (Vec::new(), HashMap::new());
        let (order, beside) = (Order::default(), Vec::new());
        let mut document = Self { root, subtypes, known, targets, order, beside };
        let mut open = vec![(Place::Object, root)];
        while let Some((place, value)) = open.pop() {
            match value {
                Value::Object(map) => {
                    let target = follow(Some(root), value);
                    if !std::ptr::eq(target, value) {
                        document.add(place, target);
                        let fields = map.iter().filter(|(key, _)| *key != "$ref");
                        document.beside.extend(fields.map(|(key, value)| (place, &**key, value)));
                    }
                    for (_, kind) in subtypes.of(root, value) {
                        document.add(Place::Object, kind);
                    }
                    open.extend(map.iter().map(|(key, value)| (place.of(key), value)));
                }
                Value::Array(list) => {
                    open.extend(list.iter().map(|value| (place.of_members(), value)));
                }
                _ => {}
            }
        }
        for index in 0..document.targets.len() {
            document.look_into(index);
        }
        let references = document.targets.iter().map(|target| target.references.as_slice());
        document.order = Order::of(&references.collect::<Vec<_>>());
        document
    }

    fn add(&mut self, place: Place, value: &'a Value) {
        self.known.entry(address(Some(value))).or_insert_with(|| {
            self.targets.push(Target { value, place, own: 0, references: Vec::new(), hash: 0 });
            self.targets.len() - 1
        });
    }

    fn look_into(&mut self, index: usize) {
        let Some(Target { value, place, .. }) = self.targets.get(index) else { return };
        let (value, place) = (*value, *place);
        let mut references = Vec::new();
        let mut reader = Reader { document: self, pass: Pass::Collect(&mut references) };
        let own = reader.content(place, "", value);
        if let Some(target) = self.targets.get_mut(index) {
            *target = Target { value, place, own, references, hash: own };
        }
    }

    /// Hashes targets by their content, in an order in which everything that they refer to has been hashed before.
    fn hash_targets(&mut self, order: &[usize], hashes: &mut HashMap<usize, u64>) {
        for index in order {
            let Some(Target { value, place, .. }) = self.targets.get(*index) else { continue };
            let (value, place) = (*value, *place);
            let hash = Reader { document: self, pass: Pass::Hash(hashes) }.hash(place, "", value);
            if let Some(target) = self.targets.get_mut(*index) {
                target.hash = hash;
            }
        }
    }
}

/// Distinguishes targets that lead back to themselves by what they refer to, until a pass distinguishes no more of
/// them.
fn refine(documents: &mut [Document<'_>]) {
    let circular = |document: &Document<'_>| document.order.circular.clone();
    let count = |documents: &[Document<'_>]| {
        let mut hashes = HashSet::new();
        for document in documents {
            let targets = document.order.circular.iter().filter_map(|i| document.targets.get(*i));
            hashes.extend(targets.map(|target| target.hash));
        }
        hashes.len()
    };
    let mut classes = count(documents);
    loop {
        for document in &mut *documents {
            let hash = |index: &usize| document.targets.get(*index).map(|target| target.hash);
            let refined = |index: &usize| {
                let target = document.targets.get(*index)?;
                let referred: Vec<_> = target.references.iter().map(hash).collect();
                Some((*index, hash_of(&("$ref", target.own, referred))))
            };
            let refined: Vec<_> = circular(document).iter().filter_map(refined).collect();
            for (index, hash) in refined {
                if let Some(target) = document.targets.get_mut(index) {
                    target.hash = hash;
                }
            }
        }
        let now = count(documents);
        if now <= classes {
            return;
        }
        classes = now;
    }
}

/// One pass over a value. References are not followed.
struct Reader<'d, 'a, 'r> {
    document: &'d Document<'a>,
    pass: Pass<'r>,
}

enum Pass<'r> {
    /// Collects the targets of references.
    Collect(&'r mut Vec<usize>),
    /// Keeps the hash of every object and list, by address.
    Hash(&'r mut HashMap<usize, u64>),
}

impl<'a> Reader<'_, 'a, '_> {
    /// The hash of the field of an object.
    fn field(&mut self, owner: Place, key: &str, value: &'a Value) -> u64 {
        // The keys of data mean nothing.
        let name = if owner == Place::Data { "" } else { key };
        self.hash(owner.of(key), name, value)
    }

    /// `key` is the name of the field that holds the value: some lists are sets.
    fn hash(&mut self, place: Place, key: &str, value: &'a Value) -> u64 {
        if !value.is_object() && !value.is_array() {
            return scalar(value);
        }
        let at = address(Some(value));
        if let Pass::Hash(hashes) = &self.pass
            && let Some(known) = hashes.get(&at)
        {
            return *known;
        }
        let target = follow(Some(self.document.root), value);
        let in_place = std::ptr::eq(target, value);
        let hash = if in_place { self.content(place, key, value) } else { self.reference(target) };
        if let Pass::Hash(hashes) = &mut self.pass {
            hashes.insert(at, hash);
        }
        hash
    }

    fn reference(&mut self, target: &'a Value) -> u64 {
        let Some(index) = self.document.known.get(&address(Some(target))) else { return 0 };
        match &mut self.pass {
            Pass::Collect(references) => {
                references.push(*index);
                1
            }
            Pass::Hash(_) => self.document.targets.get(*index).map_or(0, |target| target.hash),
        }
    }

    /// The hash of a value that is not a reference.
    fn content(&mut self, place: Place, key: &str, value: &'a Value) -> u64 {
        match value {
            Value::Object(map) => {
                let mut fields: Vec<_> = map.iter().collect();
                fields.sort_unstable_by_key(|(key, _)| *key);
                let mut hasher = DefaultHasher::new();
                "object".hash(&mut hasher);
                for (key, value) in fields {
                    (key, self.field(place, key, value)).hash(&mut hasher);
                }
                self.document.subtypes.own_keys(value).hash(&mut hasher);
                for (name, target) in self.document.subtypes.of(self.document.root, value) {
                    (name, self.reference(target)).hash(&mut hasher);
                }
                hasher.finish()
            }
            Value::Array(list) => {
                let members = list.iter().map(|value| self.hash(place.of_members(), "", value));
                let mut members: Vec<u64> = members.collect();
                if matches!(key, "required" | "enum") {
                    members.sort_unstable();
                    members.dedup();
                }
                hash_of(&("list", members))
            }
            other => scalar(other),
        }
    }
}

fn scalar(value: &Value) -> u64 {
    match value {
        // 1 and 1.0 are the same number in JSON.
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), ..) => hash_of(&("integer", i128::from(integer))),
            (_, Some(integer), _) => hash_of(&("integer", i128::from(integer))),
            #[allow(clippy::cast_possible_truncation)]
            (.., Some(float)) if float.fract() == 0.0 && float.abs() < 1e18 => {
                hash_of(&("integer", float as i128))
            }
            (.., float) => hash_of(&("number", float.unwrap_or(0.0).to_bits())),
        },
        Value::String(text) => hash_of(&("text", text)),
        Value::Bool(flag) => hash_of(&("flag", flag)),
        Value::Null => hash_of("null"),
        Value::Object(_) => hash_of("object"),
        Value::Array(_) => hash_of("list"),
    }
}

fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn is_same(old: &Value, new: &Value, pointer: &str) -> bool {
        let root = Pair { old: Some(old), new: Some(new) };
        let subtypes = [Subtypes::new(root.old), Subtypes::new(root.new)];
        let sameness = Sameness::new(root, [&subtypes[0], &subtypes[1]]);
        sameness.same(Pair { old: old.pointer(pointer), new: new.pointer(pointer) })
    }

    /// A sibling of a reference leads back to the value that contains the reference.
    #[test]
    fn a_cycle_through_a_sibling_of_a_reference_ends() {
        let document = |kind: &str| {
            json!({
                "List": { "items": { "$ref": "#/Item", "not": { "$ref": "#/List" } } },
                "Item": { "type": kind },
                "inside": { "$ref": "#/List/items/not" },
            })
        };
        let (old, new) = (document("string"), document("integer"));
        assert!(is_same(&old, &old, "/inside"));
        for changed in ["/Item", "/List", "/List/items", "/List/items/not", "/inside"] {
            assert!(!is_same(&old, &new, changed), "{changed}");
        }
    }

    #[test]
    fn a_sibling_of_a_reference_can_be_referred_to() {
        let document = |kind: &str| {
            json!({
                "a": { "$ref": "#/b", "not": { "items": { "type": kind, "not": { "$ref": "#/a/not" } } } },
                "b": {},
                "c": { "$ref": "#/a/not" },
            })
        };
        let (old, new) = (document("string"), document("integer"));
        assert!(is_same(&old, &new, "/a"));
        assert!(!is_same(&old, &new, "/a/not/items"));
        assert!(!is_same(&old, &new, "/c"));
    }

    #[test]
    fn sets_have_no_order_and_lists_in_data_have_one() {
        let document = |list: [u8; 2]| {
            let schema = json!({ "enum": list, "required": list, "default": { "enum": list } });
            json!({
                "components": { "schemas": { "A": schema } },
                "x-a": { "required": list, "enum": [{ "required": list }] },
                "enum": [{ "required": list }],
            })
        };
        let (old, new) = (document([1, 2]), document([2, 1]));
        for same in ["/components/schemas/A/enum", "/components/schemas/A/required"] {
            assert!(is_same(&old, &new, same), "{same}");
        }
        for other in ["/components/schemas/A/default", "/x-a/required", "/x-a/enum", "/enum"] {
            assert!(!is_same(&old, &new, other), "{other}");
        }
    }

    /// A chain of references can be as long as a document, and must not need as much stack.
    #[test]
    fn a_long_chain_of_references_fits_into_a_small_stack() {
        let document = |end: Value| {
            let mut links = Map::new();
            for link in 0..20_000 {
                let next = json!({ "items": { "$ref": format!("#/{}", link + 1) } });
                links.insert(link.to_string(), next);
            }
            links.insert("20000".to_owned(), end);
            Value::Object(links)
        };
        let compare = move || {
            let (old, new) = (document(json!({ "type": "string" })), document(json!({})));
            assert!(!is_same(&old, &new, "/0"));
            assert!(is_same(&old, &old.clone(), "/0"));
            let circle = document(json!({ "$ref": "#/0" }));
            assert!(!is_same(&old, &circle, "/0"));
        };
        let thread = std::thread::Builder::new().stack_size(128 * 1024).spawn(compare);
        thread.expect("a thread").join().expect("no panic");
    }
}
