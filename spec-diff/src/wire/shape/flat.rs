//! The flat form of a conjunction: one schema without references, without `allOf`, and without `oneOf` or `anyOf` of
//! one member. Each constraint has the place where it is written.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Conjunction;
use super::bounds::{BOUNDS, Limit};
use super::types::Types;
use crate::wire::subtypes::Subtypes;

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
        flat.null = builder::fill(&mut flat, root, subtypes, conjunction);
        flat.settle_types();
        flat
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
