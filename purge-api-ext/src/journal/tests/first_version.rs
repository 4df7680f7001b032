//! Journals written by the first version of the format stay readable.

use super::*;
use crate::fuzz::tests::corpus;

#[test]
fn journals_of_the_first_version_are_read() {
    let journals = corpus("journal");
    let ends = |name: &str| -> Vec<String> {
        let contents = read(&journals[name][..]).unwrap_or_else(|error| panic!("{name} {error}"));
        let stories = contents.ledger.stories().iter();
        stories
            .map(|story| match story.end {
                End::Open => format!("open after {}", story.attempts),
                End::Accepted { .. } => "accepted".to_owned(),
                End::Split { into, .. } => format!("split into {into:?}"),
            })
            .collect()
    };
    assert_eq!(ends("failed"), ["open after 4"]);
    assert_eq!(ends("finished"), ["accepted"]);
    assert_eq!(ends("split"), ["split into [1, 2]", "accepted", "accepted"]);
    assert_eq!(ends("torn"), ["open after 1"]);
}
