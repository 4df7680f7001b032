//! Hosts before names.

use super::is_file;

/// `http:example.com/a`, `https:/example.com/a`, `file:/srv/a`
pub(super) fn has_scheme(line: &str) -> bool {
    let Some((scheme, rest)) = line.split_once(':') else { return false };
    let is = |name: &&str| scheme.eq_ignore_ascii_case(name);
    (["http", "https"].iter().any(&is) && !rest.is_empty() && !rest.starts_with(' '))
        || (["file", "ftp", "s3", "gs"].iter().any(is) && rest.starts_with('/'))
}

/// Whether a line begins with what can only be a host: `www.example.com/a`, `localhost:80/a`,
/// `user:password@host/a`, `127.0.0.1/a`, `[::1]/a`.
pub(crate) fn is_host(line: &str) -> bool {
    let line = line.trim_ascii_start();
    let first = line.split('/').next().unwrap_or_default();
    let (user, host) = match first.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, first),
    };
    let (name, has_port) = without_port(host);
    let has_password = user.is_some_and(|user| user.find(':').is_some_and(|at| at > 0));
    if has_password && (line.len() > first.len() || is_domain(name) || is_address(name)) {
        return true;
    }
    // A folder such as `@scope` or `me@work`.
    user.is_none()
        && (is_address(name)
            || (has_port && (name == "localhost" || is_domain(name)))
            || (name.starts_with("www.") && name[4..].contains('.') && is_domain(name)))
}

fn without_port(host: &str) -> (&str, bool) {
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    match host
        .rsplit_once(':')
        .filter(|(name, port)| is_port(port) && (!name.contains(':') || name.ends_with(']')))
    {
        Some((name, _)) => (name, true),
        None => (host, false),
    }
}

/// Labels separated by dots, the last of which may be a top-level domain and is not a file extension.
pub(crate) fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.split('.').all(is_label)
        && last.len() > 1
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !is_file(host)
}

/// `127.0.0.1`, `[::1]`
fn is_address(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    host.parse::<std::net::Ipv4Addr>().is_ok()
}
