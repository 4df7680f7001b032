//! The hosts that need no proxy.

use reqwest::Url;

use super::Matcher;
use crate::sanitize::{Shown, excerpt, shown};
use crate::typed;

/// Whether requests to a URL bypass the proxy. Entries may be a host (which includes its subdomains), an IP address or
/// network, and `*`, as in the HTTP client; also `*.domain` and `host:port`, as in other programs.
///
/// An entry of another form that names the host of the URL is an error, since it would be ignored.
pub(super) fn holds(address: &str, list: &str) -> Result<bool, Shown> {
    let Ok(url) = Url::parse(address) else { return Ok(false) };
    let Some(host) = url.host_str() else { return Ok(false) };
    if matches(address, list) {
        return Ok(true);
    }
    for entry in list.split(',').map(str::trim) {
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => (name, port.parse().ok()),
            _ => (entry, None),
        };
        let is_port = port.is_none() || port == url.port_or_known_default();
        let is_host = match name.strip_prefix("*.") {
            // `*.domain` does not include the domain itself.
            Some(domain) => matches(address, domain) && !host.eq_ignore_ascii_case(domain),
            None => matches(address, name),
        };
        if is_port && is_host {
            return Ok(true);
        }
        let words = entry
            .split_whitespace()
            .map(|word| word.split_once("://").map_or(word, |(_, rest)| rest));
        let mut words = words.map(|word| word.split(['/', ':']).next().unwrap_or_default());
        let is_other = entry.contains("://") || entry.contains(char::is_whitespace);
        if is_other && words.any(|word| !word.is_empty() && matches(address, word)) {
            return Err(shown!(
                "`{entry}` matches nothing; write hosts separated by commas, such as `{host}`",
                entry = typed::in_message(entry),
                host = excerpt(host),
            ));
        }
    }
    Ok(false)
}

/// Whether the HTTP client finds the URL in the list.
fn matches(address: &str, list: &str) -> bool {
    let Ok(address) = address.parse() else { return false };
    Matcher::builder().all("http://proxy").no(list).build().intercept(&address).is_none()
}
