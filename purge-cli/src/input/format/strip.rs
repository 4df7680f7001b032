//! Removes what precedes the path in an entry: a scheme and a host, or a folder that is not part of the site.

use std::borrow::Cow;
use std::str;

use super::{Format, Refusal};
use crate::input::not_a_name;
use crate::shown::shown;

/// The path, or the name, without what precedes it.
pub(super) fn site_path<'a>(format: Format<'_>, text: &'a [u8]) -> Result<Cow<'a, [u8]>, Refusal> {
    let text = match format.hosts {
        [] => text.into(),
        hosts => of_url(text, hosts)?,
    };
    let Some(folder) = format.strip else { return Ok(text) };
    let (start, end) = if format.raw { (&b"./"[..], 1) } else { (&b"/"[..], 0) };
    let inner = text.strip_prefix(start).or(format.raw.then_some(&text));
    let rest = inner.and_then(|text| text.strip_prefix(folder.as_bytes()));
    // A path keeps its leading slash.
    match rest.filter(|rest| rest.starts_with(b"/")).map(|rest| &rest[end..]) {
        Some(rest) => Ok(rest.to_vec().into()),
        None => Err(outside(format, &text, folder).as_str().into()),
    }
}

/// What to say about an entry that is not in the folder. If it is not only a name, leaving it out would lose the name.
fn outside(format: Format<'_>, text: &[u8], folder: &str) -> String {
    let not_a_name = match format.null {
        true => not_a_name::lines(text).map(str::to_owned),
        false if format.raw || not_a_name::is_quoted_by_git(text) => {
            not_a_name::refusal(text).map(|why| (why.what + why.unless).into_owned())
        }
        false => None,
    };
    let is_in_it = memchr::memmem::find(text, format!("{folder}/").as_bytes()).is_some();
    match not_a_name {
        Some(why) => why,
        None if is_in_it && not_a_name::code(text).is_some() => {
            "a status before the name: list only the names, as `git diff --name-only` does"
                .to_owned()
        }
        None => format!("not in `{}/`: leave it out, or leave --strip-prefix out", shown(folder)),
    }
}

/// The path of a URL, with its query string. The fragment is only for browsers.
fn of_url<'a>(url: &'a [u8], hosts: &[String]) -> Result<Cow<'a, [u8]>, Refusal> {
    let text = str::from_utf8(url).map_err(|_| Refusal::from("not UTF-8: percent-encode it"))?;
    let scheme = |name: &str| {
        let (scheme, rest) = text.split_once("://")?;
        scheme.eq_ignore_ascii_case(name).then_some(rest)
    };
    let (rest, port) = match (scheme("https"), scheme("http")) {
        (Some(rest), _) => (rest, ":443"),
        (_, Some(rest)) => (rest, ":80"),
        _ => {
            return Err(
                "not a URL: with --urls, each entry begins with `https://` or `http://`".into()
            );
        }
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let without_port = |host: &str| host.strip_suffix(port).unwrap_or(host).to_owned();
    let is = |name: &String| without_port(host).eq_ignore_ascii_case(&without_port(name));
    if !hosts.iter().any(is) {
        return Err(format!("its host is not {}", either(hosts)).as_str().into());
    }
    let path = path.split('#').next().unwrap_or_default();
    Ok(match path.starts_with('/') {
        true => path.as_bytes().into(),
        false => [b"/", path.as_bytes()].concat().into(),
    })
}

fn either(hosts: &[String]) -> String {
    let named: Vec<_> = hosts.iter().map(|host| format!("`{}`", shown(host))).collect();
    named.join(" or ")
}

#[cfg(test)]
mod tests {
    use purge_api_ext::Paths;

    use super::*;

    fn read(format: Format<'_>, entry: &str) -> Result<String, String> {
        let mut paths = Paths::new();
        format.read(entry.as_bytes(), false, &mut paths).map_err(|refusal| refusal.message)?;
        Ok(paths.iter().collect())
    }

    #[test]
    fn urls_of_the_named_hosts_are_paths_and_others_are_refused() {
        let hosts = ["www.example.com", "example.net:8080", "default.example:443"];
        let hosts = hosts.map(str::to_owned);
        let format = Format { hosts: &hosts, ..Format::default() };
        for (url, path) in [
            ("https://www.example.com/a%20b.html", "/a%20b.html"),
            ("HTTP://WWW.Example.com:80/a", "/a"),
            ("https://default.example/a", "/a"),
            ("https://www.example.com", "/"),
            ("https://www.example.com/a#b", "/a"),
            ("http://example.net:8080/*", "/*"),
        ] {
            assert_eq!(read(format, url).expect(url), path);
        }
        for (url, why) in [
            ("https://example.com/a", "its host is not `www.example.com` or `example.net:8080` or"),
            ("http://default.example/a", "its host is not"),
            ("https://www.example.com.evil.net/a", "its host is not"),
            ("https://www.example.com:8443/a", "its host is not"),
            ("http://www.example.com:443/a", "its host is not"),
            ("https://me@www.example.com/a", "its host is not"),
            ("https://evil.net/https://www.example.com/a", "its host is not"),
            ("//www.example.com/a", "not a URL"),
            ("/a", "not a URL"),
            ("<loc>https://www.example.com/a</loc>", "not a URL"),
            ("https://www.example.com/a b", "a space"),
            ("https://www.example.com/a?b", "a `?`"),
            ("https://www.example.com/../a", "a dot segment"),
        ] {
            let error = read(format, url).expect_err(url);
            assert!(error.contains(why), "{url}: {error}");
        }
        let format = Format { query: true, ..format };
        assert_eq!(read(format, "https://www.example.com?b=1#c").expect("a URL"), "/?b=1");
    }

    #[test]
    fn folder_is_removed_and_entries_outside_it_are_refused() {
        let raw = Format { raw: true, strip: Some("public/site"), ..Format::default() };
        let path = Format { raw: false, ..raw };
        assert_eq!(read(raw, "public/site/a b.html").expect("a name"), "/a%20b.html");
        assert_eq!(read(raw, "./public/site/d/").expect("a name"), "/d/");
        assert_eq!(read(path, "/public/site/a").expect("a path"), "/a");
        for (format, entry) in [
            (raw, "public/a"),
            (raw, "public/sites/a"),
            (raw, "public/site"),
            (path, "public/site/a"),
            (path, "/public/site"),
        ] {
            let error = read(format, entry).expect_err(entry);
            assert!(error.starts_with("not in `public/site/`"), "{entry}: {error}");
        }
        // If these were left out, the names in them would be lost.
        for (entry, says) in [
            (r#""public/site/\303\274.html""#, "git quotes such names"),
            ("M\tpublic/site/a", "status or log output"),
            (" M public/site/a", "status or log output"),
            ("A public/site/a", "a status before the name"),
        ] {
            let error = read(raw, entry).expect_err(entry);
            assert!(error.starts_with(says), "{entry}: {error}");
        }
        let error = read(path, r#""/public/site/\303\274.html""#).expect_err("a quoted name");
        assert!(error.starts_with("git quotes such names"), "{error}");
        read(raw, "public/site/").expect_err("not a name");
        read(raw, "public/site/../a").expect_err("not below it");
        let prefix = "/shop/".parse().expect("a path");
        let format = Format { prefix: Some(&prefix), ..raw };
        assert_eq!(read(format, "public/site/a").expect("a name"), "/shop/a");
    }

    #[test]
    fn query_strings_are_accepted_only_with_the_option() {
        let format = Format { query: true, ..Format::default() };
        assert_eq!(read(format, "/a?b=1&c={d}").expect("a path"), "/a?b=1&c={d}");
        read(format, "/a{b?c").expect_err("not a path");
        let raw = Format { raw: true, ..format };
        assert_eq!(read(raw, "a?b").expect("a name"), "/a%3Fb");
    }
}
