//! Properties that must hold for any response of an edge, called by the fuzz target and by the tests below, and compiled
//! only for these.

use std::io::{self, Read as _};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use ring::digest::SHA256;

use crate::answer::{Answer, Body, Encoding, coding_of, other_variants, varies_by_coding};
use crate::body::Hasher;
use crate::digest::Digest;
use crate::judge::{Elapsed, Expected, New, Origin, OriginAnswer, Question, judge};
use crate::verdict::{Reason, Verdict};

/// The limit of a body in the checks.
const LIMIT: u64 = 100_000;

/// A byte for the status, one for the time since the purge, one for the place where the body is divided, lines of
/// headers, an empty line, and the body. Whatever came, the verdict has a harmless reason, and is neither *stale* nor
/// *fresh* without one that is certain.
pub fn response(bytes: &[u8]) {
    let [status, seconds, at, rest @ ..] = bytes else { return };
    let status = [200, 203, 301, 304, 403, 404, 410, 500][usize::from(*status) % 8];
    let (headers, body) = divided(rest);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let _ = varies_by_coding(&headers);
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "-_, *".contains(c);
    assert!(other_variants(&headers).iter().all(|name| name.chars().all(is_harmless)));
    let body = match coding_of(&headers) {
        Ok(coding) => hashed(coding, body, usize::from(*at)),
        Err(name) => {
            let is_harmless = |c: char| c.is_ascii_alphanumeric() || "-_, ".contains(c);
            assert!(name.chars().all(is_harmless) && name.len() <= 40, "{name:?}");
            Body::Coded(name)
        }
    };
    let answer = Answer::new(status, &headers, now, body);
    let since = Duration::from_secs(u64::from(*seconds) + 1);
    let elapsed = Elapsed { until_answer: since, until_request: since, sent: now - since };
    for elapsed in [None, Some(elapsed)] {
        check(&answer, elapsed);
    }
}

/// Judges an answer with everything that may be known besides.
fn check(answer: &Answer, elapsed: Option<Elapsed>) {
    let other = Digest([1; 32]);
    let own = answer.body.digest();
    let digests = [Some(other), own];
    for new in [New::Unknown, New::Gone, New::Is(other), New::Is(own.unwrap_or(other))] {
        for old in [None, Some(other), own] {
            let expected = Expected { new, old, is_in_doubt: false };
            for digest in digests {
                let of_origin = OriginAnswer { status: 200, digest, tag: answer.tag.clone() };
                let origin = Origin { answer: Some(of_origin), sends_age: false, clock: None };
                for origin in [None, Some(&origin)] {
                    let question = Question { expected, elapsed, origin, earlier: None };
                    certain(&question, answer, &judge(&question, answer));
                }
            }
        }
    }
}

/// Checks that what is said of an answer is certain.
fn certain(question: &Question<'_>, answer: &Answer, reason: &Reason) {
    let text = reason.to_string();
    assert!(!text.contains(char::is_control) && text.len() < 400, "{text:?}");
    let age = answer.age.zip(question.elapsed);
    // `Age` may be rounded by two seconds.
    let is_older = age.is_some_and(|(age, elapsed)| {
        Duration::from_secs(age.saturating_sub(2)) >= elapsed.until_answer
    });
    let own = answer.body.digest();
    match reason.verdict() {
        Verdict::Stale => {
            let has_old = own.is_some() && question.expected.old == own;
            let has_new = own.is_some_and(|own| question.expected.new == New::Is(own));
            assert!(is_older || (has_old && !has_new), "{reason:?} of {answer:?}");
        }
        Verdict::Fresh => {
            let is_missing = matches!(answer.status, 404 | 410);
            assert!(!answer.is_challenge && (is_missing || !is_older), "{reason:?} of {answer:?}");
            assert!(!answer.varies_by_all, "{reason:?} of {answer:?}");
            assert!(is_missing || matches!(answer.status, 200 | 203), "{reason:?} of {answer:?}");
            // What the build has is compared, or the verdict is another one.
            let is_compared = match question.expected.new {
                New::Is(new) => own == Some(new),
                New::Gone => {
                    is_missing || own.is_some_and(|own| question.expected.old != Some(own))
                }
                New::Unknown => true,
            };
            assert!(is_compared, "{reason:?} of {answer:?}");
        }
        Verdict::Differs | Verdict::Unverifiable => {}
    }
}

/// The hash of a body. It does not depend on how the body arrives, and is that of another decoder.
fn hashed(coding: Encoding, body: &[u8], at: usize) -> Body {
    let (first, rest) = body.split_at(at.min(body.len()));
    let arrive = |chunks: &[&[u8]]| {
        let mut hasher = Hasher::new(coding, LIMIT);
        let _ = chunks.iter().all(|chunk| hasher.add(chunk));
        hasher.finish()
    };
    let whole = arrive(&[body]);
    assert_eq!(arrive(&[first, rest]).digest(), whole.digest());
    let expected = decoded(coding, body).map(|bytes| {
        let hash = ring::digest::digest(&SHA256, &bytes);
        Digest(hash.as_ref().try_into().expect("32 bytes"))
    });
    // The other decoder of Brotli ignores what comes after the end.
    if coding != Encoding::Br || whole.digest().is_some() {
        assert_eq!(whole.digest(), expected, "{coding:?} {body:?}");
    }
    whole
}

/// What a body decodes to, if it is valid and within the limit.
fn decoded(coding: Encoding, body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = LIMIT + 1;
    let read: io::Result<usize> = match coding {
        Encoding::Identity => body.take(limit).read_to_end(&mut bytes),
        Encoding::Gzip => {
            flate2::read::MultiGzDecoder::new(body).take(limit).read_to_end(&mut bytes)
        }
        Encoding::Br => {
            brotli_decompressor::Decompressor::new(body, 4096).take(limit).read_to_end(&mut bytes)
        }
        Encoding::Zstd => return unzstd(body),
    };
    (read.is_ok() && bytes.len() as u64 <= LIMIT && body.len() as u64 <= LIMIT).then_some(bytes)
}

/// Decodes zstd in one piece, as far as the same decoder does so.
fn unzstd(body: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = ruzstd::decoding::FrameDecoder::new();
    decoder.set_max_window_size(8 * 1024 * 1024);
    let (mut rest, mut bytes) = (body, Vec::new());
    while !rest.is_empty() || bytes.is_empty() {
        decoder.reset(&mut rest).ok()?;
        decoder.decode_blocks(&mut rest, ruzstd::decoding::BlockDecodingStrategy::All).ok()?;
        bytes.extend(decoder.collect()?);
        let sum = decoder.get_checksum_from_data();
        if sum.is_some() && sum != decoder.get_calculated_checksum() {
            return None;
        }
        if rest.is_empty() {
            break;
        }
    }
    (bytes.len() as u64 <= LIMIT && body.len() as u64 <= LIMIT).then_some(bytes)
}

/// The headers, as far as they are valid, and the body.
fn divided(bytes: &[u8]) -> (HeaderMap, &[u8]) {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&bytes[..end], &bytes[end + 2..]),
        None => (bytes, &[][..]),
    };
    let mut headers = HeaderMap::new();
    for line in head.split(|&byte| byte == b'\n') {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            let _ = headers.try_append(name, value);
        }
    }
    (headers, body)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    /// Replays the inputs that the fuzzer has kept. In the file, each character stands for one byte.
    #[test]
    fn corpus() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        let text = fs::read(folder.join("response.json")).expect("the corpus");
        let inputs: BTreeMap<String, String> = serde_json::from_slice(&text).expect("JSON");
        assert!(!inputs.is_empty());
        for text in inputs.values() {
            let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
            super::response(&bytes);
        }
    }

    proptest! {
        #[test]
        fn random(
            start in any::<[u8; 3]>(),
            head in "((age: [0-9]{1,3}|date: Fri, 15 Jan 2027 0[78]:[0-9]{2}:00 GMT|etag: (W/|)\"a\"|vary: (\\*|accept-encoding)|cache-control: (private|no-store)|content-encoding: (gzip|br|identity|zstd|deflate)|set-cookie: a|cf-mitigated: challenge)\n){0,4}",
            body in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            super::response(&[&start[..], head.as_bytes(), b"\n", &body].concat());
        }
    }
}
