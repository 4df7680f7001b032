//! Suggested replacements for texts that are not paths. Nothing is suggested unless the author's intention is clear.
//! `check` verifies that each suggestion is a path.

use super::PathErrorKind as Kind;
use super::pattern::is_everything;

/// File extensions on web sites that are not top-level domains, so that `index.html` is not taken for a host.
const ENDINGS: [&str; 33] = [
    "htm", "html", "xhtml", "php", "asp", "aspx", "jsp", "css", "scss", "js", "mjs", "json", "map",
    "xml", "txt", "csv", "pdf", "svg", "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp",
    "woff", "woff2", "ttf", "mp3", "mp4", "webm", "wasm",
];

/// Whether a text ends in a file extension common on web sites.
pub(super) fn ends_like_a_file(text: &str) -> bool {
    text.rsplit_once('.')
        .is_some_and(|(_, last)| ENDINGS.iter().any(|ending| last.eq_ignore_ascii_case(ending)))
}

/// The path of a URL, after the scheme and the host.
pub(super) fn of_url(scheme: &str, rest: &str) -> Option<String> {
    // It is unknown where the site serves a bucket or a local disk.
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let (host, path) = split(rest);
    if is_web && !host.is_empty() { safe(path) } else { None }
}

/// The rule that a text without a leading slash breaks, and the path it was probably meant to be.
pub(super) fn of_relative(text: &str) -> (Kind, Option<String>) {
    let text = text.strip_prefix("./").unwrap_or(text);
    let (first, path) = split(text);
    match Segment::from_text(first) {
        Segment::Host => (Kind::Url, safe(path)),
        Segment::Name if is_name(first, text) && !has_separator(text) => {
            (Kind::NoLeadingSlash, safe(&format!("/{text}")))
        }
        _ => (Kind::NoLeadingSlash, None),
    }
}

/// The path in a text with two leading slashes, which browsers read as the start of a host.
pub(super) fn of_host(text: &str) -> Option<String> {
    let text = text.trim_start_matches('/');
    let (first, path) = split(text);
    match Segment::from_text(first) {
        Segment::Host => safe(path),
        Segment::Dotted if !first.is_empty() => safe(path),
        Segment::Name if first.contains('.') => safe(&format!("/{text}")),
        // Either a directory after one slash too many, or a host in the local network.
        _ => None,
    }
}

/// The wildcard for a path that is followed by a query string.
pub(super) fn of_query(path: &str) -> Option<String> {
    // The wildcard for a directory would purge everything in it.
    if path.ends_with(['/', '*']) { None } else { safe(&format!("{path}*")) }
}

/// The separator that a backslash was meant to be, unless it begins an escape such as `\n`.
pub(super) fn of_backslash(after: &[u8]) -> Option<String> {
    let is_escape = matches!(after.first(), None | Some(b'n' | b'r' | b't' | b'u' | b'x' | b'0'));
    let is_slash = after.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (is_slash && !is_escape).then(|| "/".to_owned())
}

/// Drops a suggestion that has a scheme or would purge everything.
fn safe(path: &str) -> Option<String> {
    let is_safe = !path.contains("://")
        && !is_everything(path)
        && is_balanced(path)
        && !path.ends_with(['\'', ':']);
    is_safe.then(|| path.to_owned())
}

/// The text up to its first slash, and the path that begins there.
fn split(text: &str) -> (&str, &str) {
    match text.find(['/', '?', '#']) {
        None => (text, "/"),
        Some(at) => text.split_at(at),
    }
}

/// The text before the first slash.
#[derive(PartialEq)]
enum Segment {
    Host,
    /// A name that cannot be a host.
    Name,
    /// Either a host or a name with dots.
    Dotted,
    Unknown,
}

impl Segment {
    fn from_text(text: &str) -> Self {
        if let Some((_, port)) = text.rsplit_once(':') {
            let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            return if is_port { Self::Host } else { Self::Unknown };
        }
        if text.find('@').is_some_and(|at| at > 0) {
            return Self::Unknown;
        }
        let labels: Vec<&str> = text.strip_suffix('.').unwrap_or(text).split('.').collect();
        let [first, .., last] = labels[..] else {
            let is_name = !text.is_empty() && !text.eq_ignore_ascii_case("localhost");
            return if is_name { Self::Name } else { Self::Unknown };
        };
        let is_number = |label: &&str| label.bytes().all(|byte| byte.is_ascii_digit());
        let in_host = |label: &&str| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_*".contains(&b))
        };
        if !labels.iter().all(in_host) || ends_like_a_file(text) {
            Self::Name
        } else if labels.iter().all(is_number) && labels.len() == 4 {
            Self::Host
        } else if is_number(&last) {
            // Top-level domains are never numbers, so this is a version.
            Self::Name
        } else if first.eq_ignore_ascii_case("www") && labels.len() > 2 {
            Self::Host
        } else {
            Self::Dotted
        }
    }
}

/// Whether a text is a name whose first segment is more than a bracket, a tilde or a dash.
fn is_name(first: &str, text: &str) -> bool {
    let is_wrapped = (text.starts_with('[') && text.ends_with(']')) || text.starts_with("(/");
    let has_slash = text.contains("%2F") || text.contains("%2f");
    begins_like_a_name(text)
        && first.contains(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && is_balanced(first)
        && !is_wrapped
        && !has_slash
}

/// Whether brackets are balanced: `[/a]` is a path in a list, not the folder `[`.
fn is_balanced(text: &str) -> bool {
    let depth = text.chars().try_fold((0_u32, 0_u32), |(round, square), c| match c {
        '(' => Some((round + 1, square)),
        ')' => Some((round.checked_sub(1)?, square)),
        '[' => Some((round, square + 1)),
        ']' => Some((round, square.checked_sub(1)?)),
        _ => Some((round, square)),
    });
    depth == Some((0, 0))
}

/// Whether a text begins like a name, not with a quote, a variable, or other characters that precede names in lists.
fn begins_like_a_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_.~@[(%+*".contains(c))
}

/// Whether a text contains several names: `a.html,b.html`.
fn has_separator(text: &str) -> bool {
    text.match_indices([',', ';', '|']).any(|(at, _)| ends_like_a_file(&text[..at]))
}

#[cfg(test)]
mod tests {
    use super::super::check::{Rules, check};

    /// The final suggestion.
    fn instead(text: &str) -> Option<String> {
        check(text, Rules::PATH).expect_err("it is not a path").instead().map(str::to_owned)
    }

    #[test]
    fn hosts_are_removed_from_suggested_paths() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(instead(text).as_deref(), expected, "{text}");
        };
        check("www.example.com/index.html", Some("/index.html"));
        check("www.example.com", Some("/"));
        check("WWW.example.co.uk/a/", Some("/a/"));
        check("localhost:8080/a", Some("/a"));
        check("example.com:443/a", Some("/a"));
        check("127.0.0.1/a", Some("/a"));
        for unknown in [
            "example.com/a",
            "example.com",
            "cdn.example.net/index.html",
            "localhost/a",
            "*.example.com/a",
            "me@example.com/a",
            "host:folder/a",
            "s3:bucket",
            "[::1]/a",
            "node.dev/a",
            "lib.rs",
            "README.md",
            "www.example.com?a=b",
            "-",
            "-/a",
            "'/a'",
            "$FILES",
            "$FOLDER/a",
            ",a",
            "*",
            "**",
            "a.html,b.html",
            "a.html;b.html",
            "a.html|b.html",
            "[/a]",
            "(/a)",
            "[a.html]",
            "[a.html](/a.html)",
            "a.html)",
            "%2Fa",
            "%2fa%2fb",
            "a%2Fb",
            "~/a",
            "@/a",
            "a.html,",
            "a.html;",
            "a.html'",
            "a.html:",
        ] {
            check(unknown, None);
        }
        for name in [
            "index.html",
            "INDEX.HTML",
            "img/logo.png",
            "v1.2/a",
            "jquery-3.7.1/a",
            "1.0.0/a",
            "docs",
            ".well-known/security.txt",
            "[slug].js",
            "next.js/a",
            "@scope/pkg",
            "~me/a",
            "*.html",
            "a,b",
            "a=b",
            "c++",
            "a%20b.html",
            "_next/static/a.js",
        ] {
            check(name, Some(&format!("/{name}")));
        }
        check("./index.html", Some("/index.html"));
    }

    #[test]
    fn host_after_two_slashes_is_removed() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(instead(text).as_deref(), expected, "{text}");
        };
        check("//www.example.com/a.css", Some("/a.css"));
        check("//cdn.example.net/a.css", Some("/a.css"));
        check("//localhost:8080/a.css", Some("/a.css"));
        check("//index.html", Some("/index.html"));
        check("//v1.2/a", Some("/v1.2/a"));
        check("//assets/app.js", None);
        check("//localhost/app.js", None);
        check("//", None);
    }
}
