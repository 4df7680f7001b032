//! Files that have a `*` in their names.
//!
//! Their paths have `%2A`, since a `*` is a wildcard. Browsers do not encode it, so they request another path.

use std::collections::BTreeSet;

use purge_api_ext::{Plan, PurgePath, escape};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;

use crate::exit::Failure;

/// The path that browsers request for a file, if it is another one.
pub(crate) fn as_requested(path: &str) -> Option<String> {
    // Hardly any path has an escape.
    if !path.as_bytes().contains(&b'%') {
        return None;
    }
    let requested = path.replace("%2A", "*").replace("%2a", "*");
    (requested != path).then_some(requested)
}

/// The note about the paths that browsers request and that the plan does not purge; none if there are none.
pub(super) fn not_purged(plan: &Plan) -> Result<Option<String>, Failure> {
    let mut requested: BTreeSet<_> = plan.paths().filter_map(as_requested).collect();
    if requested.is_empty() {
        return Ok(None);
    }
    for wildcard in plan.paths().filter(|path| path.contains('*')) {
        let wildcard = read_back(wildcard)?;
        requested.retain(|path| !wildcard.matches(path));
    }
    Ok(note(&requested))
}

/// The note about the names that have a `*`; none if there are none.
pub(crate) fn of_names<'a>(names: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let starred = names.filter(|name| name.contains(&b'*'));
    let paths = starred.filter_map(|name| PurgePath::from_file_name([b"./", name].concat()).ok());
    note(&paths.filter_map(|path| as_requested(path.as_str())).collect())
}

fn note(paths: &BTreeSet<String>) -> Option<String> {
    let first = escape(paths.first()?);
    let what = match paths.len() - 1 {
        0 => format!("`{first}` is purged only by a wildcard"),
        more => format!("`{first}` and {more} more are purged only by wildcards"),
    };
    Some(format!(
        "{what}: browsers do not encode the `*` in the name of a file; to purge `{first}`, pass it as a path, which \
         also purges what it matches"
    ))
}

/// Parses a path that was checked before. It may be that of a file whose name people do not write as a path, such as one
/// with a comma at the end.
pub(crate) fn read_back(path: &str) -> Result<PurgePath, Failure> {
    let path: Result<_, ValueError> = PurgePath::deserialize(path.into_deserializer());
    path.map_err(|error| Failure::usage(error.to_string()))
}
