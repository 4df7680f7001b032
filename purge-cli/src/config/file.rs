//! One `purge.toml`.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::key::{Shape, of_profiles};
use super::{Config, Entry, KEYS, Key, Owner, Settings};
use crate::exit::Failure;
use crate::shown::{excerpt, file_name, shown};

/// Words that mark a name as the name of a secret.
const SECRETS: [&str; 6] = ["token", "secret", "password", "bearer", "authorization", "api-key"];

/// The settings that say where the token comes from.
pub(crate) const TOKENS: [&str; 3] = ["api-key-file", "token-file", "token-command"];

/// The longest name of a profile.
const NAME: usize = 64;

/// The file that is read.
struct Source<'a> {
    text: &'a str,
    file: &'a Path,
    owner: Owner,
}

impl Source<'_> {
    fn line(&self, at: usize) -> usize {
        self.text[..at.min(self.text.len())].matches('\n').count() + 1
    }

    fn wrong(&self, at: usize, what: &str) -> Failure {
        let name = file_name(self.file);
        Failure::usage(format!("{name}:{}: {what}", self.line(at)))
    }
}

type Pair<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// The members of a table in the order of the text, so that the first mistake is reported.
fn pairs<'a>(table: &'a DeTable<'a>) -> Vec<Pair<'a>> {
    let mut pairs: Vec<_> = table.iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    pairs
}

pub(super) fn read(
    config: &mut Config,
    text: &str,
    file: &Path,
    owner: Owner,
) -> Result<(), Failure> {
    let source = Source { text, file, owner };
    // The full text of the error would quote the line, which may contain a secret.
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.wrong(at, &format!("not TOML: {}", shown(error.message().trim_end())))
    })?;
    let mut token = None;
    for pair in pairs(table.get_ref()) {
        if pair.0.get_ref() == "profile" {
            profiles(config, &source, pair)?;
            continue;
        }
        if pair.0.get_ref() == "queue" {
            queue(config, &source, pair)?;
            continue;
        }
        let said = said(&source, pair, "", KEYS.iter(), &mut token)?;
        add(config, &source, pair, &said)?;
    }
    Ok(())
}

/// Adds a setting that belongs to no profile.
fn add(
    config: &mut Config,
    source: &Source<'_>,
    pair: Pair<'_>,
    Said { key, values }: &Said,
) -> Result<(), Failure> {
    // A list in a nearer file replaces this one, which is still checked for mistakes.
    let of_key = |entry: &Entry| entry.profile.is_none() && entry.key.name == key.name;
    let is_said = config.entries.iter().any(of_key);
    let mut ignored = Settings::default();
    let settings = if is_said { &mut ignored } else { &mut config.settings };
    set(settings, source, pair, key, values)?;
    config.entries.push(entry(source, pair, key, None, values));
    Ok(())
}

/// The table of the queue.
#[cfg(feature = "queue")]
fn queue(config: &mut Config, source: &Source<'_>, (key, value): Pair<'_>) -> Result<(), Failure> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err(source.wrong(key.span().start, "`queue` is a table: write `[queue]`"));
    };
    for pair in pairs(table) {
        let said = said(source, pair, "queue.", super::QUEUE.iter(), &mut None)?;
        add(config, source, pair, &said)?;
    }
    Ok(())
}

#[cfg(not(feature = "queue"))]
fn queue(_: &mut Config, source: &Source<'_>, (key, _): Pair<'_>) -> Result<(), Failure> {
    let what = "`queue`: this program was built without the feature `queue`; remove the table";
    Err(source.wrong(key.span().start, what))
}

/// Reads the tables of profiles. For each setting, the nearest file takes precedence.
fn profiles(
    config: &mut Config,
    source: &Source<'_>,
    (key, value): Pair<'_>,
) -> Result<(), Failure> {
    let table = |at: usize, value: &'_ DeValue<'_>| match value {
        DeValue::Table(_) => Ok(()),
        _ => Err(source.wrong(at, "a profile is a table: write `[profile.NAME]`")),
    };
    table(key.span().start, value.get_ref())?;
    let DeValue::Table(all) = value.get_ref() else { return Ok(()) };
    for (name, value) in pairs(all) {
        let at = name.span().start;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let plain = name.get_ref();
        if plain.is_empty() || plain.len() > NAME || !plain.chars().all(is_plain) {
            let what = format!(
                "`{}` is not a valid profile name: use letters, digits, `-` and `_`",
                excerpt(plain)
            );
            return Err(source.wrong(at, &what));
        }
        table(at, value.get_ref())?;
        let DeValue::Table(own) = value.get_ref() else { continue };
        let mut token = None;
        // A profile without settings exists, too.
        config.settings.profiles.entry(plain.to_string()).or_default();
        for pair in pairs(own) {
            let Said { key, values } = said(source, pair, "", of_profiles(), &mut token)?;
            let settings = config.settings.profiles.entry(plain.to_string()).or_default();
            set(settings, source, pair, key, &values)?;
            config.entries.push(entry(source, pair, key, Some(plain.to_string()), &values));
        }
    }
    Ok(())
}

/// A setting, and its values as strings.
struct Said {
    key: &'static Key,
    values: Vec<String>,
}

/// Interprets a pair, if it is a known setting that this file may hold. `table` precedes its name, and `token` is the
/// source of the token that the same table has already named.
fn said(
    source: &Source<'_>,
    (key, value): Pair<'_>,
    table: &str,
    keys: impl Iterator<Item = &'static Key>,
    token: &mut Option<&'static str>,
) -> Result<Said, Failure> {
    let (at, name) = (key.span().start, &*format!("{table}{}", key.get_ref()));
    let key = known(name, &keys.collect::<Vec<_>>()).map_err(|what| source.wrong(at, &what))?;
    if key.is_private && source.owner == Owner::Project {
        let what = match name.starts_with("queue.") {
            true => "where the paths and the password of the queue go",
            false => "where the token goes and which program runs",
        };
        let what = format!(
            "`{name}` is allowed only in the user's own purge.toml: anyone who can write here could \
             otherwise decide {what}"
        );
        return Err(source.wrong(at, &what));
    }
    if TOKENS.contains(&name)
        && let Some(other) = token.replace(key.name)
    {
        return Err(source.wrong(at, &format!("both `{other}` and `{name}`: remove one")));
    }
    let values = values(value.get_ref(), key.shape)
        .map_err(|what| source.wrong(at, &format!("`{name}` {what}")))?;
    Ok(Said { key, values })
}

fn set(
    settings: &mut Settings,
    source: &Source<'_>,
    (name, _): Pair<'_>,
    key: &'static Key,
    values: &[String],
) -> Result<(), Failure> {
    let folder = source.file.parent().unwrap_or(Path::new(""));
    values.iter().try_for_each(|value| {
        (key.set)(settings, value, folder)
            .map_err(|error| source.wrong(name.span().start, &format!("`{}`: {error}", key.name)))
    })
}

fn entry(
    source: &Source<'_>,
    (name, _): Pair<'_>,
    key: &'static Key,
    profile: Option<String>,
    values: &[String],
) -> Entry {
    let line = source.line(name.span().start);
    Entry { key, profile, value: values.join(", "), file: source.file.to_owned(), line }
}

/// The strings that a value consists of.
fn values(value: &DeValue<'_>, shape: Shape) -> Result<Vec<String>, &'static str> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    let list = |value: &DeValue<'_>| match value {
        DeValue::Array(values) => values.iter().map(|value| one(value.get_ref())).collect(),
        value => Some(vec![one(value)?]),
    };
    match (shape, value) {
        (Shape::One, value) => Ok(vec![one(value).ok_or("is neither a string nor a number")?]),
        (Shape::Flag, DeValue::Boolean(is)) => Ok(vec![is.to_string()]),
        (Shape::Flag, _) => Err("is not `true` or `false`"),
        (Shape::List, value) => list(value).ok_or("is not a list of strings"),
        (Shape::Table, DeValue::Table(table)) => {
            let mut all = Vec::new();
            for (name, value) in table {
                let values = list(value.get_ref()).ok_or(NOT_TABLE)?;
                all.extend(values.iter().map(|value| format!("{}={value}", name.get_ref())));
            }
            Ok(all)
        }
        (Shape::Table, _) => Err(NOT_TABLE),
    }
}

const NOT_TABLE: &str = "is not a table of lists, such as `{ lang = [\"en\", \"de\"] }`";

fn known(name: &str, keys: &[&'static Key]) -> Result<&'static Key, String> {
    if let Some(key) = keys.iter().find(|key| key.name == name) {
        return Ok(key);
    }
    let plain = name.to_lowercase().replace('_', "-");
    let given = excerpt(name);
    // What all names of a table begin with says nothing.
    let own = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let near = |key: &Key| strsim::jaro_winkler(&own(key.name), &own(&plain));
    let similar = keys.iter().filter(|key| near(key) > 0.85);
    match similar.max_by(|a, b| near(a).total_cmp(&near(b))) {
        Some(key) if plain == key.name || !is_secret(&plain) => {
            Err(format!("unknown setting `{given}`; did you mean `{}`?", key.name))
        }
        _ if is_secret(&plain) && plain.starts_with("queue.") => Err(format!(
            "`{given}`: a secret does not belong in this file, which others may read; write `USER:PASSWORD` to a file \
             that only you can read and name that with `credentials-file`"
        )),
        _ if is_secret(&plain) => Err(format!(
            "`{given}`: a secret does not belong in this file, which others may read; set PURGE_API_KEY and \
             PURGE_API_SECRET, or PURGE_TOKEN, or write it to a file that only you can read and name that with \
             --api-key-file or --token-file"
        )),
        _ => {
            let names: Vec<_> = keys.iter().map(|key| key.name).collect();
            Err(format!("unknown setting `{given}`; the settings are {}", names.join(", ")))
        }
    }
}

/// Whether a name is the name of a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|word| name.contains(word))
}
