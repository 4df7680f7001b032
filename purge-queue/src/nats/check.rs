//! Sets up the streams, and finds settings that could lose paths.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::NatsEngine;
use crate::chunk::{MAX_CHUNKS, MAX_MESSAGE_BYTES};
use crate::engine::{EngineError, Stream, matches};
use crate::error::{QueueError, QueueErrorKind};

/// How to set up a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// How many nodes keep each message. 3 survive the loss of one; 1 is for trying it out.
    pub replicas: usize,
    /// How long a worker that has died keeps the lane. Use at least 15 s: the engine itself may be without a leader
    /// for 11 s.
    pub lease: Duration,
}

impl Default for Layout {
    fn default() -> Self {
        Self { replicas: 3, lease: Duration::from_secs(30) }
    }
}

/// Something that could lose paths, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: String,
    /// What is wrong, and how to fix it.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// How long outcomes are kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many messages each subject has.
type Counts = BTreeMap<String, u64>;

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn config(stream: Stream, layout: Layout) -> Value {
    const GIB: u64 = 1 << 30;
    let mut config = json!({
        "name": stream.name(),
        "subjects": [stream.subjects()],
        "storage": "file",
        "retention": "limits",
        "num_replicas": layout.replicas,
        "discard": "new",
        "allow_direct": true,
    });
    let more = match stream {
        Stream::Input => json!({
            "discard_new_per_subject": true,
            "max_msgs_per_subject": MAX_CHUNKS,
            "max_bytes": 2 * GIB,
            "max_msg_size": MAX_MESSAGE_BYTES,
            "duplicate_window": nanos(Duration::from_secs(600)),
        }),
        Stream::Journal => json!({ "max_bytes": GIB }),
        Stream::Outcomes => json!({
            "discard": "old", "max_msgs_per_subject": 1, "max_age": nanos(KEPT), "max_bytes": 4 * GIB,
        }),
        Stream::Lease => json!({
            "discard": "old", "max_msgs_per_subject": 1, "max_age": nanos(layout.lease),
            "duplicate_window": nanos(layout.lease.min(Duration::from_secs(10))),
        }),
        Stream::Control => {
            json!({ "discard": "old", "max_msgs_per_subject": 1, "max_bytes": GIB / 64 })
        }
    };
    if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
        config.extend(more);
    }
    config
}

impl NatsEngine {
    /// Creates the streams that are missing, and leaves existing ones unchanged. Returns the names of those it
    /// created.
    ///
    /// # Errors
    ///
    /// When the engine refuses, for example because it has fewer nodes than the requested replicas.
    pub async fn init(&self, layout: Layout) -> Result<Vec<&'static str>, QueueError> {
        if layout.lease < Duration::from_secs(1) {
            return Err(QueueError::invalid(
                "a lease of less than 1 s expires before it can be renewed",
            ));
        }
        let mut made = Vec::new();
        for stream in Stream::ALL {
            if self.info(stream).await?.is_some() {
                continue;
            }
            let created =
                self.ask(&format!("STREAM.CREATE.{stream}"), config(stream, layout)).await;
            created.map_err(|error| failed(stream, &error))?;
            made.push(stream.name());
        }
        Ok(made)
    }

    /// Looks for anything that could lose paths or keep workers from working. An empty result means that no known
    /// problem was found. Whether the nodes write to their disks in time can only be checked with
    /// [`check_node`](Self::check_node).
    ///
    /// # Errors
    ///
    /// When the engine cannot be reached.
    pub async fn check(&self) -> Result<Vec<Finding>, QueueError> {
        let mut found: Vec<_> = self
            .version_warning()
            .into_iter()
            .map(|text| Finding { place: "server".to_owned(), text })
            .collect();
        for stream in Stream::ALL {
            let info = self.info(stream).await?;
            found.extend(findings(stream, info.as_ref()));
        }
        let inputs = self.subjects(Stream::Input).await?;
        found.extend(unserved(&inputs, &self.subjects(Stream::Journal).await?));
        Ok(found)
    }

    /// What the monitoring endpoint of a node, `/varz`, reveals about possible loss.
    ///
    /// # Errors
    ///
    /// When it is not the monitoring data of a node.
    pub fn check_node(name: &str, varz: &[u8]) -> Result<Vec<Finding>, QueueError> {
        let foreign =
            || QueueError::invalid(format!("{name} is not the monitoring of a NATS server"));
        let varz: Value = serde_json::from_slice(varz).map_err(|_| foreign())?;
        let jetstream = varz.pointer("/jetstream/config").ok_or_else(foreign)?;
        let is_synced = jetstream["sync_always"].as_bool().unwrap_or_default();
        let text = "acknowledged messages reach the disk up to two minutes later; set \
                    `jetstream { sync_interval: always }`, or a power cut can lose it";
        let finding = Finding { place: name.to_owned(), text: text.to_owned() };
        Ok(if is_synced { Vec::new() } else { vec![finding] })
    }

    /// The subjects of a stream that have messages; none if there is no such stream.
    async fn subjects(&self, stream: Stream) -> Result<Counts, QueueError> {
        let mut all = Counts::new();
        loop {
            let page = json!({ "subjects_filter": ">", "offset": all.len() });
            let Some(info) = self.info_with(stream, page).await? else { return Ok(all) };
            let (known, total) = (all.len(), info["total"].as_u64().unwrap_or_default());
            all.extend(subjects_of(&info));
            if all.len() == known || all.len() as u64 >= total {
                return Ok(all);
            }
        }
    }

    async fn info(&self, stream: Stream) -> Result<Option<Value>, QueueError> {
        self.info_with(stream, json!({})).await
    }

    async fn info_with(&self, stream: Stream, ask: Value) -> Result<Option<Value>, QueueError> {
        match self.ask(&format!("STREAM.INFO.{stream}"), ask).await {
            Ok(info) => Ok(Some(info)),
            Err(EngineError::Missing(_)) => Ok(None),
            Err(error) => Err(failed(stream, &error)),
        }
    }
}

fn subjects_of(info: &Value) -> Counts {
    let subjects = info.pointer("/state/subjects").and_then(Value::as_object);
    let counts = subjects.into_iter().flatten();
    counts.map(|(subject, count)| (subject.clone(), count.as_u64().unwrap_or_default())).collect()
}

fn failed(stream: Stream, error: &EngineError) -> QueueError {
    let kind = match error {
        EngineError::Denied(_) => QueueErrorKind::Denied,
        EngineError::Unavailable(_) => QueueErrorKind::Unavailable,
        EngineError::Full(_) => QueueErrorKind::Full,
        EngineError::Conflict | EngineError::Missing(_) | EngineError::Refused(_) => {
            QueueErrorKind::Incompatible
        }
    };
    QueueError::new(kind, format!("{stream}: {error}"))
}

/// Problems of a stream, found in the engine's description of it.
fn findings(stream: Stream, info: Option<&Value>) -> Vec<Finding> {
    let texts = match info {
        None => vec!["is missing; create it with `cdn-purge queue init`".to_owned()],
        Some(info) => {
            let config = &info["config"];
            [common(stream, config), own(stream, config), current(stream, info)].concat()
        }
    };
    let place = stream.to_string();
    texts.into_iter().map(|text| Finding { place: place.clone(), text }).collect()
}

/// Settings that are wrong for any stream.
fn common(stream: Stream, config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |text: String| found.push(text);
    let text = |name: &str| config[name].as_str().unwrap_or_default();
    let is = |name: &str| config[name].as_bool().unwrap_or_default();
    let replicas = config["num_replicas"].as_i64().unwrap_or_default();
    if replicas < 3 {
        say(format!(
            "has too few replicas ({replicas}); 3 survive the loss of a node: `nats stream edit --replicas 3`"
        ));
    }
    if text("storage") != "file" {
        say("is kept in memory only; recreate it with file storage".to_owned());
    }
    if text("persist_mode") == "async" {
        say("acknowledges messages before they are written (`persist_mode` is `async`); recreate it without".to_owned());
    }
    let retention = text("retention");
    if retention != "limits" {
        say(format!(
            "drops messages that nothing has read yet, or that something has read (`retention` is `{}`); recreate it \
             with `limits`",
            purge_api_ext::escape(retention)
        ));
    }
    let subjects = config["subjects"].as_array();
    if !subjects.is_some_and(|all| {
        all.iter().any(|one| one.as_str().is_some_and(|one| matches(one, stream.subjects())))
    }) {
        say(format!("does not keep all of `{0}`; set `subjects` to it", stream.subjects()));
    }
    if config["subject_transform"].is_object() {
        say("stores messages under other subjects (`subject_transform`); remove it".to_owned());
    }
    if !is("allow_direct") {
        say("cannot be read directly (`allow_direct` is off); turn it on".to_owned());
    }
    if is("deny_purge") {
        say("keeps workers from removing messages (`deny_purge` is on); recreate it without"
            .to_owned());
    }
    for (name, why) in [
        ("allow_rollup_hdrs", "lets one message remove all others"),
        ("allow_msg_ttl", "lets a message expire by itself"),
    ] {
        if is(name) {
            say(format!("{why} (`{name}` is on); turn it off"));
        }
    }
    found
}

/// Settings that are wrong for one stream.
fn own(stream: Stream, config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |text: &str| found.push(text.to_owned());
    let count = |name: &str| config[name].as_i64().unwrap_or_default();
    let keeps_all = matches!(stream, Stream::Input | Stream::Journal);
    if keeps_all && config["discard"] != "new" {
        say(
            "drops the oldest messages when it is full (`discard` is not `new`); set `discard: new`",
        );
    }
    if (keeps_all || stream == Stream::Control) && count("max_age") > 0 {
        say("drops messages by their age (`max_age`); set it to 0");
    }
    let limit = count("max_msgs_per_subject");
    match stream {
        Stream::Input if limit > 0 && config["discard_new_per_subject"] != true => {
            say(
                "drops the oldest messages of a producer at its quota; set `discard_new_per_subject`",
            );
        }
        Stream::Journal if limit > 0 => {
            say("keeps only some notes of a lane (`max_msgs_per_subject`); set it to -1");
        }
        Stream::Control if count("max_msgs") > 0 => {
            say("keeps only some orders of operators (`max_msgs`); set it to -1");
        }
        Stream::Outcomes if count("max_age") > 0 && count("max_age") < nanos(KEPT) as i64 => {
            say("drops outcomes that are less than 7 days old (`max_age`); set it to 7 days");
        }
        Stream::Lease if count("max_age") <= 0 => {
            say(
                "keeps leases forever: a worker that has died keeps the lane; set `max_age` to 30 s",
            );
        }
        _ => {}
    }
    found
}

/// Problems of the current state of a stream.
fn current(stream: Stream, info: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let why = match stream {
        Stream::Journal => Some("workers cannot begin when it is full"),
        Stream::Outcomes => {
            Some("it then drops the oldest outcomes, although they are less than 7 days old")
        }
        Stream::Input | Stream::Lease | Stream::Control => None,
    };
    if let Some(why) = why
        && let Some(percent) = filled(info).filter(|percent| *percent >= 80)
    {
        let limit = if stream == Stream::Journal { "2GiB" } else { "8GiB" };
        found.push(format!(
            "is {percent} % full, and {why}; raise its limit: `nats stream edit {stream} --max-bytes {limit}`"
        ));
    }
    if away(info) > 0 {
        let text =
            "has a replica that is offline or behind; do not remove a node until it has caught up";
        found.push(text.to_owned());
    }
    found
}

/// Lanes that no worker has ever held although something is enqueued for them, such as a mistyped one. Both are subjects
/// and how many messages each has.
fn unserved(inputs: &Counts, journals: &Counts) -> Vec<Finding> {
    let lane = |subject: &str| subject.split('.').nth(2).unwrap_or_default().to_owned();
    let served: BTreeSet<String> = journals.keys().map(|subject| lane(subject)).collect();
    let mut waiting = Counts::new();
    for (subject, count) in inputs {
        *waiting.entry(lane(subject)).or_default() += count;
    }
    waiting.retain(|lane, _| !served.contains(lane));
    let finding = |(lane, count): (String, u64)| Finding {
        place: Stream::Input.to_string(),
        text: format!(
            "has {count} message{} for the lane `{}`, which no worker has ever held; start a worker for it, or \
             correct the lane of the producer",
            if count == 1 { "" } else { "s" },
            purge_api_ext::escape(&lane)
        ),
    };
    waiting.into_iter().map(finding).collect()
}

/// How much of its limit on bytes a stream uses, in percent.
fn filled(info: &Value) -> Option<u64> {
    let limit = info.pointer("/config/max_bytes")?.as_u64().filter(|limit| *limit > 0)?;
    info.pointer("/state/bytes")?.as_u64()?.saturating_mul(100).checked_div(limit)
}

/// How many replicas are offline or behind.
fn away(info: &Value) -> usize {
    let replicas = info.pointer("/cluster/replicas").and_then(Value::as_array);
    let is_away = |replica: &&Value| {
        replica["offline"] == Value::Bool(true) || replica["current"] == Value::Bool(false)
    };
    replicas.map_or(0, |replicas| replicas.iter().filter(is_away).count())
}

#[cfg(test)]
mod tests;
