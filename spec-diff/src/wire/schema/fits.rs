//! Whether one schema allows everything that another allows. If that is unknown, the answer is no.

use serde_json::Value;

use crate::wire::direction::Direction;
use crate::wire::questions::Needs;
use crate::wire::shape::bounds::BOUNDS;
use crate::wire::shape::flat::{Flat, Group, Property};
use crate::wire::shape::numbers::contains;
use crate::wire::shape::types::Types;
use crate::wire::shape::{Conjunction, Fit, Pick, Side};
use crate::wire::walk::Walk;

type Sided<'c, 'a> = (Side, &'c Conjunction<'a>);

impl<'a> Walk<'a> {
    /// In a request, callers send what the inner schema allows; in a response, callers that know the outer one read it.
    /// Without a direction, only the values count.
    /// A schema that leads back to itself fits unless something else says no.
    pub(super) fn fits(
        &mut self,
        (side, inner): Sided<'_, 'a>,
        (outer_side, outer): Sided<'_, 'a>,
        direction: impl Into<Option<Direction>>,
    ) -> bool {
        let (inner, outer, direction) = (inner.clone(), outer.clone(), direction.into());
        let mut questions = std::mem::take(&mut self.conjunctions.fits);
        let fit = Fit { inner, outer, side, outer_side, direction };
        let answer = questions.answer(fit, |fit| self.needs(fit));
        self.conjunctions.fits = questions;
        answer
    }

    /// What else must fit, so that one schema fits into another.
    fn needs(&mut self, fit: &Fit<'a>) -> Needs<Fit<'a>> {
        let Fit { inner, outer, side, outer_side, direction } = fit;
        if self.same_conjunctions(inner, outer) {
            return Needs::All(Vec::new());
        }
        let (flat, outer_flat) = (self.flat(*side, inner), self.flat(*outer_side, outer));
        // Null is judged for schemas as a whole, and not for an alternative of one.
        let whole = inner.picks.is_empty() && outer.picks.is_empty();
        if whole && flat.null && !outer_flat.null {
            return Needs::Never;
        }
        match (flat.groups.as_slice(), outer_flat.groups.as_slice()) {
            ([], []) => {}
            (groups, [group]) if group.name().is_some() => {
                return self.needs_by_key(fit, groups, group);
            }
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
        if flat.types.meets(Types::OBJECT) && !flat.shape_fits(&outer_flat, *direction) {
            return Needs::Never;
        }
        let mut needs = Vec::new();
        for (inner, outer) in flat.parts_with(&outer_flat, *direction) {
            let inner = Conjunction::all(self.root_of(*side), inner);
            let outer = Conjunction::all(self.root_of(*outer_side), outer);
            if !self.same_conjunctions(&inner, &outer) {
                needs.push(Fit { inner, outer, ..fit.clone() });
            }
        }
        Needs::All(needs)
    }

    /// Where a discriminator chooses, each of its values must lead to what fits.
    fn needs_by_key(
        &self,
        fit: &Fit<'a>,
        groups: &[Group<'a>],
        outer_group: &Group<'a>,
    ) -> Needs<Fit<'a>> {
        let [group] = groups else { return Needs::Never };
        let is_like = group.keyword.is_some() && outer_group.keyword.is_some();
        if !is_like || group.name() != outer_group.name() {
            return Needs::Never;
        }
        let mut needs = Vec::new();
        for (member, inner) in group.members.iter().zip(members(&fit.inner, group)) {
            let outer = outer_group.members.iter().position(|other| {
                !member.keys.is_empty() && member.keys.iter().all(|key| other.keys.contains(key))
            });
            let outer = outer.and_then(|at| members(&fit.outer, outer_group).into_iter().nth(at));
            let Some(outer) = outer else { return Needs::Never };
            needs.push(Fit { inner, outer, ..fit.clone() });
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
        self.properties.get(name).map_or(&self.further.schemas, |property| self.schemas(property))
    }

    /// The schemas of items and properties, with those that they must fit into.
    fn parts_with<'f>(
        &'f self,
        outer: &'f Self,
        direction: Option<Direction>,
    ) -> Vec<(&'f [&'a Value], &'f [&'a Value])> {
        let mut pairs = Vec::new();
        if self.types.meets(Types::ARRAY) {
            pairs.push((self.items.as_slice(), outer.items.as_slice()));
        }
        if !self.types.meets(Types::OBJECT) {
            return pairs;
        }
        pairs.push((&self.further.schemas, &outer.further.schemas));
        let own = self.properties.iter();
        pairs.extend(own.map(|(name, property)| (self.schemas(property), outer.schemas_of(name))));
        let others = outer.properties.iter();
        let others = others.filter(|(name, _)| !self.properties.contains_key(*name));
        // By convention, a property that is not described is not there.
        let others = others.filter(|_| match direction {
            Some(_) => !self.further.schemas.is_empty(),
            None => self.further.closed.is_none(),
        });
        pairs.extend(
            others.map(|(_, property)| (self.further.schemas.as_slice(), outer.schemas(property))),
        );
        pairs
    }

    /// Whether no required property is missing, and none is unknown to the side that reads it.
    fn shape_fits(&self, outer: &Self, direction: Option<Direction>) -> bool {
        let required = |property: &Property<'a>| property.required.is_some();
        let missing = outer.properties.iter().any(|(name, property)| {
            required(property) && !self.properties.get(name).is_some_and(required)
        });
        // Properties that callers send must be known, and those that they read must exist.
        let unknown = direction.is_some_and(|direction| {
            let (from, to) = direction.pick((self, outer), (outer, self));
            from.properties.keys().any(|name| !to.properties.contains_key(name))
        });
        let closed = outer.further.closed.is_some()
            && (self.further.closed.is_none()
                || self.properties.keys().any(|name| !outer.properties.contains_key(name)));
        !missing && !unknown && !closed
    }

    fn scalars_fit(&self, outer: &Self) -> bool {
        if !self.true_types().without(outer.types).is_empty() {
            return false;
        }
        let known = |list: &[&'a Value], others: &[&'a Value]| {
            others.iter().all(|other| list.contains(other))
        };
        let texts = !self.types.meets(Types::TEXT) || known(&self.patterns, &outer.patterns);
        let texts = texts && known(&self.formats, &outer.formats);
        let all = |values: &[&'a Value], fits: &dyn Fn(&Value) -> bool| {
            values.iter().all(|value| value.is_null() || fits(value))
        };
        match (&self.values, &outer.values) {
            (Some(values), Some(others)) => {
                return texts && all(values, &|value| contains(others, value));
            }
            (Some(values), None) => return all(values, &|value| outer.admits(value)),
            (None, Some(_)) => return false,
            (None, None) => {}
        }
        let whole = self.true_types().only_integers();
        let within =
            BOUNDS.iter().zip(self.limits).zip(outer.limits).all(|((bound, own), other)| {
                !self.types.meets(bound.types)
                    || bound.value(own, whole) >= bound.value(other, whole)
            });
        let multiples = !self.types.meets(Types::NUMBER) || self.multiples_fit(outer);
        let unique = self.unique.is_some() || outer.unique.is_none();
        within && texts && unique && multiples
    }
}

fn members<'a>(conjunction: &Conjunction<'a>, group: &Group<'a>) -> Vec<Conjunction<'a>> {
    let picked = |member: &crate::wire::shape::flat::Member<'a>| {
        conjunction.picking(group.offer(), Pick::Member(member.index))
    };
    group.members.iter().map(picked).collect()
}
