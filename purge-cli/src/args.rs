//! The commands and options of the command line.

mod output;
mod target;
mod site;
mod addresses;
mod input;
mod paths;
mod verify;
mod create;
mod diff;
mod wait;
mod list;
mod config;
mod doctor;
mod sandbox;
mod shell;
#[cfg(feature = "queue")]
mod queue;

use clap::{Parser, Subcommand};

pub(crate) use addresses::AddressArgs;
pub(crate) use config::ConfigArgs;
pub(crate) use create::{CreateArgs, PlanArgs, ResumeArgs};
pub(crate) use diff::DiffArgs;
pub(crate) use doctor::DoctorArgs;
pub(crate) use input::InputArgs;
pub(crate) use list::{ListArgs, State};
pub(crate) use output::{AuditArgs, FormatArgs, MessageArgs, ReportArgs};
pub(crate) use paths::PathArgs;
#[cfg(feature = "queue")]
pub(crate) use queue::{
    CheckArgs, DropArgs, EnqueueArgs, InitArgs, LaneArgs, LogArgs, Operate, OperateArgs,
    ProducerArgs, QueueArgs, ShowArgs, StatusArgs, WorkerArgs,
};
pub(crate) use sandbox::{Origin, SandboxArgs};
pub(crate) use shell::{CompletionsArgs, ManArgs};
pub(crate) use site::SiteArgs;
pub(crate) use target::{Profiles, TargetArgs, one_profile};
pub(crate) use verify::{EdgeArgs, VerifyArgs};
pub(crate) use wait::{Operation, WaitArgs, operation_id};

/// Purge files of a CDN resource, and report the outcome of every path
#[derive(Parser)]
#[command(
    name = "cdn-purge",
    version,
    long_version = crate::version::long(),
    max_term_width = 100,
    after_help = "`cdn-purge --help` has examples and the exit codes; `cdn-purge COMMAND --help` has the options.",
    after_long_help = EXAMPLES_AND_EXIT_CODES
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES_AND_EXIT_CODES: &str = "\
Examples:
  cdn-purge create --sandbox --wait /index.html     try it, without an account
  cdn-purge create --wait --from changed.txt        purge, and wait until it is done
  cdn-purge plan --from changed.txt                 show what would be sent
  cdn-purge list --limit 20                         list recent purge requests
  cdn-purge doctor                                  find out why it does not work

Exit codes:
  0  all accepted (with --wait: all finished)
  1  some path failed, a file could not be written, or a copy at an edge is stale or differs
  2  bad input or usage; nothing was sent
  3  not authorized
  4  temporary: unavailable or rate-limited, try again later
  5  the deadline passed while waiting; with --origin-ready, nothing was sent
  6  the response cannot be trusted, or a copy at an edge could not be verified
  130, 143  interrupted (SIGINT, SIGTERM) before all was done; a second signal exits immediately";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Purge paths
    #[command(after_long_help = "\
Examples:
  cdn-purge create /index.html '/images/*'
  cdn-purge create --wait --from changed.txt
  cdn-purge create --wait --site public --baseline site.sha256 --index index.html
  find public -type f -printf '%P\\0' | cdn-purge create --from - -0 --raw
  git diff --name-only -z --no-renames --relative=public HEAD~1 |
    cdn-purge create --from - -0 --raw --prefix /assets
  cdn-purge create --profile shop,blog --from changed.txt   several resources of purge.toml
  cdn-purge create --sandbox --wait /index.html   without an account")]
    Create(Box<CreateArgs>),
    /// Show what `create` would send, without sending it
    #[command(after_long_help = "\
Examples:
  cdn-purge plan --from changed.txt
  cdn-purge plan --from changed.txt --rate 5/s   show how long it would take
  cdn-purge plan --from changed.txt --inventory site.txt --max-requests 5   directories as wildcards")]
    Plan(Box<PlanArgs>),
    /// Show which files differ between two builds of a site
    ///
    /// Compares the contents, and prints the names of files that were added, changed or removed. `--output json` shows
    /// the reason for each. Symbolic links are followed; broken links, pipes and devices are left out; a file that
    /// cannot be read is an error.
    #[command(after_long_help = "\
Examples:
  cdn-purge diff old/ new/
  cdn-purge diff site.tar.zst public/ -0 | cdn-purge create --from - -0 --raw
  (cd public && find . -type f -exec sha256sum {} +) > site.sha256
  cdn-purge diff site.sha256 public/ --output json")]
    Diff(DiffArgs),
    /// Resume an interrupted run
    ///
    /// Sends what is not known to be accepted, and retries what failed. The organization and the resource are
    /// in the journal. The token and the address of the service are not: they come from your settings, as
    /// for `create`.
    #[command(after_long_help = "\
Examples:
  cdn-purge create --from changed.txt --journal deploy.journal
  cdn-purge resume deploy.journal --wait")]
    Resume(Box<ResumeArgs>),
    /// List purge requests
    #[command(after_long_help = "\
Examples:
  cdn-purge list --limit 20
  cdn-purge list --op-id 0b508058-9c8c-475a-b5e7-0bf9014423b2
  cdn-purge list --path /images/logo.png --since 2h
  cdn-purge list --all --output ndjson | jq -r .url")]
    List(ListArgs),
    /// Wait until operations have finished
    #[command(after_long_help = "\
Examples:
  cdn-purge wait 0b508058-9c8c-475a-b5e7-0bf9014423b2
  cdn-purge create --from changed.txt --output ndjson | jq -r '.op_id // empty' | cdn-purge wait -")]
    Wait(WaitArgs),
    /// Ask the edges whether they have the new files
    ///
    /// Prints a verdict for each path, `fresh`, `stale`, `differs` or `unverifiable`, and the reason for it. The
    /// verdict is `stale` only when that is certain. Nothing is purged, and no token is needed.
    #[command(after_long_help = "\
Examples:
  cdn-purge verify /index.html --edge https://www.example.com --site public
  cdn-purge verify --from changed.txt --edge https://www.example.com --since 10m --wait
  cdn-purge verify '/images/*' --edge https://www.example.com --site public --baseline old.sha256
  cdn-purge verify /a --edge https://www.example.com --resolve www.example.com:443:192.0.2.1,192.0.2.2 --since 10m

Exit codes: 0 if every path is fresh, 1 if any is stale or differs, otherwise 6: some could not be verified")]
    Verify(Box<VerifyArgs>),
    /// Store paths in a queue, for a worker to purge
    ///
    /// Takes the same paths as `create`, with the same checks, wildcards and coalescing. It does not need the CDN
    /// token, which only the worker has. The worker also decides the rate, the retries and the journal.
    #[cfg(feature = "queue")]
    #[command(after_long_help = "\
Examples:
  cdn-purge enqueue /index.html --id post-4711-rev-3
  cdn-purge enqueue --from changed.txt --bulk --wait=1h")]
    Enqueue(Box<EnqueueArgs>),
    /// Show the outcome of an enqueued request
    #[cfg(feature = "queue")]
    #[command(after_long_help = "\
Example:
  cdn-purge status post-4711-rev-3 --path /index.html

Exit codes: 0 if every path is purged or had no cached copy, 1 if a path failed or was not sent, 2 if the request does \
not have the path, 4 if an outcome is still missing or the queue cannot be reached, 5 if a purge was accepted, but is no \
longer followed")]
    Status(Box<StatusArgs>),
    /// Purge enqueued paths, or stand by while another worker does
    #[cfg(feature = "queue")]
    #[command(after_long_help = "\
Example:
  cdn-purge worker --rate 5/s --metrics 127.0.0.1:9464 --token-file /etc/purge/token")]
    Worker(Box<WorkerArgs>),
    /// Set up, check and operate a queue
    #[cfg(feature = "queue")]
    Queue(Box<OperateArgs>),
    /// Run the embedded server
    #[command(after_long_help = sandbox::HELP)]
    Sandbox(SandboxArgs),
    /// Show the effective settings and where each comes from
    #[command(after_long_help = crate::config::HELP)]
    Config(ConfigArgs),
    /// Check the settings, the connection and the account, and compare the service with its descriptions
    ///
    /// Says where each setting comes from; whether the name resolves, which proxy is used and who issued the certificate;
    /// whether signing in works, and whether the organization and the resource exist; how far apart the clocks are; and of
    /// each fact about the service that is not in its published reference, whether it matches, is contradicted or was not
    /// seen. It only lists purge requests, and signs in if that is how you get a token.
    #[command(after_long_help = "\
Examples:
  cdn-purge doctor
  cdn-purge doctor --path /robots.txt      also purge one path, and follow it
  cdn-purge doctor --report doctor.md      also write a report for others to read

Exit codes: 0 if all is well, 1 if a fact is contradicted or the clocks differ, otherwise that of the step that failed")]
    Doctor(Box<DoctorArgs>),
    /// Print a completion script for a shell
    #[command(after_long_help = "\
Examples:
  cdn-purge completions bash > ~/.local/share/bash-completion/completions/cdn-purge
  cdn-purge completions zsh > ~/.zfunc/_cdn-purge    with `fpath+=~/.zfunc` before `compinit`
  cdn-purge completions fish > ~/.config/fish/completions/cdn-purge.fish
  cdn-purge completions powershell >> $PROFILE")]
    Completions(CompletionsArgs),
    /// Print a manual page
    #[command(after_long_help = "\
Examples:
  cdn-purge man | man -l -
  cdn-purge man create > /usr/local/share/man/man1/cdn-purge-create.1")]
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    #[test]
    fn declaration_is_consistent() {
        crate::command().debug_assert();
    }
}
