//! What a report does not show to others: identifiers, names of hosts, files and paths.

use purge_api_ext::Client;

use super::Checkup;
use crate::output::settings::Setting;

/// The settings whose values reveal nothing about their owner.
const HARMLESS: [&str; 8] = [
    "timeout",
    "concurrency",
    "rate",
    "max-attempts",
    "clean-urls",
    "spellings",
    "with-query",
    "sandbox",
];

/// Hides what belongs to the user.
pub(super) struct Hider {
    /// Texts, each with what replaces it; the longest first.
    names: Vec<(String, &'static str)>,
}

impl Hider {
    pub(super) fn new(checkup: &Checkup) -> Self {
        let mut names = Vec::new();
        if !checkup.is_described_server {
            names.push((checkup.base_url.clone(), "(the base URL)"));
            names.push((host_of(&checkup.base_url).to_owned(), "(the host)"));
        }
        if let Some(proxy) = &checkup.proxy {
            names.push((proxy.clone(), "(the proxy)"));
            names.push((host_of(proxy).to_owned(), "(the proxy)"));
        }
        names.extend(checkup.path.iter().map(|path| (path.clone(), "(the path)")));
        let is_hidden = |setting: &&Setting| !HARMLESS.contains(&setting.name.as_str());
        for setting in checkup.settings.iter().filter(is_hidden) {
            // UUIDs are shortened wherever they are.
            let value = setting.value.iter().filter(|value| !is_uuid(value));
            names.extend(value.map(|value| (value.clone(), "(a setting)")));
        }
        // A shorter text may be a part of any word.
        names.retain(|(name, _)| name.len() > 3 && name != Client::BASE_URL);
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { names }
    }

    /// A text without names, with shortened UUIDs, and with no host in any URL.
    pub(super) fn hide(&self, text: &str) -> String {
        let hide =
            |text: String, (name, instead): &(String, &'static str)| text.replace(name, instead);
        without_hosts(&self.names.iter().fold(shortened(text), hide))
    }

    /// The value and the source of a setting.
    pub(super) fn setting(&self, setting: &Setting) -> (String, String) {
        let value = match &setting.value {
            None if setting.source.is_some() => "not shown".to_owned(),
            None => "-".to_owned(),
            Some(value) if is_uuid(value) => shortened(value),
            Some(value)
                if value == Client::BASE_URL || HARMLESS.contains(&setting.name.as_str()) =>
            {
                value.clone()
            }
            Some(_) => "set, not shown".to_owned(),
        };
        let source = setting.source.as_deref().unwrap_or_default();
        // Folders reveal the name of the user, or of a project.
        let source = source.rsplit(['/', '\\']).next().unwrap_or_default();
        (value, source.to_owned())
    }
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_uuid(text: &str) -> bool {
    let place = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(place)
}

/// The text with each UUID cut to its beginning.
fn shortened(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        match rest.get(..36).filter(|start| is_uuid(start)) {
            Some(uuid) => {
                short.push_str(&uuid[..8]);
                short.push('…');
                rest = &rest[36..];
            }
            None => {
                short.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    short
}

/// The text without the hosts and the paths of URLs, except for the host of the service.
fn without_hosts(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    let service = Client::BASE_URL.trim_start_matches("https://");
    for part in parts {
        shown.push_str("://");
        let is_end = |c: char| c.is_whitespace() || "`\"'<>()[],;".contains(c);
        let url = &part[..part.find(is_end).unwrap_or(part.len())];
        let (host, path) = url.split_at(url.find('/').unwrap_or(url.len()));
        shown.push_str(if host == service { host } else { "" });
        shown.push_str(match (host, path) {
            ("", "") => "",
            (host, "" | "/") if host == service => path,
            (host, _) if host == service => "/…",
            _ => "…",
        });
        shown.push_str(&part[url.len()..]);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_user_are_hidden() {
        let mut checkup = Checkup::new(Some(&"/secret-campaign.html".parse().expect("a path")));
        checkup.base_url = "https://purge.example.org:8443/stem".to_owned();
        checkup.proxy = Some("http://proxy.corp.example:3128".to_owned());
        let setting = |name: &str, value: &str, source: &str| Setting {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            source: Some(source.to_owned()),
        };
        let id = "550e8400-e29b-41d4-a716-446655440000";
        checkup.settings = vec![
            setting("organization", id, "/home/maya/shop/purge.toml:3"),
            setting("token-file", "/home/maya/token", "--token-file"),
            setting("timeout", "30s", "default"),
        ];
        let hider = Hider::new(&checkup);
        let hidden = hider.hide(&format!(
            "cannot reach purge.example.org at https://purge.example.org:8443/stem through \
             http://proxy.corp.example:3128: {id} has no /secret-campaign.html, see \
             https://help.example.com/x and https://cloud.medianova.com/; /home/maya/token; 30s"
        ));
        assert_eq!(
            hidden,
            "cannot reach (the host) at (the base URL) through (the proxy): 550e8400… has no (the path), see \
             https://… and https://cloud.medianova.com/; (a setting); 30s"
        );
        let shown: Vec<_> = checkup.settings.iter().map(|setting| hider.setting(setting)).collect();
        let shown: Vec<_> =
            shown.iter().map(|(value, source)| (value.as_str(), source.as_str())).collect();
        assert_eq!(
            shown,
            [("550e8400…", "purge.toml:3"), ("set, not shown", "--token-file"), ("30s", "default")]
        );
    }

    #[test]
    fn texts_without_names_stay() {
        let hider = Hider::new(&Checkup::new(None));
        for text in ["", "`https://…`", "200; 404", "a `url` is a full URL", "\u{e9}://"] {
            assert_eq!(hider.hide(text), text);
        }
    }
}
