//! What can be said on the command line.

use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, Subcommand};
use purge_api_ext::{OperationId, OrganizationId, PageSize, Purge, Rate, ResourceId};

use crate::output::Format;

/// Purge files of a CDN resource, and say what happened to every path.
#[derive(Parser)]
#[command(name = "purge", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all accepted (with --wait: all finished)
  1  some path failed
  2  bad input or usage; nothing was sent
  3  not authorized
  4  temporary: unavailable or rate-limited, try again later
  5  the deadline passed while waiting
  6  an answer that cannot be trusted
  130, 143  interrupted (SIGINT, SIGTERM) before all was done; a second signal ends it at once";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create purge jobs
    #[command(after_help = "\
Examples:
  purge create /index.html '/images/*'
  purge create --wait --from changed.txt
  find public -type f -printf '/%P\\n' | purge create --from - --output json
  purge create --sandbox --wait /index.html   without an account")]
    Create(CreateArgs),
    /// Show what `create` would send; sends nothing
    #[command(after_help = "\
Examples:
  purge plan --from changed.txt
  purge plan --from changed.txt --inventory site.txt --max-requests 5   directories as wildcards")]
    Plan(PlanArgs),
    /// Finish a run that ended early
    #[command(after_help = "\
Sends what is not known to be accepted, and tries again what failed. The organization, the resource \
and the address of the service stand in the journal.

Examples:
  purge create --from changed.txt --journal deploy.journal
  purge resume deploy.journal --wait")]
    Resume(ResumeArgs),
    /// List purge requests
    List(ListArgs),
    /// Follow operations to their end
    Wait(WaitArgs),
    /// Run the embedded server
    #[command(after_help = "\
Example:
  purge sandbox --listen 127.0.0.1:8080 &
  export PURGE_BASE_URL=http://127.0.0.1:8080 PURGE_TOKEN=sandbox-token
  export PURGE_ORGANIZATION=550e8400-e29b-41d4-a716-446655440000
  export PURGE_RESOURCE=660f9511-f30c-52e5-b827-557766551111
  purge create --wait /index.html")]
    Sandbox(SandboxArgs),
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) paths: PathArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) sending: SendingArgs,
    /// The same as `purge plan`: sends nothing
    #[arg(long, help_heading = "Sending")]
    pub(crate) dry_run: bool,
    /// Write down in a new file what is sent and accepted, so that `purge resume FILE` can finish the run
    /// if it ends early
    #[arg(long, help_heading = "Sending", value_name = "FILE", conflicts_with_all = ["dry_run", "sandbox"])]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(clap::Args)]
#[command(mut_arg("sandbox", |arg| arg.hide(true)))]
pub(crate) struct ResumeArgs {
    /// The file of `purge create --journal`
    #[arg(value_name = "JOURNAL")]
    pub(crate) journal: PathBuf,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) sending: SendingArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Sending")]
pub(crate) struct SendingArgs {
    /// Follow the jobs to their end, for at most this long [without a value: 5m]
    #[arg(
        long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "5m", value_parser = humantime::parse_duration
    )]
    pub(crate) wait: Option<Duration>,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,
    /// How many requests are sent in a time at most, such as 5/s or 30/m [default: no limit]
    #[arg(long, value_name = "N/s")]
    pub(crate) rate: Option<Rate>,
    /// How often a request is sent at most
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) max_attempts: u32,
}

impl SendingArgs {
    pub(crate) fn apply(&self, purge: Purge) -> Purge {
        let mut purge = purge.concurrency(self.concurrency.into()).max_attempts(self.max_attempts);
        if let Some(rate) = self.rate {
            purge = purge.rate(rate);
        }
        if let Some(deadline) = self.wait {
            purge = purge.wait(deadline);
        }
        purge
    }
}

#[derive(clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) paths: PathArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Paths")]
pub(crate) struct PathArgs {
    /// Absolute paths of the resource; `*` stands for any run of characters, `/` included
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Read paths from a file, one a line; `-` is standard input. Blank lines and lines that start with
    /// `#` are skipped
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// Allow a path that purges the whole resource, such as `/*`
    #[arg(long)]
    pub(crate) allow_full_purge: bool,
    /// Read all paths of the site from a file, like `--from`, and purge a directory by one wildcard
    /// where that purges no path that was not asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) inventory: Vec<PathBuf>,
    /// Purge directories by a wildcard until everything fits in N requests; with `--inventory`, those
    /// that purge the fewest other paths
    #[arg(long, value_name = "N")]
    pub(crate) max_requests: Option<NonZeroUsize>,
    /// How many paths of the inventory may be purged that were not asked for [default: 0; with
    /// `--max-requests`, as many as it takes]
    #[arg(long, value_name = "N", requires = "inventory")]
    pub(crate) max_extra: Option<usize>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct TargetArgs {
    /// Organization
    #[arg(short, long, value_name = "UUID", env = "PURGE_ORGANIZATION")]
    pub(crate) organization: Option<OrganizationId>,
    /// CDN resource
    #[arg(short, long, value_name = "UUID", env = "PURGE_RESOURCE")]
    pub(crate) resource: Option<ResourceId>,
    /// File that holds the bearer token, readable by you alone [or, the token itself: env: PURGE_TOKEN]
    #[arg(long, value_name = "FILE", conflicts_with = "token_command")]
    pub(crate) token_file: Option<PathBuf>,
    /// Command that prints the bearer token; run again if the service refuses the token. Words are split as
    /// in a shell, but no shell runs it: write `sh -c '...'` for pipes and variables
    #[arg(long, value_name = "CMD")]
    pub(crate) token_command: Option<TokenCommand>,
    /// Address of the service; plain http only to this machine [default: https://cloud.medianova.com]
    #[arg(long, value_name = "URL", env = "PURGE_BASE_URL")]
    pub(crate) base_url: Option<String>,
    /// Start the embedded server for this command and use it; the options above are not needed then, and
    /// not used
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// How long one request may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
}

/// A program and its arguments.
#[derive(Clone)]
pub(crate) struct TokenCommand {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl FromStr for TokenCommand {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = shlex::split(text).ok_or("a quote is not closed")?.into_iter();
        let program = words.next().ok_or("it names no program")?;
        Ok(Self { program, arguments: words.collect() })
    }
}

#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Form of the result on standard output
    #[arg(long = "output", value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: Format,
    /// No messages on standard error but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only the records of one operation
    #[arg(long, help_heading = "List", value_name = "ID")]
    pub(crate) op_id: Option<OperationId>,
    /// Page, from 1
    #[arg(
        long,
        help_heading = "List",
        value_name = "N",
        default_value = "1",
        conflicts_with = "all"
    )]
    pub(crate) page: NonZeroU64,
    /// Records on a page, 1 to 100
    #[arg(long, help_heading = "List", value_name = "N", default_value = "100", value_parser = page_size)]
    pub(crate) limit: PageSize,
    /// All pages
    #[arg(long, help_heading = "List")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

fn page_size(text: &str) -> Result<PageSize, String> {
    let size = text.parse().ok().and_then(PageSize::new);
    size.ok_or_else(|| "a page has 1 to 100 records".to_owned())
}

#[derive(clap::Args)]
pub(crate) struct WaitArgs {
    /// Operations, as `create` printed them
    #[arg(value_name = "OP_ID", required = true)]
    pub(crate) operations: Vec<OperationId>,
    /// How long to wait at most
    #[arg(long = "wait", help_heading = "Waiting", value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    pub(crate) deadline: Duration,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(clap::Args)]
pub(crate) struct SandboxArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Allow an address that other machines can reach: what is sent there is not encrypted
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
    /// Folder whose files the edge serves and caches, or an http server on this machine
    /// (http://127.0.0.1:PORT) [default: a small built-in site]
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) origin: Option<Origin>,
    /// How long a purge job takes
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = humantime::parse_duration)]
    pub(crate) purge_delay: Duration,
    /// JSON file of faults: what the server does wrong, and when
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Answer 429 to what comes faster, such as 5/s or 30/m
    #[arg(long, value_name = "N/s")]
    pub(crate) rate_limit: Option<Rate>,
    /// Do not log requests on standard error
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Where the edge of the sandbox gets its files.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Folder(PathBuf),
    Server(SocketAddr),
}

impl std::str::FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(authority) = text.strip_prefix("http://") else {
            return Ok(Self::Folder(text.into()));
        };
        let address = authority.trim_end_matches('/').parse();
        address.map(Self::Server).map_err(|_| "write it as http://127.0.0.1:PORT".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_commands() {
        let words = |text: &str| {
            let command = text.parse::<TokenCommand>().map_err(str::to_owned)?;
            Ok::<_, String>([vec![command.program], command.arguments].concat().join("|"))
        };
        assert_eq!(words("vault kv get 'a b' \"c\"").expect("words"), "vault|kv|get|a b|c");
        assert_eq!(words("sh -c 'a | b'").expect("words"), "sh|-c|a | b");
        assert_eq!(words("a 'b").expect_err("open"), "a quote is not closed");
        assert_eq!(words(" ").expect_err("empty"), "it names no program");
    }

    #[test]
    fn declaration_is_consistent() {
        crate::command().debug_assert();
    }
}
