//! Builds the flat form of a conjunction from its schemas, their `allOf`, and alternatives of one member.

use serde_json::Value;

use super::{Flat, Group, Member};
use crate::wire::pair::{follow, list};
use crate::wire::shape::bounds::BOUNDS;
use crate::wire::shape::listed::all_values;
use crate::wire::shape::numbers::contains;
use crate::wire::shape::types::Types;
use crate::wire::shape::{Conjunction, Pick};
use crate::wire::subtypes::Subtypes;

/// Fills in everything that is not derived from the rest.
pub(super) fn fill<'a>(
    flat: &mut Flat<'a>,
    root: Option<&'a Value>,
    subtypes: &Subtypes<'a>,
    conjunction: &Conjunction<'a>,
) {
    let mut builder = Builder { root, subtypes, conjunction, flat, open: Vec::new() };
    builder.open(&conjunction.nodes);
    while let Some(node) = builder.open.pop() {
        builder.add(node);
    }
    builder.subtypes();
}

struct Builder<'a, 'f> {
    root: Option<&'a Value>,
    subtypes: &'f Subtypes<'a>,
    conjunction: &'f Conjunction<'a>,
    flat: &'f mut Flat<'a>,
    /// The schemas to add, on an explicit stack, since a recursion could be as deep as the references of a document.
    open: Vec<&'a Value>,
}

impl<'a> Builder<'a, '_> {
    /// Schedules schemas to be added, the first one first.
    fn open(&mut self, nodes: &[&'a Value]) {
        self.open.extend(nodes.iter().rev());
    }

    fn add(&mut self, node: &'a Value) {
        let node = follow(self.root, node);
        if self.flat.parts.iter().any(|part| std::ptr::eq(*part, node)) {
            return;
        }
        self.flat.parts.push(node);
        self.scalars(node);
        self.containers(node);
        for keyword in ["anyOf", "oneOf"] {
            if let Some(offer) = node.get(keyword).filter(|offer| offer.is_array()) {
                self.alternatives(node, keyword, offer);
            }
        }
        self.open(&list(node, "allOf"));
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
        let text = |key| node.get(key).and_then(|value| Some((value, value.as_str()?)));
        // By the specification, the format of a password only tells user interfaces to hide it.
        let format = text("format").filter(|(_, name)| *name != "password");
        flat.formats.extend(format.map(|(format, _)| format));
        let pattern = text("pattern").filter(|(_, pattern)| !is_universal(pattern));
        flat.patterns.extend(pattern.map(|(pattern, _)| pattern));
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
    fn alternatives(&mut self, owner: &'a Value, keyword: &'static str, offer: &'a Value) {
        let members = list(owner, keyword);
        match self.conjunction.picked(offer) {
            Some(Pick::Rest) => return,
            Some(Pick::Member(picked)) => {
                return self.open(members.get(picked..=picked).unwrap_or_default());
            }
            None => {}
        }
        let members: Vec<_> = members.into_iter().enumerate().collect();
        let members: Vec<_> =
            members.into_iter().filter(|(_, member)| !self.is_null(member)).collect();
        if let Some(values) = all_values(self.root, &members, keyword == "oneOf") {
            self.flat.parts.extend(members.iter().map(|(_, member)| follow(self.root, member)));
            meet_values(&mut self.flat.values, values);
        } else if let [(_, node)] = members.as_slice()
            && owner.get("discriminator").is_none()
        {
            self.open.push(node);
        } else {
            let keys = self.subtypes.keys(self.root, owner, &members).into_iter();
            let member = |((index, schema), keys)| Member { index, schema, keys };
            let members = members.into_iter().zip(keys).map(member).collect();
            self.flat.groups.push(Group { owner, keyword: Some(keyword), members });
        }
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

fn meet_values<'a>(known: &mut Option<Vec<&'a Value>>, values: Vec<&'a Value>) {
    match known {
        Some(known) => known.retain(|value| contains(&values, value)),
        None => *known = Some(values),
    }
}

/// Patterns that every text matches.
fn is_universal(text: &str) -> bool {
    let (start, rest) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
    let (end, inner) = rest.strip_suffix('$').map_or((false, rest), |inner| (true, inner));
    match inner {
        "[\\s\\S]*" | "[\\S\\s]*" => true,
        // A dot matches no line break, so between both ends these exclude texts of several lines.
        "" | ".*" | "(.*)" | "(.|\\n)*" | ".*?" => !(start && end),
        _ => false,
    }
}
