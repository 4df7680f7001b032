//! Journals that the first version of this form has written: they stay readable.

use std::fs;
use std::path::Path;

use super::*;

fn read_file(name: &str) -> Contents {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/journal");
    let bytes = fs::read(folder.join(name)).expect("a journal");
    read(&bytes[..]).unwrap_or_else(|error| panic!("{name} {error}"))
}

#[test]
fn journals_of_the_first_version_are_read() {
    let ends = |name: &str| -> Vec<String> {
        let contents = read_file(name);
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
