//! The flat form of a conjunction: one schema without references, without `allOf`, and without `oneOf` or `anyOf` of
//! one member. Each constraint has the place where it is written.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bounds::{BOUNDS, Limit};
use super::listed::is_of_format;
use super::types::Types;
use super::{Conjunction, Pick};
use crate::wire::subtypes::Subtypes;

mod null;
mod builder;

#[derive(Debug)]
pub(in crate::wire) struct Flat<'a> {
    /// The schemas that it is made of, outermost first.
    pub(in crate::wire) parts: Vec<&'a Value>,
    pub(in crate::wire) types: Types,
    pub(in crate::wire) null: bool,
    /// The only values that are allowed.
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
    /// A property that a closed object requires but does not describe, so that there is no such object.
    pub(in crate::wire) impossible: Option<&'a str>,
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

/// The constraints on properties that are not listed.
#[derive(Debug, Default)]
pub(in crate::wire) struct Further<'a> {
    /// `false`, where there is one.
    pub(in crate::wire) closed: Option<&'a Value>,
    /// The schemas that they must match; if there are none, any value is allowed.
    pub(in crate::wire) schemas: Vec<&'a Value>,
}

/// Schemas of which one must match.
#[derive(Debug)]
pub(in crate::wire) struct Group<'a> {
    /// The schema that offers the alternatives.
    pub(in crate::wire) owner: &'a Value,
    /// `oneOf` or `anyOf`; nothing for the subtypes of a discriminator.
    pub(in crate::wire) keyword: Option<&'static str>,
    pub(in crate::wire) members: Vec<Member<'a>>,
}

impl<'a> Group<'a> {
    /// What a pick of one of the members refers to: the list, or the schema that has the subtypes.
    pub(in crate::wire) fn offer(&self) -> &'a Value {
        self.keyword.and_then(|keyword| self.owner.get(keyword)).unwrap_or(self.owner)
    }

    /// The property of its discriminator.
    pub(in crate::wire) fn name(&self) -> Option<&'a str> {
        name_of(self.owner)
    }
}

/// Whether the alternatives are the subtypes of a schema, which are not listed.
pub(in crate::wire) fn has_subtypes(group: Option<&Group<'_>>) -> bool {
    group.is_some_and(|group| group.keyword.is_none())
}

/// The property of the discriminator of a schema.
pub(in crate::wire) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("discriminator")?.get("propertyName")?.as_str()
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
            impossible: None,
            default: None,
            read_only: false,
            write_only: false,
        };
        builder::fill(&mut flat, root, subtypes, conjunction);
        flat.null = null::allows_null(root, conjunction);
        flat.settle_types();
        // The alternatives that are left out may describe it.
        if conjunction.picks.iter().all(|(_, pick)| *pick != Pick::Rest) {
            flat.settle_objects();
        }
        flat
    }

    /// What a property must match. One that is only required is described by what is said of all others.
    pub(in crate::wire) fn schemas<'p>(&'p self, property: &'p Property<'a>) -> &'p [&'a Value] {
        if property.schemas.is_empty() { &self.further.schemas } else { &property.schemas }
    }

    pub(in crate::wire) fn allows_everything(&self) -> bool {
        let texts = [&self.multiples, &self.formats, &self.patterns, &self.exclusions, &self.items];
        self.types == Types::ANY
            && self.null
            && self.values.is_none()
            && self.limits.iter().all(Option::is_none)
            && texts.iter().all(|list| list.is_empty())
            && self.unique.is_none()
            && self.properties.is_empty()
            && self.further.closed.is_none()
            && self.further.schemas.is_empty()
            && self.groups.is_empty()
    }

    /// Derives the types from the only values that are allowed, or from keywords that only objects and lists have.
    fn settle_types(&mut self) {
        if let Some(values) = self.values.take() {
            self.settle_values(values);
        } else if self.types == Types::ANY && self.groups.is_empty() {
            if !self.properties.is_empty() || self.further.closed.is_some() {
                self.types = Types::OBJECT;
            } else if !self.items.is_empty() {
                self.types = Types::ARRAY;
            }
        }
    }

    /// A closed object that requires what it does not describe does not exist.
    fn settle_objects(&mut self) {
        let undescribed = self
            .properties
            .iter()
            .find(|(_, property)| property.required.is_some() && property.schemas.is_empty());
        let closed = self.further.closed.is_some() && self.groups.is_empty();
        if let Some((name, _)) = undescribed.filter(|_| closed && self.types.meets(Types::OBJECT)) {
            self.impossible = Some(name);
            self.types = self.types.without(Types::OBJECT);
        }
    }

    /// Drops the values that something else excludes, and formats that exclude none of them.
    fn settle_values(&mut self, mut values: Vec<&'a Value>) {
        values.retain(|value| {
            value.is_null() || (self.types.meets(Types::of(value)) && self.admits_size(value))
        });
        let of_values = values.iter().fold(Types::NONE, |types, value| types.or(Types::of(value)));
        self.types = self.types.and(of_values);
        let is_of = |format: &Value| {
            values.iter().all(|value| value.is_null() || is_of_format(value, format) == Some(true))
        };
        self.formats.retain(|format| !is_of(format));
        // A list of `true` and `false` says as much as the type.
        let has = |flag: bool| values.iter().any(|value| value.as_bool() == Some(flag));
        if self.types != Types::FLAG || !has(true) || !has(false) {
            self.values = Some(values);
        }
    }
}
