//! Properties that must hold for arbitrary bytes: one function for each parser, called by the fuzz targets and by the
//! tests below, and compiled only for these.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use purge_api::ResponseValue;
use reqwest::header::HeaderValue;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::connection::Route;
use crate::journal;
use crate::ledger::End;
use crate::list::{Cursor, List};
use crate::path::PurgePath;
use crate::plan::Plan;
use crate::retry::parse_retry_after;
use crate::sanitize::{Redactor, escape};
use crate::submit;
use crate::transport::{Failure, failure};

/// A path is refused with a position in it, or kept byte for byte, also through JSON.
pub fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match PurgePath::new(text) {
        Ok(path) => {
            assert_eq!(path.as_str(), text);
            assert!(text.starts_with('/') && text.bytes().all(|b| b.is_ascii_graphic()));
            let json = serde_json::to_string(&path).expect("JSON");
            assert_eq!(serde_json::from_str::<PurgePath>(&json).expect("a path"), path);
            assert!(path.covers(&path) && path.matches(text));
        }
        Err(error) => {
            assert!(error.position() <= text.len(), "{error}");
            assert!(!error.to_string().contains(char::is_control), "{error:?}");
        }
    }
    if let Ok(path) = PurgePath::from_file_name(text) {
        assert!(!path.is_wildcard(), "a file's name became the wildcard {path}");
        let json = serde_json::to_string(&path).expect("JSON");
        assert_eq!(serde_json::from_str::<PurgePath>(&json).expect("a path"), path);
    }
}

/// Two patterns on two lines: `covers` agrees with `matches`.
pub fn pattern(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((a, b)) = text.split_once('\n') else { return };
    let (Ok(a), Ok(b)) = (PurgePath::new(a), PurgePath::new(b)) else { return };
    if a.covers(&b) {
        // Replace the stars of `b` by a byte, by an escape, and by text that does not occur in `a`.
        for star in ["a", "%61", "\u{1}\u{2}"] {
            assert!(a.matches(&b.as_str().replace('*', star)), "{a} {b}");
        }
        assert!(!b.is_full_purge() || a.is_full_purge(), "{a} {b}");
        assert!(a == b || !b.covers(&a), "{a} {b}");
    } else if !b.is_wildcard() {
        assert!(!a.matches(b.as_str()), "{a} {b}");
    }
}

/// A byte for the status, then a body: any response is accepted, or refused with a harmless message.
pub fn answer(bytes: &[u8]) {
    static LIST: LazyLock<List> = LazyLock::new(|| {
        let client = Client::builder("t0ken-of-the-fuzzer").base_url("http://127.0.0.1:1").build();
        let id = "660f9511-f30c-52e5-b827-557766551111";
        let (organization, resource) = (id.parse().expect("a UUID"), id.parse().expect("a UUID"));
        client.expect("a client").resource(organization, resource).list()
    });
    let Some((&first, body)) = bytes.split_first() else { return };
    let status = [200, 200, 200, 201, 308, 401, 413, 429, 500][usize::from(first) % 9];
    let created = read(status, body).and_then(|said| submit::accepted(said, &Redactor::default()));
    let listed = read(status, body)
        .and_then(|said| LIST.page_of(&Cursor::FIRST, said).map_err(|e| refused(&e)));
    for error in [created.as_ref().err(), listed.as_ref().err()].into_iter().flatten() {
        let text = error.error.to_string();
        assert!(!text.contains(char::is_control) && text.len() < 2000, "{text:?}");
    }
    if let Ok(accepted) = created {
        assert!(status == 200 && !accepted.op_id.as_str().is_empty());
        assert!(!accepted.message.unwrap_or_default().contains(char::is_control));
    }
    for record in listed.iter().flat_map(|page| &page.requests) {
        // Must not panic, whatever the texts are.
        let _ = (record.state(), record.path());
    }
}

fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, Failure> {
    let answer = http::Response::builder().status(status).body(body.to_vec());
    let answer = reqwest::Response::from(answer.expect("a response"));
    let read = match status {
        200 => ResponseValue::from_response(answer).now_or_never().expect("the body is here"),
        _ => Err(purge_api::Error::UnexpectedResponse(answer)),
    };
    let no_token = Redactor::default();
    read.map(ResponseValue::into_inner).map_err(|error| {
        failure(error, &no_token, &Route::default()).now_or_never().expect("the body is here")
    })
}

fn refused(error: &crate::error::Error) -> Failure {
    Failure::new(crate::retry::Applied::Refused, error.clone())
}

/// A `Retry-After` value is a duration, or is ignored.
pub fn retry_after(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let asked = parse_retry_after([&value], now);
    assert_eq!(parse_retry_after([&value, &value], now), None);
    let digits = value.to_str().map(str::trim).ok();
    if let Some(digits) = digits.filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    {
        assert_eq!(asked.map(|asked| asked.as_secs()), digits.parse().ok());
    }
}

/// A journal is refused, or it is consistent: its complete lines alone have the same contents, and a resumed run loses
/// no path. The bytes are read unchanged, and with correct checksums.
pub fn journal(bytes: &[u8]) {
    check_journal(bytes);
    check_journal(&journal::sealed(bytes));
}

fn check_journal(bytes: &[u8]) {
    let Ok(contents) = journal::read(bytes) else { return };
    let length = usize::try_from(contents.length).expect("a length in memory");
    assert!(bytes[..length].ends_with(b"\n"));
    assert_eq!(journal::read(&bytes[..length]).expect("the whole lines"), contents);
    assert_eq!(contents.requests.len(), contents.header.requests);
    let mut paths = HashSet::new();
    for request in &contents.requests {
        assert!((1..=Plan::MAX_BATCH_SIZE).contains(&request.paths().len()));
        assert!(request.paths().all(|path| paths.insert(path)));
    }
    assert!(!paths.is_empty() && contents.ledger.stories().len() >= contents.requests.len());
    let harmless = |text: &str| escape(text) == text;
    assert!(harmless(&contents.header.service));
    let mut operations = HashSet::new();
    for known in contents.ledger.stories() {
        // Every attempt takes at least one byte of the journal.
        assert!((known.attempts as usize) < length && (known.ambiguous as usize) < length);
        if let End::Accepted { op_id, message, .. } = &known.end {
            assert!(operations.insert(op_id) && harmless(op_id.as_str()));
            assert!(message.iter().all(|said| harmless(said) && said.chars().count() <= 2000));
        }
    }
    // A resumed run sends requests or parts of them, each with at least one path, and no path is lost.
    let mut rest: Vec<_> = contents.requests.iter().cloned().enumerate().collect();
    let mut resumed = 0;
    while let Some((number, batch)) = rest.pop() {
        let End::Split { at, into } = contents.ledger.stories()[number].end else {
            assert!(batch.paths().len() > 0);
            resumed += batch.paths().len();
            continue;
        };
        rest.extend(into.into_iter().zip(batch.split_at(at)));
    }
    assert_eq!(resumed, paths.len());
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    /// The corpus of a target, by name. In the file, each character stands for one byte.
    pub(crate) fn corpus(target: &str) -> BTreeMap<String, Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        let text = fs::read(folder.join(format!("{target}.json")));
        let text = text.expect("the corpus is in the repository");
        let inputs: BTreeMap<String, String> = serde_json::from_slice(&text).expect("JSON");
        let bytes = |text: String| text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        inputs.into_iter().map(|(name, text)| (name, bytes(text))).collect()
    }

    /// The properties hold for every input in the corpus.
    fn replay(target: &str, entry: fn(&[u8])) {
        let inputs = corpus(target);
        assert!(!inputs.is_empty(), "the corpus of {target} is empty");
        inputs.values().for_each(|bytes| entry(bytes));
    }

    macro_rules! targets {
        ($($entry:ident: $bytes:expr;)*) => {$(
            mod $entry {
                use super::*;

                #[test]
                fn corpus() {
                    replay(stringify!($entry), crate::fuzz::$entry);
                }

                proptest! {
                    #[test]
                    fn random(bytes in $bytes) {
                        crate::fuzz::$entry(bytes.as_ref());
                    }
                }
            }
        )*};
    }

    targets! {
        answer: "[\\x00-\\x09](\\{\"status\":(true|1),\"(opID|message|data)\":(\"a\\u{1b}\"|1e9|null|\\{\\}|\\[\\])\\}|[<{\\[\"]{0,9})";
        journal: "(\\{\"crc\":\"[0-9a-f]{8}\",(\"header\":\\{\\}|\"request\":\\{\\}|\"events\":\\[\\])\\}\n){0,4}[a-z{]?";
        path: "[/a*%2E.~? \\\\\u{e9}\u{0}]{0,12}";
        pattern: "/([ab*]|%ab){0,6}\n/([ab*]|%ab){0,6}";
        retry_after: "[0-9+. -]{0,22}|(Sun|Mon), [0-3][0-9] (Nov|Feb) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT";
    }
}
