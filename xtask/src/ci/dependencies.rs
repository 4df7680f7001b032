//! Which packages may depend on the client.

use std::collections::BTreeSet;

use serde_json::Value;

const CLIENT: [&str; 3] = ["purge-api", "purge-api-ext", "purge-cli"];

/// The sandbox's dependencies on the client, direct or through another package of the workspace, of any kind: shared types would hide mistakes that both sides
/// make. `None` if `cargo metadata` lists no sandbox.
pub(super) fn of_sandbox(metadata: &Value) -> Option<Vec<String>> {
    none_of(metadata, "purge-sandbox")
}

/// The verifier's dependencies on the client, direct or through another package of the workspace, of any kind: without one, it cannot send the token to an edge. `None` if
/// `cargo metadata` lists no verifier.
pub(super) fn of_verify(metadata: &Value) -> Option<Vec<String>> {
    none_of(metadata, "purge-verify")
}

fn none_of(metadata: &Value, package: &str) -> Option<Vec<String>> {
    let found = on_client(metadata, package, |_| true)?;
    Some(found.iter().map(|way| format!("{way}; remove it")).collect())
}

/// The non-optional dependencies of xtask on the client. With one, xtask could not review a description
/// that breaks the client.
pub(super) fn of_xtask(metadata: &Value) -> Option<Vec<String>> {
    let found = on_client(metadata, "xtask", |dependency| dependency["optional"] != true)?;
    Some(found.iter().map(|way| format!("{way}; make it optional")).collect())
}

/// The dependencies on the client among those that count, each with the package that has it.
fn on_client(
    metadata: &Value,
    package: &str,
    counts: impl Fn(&Value) -> bool,
) -> Option<Vec<String>> {
    let packages = metadata.get("packages")?.as_array()?;
    let named = |name: &str| packages.iter().find(|candidate| candidate["name"] == name);
    let mut open = vec![named(package)?];
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(owner) = open.pop() {
        let from = owner["name"].as_str()?;
        let dependencies = owner["dependencies"].as_array().into_iter().flatten();
        // The tests of a dependency are not built.
        let dependencies =
            dependencies.filter(|one| counts(one) && (from == package || one["kind"] != "dev"));
        for name in dependencies.filter_map(|one| one["name"].as_str()) {
            if CLIENT.contains(&name) {
                let of = if from == package {
                    String::new()
                } else {
                    format!(", a dependency of {package},")
                };
                found.push(format!("{from}/Cargo.toml{of} depends on {name}"));
            } else if seen.insert(name) {
                open.extend(named(name));
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(package: &str, dependency: &Value) -> Value {
        json!({ "packages": [
            { "name": "purge-tests", "dependencies": [{ "name": "purge-api" }] },
            { "name": package, "dependencies": [dependency] },
        ] })
    }

    #[test]
    fn a_renamed_development_dependency_is_seen() {
        let of = |name: &str| {
            let dependency =
                json!({ "name": name, "kind": "dev", "rename": "other", "optional": false });
            of_sandbox(&metadata("purge-sandbox", &dependency)).map(|found| found.len())
        };
        assert_eq!(of("purge-api"), Some(1));
        assert_eq!(of("purge-openapi"), Some(0));
        assert_eq!(of_sandbox(&json!({ "packages": [] })), None);
        let dependency = json!({ "name": "purge-api-ext", "kind": null, "optional": true });
        let found = of_verify(&metadata("purge-verify", &dependency));
        assert_eq!(
            found,
            Some(vec!["purge-verify/Cargo.toml depends on purge-api-ext; remove it".into()])
        );
    }

    #[test]
    fn a_dependency_through_another_package_is_seen() {
        let of = |kind: &str, optional: bool| {
            let dependency = |name: &str, kind: &str| json!({ "name": name, "kind": kind, "optional": optional });
            let metadata = json!({ "packages": [
                { "name": "purge-verify", "dependencies": [dependency("purge-site", "dev")] },
                { "name": "xtask", "dependencies": [dependency("purge-site", "dev")] },
                { "name": "purge-site", "dependencies": [
                    dependency("purge-api-ext", kind), dependency("purge-verify", "dev"),
                ] },
            ] });
            let count = |found: Option<Vec<String>>| found.map(|found| found.len());
            (count(of_verify(&metadata)), count(of_xtask(&metadata)))
        };
        assert_eq!(of("normal", false), (Some(1), Some(1)));
        assert_eq!(of("build", true), (Some(1), Some(0)));
        assert_eq!(of("dev", false), (Some(0), Some(0)));
    }

    #[test]
    fn only_an_optional_dependency_is_allowed() {
        let of = |optional: bool| {
            let dependency = json!({ "name": "purge-cli", "kind": null, "optional": optional });
            of_xtask(&metadata("xtask", &dependency)).map(|found| found.len())
        };
        assert_eq!((of(true), of(false)), (Some(0), Some(1)));
    }
}
