//! The rules, one per line: name, level, the rule that holds when old and new are swapped, and why.
//!
//! Levels follow oasdiff where it has a rule: its errors and warnings are `breaking`, its infos
//! `additive`, or `docs` where nothing on the wire changes. The other lines are judgements of this
//! project. Every rule but `unclassified` has a pair of documents in `tests/rules`.

use crate::level::Level;

macro_rules! rules {
    ($($rule:ident $name:literal $level:ident $inverse:ident $why:literal;)*) => {
        /// What can happen between two documents.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $why] $rule,)*
        }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// The rule's name, for people and for the tests' files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// What the rule means for callers.
            #[must_use]
            pub fn level(self) -> Level {
                match self { $(Self::$rule => Level::$level,)* }
            }

            /// The rule that holds when old and new are swapped.
            #[must_use]
            pub fn inverse(self) -> Self {
                match self { $(Self::$rule => Self::$inverse,)* }
            }

            /// Whose judgement the level is, and why.
            #[must_use]
            pub fn why(self) -> &'static str {
                match self { $(Self::$rule => $why,)* }
            }
        }
    };
}

#[rustfmt::skip]
rules! {
    // The document.
    OpenapiVersionChanged "openapi-version-changed" Docs OpenapiVersionChanged "ours: every 3.0 version means the same here";
    InfoVersionChanged "info-version-changed" Docs InfoVersionChanged "ours: a label; a higher major number permits breaking changes";
    DocumentationChanged "documentation-changed" Docs DocumentationChanged "ours: text for people, at the places listed in src/wire/docs.rs";
    ExtensionChanged "extension-changed" Docs ExtensionChanged "ours: it is not sent, and no generator reads it";
    SameMeaning "same-meaning" Docs SameMeaning "ours: written differently, with the same effect";
    TagsChanged "tags-changed" Docs TagsChanged "oasdiff api-tag-added, info: a tag is not sent";
    ServerAdded "server-added" Additive ServerRemoved "ours: the other addresses still respond";
    ServerRemoved "server-removed" Breaking ServerAdded "ours: callers send to this address";
    ServerOrderChanged "server-order-changed" Docs ServerOrderChanged "ours: the list has no order, although some tools take the first";
    ServerVariableChanged "server-variable-changed" Breaking ServerVariableChanged "ours: addresses are built from it";
    ServerVariableWidened "server-variable-widened" Additive ServerVariableNarrowed "ours: the other addresses still respond";
    ServerVariableNarrowed "server-variable-narrowed" Breaking ServerVariableWidened "ours: callers send to an address with this value";
    ComponentAdded "component-added" Docs ComponentRemoved "ours: its uses are compared by content, and its name where it is sent, as the value of a discriminator";
    ComponentRemoved "component-removed" Docs ComponentAdded "ours: its uses are compared by content, and its name where it is sent, as the value of a discriminator";
    UnusedComponentChanged "unused-component-changed" Docs UnusedComponentChanged "ours: no operation that both sides have uses it";
    // Security.
    SecurityAlternativeAdded "security-alternative-added" Additive SecurityAlternativeRemoved "oasdiff api-security-added, info: one more way to authenticate";
    SecurityAlternativeRemoved "security-alternative-removed" Breaking SecurityAlternativeAdded "ours, where oasdiff has info: callers that authenticate in this way are now refused";
    SecurityScopeAdded "security-scope-added" Breaking SecurityScopeRemoved "ours, where oasdiff has info: a token without it is now refused";
    SecurityScopeRemoved "security-scope-removed" Additive SecurityScopeAdded "oasdiff api-security-scope-removed, info";
    SecuritySchemeChanged "security-scheme-changed" Breaking SecuritySchemeChanged "ours, where oasdiff has info: the same credentials are sent differently";
    SecuritySchemeWidened "security-scheme-widened" Additive SecuritySchemeNarrowed "ours: tokens can be got in one more way, or with one more scope";
    SecuritySchemeNarrowed "security-scheme-narrowed" Breaking SecuritySchemeWidened "ours: callers get their tokens in this way, or with this scope";
    // Operations.
    OperationAdded "operation-added" Additive OperationRemoved "oasdiff endpoint-added, info";
    OperationRemoved "operation-removed" Breaking OperationAdded "oasdiff api-removed-without-deprecation, error";
    OperationMoved "operation-moved" Breaking OperationMoved "ours: nothing responds at the old address";
    PathAdded "path-added" Docs PathRemoved "ours: it has no operation";
    PathRemoved "path-removed" Docs PathAdded "ours: it has no operation";
    PathParameterRenamed "path-parameter-renamed" Docs PathParameterRenamed "ours: its position in the path counts, and its name is not sent";
    OperationIdChanged "operation-id-changed" Docs OperationIdChanged "oasdiff api-operation-id-removed, info: it is not sent";
    Deprecated "deprecated" Docs Undeprecated "oasdiff endpoint-deprecated, info: it still works";
    Undeprecated "undeprecated" Docs Deprecated "oasdiff endpoint-reactivated, info";
    // Parameters.
    RequiredParameterAdded "required-parameter-added" Breaking RequiredParameterRemoved "oasdiff new-required-request-parameter, error";
    RequiredParameterRemoved "required-parameter-removed" Breaking RequiredParameterAdded "oasdiff request-parameter-removed, warning: it may be refused";
    OptionalParameterAdded "optional-parameter-added" Additive OptionalParameterRemoved "oasdiff new-optional-request-parameter, info";
    OptionalParameterRemoved "optional-parameter-removed" Breaking OptionalParameterAdded "oasdiff request-parameter-removed, warning: it may be refused";
    ParameterBecameRequired "parameter-became-required" Breaking ParameterBecameOptional "oasdiff request-parameter-become-required, error";
    ParameterBecameOptional "parameter-became-optional" Additive ParameterBecameRequired "oasdiff request-parameter-become-optional, info";
    ParameterDefaultChanged "parameter-default-changed" Breaking ParameterDefaultChanged "oasdiff request-parameter-default-value-changed (-added, -removed), error";
    UnusedDefaultChanged "unused-default-changed" Docs UnusedDefaultChanged "ours: no caller relies on the default of what is required before or after";
    ParameterStyleChanged "parameter-style-changed" Breaking ParameterStyleChanged "ours: lists and objects are serialized differently";
    ParameterExplodeChanged "parameter-explode-changed" Breaking ParameterExplodeChanged "ours: lists and objects are serialized differently";
    ParameterReservedChanged "parameter-reserved-changed" Breaking ParameterReservedChanged "ours: different characters are escaped";
    ParameterEmptyAllowed "parameter-empty-allowed" Additive ParameterEmptyForbidden "ours: more is accepted";
    ParameterEmptyForbidden "parameter-empty-forbidden" Breaking ParameterEmptyAllowed "ours: an empty value is refused";
    ParameterContentChanged "parameter-content-changed" Breaking ParameterContentChanged "ours: the value is serialized differently";
    // Request bodies.
    RequiredBodyAdded "required-body-added" Breaking RequiredBodyRemoved "oasdiff request-body-added-required, error";
    RequiredBodyRemoved "required-body-removed" Breaking RequiredBodyAdded "oasdiff request-body-removed, error";
    OptionalBodyAdded "optional-body-added" Additive OptionalBodyRemoved "oasdiff request-body-added-optional, info";
    OptionalBodyRemoved "optional-body-removed" Breaking OptionalBodyAdded "oasdiff request-body-removed, error";
    BodyBecameRequired "body-became-required" Breaking BodyBecameOptional "oasdiff request-body-became-required, error";
    BodyBecameOptional "body-became-optional" Additive BodyBecameRequired "oasdiff request-body-became-optional, info";
    RequestMediaTypeAdded "request-media-type-added" Additive RequestMediaTypeRemoved "oasdiff request-body-media-type-added, info";
    RequestMediaTypeRemoved "request-media-type-removed" Breaking RequestMediaTypeAdded "oasdiff request-body-media-type-removed, error";
    RequestSchemaAdded "request-schema-added" Breaking RequestSchemaRemoved "oasdiff request-body-media-type-schema-added, error";
    RequestSchemaRemoved "request-schema-removed" Additive RequestSchemaAdded "oasdiff request-body-media-type-schema-removed, info";
    EncodingChanged "encoding-changed" Breaking EncodingChanged "ours: the parts of a form are encoded differently";
    EncodingWidened "encoding-widened" Additive EncodingNarrowed "ours: a part of a form may have one more media type";
    EncodingNarrowed "encoding-narrowed" Breaking EncodingWidened "ours: callers send a part of a form with this media type";
    // Responses.
    SuccessAdded "success-added" Additive SuccessRemoved "oasdiff response-success-status-added, info";
    SuccessRemoved "success-removed" Breaking SuccessAdded "oasdiff response-success-status-removed, error";
    SuccessWidened "success-widened" Additive SuccessNarrowed "ours: callers treat an unknown status like the x00 of its class (RFC 9110, section 15)";
    SuccessNarrowed "success-narrowed" Additive SuccessWidened "ours: such responses were possible before";
    NarrowerEntryAdded "narrower-entry-added" Docs NarrowerEntryRemoved "ours: something wider described it, with which it is compared";
    NarrowerEntryRemoved "narrower-entry-removed" Docs NarrowerEntryAdded "ours: something wider describes it, with which it is compared";
    FailureAdded "failure-added" Additive FailureRemoved "oasdiff response-non-success-status-added, info";
    FailureRemoved "failure-removed" Additive FailureAdded "oasdiff response-non-success-status-removed, info";
    ResponseMediaTypeAdded "response-media-type-added" Additive ResponseMediaTypeRemoved "oasdiff response-media-type-added, info";
    ResponseMediaTypeRemoved "response-media-type-removed" Breaking ResponseMediaTypeAdded "oasdiff response-media-type-removed, error";
    ResponseMediaTypeWidened "response-media-type-widened" Breaking ResponseMediaTypeNarrowed "ours: callers may get a media type that they do not know";
    ResponseMediaTypeNarrowed "response-media-type-narrowed" Additive ResponseMediaTypeWidened "ours: such responses were possible before";
    ResponseSchemaAdded "response-schema-added" Additive ResponseSchemaRemoved "oasdiff response-body-media-type-schema-added, info";
    ResponseSchemaRemoved "response-schema-removed" Breaking ResponseSchemaAdded "oasdiff response-body-media-type-schema-removed, warning";
    HeaderAdded "header-added" Additive HeaderRemoved "oasdiff response-header-added, info";
    HeaderRemoved "header-removed" Breaking HeaderAdded "oasdiff required-response-header-removed, error (optional: warning)";
    HeaderBecameRequired "header-became-required" Additive HeaderBecameOptional "ours: it is now always present";
    HeaderBecameOptional "header-became-optional" Breaking HeaderBecameRequired "oasdiff response-header-became-optional, error";
    HeaderExplodeChanged "header-explode-changed" Breaking HeaderExplodeChanged "ours: lists and objects are serialized differently";
    // Schemas: types and values.
    RequestTypeNarrowed "request-type-narrowed" Breaking RequestTypeWidened "oasdiff request-property-type-changed, error";
    RequestTypeWidened "request-type-widened" Additive RequestTypeNarrowed "oasdiff request-property-type-generalized, info";
    RequestTypeChanged "request-type-changed" Breaking RequestTypeChanged "oasdiff request-property-type-changed, error";
    ResponseTypeNarrowed "response-type-narrowed" Additive ResponseTypeWidened "oasdiff response-property-type-specialized, info";
    ResponseTypeWidened "response-type-widened" Breaking ResponseTypeNarrowed "oasdiff response-property-type-generalized, error";
    ResponseTypeChanged "response-type-changed" Breaking ResponseTypeChanged "oasdiff response-property-type-changed, error";
    RequestFormatNarrowed "request-format-narrowed" Breaking RequestFormatWidened "oasdiff request-property-type-changed, error";
    RequestFormatWidened "request-format-widened" Additive RequestFormatNarrowed "oasdiff request-property-type-generalized, info";
    RequestFormatChanged "request-format-changed" Breaking RequestFormatChanged "oasdiff request-property-type-changed, error";
    ResponseFormatNarrowed "response-format-narrowed" Additive ResponseFormatWidened "oasdiff response-property-type-specialized, info";
    ResponseFormatWidened "response-format-widened" Breaking ResponseFormatNarrowed "oasdiff response-property-type-generalized, error";
    ResponseFormatChanged "response-format-changed" Breaking ResponseFormatChanged "oasdiff response-property-type-changed, error";
    RequestEnumNarrowed "request-enum-narrowed" Breaking RequestEnumWidened "oasdiff request-property-enum-value-removed and -became-enum, error";
    RequestEnumWidened "request-enum-widened" Additive RequestEnumNarrowed "oasdiff request-property-enum-value-added, info";
    ResponseEnumNarrowed "response-enum-narrowed" Additive ResponseEnumWidened "oasdiff response-property-enum-value-removed, info";
    ResponseEnumWidened "response-enum-widened" Breaking ResponseEnumNarrowed "oasdiff response-property-enum-value-added, warning: callers get a value that they do not know";
    RequestPatternNarrowed "request-pattern-narrowed" Breaking RequestPatternWidened "oasdiff request-property-pattern-added, error";
    RequestPatternWidened "request-pattern-widened" Additive RequestPatternNarrowed "oasdiff request-property-pattern-removed, info";
    RequestPatternChanged "request-pattern-changed" Breaking RequestPatternChanged "oasdiff request-property-pattern-changed, warning: two patterns cannot be compared";
    ResponsePatternNarrowed "response-pattern-narrowed" Additive ResponsePatternWidened "oasdiff response-property-pattern-added, info";
    ResponsePatternWidened "response-pattern-widened" Breaking ResponsePatternNarrowed "ours, where oasdiff has info: as for every other constraint of a response";
    ResponsePatternChanged "response-pattern-changed" Breaking ResponsePatternChanged "ours, where oasdiff has info: two patterns cannot be compared";
    RequestExclusionAdded "request-exclusion-added" Breaking RequestExclusionRemoved "oasdiff request-property-not-added, error";
    RequestExclusionRemoved "request-exclusion-removed" Additive RequestExclusionAdded "ours: everything that was accepted still is";
    RequestExclusionChanged "request-exclusion-changed" Breaking RequestExclusionChanged "ours: the excluded values cannot be compared";
    ResponseExclusionAdded "response-exclusion-added" Additive ResponseExclusionRemoved "ours: such responses were possible before";
    ResponseExclusionRemoved "response-exclusion-removed" Breaking ResponseExclusionAdded "ours: callers may get values that were excluded";
    ResponseExclusionChanged "response-exclusion-changed" Breaking ResponseExclusionChanged "ours: the excluded values cannot be compared";
    RequestBecameNullable "request-became-nullable" Additive RequestBecameNotNullable "oasdiff request-property-become-nullable, info";
    RequestBecameNotNullable "request-became-not-nullable" Breaking RequestBecameNullable "oasdiff request-property-become-not-nullable, error";
    ResponseBecameNotNullable "response-became-not-nullable" Additive ResponseBecameNullable "oasdiff response-property-became-not-nullable, info";
    ResponseBecameNullable "response-became-nullable" Breaking ResponseBecameNotNullable "oasdiff response-property-became-nullable, error";
    RequestDefaultAdded "request-default-added" Additive RequestDefaultRemoved "oasdiff request-property-default-value-added, info: it may have been so before";
    RequestDefaultRemoved "request-default-removed" Additive RequestDefaultAdded "oasdiff request-property-default-value-removed, info: it may still be so";
    RequestDefaultChanged "request-default-changed" Breaking RequestDefaultChanged "ours, where oasdiff has info: callers that leave it out get something else";
    ResponseDefaultChanged "response-default-changed" Additive ResponseDefaultChanged "oasdiff response-property-default-value-changed (-added, -removed), info";
    ReadOnlyChanged "read-only-changed" Docs ReadOnlyChanged "ours: nothing appears or vanishes in the direction in which the schema is used";
    WriteOnlyChanged "write-only-changed" Docs WriteOnlyChanged "ours: nothing appears or vanishes in the direction in which the schema is used";
    HiddenPropertyChanged "hidden-property-changed" Docs HiddenPropertyChanged "ours: readOnly properties are not sent in requests, nor writeOnly ones in responses";
    TitleChanged "title-changed" Docs TitleChanged "ours: for people; names derived from it are judged on the Rust axis";
    // Schemas: bounds.
    RequestMinimumNarrowed "request-minimum-narrowed" Breaking RequestMinimumWidened "oasdiff request-property-min-increased, error (-set: warning)";
    RequestMinimumWidened "request-minimum-widened" Additive RequestMinimumNarrowed "ours: everything that was accepted still is";
    ResponseMinimumNarrowed "response-minimum-narrowed" Additive ResponseMinimumWidened "ours: such responses were possible before";
    ResponseMinimumWidened "response-minimum-widened" Breaking ResponseMinimumNarrowed "oasdiff response-property-min-decreased, error";
    RequestMaximumNarrowed "request-maximum-narrowed" Breaking RequestMaximumWidened "oasdiff request-property-max-decreased, error (-set: warning)";
    RequestMaximumWidened "request-maximum-widened" Additive RequestMaximumNarrowed "ours: everything that was accepted still is";
    ResponseMaximumNarrowed "response-maximum-narrowed" Additive ResponseMaximumWidened "ours: such responses were possible before";
    ResponseMaximumWidened "response-maximum-widened" Breaking ResponseMaximumNarrowed "oasdiff response-property-max-increased, error";
    RequestLengthNarrowed "request-length-narrowed" Breaking RequestLengthWidened "oasdiff request-property-max-length-decreased and -min-length-increased, error";
    RequestLengthWidened "request-length-widened" Additive RequestLengthNarrowed "ours: everything that was accepted still is";
    ResponseLengthNarrowed "response-length-narrowed" Additive ResponseLengthWidened "ours: such responses were possible before";
    ResponseLengthWidened "response-length-widened" Breaking ResponseLengthNarrowed "oasdiff response-property-max-length-increased and -min-length-decreased, error";
    RequestItemCountNarrowed "request-item-count-narrowed" Breaking RequestItemCountWidened "oasdiff request-property-min-items-increased, error; maxItems is ours";
    RequestItemCountWidened "request-item-count-widened" Additive RequestItemCountNarrowed "ours: everything that was accepted still is";
    ResponseItemCountNarrowed "response-item-count-narrowed" Additive ResponseItemCountWidened "ours: such responses were possible before";
    ResponseItemCountWidened "response-item-count-widened" Breaking ResponseItemCountNarrowed "oasdiff response-property-min-items-decreased, error; maxItems is ours";
    RequestPropertyCountNarrowed "request-property-count-narrowed" Breaking RequestPropertyCountWidened "ours: as for items";
    RequestPropertyCountWidened "request-property-count-widened" Additive RequestPropertyCountNarrowed "ours: everything that was accepted still is";
    ResponsePropertyCountNarrowed "response-property-count-narrowed" Additive ResponsePropertyCountWidened "ours: such responses were possible before";
    ResponsePropertyCountWidened "response-property-count-widened" Breaking ResponsePropertyCountNarrowed "ours: as for items";
    RequestUniqueItemsNarrowed "request-unique-items-narrowed" Breaking RequestUniqueItemsWidened "ours: a list that repeats a value is refused";
    RequestUniqueItemsWidened "request-unique-items-widened" Additive RequestUniqueItemsNarrowed "ours: everything that was accepted still is";
    ResponseUniqueItemsNarrowed "response-unique-items-narrowed" Additive ResponseUniqueItemsWidened "ours: such responses were possible before";
    ResponseUniqueItemsWidened "response-unique-items-widened" Breaking ResponseUniqueItemsNarrowed "ours: callers may get a value twice";
    RequestMultipleOfNarrowed "request-multiple-of-narrowed" Breaking RequestMultipleOfWidened "ours: as for other bounds";
    RequestMultipleOfWidened "request-multiple-of-widened" Additive RequestMultipleOfNarrowed "ours: everything that was accepted still is";
    ResponseMultipleOfNarrowed "response-multiple-of-narrowed" Additive ResponseMultipleOfWidened "ours: such responses were possible before";
    ResponseMultipleOfWidened "response-multiple-of-widened" Breaking ResponseMultipleOfNarrowed "ours: as for other bounds";
    RequestAdditionalPropertiesNarrowed "request-additional-properties-narrowed" Breaking RequestAdditionalPropertiesWidened "ours: properties that were accepted are refused";
    RequestAdditionalPropertiesWidened "request-additional-properties-widened" Additive RequestAdditionalPropertiesNarrowed "ours: everything that was accepted still is";
    ResponseAdditionalPropertiesNarrowed "response-additional-properties-narrowed" Additive ResponseAdditionalPropertiesWidened "ours: such responses were possible before";
    ResponseAdditionalPropertiesWidened "response-additional-properties-widened" Breaking ResponseAdditionalPropertiesNarrowed "ours: a strict reader gets properties that it does not know";
    // Schemas: properties and composition.
    RequestRequiredPropertyAdded "request-required-property-added" Breaking RequestRequiredPropertyRemoved "oasdiff new-required-request-property, error";
    RequestRequiredPropertyRemoved "request-required-property-removed" Breaking RequestRequiredPropertyAdded "oasdiff request-property-removed, warning: it may be refused";
    RequestOptionalPropertyAdded "request-optional-property-added" Additive RequestOptionalPropertyRemoved "oasdiff new-optional-request-property, info";
    RequestOptionalPropertyRemoved "request-optional-property-removed" Breaking RequestOptionalPropertyAdded "oasdiff request-property-removed, warning: it may be refused";
    RequestPropertyBecameRequired "request-property-became-required" Breaking RequestPropertyBecameOptional "oasdiff request-property-became-required, error";
    RequestPropertyBecameOptional "request-property-became-optional" Additive RequestPropertyBecameRequired "oasdiff request-property-became-optional, info";
    ResponsePropertyAdded "response-property-added" Additive ResponsePropertyRemoved "oasdiff response-optional-property-added, info";
    ResponsePropertyRemoved "response-property-removed" Breaking ResponsePropertyAdded "oasdiff response-required-property-removed, error (optional: warning)";
    ResponsePropertyBecameRequired "response-property-became-required" Additive ResponsePropertyBecameOptional "oasdiff response-property-became-required, info";
    ResponsePropertyBecameOptional "response-property-became-optional" Breaking ResponsePropertyBecameRequired "oasdiff response-property-became-optional, error";
    RequestAlternativeAdded "request-alternative-added" Additive RequestAlternativeRemoved "oasdiff request-property-one-of-added and -any-of-added, info";
    RequestAlternativeRemoved "request-alternative-removed" Breaking RequestAlternativeAdded "oasdiff request-property-one-of-removed and -any-of-removed, error";
    ResponseAlternativeAdded "response-alternative-added" Breaking ResponseAlternativeRemoved "oasdiff response-property-one-of-added, error; the same for anyOf";
    ResponseAlternativeRemoved "response-alternative-removed" Additive ResponseAlternativeAdded "oasdiff response-property-one-of-removed, info";
    RequestAlternativesOverlap "request-alternatives-overlap" Breaking RequestAlternativesSeparated "oasdiff request-body-wrapped-in-one-of, error: a value that matches two members of a oneOf is refused";
    RequestAlternativesSeparated "request-alternatives-separated" Additive RequestAlternativesOverlap "ours: values that were refused are accepted";
    RequestAlternativesChanged "request-alternatives-changed" Breaking RequestAlternativesChanged "ours: lists of alternatives are not compared if their number changes";
    ResponseAlternativesChanged "response-alternatives-changed" Breaking ResponseAlternativesChanged "ours: lists of alternatives are not compared if their number changes";
    DiscriminatorChanged "discriminator-changed" Breaking DiscriminatorChanged "ours, where oasdiff has info: readers look at another property";
    RequestDiscriminatorAdded "request-discriminator-added" Breaking RequestDiscriminatorRemoved "ours, where oasdiff has info: callers may send none of its values";
    RequestDiscriminatorRemoved "request-discriminator-removed" Additive RequestDiscriminatorAdded "oasdiff request-property-discriminator-removed, info";
    ResponseDiscriminatorAdded "response-discriminator-added" Additive ResponseDiscriminatorRemoved "oasdiff response-property-discriminator-added, info";
    ResponseDiscriminatorRemoved "response-discriminator-removed" Breaking ResponseDiscriminatorAdded "ours, where oasdiff has info: readers choose an alternative by its values";
    RequestDiscriminatorValueAdded "request-discriminator-value-added" Additive RequestDiscriminatorValueRemoved "oasdiff request-property-discriminator-mapping-added, info";
    RequestDiscriminatorValueRemoved "request-discriminator-value-removed" Breaking RequestDiscriminatorValueAdded "ours, where oasdiff has info: a value that callers send is refused";
    ResponseDiscriminatorValueAdded "response-discriminator-value-added" Breaking ResponseDiscriminatorValueRemoved "ours, where oasdiff has info: callers get a value that they do not know";
    ResponseDiscriminatorValueRemoved "response-discriminator-value-removed" Additive ResponseDiscriminatorValueAdded "ours: such responses were possible before";
    // Everything else.
    Unclassified "unclassified" Unclassified Unclassified "no rule covers this place: a person has to judge it";
}

impl Rule {
    /// All rules as a document in Markdown.
    #[must_use]
    pub fn table() -> String {
        let mut table = String::from(
            "<!-- Written by `cargo xtask regen` from src/rules.rs. -->\n\n# Rules\n\n\
             *ours* marks a judgement of this project. The others are those of \
             [oasdiff](https://github.com/oasdiff/oasdiff), whose errors and warnings count as breaking here. Where this \
             project judges otherwise, the rule says so.\n\n\
             | rule | level | with old and new swapped | whose judgement, and why |\n|---|---|---|---|\n",
        );
        for rule in Self::ALL {
            let inverse = match rule.inverse() {
                other if other == *rule => "the same".to_owned(),
                other => format!("`{}`", other.name()),
            };
            table.push_str(&format!(
                "| `{}` | {} | {inverse} | {} |\n",
                rule.name(),
                rule.level().name(),
                rule.why()
            ));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_come_in_pairs_and_names_are_unique() {
        for rule in Rule::ALL {
            assert_eq!(rule.inverse().inverse(), *rule, "{}", rule.name());
        }
        let names: std::collections::BTreeSet<_> =
            Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
    }
}
