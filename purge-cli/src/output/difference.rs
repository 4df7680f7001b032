//! The difference between two sites.

use std::io;

use purge_api_ext::PurgePath;
use purge_site::{Change, Difference};
use serde::Serialize;

use super::{Format, Out, json};
use crate::exit::Failure;
use crate::shown::shown;

/// The difference between two builds of a site.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Difference"))]
pub(super) struct Object {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    schema: u32,
    /// Files that are new.
    added: usize,
    /// Files that have other content.
    changed: usize,
    /// Files that are gone.
    removed: usize,
    /// Files whose content a manifest does not record.
    in_doubt: usize,
    /// The files, sorted by the bytes of their names.
    files: Vec<File>,
}

/// A file that differs.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct File {
    /// Its name; bytes that are not UTF-8 are replaced.
    name: String,
    /// Its path, percent-encoded, with every byte of its name; null if its name cannot be a path.
    path: Option<String>,
    /// Why it differs: `added`, `changed`, `removed`; `in_doubt` if a manifest does not record its content.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    change: Change,
}

pub(super) fn write(
    out: Out<'_>,
    format: Format,
    null: bool,
    difference: &Difference,
) -> Result<(), Failure> {
    let written = match format {
        Format::Text => {
            let end = if null { 0 } else { b'\n' };
            if !null
                && let Some(name) =
                    difference.iter().map(|(name, _)| name).find(|name| has_break(name))
            {
                return Err(Failure::usage(format!(
                    "the name `{}` has a line break: pass -0, or --output json",
                    shown(&String::from_utf8_lossy(name))
                )));
            }
            names(out, end, difference)
        }
        Format::Json => json::line(out, &object(difference)),
        Format::Ndjson => difference.iter().try_for_each(|file| json::line(out, &of(file))),
    };
    Ok(written.or_else(super::closed_pipe)?)
}

/// How many files differ, and how.
pub(super) fn counts(difference: &Difference) -> String {
    let counts = [
        (Change::Added, "added"),
        (Change::Changed, "changed"),
        (Change::Removed, "removed"),
        (Change::InDoubt, "in doubt"),
    ];
    let counts = counts.map(|(change, word)| (difference.count(change), word));
    let named: Vec<_> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    match difference.len() {
        0 => "no files differ".to_owned(),
        1 => format!("1 file differs: {}", named.join(", ")),
        all => format!("{all} files differ: {}", named.join(", ")),
    }
}

fn has_break(name: &[u8]) -> bool {
    name.iter().any(|byte| b"\n\r".contains(byte))
}

fn names(out: Out<'_>, end: u8, difference: &Difference) -> io::Result<()> {
    for (place, (name, _)) in difference.iter().enumerate() {
        // Otherwise it would be taken for a mark of the list.
        if place == 0 && name.starts_with("\u{feff}".as_bytes()) {
            out.write_all(b"./")?;
        }
        out.write_all(name)?;
        out.write_all(&[end])?;
    }
    Ok(())
}

fn object(difference: &Difference) -> Object {
    Object {
        schema: 1,
        added: difference.count(Change::Added),
        changed: difference.count(Change::Changed),
        removed: difference.count(Change::Removed),
        in_doubt: difference.count(Change::InDoubt),
        files: difference.iter().map(of).collect(),
    }
}

fn of((name, change): (&[u8], Change)) -> File {
    let path = PurgePath::from_file_name([b"./", name].concat()).ok();
    let path = path.map(|path| path.as_str().to_owned());
    File { name: String::from_utf8_lossy(name).into_owned(), path, change }
}
