//! Why a proxy does not connect to the service. The HTTP client discards the proxy's response, so the proxy is asked
//! again, with a `CONNECT` request of our own that ends with its response. It contains only the name of the service and
//! the proxy's own credentials.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Matcher, Proxy};

/// The response of a proxy to a `CONNECT` request.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Proxy {
    /// Asks for a connection to `authority`, and returns the response. None if there is none, or if it cannot be read.
    /// This takes at most a few seconds, and does not work over TLS.
    pub(crate) async fn refusal(&self, authority: &str) -> Option<Refusal> {
        const LIMIT: Duration = Duration::from_secs(2);
        tokio::time::timeout(LIMIT, self.ask(authority)).await.ok().flatten()
    }

    async fn ask(&self, authority: &str) -> Option<Refusal> {
        let matcher = Matcher::builder().all(self.url.as_ref()?.expose_secret()).build();
        let proxy = matcher.intercept(&format!("https://{authority}").parse().ok()?)?;
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
            if refusal.as_ref().is_some_and(|(_, complete)| *complete) {
                return refusal.map(|(refusal, _)| refusal);
            }
            let more =
                tokio::time::timeout(Duration::from_millis(500), socket.read_buf(&mut answer));
            match more.await {
                Ok(Ok(1..)) if answer.len() < 8 * 1024 => {}
                // What has arrived is enough to report the reason.
                _ => return read(&answer).map(|(refusal, _)| refusal),
            }
        }
    }
}

/// Parses a response that may be incomplete. Also returns whether it is complete.
fn read(answer: &[u8]) -> Option<(Refusal, bool)> {
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
    let refusal = Refusal { status, body: body.to_vec() };
    Some((refusal, is_complete))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_of_proxies_are_parsed() {
        let status = |answer: &[u8]| {
            read(answer).map(|(refusal, is_complete)| (refusal.status, is_complete))
        };
        assert_eq!(status(b""), None);
        assert_eq!(status(b"HTTP/1.1 403 Forbidden\r\n"), None);
        assert_eq!(status(b"SSH-2.0-x\r\n\r\n\r\n"), None);
        assert_eq!(status(b"HTTP/1.1 403 Forbidden\r\n\r\n"), Some((403, false)));
        assert_eq!(status(b"HTTP/1.0 502\r\nContent-Length: 2\r\n\r\nn"), Some((502, false)));
        assert_eq!(status(b"HTTP/1.0 502\r\nContent-Length: 2\r\n\r\nno"), Some((502, true)));
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\n"), Some((200, true)));
        let (refusal, _) = read(b"HTTP/1.1 403 x\r\n\r\nblocked").expect("a refusal");
        assert_eq!(refusal.body, b"blocked");
    }
}
