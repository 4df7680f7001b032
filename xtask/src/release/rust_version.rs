//! The oldest supported Rust: the same in the manifests, the README and the linter.

use std::process::Command;

use serde_json::Value;

use super::package::Package;
use crate::workspace::Tree;

pub(super) fn of_packages(packages: &[Package], readme: &str) -> Vec<String> {
    let Some(oldest) = oldest(packages) else { return Vec::new() };
    let mut found: Vec<_> = packages
        .iter()
        .filter(|package| package.text("rust_version") != Some(oldest))
        .map(|package| {
            let manifest = package.manifest();
            format!(
                "{manifest}: does not require Rust {oldest} as the others do; write `rust-version.workspace = true`"
            )
        })
        .collect();
    if !readme.contains(&format!("Rust {oldest}")) {
        found.push(format!(
            "README.md: does not say that it requires Rust {oldest} or newer; say so"
        ));
    }
    found
}

/// Clippy reads `Cargo.toml`; a separate setting would override it.
pub(super) fn in_clippy(file: &str, text: &str, packages: &[Package]) -> Vec<String> {
    let settings = text.lines().filter(|line| line.trim_start().starts_with("msrv"));
    let own = settings.filter(|line| {
        oldest(packages).is_none_or(|oldest| !line.contains(&format!("\"{oldest}\"")))
    });
    own.map(|line| format!("{file}: `{}`; remove it; Cargo.toml sets it", line.trim())).collect()
}

/// The images in which pipelines build the program.
pub(super) fn in_image(file: &str, text: &str, packages: &[Package]) -> Vec<String> {
    let Some(oldest) = oldest(packages) else { return Vec::new() };
    let images = text.lines().enumerate().filter_map(|(index, line)| {
        Some((index + 1, line.trim_start().strip_prefix("image: rust:")?.trim_end()))
    });
    images
        .filter(|(_, image)| *image != oldest)
        .map(|(line, image)| {
            format!("{file}:{line}: the image is `rust:{image}`; write `rust:{oldest}`")
        })
        .collect()
}

/// The toolchains that workflows install and run by version.
pub(super) fn in_workflow(file: &str, text: &str, packages: &[Package]) -> Vec<String> {
    let Some(oldest) = oldest(packages) else { return Vec::new() };
    let named = text.lines().enumerate().flat_map(|(index, line)| {
        ["toolchain install ", "cargo +"].into_iter().filter_map(move |before| {
            let version = line.split_once(before)?.1.split_whitespace().next()?;
            version
                .starts_with(|first: char| first.is_ascii_digit())
                .then_some((index + 1, version))
        })
    });
    named
        .filter(|(_, version)| *version != oldest)
        .map(|(line, version)| format!("{file}:{line}: the toolchain is {version}; write {oldest}"))
        .collect()
}

/// The packages that need a newer Rust than the oldest supported one.
pub(super) fn of_dependencies(metadata: &Value, packages: &[Package]) -> Vec<String> {
    let Some(oldest) = oldest(packages).and_then(numbers) else { return Vec::new() };
    let all = metadata["packages"].as_array().into_iter().flatten();
    all.filter_map(|package| {
        let needed = package["rust_version"].as_str()?;
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        (numbers(needed)? > oldest).then(|| {
            format!(
                "Cargo.lock: {} {} needs Rust {needed}; use an older version, or raise the oldest supported Rust",
                text("name"),
                text("version")
            )
        })
    })
    .collect()
}

/// Whether that toolchain compiles everything; `None` if it is not installed.
pub(super) fn compile(tree: &Tree, oldest: &str) -> Option<Result<(), String>> {
    let rust = |arguments: &[&str]| {
        let mut command = Command::new("rustup");
        command.args(["run", oldest]).args(arguments).current_dir(tree.path(""));
        // The cargo that runs this program sets these for its own toolchain.
        for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
            command.env_remove(name);
        }
        command.output().ok()
    };
    rust(&["rustc", "--version"]).filter(|output| output.status.success())?;
    let check = ["cargo", "check", "--quiet", "--workspace", "--all-features", "--locked"];
    let output = rust(&[&check[..], &["--target-dir=target/oldest-rust"]].concat())?;
    Some(if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

fn oldest(packages: &[Package]) -> Option<&str> {
    packages.first()?.text("rust_version")
}

fn numbers(version: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = version.split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next().unwrap_or(Some(0))?, numbers.next().unwrap_or(Some(0))?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn version_is_the_same_everywhere() {
        let packages =
            [Package::sample(&json!({})), Package::sample(&json!({ "rust_version": "1.9" }))];
        assert_eq!(of_packages(&packages[..1], "Needs Rust 1.88 or newer."), [""; 0]);
        assert_eq!(
            of_packages(&packages, "Needs Rust 1.90."),
            [
                "good/Cargo.toml: does not require Rust 1.88 as the others do; write `rust-version.workspace = true`",
                "README.md: does not say that it requires Rust 1.88 or newer; say so",
            ]
        );
        assert_eq!(in_clippy("clippy.toml", "msrv = \"1.88\"\n", &packages), [""; 0]);
        assert_eq!(
            in_clippy("clippy.toml", "msrv = \"1.90\"\n", &packages),
            ["clippy.toml: `msrv = \"1.90\"`; remove it; Cargo.toml sets it"]
        );
    }

    #[test]
    fn pipelines_build_with_the_oldest_rust() {
        let packages = [Package::sample(&json!({}))];
        let check =
            |image: &str| in_image("ci.yml", &format!("job:\n  image: {image}\n"), &packages);
        assert_eq!(check("rust:1.88"), [""; 0]);
        assert_eq!(check("debian:12"), [""; 0]);
        for wrong in ["rust:1", "rust:1.89", "rust:latest"] {
            let line = format!("ci.yml:2: the image is `{wrong}`; write `rust:1.88`");
            assert_eq!(check(wrong), [line]);
        }
    }

    #[test]
    fn workflows_check_with_the_oldest_rust() {
        let packages = [Package::sample(&json!({}))];
        let check = |line: &str| in_workflow("ci.yml", &format!("- run: {line}\n"), &packages);
        for right in [
            "rustup toolchain install 1.88",
            "cargo +1.88 check",
            "rustup toolchain install \"$RUST\"",
            "cargo +nightly fuzz",
        ] {
            assert_eq!(check(right), [""; 0], "{right}");
        }
        for wrong in ["rustup toolchain install 1.89 --profile minimal", "cargo +1.89 check"] {
            assert_eq!(check(wrong), ["ci.yml:1: the toolchain is 1.89; write 1.88"]);
        }
    }

    #[test]
    fn a_dependency_must_not_need_a_newer_rust() {
        let packages = [Package::sample(&json!({}))];
        let of = |needed: Value| {
            let all = json!({ "packages": [{ "name": "a", "version": "1.0.0", "rust_version": needed }] });
            of_dependencies(&all, &packages)
        };
        for enough in [json!(null), json!("1.9"), json!("1.88"), json!("1.88.0")] {
            assert_eq!(of(enough), [""; 0]);
        }
        for more in ["1.88.1", "1.89", "2.0"] {
            let line = format!(
                "Cargo.lock: a 1.0.0 needs Rust {more}; use an older version, or raise the oldest supported Rust"
            );
            assert_eq!(of(json!(more)), [line]);
        }
    }
}
