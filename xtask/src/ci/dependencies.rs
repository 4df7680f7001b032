//! Which packages may depend on the client.

use serde_json::Value;

const CLIENT: [&str; 3] = ["purge-api", "purge-api-ext", "purge-cli"];

/// The sandbox's dependencies on the client, of any kind: shared types would hide mistakes that both sides
/// make. `None` if `cargo metadata` lists no sandbox.
pub(super) fn of_sandbox(metadata: &Value) -> Option<Vec<String>> {
    none_of(metadata, "purge-sandbox")
}

/// The verifier's dependencies on the client, of any kind: without one, it cannot send the token to an edge. `None` if
/// `cargo metadata` lists no verifier.
pub(super) fn of_verify(metadata: &Value) -> Option<Vec<String>> {
    none_of(metadata, "purge-verify")
}

fn none_of(metadata: &Value, package: &str) -> Option<Vec<String>> {
    let found = on_client(metadata, package)?;
    Some(
        found
            .map(|(name, _)| format!("{package}/Cargo.toml depends on {name}; remove it"))
            .collect(),
    )
}

/// The non-optional dependencies of xtask on the client. With one, xtask could not review a description
/// that breaks the client.
pub(super) fn of_xtask(metadata: &Value) -> Option<Vec<String>> {
    let needed =
        on_client(metadata, "xtask")?.filter(|(_, dependency)| dependency["optional"] != true);
    Some(
        needed
            .map(|(name, _)| format!("xtask/Cargo.toml depends on {name}; make it optional"))
            .collect(),
    )
}

fn on_client<'a>(
    metadata: &'a Value,
    package: &str,
) -> Option<impl Iterator<Item = (&'a str, &'a Value)>> {
    let packages = metadata.get("packages")?.as_array()?;
    let package = packages.iter().find(|candidate| candidate["name"] == package)?;
    let dependencies = package.get("dependencies").and_then(Value::as_array);
    let named = dependencies.into_iter().flatten().filter_map(|dependency| {
        let name = dependency["name"].as_str()?;
        Some((name, dependency))
    });
    Some(named.filter(|(name, _)| CLIENT.contains(name)))
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
    fn only_an_optional_dependency_is_allowed() {
        let of = |optional: bool| {
            let dependency = json!({ "name": "purge-cli", "kind": null, "optional": optional });
            of_xtask(&metadata("xtask", &dependency)).map(|found| found.len())
        };
        assert_eq!((of(true), of(false)), (Some(0), Some(1)));
    }
}
