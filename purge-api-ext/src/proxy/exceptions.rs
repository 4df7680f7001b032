//! The hosts that need no proxy.

use reqwest::Url;

use super::Matcher;
use crate::sanitize::{Shown, excerpt, shown};
use crate::typed;

/// Whether requests to an address go past the proxy: a host with its subdomains, an IP address or a network of them,
/// and `*`, as the HTTP client reads the list; `*.domain` and `host:port`, as other programs do.
///
/// An entry that is neither, but names the host of the address, is a mistake: it would be ignored.
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
            // The domain itself is not among them.
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

/// Whether the HTTP client takes the address for one of the list.
fn matches(address: &str, list: &str) -> bool {
    let Ok(address) = address.parse() else { return false };
    Matcher::builder().all("http://proxy").no(list).build().intercept(&address).is_none()
}
