//! The sandbox is written from the description alone: types that it shared with the client would hide
//! mistakes that both make.

use serde_json::Value;

const SANDBOX: &str = "purge-sandbox";
const CLIENT: [&str; 3] = ["purge-api", "purge-api-ext", "purge-cli"];

/// The dependencies of the sandbox, of whatever kind, on a crate of the client. Nothing when there is no
/// sandbox in what `cargo metadata` printed.
pub(super) fn client_dependencies(metadata: &Value) -> Option<Vec<String>> {
    let packages = metadata.get("packages")?.as_array()?;
    let sandbox = packages.iter().find(|package| package["name"] == SANDBOX)?;
    let dependencies = sandbox.get("dependencies").and_then(Value::as_array);
    let names =
        dependencies.into_iter().flatten().filter_map(|dependency| dependency["name"].as_str());
    let shared = names.filter(|name| CLIENT.contains(name));
    Some(
        shared.map(|name| format!("{SANDBOX}/Cargo.toml depends on {name}; take it out")).collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_renamed_development_dependency_is_seen() {
        let metadata = |name: &str| {
            json!({ "packages": [
                { "name": "purge-tests", "dependencies": [{ "name": "purge-api" }] },
                { "name": SANDBOX, "dependencies": [{ "name": name, "kind": "dev", "rename": "other" }] },
            ] })
        };
        assert_eq!(client_dependencies(&metadata("purge-api")).map(|found| found.len()), Some(1));
        assert_eq!(client_dependencies(&metadata("purge-openapi")), Some(Vec::new()));
        assert_eq!(client_dependencies(&json!({ "packages": [] })), None);
    }
}
