//! Whether everything that one schema lets through is let through by another. Where that is not known, it is not said.

use serde_json::Value;

use crate::wire::direction::Direction;
use crate::wire::shape::bounds::BOUNDS;
use crate::wire::shape::flat::{Flat, Group, Property};
use crate::wire::shape::types::Types;
use crate::wire::shape::{Conjunction, Pick, Side};
use crate::wire::walk::Walk;

type Sided<'c, 'a> = (Side, &'c Conjunction<'a>);

impl<'a> Walk<'a> {
    /// In a request, callers send what the inner schema lets through; in a response, callers that know the outer one
    /// read it. A schema that leads back to itself fits as long as nothing else says no.
    pub(super) fn fits(
        &mut self,
        inner: Sided<'_, 'a>,
        outer: Sided<'_, 'a>,
        direction: Direction,
    ) -> bool {
        if self.same_conjunctions(inner.1, outer.1) {
            return true;
        }
        let key = (inner.1.clone(), outer.1.clone(), direction);
        if let Some(known) = self.conjunctions.fits.get(&key) {
            return *known;
        }
        let assumed = self.conjunctions.assumed.len();
        self.conjunctions.fits.insert(key.clone(), true);
        self.conjunctions.assumed.push(key.clone());
        let fits = self.flats_fit(inner, outer, direction);
        if !fits {
            // What was found out under the assumption is not known.
            for key in self.conjunctions.assumed.drain(assumed..) {
                self.conjunctions.fits.remove(&key);
            }
            self.conjunctions.fits.insert(key, false);
        }
        fits
    }

    fn flats_fit(
        &mut self,
        (side, inner): Sided<'_, 'a>,
        (outer_side, outer): Sided<'_, 'a>,
        direction: Direction,
    ) -> bool {
        let (flat, outer_flat) = (self.flat(side, inner), self.flat(outer_side, outer));
        match (flat.groups.as_slice(), outer_flat.groups.as_slice()) {
            ([], []) => {}
            ([group], _) if group.keyword.is_some() => {
                return members(inner, group)
                    .iter()
                    .all(|member| self.fits((side, member), (outer_side, outer), direction));
            }
            ([], [group]) if group.keyword.is_some() => {
                return members(outer, group)
                    .iter()
                    .any(|member| self.fits((side, inner), (outer_side, member), direction));
            }
            _ => return false,
        }
        flat.scalars_fit(&outer_flat)
            && self.exclusions_fit(&flat, &outer_flat)
            && (!flat.types.meets(Types::ARRAY) || {
                let items = Conjunction::all(self.root_of(side), &flat.items);
                let outer_items = Conjunction::all(self.root_of(outer_side), &outer_flat.items);
                self.fits((side, &items), (outer_side, &outer_items), direction)
            })
            && (!flat.types.meets(Types::OBJECT)
                || self.objects_fit((side, &flat), (outer_side, &outer_flat), direction))
    }

    fn exclusions_fit(&self, inner: &Flat<'a>, outer: &Flat<'a>) -> bool {
        outer.exclusions.iter().all(|exclusion| {
            inner.exclusions.iter().any(|other| self.hash(other) == self.hash(exclusion))
        })
    }

    fn objects_fit(
        &mut self,
        (side, inner): (Side, &Flat<'a>),
        (outer_side, outer): (Side, &Flat<'a>),
        direction: Direction,
    ) -> bool {
        let required = |property: &Property<'a>| property.required.is_some();
        let missing = outer.properties.iter().any(|(name, property)| {
            required(property) && !inner.properties.get(name).is_some_and(required)
        });
        // What callers send has to be known, and what they read has to be there.
        let (from, to) = direction.pick((inner, outer), (outer, inner));
        let unknown = from.properties.keys().any(|name| !to.properties.contains_key(name));
        let closed = outer.further.closed.is_some() && inner.further.closed.is_none();
        if missing || unknown || closed {
            return false;
        }
        let further = Conjunction::all(self.root_of(side), &inner.further.schemas);
        let outer_further = Conjunction::all(self.root_of(outer_side), &outer.further.schemas);
        if !self.fits((side, &further), (outer_side, &outer_further), direction) {
            return false;
        }
        inner.properties.iter().all(|(name, property)| {
            let Some(other) = outer.properties.get(name) else { return true };
            let schema = Conjunction::all(self.root_of(side), &property.schemas);
            let other = Conjunction::all(self.root_of(outer_side), &other.schemas);
            self.fits((side, &schema), (outer_side, &other), direction)
        })
    }
}

impl<'a> Flat<'a> {
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
