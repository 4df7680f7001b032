//! How far a version must rise with the description.
//!
//! `info.version` is the version of the service's interface, and the version of the crates is that of their API.
//! Changes that break callers on the wire or in Rust raise both by a major, additions by a minor; below 1.0.0, each
//! rise is one place further right, which is how Cargo reads versions.

use semver::Version;

use openapi_review::{Level, Review};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rise {
    /// The same, or lower.
    None,
    Patch,
    Minor,
    Major,
}

/// What is wrong with the versions after the release `tag`, given the old and new version of the crates.
pub(super) fn problems(
    tag: &str,
    (old, new): (&Version, &Version),
    reviews: &[Review],
) -> Vec<String> {
    let most = reviews.iter().map(needed).max().unwrap_or(Rise::None);
    let mut found = Vec::new();
    // A release needs a new version even if the descriptions are unchanged.
    if rise(old, new) < most.max(Rise::Patch) {
        found.push(format!(
            "the crates have {new} after {old}; {} since {tag}, so write {} or a higher one",
            said(most),
            next(old, most.max(Rise::Patch))
        ));
    }
    found.extend(reviews.iter().filter_map(|review| described(tag, review)));
    found
}

/// What is wrong with the version of one description.
fn described(tag: &str, review: &Review) -> Option<String> {
    // A removed description has no version to raise.
    if review.removal.is_some() {
        return None;
    }
    let needed = needed(review);
    let name = &review.names.1;
    let versions = [&review.versions.0, &review.versions.1].map(|text| Version::parse(text));
    match versions {
        [Ok(old), Ok(new)] if rise(&old, &new) < needed => Some(format!(
            "info.version of {name} is {new} after {old}; {} since {tag}, so write {} or a higher one",
            said(needed),
            next(&old, needed)
        )),
        [_, Err(e)] => {
            let version = &review.versions.1;
            Some(format!("info.version {version:?} of {name} cannot be compared: {e}"))
        }
        _ => None,
    }
}

fn said(needed: Rise) -> &'static str {
    match needed {
        Rise::None => "nothing changed in the descriptions",
        Rise::Patch => "documentation in a description changed",
        Rise::Minor => "a description has additions",
        Rise::Major => "a description has breaking changes",
    }
}

fn needed(review: &Review) -> Rise {
    let grown = review.count(Level::Additive) + review.count(Level::Unclassified) > 0;
    if review.is_breaking() {
        Rise::Major
    } else if grown || !review.rust.is_empty() {
        Rise::Minor
    } else if review.changes.is_empty() {
        Rise::None
    } else {
        Rise::Patch
    }
}

fn rise(old: &Version, new: &Version) -> Rise {
    if new <= old {
        return Rise::None;
    }
    let places = |v: &Version| [v.major, v.minor, v.patch];
    let changed = places(old).iter().zip(places(new)).position(|(old, new)| *old != new);
    match (changed, old.major) {
        (Some(0), _) | (Some(1), 0) => Rise::Major,
        (Some(1), _) | (Some(2), 0) => Rise::Minor,
        _ => Rise::Patch,
    }
}

/// The lowest version with at least this rise.
fn next(old: &Version, rise: Rise) -> Version {
    match (rise, old.major) {
        (Rise::None, _) => old.clone(),
        (Rise::Major, 1..) => Version::new(old.major + 1, 0, 0),
        (Rise::Major, 0) | (Rise::Minor, 1..) => Version::new(old.major, old.minor + 1, 0),
        (Rise::Minor, 0) | (Rise::Patch, _) => Version::new(old.major, old.minor, old.patch + 1),
    }
}

#[cfg(test)]
mod tests {
    use openapi_review::{Document, Removal};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::spec_diff::judge;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    fn change(change: impl FnOnce(&mut Value)) -> Review {
        let text = include_str!("../../tests/verbs/description.yaml");
        let mut new = purge_openapi::parse(text).expect("the description parses");
        change(&mut new);
        let read = |text: &str| Document::parse("a.yaml", text).expect("a description");
        judge(&read(text), &read(&new.to_string()))
    }

    #[test]
    fn versions_rise_as_far_as_the_description_changed() {
        let check = |review: &Review, (old, new): (&str, &str), expected: &[&str]| {
            assert_eq!(
                problems("v1", (&version(old), &version(new)), std::slice::from_ref(review)),
                expected
            );
        };
        let same = change(|_| {});
        check(&same, ("0.1.0", "0.1.1"), &[]);
        let nothing = "the crates have 0.1.0 after 0.1.0; nothing changed in the descriptions since v1, \
                       so write 0.1.1 or a higher one";
        check(&same, ("0.1.0", "0.1.0"), &[nothing]);

        let limit = "/components/parameters/limit";
        let narrowed = |to: &str| {
            change(|document| {
                document.pointer_mut(limit).expect("limit")["schema"]["maximum"] = 50.into();
                document["info"]["version"] = to.into();
            })
        };
        check(&narrowed("2.0.0"), ("0.1.0", "0.2.0"), &[]);
        check(&narrowed("2.0.0"), ("1.0.0", "2.0.0"), &[]);
        check(
            &narrowed("1.1.0"),
            ("0.1.0", "0.1.1"),
            &[
                "the crates have 0.1.1 after 0.1.0; a description has breaking changes since v1, \
                 so write 0.2.0 or a higher one",
                "info.version of a.yaml is 1.1.0 after 1.0.0; a description has breaking changes since v1, \
                 so write 2.0.0 or a higher one",
            ],
        );

        let grown = change(|document| {
            document["components"]["schemas"]["PurgeRequest"]["properties"]["size"] =
                serde_json::json!({ "type": "integer", "nullable": true });
        });
        let unsaid = "info.version of a.yaml is 1.0.0 after 1.0.0; a description has additions since v1, \
                      so write 1.1.0 or a higher one";
        check(&grown, ("0.1.0", "0.2.0"), &[unsaid]);

        let removal = Removal { announced: true, remedy: String::new() };
        let removed = narrowed("1.0.0").with_removal(removal);
        check(&removed, ("0.1.0", "0.2.0"), &[]);
        let broken = "the crates have 0.1.1 after 0.1.0; a description has breaking changes since v1, \
                      so write 0.2.0 or a higher one";
        check(&removed, ("0.1.0", "0.1.1"), &[broken]);

        let worded = change(|document| {
            document.pointer_mut(limit).expect("limit")["description"] = "Records.".into();
            document["info"]["version"] = "one".into();
        });
        check(
            &worded,
            ("0.1.0", "0.1.1"),
            &[
                "info.version \"one\" of a.yaml cannot be compared: unexpected character 'o' while parsing major version number",
            ],
        );
    }

    proptest! {
        #[test]
        fn the_next_version_is_the_lowest_one_that_rises_far_enough(
            places in prop::array::uniform3(0_u64..3), wanted in 0_usize..4,
        ) {
            let wanted = [Rise::None, Rise::Patch, Rise::Minor, Rise::Major][wanted];
            let old = Version::new(places[0], places[1], places[2]);
            let all = (0..5).flat_map(|a| (0..5).flat_map(move |b| (0..5).map(move |c| Version::new(a, b, c))));
            let lowest = all.filter(|new| *new >= old && rise(&old, new) >= wanted).min();
            prop_assert_eq!(Some(next(&old, wanted)), lowest);
        }
    }
}
