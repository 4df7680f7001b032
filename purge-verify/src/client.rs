//! Sends one request to an edge, and reads its response.
//!
//! A request has a path, a host, an `Accept-Encoding` and a `User-Agent`, and nothing else: no token, no cookie and no
//! cache directive, with which an edge could send another copy than a visitor gets.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use reqwest::Url;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use tokio::time::timeout_at;

use crate::answer::{
    Answer, Body, Coding, Encoding, coding_of, is_no_transform, media_type, other_variants,
    varies_by_coding,
};
use crate::body::Hasher;
use crate::edge::{Edge, EdgeError};
use crate::pace::Pace;

const CONNECT: Duration = Duration::from_secs(5);
/// The longest silence in the middle of a response.
const SILENCE: Duration = Duration::from_secs(30);
/// The longest time for a whole response.
const WHOLE: Duration = Duration::from_secs(300);
/// The time that a request has even if the time for all of them is up.
const GRACE: Duration = Duration::from_secs(5);
/// After how many requests in a row that timed out an edge is not asked any more.
const SILENT: u32 = 8;

/// An edge, with its connections.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) edge: Edge,
    http: reqwest::Client,
    pace: Arc<Pace>,
    body_limit: u64,
    /// How many requests in a row have timed out.
    silent: Arc<AtomicU32>,
}

/// Why there is no response. The text is safe to show.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    pub(crate) why: String,
    pub(crate) kind: NoAnswerKind,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswerKind {
    Broken,
    TimedOut,
    /// The edge was not asked, since it did not respond to others.
    Skipped,
    /// No HTTP client can ask for the path.
    Impossible,
}

/// A response, and when it arrived.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) asked: Instant,
    /// By the wall clock of this machine.
    pub(crate) asked_on: SystemTime,
    pub(crate) answered: Instant,
    pub(crate) answer: Answer,
    /// Whether the edge has several variants of it by content coding.
    pub(crate) varies: bool,
    /// The other headers of a request by which the edge has several variants of it.
    pub(crate) varies_by: Vec<String>,
    /// Whether its body has a content coding.
    pub(crate) is_coded: bool,
    /// Whether the edge may not encode it (`no-transform`: RFC 9111, section 5.2.2.6).
    pub(crate) is_no_transform: bool,
    /// How many bytes its body has, as far as they have arrived.
    pub(crate) size: u64,
    /// Its media type, without parameters.
    pub(crate) media_type: String,
    /// Whether it is a redirect to the same path with a slash at the end.
    pub(crate) is_to_folder: bool,
}

impl Client {
    pub(crate) fn new(
        edge: Edge,
        user_agent: &str,
        pace: Arc<Pace>,
        body_limit: u64,
    ) -> Result<Self, EdgeError> {
        let builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .timeout(WHOLE);
        // A proxy would resolve the host by itself, and for plain HTTP it may be one more cache.
        let is_direct = edge.address().is_some() || !edge.is_encrypted() || edge.is_loopback();
        let builder = if is_direct { builder.no_proxy() } else { builder };
        let (host, port) = edge.host();
        let builder = match edge.address() {
            Some(address) => builder.resolve_to_addrs(host, &[SocketAddr::new(address, port)]),
            None => builder,
        };
        let http = configure_tls(builder, edge.is_encrypted())?
            .build()
            .map_err(|_| EdgeError::new("the HTTP client cannot start"))?;
        Ok(Self { edge, http, pace, body_limit, silent: Arc::default() })
    }

    /// Asks for a path once. After `until`, a response has only a few seconds to arrive.
    pub(crate) async fn ask(
        &self,
        path: &str,
        coding: Coding,
        until: Option<Instant>,
    ) -> Result<Came, NoAnswer> {
        let Some(url) = self.edge.url(path) else {
            let why = "an HTTP client cannot send this path as it is".to_owned();
            return Err(NoAnswer { why, kind: NoAnswerKind::Impossible });
        };
        // Paths that are skipped do not wait for their turn.
        self.is_responding()?;
        let _turn = self.pace.turn().await;
        self.is_responding()?;
        let is_heard = AtomicBool::new(false);
        let asking = self.send(url, path, coding, &is_heard);
        let came = match until.map(|until| until.max(Instant::now() + GRACE)) {
            None => asking.await,
            Some(until) => timeout_at(until.into(), asking).await.unwrap_or_else(|_| {
                Err(NoAnswer { why: "timed out".to_owned(), kind: NoAnswerKind::TimedOut })
            }),
        };
        match &came {
            // An edge whose body is still arriving is not silent.
            Err(NoAnswer { kind: NoAnswerKind::TimedOut, .. })
                if !is_heard.load(Ordering::Relaxed) =>
            {
                self.silent.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.silent.store(0, Ordering::Relaxed),
        }
        came
    }

    fn is_responding(&self) -> Result<(), NoAnswer> {
        if self.silent.load(Ordering::Relaxed) < SILENT {
            return Ok(());
        }
        let why = format!("{SILENT} requests in a row timed out, so this path was not asked for");
        Err(NoAnswer { why, kind: NoAnswerKind::Skipped })
    }

    /// Asks again even if the last requests have timed out.
    pub(crate) fn retry(&self) {
        self.silent.store(0, Ordering::Relaxed);
    }

    /// Sends a request, and sets `is_heard` as soon as the edge responds.
    async fn send(
        &self,
        url: Url,
        path: &str,
        coding: Coding,
        is_heard: &AtomicBool,
    ) -> Result<Came, NoAnswer> {
        let asked_for = url.clone();
        let request = self.http.get(url).header(ACCEPT_ENCODING, coding.accept_encoding());
        let (asked, asked_on) = (Instant::now(), SystemTime::now());
        let mut response = request.send().await.map_err(|error| match error.is_timeout() {
            true => NoAnswer { why: cause(&error), kind: NoAnswerKind::TimedOut },
            false => NoAnswer { why: cause(&error), kind: NoAnswerKind::Broken },
        })?;
        is_heard.store(true, Ordering::Relaxed);
        let (answered, received) = (Instant::now(), SystemTime::now());
        let coded = coding_of(response.headers());
        let (body, size) = match &coded {
            Ok(found) if coding.accepts(*found) => {
                hashed(&mut response, *found, self.body_limit).await
            }
            Ok(found) => (Body::Coded(found.name().to_owned()), 0),
            Err(name) => (Body::Coded(name.clone()), 0),
        };
        let (status, headers) = (response.status().as_u16(), response.headers());
        Ok(Came {
            asked,
            asked_on,
            answered,
            varies: varies_by_coding(headers),
            varies_by: other_variants(headers),
            is_coded: coded != Ok(Encoding::Identity),
            is_no_transform: is_no_transform(headers),
            size,
            media_type: media_type(headers),
            is_to_folder: matches!(status, 301 | 302 | 307 | 308)
                && is_to_folder(&asked_for, path, headers),
            answer: Answer::new(status, headers, received, body),
        })
    }
}

/// Whether a redirect leads to the folder of the same name: from `/d` to `/d/`, on the same host.
fn is_to_folder(asked: &Url, path: &str, headers: &HeaderMap) -> bool {
    let mut locations = headers.get_all(LOCATION).iter();
    let (Some(location), None) = (locations.next(), locations.next()) else { return false };
    let target = location.to_str().ok().and_then(|location| asked.join(location).ok());
    // The URL of an edge may have a path of its own, which the origin does not know.
    let names = [asked.path(), path.split('?').next().unwrap_or_default()];
    target.is_some_and(|target| {
        target.path().strip_suffix('/').is_some_and(|name| names.contains(&name))
            && target.query() == asked.query()
            && target.host_str() == asked.host_str()
    })
}

/// The hash of a body, and how many bytes of it have arrived.
async fn hashed(response: &mut reqwest::Response, coding: Encoding, limit: u64) -> (Body, u64) {
    // A body that is known to be too large is not read at all.
    if let Some(length) = response.content_length().filter(|length| *length > limit) {
        return (Body::TooLarge, length);
    }
    let mut hasher = Hasher::new(coding, limit);
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) if hasher.add(&bytes) => {}
            Ok(_) => {
                let size = hasher.arrived();
                return (hasher.finish(), size);
            }
            Err(_) => return (Body::Damaged, hasher.arrived()),
        }
    }
}

/// The last error of a chain, which says most, without characters that control a terminal.
fn cause(error: &reqwest::Error) -> String {
    /// A longer text is likely to be a page.
    const LONGEST: usize = 200;
    let mut last: &dyn StdError = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let what = match error {
        error if error.is_timeout() => "timed out",
        error if error.is_connect() => "cannot connect",
        _ => "the connection broke",
    };
    let why = last.to_string();
    // Its own text repeats the URL.
    if error.source().is_none() {
        return what.to_owned();
    }
    let harmless = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST);
    format!("{what}: {}", harmless.collect::<String>())
}

#[cfg(feature = "rustls")]
fn configure_tls(
    builder: reqwest::ClientBuilder,
    encrypted: bool,
) -> Result<reqwest::ClientBuilder, EdgeError> {
    let cannot = |_| EdgeError::new("TLS cannot start: the system's certificates cannot be read");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(cannot)?;
    // Reading the system's certificates takes longer than a request to the loopback.
    let mut config = if encrypted {
        let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(cannot)?;
        config.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        config.with_root_certificates(rustls::RootCertStore::empty())
    }
    .with_no_client_auth();
    let offered: &[&[u8]] =
        if cfg!(feature = "http2") { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = offered.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(not(feature = "rustls"))]
fn configure_tls(
    builder: reqwest::ClientBuilder,
    encrypted: bool,
) -> Result<reqwest::ClientBuilder, EdgeError> {
    match encrypted {
        true => {
            Err(EdgeError::new("this program is built without TLS: enable the feature `rustls`"))
        }
        false => Ok(builder),
    }
}
