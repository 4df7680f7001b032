//! Compares two schemas in their flat form.

use std::rc::Rc;

use serde_json::Value;

use crate::message::quote;
use crate::rules::Rule;
use crate::wire::direction::Direction;
use crate::wire::family::{Family, family};
use crate::wire::pair::Pair;
use crate::wire::shape::bounds::{BOUNDS, Limit};
use crate::wire::shape::flat::Flat;
use crate::wire::shape::numbers::contains;
use crate::wire::shape::types::Types;
use crate::wire::shape::{Job, Role, Side};
use crate::wire::walk::{Walk, change_of};

const TYPE: Family =
    family!(RequestTypeNarrowed RequestTypeWidened ResponseTypeNarrowed ResponseTypeWidened);
const FORMAT: Family = family!(RequestFormatNarrowed RequestFormatWidened ResponseFormatNarrowed ResponseFormatWidened);
const PATTERN: Family = family!(
    RequestPatternNarrowed RequestPatternWidened ResponsePatternNarrowed ResponsePatternWidened
);
const ENUM: Family =
    family!(RequestEnumNarrowed RequestEnumWidened ResponseEnumNarrowed ResponseEnumWidened);
const NULL: Family = family!(RequestBecameNotNullable RequestBecameNullable ResponseBecameNotNullable ResponseBecameNullable);
const UNIQUE: Family = family!(
    RequestUniqueItemsNarrowed RequestUniqueItemsWidened ResponseUniqueItemsNarrowed ResponseUniqueItemsWidened
);
const MULTIPLE: Family = family!(
    RequestMultipleOfNarrowed RequestMultipleOfWidened ResponseMultipleOfNarrowed ResponseMultipleOfWidened
);
/// Both sides in their flat form.
#[derive(Clone, Copy)]
pub(super) struct Flats<'f, 'a> {
    pub(super) old: &'f Flat<'a>,
    pub(super) new: &'f Flat<'a>,
}

impl<'a> Flats<'_, 'a> {
    /// The schemas as a whole.
    pub(super) fn place(self) -> Pair<'a> {
        Pair { old: self.old.parts.first().copied(), new: self.new.parts.first().copied() }
    }

    /// The keyword on each side, or the schema if it lacks the keyword.
    pub(super) fn at(self, old: Option<&'a Value>, new: Option<&'a Value>) -> Pair<'a> {
        let place = self.place();
        match (old, new) {
            (None, None) => place,
            (old, new) => Pair { old: old.or(place.old), new: new.or(place.new) },
        }
    }

    fn types(self) -> Types {
        self.old.types.and(self.new.types)
    }
}

impl<'a> Walk<'a> {
    /// Compares one pair of schemas. Something is always reported, since the two are not the same.
    pub(in crate::wire) fn job(&mut self, job: &Job<'a>) {
        let (old, new) = (self.flat(Side::Old, &job.old), self.flat(Side::New, &job.new));
        let before = self.decisions();
        let both = Flats { old: &old, new: &new };
        // Null is one value: it is judged for the schemas as a whole, and not for each of their alternatives.
        if job.old.picks.is_empty() && job.new.picks.is_empty() {
            self.null(both, job.direction);
        }
        self.own_keys(both, job.direction);
        if old.groups.is_empty() && new.groups.is_empty() {
            self.lone_discriminators(both, job);
            self.flats(both, job);
        } else {
            self.alternatives(job, (Rc::clone(&old), Rc::clone(&new)));
        }
        self.annotations(both, job);
        if job.quiet || self.decisions() != before {
            return;
        }
        let what = match old.parts == new.parts {
            true => "refers to schemas that are written differently, with the same effect",
            false => "written differently, with the same effect",
        };
        self.report_at(both.place(), Rule::SameMeaning, what);
    }

    /// Compares two schemas without alternatives.
    pub(super) fn flats(&mut self, both: Flats<'_, 'a>, job: &Job<'a>) {
        let direction = job.direction;
        if !self.kinds(both, job) {
            return;
        }
        let listed = (both.old.values.is_some(), both.new.values.is_some());
        self.values(both, direction);
        if listed.0 == listed.1 {
            self.texts(both, direction);
        }
        if listed == (false, false) {
            self.bounds(both, direction);
            self.multiples(both, direction);
        }
        if both.types().meets(Types::ARRAY) {
            self.unique(both, direction);
            self.items(both, direction);
        }
        if both.types().meets(Types::OBJECT) {
            self.properties(both, direction);
            self.further(both, direction);
        }
        self.exclusions(both, direction);
    }

    /// Judges the types, and says whether both sides have one in common.
    fn kinds(&mut self, both: Flats<'_, 'a>, job: &Job<'a>) -> bool {
        let direction = job.direction;
        let (old, new) = (both.old.types, both.new.types);
        // A text that may be any text may also be that of a number or a flag.
        let as_texts = job.texts > 0 && !old.meets(new);
        let with_texts = |types: Types, flat: &Flat<'a>| {
            if as_texts && flat.allows_any_text() { types.or(Types::SINGLE) } else { types }
        };
        let without = |one: &Flat<'a>, other: &Flat<'a>| {
            with_texts(one.true_types(), one).without(with_texts(other.types, other))
        };
        let (gone, come) = (without(both.old, both.new), without(both.new, both.old));
        // The types of listed values are judged with the values.
        let listed = both.old.values.is_some() || both.new.values.is_some();
        if (gone.is_empty() && come.is_empty()) || (listed && old.meets(new)) {
            return true;
        }
        let rule = match (gone.is_empty(), come.is_empty()) {
            (false, true) => TYPE.narrowed(direction),
            (true, false) => TYPE.widened(direction),
            _ => direction.pick(Rule::RequestTypeChanged, Rule::ResponseTypeChanged),
        };
        let of = |flat: &Flat<'a>| flat.parts.iter().find_map(|part| part.get("type"));
        let why = [both.old.impossible, both.new.impossible].into_iter().flatten().next();
        let why = why.map(|name| format!(": a closed object cannot have {}", quote(name)));
        let message = format!("type `{old}` → `{new}`{}", why.unwrap_or_default());
        self.report_at(both.at(of(both.old), of(both.new)), rule, &message);
        old.meets(new)
    }

    fn null(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        // A schema of all types that gets some of them is judged by these, and the reverse.
        let same = both.old.types == both.new.types;
        let any = |flat: &Flat<'a>| !same && flat.types == Types::ANY && flat.groups.is_empty();
        let of = |flat: &Flat<'a>| {
            let keyword = |part: &&'a Value| {
                ["nullable", "oneOf", "anyOf"].iter().find_map(|key| part.get(key))
            };
            flat.parts.iter().find_map(keyword)
        };
        let (rule, text) = match (both.old.null, both.new.null) {
            (true, false) if !any(both.old) => {
                (NULL.narrowed(direction), "null is no longer allowed")
            }
            (false, true) if !any(both.new) => (NULL.widened(direction), "may now be null"),
            _ => return,
        };
        self.report_at(both.at(of(both.old), of(both.new)), rule, text);
    }

    fn values(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let list = |flat: &Flat<'a>| {
            let values = flat.values.as_ref()?.iter().copied();
            Some(values.filter(|value| !value.is_null()).collect::<Vec<_>>())
        };
        let (old, new) = (list(both.old), list(both.new));
        let of = |flat: &Flat<'a>| {
            let keyword =
                |part: &&'a Value| ["enum", "oneOf", "anyOf"].iter().find_map(|key| part.get(key));
            flat.parts.iter().find_map(keyword)
        };
        let place = both.at(of(both.old), of(both.new));
        let (gone, come) = match (&old, &new) {
            (Some(old), Some(new)) => (missing(old, new), missing(new, old)),
            (None, Some(new)) => {
                let odd = new.iter().filter(|value| !both.old.admits(value)).copied();
                (vec!["any other value".to_owned()], shown(odd))
            }
            (Some(old), None) => {
                let odd = old.iter().filter(|value| !both.new.admits(value)).copied();
                (shown(odd), vec!["any other value".to_owned()])
            }
            (None, None) => return,
        };
        let what = |values: Vec<String>| quote(&values.join(", "));
        if !gone.is_empty() {
            let message = format!("values removed: {}", what(gone));
            self.report_at(place, ENUM.narrowed(direction), &message);
        }
        if !come.is_empty() {
            let message = format!("values added: {}", what(come));
            self.report_at(place, ENUM.widened(direction), &message);
        }
    }

    fn texts(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let common = both.types();
        let (old, new) = (both.old.types, both.new.types);
        // Another type of numbers has other formats.
        if old == new || !old.or(new).without(Types::NUMBER).is_empty() {
            let changed = direction.pick(Rule::RequestFormatChanged, Rule::ResponseFormatChanged);
            let lists = (both.old.formats.as_slice(), both.new.formats.as_slice());
            self.conditions(both, "format", lists, (FORMAT, changed), holds_more);
        }
        if common.meets(Types::TEXT) {
            let changed = direction.pick(Rule::RequestPatternChanged, Rule::ResponsePatternChanged);
            let lists = (both.old.patterns.as_slice(), both.new.patterns.as_slice());
            self.conditions(both, "pattern", lists, (PATTERN, changed), |_, _| false);
        }
    }

    /// Judges conditions that must all be met, when all that is known is which of them imply others.
    fn conditions(
        &mut self,
        both: Flats<'_, 'a>,
        key: &str,
        (old, new): (&[&'a Value], &[&'a Value]),
        (family, changed): (Family, Rule),
        implied: impl Fn(&Value, &Value) -> bool,
    ) {
        let Some(direction) = self.direction else { return };
        let covered = |conditions: &[&Value], by: &[&Value]| {
            let one = |condition: &Value, by: &Value| condition == by || implied(condition, by);
            conditions.iter().all(|condition| by.iter().any(|by| one(condition, by)))
        };
        let rule = match (covered(old, new), covered(new, old)) {
            (true, true) => return,
            (true, false) => family.narrowed(direction),
            (false, true) => family.widened(direction),
            (false, false) => changed,
        };
        let place = Pair { old: rest(old, new), new: rest(new, old) };
        self.changed_at(both.at(place.old, place.new), rule, key, place);
    }

    fn bounds(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let integers = |flat: &Flat<'a>| flat.true_types().only_integers();
        for (index, bound) in BOUNDS.iter().enumerate() {
            if !both.types().meets(bound.types) {
                continue;
            }
            let limit = |flat: &Flat<'a>| flat.limits.get(index).copied().flatten();
            let (old, new) = (limit(both.old), limit(both.new));
            // Of integers, only those within the bounds count.
            let is_within =
                |inner, outer, whole| bound.value(inner, whole) >= bound.value(outer, whole);
            let rule = match (
                is_within(old, new, integers(both.old)),
                is_within(new, old, integers(both.new)),
            ) {
                (false, _) => bound.family.narrowed(direction),
                (true, false) => bound.family.widened(direction),
                (true, true) => continue,
            };
            let message =
                format!("`{}`: {} → {}", bound.key, Limit::describe(old), Limit::describe(new));
            let place = both.at(old.map(|limit| limit.place), new.map(|limit| limit.place));
            self.report_at(place, rule, &message);
        }
    }

    fn multiples(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        if !both.types().meets(Types::NUMBER) {
            return;
        }
        let (old, new) = (both.old.multiples.as_slice(), both.new.multiples.as_slice());
        let narrowed = !both.old.multiples_fit(both.new);
        let widened = !both.new.multiples_fit(both.old);
        let place = Pair { old: rest(old, new), new: rest(new, old) };
        for (moved, rule) in
            [(narrowed, MULTIPLE.narrowed(direction)), (widened, MULTIPLE.widened(direction))]
        {
            if moved {
                self.changed_at(both.at(place.old, place.new), rule, "multipleOf", place);
            }
        }
    }

    fn unique(&mut self, both: Flats<'_, 'a>, direction: Direction) {
        let place = both.at(both.old.unique, both.new.unique);
        match (both.old.unique.is_some(), both.new.unique.is_some()) {
            (false, true) => {
                self.report_at(place, UNIQUE.narrowed(direction), "items must be unique")
            }
            (true, false) => {
                self.report_at(place, UNIQUE.widened(direction), "items need not be unique");
            }
            _ => {}
        }
    }

    pub(super) fn changed_at(&mut self, place: Pair<'a>, rule: Rule, what: &str, pair: Pair<'a>) {
        let text = change_of(what, pair);
        self.report_at(place, rule, &text);
    }
}

/// The first value that the other list lacks.
fn rest<'a>(list: &[&'a Value], other: &[&'a Value]) -> Option<&'a Value> {
    list.iter().find(|value| !other.contains(value)).copied()
}

/// Whether every value of the format `narrow` is one of the format `wide`.
fn holds_more(wide: &Value, narrow: &Value) -> bool {
    matches!(
        (wide.as_str(), narrow.as_str()),
        (Some("int64"), Some("int32")) | (Some("double"), Some("float"))
    )
}

fn missing(list: &[&Value], other: &[&Value]) -> Vec<String> {
    shown(list.iter().filter(|value| !contains(other, value)).copied())
}

fn shown<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    values.map(ToString::to_string).collect()
}

impl Role {
    /// The rule for a default that changed.
    pub(super) fn default_rule(self, direction: Direction, pair: Pair<'_>) -> Rule {
        match self {
            Self::Value => {
                let rule = match (pair.old, pair.new) {
                    (None, _) => Rule::RequestDefaultAdded,
                    (_, None) => Rule::RequestDefaultRemoved,
                    _ => Rule::RequestDefaultChanged,
                };
                direction.pick(rule, Rule::ResponseDefaultChanged)
            }
            Self::Parameter => Rule::ParameterDefaultChanged,
            Self::AlwaysSent => Rule::UnusedDefaultChanged,
        }
    }
}
