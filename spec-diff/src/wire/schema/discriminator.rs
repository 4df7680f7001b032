//! The property that distinguishes alternatives, and its values.

use serde_json::Value;

use super::compare::Flats;
use crate::message::quote;
use crate::rules::Rule;
use crate::wire::direction::Direction;
use crate::wire::pair::Pair;
use crate::wire::shape::flat::{Flat, Group, has_subtypes};
use crate::wire::shape::{Conjunction, Job, Side};
use crate::wire::subtypes::named;
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
        self.discriminator(both, Pair { old: of(old), new: of(new) }, (old, new));
    }

    fn discriminator(
        &mut self,
        both: Flats<'_, 'a>,
        pair: Pair<'a>,
        (old, new): (Option<&Group<'a>>, Option<&Group<'a>>),
    ) {
        self.mapping(pair.get("mapping"));
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

    /// Values that lead out of the document are not followed.
    fn mapping(&mut self, pair: Pair<'a>) {
        let outside = |side: Option<&'a Value>, root: Option<&'a Value>| {
            let entries = side.and_then(Value::as_object).into_iter().flatten();
            let target = |(_, target): &(&String, &Value)| {
                root.zip(target.as_str()).and_then(|(root, target)| named(root, target))
            };
            let outside = entries.filter(|entry| target(entry).is_none());
            outside.collect::<Vec<_>>()
        };
        if outside(pair.old, self.root.old) != outside(pair.new, self.root.new) {
            self.changed(Rule::Unclassified, "mapping", pair);
        }
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
                    let is_sent = match self.direction {
                        Some(Direction::Response) => !schema.write_only,
                        _ => !schema.read_only,
                    };
                    is_sent && schema.values.as_ref().is_some_and(|all| all.iter().all(stands))
                })
            })
        })
    }

    /// Compares the discriminators of schemas that offer no alternatives.
    pub(super) fn lone_discriminators(&mut self, both: Flats<'_, 'a>, job: &Job<'a>) {
        let of = |flat: &Flat<'a>, conjunction: &Conjunction<'a>| {
            let is_picked = |place: &'a Value| conjunction.picked(place).is_some();
            let lone = flat.parts.iter().filter(|part| {
                let mut lists = ["oneOf", "anyOf"].iter().filter_map(|key| part.get(key));
                !is_picked(part) && !lists.any(is_picked)
            });
            lone.filter_map(|part| part.get("discriminator")).next()
        };
        let pair = Pair { old: of(both.old, &job.old), new: of(both.new, &job.new) };
        if let (Some(_), Some(_)) = (pair.old, pair.new) {
            self.discriminator(both, pair, (None, None));
        }
    }

    /// Compares the values of discriminators that stand for the schemas, wherever these are used.
    pub(super) fn own_keys(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let place = both.place();
        let keys = |side: usize, schema: Option<&'a Value>| {
            schema.map_or(&[][..], |schema| self.subtypes[side].own_keys(schema)).to_vec()
        };
        let (old, new) = (keys(0, place.old), keys(1, place.new));
        self.at(place, |walk| walk.keys((&old, &new), direction));
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

    /// Compares the subtypes of a schema, which only the values of its discriminator lead to.
    pub(super) fn by_key(
        &mut self,
        both: Flats<'_, 'a>,
        (old, new): (Option<&Group<'a>>, Option<&Group<'a>>),
        job: &Job<'a>,
    ) {
        self.discriminators(both, old, new);
        let kinds = |group: Option<&Group<'a>>| -> Vec<(&'a str, &'a Value)> {
            let members = group.into_iter().flat_map(|group| &group.members);
            members.flat_map(|member| member.keys.iter().map(|key| (*key, member.schema))).collect()
        };
        let implied = has_subtypes(old) && has_subtypes(new);
        let (old, new) = (kinds(old), kinds(new));
        let mut compared: Vec<(&Value, &Value)> = Vec::new();
        for (key, one) in &old {
            if let Some((_, other)) = new.iter().find(|(other, _)| other == key) {
                compared.extend(implied.then_some((*one, *other)));
                self.subtype(Pair { old: Some(one), new: Some(other) }, job);
            }
        }
        let lacks = |kinds: &[(&str, &Value)], key: &str| !kinds.iter().any(|(own, _)| *own == key);
        // Another value that stands for a subtype is reported there: see `own_keys`.
        for (key, kind) in old.iter().filter(|(key, _)| lacks(&new, key)) {
            if !compared.iter().any(|(old, _)| std::ptr::eq(*old, *kind)) {
                let place = Pair { old: Some(kind), new: both.place().new };
                self.at(place, |walk| walk.key(key, false, job.direction));
            }
        }
        for (key, kind) in new.iter().filter(|(key, _)| lacks(&old, key)) {
            if !compared.iter().any(|(_, new)| std::ptr::eq(*new, *kind)) {
                let place = Pair { old: both.place().old, new: Some(kind) };
                self.at(place, |walk| walk.key(key, true, job.direction));
            }
        }
    }

    /// Compares a subtype. If only other subtypes of its base changed, nothing is said of it.
    fn subtype(&mut self, pair: Pair<'a>, job: &Job<'a>) {
        let old = Conjunction::of(self.root.old, pair.old);
        let new = Conjunction::of(self.root.new, pair.new);
        if self.same_conjunctions(&old, &new) {
            return;
        }
        let (old_flat, new_flat) = (self.flat(Side::Old, &old), self.flat(Side::New, &new));
        let quiet = old_flat.parts == new_flat.parts;
        let job = Job { old, new, quiet, ..job.clone() };
        if quiet { self.aside(job) } else { self.later(job) }
    }
}
