//! Builds the flat form of a conjunction from its schemas, their `allOf`, and alternatives of one member.

use serde_json::Value;

use super::{Flat, Group, Member};
use crate::wire::pair::{follow, list};
use crate::wire::shape::bounds::BOUNDS;
use crate::wire::shape::listed::all_values;
use crate::wire::shape::types::Types;
use crate::wire::shape::{Conjunction, Pick};
use crate::wire::subtypes::Subtypes;

/// Fills in everything that is not derived from the rest, and returns whether null is allowed.
pub(super) fn fill<'a>(
    flat: &mut Flat<'a>,
    root: Option<&'a Value>,
    subtypes: &Subtypes<'a>,
    conjunction: &Conjunction<'a>,
) -> bool {
    let (open, nulls) = (Vec::new(), vec![Null::default()]);
    let mut builder = Builder { root, subtypes, conjunction, flat, open, nulls };
    builder.open(&conjunction.nodes, WHOLE);
    while let Some(step) = builder.open.pop() {
        builder.add(step);
    }
    builder.subtypes();
    builder.null()
}

/// The index of what the conjunction itself says about null.
const WHOLE: usize = 0;

/// A schema to add. These are on an explicit stack, since a recursion could be as deep as the references of a document.
struct Step<'a> {
    node: &'a Value,
    /// What it is a part of.
    owner: usize,
    /// Whether null is an alternative to it.
    beside_null: bool,
}

/// What a schema says about null; `None` if it says nothing.
#[derive(Default)]
struct Null {
    owner: usize,
    own: Option<bool>,
    /// What its parts say.
    of_parts: Option<bool>,
    beside_null: bool,
}

struct Builder<'a, 'f> {
    root: Option<&'a Value>,
    subtypes: &'f Subtypes<'a>,
    conjunction: &'f Conjunction<'a>,
    flat: &'f mut Flat<'a>,
    open: Vec<Step<'a>>,
    /// What was said about null so far. Parts come after the schema that they are parts of.
    nulls: Vec<Null>,
}

impl<'a> Builder<'a, '_> {
    /// Schedules schemas to be added, the first one first.
    fn open(&mut self, nodes: &[&'a Value], owner: usize) {
        let step = |node: &&'a Value| Step { node, owner, beside_null: false };
        self.open.extend(nodes.iter().rev().map(step));
    }

    fn add(&mut self, Step { node, owner, beside_null }: Step<'a>) {
        let node = follow(self.root, node);
        let mut null = Null { owner, beside_null, ..Null::default() };
        if self.flat.parts.iter().any(|part| std::ptr::eq(*part, node)) {
            return self.nulls.push(null);
        }
        null.own = own_null(node);
        self.flat.parts.push(node);
        self.nulls.push(null);
        let index = self.nulls.len() - 1;
        self.scalars(node);
        self.containers(node);
        for keyword in ["anyOf", "oneOf"] {
            if node.get(keyword).is_some_and(Value::is_array) {
                self.alternatives(node, keyword, index);
            }
        }
        self.open(&list(node, "allOf"), index);
    }

    /// Whether null is allowed, by what all parts say.
    fn null(&mut self) -> bool {
        while let Some(null) = self.nulls.pop() {
            let said = match null.own {
                _ if null.beside_null => Some(true),
                // `nullable` next to `allOf` counts as its author meant it, although by the specification it affects
                // only `type`.
                Some(true) => Some(true),
                own => both(own, null.of_parts),
            };
            match self.nulls.get_mut(null.owner) {
                Some(owner) => owner.of_parts = both(owner.of_parts, said),
                None => return said.unwrap_or(true),
            }
        }
        true
    }

    fn scalars(&mut self, node: &'a Value) {
        let flat = &mut *self.flat;
        let types = node.get("type").and_then(Value::as_str).and_then(Types::named);
        flat.types = types.map_or(flat.types, |types| flat.types.and(types));
        if let Some(values) = node.get("enum").and_then(Value::as_array) {
            meet_values(&mut flat.values, values.iter().collect());
        }
        for (bound, limit) in BOUNDS.iter().zip(&mut flat.limits) {
            let stated = bound.stated(node);
            *limit = bound.narrower(limit.take(), stated);
        }
        let texts = [("format", &mut flat.formats), ("pattern", &mut flat.patterns)];
        for (key, list) in texts {
            let stated = node.get(key).filter(|value| value.is_string());
            list.extend(stated.filter(|value| key == "format" || !is_universal(value)));
        }
        flat.multiples.extend(node.get("multipleOf").filter(|value| value.is_number()));
        flat.exclusions.extend(node.get("not"));
        let flag = |key| node.get(key).filter(|value| value.as_bool() == Some(true));
        flat.unique = flat.unique.or(flag("uniqueItems"));
        flat.default = flat.default.or(node.get("default"));
        flat.read_only |= flag("readOnly").is_some();
        flat.write_only |= flag("writeOnly").is_some();
    }

    fn containers(&mut self, node: &'a Value) {
        self.flat.items.extend(node.get("items"));
        let properties = node.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            self.flat.properties.entry(name).or_default().schemas.push(schema);
        }
        if let Some(required) = node.get("required").filter(|value| value.is_array()) {
            for name in list(node, "required").iter().filter_map(|name| name.as_str()) {
                self.flat.properties.entry(name).or_default().required.get_or_insert(required);
            }
        }
        match node.get("additionalProperties") {
            None | Some(Value::Bool(true)) => {}
            Some(Value::Object(map)) if map.is_empty() => {}
            Some(closed @ Value::Bool(false)) => {
                self.flat.further.closed.get_or_insert(closed);
            }
            Some(schema) => self.flat.further.schemas.push(schema),
        }
    }

    /// Members that are only null, and members that only list values, are not alternatives.
    fn alternatives(&mut self, owner: &'a Value, keyword: &'static str, index: usize) {
        let members = list(owner, keyword);
        match self.conjunction.picked(owner) {
            Some(Pick::Rest) => return,
            Some(Pick::Member(picked)) => {
                return self.open(members.get(picked..=picked).unwrap_or_default(), index);
            }
            None => {}
        }
        let (nulls, members): (Vec<_>, Vec<_>) =
            members.into_iter().enumerate().partition(|(_, member)| self.is_null(member));
        let null = !nulls.is_empty();
        let has_null = if let Some(values) = all_values(self.root, &members) {
            self.flat.parts.extend(members.iter().map(|(_, member)| follow(self.root, member)));
            let has_null = null || values.iter().any(|value| value.is_null());
            meet_values(&mut self.flat.values, values);
            has_null
        } else if let [(_, node)] = members.as_slice() {
            return self.open.push(Step { node, owner: index, beside_null: null });
        } else {
            self.group(owner, keyword, members) || null
        };
        if let Some(said) = self.nulls.get_mut(index) {
            said.of_parts = both(said.of_parts, Some(has_null));
        }
    }

    /// Adds alternatives, and returns whether one of them allows null.
    fn group(
        &mut self,
        owner: &'a Value,
        keyword: &'static str,
        members: Vec<(usize, &'a Value)>,
    ) -> bool {
        let keys = self.subtypes.keys(self.root, owner, &members).into_iter();
        let member = |((index, schema), keys)| Member { index, schema, keys };
        let members: Vec<Member<'a>> = members.into_iter().zip(keys).map(member).collect();
        let null =
            members.iter().any(|member| own_null(follow(self.root, member.schema)) == Some(true));
        self.flat.groups.push(Group { owner, keyword: Some(keyword), members });
        null
    }

    /// The subtypes of schemas that have a discriminator but no list of alternatives.
    fn subtypes(&mut self) {
        let Some(root) = self.root else { return };
        for owner in self.flat.parts.clone() {
            let listed = ["oneOf", "anyOf"].iter().any(|key| owner.get(key).is_some());
            if listed || self.conjunction.picked(owner).is_some() {
                continue;
            }
            let mut subtypes = self.subtypes.of(root, owner);
            subtypes.retain(|(_, subtype)| !std::ptr::eq(*subtype, owner));
            // A subtype is not a subtype of itself.
            let kinds =
                |part: &&'a Value| subtypes.iter().any(|(_, kind)| std::ptr::eq(*kind, *part));
            if subtypes.is_empty() || self.flat.parts.iter().any(kinds) {
                continue;
            }
            let member = |(index, (key, schema))| Member { index, schema, keys: vec![key] };
            let members = subtypes.into_iter().enumerate().map(member).collect();
            self.flat.groups.push(Group { owner, keyword: None, members });
        }
    }

    fn is_null(&self, member: &'a Value) -> bool {
        let values = follow(self.root, member).get("enum").and_then(Value::as_array);
        values.is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
    }
}

/// A conjunction allows null if no part forbids it and one allows it.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one && other),
        (one, other) => one.or(other),
    }
}

/// What a schema itself says about null.
fn own_null(node: &Value) -> Option<bool> {
    if node.get("nullable").and_then(Value::as_bool) == Some(true) {
        return Some(true);
    }
    let values = node.get("enum").and_then(Value::as_array);
    match (node.get("type").and_then(Value::as_str), values) {
        (None, Some(values)) => Some(values.iter().any(Value::is_null)),
        (None, None) => None,
        (Some(_), _) => Some(false),
    }
}

fn meet_values<'a>(known: &mut Option<Vec<&'a Value>>, values: Vec<&'a Value>) {
    match known {
        Some(known) => known.retain(|value| values.contains(value)),
        None => *known = Some(values),
    }
}

/// Patterns that every text matches.
fn is_universal(pattern: &Value) -> bool {
    let text = pattern.as_str().unwrap_or_default();
    let (start, rest) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
    let (end, inner) = rest.strip_suffix('$').map_or((false, rest), |inner| (true, inner));
    match inner {
        "[\\s\\S]*" | "[\\S\\s]*" => true,
        // A dot matches no line break, so between both ends these exclude texts of several lines.
        "" | ".*" | "(.*)" | "(.|\\n)*" | ".*?" => !(start && end),
        _ => false,
    }
}
