//! Reads the output of `cdn-purge plan`, for several comparisons.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::Bench;
use super::run::{Usage, measured};
use crate::Error;

/// The counts that `cdn-purge plan` prints.
#[derive(Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) requests: u64,
    pub(super) covered: u64,
}

impl Bench<'_> {
    /// Plans a purge of the paths in a file.
    pub(super) fn plan(&self, from: &Path, more: &[&OsStr]) -> Result<Usage, Error> {
        let first = ["plan", "--from"].map(OsStr::new);
        measured(
            self.purge(first.into_iter().chain([from.as_os_str()]).chain(more.iter().copied())),
        )
    }
}

/// How many distinct lines a file has, according to `sort -u`.
pub(super) fn different_lines(file: &Path) -> Result<u64, Error> {
    let mut command = Command::new("sh");
    command.args(["-c", "LC_ALL=C sort -u \"$1\" | wc -l", "sh"]).arg(file);
    let output = measured(command)?.output;
    output.trim().parse().map_err(|_| Error::new(format!("`wc` printed no number: {output:?}")))
}

/// The directory of a path, including its last slash.
pub(super) fn directory(path: &str) -> &str {
    &path[..path.rfind('/').map_or(0, |slash| slash + 1)]
}

impl Counts {
    pub(super) fn parse(output: &str) -> Result<Self, Error> {
        let number = |before: &str, after: &str| {
            output.lines().find_map(|line| {
                let (start, _) = line.split_once(after)?;
                let start = if before.is_empty() { start } else { start.split_once(before)?.1 };
                start.split_whitespace().next()?.parse().ok()
            })
        };
        let counts = || {
            Some(Self {
                sent: number("", " paths in ")?,
                requests: number(" paths in ", " request")?,
                covered: number("", " covered by a wildcard").unwrap_or_default(),
            })
        };
        counts().ok_or_else(|| Error::new(format!("`cdn-purge plan` printed no counts: {output}")))
    }

    /// Fails unless the result is as expected.
    pub(super) fn must(&self, what: &str, is: u64, expected: u64) -> Result<(), Error> {
        if is == expected {
            return Ok(());
        }
        Err(Error::new(format!("{what}: {is}, expected {expected}: {self:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_parsed_from_the_output() {
        let output = "  request 1  100 paths  /a … /b\n450 paths in 5 requests; nothing was sent\n  \
                      50 of 900 given paths are duplicates\n  \
                      400 of 900 given paths are covered by a wildcard\n";
        let counts = Counts { sent: 450, requests: 5, covered: 400 };
        assert_eq!(Counts::parse(output).expect("counts"), counts);
        Counts::parse("no paths").expect_err("no counts");
    }
}
