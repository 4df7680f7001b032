//! Keywords that bound a number or a count.

use serde_json::Value;

use super::rules::Rule;
use super::schema::{Family, family};
use super::walk::{Direction, Pair, Walk, show};

struct Bound {
    key: &'static str,
    /// The flag that excludes the bound itself, where there is one.
    exclusive: &'static str,
    /// The bound of a schema that states none.
    open: f64,
    /// 1 when a higher bound lets fewer values through, -1 when a lower one does.
    sign: f64,
    family: Family,
}

const LENGTH: Family = family!(RequestLengthNarrowed RequestLengthWidened ResponseLengthNarrowed ResponseLengthWidened);
const ITEMS: Family = family!(
    RequestItemCountNarrowed RequestItemCountWidened ResponseItemCountNarrowed ResponseItemCountWidened
);
const PROPERTIES: Family = family!(
    RequestPropertyCountNarrowed RequestPropertyCountWidened
    ResponsePropertyCountNarrowed ResponsePropertyCountWidened
);
const MULTIPLE: Family = family!(
    RequestMultipleOfNarrowed RequestMultipleOfWidened ResponseMultipleOfNarrowed ResponseMultipleOfWidened
);

const fn lower(key: &'static str, family: Family) -> Bound {
    Bound { key, exclusive: "", open: 0.0, sign: 1.0, family }
}

const fn upper(key: &'static str, family: Family) -> Bound {
    Bound { key, exclusive: "", open: f64::INFINITY, sign: -1.0, family }
}

const BOUNDS: [Bound; 8] = [
    Bound {
        exclusive: "exclusiveMinimum",
        open: f64::NEG_INFINITY,
        ..lower(
            "minimum",
            family!(RequestMinimumNarrowed RequestMinimumWidened ResponseMinimumNarrowed ResponseMinimumWidened),
        )
    },
    Bound {
        exclusive: "exclusiveMaximum",
        ..upper(
            "maximum",
            family!(RequestMaximumNarrowed RequestMaximumWidened ResponseMaximumNarrowed ResponseMaximumWidened),
        )
    },
    lower("minLength", LENGTH),
    upper("maxLength", LENGTH),
    lower("minItems", ITEMS),
    upper("maxItems", ITEMS),
    lower("minProperties", PROPERTIES),
    upper("maxProperties", PROPERTIES),
];

/// Which of [`BOUNDS`] moved.
#[derive(Clone, Copy)]
pub(super) struct Moved([bool; BOUNDS.len()]);

impl<'a> Walk<'a> {
    /// Judges each bound together with the flag that excludes it.
    pub(super) fn bounds(&mut self, pair: Pair<'a>, direction: Direction) -> Moved {
        let mut moved = Moved([false; BOUNDS.len()]);
        for (bound, moved) in BOUNDS.iter().zip(&mut moved.0) {
            let (old, new) = pair.map(|side| bound.value(side));
            let (Some(order), family) = (new.partial_cmp(&old), bound.family) else { continue };
            if order.is_eq() {
                continue;
            }
            *moved = true;
            let rule =
                if order.is_gt() { family.narrowed(direction) } else { family.widened(direction) };
            let (old, new) = pair.map(|side| bound.describe(side));
            let message = format!("`{}`: {old} → {new}", bound.key);
            self.inside(&[bound.key], |walk| walk.report(rule, &message));
        }
        moved
    }

    /// A field that belongs to a bound: it was judged, or it says the same in another way.
    pub(super) fn bound_field(&mut self, key: &str, moved: Moved) {
        let judged = BOUNDS
            .iter()
            .zip(moved.0)
            .any(|(bound, moved)| moved && [bound.key, bound.exclusive].contains(&key));
        if judged {
            self.settle();
        } else {
            self.report(Rule::SameMeaning, &format!("`{key}` bounds as before"));
        }
    }

    pub(super) fn multiple_of(&mut self, pair: Pair<'a>, direction: Direction) {
        let number = |side: Option<&Value>| side.and_then(Value::as_f64);
        let divides = |a: f64, b: f64| (b / a).fract() == 0.0;
        let (narrower, wider) = match pair.map(number) {
            (Some(old), Some(new)) => (divides(old, new), divides(new, old)),
            (None, _) => (true, false),
            (_, None) => (false, true),
        };
        // Neither divides the other: some values are lost, and some are new.
        if narrower || !wider {
            self.changed(MULTIPLE.narrowed(direction), "multipleOf", pair);
        }
        if wider || !narrower {
            self.changed(MULTIPLE.widened(direction), "multipleOf", pair);
        }
    }
}

impl Bound {
    /// Greater is narrower; an excluded bound is narrower than the same one included.
    fn value(&self, side: Option<&Value>) -> (f64, bool) {
        let number = side.and_then(|side| side.get(self.key)).and_then(Value::as_f64);
        (self.sign * number.unwrap_or(self.open), number.is_some() && self.excludes(side))
    }

    fn excludes(&self, side: Option<&Value>) -> bool {
        let flag = side.and_then(|side| side.get(self.exclusive));
        flag.and_then(Value::as_bool).unwrap_or(false)
    }

    fn describe(&self, side: Option<&Value>) -> String {
        let value =
            side.and_then(|side| side.get(self.key)).map_or_else(|| "none".to_owned(), show);
        if self.excludes(side) { format!("{value} (excluded)") } else { value }
    }
}
