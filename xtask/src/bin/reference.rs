//! Prints the files that follow the command line, as one JSON object of their texts. A program of its own,
//! which `regen` starts: the other commands must build and judge a description also when the client does
//! not compile with it.

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
