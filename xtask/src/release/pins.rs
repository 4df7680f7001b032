//! What pipelines build: snippets in documents pin this release by its tag.

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
        // The tag must be on the same line, which readers copy as a whole.
        if line.contains("--git") && line.contains(&format!("/{name}")) {
            let tags = after(line, "--tag ").chain(after(line, "--tag="));
            complain("this build", tags.last().unwrap_or_default());
        }
    }
    found
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
    fn a_repository_elsewhere_has_no_pins() {
        let packages = [Package::sample(&json!({}))];
        assert_eq!(problems("README.md", "- uses: good/it@main\n", &packages), [""; 0]);
    }
}
