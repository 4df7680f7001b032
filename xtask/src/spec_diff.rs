//! x
use crate::{Error, tree::Tree};
use std::io::Write;
pub(crate) const METHODS: [&str; 8] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
#[derive(clap::Args)]
pub(crate) struct Options {}
pub(crate) fn run(_tree: &Tree, _options: &Options, _out: &mut dyn Write) -> Result<u8, Error> {
    Ok(0)
}
