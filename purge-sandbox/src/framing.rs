//! The headers that belong to one connection, and determine where a response ends. The server writes them.

use http::{HeaderMap, HeaderName, header};

const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether only the server writes this header.
pub(crate) fn is_of_server(name: &HeaderName) -> bool {
    FRAMING.contains(&name.as_str())
}

/// Removes the headers of a connection, and those that `Connection` names (RFC 9110, section 7.6.1).
pub(crate) fn remove(headers: &mut HeaderMap) {
    let named = headers.get_all(header::CONNECTION).iter();
    let named = named.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    let named: Vec<_> = named.map(|name| name.trim().to_ascii_lowercase()).collect();
    for name in FRAMING.into_iter().chain(named.iter().map(String::as_str)) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn headers_of_a_connection_are_removed() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "Keep-Alive, X-Hop"),
            ("connection", "x-other , a b"),
            ("keep-alive", "timeout=5"),
            ("x-hop", "1"),
            ("x-other", "2"),
            ("transfer-encoding", "chunked"),
            ("trailer", "x"),
            ("content-length", "3"),
            ("etag", "\"a\""),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove(&mut headers);
        assert_eq!(
            headers,
            HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("\"a\""))])
        );
    }
}
