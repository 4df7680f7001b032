//! Which places mean the same: references are followed, and sets have no order.
//!
//! Every object and list gets a hash of its content, so that two places are compared in constant time. What a
//! reference leads to has the hash of its content, so that it makes no difference whether something is written in place.
//! Only what leads back to itself is hashed like a state of an automaton that is minimized: by its own content first,
//! then by the hashes of what it refers to, until no two of them are told apart any more that were equal before.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::pair::{Pair, address, follow};
use super::subtypes::Subtypes;

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
        refine(&mut documents);
        let mut hashes = HashMap::new();
        for document in &documents {
            let mut reader = Reader { document, references: None, hashes: Some(&mut hashes) };
            reader.hash("", document.root);
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

/// What a reference leads to.
struct Target {
    own: u64,
    /// The targets of the references in it, in the order of its content.
    references: Vec<usize>,
    hash: u64,
    /// Whether it leads back to itself.
    circular: bool,
}

struct Document<'a> {
    root: &'a Value,
    subtypes: &'a Subtypes<'a>,
    /// By the address of the value that is referred to.
    known: HashMap<usize, usize>,
    targets: Vec<Target>,
}

impl<'a> Document<'a> {
    fn new(root: &'a Value, subtypes: &'a Subtypes<'a>) -> Self {
        let mut values = Vec::new();
        let mut known = HashMap::new();
        let mut add = |target: &'a Value| {
            known.entry(address(Some(target))).or_insert_with(|| {
                values.push(target);
                values.len() - 1
            });
        };
        let mut open = vec![root];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    let target = follow(Some(root), value);
                    if !std::ptr::eq(target, value) {
                        add(target);
                    }
                    subtypes.of(root, value).into_iter().for_each(|(_, target)| add(target));
                    open.extend(map.values());
                }
                Value::Array(list) => open.extend(list),
                _ => {}
            }
        }
        let mut document = Self { root, subtypes, known, targets: Vec::new() };
        document.targets = values
            .into_iter()
            .map(|value| {
                let mut references = Vec::new();
                let mut reader =
                    Reader { document: &document, references: Some(&mut references), hashes: None };
                let own = reader.content("", value);
                Target { own, references, hash: own, circular: true }
            })
            .collect();
        document.find_circles();
        document
    }

    /// What neither leads to a circle nor comes from one is not in one.
    fn find_circles(&mut self) {
        let mut before = self.targets.len() + 1;
        let mut left: HashSet<usize> = (0..self.targets.len()).collect();
        while left.len() < before {
            before = left.len();
            let leads = |index: &usize| {
                let references = self.targets.get(*index).map(|target| &target.references);
                references.into_iter().flatten().copied().filter(|other| left.contains(other))
            };
            let led_to: HashSet<usize> = left.iter().flat_map(leads).collect();
            let kept =
                left.iter().filter(|index| led_to.contains(index) && leads(index).next().is_some());
            left = kept.copied().collect();
        }
        for (index, target) in self.targets.iter_mut().enumerate() {
            target.circular = left.contains(&index);
        }
    }
}

/// Tells targets apart by what they refer to, until that tells no more of them apart.
fn refine(documents: &mut [Document<'_>]) {
    let count = |documents: &[Document<'_>]| {
        let targets = documents.iter().flat_map(|document| &document.targets);
        targets.map(|target| target.hash).collect::<HashSet<_>>().len()
    };
    let mut classes = count(documents);
    loop {
        for document in &mut *documents {
            let earlier: Vec<u64> = document.targets.iter().map(|target| target.hash).collect();
            for target in &mut document.targets {
                let referred = target.references.iter().map(|index| earlier.get(*index));
                target.hash = hash_of(&(target.own, referred.collect::<Vec<_>>()));
            }
        }
        let now = count(documents);
        if now <= classes {
            return;
        }
        classes = now;
    }
}

/// One pass over a value: it collects references, or hashes in which they are resolved.
struct Reader<'d, 'a, 'r> {
    document: &'d Document<'a>,
    references: Option<&'r mut Vec<usize>>,
    hashes: Option<&'r mut HashMap<usize, u64>>,
}

impl<'a> Reader<'_, 'a, '_> {
    /// `key` is the name of the field that holds the value: some lists are sets.
    fn hash(&mut self, key: &str, value: &'a Value) -> u64 {
        // What was referred to has been hashed already.
        let known = self.hashes.as_ref().and_then(|hashes| hashes.get(&address(Some(value))));
        if let Some(known) = known {
            return *known;
        }
        let target = follow(Some(self.document.root), value);
        let hash = if std::ptr::eq(target, value) {
            self.content(key, value)
        } else {
            // What stands beside a reference is ignored, says the specification; it is still to be seen.
            if self.hashes.is_some() {
                self.content(key, value);
            }
            self.reference(target)
        };
        if let Some(hashes) = &mut self.hashes
            && (value.is_object() || value.is_array())
        {
            hashes.insert(address(Some(value)), hash);
        }
        hash
    }

    fn reference(&mut self, target: &'a Value) -> u64 {
        let Some(index) = self.document.known.get(&address(Some(target))) else { return 0 };
        if let Some(references) = &mut self.references {
            references.push(*index);
            return 1;
        }
        match (self.document.targets.get(*index), &self.hashes) {
            (Some(known), Some(hashes)) if !known.circular => {
                let hashed = hashes.get(&address(Some(target))).copied();
                hashed.unwrap_or_else(|| self.hash("", target))
            }
            (known, _) => known.map_or(0, |target| hash_of(&("$ref", target.hash))),
        }
    }

    /// The hash of a value that is not a reference, or that is looked at as if it were none.
    fn content(&mut self, key: &str, value: &'a Value) -> u64 {
        match value {
            Value::Object(map) => {
                let mut fields: Vec<_> = map.iter().collect();
                fields.sort_unstable_by_key(|(key, _)| *key);
                let mut hasher = DefaultHasher::new();
                "object".hash(&mut hasher);
                for (key, value) in fields {
                    (key, self.hash(key, value)).hash(&mut hasher);
                }
                for (name, target) in self.document.subtypes.of(self.document.root, value) {
                    (name, self.reference(target)).hash(&mut hasher);
                }
                hasher.finish()
            }
            Value::Array(list) => {
                let mut members: Vec<u64> = list.iter().map(|value| self.hash("", value)).collect();
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
