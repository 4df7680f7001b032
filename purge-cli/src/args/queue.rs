use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use purge_api_ext::ResourceId;
use purge_queue::{Lane, Producer, RequestId};

use super::{FormatArgs, PathArgs, TargetArgs};

/// Which queue, and how to reach it.
#[derive(clap::Args)]
#[command(next_help_heading = "Queue")]
pub(crate) struct QueueArgs {
    /// Addresses of the queue's NATS servers, separated by commas [env: PURGE_QUEUE_URL]
    // Clap repeats values that its parsers refuse, and this one may contain a password.
    #[arg(long, value_name = "URL")]
    pub(crate) queue: Option<String>,
    /// Name of the account's queue [env: PURGE_QUEUE_LANE] [default: default]
    #[arg(long, value_name = "NAME", value_parser = lane)]
    pub(crate) lane: Option<Lane>,
    /// File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]
    #[arg(long, value_name = "FILE")]
    pub(crate) queue_credentials: Option<PathBuf>,
}

/// Which lane an operator means.
#[derive(clap::Args)]
#[command(next_help_heading = "Queue")]
pub(crate) struct LaneArgs {
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    /// Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// The producer and the resource of a request.
#[derive(clap::Args)]
#[command(next_help_heading = "Queue")]
pub(crate) struct ProducerArgs {
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    /// Profile of `purge.toml`, for its resource, its lane and its prefix [env: PURGE_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Name of the program that enqueues, such as cms [env: PURGE_QUEUE_PRODUCER]
    #[arg(long, value_name = "NAME", value_parser = producer)]
    pub(crate) producer: Option<Producer>,
    /// CDN resource UUID [env: PURGE_RESOURCE]
    #[arg(short, long, value_name = "UUID")]
    pub(crate) resource: Option<ResourceId>,
}

#[derive(clap::Args)]
pub(crate) struct EnqueueArgs {
    #[command(flatten)]
    pub(crate) paths: PathArgs,
    #[command(flatten)]
    pub(crate) from: ProducerArgs,
    /// Name of the request, for one request only; if it is unknown whether it was stored, enqueue it again under the
    /// same name [default: a random one]
    #[arg(long, help_heading = "Request", value_name = "ID", value_parser = request)]
    pub(crate) id: Option<RequestId>,
    /// Low priority: sent when nothing else is waiting, but always gets one batch in ten
    #[arg(long, help_heading = "Request")]
    pub(crate) bulk: bool,
    /// How long paths may wait, at most a year; paths that have not been sent by then are never sent [default: 24h;
    /// with `--site` and without `--wait`: a year]
    #[arg(long, help_heading = "Request", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) expires: Option<Duration>,
    /// How long storing may take
    #[arg(long, help_heading = "Request", value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) deadline: Duration,
    /// Wait until every path is purged, up to this long; ends with exit code 5 if the worker stops following a purge
    /// before it has ended [without a value: 5m]
    #[arg(
        long, help_heading = "Request", value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "5m", value_parser = humantime::parse_duration
    )]
    pub(crate) wait: Option<Duration>,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
}

#[derive(clap::Args)]
pub(crate) struct StatusArgs {
    /// Name of the request
    #[arg(value_name = "ID", value_parser = request)]
    pub(crate) id: RequestId,
    /// Only this path
    #[arg(long, help_heading = "Request", value_name = "PATH")]
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) from: ProducerArgs,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
}

#[derive(clap::Args)]
#[command(mut_arg("sandbox", |arg| arg.hide(true)))]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Also purge this CDN resource; all workers of a lane must purge the same ones
    #[arg(long, help_heading = "Worker", value_name = "UUID")]
    pub(crate) also: Vec<ResourceId>,
    /// Allow this producer to purge a whole resource
    #[arg(long, help_heading = "Worker", value_name = "NAME", value_parser = producer)]
    pub(crate) everything_from: Vec<Producer>,
    /// How long a path waits for others to share its request, at most 1m
    #[arg(long, help_heading = "Worker", value_name = "DURATION", default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) window: Duration,
    /// Maximum number of requests in flight [default: 4]
    #[arg(long, help_heading = "Worker", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: Option<u16>,
    /// How long to follow operations until they finish; with 0s, a path's outcome is that its purge was accepted, which
    /// is not a success of `enqueue --wait`
    #[arg(long, help_heading = "Worker", value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    pub(crate) follow: Duration,
    /// Name of this worker, shown while it holds the lane [default: its process ID]
    #[arg(long, help_heading = "Worker", value_name = "NAME")]
    pub(crate) holder: Option<String>,
    /// Serve metrics at http://ADDRESS/metrics, for example with 127.0.0.1:9464
    #[arg(long, help_heading = "Worker", value_name = "ADDRESS")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Show only errors on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
}

#[derive(clap::Args)]
pub(crate) struct OperateArgs {
    #[command(subcommand)]
    pub(crate) command: Operate,
}

#[derive(Subcommand)]
pub(crate) enum Operate {
    /// Set up the queue; leaves existing streams unchanged
    Init(InitArgs),
    /// Find settings that could lose paths, and lanes without a worker
    Check(CheckArgs),
    /// Show who holds the lane, and which paths are waiting
    Show(ShowArgs),
    /// Show the journal of the workers
    Log(LogArgs),
    /// Stop workers from sending anything new
    Pause(LaneArgs),
    /// End the pause
    Go(LaneArgs),
    /// Drop the paths of a request that are still waiting
    Drop(DropArgs),
}

#[derive(clap::Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    /// How many nodes keep each message; use 1 only to try it out
    #[arg(long, value_name = "N", default_value = "3")]
    pub(crate) replicas: NonZeroUsize,
    /// How long a worker that has died keeps the lane
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) lease: Duration,
}

#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    /// Address of a node's monitoring, such as http://127.0.0.1:8222, to check whether it syncs to its disk in time
    #[arg(long, value_name = "URL")]
    pub(crate) monitor: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) lane: LaneArgs,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
}

#[derive(clap::Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    pub(crate) lane: LaneArgs,
    /// Show only what happened to this path
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
}

#[derive(clap::Args)]
pub(crate) struct DropArgs {
    /// Name of the request
    #[arg(value_name = "ID", value_parser = request)]
    pub(crate) id: RequestId,
    #[command(flatten)]
    pub(crate) from: ProducerArgs,
}

impl Operate {
    pub(crate) fn format(&self) -> crate::output::Format {
        match self {
            Self::Show(args) => args.output.format,
            Self::Log(args) => args.output.format,
            Self::Init(_) | Self::Check(_) | Self::Pause(_) | Self::Go(_) | Self::Drop(_) => {
                crate::output::Format::Text
            }
        }
    }
}

fn lane(text: &str) -> Result<Lane, String> {
    text.parse().map_err(|error: purge_queue::QueueError| error.to_string())
}

fn producer(text: &str) -> Result<Producer, String> {
    text.parse().map_err(|error: purge_queue::QueueError| error.to_string())
}

fn request(text: &str) -> Result<RequestId, String> {
    text.parse().map_err(|error: purge_queue::QueueError| error.to_string())
}
