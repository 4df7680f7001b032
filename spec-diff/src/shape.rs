//! What a schema is made of: properties, further properties, and other schemas.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rules::Rule;
use super::schema::{Family, family};
use super::walk::{Direction, Pair, Walk};

const FURTHER: Family = family!(
    RequestAdditionalPropertiesNarrowed RequestAdditionalPropertiesWidened
    ResponseAdditionalPropertiesNarrowed ResponseAdditionalPropertiesWidened
);

impl<'a> Walk<'a> {
    /// Judges `properties` and `required` together, and says whether there was anything to judge.
    pub(super) fn properties(&mut self, pair: Pair<'a>, direction: Direction) -> bool {
        let before = self.decisions();
        let properties = pair.get("properties");
        let required = pair.get("required").map(|side| {
            let names = side.and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).collect::<BTreeSet<_>>()
        });
        let mut names = properties.keys();
        names.extend(required.0.iter().chain(&required.1));
        for name in names {
            let property = properties.get(name);
            let needed = (required.0.contains(name), required.1.contains(name));
            self.inside(&["properties", name], |walk| {
                walk.within(name, |walk| walk.property(property, needed, direction));
            });
        }
        self.decisions() > before
    }

    fn property(&mut self, pair: Pair<'a>, needed: (bool, bool), direction: Direction) {
        let request = direction == Direction::Request;
        match (pair.old, pair.new) {
            (None, Some(_)) if !needed.0 => {
                let (rule, message) = match (request, needed.1) {
                    (true, true) => {
                        (Rule::RequestRequiredPropertyAdded, "property added, and it is required")
                    }
                    (true, false) => {
                        (Rule::RequestOptionalPropertyAdded, "property added, optional")
                    }
                    (false, true) => (Rule::ResponsePropertyAdded, "property added, always there"),
                    (false, false) => (Rule::ResponsePropertyAdded, "property added"),
                };
                return self.report(rule, message);
            }
            (Some(_), None) if !needed.1 => {
                let (rule, message) = match (request, needed.0) {
                    (true, true) => {
                        (Rule::RequestRequiredPropertyRemoved, "property removed; it was required")
                    }
                    (true, false) => {
                        (Rule::RequestOptionalPropertyRemoved, "property removed; it was optional")
                    }
                    (false, true) => {
                        (Rule::ResponsePropertyRemoved, "property removed; it was always there")
                    }
                    (false, false) => (Rule::ResponsePropertyRemoved, "property removed"),
                };
                return self.report(rule, message);
            }
            _ => {}
        }
        match needed {
            (false, true) => self.report(
                direction.pick(
                    Rule::RequestPropertyBecameRequired,
                    Rule::ResponsePropertyBecameRequired,
                ),
                "optional → required",
            ),
            (true, false) => self.report(
                direction.pick(
                    Rule::RequestPropertyBecameOptional,
                    Rule::ResponsePropertyBecameOptional,
                ),
                "required → optional",
            ),
            _ => {}
        }
        if !self.same(pair) {
            self.decide(pair, |walk| walk.schema_or_any(pair, direction));
        }
    }

    /// Absent, `true` and an empty schema let every further property through; `false` lets none.
    pub(super) fn additional_properties(&mut self, pair: Pair<'a>, direction: Direction) {
        let open = |side: Option<&Value>| match side {
            None | Some(Value::Bool(true)) => true,
            Some(Value::Object(map)) => map.is_empty(),
            Some(_) => false,
        };
        let closed = |side: Option<&Value>| side == Some(&Value::Bool(false));
        let (old, new) = (self.resolve(pair).map(open), pair.map(closed));
        let rule = match (old, new) {
            ((true, true), _) => {
                return self.report(Rule::SameMeaning, "further properties are allowed as before");
            }
            ((true, false), _) | (_, (false, true)) => FURTHER.narrowed(direction),
            ((false, true), _) | (_, (true, false)) => FURTHER.widened(direction),
            _ => return self.within("*", |walk| walk.schema_or_any(pair, direction)),
        };
        self.changed(rule, "additionalProperties", pair);
    }

    pub(super) fn all_of(&mut self, pair: Pair<'a>, direction: Direction) {
        let (gone, come) = self.unmatched(pair, direction);
        for part in gone {
            let rule = direction.pick(Rule::RequestAllOfRemoved, Rule::ResponseAllOfRemoved);
            self.changed(rule, "allOf", Pair { old: Some(part), new: None });
        }
        for part in come {
            let rule = direction.pick(Rule::RequestAllOfAdded, Rule::ResponseAllOfAdded);
            self.changed(rule, "allOf", Pair { old: None, new: Some(part) });
        }
    }

    pub(super) fn alternatives(&mut self, key: &str, pair: Pair<'a>, direction: Direction) {
        if pair.old.is_none() {
            let rule = direction
                .pick(Rule::RequestAlternativesIntroduced, Rule::ResponseAlternativesIntroduced);
            return self.changed(rule, key, pair);
        }
        if pair.new.is_none() {
            let rule =
                direction.pick(Rule::RequestAlternativesDropped, Rule::ResponseAlternativesDropped);
            return self.changed(rule, key, pair);
        }
        let (gone, come) = self.unmatched(pair, direction);
        for part in gone {
            let rule =
                direction.pick(Rule::RequestAlternativeRemoved, Rule::ResponseAlternativeRemoved);
            self.changed(rule, key, Pair { old: Some(part), new: None });
        }
        for part in come {
            let rule =
                direction.pick(Rule::RequestAlternativeAdded, Rule::ResponseAlternativeAdded);
            self.changed(rule, key, Pair { old: None, new: Some(part) });
        }
    }

    /// Compares the members of two lists of schemas, equal ones first, the others in their order, and
    /// returns those that are left over.
    fn unmatched(
        &mut self,
        pair: Pair<'a>,
        direction: Direction,
    ) -> (Vec<&'a Value>, Vec<&'a Value>) {
        let before = self.decisions();
        let list = |side: Option<&'a Value>| {
            side.and_then(Value::as_array).into_iter().flatten().collect::<Vec<_>>()
        };
        let (old, mut new) = pair.map(list);
        let mut rest = Vec::new();
        for member in old {
            let equal = new
                .iter()
                .position(|other| self.same(Pair { old: Some(member), new: Some(other) }));
            match equal {
                Some(index) => drop(new.remove(index)),
                None => rest.push(member),
            }
        }
        let both = rest.len().min(new.len());
        for (index, (old, new)) in rest.drain(..both).zip(new.drain(..both)).enumerate() {
            let member = Pair { old: Some(old), new: Some(new) };
            self.inside(&[&index.to_string()], |walk| {
                walk.decide(member, |walk| walk.schema(member, direction))
            });
        }
        if rest.is_empty() && new.is_empty() {
            self.same_meaning_unless(before, "the parts stand in another order");
        }
        (rest, new)
    }
}
