//! What is verified after a purge: which paths, which files are expected there, and which hosts to ask.

mod edges;
mod content;
mod sources;
mod aims;
#[cfg(test)]
mod tests;

pub(crate) use aims::Aims;
pub(crate) use edges::{origin, verifier};
pub(crate) use sources::Sources;
