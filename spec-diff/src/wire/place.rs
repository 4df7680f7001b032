//! What the values of a document are by their place, which decides what `$ref` means in them: a reference, or a key like
//! any other.

/// The fields that are maps whose keys the author chose, unless they are lists.
const MAPS: [&str; 7] =
    ["content", "encoding", "examples", "headers", "parameters", "properties", "variables"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// An object of OpenAPI: with `$ref`, it is a reference.
    Object,
    /// A map whose keys the author chose.
    Map,
    /// The maps of components.
    Components,
    /// The responses of an operation: a map that may contain extensions.
    Responses,
    /// Path items by their address: a map that may contain extensions.
    Paths,
    /// Fields next to the reference of a path item may have an effect.
    PathItem,
    Callbacks,
    Callback,
    Links,
    Link,
    /// Data of any form, in which `$ref` is a key like any other.
    Data,
}

impl Place {
    /// What the value of a key is.
    pub(crate) fn of(self, key: &str) -> Self {
        match (self, key) {
            (Self::Data, _) => Self::Data,
            (Self::Map, _) => Self::Object,
            (Self::Callbacks, _) => Self::Callback,
            (Self::Links, _) => Self::Link,
            (_, key) if key.starts_with("x-") => Self::Data,
            (Self::Paths | Self::Callback, _) => Self::PathItem,
            (Self::Responses, _) => Self::Object,
            (_, "callbacks") => Self::Callbacks,
            (_, "links") => Self::Links,
            (Self::Components, _) => Self::Map,
            (Self::Link, "parameters" | "requestBody") => Self::Data,
            (_, "default" | "enum" | "example" | "value") => Self::Data,
            (_, "components") => Self::Components,
            (_, "paths") => Self::Paths,
            (_, "responses") => Self::Responses,
            (_, key) if MAPS.contains(&key) => Self::Map,
            _ => Self::Object,
        }
    }

    /// What the members of a list are.
    pub(crate) fn of_members(self) -> Self {
        if self == Self::Data { Self::Data } else { Self::Object }
    }

    /// Whether an object with `$ref` is a reference here.
    pub(crate) fn may_be_reference(self) -> bool {
        matches!(self, Self::Object | Self::PathItem | Self::Callback | Self::Link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_author_chose_is_not_a_keyword() {
        let at = |pointer: &str| pointer.split('/').skip(1).fold(Place::Object, Place::of);
        for (pointer, expected) in [
            ("/paths/~1a/get/responses/default", Place::Object),
            ("/paths/~1a/get/responses/x-note", Place::Data),
            ("/paths/~1a/get/callbacks/default/{$url}", Place::PathItem),
            ("/paths/~1a/get/responses/200/links/default/parameters/a", Place::Data),
            ("/paths/x-note", Place::Data),
            ("/components/parameters/default", Place::Object),
            ("/components/schemas/x-a/properties/enum", Place::Object),
            ("/components/schemas/A/default", Place::Data),
            ("/components/examples/value/value", Place::Data),
            ("/components/responses/A/content/x-a~1b/schema", Place::Object),
        ] {
            assert_eq!(at(pointer), expected, "{pointer}");
        }
    }
}
