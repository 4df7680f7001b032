//! `queue init`, `check`, `show`, `log`, `pause`, `go` and `drop`.

use std::time::Duration;

use purge_api_ext::escape;
use purge_queue::{Finding, LaneState, Layout, NatsEngine, Operator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connect::{self, Identity};
use crate::args::{CheckArgs, DropArgs, InitArgs, LaneArgs, LogArgs, Operate, ShowArgs};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::{self, Console, Format};
use crate::shown::shown;

pub(crate) async fn run(command: Operate, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match command {
        Operate::Init(args) => init(&args, console).await,
        Operate::Check(args) => check(&args, console).await,
        Operate::Show(args) => show(&args, console).await,
        Operate::Log(args) => log(&args, console).await,
        Operate::Pause(args) => {
            operator(&args).await?.pause().await?;
            say(console, "paused: workers send nothing new; resume with `cdn-purge queue go`")
        }
        Operate::Go(args) => {
            operator(&args).await?.go().await?;
            say(console, "not paused")
        }
        Operate::Drop(args) => drop_request(&args, console).await,
    }
}

async fn operator(args: &LaneArgs) -> Result<Operator<NatsEngine>, Failure> {
    let settings = Config::load()?.settings;
    let lane = connect::lane_of(&args.queue, args.profile.as_deref(), &settings)?;
    Ok(Operator::new(connect::connect(&args.queue, &settings).await?, lane))
}

fn say(console: &mut Console<'_>, text: &str) -> Result<Exit, Failure> {
    writeln!(console.out, "{text}").or_else(output::closed_pipe)?;
    Ok(Exit::Success)
}

async fn init(args: &InitArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let engine = connect::connect(&args.queue, &Config::load()?.settings).await?;
    let mut layout = Layout::default();
    (layout.replicas, layout.lease) = (args.replicas.get(), args.lease);
    let made = engine.init(layout).await?;
    match made.is_empty() {
        true => say(console, "the queue already exists and was not changed"),
        false => say(console, &format!("created {}", made.join(", "))),
    }
}

async fn check(args: &CheckArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let engine = connect::connect(&args.queue, &Config::load()?.settings).await?;
    let mut found: Vec<Finding> = engine.check().await?;
    for url in &args.monitor {
        found.extend(NatsEngine::check_node(&escape(url), &monitoring(url).await?)?);
    }
    if found.is_empty() {
        return say(
            console,
            match args.monitor.is_empty() {
                true => {
                    "nothing found; pass --monitor to also check whether a node syncs to its disk in time"
                }
                false => "nothing found",
            },
        );
    }
    for finding in &found {
        say(console, &finding.to_string())?;
    }
    let s = output::plural(found.len());
    let message = format!("{} problem{s} found; paths could be lost", found.len());
    Err(Failure::new(Exit::Untrusted, message))
}

/// Fetches `/varz` of a node. It contains no secrets and needs no credentials.
async fn monitoring(url: &str) -> Result<Vec<u8>, Failure> {
    const PATIENCE: Duration = Duration::from_secs(10);
    /// Larger than any node's response.
    const MOST: u64 = 4 * 1024 * 1024;
    let wrong = |why: &str| Failure::usage(format!("--monitor {}: {why}", escape(url)));
    let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let authority = authority.filter(|authority| !authority.contains(['/', '@', ' ', '\r', '\n']));
    let authority = authority.ok_or_else(|| wrong("write it like `http://127.0.0.1:8222`"))?;
    let ask = async {
        let mut node = TcpStream::connect(authority).await?;
        let request = format!("GET /varz HTTP/1.0\r\nhost: {authority}\r\n\r\n");
        node.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        node.take(MOST).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let unavailable =
        |why: String| Failure::new(Exit::Temporary, format!("{}: {why}", escape(url)));
    let answer = timeout(PATIENCE, ask).await.map_err(|_| unavailable("no response".to_owned()))?;
    let answer = answer.map_err(|error| unavailable(error.to_string()))?;
    let body =
        answer.windows(4).position(|end| end == b"\r\n\r\n").map(|at| answer[at + 4..].to_vec());
    Ok(body.unwrap_or_default())
}

async fn show(args: &ShowArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let state = operator(&args.lane).await?.show().await?;
    let written = match args.output.format {
        Format::Text => text(&state, console.out),
        Format::Json | Format::Ndjson => output::json_line(console.out, &state),
    };
    written.or_else(output::closed_pipe)?;
    Ok(Exit::Success)
}

fn text(state: &LaneState, out: output::Out<'_>) -> std::io::Result<()> {
    let holder = state.holder.as_deref().map_or("nobody".to_owned(), escape);
    let paused = if state.paused { ", paused" } else { "" };
    writeln!(out, "lane {} is held by {holder}{paused}", state.lane)?;
    for waiting in &state.waiting {
        writeln!(
            out,
            "{} path{} from {} for {}, waiting since {}",
            waiting.paths,
            output::plural(waiting.paths),
            waiting.producer,
            escape(&waiting.resource),
            waiting.oldest
        )?;
    }
    if state.waiting.is_empty() {
        writeln!(out, "nothing is waiting")?;
    }
    Ok(())
}

async fn log(args: &LogArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let entries = operator(&args.lane).await?.log(args.path.as_deref()).await?;
    let out = &mut *console.out;
    let written = match args.output.format {
        Format::Json => output::json_line(out, &entries),
        Format::Ndjson => entries.iter().try_for_each(|entry| output::json_line(out, entry)),
        Format::Text => entries.iter().try_for_each(|entry| {
            let round = entry.round.map(|round| format!(" round {round}")).unwrap_or_default();
            writeln!(out, "{}{round}: {}", entry.time, escape(&entry.text))
        }),
    };
    written.or_else(output::closed_pipe)?;
    if let Some(path) = args.path.as_ref().filter(|_| entries.is_empty()) {
        let note = format!(
            "the journal does not name `{}`; a round is removed soon after its outcomes are stored",
            shown(path)
        );
        output::note(console, args.output.format, &note);
    }
    Ok(Exit::Success)
}

async fn drop_request(args: &DropArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    let Identity { lane, producer, resource, .. } = connect::identity(&args.from, &settings)?;
    let operator = Operator::new(connect::connect(&args.from.queue, &settings).await?, lane);
    operator.drop_request(resource, &producer, &args.id).await?;
    say(
        console,
        &format!(
            "paths of {} that are still waiting will be dropped, and their outcome will say so",
            args.id
        ),
    )
}
