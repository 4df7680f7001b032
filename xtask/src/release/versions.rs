//! The crates are released together, so they share one version, and each requires the others at that
//! version.

use semver::{Version, VersionReq};

use super::package::Package;

pub(super) fn of_packages(packages: &[Package]) -> Vec<String> {
    let Some(Package { version, .. }) = packages.first() else { return Vec::new() };
    let names: Vec<_> = packages.iter().map(|package| package.name.clone()).collect();
    let mut found = Vec::new();
    for package in packages {
        let (manifest, other) = (package.manifest(), &package.version);
        if other != version {
            found.push(format!(
                "{manifest}: version {other}, but {} has {version}; write `version.workspace = true`",
                packages[0].name
            ));
        }
        for dependency in package.on_others(&names) {
            let (name, required) = (&dependency["name"], &dependency["req"]);
            let (name, required) =
                (name.as_str().unwrap_or_default(), required.as_str().unwrap_or_default());
            // Only a dev-dependency may have no version; `metadata` reports others.
            if required != "*" && required != format!("^{version}") {
                found.push(format!(
                    "{manifest}: requires {name} {required}; write `{version}` in [workspace.dependencies]"
                ));
            }
        }
    }
    found
}

/// The versions that a text tells its readers to write into `Cargo.toml`.
pub(super) fn in_text(file: &str, text: &str, packages: &[Package]) -> Vec<String> {
    let told = text.lines().enumerate().filter_map(|(index, line)| {
        let (name, value) = line.split_once(" = ")?;
        let package = packages.iter().find(|package| package.name == name)?;
        let value = value.split_once("version = ").map_or(value, |(_, value)| value);
        let required = value.strip_prefix('"')?.split('"').next()?;
        Some((index + 1, package, required))
    });
    told.filter(|(_, package, required)| !matches(required, &package.version))
        .map(|(line, Package { name, version, .. }, required)| {
            format!("{file}:{line}: `{name} = \"{required}\"` does not match {version}")
        })
        .collect()
}

fn matches(required: &str, version: &Version) -> bool {
    VersionReq::parse(required).is_ok_and(|required| required.matches(version))
}

/// The lock file of another workspace keeps the old versions until it is updated.
pub(super) fn in_lock(file: &str, text: &str, packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in text.split("[[package]]") {
        let field = |key: &str| {
            let mut values = entry.lines().filter_map(|line| line.strip_prefix(key));
            values.next().map(|value| value.trim_matches('"'))
        };
        let (Some(name), Some(locked), None) =
            (field("name = "), field("version = "), field("source = "))
        else {
            continue;
        };
        let Some(package) = packages.iter().find(|package| package.name == name) else { continue };
        if locked != package.version.to_string() {
            let folder = file.trim_end_matches("Cargo.lock");
            found.push(format!(
                "{file}: locks {name} {locked}, but the version is now {}; run `cargo update --workspace` in ./{folder}",
                package.version
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn other_versions_are_found_where_they_are_written() {
        let on = |required: &str| json!([{ "name": "good", "req": required, "kind": null }]);
        let check = |second: serde_json::Value, expected: &[&str]| {
            let packages = [Package::sample(&json!({})), Package::sample(&second)];
            assert_eq!(of_packages(&packages), expected);
        };
        check(json!({ "name": "next", "dependencies": on("^0.1.0") }), &[]);
        check(json!({ "name": "next", "dependencies": on("*") }), &[]);
        check(
            json!({ "name": "next", "version": "0.2.0", "dependencies": on("^0.1") }),
            &[
                "good/Cargo.toml: version 0.2.0, but good has 0.1.0; write `version.workspace = true`",
                "good/Cargo.toml: requires good ^0.1; write `0.1.0` in [workspace.dependencies]",
            ],
        );
    }

    #[test]
    fn versions_in_texts_must_match() {
        let packages = [Package::sample(&json!({}))];
        let check = |line: &str, expected: &[&str]| {
            assert_eq!(
                in_text("README.md", &format!("text\n{line}\n"), &packages),
                expected,
                "{line}"
            );
        };
        check("good = \"0.1\"", &[]);
        check("good = { version = \"0.1\", features = [\"a\"] }", &[]);
        check("better = \"7\"", &[]);
        check("good = { path = \"good\" }", &[]);
        check("good = \"0.2\"", &["README.md:2: `good = \"0.2\"` does not match 0.1.0"]);
        check("good = { version = \"1\" }", &["README.md:2: `good = \"1\"` does not match 0.1.0"]);
    }

    #[test]
    fn an_outdated_lock_file_is_found() {
        let packages = [Package::sample(&json!({}))];
        let lock = |version: &str, source: &str| {
            format!(
                "version = 4\n\n[[package]]\nname = \"good\"\nversion = \"{version}\"\n{source}\n"
            )
        };
        assert_eq!(in_lock("fuzz/Cargo.lock", &lock("0.1.0", ""), &packages), [""; 0]);
        assert_eq!(
            in_lock("fuzz/Cargo.lock", &lock("0.0.9", "source = \"registry\"\n"), &packages),
            [""; 0]
        );
        assert_eq!(
            in_lock("fuzz/Cargo.lock", &lock("0.0.9", ""), &packages),
            [
                "fuzz/Cargo.lock: locks good 0.0.9, but the version is now 0.1.0; run `cargo update --workspace` in ./fuzz/"
            ]
        );
    }
}
