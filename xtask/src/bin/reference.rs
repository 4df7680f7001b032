//! Prints the command-line reference. A program of its own, which `regen` starts: the other commands
//! must build and judge a description also when the client does not compile with it.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let page = xtask::regen::reference::markdown(&purge_cli::command());
    io::stdout().lock().write_all(page.as_bytes())
}
