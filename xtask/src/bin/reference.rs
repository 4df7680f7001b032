//! Prints the files that are derived from the command line, as one JSON object. `regen` runs it as a
//! separate program, so that the other commands can still build and check a description that the client
//! does not compile with.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let mut files: BTreeMap<String, String> = purge_cli::derived_files().into_iter().collect();
    let page = xtask::regen::reference::markdown(&purge_cli::command());
    files.insert("REFERENCE.md".to_owned(), page);
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &files)?;
    out.flush()
}
