//! Random pairs of schemas, judged by values: if the new schema of a request refuses a value that the old one accepts,
//! or the new schema of a response allows one that the old one does not, the change is breaking.

use std::sync::LazyLock;

use openapi_review::{Level, wire};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Map, Value, json};

/// The schema that is sent and got, under the name `Sent`, and those that it refers to.
fn schemas(sent: &Value) -> Value {
    json!({
        "Sent": sent,
        "Closed": {
            "type": "object",
            "additionalProperties": false,
            "properties": { "a": { "type": "string" }, "b": { "$ref": "#/components/schemas/Closed" } },
            "required": ["a"],
        },
        "Short": { "type": "string", "maxLength": 1 },
        "Nullable": { "type": "string", "nullable": true },
        "List": { "type": "array", "items": { "$ref": "#/components/schemas/Short" } },
    })
}

/// The obvious slow model: whether a schema accepts a value.
fn accepts(all: &Value, schema: &Value, value: &Value) -> bool {
    let schema = resolved(all, schema);
    let of = |key: &str| schema.get(key);
    let bound = |key: &str| of(key).and_then(Value::as_f64);
    let excludes = |key: &str| of(key) == Some(&json!(true));
    let lists = |key: &str| of(key).and_then(Value::as_array);
    let is_typed = of("type").is_none_or(|name| is_of_type(value, name, excludes("nullable")));
    let is_listed = lists("enum").is_none_or(|values| values.contains(value));
    let within = |size: f64, least: &str, most: &str| {
        bound(least).is_none_or(|least| size >= least)
            && bound(most).is_none_or(|most| size <= most)
    };
    #[allow(clippy::cast_precision_loss)]
    let is_sized = match value {
        Value::Number(number) => {
            let number = number.as_f64().expect("a small number");
            let at = |key: &str, flag: &str| excludes(flag) && bound(key) == Some(number);
            within(number, "minimum", "maximum")
                && !at("minimum", "exclusiveMinimum")
                && !at("maximum", "exclusiveMaximum")
                && bound("multipleOf").is_none_or(|of| number % of == 0.0)
        }
        Value::String(text) => within(text.len() as f64, "minLength", "maxLength"),
        Value::Array(list) => {
            within(list.len() as f64, "minItems", "maxItems")
                && of("items").is_none_or(|items| list.iter().all(|item| accepts(all, items, item)))
                && !(excludes("uniqueItems")
                    && (1..list.len()).any(|index| list[..index].contains(&list[index])))
        }
        Value::Object(map) => {
            within(map.len() as f64, "minProperties", "maxProperties")
                && has_properties(all, schema, map)
        }
        _ => true,
    };
    let count =
        |members: &[Value]| members.iter().filter(|member| accepts(all, member, value)).count();
    let any = lists("anyOf").is_none_or(|members| count(members) > 0);
    // A value that two members list is refused. Otherwise, `oneOf` is read as "one of these".
    let one = lists("oneOf").is_none_or(|members| match members.iter().all(only_lists) {
        true if !value.is_null() => count(members) == 1,
        _ => count(members) > 0,
    });
    let each = lists("allOf").is_none_or(|members| count(members) == members.len());
    let not = of("not").is_none_or(|excluded| !accepts(all, excluded, value));
    is_typed && is_listed && is_sized && any && one && each && not
}

fn resolved<'a>(all: &'a Value, schema: &'a Value) -> &'a Value {
    let target =
        schema.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
    target.map_or(schema, |name| &all[name])
}

fn is_of_type(value: &Value, name: &Value, nullable: bool) -> bool {
    match name.as_str().expect("a name") {
        _ if value.is_null() => nullable,
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

fn has_properties(all: &Value, schema: &Value, map: &Map<String, Value>) -> bool {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let others = schema.get("additionalProperties");
    let is_allowed = |(name, value): (&String, &Value)| match schema
        .get("properties")
        .and_then(|properties| properties.get(name))
        .or(others)
    {
        Some(Value::Bool(allowed)) => *allowed,
        Some(schema) => accepts(all, schema, value),
        None => true,
    };
    required.into_iter().all(|name| map.contains_key(name.as_str().expect("a name")))
        && map.iter().all(is_allowed)
}

/// Whether a schema only lists values.
fn only_lists(schema: &Value) -> bool {
    let mut keys = schema.as_object().expect("a schema").keys();
    schema.get("enum").is_some()
        && keys.all(|key| matches!(key.as_str(), "type" | "enum" | "nullable"))
}

/// Values of all kinds, small enough to meet the bounds of random schemas.
static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let small = [json!(null), json!(true), json!("x"), json!("yyy"), json!(0), json!(2), json!([])];
    let mut values: Vec<Value> = ["", "y", "zz", "wwwww"].map(Value::from).to_vec();
    values.extend((-1..7).map(Value::from));
    values.extend([
        json!(false),
        json!(0.5),
        json!(2.5),
        json!({}),
        json!([{ "a": "x" }]),
        json!([[]]),
    ]);
    values.extend(small.clone());
    for one in &small {
        values.push(json!([one]));
        values.extend(["a", "b", "c"].map(|name| json!({ name: one })));
        values.extend(["a", "b"].map(|name| json!({ name: { "a": one } })));
        for other in &small {
            values.push(json!([one, other]));
            values.extend([("a", "b"), ("b", "c")].map(|(a, b)| json!({ a: one, b: other })));
        }
        values.push(json!({ "a": "x", "b": "y", "c": one }));
    }
    values
});

fn object(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(fields.collect())
}

fn number(values: &'static [i64]) -> impl Strategy<Value = Option<Value>> {
    weighted(0.25, select(values).prop_map(Value::from))
}

fn flag(weight: f64) -> impl Strategy<Value = Option<Value>> {
    weighted(weight, Just(json!(true)))
}

/// A schema of texts, numbers or flags.
fn scalar() -> impl Strategy<Value = Value> {
    let text = (number(&[0, 1, 2]), number(&[0, 1, 2, 3])).prop_map(|(least, most)| {
        object([("type", Some(json!("string"))), ("minLength", least), ("maxLength", most)])
    });
    let multiple =
        || weighted(0.25, select(vec![json!(1), json!(2), json!(4), json!(6), json!(0.5)]));
    let bounds = || (number(&[0, 1, 2]), number(&[2, 3, 5]), multiple(), flag(0.2));
    let kind = weighted(0.9, select(vec![json!("integer"), json!("number")]));
    let numbers = (kind, bounds()).prop_map(|(kind, (minimum, maximum, multiple, excluded))| {
        let excluded = excluded.filter(|_| minimum.is_some());
        let multiple = multiple.filter(|_| kind.is_some());
        let bounds = [("minimum", minimum), ("maximum", maximum), ("exclusiveMinimum", excluded)];
        object([("type", kind), ("multipleOf", multiple)].into_iter().chain(bounds))
    });
    let listed = [json!("x"), json!("zz"), json!(1), json!(2), json!(3), json!(true), json!(false)];
    let listed = (subsequence(listed.to_vec(), 1..5), number(&[1, 2]), number(&[1]));
    let listed = listed.prop_map(|(values, maximum, length)| {
        object([("enum", Some(json!(values))), ("maximum", maximum), ("maxLength", length)])
    });
    let others = select(vec![
        json!({}),
        json!({ "type": "boolean" }),
        json!({ "enum": [null] }),
        json!({ "type": "string", "enum": ["x", "yyy"] }),
        json!({ "type": "integer", "enum": [1, 2, 3], "maximum": 2 }),
        json!({ "$ref": "#/components/schemas/Short" }),
        json!({ "$ref": "#/components/schemas/Nullable" }),
    ]);
    let one = prop_oneof![3 => text, 4 => numbers, 3 => listed, 3 => others];
    (one, any::<Index>()).prop_map(|(mut schema, chance)| {
        if schema.get("type").is_some() && chance.index(6) == 0 {
            schema["nullable"] = json!(true);
            if let Some(Value::Array(values)) = schema.get_mut("enum") {
                values.push(Value::Null);
            }
        }
        schema
    })
}

fn schema() -> impl Strategy<Value = Value> {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let leaf = prop_oneof![
        6 => scalar(),
        2 => select(vec![reference("Closed"), reference("List"), reference("Short")]),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let lists = (inner.clone(), number(&[0, 1, 2]), number(&[1, 2]), flag(0.2));
        let lists = lists.prop_map(|(items, least, most, unique)| {
            let bounds = [("minItems", least), ("maxItems", most), ("uniqueItems", unique)];
            object(
                [("type", Some(json!("array"))), ("items", Some(items))].into_iter().chain(bounds),
            )
        });
        // By convention, an open object allows nothing that it does not describe.
        let others = prop_oneof![2 => Just(json!(false)), 1 => scalar()];
        let properties = (weighted(0.7, inner.clone()), weighted(0.7, inner.clone()));
        let required = subsequence(vec!["a", "b"], 0..=2);
        let objects = (properties, required, others, number(&[1, 2]), flag(0.15));
        let objects = objects.prop_map(|((a, b), required, others, most, nullable)| {
            object([
                ("type", Some(json!("object"))),
                ("properties", Some(object([("a", a), ("b", b)]))),
                ("required", Some(json!(required)).filter(|_| !required.is_empty())),
                ("additionalProperties", Some(others)),
                ("maxProperties", most),
                ("nullable", nullable),
            ])
        });
        let members = || vec(inner.clone(), 1..4);
        let one = (select(vec!["oneOf", "anyOf"]), members())
            .prop_map(|(key, list)| json!({ key: list }));
        let both =
            (members(), members()).prop_map(|(one, any)| json!({ "oneOf": one, "anyOf": any }));
        let all = vec(inner.clone(), 1..3).prop_map(|all| json!({ "allOf": all }));
        let not = scalar().prop_map(|excluded| json!({ "not": excluded }));
        prop_oneof![2 => lists, 4 => objects, 5 => one, 1 => both, 3 => all, 1 => not]
    })
}

/// A change at one place of a schema.
#[derive(Debug, Clone)]
enum Edit {
    Replace(Value),
    /// Takes over the keywords of another schema.
    Merge(Value),
    Remove(Index),
    Wrap(&'static str, Value),
    Add(Value),
    Drop(Index),
    Reverse,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        1 => schema().prop_map(Edit::Replace),
        3 => scalar().prop_map(Edit::Merge),
        2 => any::<Index>().prop_map(Edit::Remove),
        1 => (select(vec!["allOf", "oneOf", "anyOf"]), schema()).prop_map(|(key, other)| Edit::Wrap(key, other)),
        2 => prop_oneof![scalar(), Just(json!({ "enum": [null] }))].prop_map(Edit::Add),
        2 => any::<Index>().prop_map(Edit::Drop),
        1 => Just(Edit::Reverse),
    ]
}

/// The places of all schemas: of those with a name, and of those in them.
fn all_places(all: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, schema) in all.as_object().expect("schemas by name") {
        places(schema, &format!("/{name}"), &mut found);
    }
    found
}

fn places(schema: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    for (key, value) in schema.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("items" | "additionalProperties" | "not", Value::Object(_)) => {
                places(value, &format!("{at}/{key}"), found);
            }
            ("properties", Value::Object(map)) => {
                map.iter()
                    .for_each(|(name, value)| places(value, &format!("{at}/{key}/{name}"), found));
            }
            ("allOf" | "oneOf" | "anyOf", Value::Array(list)) => {
                list.iter().enumerate().for_each(|(index, value)| {
                    places(value, &format!("{at}/{key}/{index}"), found)
                });
            }
            _ => {}
        }
    }
}

fn edited(all: &Value, (in_sent, place): (bool, &Index), edit: &Edit) -> Value {
    let (mut all, places) = (all.clone(), all_places(all));
    let places: Vec<String> =
        places.into_iter().filter(|place| place.starts_with("/Sent") == in_sent).collect();
    let place = place.get::<String>(&places);
    // A component that refers to itself accepts no value.
    if !in_sent && format!("{edit:?}").contains("$ref") {
        return all;
    }
    let node = all.pointer_mut(place).expect("the place exists");
    let lists = ["oneOf", "anyOf", "allOf"];
    let list = lists.iter().find(|key| node.get(key).is_some());
    match (edit, list) {
        (Edit::Replace(other), _) => *node = other.clone(),
        (Edit::Merge(other), _) if node.get("type") == other.get("type") => {
            node.as_object_mut()
                .expect("a schema")
                .extend(other.as_object().expect("a schema").clone());
        }
        (Edit::Remove(index), _) => {
            let keys: Vec<String> = node.as_object().expect("a schema").keys().cloned().collect();
            if !keys.is_empty() {
                node.as_object_mut().expect("a schema").remove(index.get::<String>(&keys));
            }
        }
        (Edit::Wrap(key, other), _) => *node = json!({ *key: [node.clone(), other] }),
        (Edit::Add(other), Some(key)) => {
            node[*key].as_array_mut().expect("a list").push(other.clone())
        }
        (Edit::Drop(index), Some(key)) => {
            let list = node[*key].as_array_mut().expect("a list");
            if list.len() > 1 {
                list.remove(index.index(list.len()));
            }
        }
        (Edit::Reverse, Some(key)) => node[*key].as_array_mut().expect("a list").reverse(),
        (Edit::Merge(other) | Edit::Add(other), _) => {
            *node = json!({ "anyOf": [node.clone(), other] })
        }
        (Edit::Drop(_) | Edit::Reverse, None) => {}
    }
    all
}

/// Whether the comparison reads a schema like the model. It reads closed objects in `allOf` as their union, untyped
/// ones as objects, and open ones as if they allowed nothing that they do not describe. A flag that excludes a bound
/// needs one.
fn is_read_alike(all: &Value) -> bool {
    all_places(all).iter().map(|place| all.pointer(place).expect("the place exists")).all(|node| {
        let has = |key: &str| node.get(key).is_some();
        let object = ["properties", "required", "additionalProperties", "maxProperties"];
        let list = ["items", "maxItems", "minItems", "uniqueItems"];
        let kind = node.get("type").and_then(Value::as_str);
        let beside = ["oneOf", "anyOf", "allOf"].iter().any(|key| has(key));
        let merged = node.get("allOf").and_then(Value::as_array);
        let values = node.get("enum").and_then(Value::as_array);
        (kind == Some("object") || !object.iter().any(|key| has(key)))
            && (kind == Some("array") || !list.iter().any(|key| has(key)))
            && (kind != Some("object") || has("additionalProperties"))
            && (!has("exclusiveMinimum") || has("minimum"))
            && (!has("nullable") || (kind.is_some() && !beside))
            && (!has("nullable") || values.is_none_or(|values| values.contains(&Value::Null)))
            && !merged.is_some_and(|members| members.iter().any(|member| has_objects(all, member)))
    })
}

fn has_objects(all: &Value, schema: &Value) -> bool {
    let schema = resolved(all, schema);
    let mut inner = Vec::new();
    places(schema, "", &mut inner);
    let mut inner = inner.iter().filter(|place| !place.is_empty());
    schema.get("type").is_some_and(|name| name == "object")
        || inner.any(|place| has_objects(all, schema.pointer(place).expect("the place exists")))
}

/// A document with an operation that sends the schema, and one that gets it.
fn document(all: &Value) -> Value {
    let content =
        json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Sent" } } });
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Values", "version": "1.0.0" },
        "paths": { "/": {
            "put": {
                "operationId": "send",
                "requestBody": { "required": true, "content": content },
                "responses": { "204": { "description": "Done." } }
            },
            "get": {
                "operationId": "get",
                "responses": { "200": { "description": "Here it is.", "content": content } }
            }
        } },
        "components": { "schemas": all }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8 * ProptestConfig::default().cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_value_is_lost_or_added_without_a_breaking_change(
        sent in schema(),
        edits in vec((prop::bool::weighted(0.8), any::<Index>(), edit()), 1..3),
    ) {
        let old = schemas(&sent);
        let new = edits.iter().fold(old.clone(), |all, (in_sent, place, edit)| {
            edited(&all, (*in_sent, place), edit)
        });
        if !is_read_alike(&old) || !is_read_alike(&new) {
            return Ok(());
        }
        let changes = wire(&document(&old), &document(&new));
        let breaks = |operation: &str| changes.iter().any(|change| {
            change.level == Level::Breaking && change.operations.iter().any(|name| name == operation)
        });
        let (sent, got) = (breaks("send"), breaks("get"));
        for value in &*VALUES {
            let [before, now] = [&old, &new].map(|all| accepts(all, &all["Sent"], value));
            prop_assert!(sent || !before || now, "{value} is refused: {old} → {new}: {changes:#?}");
            prop_assert!(got || before || !now, "{value} may come: {old} → {new}: {changes:#?}");
        }
    }
}
