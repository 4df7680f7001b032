//! Accepts only requests from programs and pages of this machine.
//!
//! A web page that a developer visits can send requests to loopback. If its own domain name resolves to loopback (DNS
//! rebinding), it can also read the responses; its name is then in `Host`. A page that cannot read the responses can
//! still change the state of the sandbox; browsers show this in `Origin` or `Sec-Fetch-Site`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderMap, HeaderName};
use http::uri::Authority;
use http::{StatusCode, Version};

use crate::refusal::Refusal;
use crate::state::Shared;

pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    match check(&request, shared.non_loopback) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check<B>(request: &http::Request<B>, anywhere: bool) -> Result<(), Refusal> {
    let host = host(request)?;
    for host in host.iter().chain(request.uri().authority()) {
        if !anywhere && !is_loopback(host.host()) {
            let message = format!(
                "{host} is not this machine: use localhost or 127.0.0.1, or start the sandbox with other names allowed (--allow-non-loopback)"
            );
            return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, message));
        }
    }
    own_site(request, host.as_ref())
}

/// The only `Host` of a request. HTTP/1.0 does not require one.
fn host<B>(request: &http::Request<B>) -> Result<Option<Authority>, Refusal> {
    let refuse = |message| Err(Refusal::new(StatusCode::BAD_REQUEST, message));
    let mut values = request.headers().get_all(header::HOST).iter();
    match (values.next(), values.next()) {
        (None, _) if request.version() == Version::HTTP_10 => Ok(None),
        (None, _) => refuse("the header Host is missing"),
        (Some(_), Some(_)) => refuse("there is more than one header Host"),
        (Some(value), None) => match value.to_str().ok().and_then(authority) {
            Some(host) => Ok(Some(host)),
            None => refuse("the header Host is not a name or an address with an optional port"),
        },
    }
}

fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let rest = authority.as_str().strip_prefix(host)?;
    let port = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    (port && !host.is_empty()).then_some(authority)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.is_empty() || text.parse::<u16>().is_ok())
}

/// Whether a host is this machine, judged by its name alone, without a resolver.
fn is_loopback(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let mut labels = name.rsplit('.');
    labels.next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
        && labels.all(|label| !label.is_empty())
}

/// Refuses requests that another site makes a browser send. Following a link to a page is allowed.
fn own_site<B>(request: &http::Request<B>, host: Option<&Authority>) -> Result<(), Refusal> {
    let headers = request.headers();
    let text = |name| headers.get(&name).map(|value| value.to_str().unwrap_or_default());
    let foreign = match text(header::ORIGIN) {
        Some(origin) => !is_own(origin, host),
        None => {
            let opens_a_page = text(HeaderName::from_static("sec-fetch-mode")) == Some("navigate")
                && !request.uri().path().starts_with("/api/");
            let site = text(HeaderName::from_static("sec-fetch-site"));
            site.is_some_and(|site| site.eq_ignore_ascii_case("cross-site")) && !opens_a_page
        }
    };
    if !foreign && one_origin(headers) {
        return Ok(());
    }
    let message = "a page of another site made the browser send this; the sandbox responds only to pages of this machine";
    Err(Refusal::new(StatusCode::FORBIDDEN, message))
}

fn one_origin(headers: &HeaderMap) -> bool {
    headers.get_all(header::ORIGIN).iter().count() <= 1
}

/// Whether an origin is a page of this machine, or of the requested host.
fn is_own(origin: &str, host: Option<&Authority>) -> bool {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.and_then(authority)
        .is_some_and(|origin| is_loopback(origin.host()) || host == Some(&origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(lines: &[(&str, &str)], target: &str, version: Version, anywhere: bool) -> u16 {
        let mut request = http::Request::get(target).version(version);
        for (name, value) in lines {
            request = request.header(*name, value.as_bytes());
        }
        match check(&request.body(()).expect("a request"), anywhere) {
            Ok(()) => 200,
            Err(refusal) => refusal.into_response().status().as_u16(),
        }
    }

    fn of_host(host: &str) -> (u16, u16) {
        let status = |anywhere| status(&[("host", host)], "/docs", Version::HTTP_11, anywhere);
        (status(false), status(true))
    }

    #[test]
    fn names_and_addresses_of_this_machine_are_accepted() {
        for host in [
            "localhost",
            "LocalHost:8080",
            "localhost.",
            "localhost:",
            "a.b.localhost:1",
            "127.0.0.1",
            "127.9.8.7:65535",
            "[::1]",
            "[::1]:8080",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert_eq!(of_host(host), (200, 200), "{host}");
        }
    }

    #[test]
    fn other_names_and_addresses_are_accepted_only_if_allowed() {
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "notlocalhost",
            "localhost..",
            ".localhost",
            "a..localhost",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",
            "192.168.0.1:8080",
            "128.0.0.1",
            "[::]",
            "[::2]:8080",
            "[::ffff:10.0.0.1]",
        ] {
            assert_eq!(of_host(host), (421, 200), "{host}");
        }
    }

    #[test]
    fn a_missing_repeated_or_malformed_host_is_a_bad_request() {
        for host in [
            "",
            ":80",
            "localhost:x",
            "localhost:65536",
            "localhost:+1",
            "user@localhost",
            "evil.com@localhost:80",
            "localhost, example.com",
            "localhost/",
            "http://localhost",
            "[::1",
            "[::1]x",
            "::1",
            "local host",
            "löcalhost",
        ] {
            assert_eq!(of_host(host), (400, 400), "{host}");
        }
        let twice = [("host", "localhost"), ("host", "localhost")];
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert_eq!(status(&twice, "/", version, false), 400);
        }
        assert_eq!(status(&[], "/", Version::HTTP_11, true), 400);
        assert_eq!(status(&[], "/", Version::HTTP_10, false), 200);
        assert_eq!(status(&[("host", "example.com")], "/", Version::HTTP_10, false), 421);
    }

    #[test]
    fn the_authority_of_an_absolute_url_is_checked_too() {
        let at = |host, target| status(&[("host", host)], target, Version::HTTP_11, false);
        assert_eq!(at("localhost", "http://localhost/"), 200);
        assert_eq!(at("localhost", "http://example.com/"), 421);
        assert_eq!(at("example.com", "http://localhost/"), 421);
    }

    #[test]
    fn cross_site_browser_requests_are_refused() {
        let at = |target, lines: &[_]| {
            status(&[&[("host", "127.0.0.1:1")], lines].concat(), target, Version::HTTP_11, true)
        };
        for origin in ["http://127.0.0.1:1", "http://localhost:3000", "https://[::1]:8443"] {
            assert_eq!(at("/api/v1", &[("origin", origin)]), 200, "{origin}");
        }
        for origin in ["null", "", "http://example.com", "file://", "https://localhost.example.com"]
        {
            for target in ["/", "/api/v1", "/edge/x", "/events"] {
                assert_eq!(at(target, &[("origin", origin)]), 403, "{origin}");
            }
        }
        let twice = [("origin", "http://localhost"), ("origin", "http://example.com")];
        assert_eq!(at("/", &twice), 403);
        let lan = [("host", "192.168.0.1:1"), ("origin", "http://192.168.0.1:1")];
        assert_eq!(status(&lan, "/api/v1", Version::HTTP_11, true), 200);

        let cross = ("sec-fetch-site", "cross-site");
        assert_eq!(at("/edge/x", &[cross, ("sec-fetch-mode", "no-cors")]), 403);
        assert_eq!(at("/api/v1", &[cross, ("sec-fetch-mode", "navigate")]), 403);
        assert_eq!(at("/docs", &[cross, ("sec-fetch-mode", "navigate")]), 200);
        for site in ["same-origin", "same-site", "none"] {
            assert_eq!(at("/api/v1", &[("sec-fetch-site", site)]), 200, "{site}");
        }
    }
}
