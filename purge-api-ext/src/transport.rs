//! What responses mean, and what is known about a request that got none.

mod refusal_body;
mod connection;

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};

use crate::connection::Route;
use crate::error::{Error, ErrorKind};
use crate::retry::{Applied, LONGEST_RETRY_AFTER, parse_retry_after};
use crate::sanitize::{Redactor, Shown, excerpt, shown, without_credentials};
use connection::{from_connection, root};

/// An error, and whether the request may have been applied nevertheless.
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

/// Classifies an error of the generated client.
pub(crate) async fn failure(
    error: purge_api::Error<()>,
    redactor: &Redactor,
    route: &Route,
) -> Failure {
    use purge_api::Error as Raw;

    match error {
        Raw::UnexpectedResponse(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            // The status decides. If the body is cut off, only the message is lost.
            let body = response.bytes().await.unwrap_or_default();
            from_status(status, &headers, &body, redactor)
        }
        Raw::CommunicationError(error) => from_connection(error, redactor, route).await,
        Raw::ResponseBodyError(error) => Failure::new(
            Applied::Maybe,
            Error::new(
                ErrorKind::Untrusted,
                shown!("the response was cut off: {why}", why = root(&error, redactor)),
            )
            .with_status(200)
            .with_foreign_cause(&error.without_url(), redactor),
        ),
        Raw::InvalidResponsePayload(body, error) => {
            let body = String::from_utf8_lossy(&body);
            let body = redactor.excerpt(&body);
            let message = match body.is_empty() {
                true => "the response is empty".into(),
                false => shown!("this is not a response from the service: `{body}`", body),
            };
            let untrusted = Error::new(ErrorKind::Untrusted, message).with_status(200);
            // The parser's error may quote the body.
            let quotes = redactor.hides(&error.to_string());
            let untrusted = if quotes { untrusted } else { untrusted.with_source(error) };
            Failure::new(Applied::Maybe, untrusted)
        }
        // With the remaining errors, the request never left this machine. Their messages contain no foreign text.
        other => Failure::new(Applied::Refused, Error::invalid_input(&excerpt(&other))),
    }
}

/// The message of a response in the documented format, if it has one; an error if the response is a refusal.
pub(crate) fn granted(
    status: bool,
    message: Option<&str>,
    redactor: &Redactor,
) -> Result<Option<Shown>, Error> {
    let said = message.map(|said| redactor.excerpt(said));
    let said = said.filter(|said| !said.is_empty());
    if status {
        return Ok(said);
    }
    let said = Shown::after_colon(said);
    let message = shown!("the service refused the request (status: false){said}", said);
    Err(Error::new(ErrorKind::Refused, message).with_status(200))
}

/// The message in the body of a refusal, for the end of a message; empty if it has none.
pub(crate) fn message_in(body: &[u8], redactor: &Redactor) -> Shown {
    Shown::after_colon(refusal_body::message_of(body, redactor))
}

fn proxy_authorization() -> Error {
    let message = "the proxy requires credentials (407); add them to the proxy URL";
    Error::new(ErrorKind::Unauthorized, message).with_status(407)
}

/// Classifies a response that is not 200.
pub(crate) fn from_status(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    redactor: &Redactor,
) -> Failure {
    let code = status.as_u16();
    if code == 407 {
        return Failure::new(Applied::Refused, proxy_authorization());
    }
    let (applied, kind) = meaning(code);
    let said = message_in(body, redactor);
    let message = message(code, headers, &said, redactor);
    // If a later attempt cannot succeed, do not wait.
    let asked = if kind == ErrorKind::Unavailable { pause_asked_for(headers) } else { None };
    let message = match asked.filter(|asked| *asked > LONGEST_RETRY_AFTER) {
        // A run ends rather than wait that long, and an earlier one would fail again.
        Some(asked) => {
            let asked = humantime::format_duration(asked);
            shown!("{message}; the service asked for a pause of {asked}", message, asked)
        }
        None => message,
    };
    Failure::new(applied, Error::new(kind, message).with_status(code).with_retry_after(asked))
}

/// Whether a request with this status may have been applied, and the kind of the error.
fn meaning(code: u16) -> (Applied, ErrorKind) {
    match code {
        401 | 403 => (Applied::Refused, ErrorKind::Unauthorized),
        // RFC 9110, section 15.4.4: the service applied the request and reports the result elsewhere.
        303 => (Applied::Yes, ErrorKind::Untrusted),
        300..=399 => (Applied::Refused, ErrorKind::Untrusted),
        // 421 and 425: RFC 9110, section 15.5.20, and RFC 8470, section 5.2: the request was not processed, and may be
        // sent again.
        421 | 425 | 429 => (Applied::No, ErrorKind::Unavailable),
        409 => (Applied::Yes, ErrorKind::Refused),
        501 | 505 | 511 => (Applied::Refused, ErrorKind::Refused),
        // RFC 9110, section 15: an unknown status counts as the x00 of its class, and one outside of the classes as
        // a server error. 503 is not proof: gateways also send it, some with `Retry-After`, when the connection to the
        // service breaks after they have passed the request on.
        408 | 500.. => (Applied::Maybe, ErrorKind::Unavailable),
        ..300 => (Applied::Maybe, ErrorKind::Untrusted),
        400..500 => (Applied::Refused, ErrorKind::Refused),
    }
}

fn message(code: u16, headers: &HeaderMap, said: &Shown, redactor: &Redactor) -> Shown {
    match code {
        401 => shown!("the token was refused (401){said}; get a new one", said),
        403 => shown!(
            "the request was forbidden (403), by the service or by a proxy or gateway{said}",
            said
        ),
        300..=399 => redirect(code, headers, redactor),
        429 => shown!("too many requests (429){said}", said),
        503 => shown!("the service is unavailable (503){said}", said),
        421 | 425 => shown!("the service did not process the request ({code}){said}", code, said),
        409 => shown!("the request conflicts with another one (409){said}", said),
        501 | 505 | 511 => refused(code, said),
        408 | 500.. => shown!("the service failed ({code}){said}", code, said),
        ..300 => shown!("the service does not document a {code} response{said}", code, said),
        400..500 => refused(code, said),
    }
}

/// The pause that a response asks for. Dates are relative to the response's own `Date`.
fn pause_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let date =
        headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    parse_retry_after(headers.get_all(RETRY_AFTER), date.unwrap_or_else(SystemTime::now))
}

fn refused(code: u16, said: &Shown) -> Shown {
    shown!("the service refused the request ({code}){said}", code, said)
}

/// The target is shown without user name, password, query string, fragment and parameters of the path: a login may
/// redirect with a new token in one of these, which the redactor does not know.
fn redirect(code: u16, headers: &HeaderMap, redactor: &Redactor) -> Shown {
    let target = headers.get(LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()));
    let target = target.map(|to| {
        // First, since a password may contain any of these characters.
        let to = without_credentials(&to);
        let to = to.split(['?', '#', ';']).next().unwrap_or_default();
        shown!(" to `{to}`", to = redactor.excerpt(to))
    });
    let target = target.unwrap_or_default();
    shown!("a redirect ({code}){target} was not followed; check the base URL", code, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_is_honored_only_for_retryable_errors() {
        let asked = |code: u16, headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            let status = StatusCode::from_u16(code).expect("a status");
            from_status(status, &map, b"", &Redactor::default()).error.retry_after()
        };
        for code in [429, 503, 500, 421, 425] {
            assert_eq!(
                asked(code, &[("retry-after", "7")]),
                Some(Duration::from_secs(7)),
                "{code}"
            );
        }
        for code in [400, 401, 403, 404, 303, 501] {
            assert_eq!(asked(code, &[("retry-after", "7")]), None, "{code}");
        }
        // A date is relative to the clock of the response, not to that of this machine.
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let later = ("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT");
        assert_eq!(asked(503, &[date, later]), Some(Duration::from_secs(20)));
    }

    #[test]
    fn target_of_a_redirect_is_shown_without_secrets() {
        let message = |location: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
            from_status(StatusCode::FOUND, &headers, b"", &Redactor::default()).error.to_string()
        };
        for (location, target) in [
            ("https://panel.example.com/#access_token=c4nary", "https://panel.example.com/"),
            ("https://panel.example.com/a?token=c4nary#b", "https://panel.example.com/a"),
            ("/login;jsessionid=c4nary?next=/", "/login"),
            ("https://me:c4nary@example.com/a", "https://…@example.com/a"),
            ("https://me:c4;na?ry@example.com/a", "https://…@example.com/a"),
            ("/api/v2/purge", "/api/v2/purge"),
        ] {
            let expected = format!("a redirect (302) to `{target}` was not followed");
            assert!(message(location).starts_with(&expected), "{}", message(location));
        }
    }

    #[test]
    fn every_status_has_one_class() {
        let check = |codes: &[u16], applied: Applied, kind: ErrorKind| {
            for &code in codes {
                let status = StatusCode::from_u16(code).expect("a status");
                let failure = from_status(status, &HeaderMap::new(), b"", &Redactor::default());
                assert_eq!((failure.applied, failure.error.kind()), (applied, kind), "{code}");
                assert_eq!(failure.error.status(), Some(code));
            }
        };
        check(&[409], Applied::Yes, ErrorKind::Refused);
        check(&[400, 402, 404, 405, 410, 413, 414, 415, 422], Applied::Refused, ErrorKind::Refused);
        check(&[418, 423, 424, 426, 428, 431, 451, 499], Applied::Refused, ErrorKind::Refused);
        check(&[501, 505, 511], Applied::Refused, ErrorKind::Refused);
        check(&[401, 403, 407], Applied::Refused, ErrorKind::Unauthorized);
        check(&[300, 301, 302, 304, 307, 308, 399], Applied::Refused, ErrorKind::Untrusted);
        check(&[303], Applied::Yes, ErrorKind::Untrusted);
        check(&[408, 500, 502, 503, 504], Applied::Maybe, ErrorKind::Unavailable);
        check(&[506, 507, 508, 509, 510, 512], Applied::Maybe, ErrorKind::Unavailable);
        check(&[520, 521, 522, 523, 524, 525, 526, 527], Applied::Maybe, ErrorKind::Unavailable);
        check(&[529, 530, 561, 599, 600, 999], Applied::Maybe, ErrorKind::Unavailable);
        check(&[421, 425, 429], Applied::No, ErrorKind::Unavailable);
        check(&[201, 202, 203, 204, 206, 299], Applied::Maybe, ErrorKind::Untrusted);
    }
}
