//! Runs a command as a process and measures it.

use std::ffi::OsStr;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use super::Bench;
use crate::Error;

/// The resources that a process has used.
pub(super) struct Usage {
    pub(super) wall: Duration,
    /// CPU time on all processors, in user and kernel mode.
    pub(super) cpu: Duration,
    /// Peak memory in bytes, but at least the peak of this program.
    pub(super) peak: u64,
    pub(super) output: String,
}

impl Bench<'_> {
    /// The measured command.
    pub(super) fn purge<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(self.tree.path("target/release/cdn-purge"));
        command.args(args);
        command
    }

    /// Builds the programs to compare with.
    pub(super) fn build_baseline(&self) -> Result<(), Error> {
        self.tree
            .cargo(&["build", "--release", "--package", "purge-baseline", "--locked"])
            .map(drop)
    }

    /// The program with the baselines to compare with.
    pub(super) fn baseline(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.tree.path("target/release/purge-baseline"));
        command.args(args);
        command
    }

    /// The peak memory of a command in bytes, correct even if it is less than the peak of this program.
    pub(super) fn peak(&self, command: &Command) -> Result<f64, Error> {
        let mut peak = self.baseline(&["peak"]);
        peak.arg(command.get_program()).args(command.get_args());
        peak.env_clear();
        peak.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = measured(peak)?.output;
        output
            .trim()
            .parse()
            .map_err(|_| Error::new(format!("no peak memory in the output: {output}")))
    }

    /// Runs both once to warm up, and then alternately.
    pub(super) fn pairs(
        &self,
        mut ours: impl FnMut() -> Result<Usage, Error>,
        mut theirs: impl FnMut() -> Result<Usage, Error>,
    ) -> Result<Vec<(Usage, Usage)>, Error> {
        ours()?;
        theirs()?;
        (0..self.runs).map(|_| Ok((ours()?, theirs()?))).collect()
    }
}

/// The ratio of each pair in one figure.
pub(super) fn ratios(pairs: &[(Usage, Usage)], figure: impl Fn(&Usage) -> f64) -> Vec<f64> {
    pairs.iter().map(|(ours, theirs)| figure(ours) / figure(theirs)).collect()
}

pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

/// Runs a command to its end without showing its output.
pub(super) fn measured(mut command: Command) -> Result<Usage, Error> {
    let name = format!("{command:?}");
    let failed = |what: &dyn std::fmt::Display| Error::new(format!("`{name}` {what}"));
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| failed(&format!("could not be started: {e}")))?;
    let mut output = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut output).map_err(|e| failed(&format!("cannot be read: {e}")))?;
    }
    let ended = child.wait4().map_err(|e| failed(&format!("cannot be waited for: {e}")))?;
    let wall = start.elapsed();
    if !ended.status.success() {
        return Err(failed(&format!("ended with {}", ended.status)));
    }
    let rusage = ended.rusage;
    Ok(Usage { wall, cpu: rusage.utime + rusage.stime, peak: rusage.maxrss, output })
}

/// Whether a program is installed.
pub(super) fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_of_a_process_are_measured() {
        let mut command = Command::new("cargo");
        command.arg("--version");
        let usage = measured(command).expect("cargo runs");
        assert!(usage.output.starts_with("cargo "), "{}", usage.output);
        assert!(usage.cpu > Duration::ZERO && usage.peak > 100_000, "{} B", usage.peak);
        measured(Command::new("no-such-command")).map(drop).expect_err("there is none");
    }

    #[test]
    fn a_median_is_the_middle() {
        for (figures, middle) in [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0], 2.5)] {
            assert_eq!(median(&figures).to_bits(), f64::to_bits(middle), "{figures:?}");
        }
    }
}
