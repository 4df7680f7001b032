//! Schemas, with the direction in hand: what narrows a request breaks callers, and what widens a
//! response does.

use serde_json::Value;

use super::docs::Kind;
use super::message::quote;
use super::rules::Rule;
use super::walk::{Direction, Pair, Walk, address};

/// The four judgements of a keyword that lets fewer or more values through.
#[derive(Clone, Copy)]
pub(super) struct Family {
    pub(super) request: (Rule, Rule),
    pub(super) response: (Rule, Rule),
}

impl Family {
    pub(super) fn narrowed(self, direction: Direction) -> Rule {
        direction.pick(self.request.0, self.response.0)
    }

    pub(super) fn widened(self, direction: Direction) -> Rule {
        direction.pick(self.request.1, self.response.1)
    }
}

macro_rules! family {
    ($request_narrowed:ident $request_widened:ident $response_narrowed:ident $response_widened:ident) => {
        $crate::schema::Family {
            request: (Rule::$request_narrowed, Rule::$request_widened),
            response: (Rule::$response_narrowed, Rule::$response_widened),
        }
    };
}
pub(super) use family;

const TYPE: Family =
    family!(RequestTypeNarrowed RequestTypeWidened ResponseTypeNarrowed ResponseTypeWidened);
const FORMAT: Family = family!(RequestFormatNarrowed RequestFormatWidened ResponseFormatNarrowed ResponseFormatWidened);
const ENUM: Family =
    family!(RequestEnumNarrowed RequestEnumWidened ResponseEnumNarrowed ResponseEnumWidened);
const NULL: Family = family!(RequestBecameNotNullable RequestBecameNullable ResponseBecameNotNullable ResponseBecameNullable);
const UNIQUE: Family = family!(
    RequestUniqueItemsNarrowed RequestUniqueItemsWidened ResponseUniqueItemsNarrowed ResponseUniqueItemsWidened
);

impl Direction {
    pub(super) fn pick<T>(self, request: T, response: T) -> T {
        match self {
            Self::Request => request,
            Self::Response => response,
        }
    }
}

impl<'a> Walk<'a> {
    /// The top of a parameter's schema: its default has been judged already.
    pub(super) fn schema_of_parameter(&mut self, pair: Pair<'a>) {
        self.schema_fields(pair, Direction::Request, true);
    }

    pub(super) fn schema(&mut self, pair: Pair<'a>, direction: Direction) {
        self.schema_fields(pair, direction, false);
    }

    fn schema_fields(&mut self, pair: Pair<'a>, direction: Direction, default_is_judged: bool) {
        let pair = self.resolve(pair);
        let here = (address(pair.old), address(pair.new), direction);
        if self.active.contains(&here) {
            // What there is to say is being said further out.
            return self.settle();
        }
        self.active.push(here);
        let bounds = self.bounds(pair, direction);
        let properties = self.properties(pair, direction);
        self.fields(Kind::Schema, pair, |walk, key, field| match key {
            "properties" | "required" if properties => walk.settle(),
            "properties" | "required" => {
                walk.report(Rule::SameMeaning, "the same properties are required")
            }
            "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" | "minLength"
            | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                walk.bound_field(key, bounds)
            }
            "type" => walk.kind(field, direction),
            // Another type has other formats.
            "format" if !walk.same(pair.get("type")) => walk.settle(),
            "format" => walk.format(field, direction),
            "enum" => walk.values(field, direction),
            "pattern" => walk.pattern(field, direction),
            "multipleOf" => walk.multiple_of(field, direction),
            "uniqueItems" => {
                walk.flag(key, field, (UNIQUE.narrowed(direction), UNIQUE.widened(direction)))
            }
            "nullable" => {
                walk.flag(key, field, (NULL.widened(direction), NULL.narrowed(direction)))
            }
            "default" if default_is_judged => walk.settle(),
            "default" => {
                let rule =
                    direction.pick(Rule::RequestDefaultChanged, Rule::ResponseDefaultChanged);
                walk.changed(rule, key, field);
            }
            "items" => walk.within("[]", |walk| walk.schema_or_any(field, direction)),
            "additionalProperties" => walk.additional_properties(field, direction),
            "allOf" => walk.all_of(field, direction),
            "oneOf" | "anyOf" => walk.alternatives(key, field, direction),
            "readOnly" => walk.flag(key, field, (Rule::ReadOnlyChanged, Rule::ReadOnlyChanged)),
            "writeOnly" => walk.flag(key, field, (Rule::WriteOnlyChanged, Rule::WriteOnlyChanged)),
            "deprecated" => walk.deprecated(field),
            "discriminator" => walk.changed(Rule::DiscriminatorChanged, key, field),
            "title" => walk.changed(Rule::TitleChanged, key, field),
            _ => {}
        });
        self.active.pop();
    }

    /// Compares two schemas of which one may be missing: no schema lets everything through.
    pub(super) fn schema_or_any(&mut self, pair: Pair<'a>, direction: Direction) {
        let before = self.decisions();
        self.schema(pair, direction);
        self.same_meaning_unless(before, "an empty schema says as much as none");
    }

    fn flag(&mut self, key: &str, pair: Pair<'a>, (raised, lowered): (Rule, Rule)) {
        match pair.flags() {
            (false, true) => self.report(raised, &format!("`{key}` is true now")),
            (true, false) => self.report(lowered, &format!("`{key}` is not true any more")),
            _ => self.report(Rule::SameMeaning, &format!("`{key}: false` is the default")),
        }
    }

    fn kind(&mut self, pair: Pair<'a>, direction: Direction) {
        let (Some(old), Some(new)) = pair.map(text) else { return };
        let rule = match (old, new) {
            (None, _) | (Some("number"), Some("integer")) => TYPE.narrowed(direction),
            (_, None) | (Some("integer"), Some("number")) => TYPE.widened(direction),
            _ => direction.pick(Rule::RequestTypeChanged, Rule::ResponseTypeChanged),
        };
        self.changed(rule, "type", pair);
    }

    fn format(&mut self, pair: Pair<'a>, direction: Direction) {
        let (Some(old), Some(new)) = pair.map(text) else { return };
        let rule = match (old, new) {
            (None, _) | (Some("int64"), Some("int32")) | (Some("double"), Some("float")) => {
                FORMAT.narrowed(direction)
            }
            (_, None) | (Some("int32"), Some("int64")) | (Some("float"), Some("double")) => {
                FORMAT.widened(direction)
            }
            _ => direction.pick(Rule::RequestFormatChanged, Rule::ResponseFormatChanged),
        };
        self.changed(rule, "format", pair);
    }

    fn values(&mut self, pair: Pair<'a>, direction: Direction) {
        let malformed = |side: Option<&Value>| side.is_some_and(|value| !value.is_array());
        if pair.map(malformed) != (false, false) {
            return;
        }
        let list = |side: Option<&'a Value>| side.and_then(Value::as_array).map(Vec::as_slice);
        let (Some(old), Some(new)) = pair.map(list) else {
            let rule =
                if pair.old.is_none() { ENUM.narrowed(direction) } else { ENUM.widened(direction) };
            return self.changed(rule, "enum", pair);
        };
        let without = |list: &[Value], other: &[Value]| {
            let rest: Vec<_> = list
                .iter()
                .filter(|value| !other.contains(value))
                .map(ToString::to_string)
                .collect();
            rest.join(", ")
        };
        let (gone, come) = (without(old, new), without(new, old));
        if !gone.is_empty() {
            self.report(ENUM.narrowed(direction), &format!("`enum` lost {}", quote(&gone)));
        }
        if !come.is_empty() {
            self.report(ENUM.widened(direction), &format!("`enum` gained {}", quote(&come)));
        }
    }

    fn pattern(&mut self, pair: Pair<'a>, direction: Direction) {
        let rule = match (direction, pair.old, pair.new) {
            (Direction::Response, ..) => Rule::ResponsePatternChanged,
            (_, None, _) => Rule::RequestPatternAdded,
            (_, _, None) => Rule::RequestPatternRemoved,
            _ => Rule::RequestPatternChanged,
        };
        self.changed(rule, "pattern", pair);
    }
}

/// A text or its absence; `None` for anything else, which no rule knows.
fn text(side: Option<&Value>) -> Option<Option<&str>> {
    match side {
        None => Some(None),
        Some(value) => value.as_str().map(Some),
    }
}
