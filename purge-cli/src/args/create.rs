use std::path::PathBuf;
use std::time::Duration;

use purge_api_ext::{Purge, Rate};

use super::output::named_file;
use super::{AuditArgs, EdgeArgs, MessageArgs, PathArgs, ReportArgs, TargetArgs};
use crate::advice::Next;
use crate::config::Settings;

#[derive(clap::Args)]
#[command(
    group(clap::ArgGroup::new("checks").multiple(true)),
    mut_arg("edge", |arg| arg.requires("verify")),
    mut_arg("origin", |arg| arg.requires("checks")),
    mut_arg("verify_bytes", |arg| arg.requires("checks")),
    mut_arg("verify_rate", |arg| arg.requires("checks")),
    mut_arg("verify_concurrency", |arg| arg.requires("checks")),
    mut_arg("seed", |arg| arg.requires("checks"))
)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) paths: PathArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) sending: SendingArgs,
    /// Send nothing; the same as `cdn-purge plan`
    #[arg(long, help_heading = "Sending", conflicts_with = "audit")]
    pub(crate) dry_run: bool,
    /// Record in a new file what is sent and accepted, so that an interrupted run can be resumed with
    /// `cdn-purge resume FILE`. With several profiles, it is a new folder with a file for each
    #[arg(
        long, help_heading = "Sending", value_name = "FILE", value_parser = named_file(),
        conflicts_with_all = ["dry_run", "sandbox"]
    )]
    pub(crate) journal: Option<PathBuf>,
    /// After the purge, ask the edges until they have the new files, for at most this long [without a value: 2m]
    #[arg(
        long, help_heading = "Verifying", value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "2m", value_parser = humantime::parse_duration, group = "checks",
        requires = "edge", conflicts_with = "dry_run"
    )]
    pub(crate) verify: Option<Duration>,
    /// Purge paths that are still stale once more, and verify them again
    #[arg(long, help_heading = "Verifying", requires = "verify")]
    pub(crate) again: bool,
    /// Before anything is sent, wait until the origin has the files of `--site` and none that was removed, for at most
    /// this long [without a value: 2m]
    ///
    /// If the purge comes before the upload, the caches fill with the old files again. If the origin is not ready in
    /// time, nothing is sent, and the exit code is 5. An origin that keeps removed files is never ready.
    #[arg(
        long, help_heading = "Verifying", value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "2m", value_parser = humantime::parse_duration, group = "checks",
        requires_all = ["origin", "site"], conflicts_with = "dry_run"
    )]
    pub(crate) origin_ready: Option<Duration>,
    #[command(flatten)]
    pub(crate) edges: EdgeArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(clap::Args)]
#[command(mut_arg("sandbox", |arg| arg.hide(true)))]
pub(crate) struct ResumeArgs {
    /// The journal of `cdn-purge create --journal`: a file, or a folder if it was for several profiles
    #[arg(value_name = "JOURNAL", value_hint = clap::ValueHint::FilePath)]
    pub(crate) journal: PathBuf,
    /// Allow a path that purges the whole resource, such as `/*`; the journal does not store this consent
    #[arg(long)]
    pub(crate) allow_full_purge: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) sending: SendingArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Sending")]
pub(crate) struct SendingArgs {
    /// Wait until all operations have finished, for at most this long [without a value: 5m]
    #[arg(
        long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "5m", value_parser = humantime::parse_duration
    )]
    pub(crate) wait: Option<Duration>,
    /// Maximum number of concurrent requests [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: Option<u16>,
    /// Maximum number of attempts per request [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) max_attempts: Option<u32>,
}

impl CreateArgs {
    /// What a command that follows this one needs.
    pub(crate) fn next(&self) -> Next {
        let (journal, waits) = (self.journal.clone(), self.sending.wait.is_some());
        Next { journal, waits, ..self.target.next() }
    }
}

impl ResumeArgs {
    /// What a command that follows this one needs.
    pub(crate) fn next(&self) -> Next {
        let (journal, waits) = (Some(self.journal.clone()), self.sending.wait.is_some());
        Next { journal, waits, ..self.target.next() }
    }
}

impl SendingArgs {
    /// Applies these options or, where an option is not given, the setting from the files.
    pub(crate) fn apply(&self, settings: &Settings, mut purge: Purge) -> Purge {
        if let Some(requests) = self.concurrency.or(settings.concurrency) {
            purge = purge.concurrency(requests.into());
        }
        if let Some(attempts) = self.max_attempts.or(settings.max_attempts) {
            purge = purge.max_attempts(attempts);
        }
        if let Some(deadline) = self.wait {
            purge = purge.wait_for(deadline);
        }
        purge
    }
}

#[derive(clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) paths: PathArgs,
    /// Profile of `purge.toml`, for its prefix and its rate [env: PURGE_PROFILE]
    #[arg(long, help_heading = "Sending", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Show how long sending takes at this rate, such as 5/s or 30/m
    #[arg(long, help_heading = "Sending", value_name = "N/s")]
    pub(crate) rate: Option<Rate>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}
