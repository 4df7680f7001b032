//! Whether one schema allows everything that another allows. If that is unknown, the answer is no.

use serde_json::Value;

use crate::wire::direction::Direction;
use crate::wire::questions::Needs;
use crate::wire::shape::bounds::BOUNDS;
use crate::wire::shape::flat::{Flat, Group, Property};
use crate::wire::shape::types::Types;
use crate::wire::shape::{Conjunction, Fit, Pick, Side};
use crate::wire::walk::Walk;

type Sided<'c, 'a> = (Side, &'c Conjunction<'a>);

impl<'a> Walk<'a> {
    /// In a request, callers send what the inner schema allows; in a response, callers that know the outer one read it.
    /// A schema that leads back to itself fits unless something else says no.
    pub(super) fn fits(
        &mut self,
        (side, inner): Sided<'_, 'a>,
        (_, outer): Sided<'_, 'a>,
        direction: Direction,
    ) -> bool {
        let (inner, outer) = (inner.clone(), outer.clone());
        let mut questions = std::mem::take(&mut self.conjunctions.fits);
        let answer = questions.answer(Fit { inner, outer, side, direction }, |fit| self.needs(fit));
        self.conjunctions.fits = questions;
        answer
    }

    /// What else must fit, so that one schema fits into another.
    fn needs(&mut self, fit: &Fit<'a>) -> Needs<Fit<'a>> {
        let Fit { inner, outer, side, direction } = fit;
        if self.same_conjunctions(inner, outer) {
            return Needs::All(Vec::new());
        }
        let (flat, outer_flat) = (self.flat(*side, inner), self.flat(side.other(), outer));
        match (flat.groups.as_slice(), outer_flat.groups.as_slice()) {
            ([], []) => {}
            ([group], _) if group.keyword.is_some() => {
                let inside = |inner| Fit { inner, ..fit.clone() };
                return Needs::All(members(inner, group).into_iter().map(inside).collect());
            }
            ([], [group]) if group.keyword.is_some() => {
                let into = |outer| Fit { outer, ..fit.clone() };
                return Needs::Any(members(outer, group).into_iter().map(into).collect());
            }
            _ => return Needs::Never,
        }
        if !flat.scalars_fit(&outer_flat) || !self.exclusions_fit(&flat, &outer_flat) {
            return Needs::Never;
        }
        let mut pairs = Vec::new();
        if flat.types.meets(Types::ARRAY) {
            pairs.push((flat.items.as_slice(), outer_flat.items.as_slice()));
        }
        if flat.types.meets(Types::OBJECT) {
            if !flat.shape_fits(&outer_flat, *direction) {
                return Needs::Never;
            }
            pairs.push((&flat.further.schemas, &outer_flat.further.schemas));
            pairs.extend(flat.properties.iter().map(|(name, property)| {
                (property.schemas.as_slice(), outer_flat.schemas_of(name))
            }));
            let others = outer_flat.properties.iter();
            let others = others.filter(|(name, _)| !flat.properties.contains_key(*name));
            pairs.extend(others.filter(|_| !flat.further.schemas.is_empty()).map(
                |(_, property)| (flat.further.schemas.as_slice(), property.schemas.as_slice()),
            ));
        }
        let mut needs = Vec::new();
        for (inner, outer) in pairs {
            let inner = Conjunction::all(self.root_of(*side), inner);
            let outer = Conjunction::all(self.root_of(side.other()), outer);
            if !self.same_conjunctions(&inner, &outer) {
                needs.push(Fit { inner, outer, side: *side, direction: *direction });
            }
        }
        Needs::All(needs)
    }

    fn exclusions_fit(&self, inner: &Flat<'a>, outer: &Flat<'a>) -> bool {
        outer.exclusions.iter().all(|exclusion| {
            inner.exclusions.iter().any(|other| self.hash(other) == self.hash(exclusion))
        })
    }
}

impl<'a> Flat<'a> {
    /// What a property must match.
    fn schemas_of(&self, name: &str) -> &[&'a Value] {
        self.properties.get(name).map_or(&self.further.schemas, |property| &property.schemas)
    }

    /// Whether no required property is missing, and none is unknown to the side that reads it.
    fn shape_fits(&self, outer: &Self, direction: Direction) -> bool {
        let required = |property: &Property<'a>| property.required.is_some();
        let missing = outer.properties.iter().any(|(name, property)| {
            required(property) && !self.properties.get(name).is_some_and(required)
        });
        // Properties that callers send must be known, and those that they read must exist.
        let (from, to) = direction.pick((self, outer), (outer, self));
        let unknown = from.properties.keys().any(|name| !to.properties.contains_key(name));
        let closed = outer.further.closed.is_some()
            && (self.further.closed.is_none()
                || self.properties.keys().any(|name| !outer.properties.contains_key(name)));
        !missing && !unknown && !closed
    }

    fn scalars_fit(&self, outer: &Self) -> bool {
        if !self.types.without(outer.types).is_empty() || (self.null && !outer.null) {
            return false;
        }
        match (&self.values, &outer.values) {
            (Some(values), Some(others)) => {
                return values.iter().all(|value| value.is_null() || others.contains(value));
            }
            (Some(values), None) => {
                return values.iter().all(|value| outer.admits(value));
            }
            (None, Some(_)) => return false,
            (None, None) => {}
        }
        let known = |list: &[&'a Value], others: &[&'a Value]| {
            others.iter().all(|other| list.contains(other))
        };
        let whole = self.types.only_integers();
        let within =
            BOUNDS.iter().zip(self.limits).zip(outer.limits).all(|((bound, own), other)| {
                !self.types.meets(bound.types)
                    || bound.value(own, whole) >= bound.value(other, whole)
            });
        let texts = !self.types.meets(Types::TEXT) || known(&self.patterns, &outer.patterns);
        let unique = self.unique.is_some() || outer.unique.is_none();
        within
            && texts
            && unique
            && known(&self.formats, &outer.formats)
            && known(&self.multiples, &outer.multiples)
    }
}

fn members<'a>(conjunction: &Conjunction<'a>, group: &Group<'a>) -> Vec<Conjunction<'a>> {
    let picked = |member: &crate::wire::shape::flat::Member<'a>| {
        conjunction.picking(group.owner, Pick::Member(member.index))
    };
    group.members.iter().map(picked).collect()
}
