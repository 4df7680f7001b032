use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

/// The key of each graded fact in a description, and its grade.
///
/// A grade applies to everything inside, so each property of a graded schema that has no grade of its own is a fact, too.
fn graded(
    file: &str,
    place: &str,
    value: &Value,
    inherited: Option<&str>,
    found: &mut BTreeMap<String, String>,
) {
    let key = |part: &str| format!("{file}#{place}{part}");
    let mut inherited = inherited.map(str::to_owned);
    match &value["x-provenance"] {
        Value::String(grade) => {
            found.insert(key(""), grade.clone());
            inherited = Some(grade.clone());
        }
        Value::Object(parts) => {
            for (part, grade) in parts {
                found.insert(
                    key(&format!(" · {part}")),
                    grade.as_str().expect("a grade").to_owned(),
                );
            }
            inherited = None;
        }
        _ => {
            let parent = place.rsplit('/').nth(1);
            if let Some(grade) = inherited.as_deref().filter(|_| parent == Some("properties")) {
                found.insert(key(""), grade.to_owned());
            }
        }
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (name.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, child)| (at.to_string(), child)).collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children.into_iter().filter(|(name, _)| name != "x-provenance") {
        graded(file, &format!("{place}/{name}"), child, inherited.as_deref(), found);
    }
}

#[test]
fn every_graded_fact_of_the_descriptions_has_a_check() {
    let mut described = BTreeMap::new();
    for description in purge_openapi::DESCRIPTIONS {
        let document = purge_openapi::parse(description.yaml).expect("YAML");
        graded(&format!("{}.yaml", description.name), "", &document, None, &mut described);
    }
    let checked =
        facts().filter_map(|fact| Some((fact.place?.to_owned(), fact.grade.word().to_owned())));
    let checked: BTreeMap<_, _> = checked.collect();
    assert_eq!(checked, described);
}

#[test]
fn names_are_unique_and_nothing_is_seen_in_nothing() {
    let names: std::collections::BTreeSet<_> = facts().map(|fact| fact.name).collect();
    assert_eq!(names.len(), facts().count());
    for finding in findings(&Seen::default()) {
        assert_eq!(finding.outcome, Outcome::NotSeen, "{}: {}", finding.fact.name, finding.seen);
    }
}
