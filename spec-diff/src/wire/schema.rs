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
mod several;

impl<'a> Walk<'a> {
    /// Compares two schemas of which one may be missing: a missing schema allows everything.
    pub(super) fn schema_as(&mut self, pair: Pair<'a>, direction: Direction, role: Role) {
        self.schema_in_texts(pair, direction, (role, 0));
    }

    /// Compares two schemas whose values are serialized as texts, as those of parameters and headers are: a list or an
    /// object as the texts of its parts.
    pub(super) fn schema_of_text(&mut self, pair: Pair<'a>, direction: Direction, role: Role) {
        self.schema_in_texts(pair, direction, (role, 2));
    }

    fn schema_in_texts(&mut self, pair: Pair<'a>, direction: Direction, (role, texts): (Role, u8)) {
        let old = Conjunction::of(self.root.old, pair.old);
        let new = Conjunction::of(self.root.new, pair.new);
        if old.nodes.is_empty() || new.nodes.is_empty() || !self.same(pair) {
            self.later(Job { old, new, direction, role, texts, quiet: false });
        }
    }

    /// Compares what belongs to both schemas of the unit, unless it means the same: a property, or the items.
    fn parts(
        &mut self,
        (old, new): (Conjunction<'a>, Conjunction<'a>),
        direction: Direction,
        role: Role,
    ) {
        let texts = self.texts.saturating_sub(1);
        self.conjunctions(Job { old, new, direction, role, texts, quiet: false });
    }

    /// Compares two conjunctions, unless they mean the same.
    fn conjunctions(&mut self, job: Job<'a>) {
        if !self.same_conjunctions(&job.old, &job.new) {
            self.later(job);
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
        let picks = |side: &Conjunction<'a>| -> Vec<_> {
            side.picks.iter().map(|(offer, pick)| (self.hash(offer), *pick)).collect()
        };
        let hash = |node: &&'a Value| self.hash(node);
        picks(old) == picks(new) && old.nodes.iter().map(hash).eq(new.nodes.iter().map(hash))
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
