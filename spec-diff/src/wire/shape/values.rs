//! Which values are allowed.

use serde_json::Value;

use super::bounds::BOUNDS;
use super::flat::Flat;
use super::listed::is_of_format;
use super::numbers::{common_multiple, contains, is_multiple};
use super::types::Types;

impl Flat<'_> {
    /// Whether a value that is not a container is certainly allowed.
    pub(in crate::wire) fn admits(&self, value: &Value) -> bool {
        if value.is_null() {
            return self.null;
        }
        let listed = self.values.as_ref().is_none_or(|values| contains(values, value));
        let plain = !value.is_object() && !value.is_array();
        let unknown = !self.groups.is_empty() || !self.exclusions.is_empty();
        let texts = !value.is_string() || (self.patterns.is_empty() && self.formats.is_empty());
        let format = self.formats.iter().all(|format| is_of_format(value, format) != Some(false));
        listed
            && plain
            && !unknown
            && texts
            && format
            && self.types.meets(Types::of(value))
            && self.admits_size(value)
    }

    /// Whether no bound and no `multipleOf` excludes a value.
    pub(in crate::wire) fn admits_size(&self, value: &Value) -> bool {
        let mut limits = self.limits.iter().flatten();
        limits.all(|limit| limit.admits(value))
            && (!value.is_number() || self.multiples.iter().all(|of| is_multiple(value, of)))
    }

    /// The types, without fractions if the numbers are multiples of an integer.
    pub(in crate::wire) fn true_types(&self) -> Types {
        let one = Value::from(1);
        let whole = self.multiples.iter().any(|multiple| is_multiple(multiple, &one));
        if whole { self.types.without(Types::FRACTIONS) } else { self.types }
    }

    /// Whether all its numbers are multiples of what the other schema states.
    pub(in crate::wire) fn multiples_fit(&self, outer: &Self) -> bool {
        let mut own = Vec::new();
        let (one, common) = (Value::from(1), common_multiple(&self.multiples));
        own.extend(self.types.only_integers().then_some(&one));
        own.extend(&self.multiples);
        own.extend(&common);
        outer.multiples.iter().all(|of| own.iter().any(|number| is_multiple(number, of)))
    }

    /// Whether every text is allowed that serializes a number or a flag.
    pub(in crate::wire) fn allows_any_text(&self) -> bool {
        let short = Value::from("0");
        let mut lengths =
            BOUNDS.iter().zip(&self.limits).filter(|(bound, _)| bound.types == Types::TEXT);
        let plain = [&self.patterns, &self.formats, &self.exclusions];
        self.types.meets(Types::TEXT)
            && self.values.is_none()
            && self.groups.is_empty()
            && plain.iter().all(|list| list.is_empty())
            && lengths.all(|(bound, limit)| {
                limit.is_none_or(|limit| bound.key == "minLength" && limit.admits(&short))
            })
    }
}
