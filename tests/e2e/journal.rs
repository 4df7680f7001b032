//! The journal of a run: it is enough to resume from, and resuming sends nothing needlessly.

#[cfg(unix)]
mod files;
mod foreign;
mod prefix;
mod refusals;
mod resume;
mod trouble;

use std::path::{Path, PathBuf};

use purge_api_ext::{Journal, Report, Resource};
use purge_tests::cli::Ended;
use serde_json::Value;

use crate::account::impatient;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn text(&self) -> String {
        self.journal().to_str().expect("UTF-8").to_owned()
    }
}

/// A journal with a text replaced in each line, and valid checksums.
fn changed(journal: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut checksum = 0;
    let lines = std::str::from_utf8(journal).expect("text").lines();
    let lines = lines.flat_map(|line| {
        // After the checksum, which has eight digits.
        let rest = line[r#"{"crc":"00000000","#.len()..].replace(from, to);
        let mut hasher = crc32fast::Hasher::new_with_initial(checksum);
        hasher.update(rest.as_bytes());
        checksum = hasher.finalize();
        format!("{{\"crc\":\"{checksum:08x}\",{rest}\n").into_bytes()
    });
    lines.collect()
}

/// Lets the client see the service's clock, without which a journal does not record when a request was
/// sent.
async fn show_clock(site: &Resource) {
    site.list().page(std::num::NonZeroU64::MIN).await.expect("a page");
}

fn json(report: &Report) -> Value {
    serde_json::to_value(report).expect("JSON")
}

async fn resume(site: &Resource, journal: &Path) -> Report {
    impatient(site.resume(Journal::open(journal).expect("a journal")).expect("the same")).await
}

fn check(ended: &Ended, code: i32, expected: &str) {
    assert_eq!(ended.code, Some(code), "{expected}: {}", ended.err);
    assert!(ended.err.contains(expected), "{expected}: {}", ended.err);
}
