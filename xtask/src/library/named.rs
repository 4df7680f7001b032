//! Breaks that the changelog names, which is how they are announced before the first release.

pub(super) const FILE: &str = "CHANGELOG.md";

/// The breaks that are not named under `### Breaking` of Unreleased. A name is the path of the item in code.
pub(super) fn unnamed(changelog: &str, breaking: &[String]) -> Vec<String> {
    let names: Vec<Vec<&str>> = names(section(changelog)).map(segments).collect();
    let is_named = |line: &&String| {
        let known = segments(item(line));
        names.iter().any(|name| !name.is_empty() && name.iter().all(|part| known.contains(part)))
    };
    breaking.iter().filter(|line| !is_named(line)).cloned().collect()
}

/// Whether a text in code under `### Breaking` of Unreleased is exactly this one.
pub(super) fn has(changelog: &str, name: &str) -> bool {
    names(section(changelog)).any(|known| known == name)
}

fn section(changelog: &str) -> &str {
    let unreleased = part(changelog, "\n## ", "[Unreleased]");
    part(unreleased, "\n### ", "Breaking")
}

/// The text below a heading, up to the next one of its kind.
fn part<'t>(text: &'t str, mark: &str, heading: &str) -> &'t str {
    let parts = text.split(mark).skip(1).filter_map(|part| part.split_once('\n'));
    parts.into_iter().find(|(name, _)| name.trim() == heading).map_or("", |(_, body)| body)
}

/// The pieces of code in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a line of the tool is about, without the crate, the kind of break and the file.
fn item(line: &str) -> &str {
    let item = line.splitn(3, ": ").nth(2).unwrap_or(line);
    let item = item.rsplit_once(" in ").map_or(item, |(item, _)| item);
    item.strip_suffix(", previously").unwrap_or(item)
}

/// The parts of a path.
fn segments(text: &str) -> Vec<&str> {
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- `Client::new` takes a token, and \
                             `Reply.code` is gone.\n- `Old` is gone.\n\n### Added\n\n- `Client::more`.\n\n## \
                             [0.1.0] - 2026-01-31\n\n### Breaking\n\n- `Ancient`.\n";

    #[test]
    fn only_what_the_section_names_is_announced() {
        let lines =
            |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let named = [
            "a: method parameter count changed: a::Client::new now takes 2 parameters, in a/src/lib.rs:3",
            "a: struct missing: struct a::Old, previously in file a/src/lib.rs:3",
            "a: method missing: Old::f, previously in file a/src/lib.rs:4",
            "a: field missing: field code of struct Reply, previously in file a/src/reply.rs:4",
        ];
        assert_eq!(unnamed(CHANGELOG, &lines(&named)), lines(&[]));
        let others = [
            "a: method missing: Client::more, previously in file a/src/lib.rs:3",
            "a: struct missing: struct a::Client, previously in file a/src/lib.rs:3",
            "a: struct missing: struct a::Ancient, previously in file a/src/Old.rs:3",
            "a: struct missing: struct a::Olden, previously in file a/src/lib.rs:3",
        ];
        assert_eq!(unnamed(CHANGELOG, &lines(&others)), lines(&others));
        assert_eq!(unnamed("", &lines(&others)), lines(&others));
    }
}
