//! The command `cargo xtask`.

use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let code = xtask::run(std::env::args_os(), &mut out);
    // Whoever stopped reading has seen what they wanted.
    let _ = out.flush();
    ExitCode::from(code)
}
