//! What to write instead of a text that is not a path: what its author meant, or nothing is suggested. Whether that is a
//! path is checked like any other text, in `check`.

use super::PathErrorKind as Kind;
use super::pattern::is_everything;

/// Endings of files on web sites which are not top-level domains, so that `index.html` is not a host.
const ENDINGS: [&str; 33] = [
    "htm", "html", "xhtml", "php", "asp", "aspx", "jsp", "css", "scss", "js", "mjs", "json", "map",
    "xml", "txt", "csv", "pdf", "svg", "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp",
    "woff", "woff2", "ttf", "mp3", "mp4", "webm", "wasm",
];

/// Whether a text ends like the name of a file of a web site.
pub(super) fn ends_like_a_file(text: &str) -> bool {
    text.rsplit_once('.')
        .is_some_and(|(_, last)| ENDINGS.iter().any(|ending| last.eq_ignore_ascii_case(ending)))
}

/// The path of a URL: what follows the scheme and the host.
pub(super) fn of_url(scheme: &str, rest: &str) -> Option<String> {
    // Where a bucket or a local disk is served is unknown.
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let (host, path) = split(rest);
    if is_web && !host.is_empty() { safe(path) } else { None }
}

/// Which rule a text without a leading slash breaks, and the path that it stands for.
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

/// The path of a text with two leading slashes, after which a browser reads a host.
pub(super) fn of_host(text: &str) -> Option<String> {
    let text = text.trim_start_matches('/');
    let (first, path) = split(text);
    match Segment::from_text(first) {
        Segment::Host => safe(path),
        Segment::Dotted if !first.is_empty() => safe(path),
        Segment::Name if first.contains('.') => safe(&format!("/{text}")),
        // A directory after one slash too many, or a host of the local network.
        _ => None,
    }
}

/// The wildcard for a path in front of a query string.
pub(super) fn of_query(path: &str) -> Option<String> {
    // That of a directory would purge all that is in it.
    if path.ends_with(['/', '*']) { None } else { safe(&format!("{path}*")) }
}

/// Which separator a backslash stands for, unless it is an escape such as `\n`.
pub(super) fn of_backslash(after: &[u8]) -> Option<String> {
    let is_escape = matches!(after.first(), None | Some(b'n' | b'r' | b't' | b'u' | b'x' | b'0'));
    let is_slash = after.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (is_slash && !is_escape).then(|| "/".to_owned())
}

/// What is suggested keeps no scheme, and does not purge everything.
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
    /// A name that is not a host in any network.
    Name,
    /// A host or a name with dots in it.
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
            // No top-level domain is a number: this is a version.
            Self::Name
        } else if first.eq_ignore_ascii_case("www") && labels.len() > 2 {
            Self::Host
        } else {
            Self::Dotted
        }
    }
}

/// Whether a text is a name, and its first segment not just a bracket, a tilde or a dash.
fn is_name(first: &str, text: &str) -> bool {
    let is_wrapped = (text.starts_with('[') && text.ends_with(']')) || text.starts_with("(/");
    let has_slash = text.contains("%2F") || text.contains("%2f");
    begins_like_a_name(text)
        && first.contains(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && is_balanced(first)
        && !is_wrapped
        && !has_slash
}

/// Whether each bracket that opens closes again: `[/a]` is a path in a list, not the folder `[`.
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

/// Whether a text does not begin with a quote, a variable, or what else comes before names in lists.
fn begins_like_a_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_.~@[(%+*".contains(c))
}

/// Whether several names are in a text: `a.html,b.html`.
fn has_separator(text: &str) -> bool {
    text.match_indices([',', ';', '|']).any(|(at, _)| ends_like_a_file(&text[..at]))
}

#[cfg(test)]
mod tests {
    use super::super::check::{Rules, check};

    /// What is suggested in the end.
    fn instead(text: &str) -> Option<String> {
        check(text, Rules::PATH).expect_err("it is not a path").instead().map(str::to_owned)
    }

    #[test]
    fn hosts_are_left_out_of_paths() {
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
    fn two_slashes_are_followed_by_a_host() {
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
