//! No document is too deep for the stack of a thread, neither by its nesting nor by its references.

use openapi_review::{Document, review, wire};
use serde_json::{Map, Value, json};

/// By default, threads have a stack of 2048 KiB.
fn with_a_stack_of(kibibytes: usize, f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(kibibytes * 1024).spawn(f);
    thread.expect("a thread").join().expect("no panic");
}

/// A document whose request and response are the first of many schemas; `link` refers to the next one.
fn chain(length: usize, link: impl Fn(Value) -> Value, end: &Value) -> Value {
    let mut schemas = Map::new();
    for index in 0..length {
        let next = json!({ "$ref": format!("#/components/schemas/S{}", index + 1) });
        schemas.insert(format!("S{index}"), link(next));
    }
    schemas.insert(format!("S{length}"), end.clone());
    let content =
        json!({ "application/json": { "schema": { "$ref": "#/components/schemas/S0" } } });
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Chain", "version": "1.0.0" },
        "paths": { "/": { "post": {
            "requestBody": { "content": content },
            "responses": { "200": { "description": "Good.", "content": content } }
        } } },
        "components": { "schemas": schemas }
    })
}

/// What refers to the next schema: its name, the length of the chain, and the schema with a reference.
type Link = (&'static str, usize, fn(Value) -> Value);

/// The end of each chain changes, and the change is found.
#[test]
fn chains_of_references_fit_into_a_small_stack() {
    let links: [Link; 5] = [
        ("items", 3_000, |next| json!({ "type": "array", "items": next })),
        ("properties", 3_000, |next| json!({ "properties": { "a": next } })),
        ("allOf", 300, |next| json!({ "allOf": [next, { "description": "Text." }] })),
        (
            "oneOf",
            3_000,
            |next| json!({ "type": "array", "items": { "oneOf": [next, { "type": "integer" }] } }),
        ),
        ("not", 300, |next| json!({ "not": { "items": next } })),
    ];
    for (what, length, link) in links {
        with_a_stack_of(512, move || {
            let old = chain(length, link, &json!({ "type": "string" }));
            let new = chain(length, link, &json!({ "type": "string", "maxLength": 5 }));
            let found = wire(&old, &new);
            assert!(
                found.iter().any(|change| change.level.name() == "breaking"),
                "{what}: {found:#?}"
            );
            assert_eq!(wire(&new, &new), [], "{what}");
        });
    }
}

/// A schema inside a schema, as deep as a parser reads. Deeper ones are refused.
#[test]
fn nested_schemas_are_compared_or_refused() {
    let nested = |depth: usize, maximum: u32| {
        let (open, close) = ("{ type: array, items: ".repeat(depth), " }".repeat(depth));
        format!(
            "openapi: 3.0.3\ninfo: {{ title: Nested, version: 1.0.0 }}\npaths:\n  /a:\n    get:\n      \
             parameters:\n        - name: a\n          in: query\n          \
             schema: {open}{{ type: integer, maximum: {maximum} }}{close}\n      \
             responses: {{ '200': {{ description: Good. }} }}\n"
        )
    };
    let read = move |depth, maximum| Document::parse("a.yaml", &nested(depth, maximum));
    let compare = move || {
        let (old, new) = (read(100, 1).expect("a document"), read(100, 2).expect("a document"));
        let changes = review(&old, &new).changes;
        assert_eq!(changes.len(), 1, "{changes:#?}");
        assert_eq!(changes[0].rule.name(), "request-maximum-widened");
        for depth in [130, 1000] {
            let refused = read(depth, 1).expect_err("too deep").to_string();
            assert!(refused.contains("more than 128 levels deep at line 9 column"), "{refused}");
        }
    };
    // The validator takes more of the stack than the comparison.
    with_a_stack_of(2 * 1024, compare);
}

/// Such documents took a minute to be refused.
#[test]
fn documents_of_a_hundred_thousand_levels_are_refused() {
    const LEVELS: usize = 100_000;
    for inner in ["[", "{a: ", "- ", "? ", "[{a: ", "{\"a\":", "[\"a\", "] {
        let alone = inner.repeat(LEVELS);
        let anchored = format!("a: &a {alone}\nb: *a");
        // A block sequence cannot begin in the line of a key.
        let is_yaml = !matches!(inner, "- " | "? ");
        for text in [Some(alone), Some(anchored).filter(|_| is_yaml)].into_iter().flatten() {
            let refused = Document::parse("a.yaml", &text).expect_err(inner).to_string();
            let expected = "a.yaml: nested more than 128 levels deep at line 1 ";
            assert!(refused.starts_with(expected), "{inner}: {refused}");
        }
    }
    let block: String = (0..1_000).map(|level| format!("{:level$}a:\n", "")).collect();
    let refused = Document::parse("a.yaml", &block).expect_err("too deep").to_string();
    assert!(refused.contains("128 levels deep at line 129 column 129;"), "{refused}");
}
