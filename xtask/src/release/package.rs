//! A published package, as cargo describes it.

use semver::Version;
use serde_json::Value;

use crate::Error;

pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: Version,
    /// Relative to the root of the workspace.
    pub(super) folder: String,
    described: Value,
}

/// The published packages, in the order of publication.
pub(super) fn published(metadata: &Value) -> Result<Vec<Package>, Error> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let mut open = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|described| described["publish"] != serde_json::json!([]))
        .map(|described| Package::read(described, root))
        .collect::<Result<Vec<_>, Error>>()?;
    let mut ordered: Vec<Package> = Vec::new();
    while !open.is_empty() {
        let names: Vec<_> = open.iter().map(|package| package.name.clone()).collect();
        let ready = |package: &Package| {
            package.on_others(&names).all(|dependency| dependency["kind"] == "dev")
        };
        let (next, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(ready);
        if next.is_empty() {
            return Err(Error::new(format!(
                "{} depend on each other in a cycle",
                names.join(", ")
            )));
        }
        ordered.extend(next);
        open = rest;
    }
    Ok(ordered)
}

impl Package {
    fn read(described: &Value, root: &str) -> Result<Self, Error> {
        let text = |key| described[key].as_str().unwrap_or_default();
        let name = text("name");
        let version = Version::parse(text("version"))
            .map_err(|e| Error::new(format!("the version of {name} cannot be read: {e}")))?;
        let manifest = text("manifest_path");
        let manifest =
            manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches(['/', '\\']);
        let folder = manifest.trim_end_matches("Cargo.toml").trim_end_matches(['/', '\\']);
        Ok(Self {
            name: name.to_owned(),
            version,
            folder: folder.to_owned(),
            described: described.clone(),
        })
    }

    /// The path of its manifest, for messages.
    pub(super) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }

    /// A non-empty text in its manifest.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.described[key].as_str().filter(|text| !text.trim().is_empty())
    }

    pub(super) fn texts(&self, key: &str) -> Vec<&str> {
        self.described[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(super) fn describes(&self, pointer: &str) -> Option<&Value> {
        self.described.pointer(pointer)
    }

    pub(super) fn dependencies(&self) -> impl Iterator<Item = &Value> {
        self.described["dependencies"].as_array().into_iter().flatten()
    }

    /// Its dependencies on the given packages.
    pub(super) fn on_others(&self, names: &[String]) -> impl Iterator<Item = &Value> {
        self.dependencies()
            .filter(|dependency| names.iter().any(|name| dependency["name"] == **name))
    }

    #[cfg(test)]
    pub(super) fn sample(described: &Value) -> Self {
        let mut whole = serde_json::json!({
            "name": "good", "version": "0.1.0", "manifest_path": "/root/good/Cargo.toml",
            "description": "Does good", "license": "MIT OR Apache-2.0", "readme": "README.md",
            "repository": "https://example.com/good", "rust_version": "1.88",
            "keywords": ["good"], "categories": ["api-bindings"], "features": {}, "dependencies": [],
        });
        for (key, value) in described.as_object().into_iter().flatten() {
            whole[key] = value.clone();
        }
        Self::read(&whole, "/root").expect("a package")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, publish: &Value, on: &[(&str, &str)]) -> Value {
        let on: Vec<_> =
            on.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
        json!({ "name": name, "version": "0.1.0", "publish": publish, "dependencies": on,
                "manifest_path": format!("/root/{name}/Cargo.toml") })
    }

    fn order(packages: &[Value]) -> Result<Vec<String>, String> {
        let metadata = json!({ "workspace_root": "/root", "packages": packages });
        let packages = published(&metadata).map_err(|e| e.to_string())?;
        Ok(packages.into_iter().map(|package| package.name).collect())
    }

    #[test]
    fn packages_follow_their_dependencies() {
        let all = Value::Null;
        let packages = [
            package("tool", &all, &[("client", "normal"), ("server", "normal")]),
            package("client", &all, &[("bindings", "normal"), ("server", "dev")]),
            package("kept", &json!([]), &[]),
            package("bindings", &all, &[("text", "build"), ("elsewhere", "normal")]),
            package("server", &all, &[("text", "normal"), ("client", "dev")]),
            package("text", &all, &[]),
        ];
        let expected = ["text", "bindings", "server", "client", "tool"].map(str::to_owned).to_vec();
        assert_eq!(order(&packages), Ok(expected));
        let circle =
            [package("a", &all, &[("b", "normal")]), package("b", &all, &[("a", "build")])];
        assert_eq!(order(&circle), Err("a, b depend on each other in a cycle".to_owned()));
    }

    #[test]
    fn a_folder_is_named_from_the_root() {
        let package = Package::sample(&json!({}));
        assert_eq!(
            (package.folder.as_str(), package.manifest().as_str()),
            ("good", "good/Cargo.toml")
        );
    }
}
