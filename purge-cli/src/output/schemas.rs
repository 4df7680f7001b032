//! The JSON Schemas of the output.

use purge_api_ext::{OperationOutcome, PageSize, PurgeRecord};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::json::{Failed, Message, Planned};
use super::settings::Object;

/// The schemas, by file name without extension.
pub(crate) fn schemas() -> Vec<(&'static str, Value)> {
    /// Purge requests: one page, or all.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "it is written incrementally; this describes it as a whole")]
    struct List {
        /// The version of this format: 1.
        #[schemars(extend("const" = 1))]
        schema: u32,
        /// The number of the first page that was read, from 1.
        page: u64,
        /// The requested number of records per page.
        limit: PageSize,
        /// The records, in the order of the service.
        requests: Vec<PurgeRecord>,
        /// The total number of records, if the service reports it.
        total: Option<u64>,
    }

    fn schema_for<T: JsonSchema>() -> serde_json::Value {
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let mut schema = generator.into_root_schema_for::<T>().to_value();
        for_readers_of_json(&mut schema);
        schema
    }
    vec![
        ("audit", schema_for::<super::audit::Line<'_>>()),
        ("checked", schema_for::<purge_verify::Checked>()),
        ("difference", schema_for::<super::difference::Object>()),
        ("error", schema_for::<Failed>()),
        ("list", schema_for::<List>()),
        ("message", schema_for::<Message>()),
        ("operation", of_any_profile(schema_for::<OperationOutcome>())),
        ("plan", schema_for::<super::planned::WithAliases<Planned>>()),
        ("record", schema_for::<PurgeRecord>()),
        ("report", schema_for::<super::verification::WithVerification<'static>>()),
        ("reports", schema_for::<super::profiles::Reports<'_>>()),
        ("settings", schema_for::<Object>()),
        ("verification", schema_for::<super::verification::Object<'static>>()),
    ]
}

/// The schema of an operation, with the member that it also has if the run has several profiles.
fn of_any_profile(mut schema: Value) -> Value {
    schema["properties"]["profile"] = json!({
        "description": "The profile, if the run has several.",
        "type": "string",
    });
    schema
}

/// Removes what is useful only in Rust from the descriptions: examples, and links to other items.
fn for_readers_of_json(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "description" => {
                        let prose = text.split("\n\n```").next().unwrap_or_default();
                        let words: Vec<_> = prose.split("](").collect();
                        // `[name](crate::name)` becomes `name`.
                        let links = words.iter().enumerate().map(|(index, part)| {
                            let part = match part.split_once(')').filter(|_| index > 0) {
                                Some((_, rest)) => rest,
                                None => part,
                            };
                            part.replace("[`", "`")
                        });
                        *text = links.collect();
                    }
                    value => for_readers_of_json(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(for_readers_of_json),
        _ => {}
    }
}
