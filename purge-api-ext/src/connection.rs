//! Where requests go, and through which proxy.

use std::env;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::connected::Connected;
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;
use crate::sanitize::{Shown, excerpt, shown};
use crate::tls;
use crate::typed;

/// The base URL of the service, to which the token may be sent.
///
/// It is `https`, or plain `http` to the loopback interface of this machine.
///
/// ```
/// use purge_api_ext::BaseUrl;
///
/// let base: BaseUrl = "https://cloud.medianova.com/\n".parse()?;
/// assert_eq!(base.as_str(), "https://cloud.medianova.com");
/// assert!("http://cloud.medianova.com".parse::<BaseUrl>().is_err());
/// # Ok::<(), purge_api_ext::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BaseUrl {
    text: String,
    loopback: bool,
    encrypted: bool,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "the base URL is empty"));
        }
        let (url, loopback) = checked(trimmed).map_err(|why| {
            // Text before an `@` may be a password, and a query may contain a token.
            let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
            let shown = shown.split(['?', '#']).next().unwrap_or_default();
            let url = typed::in_message(shown);
            let message = shown!("the base URL `{url}` cannot be used: {why}", url, why);
            Error::new(ErrorKind::InvalidInput, message)
        })?;
        let encrypted = url.scheme() == "https";
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), loopback, encrypted })
    }

    /// The proxy that the environment sets for requests to this URL: `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY` or
    /// `all_proxy`, unless `NO_PROXY` or `no_proxy` lists the host. On macOS and Windows, the system's proxy is used if
    /// none of these is set. Requests to the loopback interface use no proxy.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if a variable names a proxy that cannot be used.
    pub fn proxy(&self) -> Result<Option<Proxy>, Error> {
        if self.loopback {
            return Ok(None);
        }
        Proxy::of_environment(&self.text, |name| env::var_os(name))
    }

    /// The URL, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// The URL, and whether it leads to the loopback interface, or why it cannot be a base URL.
fn checked(text: &str) -> Result<(Url, bool), Shown> {
    const API: &str = "/api/v1";
    // URL parsers drop tabs and line breaks anywhere, which would join separate words.
    if text.contains(char::is_control) {
        return Err("it contains control characters".into());
    }
    let url = Url::parse(text).map_err(|error| {
        shown!("{error}; write, for example, `https://host`", error = excerpt(&error))
    })?;
    let Some(host) = url.host_str() else {
        return Err("it names no host; write, for example, `https://host`".into());
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "it has a user name or password; remove it, since only the token is needed".into()
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query string or fragment; remove it".into());
    }
    let ends = |at: &usize| matches!(url.path().as_bytes().get(at + API.len()), None | Some(b'/'));
    if let Some(at) = url.path().find(API).filter(ends) {
        let rest = excerpt(&url.path()[at..]);
        return Err(shown!("remove `{rest}`, which is appended automatically", rest));
    }
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let loopback = host == "localhost" || address.is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err("plain http would expose the token; use https".into()),
        _ => return Err("only https is supported".into()),
    }
    Ok((url, loopback))
}

/// How requests reach the service, as far as that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) connected: Connected,
    /// The host and the port of the service.
    pub(crate) authority: String,
    /// None for an HTTP client that the program supplies.
    pub(crate) limits: Option<Limits>,
}

/// How long a request may take.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    connect: Duration,
    attempt: Duration,
    /// The program's command-line option that sets the limit of an attempt.
    option: Option<&'static str>,
}

impl Route {
    /// The latest moment at which a request handed to the HTTP client at `begun` can have been sent.
    pub(crate) fn latest_sending(&self, begun: Instant) -> Instant {
        let timeout = self.limits.as_ref().map(Limits::connecting);
        timeout.map_or(begun, |timeout| self.connected.latest_after(begun, timeout))
    }
}

impl Limits {
    /// The time limit for connecting, always shorter than that of the attempt. Only a connect timeout proves that
    /// nothing was sent, so which of the two fires first must not be left to chance.
    fn connecting(&self) -> Duration {
        self.connect.min(self.attempt.mul_f64(0.95))
    }

    /// The time limit for connecting, for messages.
    pub(crate) fn connection(&self) -> Shown {
        match self.connect < self.attempt {
            true => shown!("{limit}", limit = humantime::format_duration(self.connect)),
            false => self.attempt(),
        }
    }

    /// The time limit of an attempt, for messages.
    pub(crate) fn attempt(&self) -> Shown {
        let option = self.option.map(|option| shown!(" ({option})", option)).unwrap_or_default();
        shown!("{limit}{option}", limit = humantime::format_duration(self.attempt), option)
    }
}

/// The settings that the caller can choose.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) timeout_option: Option<&'static str>,
    pub(crate) user_agent: Option<String>,
    /// Secret, since it may contain a password.
    pub(crate) proxy: Option<SecretString>,
    pub(crate) roots: Vec<tls::Pem>,
    /// Whether responses have the certificate of the service with them.
    #[cfg(feature = "raw")]
    pub(crate) keeps_certificate: bool,
}

impl Settings {
    /// The names of the settings that were chosen.
    pub(crate) fn chosen(&self) -> Vec<&'static str> {
        let all = [
            ("connect_timeout", self.connect_timeout.is_some()),
            ("attempt_timeout", self.attempt_timeout.is_some()),
            ("user_agent", self.user_agent.is_some()),
            ("proxy", self.proxy.is_some()),
            ("root_certificate_pem", !self.roots.is_empty()),
        ];
        all.into_iter().filter(|(_, chosen)| *chosen).map(|(name, _)| name).collect()
    }

    /// The client, and how its requests reach the service.
    pub(crate) fn http_client(&self, base: &BaseUrl) -> Result<(reqwest::Client, Route), Error> {
        let proxy = match &self.proxy {
            // An invalid proxy is an error even if it is not used.
            Some(text) => Some(Proxy::of_program(text.expose_secret())?).filter(|_| !base.loopback),
            None => base.proxy()?,
        };
        let connected = Connected::default();
        let builder = self.builder(base, proxy.as_ref())?.connector_layer(connected.clone());
        #[cfg(all(feature = "raw", any(feature = "rustls", feature = "native-tls")))]
        let builder = builder.tls_info(self.keeps_certificate);
        let client = builder.build().map_err(|error| {
            let error = error.without_url();
            let why = Shown::after_colon(std::error::Error::source(&error).map(excerpt));
            let message = shown!("the HTTP client cannot start{why}", why);
            Error::new(ErrorKind::InvalidInput, message).with_cause(&error)
        })?;
        let url = Url::parse(&base.text).ok();
        let authority = url
            .as_ref()
            .and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
        let limits = Some(self.limits());
        Ok((client, Route { proxy, connected, authority: authority.unwrap_or_default(), limits }))
    }

    fn limits(&self) -> Limits {
        Limits {
            connect: self.connect_timeout.unwrap_or(Duration::from_secs(3)),
            attempt: self.attempt_timeout.unwrap_or(Duration::from_secs(30)),
            option: self.timeout_option,
        }
    }

    fn builder(
        &self,
        base: &BaseUrl,
        proxy: Option<&Proxy>,
    ) -> Result<reqwest::ClientBuilder, Error> {
        const USER_AGENT: &str = concat!("purge-api-ext/", env!("CARGO_PKG_VERSION"));
        // Port 0 means the port of the URL.
        const LOOPBACK: [SocketAddr; 2] = [
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
        ];

        let agent = self.user_agent.as_deref().unwrap_or(USER_AGENT);
        if reqwest::header::HeaderValue::from_str(agent).is_err() {
            let agent = excerpt(agent);
            let message =
                shown!("the user agent `{agent}` cannot be used: it has control characters", agent);
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let builder = reqwest::Client::builder()
            .user_agent(agent)
            .redirect(reqwest::redirect::Policy::none())
            // A resolver may return another machine, which would receive the token in plain text.
            .resolve_to_addrs("localhost", &LOOPBACK)
            // Each attempt is counted and classified here, so the HTTP client must not retry on its own.
            .retry(reqwest::retry::never())
            .connect_timeout(self.limits().connecting())
            .timeout(self.limits().attempt);
        let builder = match proxy {
            Some(proxy) => proxy.apply(builder)?,
            None => builder.no_proxy(),
        };
        tls::configure(builder, base.encrypted, &self.roots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_url_is_https_or_leads_to_loopback() {
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
        check("http://localhost.", Err("use https"));
        check("http://a.localhost", Err("use https"));
        check("http://[::ffff:128.0.0.1]", Err("use https"));
        check("http://128.0.0.1", Err("use https"));
        check("ftp://example.com", Err("only https"));
        check("https://user:secret@example.com", Err("user name"));
        check("https://user:sec?ret@example.com:x", Err("port"));
        check("https://example.com/?key=secret", Err("query"));
        check("https://example.com/#secret", Err("fragment"));
        check("https://example.com/api/v1", Err("remove `/api/v1`,"));
        check(
            "https://example.com/stem/api/v1/organizations/",
            Err("remove `/api/v1/organizations/`,"),
        );
        check("https://example.com/api/v10", Ok("https://example.com/api/v10"));
        check("https://example.com/api", Ok("https://example.com/api"));
        check("cloud.medianova.com", Err("write, for example,"));
        check(" https://example.com\r\n", Ok("https://example.com"));
        check("", Err("is empty"));
        check(" \n", Err("is empty"));
        check("https://example.com\n.example.org", Err("control characters"));
        check("https://exam\tple.com", Err("control characters"));
    }

    #[test]
    fn connect_timeout_is_shorter_than_attempt_timeout() {
        let limits = |connect, attempt, timeout_option| {
            let seconds = |seconds: Option<u64>| seconds.map(Duration::from_secs);
            let (connect_timeout, attempt_timeout) = (seconds(connect), seconds(attempt));
            let settings = Settings {
                connect_timeout,
                attempt_timeout,
                timeout_option,
                ..Settings::default()
            };
            settings.limits()
        };
        let option = Some("--timeout");
        let default = limits(None, None, None);
        assert_eq!(
            (default.connecting(), default.connection()),
            (Duration::from_secs(3), "3s".into())
        );
        assert_eq!(default.attempt(), "30s");
        let short = limits(None, Some(1), option);
        assert_eq!(
            (short.connecting(), short.connection()),
            (Duration::from_millis(950), "1s (--timeout)".into())
        );
        let same = limits(Some(5), Some(5), None);
        assert!(same.connecting() < Duration::from_secs(5) && same.connection() == "5s");
        assert_eq!(limits(None, Some(300), option).attempt(), "5m (--timeout)");
    }

    #[test]
    fn invalid_settings_are_refused() {
        let base = BaseUrl::parse("http://127.0.0.1:1").expect("a base URL");
        let agent = Settings { user_agent: Some("a\nb".to_owned()), ..Settings::default() };
        let error = agent.http_client(&base).expect_err("a line break");
        assert!(error.to_string().starts_with(r"the user agent `a\nb` cannot be used"), "{error}");
        for pem in
            ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
        {
            let roots = vec![pem.as_bytes().to_vec()];
            let error = Settings { roots, ..Settings::default() }.http_client(&base);
            let error = error.expect_err("no certificate");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
    }

    #[tokio::test]
    async fn localhost_is_never_resolved() {
        use std::io::{Read as _, Write as _};
        use std::sync::Arc;

        struct Refusing;

        impl reqwest::dns::Resolve for Refusing {
            fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
                let name = name.as_str().to_owned();
                Box::pin(async move { Err(format!("the resolver was asked for {name}").into()) })
            }
        }

        for listen in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(listen) else {
                assert!(listen.starts_with('['), "only IPv6 may be missing");
                continue;
            };
            let port = listener.local_addr().expect("an address").port();
            std::thread::spawn(move || {
                let (mut socket, _) = listener.accept().expect("a connection");
                let _ = socket.read(&mut [0; 4096]);
                socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("a response");
            });
            let base = BaseUrl::parse(&format!("http://LocalHost:{port}")).expect("a base URL");
            let builder = Settings::default().builder(&base, None).expect("settings");
            let client = builder.dns_resolver(Arc::new(Refusing)).build().expect("a client");
            let answer = client.get(base.as_str()).send().await.expect("a response");
            assert_eq!(answer.status(), 204);
            // All other names go through the resolver.
            client.get("http://example.invalid").send().await.expect_err("no such name");
        }
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    #[test]
    fn https_needs_a_tls_library() {
        let base = BaseUrl::parse("https://example.com").expect("a base URL");
        let error = Settings::default().http_client(&base).expect_err("no TLS");
        assert!(error.to_string().contains("enable the feature `rustls`"), "{error}");
    }
}
