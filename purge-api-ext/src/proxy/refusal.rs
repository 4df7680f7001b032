//! Why a proxy does not connect to the service. The HTTP client discards the proxy's response, so the proxy is asked
//! again, with a `CONNECT` request of our own that ends with its response. It contains only the name of the service and
//! the proxy's own credentials.

use std::time::Duration;

use hyper_util::client::proxy::matcher::Intercept;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Matcher, Proxy};
use crate::sanitize::quotes;

/// The response of a proxy to a `CONNECT` request.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// None if it quotes the credentials: some proxies show the request that they refuse.
    pub(crate) body: Option<Vec<u8>>,
}

impl Proxy {
    /// Asks for a connection to `authority`, and returns the response. None if there is none, or if it cannot be read.
    /// This takes at most a few seconds, and does not work over TLS.
    pub(crate) async fn refusal(&self, authority: &str) -> Option<Refusal> {
        const LIMIT: Duration = Duration::from_secs(2);
        let (status, body) = tokio::time::timeout(LIMIT, self.ask(authority)).await.ok()??;
        let is_secret = self.are_credentials_in(&String::from_utf8_lossy(&body), authority);
        Some(Refusal { status, body: (!is_secret).then_some(body) })
    }

    /// Whether a text contains the user name, the password, or the value of the header that has both.
    fn are_credentials_in(&self, text: &str, authority: &str) -> bool {
        let url = self.url.as_ref().and_then(|url| Url::parse(url.expose_secret()).ok());
        let Some(url) = url else { return false };
        let proxy = self.intercept(authority);
        let header = proxy.as_ref().and_then(|proxy| proxy.basic_auth()?.to_str().ok());
        let both = header.and_then(|header| header.strip_prefix("Basic "));
        let written = [url.username(), url.password().unwrap_or_default()];
        let meant = written.map(|part| percent_decode_str(part).decode_utf8_lossy());
        let parts = meant.iter().map(AsRef::as_ref).chain(written).chain(both);
        parts.into_iter().any(|part| quotes(text, part))
    }

    fn intercept(&self, authority: &str) -> Option<Intercept> {
        let matcher = Matcher::builder().all(self.url.as_ref()?.expose_secret()).build();
        matcher.intercept(&format!("https://{authority}").parse().ok()?)
    }

    async fn ask(&self, authority: &str) -> Option<(u16, Vec<u8>)> {
        let proxy = self.intercept(authority)?;
        let uri = proxy.uri();
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let host = uri.host()?.trim_matches(['[', ']']);
        let mut socket = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await.ok()?;
        let mut request =
            format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
        if let Some(credentials) = proxy.basic_auth() {
            request.extend(b"Proxy-Authorization: ");
            request.extend(credentials.as_bytes());
            request.extend(b"\r\n");
        }
        request.extend(b"\r\n");
        socket.write_all(&request).await.ok()?;
        let mut answer = Vec::new();
        loop {
            let refusal = read(&answer);
            if let Some((status, body, true)) = refusal {
                return Some((status, body));
            }
            let more =
                tokio::time::timeout(Duration::from_millis(500), socket.read_buf(&mut answer));
            match more.await {
                Ok(Ok(1..)) if answer.len() < 8 * 1024 => {}
                // What has arrived is enough to report the reason.
                _ => return read(&answer).map(|(status, body, _)| (status, body)),
            }
        }
    }
}

/// The status and the body of a response that may be incomplete, and whether it is complete.
fn read(answer: &[u8]) -> Option<(u16, Vec<u8>, bool)> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = lines.filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, length)| length.trim().parse::<usize>().ok());
    let body = &answer[end + 4..];
    let is_complete =
        (200..300).contains(&status) || length.is_some_and(|length| body.len() >= length);
    Some((status, body.to_vec(), is_complete))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_of_proxies_are_parsed() {
        let status =
            |answer: &[u8]| read(answer).map(|(status, _, is_complete)| (status, is_complete));
        assert_eq!(status(b""), None);
        assert_eq!(status(b"HTTP/1.1 403 Forbidden\r\n"), None);
        assert_eq!(status(b"SSH-2.0-x\r\n\r\n\r\n"), None);
        assert_eq!(status(b"HTTP/1.1 403 Forbidden\r\n\r\n"), Some((403, false)));
        assert_eq!(status(b"HTTP/1.0 502\r\nContent-Length: 2\r\n\r\nn"), Some((502, false)));
        assert_eq!(status(b"HTTP/1.0 502\r\nContent-Length: 2\r\n\r\nno"), Some((502, true)));
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\n"), Some((200, true)));
        let (_, body, _) = read(b"HTTP/1.1 403 x\r\n\r\nblocked").expect("a refusal");
        assert_eq!(body, b"blocked");
    }

    #[test]
    fn credentials_are_recognized_in_any_encoding() {
        let check = |credentials: &str, text: &str, expected: bool| {
            let proxy = Proxy::of_program(&format!("http://{credentials}proxy.example.com:3128"));
            let proxy = proxy.expect("a proxy");
            let found = proxy.are_credentials_in(text, "cdn.example.net:443");
            assert_eq!(found, expected, "{credentials} {text}");
        };
        for (text, expected) in [
            ("Proxy-Authorization: Basic bWU6cEBzcy13MHJk", true),
            ("Proxy-Authorization: Basic bWU6cEBzcy13MHJ&#107;", true),
            ("the password p@ss-w0rd is wrong", true),
            (r"the password p\u0040ss-w0rd is wrong", true),
            ("the password p%40ss-w0rd is wrong", true),
            ("not allowed for me", true),
            ("blocked by policy", false),
        ] {
            check("me:p%40ss-w0rd@", text, expected);
        }
        check("a:b@", "blocked", true);
        check("j%C3%BCrgen@", "no j\u{fc}rgen", true);
        check("j%C3%BCrgen@", "anyone", false);
        check("", "Og==", false);
        check("", "anything", false);
    }
}
