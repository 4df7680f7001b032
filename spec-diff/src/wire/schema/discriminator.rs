//! The property that distinguishes alternatives, and its values.

use serde_json::Value;

use super::compare::Flats;
use crate::message::quote;
use crate::rules::Rule;
use crate::wire::direction::Direction;
use crate::wire::pair::Pair;
use crate::wire::shape::flat::{Flat, Group};
use crate::wire::shape::{Conjunction, Job, Pick, Side};
use crate::wire::walk::Walk;

/// What is said of a discriminator that repeats what the schemas say themselves.
const AS_BEFORE: &str = ", which each alternative requires with its values anyway";

impl<'a> Walk<'a> {
    /// Compares the names of the properties. The values are judged with the alternatives that they stand for.
    pub(super) fn discriminators(
        &mut self,
        both: Flats<'_, 'a>,
        old: Option<&Group<'a>>,
        new: Option<&Group<'a>>,
    ) {
        let of =
            |group: Option<&Group<'a>>| group.and_then(|group| group.owner.get("discriminator"));
        let pair = Pair { old: of(old), new: of(new) };
        let name = |side: Option<&'a Value>| {
            side.and_then(|side| side.get("propertyName")).and_then(Value::as_str)
        };
        let place = Pair { old: pair.old.or(both.place().old), new: pair.new.or(both.place().new) };
        let direction = self.direction.unwrap_or(Direction::Request);
        let added =
            direction.pick(Rule::RequestDiscriminatorAdded, Rule::ResponseDiscriminatorAdded);
        let removed =
            direction.pick(Rule::RequestDiscriminatorRemoved, Rule::ResponseDiscriminatorRemoved);
        let (rule, text) = match pair.map(name) {
            (Some(old), Some(new)) if old != new => (
                Rule::DiscriminatorChanged,
                format!("property of the discriminator: {} → {}", quote(old), quote(new)),
            ),
            (None, Some(name)) => {
                let text = format!("discriminator added: the property {}", quote(name));
                match self.is_stated(Side::New, new, name) {
                    true => (Rule::SameMeaning, text + AS_BEFORE),
                    false => (added, text),
                }
            }
            (Some(name), None) => {
                let text = format!("discriminator removed: the property {}", quote(name));
                match self.is_stated(Side::Old, old, name) {
                    true => (Rule::SameMeaning, text + AS_BEFORE),
                    false => (removed, text),
                }
            }
            _ => return,
        };
        self.report_at(place, rule, &text);
    }

    /// Whether every alternative itself requires the property, with the values that stand for it.
    fn is_stated(&mut self, side: Side, group: Option<&Group<'a>>, name: &str) -> bool {
        group.is_some_and(|group| {
            group.members.iter().all(|member| {
                let root = self.root_of(side);
                let schema = self.flat(side, &Conjunction::of(root, Some(member.schema)));
                let property = schema.properties.get(name).filter(|found| found.required.is_some());
                property.is_some_and(|property| {
                    let schema = self.flat(side, &Conjunction::all(root, &property.schemas));
                    let stands = |value: &&Value| {
                        value.as_str().is_some_and(|value| member.keys.contains(&value))
                    };
                    schema.values.as_ref().is_some_and(|values| values.iter().all(stands))
                })
            })
        })
    }

    /// The values of a discriminator that were added or removed for one alternative.
    pub(super) fn keys(&mut self, (old, new): (&[&str], &[&str]), direction: Direction) {
        // Without a discriminator there are no values.
        if old.is_empty() || new.is_empty() {
            return;
        }
        for key in old.iter().filter(|key| !new.contains(key)) {
            self.key(key, false, direction);
        }
        for key in new.iter().filter(|key| !old.contains(key)) {
            self.key(key, true, direction);
        }
    }

    fn key(&mut self, key: &str, added: bool, direction: Direction) {
        let rule = if added {
            direction
                .pick(Rule::RequestDiscriminatorValueAdded, Rule::ResponseDiscriminatorValueAdded)
        } else {
            direction.pick(
                Rule::RequestDiscriminatorValueRemoved,
                Rule::ResponseDiscriminatorValueRemoved,
            )
        };
        let how = if added { "added" } else { "removed" };
        self.report(rule, &format!("the value {} of the discriminator {how}", quote(key)));
    }

    /// Compares a schema with its subtypes, which only the values of its discriminator lead to.
    pub(super) fn by_key(&mut self, job: &Job<'a>, both: Flats<'_, 'a>) {
        let (old, new) = (both.old.groups.first(), both.new.groups.first());
        let rest = |conjunction: &Conjunction<'a>, flat: &Flat<'a>| {
            let owners = flat.groups.iter().map(|group| group.owner);
            owners.fold(conjunction.clone(), |rest, owner| rest.picking(owner, Pick::Rest))
        };
        let (old_rest, new_rest) = (rest(&job.old, both.old), rest(&job.new, both.new));
        self.aside(Job { old: old_rest, new: new_rest, quiet: true, ..job.clone() });
        self.discriminators(both, old, new);
        let kinds = |group: Option<&Group<'a>>| -> Vec<(&'a str, &'a Value)> {
            let members = group.into_iter().flat_map(|group| &group.members);
            members.flat_map(|member| member.keys.iter().map(|key| (*key, member.schema))).collect()
        };
        let (old, new) = (kinds(old), kinds(new));
        for (key, schema) in &old {
            match new.iter().find(|(other, _)| other == key) {
                Some((_, other)) => {
                    let old = Conjunction::of(self.root.old, Some(schema));
                    let new = Conjunction::of(self.root.new, Some(other));
                    self.conjunctions(old, new, job.direction);
                }
                None => self.key(key, false, job.direction),
            }
        }
        for (key, _) in new.iter().filter(|(key, _)| !old.iter().any(|(other, _)| other == key)) {
            self.key(key, true, job.direction);
        }
    }
}
