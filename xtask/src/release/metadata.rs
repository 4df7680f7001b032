//! What the registry refuses, and what its pages and docs.rs show.

use serde_json::{Value, json};

use super::package::Package;

/// The valid categories: the registry drops others silently and accepts the package all the same.
const CATEGORIES: &str = include_str!("categories.txt");

pub(super) fn problems(package: &Package) -> Vec<String> {
    let mut found = Vec::new();
    for key in ["description", "license", "repository", "readme", "rust_version"] {
        if package.text(key).is_none() {
            found.push(format!("there is no `{}`", key.replace('_', "-")));
        }
    }
    let keywords = package.texts("keywords");
    if !(1..=5).contains(&keywords.len()) {
        found.push(format!("{} keywords; give 1 to 5", keywords.len()));
    }
    for keyword in keywords.iter().filter(|keyword| !is_keyword(keyword)) {
        found.push(format!(
            "the keyword `{keyword}` is not 1 to 20 ASCII letters, digits, `_`, `-` or `+` that begin \
             with a letter or digit"
        ));
    }
    let categories = package.texts("categories");
    if !(1..=5).contains(&categories.len()) {
        found.push(format!("{} categories; give 1 to 5", categories.len()));
    }
    for category in
        categories.iter().filter(|name| !CATEGORIES.lines().any(|known| known == **name))
    {
        found.push(format!("the registry has no category `{category}`"));
    }
    let features = package.describes("/features").and_then(Value::as_object);
    let optional = features.is_some_and(|features| features.keys().any(|name| name != "default"));
    if optional && package.describes("/metadata/docs/rs/all-features") != Some(&json!(true)) {
        found.push(
            "docs.rs would leave out items behind features; \
             set `all-features = true` under [package.metadata.docs.rs]"
                .to_owned(),
        );
    }
    found.extend(package.dependencies().filter_map(unpublishable));
    found.into_iter().map(|problem| format!("{}: {problem}", package.manifest())).collect()
}

fn is_keyword(text: &str) -> bool {
    (1..=20).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+".contains(&byte))
}

fn unpublishable(dependency: &Value) -> Option<String> {
    let name = dependency["name"].as_str()?;
    let local = dependency["path"].is_string();
    // Cargo drops local dev-dependencies, which are not published.
    if dependency["kind"] == "dev" && local {
        return None;
    }
    let from_git = dependency["source"].as_str().is_some_and(|source| source.starts_with("git+"));
    if from_git {
        Some(format!("{name} is from a git repository; require a version from a registry"))
    } else if dependency["req"] == "*" {
        Some(format!("{name} has no version; require one"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_fields_are_named() {
        let check = |described: Value, expected: &[&str]| {
            let expected: Vec<_> =
                expected.iter().map(|text| format!("good/Cargo.toml: {text}")).collect();
            assert_eq!(problems(&Package::sample(&described)), expected);
        };
        check(json!({}), &[]);
        check(
            json!({ "description": " ", "license": null, "readme": null, "repository": null, "rust_version": null }),
            &[
                "there is no `description`",
                "there is no `license`",
                "there is no `repository`",
                "there is no `readme`",
                "there is no `rust-version`",
            ],
        );
        let wrong = "is not 1 to 20 ASCII letters, digits, `_`, `-` or `+` that begin with a letter or digit";
        check(
            json!({ "keywords": ["http/2", "-a", "c++", "a23456789012345678901"] }),
            &[
                &format!("the keyword `http/2` {wrong}"),
                &format!("the keyword `-a` {wrong}"),
                &format!("the keyword `a23456789012345678901` {wrong}"),
            ],
        );
        check(
            json!({ "keywords": ["a", "b", "c", "d", "e", "f"], "categories": [] }),
            &["6 keywords; give 1 to 5", "0 categories; give 1 to 5"],
        );
        check(json!({ "categories": ["cdn"] }), &["the registry has no category `cdn`"]);
        let features = json!({ "default": ["a"], "a": [] });
        check(
            json!({ "features": features, "metadata": { "docs": { "rs": { "all-features": true } } } }),
            &[],
        );
        check(
            json!({ "features": features, "metadata": null }),
            &["docs.rs would leave out items behind features; \
               set `all-features = true` under [package.metadata.docs.rs]"],
        );
    }

    #[test]
    fn dependencies_must_be_available_to_others() {
        let of = |dependency: Value| {
            problems(&Package::sample(&json!({ "dependencies": [dependency] })))
        };
        let registry = "registry+https://example.com/index";
        for fine in [
            json!({ "name": "a", "kind": null, "req": "^1", "source": registry }),
            json!({ "name": "a", "kind": null, "req": "^1", "source": null, "path": "/root/a" }),
            json!({ "name": "a", "kind": "dev", "req": "*", "source": null, "path": "/root/a" }),
        ] {
            assert_eq!(of(fine), [""; 0]);
        }
        let unversioned = ["good/Cargo.toml: a has no version; require one"];
        assert_eq!(
            of(json!({ "name": "a", "kind": null, "req": "*", "path": "/root/a" })),
            unversioned
        );
        assert_eq!(
            of(json!({ "name": "a", "kind": "build", "req": "*", "source": registry })),
            unversioned
        );
        assert_eq!(
            of(
                json!({ "name": "a", "kind": null, "req": "^1", "source": "git+https://example.com/a" })
            ),
            ["good/Cargo.toml: a is from a git repository; require a version from a registry"]
        );
    }
}
