//! Keywords that bound a number or a count.

use serde_json::Value;

use super::types::Types;
use crate::wire::family::{Family, family};

/// A keyword that bounds something.
pub(in crate::wire) struct Bound {
    pub(in crate::wire) key: &'static str,
    /// The flag that excludes the bound itself, where there is one.
    exclusive: &'static str,
    /// The bound of a schema that states none.
    open: f64,
    /// 1 if a higher bound allows fewer values, -1 if a lower one does.
    sign: f64,
    pub(in crate::wire) types: Types,
    pub(in crate::wire) family: Family,
}

/// A bound that is stated.
#[derive(Debug, Clone, Copy)]
pub(in crate::wire) struct Limit<'a> {
    number: f64,
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
    Bound { key, exclusive: "", open: 0.0, sign: 1.0, types, family }
}

const fn upper(key: &'static str, types: Types, family: Family) -> Bound {
    Bound { key, exclusive: "", open: f64::INFINITY, sign: -1.0, types, family }
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
        Some(Limit { number: place.as_f64()?, excluded: flag.unwrap_or(false), place, bound })
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
    pub(in crate::wire) fn value(&self, limit: Option<Limit<'_>>, integers: bool) -> (f64, bool) {
        let Some(limit) = limit else { return (self.sign * self.open, false) };
        let number = self.sign * limit.number;
        match limit.excluded {
            true if integers => (number.floor() + 1.0, false),
            false if integers => (number.ceil(), false),
            excluded => (number, excluded),
        }
    }
}

impl Limit<'_> {
    /// Whether a value is within; values of other types are not bounded.
    pub(in crate::wire) fn admits(&self, value: &Value) -> bool {
        let Some(bound) = BOUNDS.get(self.bound) else { return true };
        #[allow(clippy::cast_precision_loss)]
        let size = match value {
            Value::Number(number) if bound.types == Types::NUMBER => number.as_f64(),
            Value::String(text) if bound.types == Types::TEXT => Some(text.chars().count() as f64),
            _ => None,
        };
        size.is_none_or(|size| {
            let (size, limit) = (bound.sign * size, bound.sign * self.number);
            if self.excluded { size > limit } else { size >= limit }
        })
    }

    pub(in crate::wire) fn describe(limit: Option<Self>) -> String {
        match limit {
            None => "none".to_owned(),
            Some(limit) if limit.excluded => format!("`{}` (excluded)", limit.place),
            Some(limit) => format!("`{}`", limit.place),
        }
    }
}
