//! The most memory that a command has at once. A process that is started begins with the peak of the one
//! that starts it, so this is a small one.

use std::io::Write as _;
use std::process::{Command, Stdio};

use wait4::Wait4 as _;

use crate::Failure;

/// Runs a command without showing what it prints, and prints its peak in bytes.
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
