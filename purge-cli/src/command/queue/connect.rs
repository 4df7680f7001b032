//! Connections to a queue, and the identity of a request.

use std::fmt::Display;
use std::str::FromStr;

use purge_api_ext::{PurgePath, ResourceId};
use purge_queue::{Lane, NatsEngine, NatsOptions, Producer, QueueError, QueueErrorKind};

use crate::args::{ProducerArgs, QueueArgs, one_profile};
use crate::config::{DEFAULT_LANE, Settings};
use crate::environment::{self, queue};
use crate::exit::{Exit, Failure};

/// Whose request, and where it goes.
pub(super) struct Identity {
    pub(super) lane: Lane,
    pub(super) producer: Producer,
    pub(super) resource: ResourceId,
    /// The folder of the resource that a profile names.
    pub(super) prefix: Option<PurgePath>,
}

/// The lane: that of the command line, of the profile, of the environment, or of the files.
pub(super) fn lane(
    args: &QueueArgs,
    profile: Option<&Settings>,
    settings: &Settings,
) -> Result<Lane, Failure> {
    let of_profile = profile.and_then(|profile| profile.queue.lane.clone());
    let lane = first(args.lane.clone().or(of_profile), queue::LANE, &settings.queue.lane)?;
    lane.map_or_else(|| Ok(DEFAULT_LANE.parse()?), Ok)
}

/// The lane of a command that has no other use for a profile.
pub(super) fn lane_of(
    args: &QueueArgs,
    profile: Option<&str>,
    settings: &Settings,
) -> Result<Lane, Failure> {
    lane(args, this_profile(profile, settings)?, settings)
}

/// The profile that is named, if one is.
fn this_profile<'a>(
    profile: Option<&str>,
    settings: &'a Settings,
) -> Result<Option<&'a Settings>, Failure> {
    let name = one_profile(profile, "a request belongs to one resource and one lane")?;
    name.map(|name| settings.profile(&name)).transpose()
}

fn options(args: &QueueArgs, settings: &Settings) -> Result<NatsOptions, Failure> {
    let url: Option<String> = first(args.queue.clone(), queue::URL, &settings.queue.url)?;
    let url = url.ok_or_else(|| {
        let variable = queue::URL;
        Failure::usage(format!("no queue address: pass --queue URL or set {variable}"))
    })?;
    let given = args.queue_credentials.clone();
    let credentials = first(given, queue::CREDENTIALS, &settings.queue.credentials)?;
    let options = NatsOptions::new(url);
    Ok(credentials.into_iter().fold(options, NatsOptions::credentials_file))
}

/// The value of the command line or the profile, or else of the environment, or else of the files.
fn first<T: Clone + FromStr<Err: Display>>(
    given: Option<T>,
    variable: &str,
    setting: &Option<T>,
) -> Result<Option<T>, Failure> {
    match given {
        Some(given) => Ok(Some(given)),
        None => {
            let value = environment::value(variable).map_err(Failure::usage)?;
            Ok(value.or_else(|| setting.clone()))
        }
    }
}

/// Connects as an operator or a worker.
pub(super) async fn connect(args: &QueueArgs, settings: &Settings) -> Result<NatsEngine, Failure> {
    Ok(NatsEngine::connect(options(args, settings)?).await?)
}

/// Connects as a producer.
pub(super) async fn produce(
    args: &ProducerArgs,
    producer: &Producer,
    settings: &Settings,
) -> Result<NatsEngine, Failure> {
    let options = options(&args.queue, settings)?.producer(producer.clone());
    Ok(NatsEngine::connect(options).await?)
}

/// The producer, the resource and the lane of a request.
pub(super) fn identity(args: &ProducerArgs, settings: &Settings) -> Result<Identity, Failure> {
    let profile = this_profile(args.profile.as_deref(), settings)?;
    let producer = first(args.producer.clone(), queue::PRODUCER, &settings.queue.producer)?;
    let producer = producer.ok_or_else(|| {
        let variable = queue::PRODUCER;
        Failure::usage(format!("no producer: pass --producer NAME or set {variable}"))
    })?;
    let given = args.resource.or_else(|| profile?.resource);
    let resource = first(given, environment::RESOURCE, &settings.resource)?.ok_or_else(|| {
        let variable = environment::RESOURCE;
        Failure::usage(format!("no resource: pass --resource UUID or set {variable}"))
    })?;
    let prefix = profile.and_then(|profile| profile.prefix.clone());
    Ok(Identity { lane: lane(&args.queue, profile, settings)?, producer, resource, prefix })
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        let exit = match error.kind() {
            QueueErrorKind::InvalidInput => Exit::Usage,
            QueueErrorKind::Denied => Exit::Unauthorized,
            QueueErrorKind::Full | QueueErrorKind::Unavailable => Exit::Temporary,
            QueueErrorKind::Deadline => Exit::Deadline,
            QueueErrorKind::Incompatible => Exit::Untrusted,
            QueueErrorKind::Replaced => Exit::Failed,
            // Kinds added by a later version of the library count as plain failures until they are handled here.
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}
