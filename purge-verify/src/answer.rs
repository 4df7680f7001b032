//! The parts of an edge's response that matter for a verdict.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, ETAG, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What is asked for: an `Accept-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// No content coding.
    Identity,
    /// gzip alone.
    Gzip,
    /// Brotli alone.
    Br,
    /// What browsers ask for: any of several. A cache that compares `Accept-Encoding` as text has a copy of its own for
    /// this.
    Browser,
}

impl Coding {
    /// All of them, in the order in which they are asked for.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Br, Self::Browser];

    /// Its name, also in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Br => "br",
            Self::Browser => "browser",
        }
    }

    /// The `Accept-Encoding`.
    #[must_use]
    pub fn accept_encoding(self) -> &'static str {
        match self {
            Self::Browser => "gzip, deflate, br, zstd",
            other => other.name(),
        }
    }

    /// Whether a response may have this content coding.
    pub(crate) fn accepts(self, encoding: Encoding) -> bool {
        match self {
            Self::Identity => encoding == Encoding::Identity,
            Self::Gzip => matches!(encoding, Encoding::Identity | Encoding::Gzip),
            Self::Br => matches!(encoding, Encoding::Identity | Encoding::Br),
            Self::Browser => true,
        }
    }
}

/// A content coding that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Br,
    Zstd,
}

impl Encoding {
    const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Br, Self::Zstd];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Br => "br",
            Self::Zstd => "zstd",
        }
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The result of reading a body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Its hash, after decoding.
    Hashed(Digest),
    /// It is larger than the limit, before or after decoding.
    TooLarge,
    /// It has a content coding that was not asked for, or cannot be decoded.
    Coded(String),
    /// It ended early, or cannot be decoded.
    Damaged,
}

impl Body {
    /// The hash, if there is one.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Hashed(digest) => Some(*digest),
            Self::TooLarge | Self::Coded(_) | Self::Damaged => None,
        }
    }
}

/// One response of an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Age` in seconds. None if it is missing or is not a single number.
    pub age: Option<u64>,
    /// `Date`.
    pub date: Option<SystemTime>,
    /// When the head arrived, by the wall clock of this machine.
    pub received: SystemTime,
    /// `ETag`, if it is a strong one.
    pub tag: Option<String>,
    /// Whether it is for one visitor: it sets a cookie, or is `private`.
    pub is_personal: bool,
    /// Whether no cache may store it (`no-store`).
    pub is_not_stored: bool,
    /// Whether it depends on more than the headers of the request (`Vary: *`).
    pub varies_by_all: bool,
    /// Whether it is a challenge for browsers in place of the page.
    pub is_challenge: bool,
    /// The body.
    pub body: Body,
}

impl Answer {
    /// Reads the head of a response.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use purge_verify::{Answer, Body, Digest};
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("age", "300".parse()?);
    /// let body = Body::Hashed(Digest([0; 32]));
    /// let answer = Answer::new(200, &headers, SystemTime::now(), body);
    /// assert_eq!((answer.status, answer.age), (200, Some(300)));
    /// # Ok::<(), http::header::InvalidHeaderValue>(())
    /// ```
    #[must_use]
    pub fn new(status: u16, headers: &HeaderMap, received: SystemTime, body: Body) -> Self {
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
        let tag = text(&ETAG).filter(|tag| tag.starts_with('"') && tag.len() > 2);
        let controls = |word: &str| has_word(headers, &CACHE_CONTROL, word);
        Self {
            status,
            age: age(headers),
            date: text(&DATE).and_then(|date| httpdate::parse_http_date(date).ok()),
            received,
            tag: tag.map(str::to_owned),
            is_personal: headers.contains_key(SET_COOKIE) || controls("private"),
            is_not_stored: controls("no-store"),
            varies_by_all: has_word(headers, &VARY, "*"),
            is_challenge: is_challenge(headers),
            body,
        }
    }
}

pub(crate) fn is_no_transform(headers: &HeaderMap) -> bool {
    has_word(headers, &CACHE_CONTROL, "no-transform")
}

/// Whether an edge has several variants of a response by content coding, as far as a response shows it.
pub(crate) fn varies_by_coding(headers: &HeaderMap) -> bool {
    let varies = |word: &str| has_word(headers, &VARY, word);
    varies("accept-encoding") || varies("*") || coding_of(headers) != Ok(Encoding::Identity)
}

/// The other headers of a request by which an edge has several variants, in lowercase, as far as a response shows them.
pub(crate) fn other_variants(headers: &HeaderMap) -> Vec<String> {
    /// A longer list is not a list of headers.
    const MOST: usize = 10;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let texts: Vec<_> = headers.get_all(VARY).iter().map(text).collect();
    let names = texts.iter().flat_map(|text| text.split(',')).map(|name| token(name.trim()));
    let others = names.filter(|name| !name.is_empty() && name != "accept-encoding");
    let names: BTreeSet<_> = others.collect();
    names.into_iter().take(MOST).collect()
}

/// The media type of a response, without parameters; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The content coding of a response, or its name if that is not one that can be decoded.
pub(crate) fn coding_of(headers: &HeaderMap) -> Result<Encoding, String> {
    let mut found = Encoding::Identity;
    for value in headers.get_all(CONTENT_ENCODING) {
        let text = String::from_utf8_lossy(value.as_bytes());
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let known =
                Encoding::ALL.into_iter().find(|coding| word.eq_ignore_ascii_case(coding.name()));
            let known = known.or(word.eq_ignore_ascii_case("x-gzip").then_some(Encoding::Gzip));
            found = match (known, found) {
                (Some(Encoding::Identity), found) => found,
                (Some(coding), Encoding::Identity) => coding,
                // Two codings, one on top of the other, are never requested.
                _ => return Err(token(&text)),
            };
        }
    }
    Ok(found)
}

/// A word of a header, without characters that have a meaning elsewhere.
fn token(text: &str) -> String {
    let harmless = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ',' | ' ');
    text.chars().filter(harmless).take(40).collect()
}

/// Two different values prove nothing.
fn age(headers: &HeaderMap) -> Option<u64> {
    let mut ages = headers.get_all(AGE).iter().map(|value| {
        let text = value.to_str().ok()?.trim();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number that does not fit is a very long time.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    });
    let first = ages.next()??;
    ages.all(|other| other == Some(first)).then_some(first)
}

fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let mut words =
            text.split(',').map(|part| part.split('=').next().unwrap_or_default().trim());
        words.any(|found| found == word)
    })
}

/// The headers with which firewalls mark a challenge, and their values.
const CHALLENGES: [(&str, &[&str]); 3] = [
    ("cf-mitigated", &["challenge"]),
    ("x-amzn-waf-action", &["challenge", "captcha"]),
    ("x-vercel-mitigated", &["challenge", "deny"]),
];

fn is_challenge(headers: &HeaderMap) -> bool {
    CHALLENGES.iter().any(|(name, values)| {
        let value = headers.get(*name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| values.iter().any(|one| value.trim().eq_ignore_ascii_case(one)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("a header");
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, value.parse().expect("a value"));
        }
        headers
    }

    #[test]
    fn an_age_is_one_number() {
        let age = |lines: &[&str]| age(&headers(lines));
        assert_eq!(age(&[]), None);
        assert_eq!(age(&["age: 0"]), Some(0));
        assert_eq!(age(&["age: 17", "age: 17"]), Some(17));
        assert_eq!(age(&["age: 17", "age: 18"]), None);
        assert_eq!(age(&["age: 99999999999999999999"]), Some(u64::MAX));
        for odd in ["age: -1", "age: 1.5", "age: 1, 2", "age: +1", "age: x"] {
            assert_eq!(age(&[odd]), None, "{odd}");
        }
    }

    #[test]
    fn codings_are_recognized() {
        let coding = |lines: &[&str]| coding_of(&headers(lines));
        assert_eq!(coding(&[]), Ok(Encoding::Identity));
        assert_eq!(coding(&["content-encoding: GZIP"]), Ok(Encoding::Gzip));
        assert_eq!(coding(&["content-encoding: x-gzip"]), Ok(Encoding::Gzip));
        assert_eq!(coding(&["content-encoding: identity, br"]), Ok(Encoding::Br));
        assert_eq!(coding(&["content-encoding: zstd"]), Ok(Encoding::Zstd));
        assert_eq!(coding(&["content-encoding: deflate"]), Err("deflate".to_owned()));
        assert_eq!(coding(&["content-encoding: browser"]), Err("browser".to_owned()));
        assert_eq!(coding(&["content-encoding: gzip, br"]), Err("gzip, br".to_owned()));
        assert_eq!(coding(&["content-encoding: gzip", "content-encoding: ::br"]), Err("br".into()));
        for (line, varies) in [
            ("vary: Origin, Accept-Encoding", true),
            ("vary: *", true),
            ("content-encoding: zstd", true),
            ("vary: Accept-Encodings", false),
        ] {
            assert_eq!(varies_by_coding(&headers(&[line])), varies, "{line}");
        }
    }

    #[test]
    fn other_variants_are_named_once() {
        let others = |lines: &[&str]| other_variants(&headers(lines));
        assert!(others(&["vary: Accept-Encoding"]).is_empty());
        assert_eq!(
            others(&["vary: Origin,accept-encoding,", "vary: ACCEPT-LANGUAGE, origin"]),
            ["accept-language", "origin"]
        );
        // Only the name of a header is ever shown.
        assert_eq!(others(&["vary: a[31m, *"]), ["a31m"]);
    }

    #[test]
    fn heads_say_for_whom_a_response_is() {
        let answer = |lines: &[&str]| {
            Answer::new(200, &headers(lines), SystemTime::UNIX_EPOCH, Body::Damaged)
        };
        assert!(answer(&["set-cookie: a=b"]).is_personal);
        assert!(answer(&["cache-control: max-age=0, Private"]).is_personal);
        assert!(answer(&["cache-control: private=\"x\""]).is_personal);
        assert!(!answer(&["cache-control: public"]).is_personal);
        assert!(answer(&["cache-control: no-store"]).is_not_stored);
        assert!(answer(&["vary: accept, *"]).varies_by_all);
        assert!(!answer(&["vary: accept"]).varies_by_all);
        assert!(answer(&["cf-mitigated: challenge"]).is_challenge);
        assert!(!answer(&["cf-mitigated: none"]).is_challenge);
        assert_eq!(answer(&["etag: \"a\""]).tag.as_deref(), Some("\"a\""));
        assert_eq!(answer(&["etag: W/\"a\""]).tag, None);
        assert!(answer(&["date: Sun, 06 Nov 1994 08:49:37 GMT"]).date.is_some());
        assert_eq!(answer(&["date: now"]).date, None);
    }
}
