//! What a conjunction of schemas comes to: one schema without references, `allOf`, and `oneOf` or `anyOf` of one
//! member. Each constraint knows where it is written.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bounds::{BOUNDS, Limit};
use super::listed::all_values;
use super::types::Types;
use super::{Conjunction, Pick};
use crate::wire::pair::{follow, list};
use crate::wire::subtypes::Subtypes;

#[derive(Debug)]
pub(in crate::wire) struct Flat<'a> {
    /// The schemas that it is made of, outermost first.
    pub(in crate::wire) parts: Vec<&'a Value>,
    pub(in crate::wire) types: Types,
    pub(in crate::wire) null: bool,
    /// The only values that are let through.
    pub(in crate::wire) values: Option<Vec<&'a Value>>,
    pub(in crate::wire) limits: [Option<Limit<'a>>; BOUNDS.len()],
    pub(in crate::wire) multiples: Vec<&'a Value>,
    pub(in crate::wire) formats: Vec<&'a Value>,
    pub(in crate::wire) patterns: Vec<&'a Value>,
    pub(in crate::wire) unique: Option<&'a Value>,
    pub(in crate::wire) exclusions: Vec<&'a Value>,
    pub(in crate::wire) items: Vec<&'a Value>,
    pub(in crate::wire) properties: BTreeMap<&'a str, Property<'a>>,
    pub(in crate::wire) further: Further<'a>,
    pub(in crate::wire) groups: Vec<Group<'a>>,
    pub(in crate::wire) default: Option<&'a Value>,
    pub(in crate::wire) read_only: bool,
    pub(in crate::wire) write_only: bool,
}

#[derive(Debug, Default)]
pub(in crate::wire) struct Property<'a> {
    pub(in crate::wire) schemas: Vec<&'a Value>,
    /// The list that requires it.
    pub(in crate::wire) required: Option<&'a Value>,
}

/// What is said of properties that are not listed.
#[derive(Debug, Default)]
pub(in crate::wire) struct Further<'a> {
    /// `false`, where there is one.
    pub(in crate::wire) closed: Option<&'a Value>,
    /// The schemas that they have to meet; none is needed by the empty one.
    pub(in crate::wire) schemas: Vec<&'a Value>,
}

/// Schemas of which one has to be met.
#[derive(Debug)]
pub(in crate::wire) struct Group<'a> {
    /// The schema that offers the alternatives.
    pub(in crate::wire) owner: &'a Value,
    /// `oneOf` or `anyOf`; nothing for the subtypes of a discriminator.
    pub(in crate::wire) keyword: Option<&'static str>,
    pub(in crate::wire) members: Vec<Member<'a>>,
}

#[derive(Debug)]
pub(in crate::wire) struct Member<'a> {
    /// Its place in the list, or the value of the discriminator.
    pub(in crate::wire) index: usize,
    pub(in crate::wire) schema: &'a Value,
    /// The values of the discriminator that stand for it.
    pub(in crate::wire) keys: Vec<&'a str>,
}

impl<'a> Flat<'a> {
    pub(in crate::wire) fn new(
        root: Option<&'a Value>,
        subtypes: &Subtypes<'a>,
        conjunction: &Conjunction<'a>,
    ) -> Self {
        let mut flat = Self {
            parts: Vec::new(),
            types: Types::ANY,
            null: true,
            values: None,
            limits: Default::default(),
            multiples: Vec::new(),
            formats: Vec::new(),
            patterns: Vec::new(),
            unique: None,
            exclusions: Vec::new(),
            items: Vec::new(),
            properties: BTreeMap::new(),
            further: Further::default(),
            groups: Vec::new(),
            default: None,
            read_only: false,
            write_only: false,
        };
        let mut builder = Builder { root, subtypes, conjunction, flat: &mut flat, deep: 0 };
        let null = conjunction.nodes.iter().map(|node| builder.add(node)).fold(None, both);
        flat.null = null.unwrap_or(true);
        flat.settle_types();
        flat
    }

    /// What follows for the types: from the only values that are let through, and from what only objects and lists have.
    fn settle_types(&mut self) {
        if let Some(values) = &mut self.values {
            values.retain(|value| value.is_null() || self.types.meets(Types::of(value)));
            let of_values =
                values.iter().fold(Types::NONE, |types, value| types.or(Types::of(value)));
            self.types = self.types.and(of_values);
        } else if self.types == Types::ANY && self.groups.is_empty() {
            if !self.properties.is_empty() || self.further.closed.is_some() {
                self.types = Types::OBJECT;
            } else if !self.items.is_empty() {
                self.types = Types::ARRAY;
            }
        }
    }
}

/// Null is let through by a conjunction when no part forbids it and one allows it.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one && other),
        (one, other) => one.or(other),
    }
}

struct Builder<'a, 'f> {
    root: Option<&'a Value>,
    subtypes: &'f Subtypes<'a>,
    conjunction: &'f Conjunction<'a>,
    flat: &'f mut Flat<'a>,
    deep: usize,
}

impl<'a> Builder<'a, '_> {
    /// Adds a schema, and says whether it lets null through; `None` when it does not speak of it.
    fn add(&mut self, node: &'a Value) -> Option<bool> {
        let node = follow(self.root, node);
        let circular = self.flat.parts.iter().any(|part| std::ptr::eq(*part, node));
        if circular || self.deep > 64 {
            return None;
        }
        self.flat.parts.push(node);
        self.deep += 1;
        self.scalars(node);
        self.containers(node);
        let own = self.own_null(node);
        let mut null = None;
        for part in list(node, "allOf") {
            null = both(null, self.add(part));
        }
        for keyword in ["oneOf", "anyOf"] {
            if node.get(keyword).is_some_and(Value::is_array) {
                null = both(null, self.alternatives(node, keyword));
            }
        }
        self.by_discriminator(node);
        self.deep -= 1;
        // `nullable` beside `allOf` is meant, although the specification lets it speak for `type` alone.
        match own {
            Some(true) => Some(true),
            own => both(own, null),
        }
    }

    fn own_null(&self, node: &'a Value) -> Option<bool> {
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

    /// Members that are nothing but null, and values one by one, are no alternatives.
    fn alternatives(&mut self, owner: &'a Value, keyword: &'static str) -> Option<bool> {
        match self.conjunction.picked(owner) {
            Some(Pick::Rest) => return None,
            Some(Pick::Member(index)) => {
                return owner
                    .get(keyword)
                    .and_then(|list| list.get(index))
                    .and_then(|m| self.add(m));
            }
            None => {}
        }
        let members: Vec<(usize, &Value)> = list(owner, keyword).into_iter().enumerate().collect();
        let total = members.len();
        let members: Vec<_> =
            members.into_iter().filter(|(_, member)| !self.is_null(member)).collect();
        let null = members.len() < total;
        if let Some(values) = all_values(self.root, &members) {
            self.flat.parts.extend(members.iter().map(|(_, member)| follow(self.root, member)));
            let has_null = null || values.iter().any(|value| value.is_null());
            meet_values(&mut self.flat.values, values);
            return Some(has_null);
        }
        if let [(_, member)] = members.as_slice() {
            let of_member = self.add(member);
            return if null { Some(true) } else { of_member };
        }
        let keys = self.subtypes.keys(self.root, owner, &members);
        let members: Vec<_> = members
            .into_iter()
            .zip(keys)
            .map(|((index, schema), keys)| Member { index, schema, keys })
            .collect();
        let nullable = |member: &Member<'a>| self.own_null(follow(self.root, member.schema));
        let null = null || members.iter().any(|member| nullable(member) == Some(true));
        self.flat.groups.push(Group { owner, keyword: Some(keyword), members });
        Some(null)
    }

    /// The subtypes of a schema that has a discriminator, and no list of alternatives.
    fn by_discriminator(&mut self, owner: &'a Value) {
        let listed = ["oneOf", "anyOf"].iter().any(|key| owner.get(key).is_some());
        let picked = self.conjunction.picked(owner).is_some();
        let Some(root) = self.root.filter(|_| !listed && !picked) else { return };
        let mut subtypes = self.subtypes.of(root, owner);
        subtypes.retain(|(_, subtype)| !std::ptr::eq(*subtype, owner));
        // A subtype is not one of its own kinds.
        let kinds = |part: &&'a Value| subtypes.iter().any(|(_, kind)| std::ptr::eq(*kind, *part));
        if subtypes.is_empty() || self.flat.parts.iter().any(kinds) {
            return;
        }
        let members = subtypes.into_iter().enumerate();
        let members = members
            .map(|(index, (key, schema))| Member { index, schema, keys: vec![key] })
            .collect();
        self.flat.groups.push(Group { owner, keyword: None, members });
    }

    fn is_null(&self, member: &'a Value) -> bool {
        let values = follow(self.root, member).get("enum").and_then(Value::as_array);
        values.is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
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
    let text = text.strip_prefix('^').unwrap_or(text);
    let text = text.strip_suffix('$').unwrap_or(text);
    matches!(text, "" | ".*" | "(.*)" | "[\\s\\S]*" | "[\\S\\s]*" | "(.|\\n)*" | ".*?")
}
