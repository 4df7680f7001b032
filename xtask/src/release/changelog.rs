//! The changelog, in the form of <https://keepachangelog.com>.

use semver::Version;

pub(super) const FILE: &str = "CHANGELOG.md";

/// What is wrong with a changelog when `version` is released.
pub(super) fn problems(text: &str, version: &Version) -> Vec<String> {
    let sections = sections(text);
    let mut found = Vec::new();
    match sections.first() {
        Some(Section { name: "Unreleased", body: "", .. }) => {}
        Some(Section { name: "Unreleased", line, .. }) => found.push(format!(
            "{FILE}:{line}: the entries under Unreleased are part of {version}; move them there"
        )),
        _ => found.push(format!("{FILE}: the first section is not `## [Unreleased]`; add it")),
    }
    let name = version.to_string();
    let Some(section) = sections.iter().find(|section| section.name == name) else {
        found.push(format!(
            "{FILE}: there is no section `## [{version}] - YYYY-MM-DD`; add it below Unreleased"
        ));
        return found;
    };
    let Section { line, date, body, .. } = section;
    if !is_date(date) {
        found.push(format!(
            "{FILE}:{line}: {version} has the date {date:?}; write `## [{version}] - YYYY-MM-DD`"
        ));
    }
    if body.is_empty() {
        found.push(format!("{FILE}:{line}: the section {version} is empty; say what changed"));
    }
    if sections.get(1).is_some_and(|newest| newest.name != name) {
        found.push(format!(
            "{FILE}:{line}: {version} is not the newest section; move it to the top"
        ));
    }
    found
}

struct Section<'a> {
    line: usize,
    name: &'a str,
    date: &'a str,
    body: &'a str,
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut found = Vec::new();
    let mut line = 1;
    for part in text.split("\n## [").enumerate() {
        let (index, part) = part;
        if index > 0 {
            line += 1;
            let (heading, body) = part.split_once('\n').unwrap_or((part, ""));
            let (name, rest) = heading.split_once(']').unwrap_or((heading, ""));
            let date = rest.strip_prefix(" - ").unwrap_or(rest).trim();
            // The link addresses at the end belong to no section.
            let body = body.split("\n[").next().unwrap_or_default().trim();
            found.push(Section { line, name, date, body });
        }
        line += part.matches('\n').count();
    }
    found
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let in_range = |part: &str, digits: usize, range: std::ops::RangeInclusive<u32>| {
        part.len() == digits
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse().is_ok_and(|number| range.contains(&number))
    };
    matches!(parts[..], [year, month, day]
        if in_range(year, 4, 2000..=9999) && in_range(month, 2, 1..=12) && in_range(day, 2, 1..=31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changelog_problems_are_named() {
        let check = |text: &str, expected: &[&str]| {
            let text = format!("# Changelog\n\n{text}");
            assert_eq!(problems(&text, &Version::new(0, 2, 0)), expected, "{text}");
        };
        let old = "## [0.1.0] - 2026-01-31\n\n- First.\n\n[0.1.0]: https://example.com\n";
        check(&format!("## [Unreleased]\n\n## [0.2.0] - 2026-02-28\n\n- More.\n\n{old}"), &[]);
        check(
            &format!("## [Unreleased]\n\n- More.\n\n{old}"),
            &[
                "CHANGELOG.md:3: the entries under Unreleased are part of 0.2.0; move them there",
                "CHANGELOG.md: there is no section `## [0.2.0] - YYYY-MM-DD`; add it below Unreleased",
            ],
        );
        check(
            &format!("## [Unreleased]\n\n{old}\n## [0.2.0] - 28.2.2026\n"),
            &[
                "CHANGELOG.md:11: 0.2.0 has the date \"28.2.2026\"; write `## [0.2.0] - YYYY-MM-DD`",
                "CHANGELOG.md:11: the section 0.2.0 is empty; say what changed",
                "CHANGELOG.md:11: 0.2.0 is not the newest section; move it to the top",
            ],
        );
        check(
            "## [0.2.0] - 2026-13-01\n- More.\n",
            &[
                "CHANGELOG.md: the first section is not `## [Unreleased]`; add it",
                "CHANGELOG.md:3: 0.2.0 has the date \"2026-13-01\"; write `## [0.2.0] - YYYY-MM-DD`",
            ],
        );
    }
}
