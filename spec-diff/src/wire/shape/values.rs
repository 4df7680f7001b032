//! Whether a value is allowed.

use serde_json::Value;

use super::flat::Flat;
use super::types::Types;

impl Flat<'_> {
    /// Whether a value that is not a container is certainly allowed.
    pub(in crate::wire) fn admits(&self, value: &Value) -> bool {
        if value.is_null() {
            return self.null;
        }
        let listed = self.values.as_ref().is_none_or(|values| values.contains(&value));
        let plain = !value.is_object() && !value.is_array();
        let unknown = !self.groups.is_empty() || !self.exclusions.is_empty();
        let texts = !value.is_string() || (self.patterns.is_empty() && self.formats.is_empty());
        listed
            && plain
            && !unknown
            && texts
            && self.types.meets(Types::of(value))
            && self.admits_size(value)
    }

    fn admits_size(&self, value: &Value) -> bool {
        let limits = self.limits.iter().flatten();
        let within = limits.clone().all(|limit| limit.admits(value));
        let multiples = self.multiples.iter().filter_map(|multiple| multiple.as_f64());
        let number = value.as_f64();
        within && multiples.into_iter().all(|m| number.is_none_or(|n| (n / m).fract() == 0.0))
    }
}
