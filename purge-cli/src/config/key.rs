//! The names of the settings.

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use purge_api_ext::{BaseUrl, Client, PurgePath, TokenProvider};
use purge_site::Rules;

use super::Settings;
use crate::environment;
use crate::token;

/// A setting that a file may hold.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The environment variable that takes precedence over the files.
    pub(crate) variable: Option<&'static str>,
    /// The default value.
    pub(crate) default: Option<&'static str>,
    /// Whether only the user's own file may hold it.
    pub(super) is_private: bool,
    /// The type of its value.
    pub(super) shape: Shape,
    /// Reads a value. Names of files and programs are relative to the folder.
    pub(crate) set: fn(&mut Settings, &str, &Path) -> Result<(), String>,
}

/// The type of a setting's value.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// A string or a number.
    One,
    /// True or false.
    Flag,
    /// Strings, which are set one by one.
    List,
    /// Names, each with a list of strings: `name=string` is set for each of them.
    Table,
}

impl Key {
    const fn new(
        name: &'static str,
        set: fn(&mut Settings, &str, &Path) -> Result<(), String>,
    ) -> Self {
        Self { name, variable: None, default: None, is_private: false, shape: Shape::One, set }
    }

    const fn variable(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }

    const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    const fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    const fn private(self) -> Self {
        Self { is_private: true, ..self }
    }
}

/// All settings.
pub(crate) static KEYS: [Key; 17] = [
    Key::new("organization", |settings, text, _| put(&mut settings.organization, text))
        .variable(environment::ORGANIZATION),
    Key::new("resource", |settings, text, _| put(&mut settings.resource, text))
        .variable(environment::RESOURCE),
    Key::new("api-key-file", |settings, text, folder| {
        settings.token.get_or_insert(TokenProvider::from_api_key_file(folder.join(text)));
        Ok(())
    })
    .private(),
    Key::new("token-file", |settings, text, folder| {
        settings.token.get_or_insert(TokenProvider::from_file(folder.join(text)));
        Ok(())
    })
    .private(),
    Key::new("token-command", |settings, text, folder| {
        settings.token.get_or_insert(token::from_command(text, Some(folder))?);
        Ok(())
    })
    .private(),
    Key::new("base-url", |settings, text, _| {
        let base = base_url(text)?;
        settings.base_url.get_or_insert(base);
        Ok(())
    })
    .variable(environment::BASE_URL)
    .default(Client::BASE_URL)
    .private(),
    Key::new("timeout", |settings, text, _| {
        let timeout = timeout(text)?;
        settings.timeout.get_or_insert(timeout);
        Ok(())
    })
    .default("30s"),
    Key::new("concurrency", |settings, text, _| {
        let requests = in_range(text, 1..=1000)?;
        put(&mut settings.concurrency, &requests)
    })
    .default("4"),
    Key::new("rate", |settings, text, _| put(&mut settings.rate, text)),
    Key::new("max-attempts", |settings, text, _| {
        let attempts = in_range(text, 1..=100)?;
        put(&mut settings.max_attempts, &attempts)
    })
    .default("4"),
    Key::new("index", |settings, text, _| {
        // `Rules` decides which names are valid.
        drop(Rules::new().index(text).map_err(|error| error.to_string())?);
        settings.addresses.index.push(text.to_owned());
        Ok(())
    })
    .shape(Shape::List),
    Key::new("clean-urls", |settings, text, _| turn(&mut settings.addresses.clean_urls, text))
        .shape(Shape::Flag),
    Key::new("templates", |settings, text, _| {
        settings.addresses.templates.push(text.to_owned());
        Ok(())
    })
    .shape(Shape::List),
    Key::new("values", |settings, text, _| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let values = settings.addresses.values.entry(name.to_owned()).or_default();
        values.push(value.to_owned());
        Ok(())
    })
    .shape(Shape::Table),
    Key::new("spellings", |settings, text, _| turn(&mut settings.addresses.spellings, text))
        .shape(Shape::Flag),
    Key::new("with-query", |settings, text, _| turn(&mut settings.addresses.with_query, text))
        .shape(Shape::Flag),
    Key::new("always", |settings, text, _| {
        let path = PurgePath::new(text).map_err(|error| error.to_string())?;
        settings.addresses.always.push(path);
        Ok(())
    })
    .shape(Shape::List),
];

/// The settings of the table `[queue]`.
#[cfg(feature = "queue")]
pub(crate) static QUEUE: [Key; 4] = [
    Key::new("queue.url", |settings, text, _| {
        purge_queue::NatsOptions::new(text).check().map_err(|error| error.to_string())?;
        put(&mut settings.queue.url, text)
    })
    .variable(environment::queue::URL)
    .private(),
    Key::new("queue.lane", |settings, text, _| put(&mut settings.queue.lane, text))
        .variable(environment::queue::LANE)
        .default(DEFAULT_LANE),
    Key::new("queue.producer", |settings, text, _| put(&mut settings.queue.producer, text))
        .variable(environment::queue::PRODUCER),
    Key::new("queue.credentials-file", |settings, text, folder| {
        settings.queue.credentials.get_or_insert(folder.join(text));
        Ok(())
    })
    .variable(environment::queue::CREDENTIALS)
    .private(),
];

/// The lane of an account that has no other.
#[cfg(feature = "queue")]
pub(crate) const DEFAULT_LANE: &str = "default";

/// The settings that a profile can have, apart from `prefix` and `lane`, which only profiles have.
const OF_PROFILES: [&str; 7] =
    ["organization", "resource", "api-key-file", "token-file", "token-command", "base-url", "rate"];

static PREFIX: Key = Key::new("prefix", |settings, text, _| {
    let folder = PurgePath::new(text).map_err(|error| error.to_string())?;
    if folder.is_wildcard() {
        return Err("a wildcard, but a prefix is one folder: write its path".to_owned());
    }
    settings.prefix.get_or_insert(folder);
    Ok(())
});

/// The lane of the profile's account.
#[cfg(feature = "queue")]
static LANE: Key = Key::new("lane", |settings, text, _| put(&mut settings.queue.lane, text));

/// The settings that a profile can have.
pub(super) fn of_profiles() -> impl Iterator<Item = &'static Key> {
    let shared = KEYS.iter().filter(|key| OF_PROFILES.contains(&key.name));
    let all = shared.chain(std::iter::once(&PREFIX));
    #[cfg(feature = "queue")]
    let all = all.chain(std::iter::once(&LANE));
    all
}

fn turn(setting: &mut bool, text: &str) -> Result<(), String> {
    *setting = parsed(text)?;
    Ok(())
}

/// A base URL in its normalized form.
pub(crate) fn base_url(text: &str) -> Result<String, String> {
    let base: BaseUrl = text.parse().map_err(|error: purge_api_ext::Error| error.to_string())?;
    Ok(base.as_str().to_owned())
}

/// Sets a value, unless it is already set.
fn put<T: FromStr<Err: Display>>(setting: &mut Option<T>, text: &str) -> Result<(), String> {
    let value = parsed(text)?;
    setting.get_or_insert(value);
    Ok(())
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn in_range(text: &str, range: std::ops::RangeInclusive<u32>) -> Result<String, String> {
    let (start, end) = (range.start(), range.end());
    match text.parse() {
        Err(_) => Err(format!("not a number from {start} to {end}")),
        Ok(number) if range.contains(&number) => Ok(number.to_string()),
        Ok(number) => Err(format!("{number} is not in {start}..={end}")),
    }
}

/// The maximum time for a request, which cannot be zero.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text).map_err(|error| error.to_string())? {
        Duration::ZERO => Err("a timeout cannot be zero; write for example `30s`".to_owned()),
        timeout => Ok(timeout),
    }
}
