//! The JSON types that a schema allows, as a set.

use std::fmt;

use serde_json::Value;

/// A set of types. `null` is kept apart: see [`super::flat::Flat`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wire) struct Types(u8);

impl Types {
    const INTEGER: u8 = 1;
    /// Numbers that are not integers.
    const FRACTION: u8 = 2;
    const STRING: u8 = 4;
    const BOOLEAN: u8 = 8;
    const ARRAY_BIT: u8 = 16;
    const OBJECT_BIT: u8 = 32;

    pub(in crate::wire) const ANY: Self = Self(63);
    pub(in crate::wire) const NUMBER: Self = Self(Self::INTEGER | Self::FRACTION);
    pub(in crate::wire) const TEXT: Self = Self(Self::STRING);
    pub(in crate::wire) const FLAG: Self = Self(Self::BOOLEAN);
    pub(in crate::wire) const FRACTIONS: Self = Self(Self::FRACTION);
    /// What every text that serializes a single value may be.
    pub(in crate::wire) const SINGLE: Self =
        Self(Self::INTEGER | Self::FRACTION | Self::STRING | Self::BOOLEAN);
    pub(in crate::wire) const ARRAY: Self = Self(Self::ARRAY_BIT);
    pub(in crate::wire) const OBJECT: Self = Self(Self::OBJECT_BIT);

    /// The types that a keyword `type` names; `None` for a name that is unknown.
    pub(in crate::wire) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "integer" => Self(Self::INTEGER),
            "number" => Self::NUMBER,
            "string" => Self::TEXT,
            "boolean" => Self(Self::BOOLEAN),
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The type of a value; none for null.
    pub(in crate::wire) fn of(value: &Value) -> Self {
        Self(match value {
            Value::Null => 0,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) => {
                let whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
                if whole { Self::INTEGER } else { Self::FRACTION }
            }
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY_BIT,
            Value::Object(_) => Self::OBJECT_BIT,
        })
    }

    pub(in crate::wire) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(in crate::wire) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(in crate::wire) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(in crate::wire) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(in crate::wire) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(in crate::wire) fn only_integers(self) -> bool {
        self.0 == Self::INTEGER
    }

    pub(in crate::wire) const NONE: Self = Self(0);
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ANY {
            return f.write_str("any");
        }
        let mut rest = *self;
        let mut names = Vec::new();
        for name in ["number", "integer", "string", "boolean", "array", "object"] {
            let types = Self::named(name).unwrap_or(Self::NONE);
            if rest.and(types) == types {
                names.push(name);
                rest = rest.without(types);
            }
        }
        if !rest.is_empty() {
            names.push("fraction");
        }
        f.write_str(if names.is_empty() { "nothing" } else { "" })?;
        f.write_str(&names.join(" or "))
    }
}
