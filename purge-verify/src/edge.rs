//! What is asked: an edge, or the origin.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// A server that is asked for paths: an edge of a CDN, one of its points of presence, or the origin.
///
/// ```
/// use purge_verify::Edge;
///
/// let edge: Edge = "https://www.example.com/".parse()?;
/// assert_eq!(edge.to_string(), "https://www.example.com");
/// let resolve = "www.example.com:443:192.0.2.1,192.0.2.2".parse()?;
/// let pinned: Vec<_> = edge.pinned(&[resolve]).iter().map(ToString::to_string).collect();
/// assert_eq!(pinned[1], "https://www.example.com at 192.0.2.2");
/// # Ok::<(), purge_verify::EdgeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// Without a trailing slash.
    base: String,
    host: String,
    port: u16,
    encrypted: bool,
    address: Option<IpAddr>,
}

impl Edge {
    /// One edge for each address that `--resolve` gives for its host and port; only itself if there is none.
    #[must_use]
    pub fn pinned(&self, resolves: &[Resolve]) -> Vec<Self> {
        let is_for = |resolve: &&Resolve| resolve.host == self.host && resolve.port == self.port;
        let addresses = resolves.iter().filter(is_for).flat_map(|resolve| &resolve.addresses);
        let pinned: Vec<_> =
            addresses.map(|address| Self { address: Some(*address), ..self.clone() }).collect();
        if pinned.is_empty() { vec![self.clone()] } else { pinned }
    }

    /// The host and the port.
    #[must_use]
    pub fn host(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The address to connect to, whatever the host resolves to.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let literal = self.host.trim_matches(['[', ']']).parse::<IpAddr>();
        self.host == "localhost" || literal.is_ok_and(|address| address.is_loopback())
    }

    /// The URL of a path, if a URL can contain it unchanged.
    pub(crate) fn url(&self, path: &str) -> Option<Url> {
        let text = format!("{}{path}", self.base);
        let url = Url::parse(&text).ok()?;
        // A URL parser resolves `..` and escapes some characters: that would be another path.
        (url.as_str() == text && url.fragment().is_none()).then_some(url)
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        self.address.map_or(Ok(()), |address| write!(f, " at {address}"))
    }
}

impl FromStr for Edge {
    type Err = EdgeError;

    fn from_str(text: &str) -> Result<Self, EdgeError> {
        let refuse = |why: &'static str| Err(EdgeError(why));
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return refuse("a URL has no spaces or control characters");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("this is not a URL; write, for example, `https://www.example.com`");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("only http and https are supported");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it has a user name or password; remove it");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it has a query string or fragment; remove it");
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return refuse("it names no host");
        };
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            host: host.to_owned(),
            port,
            encrypted: url.scheme() == "https",
            address: None,
        })
    }
}

/// Addresses for a host and a port, as `curl --resolve` takes them: `HOST:PORT:ADDRESS[,ADDRESS]…`.
///
/// An IPv6 address may be in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

impl Resolve {
    /// Whether it is for the host and the port of an edge.
    #[must_use]
    pub fn is_for(&self, edge: &Edge) -> bool {
        (self.host.as_str(), self.port) == edge.host()
    }
}

impl FromStr for Resolve {
    type Err = EdgeError;

    fn from_str(text: &str) -> Result<Self, EdgeError> {
        const FORM: EdgeError =
            EdgeError("write it as HOST:PORT:ADDRESS, such as `www.example.com:443:192.0.2.1`");
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(addresses)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(FORM);
        };
        let host = host.to_ascii_lowercase();
        let port = port.parse().map_err(|_| FORM)?;
        let address = |text: &str| text.trim_matches(['[', ']']).parse().map_err(|_| FORM);
        let addresses: Vec<IpAddr> = addresses.split(',').map(address).collect::<Result<_, _>>()?;
        if host.is_empty() {
            return Err(FORM);
        }
        Ok(Self { host, port, addresses })
    }
}

/// Why an edge cannot be asked. The message does not repeat the URL, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeError(&'static str);

impl EdgeError {
    pub(crate) fn new(why: &'static str) -> Self {
        Self(why)
    }
}

impl fmt::Display for EdgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for EdgeError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(text: &str) -> Edge {
        text.parse().expect(text)
    }

    #[test]
    fn a_path_is_asked_for_as_it_is() {
        let edge = edge("http://127.0.0.1:8080/edge/x/");
        for path in ["/", "/a%2Fb", "/a[1]|~!$&'()+,;=:@", "/a//b", "/a?b=c%20d", "/%C3%BC"] {
            let url = edge.url(path).map(String::from);
            assert_eq!(url, Some(format!("http://127.0.0.1:8080/edge/x{path}")));
        }
        for path in ["/a/../b", "/a/%2e%2e/b", "/a b", "/a\tb", "/\u{fc}", "/a#b", "/./a"] {
            assert_eq!(edge.url(path), None, "{path}");
        }
    }

    #[test]
    fn urls_that_name_no_edge_are_refused() {
        let check = |text: &str, why: &str| {
            let error = text.parse::<Edge>().expect_err(text).to_string();
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        };
        check("www.example.com", "not a URL");
        check("ftp://example.com", "only http and https");
        check("https://user:secret@example.com", "user name");
        check("https://example.com/?secret", "query");
        check("https://exa mple.com", "spaces");
        assert_eq!(edge("https://EXAMPLE.com").host(), ("example.com", 443));
        assert!(edge("http://[::1]:1").is_loopback() && !edge("http://example.com").is_loopback());
    }

    #[test]
    fn addresses_are_those_of_the_host_and_port() {
        let resolve = |text: &str| text.parse::<Resolve>();
        let all = [
            resolve("WWW.example.com:443:192.0.2.1").expect("one"),
            resolve("www.example.com:80:192.0.2.2").expect("another port"),
            resolve("www.example.com:443:[2001:db8::1],2001:db8::2").expect("two"),
        ];
        let addresses: Vec<_> = edge("https://www.example.com")
            .pinned(&all)
            .iter()
            .map(|edge| edge.address().expect("an address").to_string())
            .collect();
        assert_eq!(addresses, ["192.0.2.1", "2001:db8::1", "2001:db8::2"]);
        let other = edge("https://example.com");
        assert_eq!(other.pinned(&all), std::slice::from_ref(&other));
        assert!(all[0].is_for(&edge("https://www.example.com")) && !all[1].is_for(&other));
        for odd in ["", "a", "a:443", "a:443:", "a:x:192.0.2.1", ":443:192.0.2.1", "a:443:b"] {
            resolve(odd).expect_err(odd);
        }
    }
}
