//! Schemas of which one must match: which of them correspond, and which were added or removed.

use std::cmp::Reverse;
use std::rc::Rc;

use serde_json::Value;

use super::compare::Flats;
use crate::message::quote;
use crate::rules::Rule;
use crate::wire::direction::Direction;
use crate::wire::pair::Pair;
use crate::wire::shape::flat::{Flat, Group, has_subtypes};
use crate::wire::shape::types::Types;
use crate::wire::shape::{Conjunction, Job, Pick, Side};
use crate::wire::walk::Walk;

/// One alternative, with the constraints around all of them.
#[derive(Debug, Clone)]
pub(super) struct Choice<'a> {
    conjunction: Conjunction<'a>,
    /// The member of the list, if there is a list.
    member: Option<&'a Value>,
    keys: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    pub(super) fn alternatives(&mut self, job: &Job<'a>, (old, new): (Rc<Flat<'a>>, Rc<Flat<'a>>)) {
        let both = Flats { old: &old, new: &new };
        let ([_] | [], [_] | []) = (old.groups.as_slice(), new.groups.as_slice()) else {
            return self.several(job, both);
        };
        let groups = (old.groups.first(), new.groups.first());
        if has_subtypes(groups.0) || has_subtypes(groups.1) {
            self.alike(job.rest((&old.groups, &new.groups)));
            return self.by_key(both, groups, job);
        }
        self.discriminators(both, groups.0, groups.1);
        let (old, new) = (choices(&job.old, groups.0), choices(&job.new, groups.1));
        if job.direction == Direction::Request {
            let exclusive = (is_exclusive(groups.0), is_exclusive(groups.1));
            self.overlap(both, (&old, &new), exclusive);
        }
        self.choices(both, groups, (old, new), job);
    }

    /// Compares two lists of alternatives. An added one is not reported if its values were allowed before.
    pub(super) fn choices(
        &mut self,
        both: Flats<'_, 'a>,
        groups: (Option<&Group<'a>>, Option<&Group<'a>>),
        (old, new): (Vec<Choice<'a>>, Vec<Choice<'a>>),
        job: &Job<'a>,
    ) {
        let direction = job.direction;
        let exclusive = is_exclusive(groups.0) || is_exclusive(groups.1);
        let pairs = self.matched(&old, &new, direction);
        for (one, other) in &pairs {
            if let (Some(one), Some(other)) = (old.get(*one), new.get(*other)) {
                let place = Pair { old: one.place(), new: other.place() };
                let is_covered = !exclusive
                    && self.fits_one((Side::Old, one), (Side::New, &new), direction)
                    && self.fits_one((Side::New, other), (Side::Old, &old), direction);
                self.at(place, |walk| walk.pair((one, other), is_covered, job));
            }
        }
        for (index, choice) in old.iter().enumerate() {
            let left = !pairs.iter().any(|(one, _)| *one == index);
            if left && !self.fits_one((Side::Old, choice), (Side::New, &new), direction) {
                let rule = direction
                    .pick(Rule::RequestAlternativeRemoved, Rule::ResponseAlternativeRemoved);
                let place = Pair { old: choice.place(), new: both.place().new };
                self.report_at(place, rule, &format!("alternative removed{}", choice.named()));
            }
        }
        for (index, choice) in new.iter().enumerate() {
            let left = !pairs.iter().any(|(_, other)| *other == index);
            if left && !self.fits_one((Side::New, choice), (Side::Old, &old), direction) {
                let rule =
                    direction.pick(Rule::RequestAlternativeAdded, Rule::ResponseAlternativeAdded);
                let place = Pair { old: both.place().old, new: choice.place() };
                self.report_at(place, rule, &format!("alternative added{}", choice.named()));
            }
        }
    }

    /// Compares two alternatives that correspond. If all that they allow is covered on the other side, perhaps by other
    /// alternatives, no value is lost or added.
    fn pair(&mut self, (one, other): (&Choice<'a>, &Choice<'a>), is_covered: bool, job: &Job<'a>) {
        let direction = job.direction;
        self.keys((&one.keys, &other.keys), direction);
        let (old, new) = (one.conjunction.clone(), other.conjunction.clone());
        let job = Job { old, new, ..job.clone() };
        if !is_covered || self.same_values(&job) {
            return self.alike(job);
        }
        self.report(Rule::SameMeaning, "other alternatives allow the same values as before");
        let (old, new) = (self.flat(Side::Old, &job.old), self.flat(Side::New, &job.new));
        self.annotations(Flats { old: &old, new: &new }, &job);
    }

    fn same_values(&mut self, Job { old, new, direction, .. }: &Job<'a>) -> bool {
        let (old, new) = ((Side::Old, old), (Side::New, new));
        self.fits(old, new, *direction) && self.fits(new, old, *direction)
    }

    /// Compares two parts of what the unit compares. A difference without an effect is reported for the whole.
    pub(super) fn alike(&mut self, job: Job<'a>) {
        match self.same_values(&job) {
            true => self.aside(Job { quiet: true, ..job }),
            false => self.conjunctions(Job { quiet: false, ..job }),
        }
    }

    /// A value that matches two members of a `oneOf` is refused.
    fn overlap(
        &mut self,
        both: Flats<'_, 'a>,
        (old, new): (&[Choice<'a>], &[Choice<'a>]),
        (old_exclusive, new_exclusive): (bool, bool),
    ) {
        for choice in old.iter().filter(|_| new_exclusive) {
            let own = (Side::Old, old, old_exclusive);
            if self.is_split((Side::Old, choice), own, (Side::New, new)) {
                let place = Pair { old: choice.place(), new: both.place().new };
                let message = format!("now matches several alternatives{}", choice.named());
                self.report_at(place, Rule::RequestAlternativesOverlap, &message);
            }
        }
        for choice in new.iter().filter(|_| old_exclusive) {
            let own = (Side::New, new, new_exclusive);
            if self.is_split((Side::New, choice), own, (Side::Old, old)) {
                let place = Pair { old: both.place().old, new: choice.place() };
                let message = format!("matched several alternatives before{}", choice.named());
                self.report_at(place, Rule::RequestAlternativesSeparated, &message);
            }
        }
    }

    /// Whether every value of an alternative is allowed by its own list, but matches several members of the other.
    fn is_split(
        &mut self,
        (side, choice): (Side, &Choice<'a>),
        (own_side, own, exclusive): (Side, &[Choice<'a>], bool),
        (other_side, other): (Side, &[Choice<'a>]),
    ) -> bool {
        let mut count = |list_side: Side, list: &[Choice<'a>]| {
            let fits = |member: &&Choice<'a>| {
                let into = (list_side, &member.conjunction);
                self.fits((side, &choice.conjunction), into, Direction::Request)
            };
            list.iter().filter(fits).count()
        };
        (!exclusive || count(own_side, own) == 1) && count(other_side, other) > 1
    }

    fn fits_one(
        &mut self,
        (side, choice): (Side, &Choice<'a>),
        (other_side, others): (Side, &[Choice<'a>]),
        direction: Direction,
    ) -> bool {
        others.iter().any(|other| {
            let into = (other_side, &other.conjunction);
            choice.has_keys_of(other) && self.fits((side, &choice.conjunction), into, direction)
        })
    }

    /// The alternatives that correspond: first those that share a value of the discriminator, then equal ones, then
    /// those with the same name, then those that are most alike.
    fn matched(
        &mut self,
        old: &[Choice<'a>],
        new: &[Choice<'a>],
        direction: Direction,
    ) -> Vec<(usize, usize)> {
        let mut likeness = Vec::new();
        for (one, old) in old.iter().enumerate() {
            for (other, new) in new.iter().enumerate() {
                let score = self.likeness(old, new, direction);
                if score > 0 {
                    likeness.push((
                        Reverse(score),
                        one.abs_diff(other),
                        one.min(other),
                        one,
                        other,
                    ));
                }
            }
        }
        likeness.sort_unstable();
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for (.., one, other) in likeness {
            if pairs.iter().all(|(known, known_other)| *known != one && *known_other != other) {
                pairs.push((one, other));
            }
        }
        pairs
    }

    fn likeness(&mut self, old: &Choice<'a>, new: &Choice<'a>, direction: Direction) -> u32 {
        if old.keys.iter().any(|key| new.keys.contains(key)) {
            return 5000;
        }
        if let (Some(one), Some(other)) = (old.member, new.member)
            && self.hash(one) == self.hash(other)
        {
            return 4000;
        }
        if !old.keys.is_empty() && !new.keys.is_empty() {
            return 0;
        }
        if old.reference().is_some() && old.reference() == new.reference() {
            return 3000;
        }
        let forth =
            self.fits((Side::Old, &old.conjunction), (Side::New, &new.conjunction), direction);
        let back =
            self.fits((Side::New, &new.conjunction), (Side::Old, &old.conjunction), direction);
        let (one, other) =
            (self.flat(Side::Old, &old.conjunction), self.flat(Side::New, &new.conjunction));
        let alike = alike(&one, &other);
        match (forth, back) {
            (true, true) => 2500,
            (true, false) | (false, true) => 1000 + alike,
            (false, false) => alike,
        }
    }
}

/// How much two schemas have in common, from 0 to 1000.
fn alike(one: &Flat<'_>, other: &Flat<'_>) -> u32 {
    let common = one.types.and(other.types);
    if common.is_empty() {
        return 0;
    }
    if !common.meets(Types::OBJECT) {
        return 500;
    }
    let names = one.properties.keys().filter(|name| other.properties.contains_key(*name)).count();
    let all = one.properties.len() + other.properties.len() - names;
    let share = (1000 * names).checked_div(all).unwrap_or(500);
    u32::try_from(share).unwrap_or(0)
}

impl<'a> Choice<'a> {
    /// Whether the values of the discriminator that stand for it also stand for another one, as far as both have any.
    fn has_keys_of(&self, other: &Self) -> bool {
        other.keys.is_empty() || self.keys.iter().all(|key| other.keys.contains(key))
    }

    fn place(&self) -> Option<&'a Value> {
        self.member.or(self.conjunction.first())
    }

    fn reference(&self) -> Option<&'a str> {
        self.member.and_then(|member| member.get("$ref")).and_then(Value::as_str)
    }

    /// How a message names it: by the value of the discriminator, or by the component.
    fn named(&self) -> String {
        if !self.keys.is_empty() {
            let keys: Vec<String> = self.keys.iter().map(|key| quote(key)).collect();
            return format!(": the value {} of the discriminator", keys.join(", "));
        }
        match self.reference().and_then(|reference| reference.rsplit('/').next()) {
            Some(name) => format!(": {}", quote(name)),
            None => self.member.and_then(described).unwrap_or_default(),
        }
    }
}

/// Whether exactly one alternative must match, and no discriminator says which.
fn is_exclusive(group: Option<&Group<'_>>) -> bool {
    group.is_some_and(|group| {
        group.keyword == Some("oneOf") && group.owner.get("discriminator").is_none()
    })
}

/// What distinguishes an alternative that is written in place: a property with one value, or its type.
fn described(member: &Value) -> Option<String> {
    let properties = member.get("properties").and_then(Value::as_object);
    let tag = properties.into_iter().flatten().find_map(|(name, schema)| {
        match schema.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
            Some([value]) => Some((name, value)),
            _ => None,
        }
    });
    if let Some((name, value)) = tag {
        return Some(format!(": {} is {}", quote(name), quote(&value.to_string())));
    }
    let kind = member.get("type").and_then(Value::as_str)?;
    Some(format!(": of type {}", quote(kind)))
}

/// The alternatives of a schema, or the schema itself.
fn choices<'a>(conjunction: &Conjunction<'a>, group: Option<&Group<'a>>) -> Vec<Choice<'a>> {
    let Some(group) = group else {
        return vec![Choice { conjunction: conjunction.clone(), member: None, keys: Vec::new() }];
    };
    let of_member = |member: &crate::wire::shape::flat::Member<'a>| Choice {
        conjunction: conjunction.picking(group.offer(), Pick::Member(member.index)),
        member: Some(member.schema),
        keys: member.keys.clone(),
    };
    group.members.iter().map(of_member).collect()
}

/// The members of a list by themselves.
pub(super) fn alone<'a>(root: Option<&'a Value>, group: &Group<'a>) -> Vec<Choice<'a>> {
    let of_member = |member: &crate::wire::shape::flat::Member<'a>| Choice {
        conjunction: Conjunction::of(root, Some(member.schema)),
        member: Some(member.schema),
        keys: member.keys.clone(),
    };
    group.members.iter().map(of_member).collect()
}
