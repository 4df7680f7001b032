//! Keywords that bound a number or a count.

use serde_json::{Number, Value};

use super::numbers::{Exact, exact, exact_float};
use super::types::Types;
use crate::wire::family::{Family, family};

/// A keyword that bounds something.
pub(in crate::wire) struct Bound {
    pub(in crate::wire) key: &'static str,
    /// The flag that excludes the bound itself, where there is one.
    exclusive: &'static str,
    /// How narrow no bound at all is.
    open: f64,
    /// Whether it bounds from above. Then a lower bound allows fewer values.
    upper: bool,
    pub(in crate::wire) types: Types,
    pub(in crate::wire) family: Family,
}

/// A bound that is stated.
#[derive(Debug, Clone, Copy)]
pub(in crate::wire) struct Limit<'a> {
    /// How narrow the bound is, if it is not excluded: an upper one is negative.
    number: Exact,
    excluded: bool,
    pub(in crate::wire) place: &'a Value,
    bound: usize,
}

const LENGTH: Family = family!(RequestLengthNarrowed RequestLengthWidened ResponseLengthNarrowed ResponseLengthWidened);
const ITEMS: Family = family!(
    RequestItemCountNarrowed RequestItemCountWidened ResponseItemCountNarrowed ResponseItemCountWidened
);
const PROPERTIES: Family = family!(
    RequestPropertyCountNarrowed RequestPropertyCountWidened
    ResponsePropertyCountNarrowed ResponsePropertyCountWidened
);

const fn lower(key: &'static str, types: Types, family: Family) -> Bound {
    Bound { key, exclusive: "", open: 0.0, upper: false, types, family }
}

const fn upper(key: &'static str, types: Types, family: Family) -> Bound {
    Bound { key, exclusive: "", open: f64::NEG_INFINITY, upper: true, types, family }
}

pub(in crate::wire) const BOUNDS: [Bound; 8] = [
    Bound {
        exclusive: "exclusiveMinimum",
        open: f64::NEG_INFINITY,
        ..lower(
            "minimum",
            Types::NUMBER,
            family!(RequestMinimumNarrowed RequestMinimumWidened ResponseMinimumNarrowed ResponseMinimumWidened),
        )
    },
    Bound {
        exclusive: "exclusiveMaximum",
        ..upper(
            "maximum",
            Types::NUMBER,
            family!(RequestMaximumNarrowed RequestMaximumWidened ResponseMaximumNarrowed ResponseMaximumWidened),
        )
    },
    lower("minLength", Types::TEXT, LENGTH),
    upper("maxLength", Types::TEXT, LENGTH),
    lower("minItems", Types::ARRAY, ITEMS),
    upper("maxItems", Types::ARRAY, ITEMS),
    lower("minProperties", Types::OBJECT, PROPERTIES),
    upper("maxProperties", Types::OBJECT, PROPERTIES),
];

impl Bound {
    pub(in crate::wire) fn stated<'a>(&self, schema: &'a Value) -> Option<Limit<'a>> {
        let place = schema.get(self.key)?;
        let flag = schema.get(self.exclusive).and_then(Value::as_bool);
        let bound = BOUNDS.iter().position(|bound| bound.key == self.key)?;
        let number = exact(place.as_number()?, self.upper);
        Some(Limit { number, excluded: flag.unwrap_or(false), place, bound })
    }

    pub(in crate::wire) fn narrower<'a>(
        &self,
        one: Option<Limit<'a>>,
        other: Option<Limit<'a>>,
    ) -> Option<Limit<'a>> {
        match (one, other) {
            (Some(one), Some(other)) => {
                let narrower = self.value(Some(other), false) > self.value(Some(one), false);
                Some(if narrower { other } else { one })
            }
            (one, other) => one.or(other),
        }
    }

    /// A greater value is narrower, and an excluded bound is narrower than the same one included. For integers, only
    /// the integers within the bound count.
    pub(in crate::wire) fn value(
        &self,
        limit: Option<Limit<'_>>,
        integers: bool,
    ) -> (i128, f64, bool) {
        let Some(limit) = limit else {
            let (whole, above) = exact_float(self.open);
            return (whole, above, false);
        };
        let (whole, above) = limit.number;
        let is_between = above > 0.0 && above < 1.0;
        match limit.excluded {
            true if integers && (above == 0.0 || is_between) => (whole + 1, 0.0, false),
            false if integers && is_between => (whole + 1, 0.0, false),
            excluded => (whole, above, excluded),
        }
    }
}

impl Limit<'_> {
    /// Whether a value is within; values of other types are not bounded.
    pub(in crate::wire) fn admits(&self, value: &Value) -> bool {
        let Some(bound) = BOUNDS.get(self.bound) else { return true };
        let count = |count: usize| Some(exact(&Number::from(count), bound.upper));
        let size = match value {
            Value::Number(number) if bound.types == Types::NUMBER => {
                Some(exact(number, bound.upper))
            }
            Value::String(text) if bound.types == Types::TEXT => count(text.chars().count()),
            Value::Array(list) if bound.types == Types::ARRAY => count(list.len()),
            Value::Object(map) if bound.types == Types::OBJECT => count(map.len()),
            _ => None,
        };
        size.is_none_or(|size| if self.excluded { size > self.number } else { size >= self.number })
    }

    pub(in crate::wire) fn describe(limit: Option<Self>) -> String {
        match limit {
            None => "none".to_owned(),
            Some(limit) if limit.excluded => format!("`{}` (excluded)", limit.place),
            Some(limit) => format!("`{}`", limit.place),
        }
    }
}
