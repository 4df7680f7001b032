//! Schemas that no value may match: `not`.

use serde_json::Value;

use super::compare::Flats;
use crate::rules::Rule;
use crate::wire::direction::Direction;
use crate::wire::family::{Family, family};
use crate::wire::pair::Pair;
use crate::wire::shape::{Conjunction, Side};
use crate::wire::walk::Walk;

const EXCLUSION: Family = family!(
    RequestExclusionAdded RequestExclusionRemoved ResponseExclusionAdded ResponseExclusionRemoved
);

impl<'a> Walk<'a> {
    pub(super) fn exclusions(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let same = |one: &Value, other: &Value| self.hash(one) == self.hash(other);
        let without = |list: &[&'a Value], other: &[&'a Value]| {
            let known = |value: &&&'a Value| !other.iter().any(|other| same(value, other));
            list.iter().filter(known).copied().collect::<Vec<_>>()
        };
        let (gone, come) = (
            without(&both.old.exclusions, &both.new.exclusions),
            without(&both.new.exclusions, &both.old.exclusions),
        );
        let rule = match (gone.as_slice(), come.as_slice()) {
            ([], []) => return,
            (_, []) => EXCLUSION.widened(direction),
            ([], _) => EXCLUSION.narrowed(direction),
            ([old], [new]) => match self.excluded(old, new) {
                (true, true) => return,
                (true, false) => EXCLUSION.narrowed(direction),
                (false, true) => EXCLUSION.widened(direction),
                (false, false) => {
                    direction.pick(Rule::RequestExclusionChanged, Rule::ResponseExclusionChanged)
                }
            },
            _ => direction.pick(Rule::RequestExclusionChanged, Rule::ResponseExclusionChanged),
        };
        let place = Pair { old: gone.first().copied(), new: come.first().copied() };
        self.changed_at(both.at(place.old, place.new), rule, "not", place);
    }

    /// Whether all values that were excluded still are, and whether all that are excluded were before.
    fn excluded(&mut self, old: &'a Value, new: &'a Value) -> (bool, bool) {
        let old = Conjunction::of(self.root.old, Some(old));
        let new = Conjunction::of(self.root.new, Some(new));
        let (old, new) = ((Side::Old, &old), (Side::New, &new));
        (self.fits(old, new, None), self.fits(new, old, None))
    }
}
