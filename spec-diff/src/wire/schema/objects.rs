//! The properties of objects and the items of lists.

use serde_json::Value;

use super::compare::Flats;
use crate::message::quote;
use crate::rules::Rule;
use crate::wire::direction::Direction;
use crate::wire::family::{Family, family};
use crate::wire::pair::Pair;
use crate::wire::shape::flat::{Flat, Property};
use crate::wire::shape::{Conjunction, Role, Side};
use crate::wire::walk::Walk;

const FURTHER: Family = family!(
    RequestAdditionalPropertiesNarrowed RequestAdditionalPropertiesWidened
    ResponseAdditionalPropertiesNarrowed ResponseAdditionalPropertiesWidened
);

/// A property on one side, as the direction sees it.
struct Seen<'a> {
    conjunction: Conjunction<'a>,
    required: bool,
    /// The flag that hides it, although it is described.
    hidden: Option<&'static str>,
}

impl<'a> Walk<'a> {
    pub(super) fn properties(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let mut names: Vec<&'a str> = both.old.properties.keys().copied().collect();
        names.extend(
            both.new.properties.keys().filter(|name| !both.old.properties.contains_key(*name)),
        );
        names.sort_unstable();
        for name in names {
            let (old, new) = (both.old.properties.get(name), both.new.properties.get(name));
            let old_seen = self.seen(Side::Old, (both.old, old), direction);
            let new_seen = self.seen(Side::New, (both.new, new), direction);
            let place =
                Pair { old: written(both.old, old, name), new: written(both.new, new, name) };
            let listed =
                place.old.is_some_and(Value::is_array) || place.new.is_some_and(Value::is_array);
            // A property that is only required has no place of its own.
            let label = if listed { format!("{}: ", quote(name)) } else { String::new() };
            let alone = match (&old_seen, &new_seen) {
                (None, Some(seen)) if seen.hidden.is_none() => Some((Side::New, &seen.conjunction)),
                (Some(seen), None) if seen.hidden.is_none() => Some((Side::Old, &seen.conjunction)),
                _ => None,
            };
            let alone = alone.map(|(side, conjunction)| (side, conjunction.clone()));
            self.at(place, |walk| {
                walk.property(&label, (old_seen, new_seen), direction);
                if let Some((side, conjunction)) = alone {
                    walk.undescribed(name, both, (side, conjunction), direction);
                }
            });
        }
    }

    /// Compares a property that only one side describes with what the other says of all that it does not describe.
    fn undescribed(
        &mut self,
        name: &str,
        both: Flats<'_, 'a>,
        (side, described): (Side, Conjunction<'a>),
        direction: Direction,
    ) {
        let (other, rule, when) = match side {
            Side::Old => (both.new, FURTHER.narrowed(direction), "is no longer allowed"),
            Side::New => (both.old, FURTHER.widened(direction), "was not allowed before"),
        };
        // What callers send is judged by the property alone.
        if other.further.closed.is_some() && direction == Direction::Response {
            let message = format!("{} {when}: `additionalProperties` is `false`", quote(name));
            self.report(rule, &message);
        } else if !other.further.schemas.is_empty() {
            let rest = Conjunction::all(self.root_of(side.other()), &other.further.schemas);
            let pair = if side == Side::Old { (described, rest) } else { (rest, described) };
            self.parts(pair, direction, Role::Value);
        }
    }

    /// A property that is not sent in a direction does not exist in it.
    fn seen(
        &mut self,
        side: Side,
        (object, property): (&Flat<'a>, Option<&Property<'a>>),
        direction: Direction,
    ) -> Option<Seen<'a>> {
        let property = property?;
        let conjunction = Conjunction::all(self.root_of(side), object.schemas(property));
        let flat = self.flat(side, &conjunction);
        let hidden = match direction {
            Direction::Request => flat.read_only.then_some("readOnly"),
            Direction::Response => flat.write_only.then_some("writeOnly"),
        };
        Some(Seen {
            conjunction,
            required: property.required.is_some() && hidden.is_none(),
            hidden,
        })
    }

    fn property(
        &mut self,
        label: &str,
        (old, new): (Option<Seen<'a>>, Option<Seen<'a>>),
        direction: Direction,
    ) {
        let there =
            |seen: &Option<Seen<'a>>| seen.as_ref().is_some_and(|seen| seen.hidden.is_none());
        let hidden = |seen: &Option<Seen<'a>>| seen.as_ref().and_then(|seen| seen.hidden);
        let required = |seen: &Option<Seen<'a>>| seen.as_ref().is_some_and(|seen| seen.required);
        match (there(&old), there(&new)) {
            (false, true) => self.property_added(label, (required(&new), hidden(&old)), direction),
            (true, false) => {
                self.property_removed(label, (required(&old), hidden(&new)), direction)
            }
            (true, true) => {
                self.requirement(label, (required(&old), required(&new)), direction);
                if let (Some(old), Some(new)) = (old, new) {
                    let sent = old.required || new.required;
                    let role = if sent { Role::AlwaysSent } else { Role::Value };
                    let pair = (old.conjunction, new.conjunction);
                    self.parts(pair, direction, role);
                }
            }
            (false, false) => {
                let described = old.is_some() != new.is_some();
                if described {
                    let flag = hidden(&old).or(hidden(&new)).unwrap_or_default();
                    let message =
                        format!("added or removed, but `{flag}`: it is not sent in this direction");
                    self.report(Rule::HiddenPropertyChanged, &message);
                } else if let (Some(old), Some(new)) = (old, new)
                    && !self.same_conjunctions(&old.conjunction, &new.conjunction)
                {
                    let message = "changed, but is not sent in this direction".to_owned();
                    self.report(Rule::HiddenPropertyChanged, &message);
                }
            }
        }
    }

    fn property_added(
        &mut self,
        label: &str,
        (required, hidden): (bool, Option<&'static str>),
        direction: Direction,
    ) {
        let (rule, how) = match (direction, required) {
            (Direction::Request, true) => {
                (Rule::RequestRequiredPropertyAdded, ", and it is required")
            }
            (Direction::Request, false) => (Rule::RequestOptionalPropertyAdded, ", optional"),
            (Direction::Response, true) => (Rule::ResponsePropertyAdded, ", always present"),
            (Direction::Response, false) => (Rule::ResponsePropertyAdded, ""),
        };
        let why = hidden.map(|flag| format!("; it is no longer `{flag}`")).unwrap_or_default();
        self.report(rule, &format!("{label}property added{how}{why}"));
    }

    fn property_removed(
        &mut self,
        label: &str,
        (required, hidden): (bool, Option<&'static str>),
        direction: Direction,
    ) {
        let (rule, how) = match (direction, required) {
            (Direction::Request, true) => {
                (Rule::RequestRequiredPropertyRemoved, "; it was required")
            }
            (Direction::Request, false) => {
                (Rule::RequestOptionalPropertyRemoved, "; it was optional")
            }
            (Direction::Response, true) => {
                (Rule::ResponsePropertyRemoved, "; it was always present")
            }
            (Direction::Response, false) => (Rule::ResponsePropertyRemoved, ""),
        };
        let why = hidden.map(|flag| format!("; it is now `{flag}`")).unwrap_or_default();
        self.report(rule, &format!("{label}property removed{how}{why}"));
    }

    fn requirement(&mut self, label: &str, required: (bool, bool), direction: Direction) {
        match required {
            (false, true) => self.report(
                direction.pick(
                    Rule::RequestPropertyBecameRequired,
                    Rule::ResponsePropertyBecameRequired,
                ),
                &format!("{label}optional → required"),
            ),
            (true, false) => self.report(
                direction.pick(
                    Rule::RequestPropertyBecameOptional,
                    Rule::ResponsePropertyBecameOptional,
                ),
                &format!("{label}required → optional"),
            ),
            _ => {}
        }
    }

    pub(super) fn items(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let old = Conjunction::all(self.root.old, &both.old.items);
        let new = Conjunction::all(self.root.new, &both.new.items);
        let place = Pair { old: old.first(), new: new.first() };
        self.at(place, |walk| walk.parts((old, new), direction, Role::AlwaysSent));
    }

    /// Properties that are not listed: all are allowed, none, or those that match a schema.
    pub(super) fn further(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let (old, new) = (&both.old.further, &both.new.further);
        let opens = (self.is_open(Side::Old, both.old), self.is_open(Side::New, both.new));
        let pair =
            |of: fn(&Flat<'a>) -> Option<&'a Value>| Pair { old: of(both.old), new: of(both.new) };
        let stated = pair(|flat| flat.further.closed.or(flat.further.schemas.first().copied()));
        let place =
            Pair { old: stated.old.or(both.place().old), new: stated.new.or(both.place().new) };
        let closed = (old.closed.is_some(), new.closed.is_some());
        let rule = match (opens, closed) {
            ((true, true), _) | (_, (true, true)) => return,
            ((true, false), _) | (_, (false, true)) => FURTHER.narrowed(direction),
            ((false, true), _) | (_, (true, false)) => FURTHER.widened(direction),
            _ => {
                let old = Conjunction::all(self.root.old, &old.schemas);
                let new = Conjunction::all(self.root.new, &new.schemas);
                return self.parts((old, new), direction, Role::AlwaysSent);
            }
        };
        self.changed_at(place, rule, "additionalProperties", stated);
    }

    fn is_open(&mut self, side: Side, object: &Flat<'a>) -> bool {
        let all = Conjunction::all(self.root_of(side), &object.further.schemas);
        object.further.closed.is_none()
            && (all.nodes.is_empty() || self.flat(side, &all).allows_everything())
    }
}

/// Where a property is written: its schema, or else the list that requires it.
fn written<'a>(flat: &Flat<'a>, property: Option<&Property<'a>>, name: &str) -> Option<&'a Value> {
    let property = property?;
    let schema = flat.parts.iter().find_map(|part| part.get("properties")?.get(name));
    schema.or(property.required)
}
