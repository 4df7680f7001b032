//! The proxy between this machine and the service.
//!
//! The base URL is known from the start, and redirects are never followed. So the proxy is determined once, and an
//! invalid one is reported before anything is sent. The HTTP client itself would silently ignore it.

mod exceptions;
mod refusal;

use std::ffi::OsString;
use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, ErrorKind};
use crate::percent::escapes;
use crate::sanitize::{Harmless, Shown, excerpt, shown};

pub(crate) use refusal::Refusal;

/// The variables that name a proxy for https; the first non-empty one wins. Plain http is only used for this machine,
/// without a proxy.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Words that people write for no proxy, and that are not names of hosts.
const NONE: [&str; 9] =
    ["none", "direct", "no", "off", "false", "null", "nil", "disabled", "undefined"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A proxy for requests. `Display` and `Debug` omit its user name and password.
///
/// ```
/// use purge_api_ext::BaseUrl;
///
/// let service: BaseUrl = "https://cloud.medianova.com".parse()?;
/// if let Some(proxy) = service.proxy()? {
///     println!("{} from {:?}", proxy.address(), proxy.variable());
/// }
/// let sandbox: BaseUrl = "http://127.0.0.1:8080".parse()?;
/// assert!(sandbox.proxy()?.is_none());
/// # Ok::<(), purge_api_ext::Error>(())
/// ```
#[derive(Clone)]
pub struct Proxy {
    /// Includes the password; none if only the HTTP client knows the URL.
    url: Option<SecretString>,
    address: String,
    source: Source,
}

#[derive(Clone, Copy)]
enum Source {
    Program,
    Variable(&'static str),
    System,
}

impl Proxy {
    /// The URL of the proxy, without user name and password.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The environment variable that names the proxy; none if the program or the system does.
    #[must_use]
    pub fn variable(&self) -> Option<&'static str> {
        match self.source {
            Source::Variable(name) => Some(name),
            Source::Program | Source::System => None,
        }
    }

    /// A proxy that the program names.
    pub(crate) fn of_program(text: &str) -> Result<Self, Error> {
        let url = parse(text).map_err(|why| unusable("the proxy URL", why))?;
        Ok(Self::new(&url, Source::Program))
    }

    /// The proxy that the environment or the system names for an https URL.
    pub(crate) fn of_environment(
        address: &str,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, Error> {
        // In a CGI program, the client of the server controls some variables.
        if variable("REQUEST_METHOD").is_some() {
            return Ok(None);
        }
        let first = |names: &[&'static str]| {
            let mut found = names.iter().filter_map(|name| Some((*name, variable(name)?)));
            found.find(|(_, value)| !value.to_string_lossy().trim().is_empty())
        };
        let Some((name, value)) = first(&VARIABLES) else { return Ok(Self::of_system(address)) };
        let exceptions = first(&EXCEPTIONS);
        if let Some((list_name, list)) = exceptions {
            match exceptions::holds(address, &list.to_string_lossy()) {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(why) => {
                    let message = shown!("{list_name} cannot be used: {why}", list_name, why);
                    return Err(Error::new(ErrorKind::InvalidInput, message));
                }
            }
        }
        let refuse = |why: Shown| unusable(shown!("the proxy in {name}", name), why);
        let text = value.to_str().ok_or_else(|| refuse("it is not UTF-8".into()))?.trim();
        if let Some(word) = NONE.iter().find(|word| text.eq_ignore_ascii_case(word)) {
            let message = shown!(
                "the proxy in {name} would be a host called `{word}`; unset {name} to use no proxy",
                name,
                word = *word,
            );
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        // Like in other programs, a host and port alone mean an http proxy.
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = parse(&text).map_err(refuse)?;
        Ok(Some(Self::new(&url, Source::Variable(name))))
    }

    /// The proxy in the settings of macOS or Windows.
    fn of_system(address: &str) -> Option<Self> {
        if !cfg!(any(target_os = "macos", windows)) {
            return None;
        }
        let found = Matcher::from_system().intercept(&address.parse().ok()?)?;
        let address = found.uri().to_string().trim_end_matches('/').to_owned();
        Some(Self { url: None, address, source: Source::System })
    }

    fn new(url: &Url, source: Source) -> Self {
        let mut shown = url.clone();
        // These cannot fail for a URL with a host.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let address = shown.as_str().trim_end_matches('/').to_owned();
        Self { url: Some(url.as_str().into()), address, source }
    }

    /// Sends all requests through it.
    pub(crate) fn apply(
        &self,
        builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, Error> {
        let Some(url) = &self.url else { return Ok(builder) };
        let proxy = reqwest::Proxy::all(url.expose_secret());
        Ok(builder.proxy(proxy.map_err(|_| unusable("the proxy URL", "it names no host"))?))
    }
}

/// The address is a URL without user name and password.
impl Harmless for Proxy {}

/// The name of the proxy in messages.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy `{}`", self.address)?;
        match self.source {
            Source::Program => Ok(()),
            Source::Variable(name) => write!(f, " (from {name})"),
            Source::System => f.write_str(" (from the system settings)"),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.address)
            .field("variable", &self.variable())
            .finish_non_exhaustive()
    }
}

fn unusable(what: impl Harmless, why: impl Harmless) -> Error {
    let message = shown!(
        "{what} cannot be used: {why}; write, for example, `http://proxy.example.com:3128`",
        what,
        why,
    );
    Error::new(ErrorKind::InvalidInput, message)
}

/// Parses the URL of a proxy. No error shows it, since it may contain a password.
fn parse(text: &str) -> Result<Url, Shown> {
    const PASSWORD: &str = "in its user name and password, write `#` as `%23`, `%` as `%25`, `/` as `%2F`, `?` as `%3F` and `@` as `%40`";

    let wrong = |why: Shown| match text.contains('@') {
        true => Err(shown!("{why}; {PASSWORD}", why, PASSWORD)),
        false => Err(why),
    };
    let url = match Url::parse(text) {
        // The URL parser drops tabs and line breaks.
        _ if text.contains(char::is_control) => {
            return wrong("it contains control characters".into());
        }
        _ if text.contains(['#', '?']) => return wrong("it has a query string or fragment".into()),
        // For this parser the last `@` ends the password; other parsers disagree.
        _ if text.matches('@').count() > 1 => return wrong("it has more than one `@`".into()),
        _ if text.rsplit_once('@').is_some_and(|(user, _)| escapes(user).any(|e| e.is_none())) => {
            return wrong("it has a `%` that is not part of an escape".into());
        }
        Ok(url) => url,
        Err(error) => return wrong(excerpt(&error)),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("only http and https proxies are supported".into());
    }
    if !matches!(url.path(), "" | "/") {
        return wrong("it has a path, but a proxy is a host and a port".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "https://cdn.example.net";

    fn found(variables: &[(&str, &str)]) -> Result<Option<Proxy>, Error> {
        Proxy::of_environment(SERVICE, |name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[track_caller]
    fn uses(variables: &[(&str, &str)], expected: Option<(&str, &str)>) {
        let proxy = found(variables).expect("a proxy or none");
        let proxy = proxy.as_ref().map(|proxy| (proxy.address(), proxy.variable().unwrap_or("-")));
        assert_eq!(proxy, expected, "{variables:?}");
    }

    #[test]
    fn first_non_empty_variable_names_the_proxy() {
        let (a, b) = ("http://a:1", "http://b:2");
        uses(&[], None);
        uses(&[("HTTPS_PROXY", a), ("https_proxy", b)], Some((a, "HTTPS_PROXY")));
        uses(&[("HTTPS_PROXY", ""), ("https_proxy", b)], Some((b, "https_proxy")));
        uses(&[("https_proxy", a), ("ALL_PROXY", b)], Some((a, "https_proxy")));
        uses(&[("HTTPS_PROXY", " \n"), ("ALL_PROXY", b)], Some((b, "ALL_PROXY")));
        uses(&[("all_proxy", b)], Some((b, "all_proxy")));
        uses(&[("HTTP_PROXY", a), ("http_proxy", a)], None);
        uses(&[("HTTPS_PROXY", a), ("REQUEST_METHOD", "GET")], None);
        uses(&[("HTTPS_PROXY", "a:1\n")], Some((a, "HTTPS_PROXY")));
        uses(&[("HTTPS_PROXY", "user:s3cret@a:1")], Some((a, "HTTPS_PROXY")));
        uses(&[("HTTPS_PROXY", "https://user:s3%23@a:1/")], Some(("https://a:1", "HTTPS_PROXY")));
        uses(&[("HTTPS_PROXY", "http://user:p%40ss%25@a:1")], Some((a, "HTTPS_PROXY")));
        uses(&[("HTTPS_PROXY", "none.example:1")], Some(("http://none.example:1", "HTTPS_PROXY")));
    }

    #[test]
    fn words_for_no_proxy_are_not_hosts() {
        for value in ["none", "NONE\n", "DIRECT", "no", "Off", "false"] {
            for name in VARIABLES {
                let error = found(&[(name, value)]).expect_err(value);
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{value}");
                let word = value.trim().to_lowercase();
                let expected = format!(
                    "the proxy in {name} would be a host called `{word}`; unset {name} to use no proxy"
                );
                assert_eq!(error.to_string(), expected);
            }
        }
    }

    #[test]
    fn listed_hosts_bypass_the_proxy() {
        for (list, proxied) in [
            ("cdn.example.net", false),
            ("other.net, example.net", false),
            (".example.net", false),
            ("*", false),
            ("*.example.net", false),
            ("cdn.example.net:443", false),
            ("a.net,*.EXAMPLE.net:443", false),
            ("*.cdn.example.net", true),
            ("*.ample.net", true),
            ("cdn.example.net:8443", true),
            ("https://other.net other.net", true),
            ("ample.net", true),
            ("other.net", true),
            ("", true),
        ] {
            for name in EXCEPTIONS {
                let proxy = found(&[("HTTPS_PROXY", "http://a:1"), (name, list)]);
                assert_eq!(proxy.expect("a proxy or none").is_some(), proxied, "{name}={list}");
            }
        }
        for list in ["https://cdn.example.net", "http://example.net:443/x", "a.net cdn.example.net"]
        {
            let error = found(&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", list)]);
            let error = error.expect_err("an entry that matches nothing").to_string();
            assert!(error.starts_with("NO_PROXY cannot be used: `"), "{error}");
            assert!(error.contains("; write hosts separated by commas, such as `"), "{error}");
        }
        // An invalid proxy that is not used is not an error.
        let proxy = found(&[("HTTPS_PROXY", "socks5://a"), ("NO_PROXY", "example.net")]);
        assert!(proxy.expect("no proxy").is_none());
    }

    #[test]
    fn invalid_proxy_is_named_by_its_variable_and_not_shown() {
        for (value, part) in [
            ("socks5://user:s3cret@a:1", "only http and https proxies"),
            ("socks5h://a:1", "only http and https proxies"),
            ("http://user:s3cret#x@a:1", "`#` as `%23`"),
            ("http://user:#s3cret@a:1", "`#` as `%23`"),
            ("http://user:s3cret?x@a:1", "`?` as `%3F`"),
            ("http://user:s3cret/x@a:1", "`/` as `%2F`"),
            ("http://user/s3cret@a:1", "`/` as `%2F`"),
            ("http://user:s3cret@x@a:1", "`@` as `%40`"),
            ("user:s3cret@x@a:1", "it has more than one `@`"),
            ("http://user:s3cret%zz@a:1", "`%` as `%25`"),
            ("http://user:s3cret%@a:1", "it has a `%` that is not part of an escape"),
            ("http://a:port", "invalid port number"),
            ("http://a b:1", "invalid international domain name"),
            ("http://", "empty host"),
            ("http:/a:1", "it has a path"),
            ("http://a/proxy.pac", "it has a path"),
            ("http://a:1\nhttp://b:2", "control characters"),
            ("http://[::1", "invalid IPv6 address"),
        ] {
            for name in VARIABLES {
                let error = found(&[(name, value)]).expect_err(value);
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{value}");
                let error = error.to_string();
                let start = format!("the proxy in {name} cannot be used: ");
                assert!(error.starts_with(&start) && error.contains(part), "{value}: {error}");
                assert!(!error.contains("s3cret"), "{value}: {error}");
            }
        }
    }

    #[test]
    fn proxy_of_a_program_needs_a_full_url() {
        for url in ["http://127.0.0.1:3128", "https://user:s3cret@proxy.example.com"] {
            let proxy = Proxy::of_program(url).expect(url);
            assert!(!format!("{proxy} {proxy:?}").contains("s3cret"), "{proxy:?}");
        }
        for (url, part) in [
            ("socks5://user:s3cret@proxy", "only http and https"),
            ("proxy.example.com:3128", "only http and https"),
            ("user:s3cret@proxy", "only http and https"),
            ("http://user:s3cret@proxy:port", "port"),
            ("http://", "host"),
            ("", "relative URL"),
        ] {
            let error = Proxy::of_program(url).expect_err(url).to_string();
            assert!(error.starts_with("the proxy URL cannot be used: "), "{url}: {error}");
            assert!(error.contains(part), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{url}: {error}");
        }
    }
}
