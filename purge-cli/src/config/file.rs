//! One `purge.toml`.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::key::Shape;
use super::{Config, Entry, KEYS, Key, Owner, Settings};
use crate::exit::Failure;
use crate::shown::{excerpt, file_name, shown};

/// Words that mark a name as that of a secret.
const SECRETS: [&str; 6] = ["token", "secret", "password", "bearer", "authorization", "api-key"];

/// The settings that say where the token comes from.
pub(crate) const TOKENS: [&str; 3] = ["api-key-file", "token-file", "token-command"];

pub(super) fn read(
    config: &mut Config,
    text: &str,
    file: &Path,
    owner: Owner,
) -> Result<(), Failure> {
    let name = file_name(file);
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let wrong = |at: usize, what: &str| Failure::usage(format!("{name}:{}: {what}", line(at)));
    // The full text of the error would quote the line, which may contain a secret.
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(at, &format!("not TOML: {}", shown(error.message().trim_end())))
    })?;
    // In the order of the text, so that the first mistake is the one reported.
    let mut pairs: Vec<_> = table.get_ref().iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let mut token: Option<&str> = None;
    for (key, value) in pairs {
        let (at, name) = (key.span().start, key.get_ref().as_ref());
        let key = known(name).map_err(|what| wrong(at, &what))?;
        if key.is_private && owner == Owner::Project {
            let what = format!(
                "`{name}` is allowed only in the user's own purge.toml: anyone who can write here could \
                 otherwise decide where the token goes and which program runs"
            );
            return Err(wrong(at, &what));
        }
        if TOKENS.contains(&name)
            && let Some(other) = token.replace(key.name)
        {
            return Err(wrong(at, &format!("both `{other}` and `{name}`: remove one")));
        }
        let values = values(value.get_ref(), key.shape)
            .map_err(|what| wrong(at, &format!("`{name}` {what}")))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        // A list of a nearer file stands for itself. Still, one that is wrong is an error.
        let is_said = config.entries.iter().any(|entry| entry.key.name == key.name);
        let mut ignored = Settings::default();
        let settings = if is_said { &mut ignored } else { &mut config.settings };
        for value in &values {
            (key.set)(settings, value, folder)
                .map_err(|error| wrong(at, &format!("`{name}`: {error}")))?;
        }
        let value = values.join(", ");
        config.entries.push(Entry { key, value, file: file.to_owned(), line: line(at) });
    }
    Ok(())
}

/// The texts that a value is made of.
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
        (Shape::Flag, _) => Err("is neither true nor false"),
        (Shape::List, value) => list(value).ok_or("is not a list of texts"),
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

fn known(name: &str) -> Result<&'static Key, String> {
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return Ok(key);
    }
    let plain = name.to_lowercase().replace('_', "-");
    let given = excerpt(name);
    let similar = |key: &&Key| strsim::jaro_winkler(key.name, &plain) > 0.85;
    let nearest = KEYS.iter().filter(similar).max_by(|a, b| {
        let near = |key: &Key| strsim::jaro_winkler(key.name, &plain);
        near(a).total_cmp(&near(b))
    });
    match nearest {
        Some(key) if plain == key.name || !is_secret(&plain) => {
            Err(format!("unknown setting `{given}`; did you mean `{}`?", key.name))
        }
        _ if is_secret(&plain) => Err(format!(
            "`{given}`: a secret does not belong in this file, which others may read; set PURGE_API_KEY and \
             PURGE_API_SECRET, or PURGE_TOKEN, or write it to a file that only you can read and name that with \
             --api-key-file or --token-file"
        )),
        _ => {
            let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
            Err(format!("unknown setting `{given}`; the settings are {}", names.join(", ")))
        }
    }
}

/// Whether a name is that of a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|word| name.contains(word))
}
