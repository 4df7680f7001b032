//! The command `cargo xtask`.

use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let code = xtask::run(std::env::args_os(), &mut out);
    // If the reader has closed the pipe, it does not want more.
    let _ = out.flush();
    ExitCode::from(code)
}
