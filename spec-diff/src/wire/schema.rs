//! Schemas, compared by what they allow and not by how they are written.
//!
//! `allOf` of objects is their union; `allOf`, `oneOf` and `anyOf` of one schema are that schema, and so on: see
//! `shape::flat`. Narrowing a request breaks callers, and so does widening a response.

use std::rc::Rc;

use serde_json::Value;

use super::direction::Direction;
use super::pair::Pair;
use super::shape::flat::Flat;
use super::shape::{Conjunction, Job, Role, Side};
use super::walk::Walk;

mod compare;
mod exclusions;
mod annotations;
mod objects;
mod fits;
mod discriminator;
mod alternatives;

impl<'a> Walk<'a> {
    pub(super) fn schema(&mut self, pair: Pair<'a>, direction: Direction) {
        self.schema_as(pair, direction, Role::Value);
    }

    /// Compares two schemas of which one may be missing: a missing schema allows everything.
    pub(super) fn schema_as(&mut self, pair: Pair<'a>, direction: Direction, role: Role) {
        let old = Conjunction::of(self.root.old, pair.old);
        let new = Conjunction::of(self.root.new, pair.new);
        if old.nodes.is_empty() || new.nodes.is_empty() || !self.same(pair) {
            self.later(Job { old, new, direction, role, quiet: false });
        }
    }

    /// Compares two conjunctions in the direction of the unit, unless they mean the same.
    fn conjunctions(&mut self, old: Conjunction<'a>, new: Conjunction<'a>, direction: Direction) {
        self.conjunctions_as((old, new), direction, Role::Value);
    }

    fn conjunctions_as(
        &mut self,
        (old, new): (Conjunction<'a>, Conjunction<'a>),
        direction: Direction,
        role: Role,
    ) {
        if !self.same_conjunctions(&old, &new) {
            self.later(Job { old, new, direction, role, quiet: false });
        }
    }

    /// Whether a schema that only one side has allows every value, as a missing one does.
    pub(super) fn allows_everything(&mut self, pair: Pair<'a>) -> bool {
        let everything = |walk: &mut Self, side, schema: Option<&'a Value>| {
            let conjunction = Conjunction::of(walk.root_of(side), schema);
            let flat = walk.flat(side, &conjunction);
            flat.allows_everything()
        };
        everything(self, Side::Old, pair.old) && everything(self, Side::New, pair.new)
    }

    fn same_conjunctions(&self, old: &Conjunction<'a>, new: &Conjunction<'a>) -> bool {
        let picks = |side: &Conjunction<'a>| side.picks.iter().map(|(_, pick)| *pick).collect();
        let (old_picks, new_picks): (Vec<_>, Vec<_>) = (picks(old), picks(new));
        let hash = |node: &&'a Value| self.hash(node);
        old_picks == new_picks && old.nodes.iter().map(hash).eq(new.nodes.iter().map(hash))
    }

    pub(super) fn root_of(&self, side: Side) -> Option<&'a Value> {
        if side == Side::Old { self.root.old } else { self.root.new }
    }

    pub(super) fn flat(&mut self, side: Side, conjunction: &Conjunction<'a>) -> Rc<Flat<'a>> {
        if let Some(known) = self.conjunctions.flat.get(conjunction) {
            return Rc::clone(known);
        }
        let subtypes = self.subtypes[usize::from(side == Side::New)];
        let flat = Rc::new(Flat::new(self.root_of(side), subtypes, conjunction));
        self.conjunctions.flat.insert(conjunction.clone(), Rc::clone(&flat));
        flat
    }
}
