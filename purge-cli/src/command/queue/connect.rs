//! Connections to a queue, and the identity of a request.

use purge_api_ext::ResourceId;
use purge_queue::{Lane, NatsEngine, NatsOptions, Producer, QueueError, QueueErrorKind};

use crate::args::{ProducerArgs, QueueArgs};
use crate::config::Settings;
use crate::environment;
use crate::exit::{Exit, Failure};

const URL: &str = "PURGE_QUEUE_URL";
const LANE: &str = "PURGE_QUEUE_LANE";
const PRODUCER: &str = "PURGE_QUEUE_PRODUCER";
const CREDENTIALS: &str = "PURGE_QUEUE_CREDENTIALS";

/// A connected producer.
pub(super) struct Producing {
    pub(super) engine: NatsEngine,
    pub(super) lane: Lane,
    pub(super) producer: Producer,
    pub(super) resource: ResourceId,
}

pub(super) fn lane(args: &QueueArgs) -> Result<Lane, Failure> {
    let lane = match &args.lane {
        Some(lane) => Some(lane.clone()),
        None => environment::value(LANE).map_err(Failure::usage)?,
    };
    lane.map_or_else(|| Ok("default".parse()?), Ok)
}

fn options(args: &QueueArgs) -> Result<NatsOptions, Failure> {
    let url = match &args.queue {
        Some(url) => Some(url.clone()),
        None => environment::text(URL).map_err(Failure::usage)?,
    };
    let url = url.ok_or_else(|| {
        Failure::usage(format!("no queue address: pass --queue URL or set {URL}"))
    })?;
    let credentials = match &args.queue_credentials {
        Some(file) => Some(file.clone()),
        None => environment::text(CREDENTIALS).map_err(Failure::usage)?.map(Into::into),
    };
    let options = NatsOptions::new(url);
    Ok(credentials.into_iter().fold(options, NatsOptions::credentials_file))
}

/// Connects as an operator or a worker.
pub(super) async fn connect(args: &QueueArgs) -> Result<NatsEngine, Failure> {
    Ok(NatsEngine::connect(options(args)?).await?)
}

/// Connects as a producer.
pub(super) async fn produce(
    args: &ProducerArgs,
    settings: &Settings,
) -> Result<Producing, Failure> {
    let (producer, resource) = identity(args, settings)?;
    let options = options(&args.queue)?.producer(producer.clone());
    let engine = NatsEngine::connect(options).await?;
    Ok(Producing { engine, lane: lane(&args.queue)?, producer, resource })
}

/// The producer and the resource of a request.
pub(super) fn identity(
    args: &ProducerArgs,
    settings: &Settings,
) -> Result<(Producer, ResourceId), Failure> {
    let producer = match &args.producer {
        Some(producer) => Some(producer.clone()),
        None => environment::value(PRODUCER).map_err(Failure::usage)?,
    };
    let producer = producer.ok_or_else(|| {
        Failure::usage(format!("no producer: pass --producer NAME or set {PRODUCER}"))
    })?;
    let resource = match args.resource {
        Some(resource) => Some(resource),
        None => environment::value(environment::RESOURCE).map_err(Failure::usage)?,
    };
    let resource = resource.or(settings.resource).ok_or_else(|| {
        let variable = environment::RESOURCE;
        Failure::usage(format!("no resource: pass --resource UUID or set {variable}"))
    })?;
    Ok((producer, resource))
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        let exit = match error.kind() {
            QueueErrorKind::InvalidInput => Exit::Usage,
            QueueErrorKind::Denied => Exit::Unauthorized,
            QueueErrorKind::Full | QueueErrorKind::Unavailable => Exit::Temporary,
            QueueErrorKind::Deadline => Exit::Deadline,
            QueueErrorKind::Incompatible => Exit::Untrusted,
            // Kinds added by a later version of the library count as plain failures until they are handled here.
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}
