//! What must hold for any change to the description, called by the fuzz target and by the test of its corpus.

use std::sync::LazyLock;

use serde_json::Value;

use openapi_review::wire;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    purge_openapi::parse(purge_openapi::PURGE.yaml).expect("the description is YAML")
});

/// Reads the bytes as a merge patch (RFC 7396) of the description. Changes are reported in both directions, and nothing
/// is reported if nothing changes.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(patch) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut changed = DESCRIPTION.clone();
    merge(&mut changed, &patch);
    let forth = wire(&DESCRIPTION, &changed);
    assert_eq!(forth.is_empty(), wire(&changed, &DESCRIPTION).is_empty());
    assert!(wire(&changed, &changed).is_empty());
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}
