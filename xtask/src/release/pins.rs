//! Checks that the snippets for pipelines in documents pin this release by its tag.

use super::package::Package;

/// Whether a character ends the name of a tag.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`' | ')' | ';' | ',' | '<' | '>')
}

/// The places in a text that build this repository, or use a file of it, at anything but the tag of this
/// version.
pub(super) fn problems(file: &str, text: &str, packages: &[Package]) -> Vec<String> {
    let Some(first) = packages.first() else { return Vec::new() };
    let Some(name) = first.text("repository").and_then(name_of) else { return Vec::new() };
    let tag = format!("v{}", first.version);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut complain = |what: &str, pinned: &str| {
            if pinned != tag {
                let pinned = if pinned.is_empty() { "nothing" } else { pinned };
                found.push(format!(
                    "{file}:{}: {what} is pinned to `{pinned}`; write `{tag}`",
                    index + 1
                ));
            }
        };
        for pinned in after(line, &format!("{name}@")) {
            complain("the action", pinned);
        }
        for pinned in after(line, &format!("raw.githubusercontent.com/{name}/")) {
            complain("a file of this repository", pinned);
        }
        for pinned in after(line, &format!("{name}/releases/download/")) {
            complain("a file of the release", pinned);
        }
        // The tag must be on the same line, which readers copy as a whole.
        if line.contains("--git") && line.contains(&format!("/{name}")) {
            let tags = after(line, "--tag ").chain(after(line, "--tag="));
            complain("this build", tags.last().unwrap_or_default());
        }
        found.extend(
            assets(line, name, &first.version.to_string())
                .map(|problem| format!("{file}:{}: {problem}", index + 1)),
        );
    }
    found
}

/// What is wrong with the names of images and files in a line. They have the version without a `v`.
fn assets(line: &str, name: &str, version: &str) -> impl Iterator<Item = String> {
    let image = format!("ghcr.io/{name}:");
    let images =
        after(line, &image).filter(|tag| *tag != version).map(|tag| format!("{image}{tag}"));
    let files = ["cdn-purge-", "cdn-purge_"].into_iter().flat_map(|start| {
        after(line, start)
            .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            .filter(|rest| {
                let rest = rest.strip_prefix(version);
                rest.is_none_or(|rest| !rest.starts_with(['-', '_']))
            })
            .map(move |rest| format!("{start}{rest}"))
    });
    let found: Vec<_> = images.chain(files).collect();
    found.into_iter().map(move |asset| format!("`{asset}` does not belong to this version"))
}

/// The places in a workflow that use an action by a name that can be moved to another commit.
pub(super) fn of_actions(file: &str, text: &str) -> Vec<String> {
    let used = text.lines().enumerate().filter_map(|(index, line)| {
        let used = line.trim_start().trim_start_matches("- ").strip_prefix("uses:")?;
        Some((index + 1, used.trim()))
    });
    used.filter(|(_, used)| !used.starts_with("./") && !is_commit(used))
        .map(|(line, used)| {
            format!(
                "{file}:{line}: `{used}` can change; write the commit, and its version as a comment"
            )
        })
        .collect()
}

/// Whether an action is named as `owner/name@COMMIT # VERSION`.
fn is_commit(used: &str) -> bool {
    let Some((_, pinned)) = used.split_once('@') else { return false };
    let Some((commit, version)) = pinned.split_once(" # v") else { return false };
    commit.len() == 40
        && commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && version.starts_with(|first: char| first.is_ascii_digit())
}

/// The owner and name of a repository, from its URL.
fn name_of(repository: &str) -> Option<&str> {
    let name = repository.strip_prefix("https://github.com/")?;
    Some(name.trim_end_matches('/').trim_end_matches(".git"))
}

/// The words that follow a text in a line.
fn after<'a>(line: &'a str, text: &'a str) -> impl Iterator<Item = &'a str> {
    line.split(text).skip(1).map(|rest| rest.split(is_end).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pipelines_must_pin_this_version() {
        let repository = "https://github.com/good/it";
        let packages = [Package::sample(&json!({ "repository": repository }))];
        let check = |line: &str, expected: &[&str]| {
            let found = problems("README.md", &format!("text\n{line}\n"), &packages);
            assert_eq!(found, expected, "{line}");
        };
        let install = "(cargo install --git https://github.com/good/it";
        for right in [
            "- uses: good/it@v0.1.0",
            "Use `good/it@v0.1.0`.",
            "#  - remote: https://raw.githubusercontent.com/good/it/v0.1.0/ci.yml",
            &format!("{install} --tag v0.1.0 --locked it)"),
            &format!("{install} --tag=v0.1.0)"),
            "cargo install --git https://github.com/other/it",
            "cargo install --path it --locked",
            "- uses: actions/checkout@v4",
            "see https://github.com/good/it/blob/main/README.md",
        ] {
            check(right, &[]);
        }
        let action = |pinned: &str| {
            format!("README.md:2: the action is pinned to `{pinned}`; write `v0.1.0`")
        };
        for wrong in ["main", "v0.1", "v0.1.01", "0.1.0", "v0.2.0"] {
            check(&format!("- uses: good/it@{wrong}"), &[&action(wrong)]);
        }
        check(
            "remote: https://raw.githubusercontent.com/good/it/main/ci.yml",
            &["README.md:2: a file of this repository is pinned to `main`; write `v0.1.0`"],
        );
        let build = |pinned: &str| {
            format!("README.md:2: this build is pinned to `{pinned}`; write `v0.1.0`")
        };
        check(&format!("{install} --locked it)"), &[&build("nothing")]);
        check("  --git https://github.com/good/it it", &[&build("nothing")]);
        check(&format!("{install} --branch main it)"), &[&build("nothing")]);
        check(&format!("{install} --tag v0.0.9 it)"), &[&build("v0.0.9")]);
    }

    #[test]
    fn images_and_files_are_of_this_version() {
        let packages = [Package::sample(&json!({ "repository": "https://github.com/good/it" }))];
        let check = |line: &str, expected: &[&str]| {
            assert_eq!(problems("README.md", line, &packages), expected, "{line}");
        };
        for right in [
            "image: ghcr.io/good/it:0.1.0",
            "https://github.com/good/it/releases/download/v0.1.0/cdn-purge-0.1.0-x86_64-unknown-linux-musl.tar.gz",
            "dpkg -i cdn-purge_0.1.0_amd64.deb",
            "key: cdn-purge-$RUN; cdn-purge-VERSION-TARGET.tar.gz; ghcr.io/other/it:1",
        ] {
            check(right, &[]);
        }
        for wrong in [
            "ghcr.io/good/it:0.2.0",
            "ghcr.io/good/it:latest",
            "cdn-purge_0.0.9_amd64.deb",
            "cdn-purge-0.1.01-x",
        ] {
            check(wrong, &[&format!("README.md:1: `{wrong}` does not belong to this version")]);
        }
        check(
            "https://github.com/good/it/releases/download/v0.2.0/SHA256SUMS",
            &["README.md:1: a file of the release is pinned to `v0.2.0`; write `v0.1.0`"],
        );
    }

    #[test]
    fn actions_are_pinned_to_commits() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let check = |used: &str| of_actions("ci.yml", &format!("steps:\n  - uses: {used}\n"));
        for right in [format!("good/it@{commit} # v1.2.3"), "./here".to_owned()] {
            assert_eq!(check(&right), [""; 0], "{right}");
        }
        for wrong in [
            "good/it@v4".to_owned(),
            "good/it".to_owned(),
            format!("good/it@{commit}"),
            format!("good/it@{commit} # main"),
            format!("good/it@{} # v1", &commit[1..]),
            format!("good/it@{} # v1", commit.to_uppercase()),
        ] {
            let line = format!(
                "ci.yml:2: `{wrong}` can change; write the commit, and its version as a comment"
            );
            assert_eq!(check(&wrong), [line]);
        }
    }

    #[test]
    fn a_repository_elsewhere_has_no_pins() {
        let packages = [Package::sample(&json!({}))];
        assert_eq!(problems("README.md", "- uses: good/it@main\n", &packages), [""; 0]);
    }
}
