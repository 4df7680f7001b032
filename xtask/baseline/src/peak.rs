//! The peak memory of a command. A child process starts with the peak of its parent, so this program is
//! small.

use std::io::Write as _;
use std::process::{Command, Stdio};

use wait4::Wait4 as _;

use crate::Failure;

/// Runs a command without showing its output, and prints its peak in bytes.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let ended = command.spawn()?.wait4()?;
    if !ended.status.success() {
        return Err(format!("{program} ended with {}", ended.status).into());
    }
    writeln!(std::io::stdout(), "{}", ended.rusage.maxrss)?;
    Ok(())
}
