//! What is verified after a purge: which paths, which files are expected there, and which hosts to ask.

mod edges;
mod content;
mod sources;
mod aims;
#[cfg(test)]
mod tests;

use purge_api_ext::PurgePath;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;

use crate::exit::Failure;
pub(crate) use aims::Aims;
pub(crate) use edges::{origin, verifier};
pub(crate) use sources::Sources;

/// Parses a path that was checked before. It may be that of a file whose name people do not write as a path, such as one
/// with a comma at the end.
pub(crate) fn read_back(path: &str) -> Result<PurgePath, Failure> {
    let path: Result<_, ValueError> = PurgePath::deserialize(path.into_deserializer());
    path.map_err(|error| Failure::usage(error.to_string()))
}
