//! The HTTP client, and what its answers mean.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Deserialize;

use crate::retry::parse_retry_after;
use crate::text::{escape, excerpt};
use crate::{Error, ErrorKind};

/// An address that the token may be sent to.
pub(crate) struct BaseUrl {
    text: String,
    loopback: bool,
    encrypted: bool,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            // What stands before an `@` may be a password.
            let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
            let message = format!("the base URL `{}` cannot be used: {why}", escape(shown));
            Err(Error::new(ErrorKind::InvalidInput, message))
        };
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return refuse(&format!("{error}; write for example `https://host`")),
        };
        let Some(host) = url.host_str() else {
            return refuse("it names no host; write for example `https://host`");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it holds a user name or password; the token is all that is needed");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it has a query string or fragment; leave it out");
        }
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let loopback = host == "localhost" || address.is_ok_and(|ip| ip.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return refuse("plain http would show the token to others; use https"),
            _ => return refuse("only https can be used"),
        }
        let encrypted = url.scheme() == "https";
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), loopback, encrypted })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

pub(crate) fn http_client(
    base: &BaseUrl,
    connect_timeout: Duration,
    attempt_timeout: Duration,
) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("purge-api-ext/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        // Each attempt is counted and classified here, so nothing may be sent again underneath.
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .timeout(attempt_timeout)
        .tls_backend_preconfigured(tls(base)?);
    if base.loopback {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "the HTTP client cannot start").with_source(error)
    })
}

fn tls(base: &BaseUrl) -> Result<rustls::ClientConfig, Error> {
    let cannot = |error: rustls::Error| {
        Error::new(ErrorKind::InvalidInput, "TLS cannot start").with_source(error)
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(cannot)?;
    // Reading the system's certificates takes longer than a request to the loopback.
    let mut config = if base.encrypted {
        builder.with_platform_verifier().map_err(cannot)?.with_no_client_auth()
    } else {
        builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What is known of the request after a call that did not answer 200 with a readable body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It was surely not carried out.
    No,
    /// It was refused, and would be again.
    Refused,
    /// It may have been carried out.
    Maybe,
}

/// An error, and whether the request may have been carried out all the same.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) applied: Applied,
    pub(crate) error: Error,
}

impl Failure {
    pub(crate) fn new(applied: Applied, error: Error) -> Self {
        Self { applied, error }
    }
}

/// Reads what went wrong from the generated client's error.
pub(crate) async fn failure(error: purge_api::Error<()>) -> Failure {
    use purge_api::Error as Raw;

    match error {
        Raw::UnexpectedResponse(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            // The status is what counts; a body that breaks off takes only the message away.
            let body = response.bytes().await.unwrap_or_default();
            from_status(status, &headers, &body)
        }
        Raw::CommunicationError(error) => from_connection(error),
        Raw::ResponseBodyError(error) => Failure::new(
            Applied::Maybe,
            Error::new(ErrorKind::Untrusted, format!("the answer broke off: {}", root(&error)))
                .with_status(200)
                .with_source(error.without_url()),
        ),
        Raw::InvalidResponsePayload(body, error) => {
            let body = String::from_utf8_lossy(&body);
            let message = format!("the answer is no answer of this service: `{}`", excerpt(&body));
            let error = Error::new(ErrorKind::Untrusted, message).with_source(error);
            Failure::new(Applied::Maybe, error.with_status(200))
        }
        // The rest never leaves this machine. Its own texts hold nothing from outside.
        other => {
            let error = Error::new(ErrorKind::InvalidInput, other.to_string());
            Failure::new(Applied::Refused, error)
        }
    }
}

fn from_connection(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let text = root(&error);
    if error.is_builder() {
        let message = format!("the request cannot be made: {text}");
        return Failure::new(Applied::Refused, Error::new(ErrorKind::InvalidInput, message));
    }
    let certificate = chain(&error).any(|cause| cause.downcast_ref::<rustls::Error>().is_some());
    let (applied, kind, message) = if error.is_connect() && certificate {
        (Applied::Refused, ErrorKind::Untrusted, format!("no trusted connection: {text}"))
    } else if error.is_connect() {
        (Applied::No, ErrorKind::Unavailable, format!("the service cannot be reached: {text}"))
    } else if error.is_timeout() {
        (Applied::Maybe, ErrorKind::Unavailable, "no answer within the attempt's time".to_owned())
    } else {
        (Applied::Maybe, ErrorKind::Unavailable, format!("the connection broke off: {text}"))
    };
    Failure::new(applied, Error::new(kind, message).with_source(error))
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    // An I/O error hides what it carries from `source`, and shows it only to `get_ref`.
    std::iter::successors(Some(error), |&error: &&'a (dyn StdError + 'static)| {
        let carried = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        carried.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

fn root(error: &reqwest::Error) -> String {
    chain(error).last().map(|cause| escape(&cause.to_string())).unwrap_or_default()
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
}

fn from_status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let said = serde_json::from_slice::<Refusal>(body)
        .ok()
        .and_then(|refusal| refusal.message)
        .filter(|message| !message.trim().is_empty())
        .map(|message| format!(": {}", excerpt(message.trim_end_matches('.'))))
        .unwrap_or_default();
    let retry_after = parse_retry_after(headers.get_all(RETRY_AFTER), std::time::SystemTime::now());
    let code = status.as_u16();
    let (applied, kind, message) = match code {
        401 => (
            Applied::Refused,
            ErrorKind::Unauthorized,
            format!("the token was refused (401){said}; get a new one"),
        ),
        403 => (
            Applied::Refused,
            ErrorKind::Unauthorized,
            format!(
                "the request was forbidden (403), by the service or by something in between{said}"
            ),
        ),
        300..=399 => {
            let target = headers.get(LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()));
            let target = target.map(|to| format!(" to `{}`", excerpt(&to))).unwrap_or_default();
            (
                Applied::Refused,
                ErrorKind::Untrusted,
                format!("a redirect ({code}){target} was not followed; check the base URL"),
            )
        }
        407 => (
            Applied::Refused,
            ErrorKind::Unauthorized,
            "the proxy asks for credentials (407)".to_owned(),
        ),
        429 => (Applied::No, ErrorKind::Unavailable, format!("too many requests (429){said}")),
        503 => {
            (Applied::No, ErrorKind::Unavailable, format!("the service is unavailable (503){said}"))
        }
        408 | 500 | 502 | 504 => {
            (Applied::Maybe, ErrorKind::Unavailable, format!("the service failed ({code}){said}"))
        }
        200..=299 => (
            Applied::Maybe,
            ErrorKind::Untrusted,
            format!("an answer ({code}) that the service does not document"),
        ),
        _ => (
            Applied::Refused,
            ErrorKind::Refused,
            format!("the service refused the request ({code}){said}"),
        ),
    };
    let error = Error::new(kind, message).with_status(code).with_retry_after(retry_after);
    Failure::new(applied, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        let check = |url: &str, expected: Result<&str, &str>| match (BaseUrl::parse(url), expected)
        {
            (Ok(base), Ok(text)) => assert_eq!(base.as_str(), text),
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "{url}: {error}");
                assert!(!error.to_string().contains("secret"), "{url}: {error}");
            }
            (found, _) => panic!("{url}: {:?}", found.map(|base| base.text)),
        };
        check("https://cloud.medianova.com", Ok("https://cloud.medianova.com"));
        check("https://example.com:8443/stem/", Ok("https://example.com:8443/stem"));
        check("http://127.0.0.1:8080/", Ok("http://127.0.0.1:8080"));
        check("http://127.1.2.3", Ok("http://127.1.2.3"));
        check("http://[::1]:1", Ok("http://[::1]:1"));
        check("http://localhost:1", Ok("http://localhost:1"));
        check("http://example.com", Err("use https"));
        check("http://localhost.example.com", Err("use https"));
        check("http://128.0.0.1", Err("use https"));
        check("ftp://example.com", Err("only https"));
        check("https://user:secret@example.com", Err("user name"));
        check("https://example.com/?a", Err("query"));
        check("cloud.medianova.com", Err("write for example"));
        check("", Err("write for example"));
    }

    #[test]
    fn every_status_has_one_class() {
        let check = |codes: &[u16], applied: Applied, kind: ErrorKind| {
            for &code in codes {
                let status = StatusCode::from_u16(code).expect("a status");
                let failure = from_status(status, &HeaderMap::new(), b"");
                assert_eq!((failure.applied, failure.error.kind()), (applied, kind), "{code}");
                assert_eq!(failure.error.status(), Some(code));
            }
        };
        check(
            &[400, 404, 405, 409, 413, 415, 422, 501, 505, 511],
            Applied::Refused,
            ErrorKind::Refused,
        );
        check(&[401, 403, 407], Applied::Refused, ErrorKind::Unauthorized);
        check(&[301, 302, 303, 304, 307, 308], Applied::Refused, ErrorKind::Untrusted);
        check(&[408, 500, 502, 504], Applied::Maybe, ErrorKind::Unavailable);
        check(&[429, 503], Applied::No, ErrorKind::Unavailable);
        check(&[201, 202, 204, 206], Applied::Maybe, ErrorKind::Untrusted);
    }

    #[test]
    fn messages_of_the_service_are_shown_escaped() {
        let said = |body: &str| {
            from_status(StatusCode::NOT_FOUND, &HeaderMap::new(), body.as_bytes()).error.to_string()
        };
        assert_eq!(
            said(r#"{"status":false,"message":"no \u001b[31msuch\nresource"}"#),
            r"the service refused the request (404): no \u{1b}[31msuch\nresource"
        );
        assert_eq!(said("<html>"), "the service refused the request (404)");
        assert_eq!(said(r#"{"message":null}"#), "the service refused the request (404)");
    }
}
