//! Sets up the streams, and finds settings that could lose paths.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::NatsEngine;
use crate::chunk::{MAX_CHUNKS, MAX_MESSAGE_BYTES};
use crate::engine::{EngineError, Stream};
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

fn config(stream: Stream, layout: Layout) -> Value {
    const GIB: u64 = 1 << 30;
    let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let days = |days: u64| nanos(Duration::from_secs(days * 24 * 3600));
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
            "discard": "old", "max_msgs_per_subject": 1, "max_age": days(7), "max_bytes": 4 * GIB,
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

    async fn info(&self, stream: Stream) -> Result<Option<Value>, QueueError> {
        match self.ask(&format!("STREAM.INFO.{stream}"), json!({})).await {
            Ok(info) => Ok(Some(info)),
            Err(EngineError::Missing(_)) => Ok(None),
            Err(error) => Err(failed(stream, &error)),
        }
    }
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
    let mut found = Vec::new();
    let mut say = |text: String| found.push(Finding { place: stream.to_string(), text });
    let Some(info) = info else {
        say("is missing; create it with `cdn-purge queue init`".to_owned());
        return found;
    };
    let config = &info["config"];
    let text = |name: &str| config[name].as_str().unwrap_or_default();
    let count = |name: &str| config[name].as_i64().unwrap_or_default();
    let is = |name: &str| config[name].as_bool().unwrap_or_default();
    if count("num_replicas") < 3 {
        let replicas = count("num_replicas");
        say(format!(
            "has too few replicas ({replicas}); 3 survive the loss of a node: `nats stream edit --replicas 3`"
        ));
    }
    if text("storage") != "file" {
        say("is kept in memory only; recreate it with file storage".to_owned());
    }
    if !is("allow_direct") {
        say("cannot be read directly (`allow_direct` is off); turn it on".to_owned());
    }
    for (name, why) in [
        ("allow_rollup_hdrs", "lets one message remove all others"),
        ("allow_msg_ttl", "lets a message expire by itself"),
    ] {
        if is(name) {
            say(format!("{why} (`{name}` is on); turn it off"));
        }
    }
    let keeps_all = matches!(stream, Stream::Input | Stream::Journal);
    if keeps_all && text("discard") != "new" {
        say("drops the oldest messages when it is full (`discard` is not `new`); set `discard: new`".to_owned());
    }
    if keeps_all && count("max_age") > 0 {
        say("drops messages by their age (`max_age`); set it to 0".to_owned());
    }
    if stream == Stream::Input
        && count("max_msgs_per_subject") > 0
        && !is("discard_new_per_subject")
    {
        say("drops the oldest messages of a producer at its quota; set `discard_new_per_subject`"
            .to_owned());
    }
    if stream == Stream::Lease && count("max_age") <= 0 {
        say("keeps leases forever: a worker that has died keeps the lane; set `max_age` to 30 s"
            .to_owned());
    }
    if stream == Stream::Journal
        && let Some(percent) = filled(info).filter(|percent| *percent >= 80)
    {
        say(format!(
            "is {percent} % full, and workers cannot begin when it is full; raise its limit: \
             `nats stream edit {stream} --max-bytes 2GiB`"
        ));
    }
    if away(info) > 0 {
        say("has a replica that is offline or behind; do not remove a node until it has caught up"
            .to_owned());
    }
    found
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
mod tests {
    use super::*;

    fn info(stream: Stream, change: &[(&str, Value)]) -> Value {
        let mut config = config(stream, Layout::default());
        for (name, value) in change {
            config[*name] = value.clone();
        }
        json!({ "config": config })
    }

    #[test]
    fn init_creates_streams_without_findings() {
        for stream in Stream::ALL {
            assert_eq!(findings(stream, Some(&info(stream, &[]))), [], "{stream}");
        }
    }

    #[test]
    fn settings_that_could_lose_paths_are_found() {
        for (stream, name, value, expected) in [
            (Stream::Input, "num_replicas", json!(1), "has too few replicas (1)"),
            (Stream::Input, "discard", json!("old"), "drops the oldest"),
            (Stream::Journal, "discard", json!("old"), "drops the oldest"),
            (Stream::Input, "max_age", json!(1), "by their age"),
            (Stream::Input, "discard_new_per_subject", json!(false), "of a producer"),
            (Stream::Input, "allow_rollup_hdrs", json!(true), "remove all others"),
            (Stream::Input, "allow_msg_ttl", json!(true), "expire by itself"),
            (Stream::Journal, "storage", json!("memory"), "in memory only"),
            (Stream::Lease, "max_age", json!(0), "forever"),
            (Stream::Outcomes, "allow_direct", json!(false), "cannot be read"),
        ] {
            let found = findings(stream, Some(&info(stream, &[(name, value)])));
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert!(found[0].to_string().contains(expected), "{found:?}");
        }
        assert!(findings(Stream::Input, None)[0].text.starts_with("is missing"));
        let mut behind = info(Stream::Input, &[]);
        behind["cluster"] = json!({ "replicas": [{ "current": false }, { "current": true }] });
        assert_eq!(findings(Stream::Input, Some(&behind)).len(), 1);
        let mut full = info(Stream::Journal, &[("max_bytes", json!(1_000))]);
        full["state"] = json!({ "bytes": 799 });
        assert_eq!(findings(Stream::Journal, Some(&full)), []);
        full["state"] = json!({ "bytes": 800 });
        let found = findings(Stream::Journal, Some(&full));
        assert!(found[0].text.starts_with("is 80 % full"), "{found:?}");
    }

    #[test]
    fn node_without_sync_is_found() {
        let node = |config: Value| {
            let varz = json!({ "jetstream": { "config": config } }).to_string();
            NatsEngine::check_node("a", varz.as_bytes()).expect("a node").len()
        };
        assert_eq!(node(json!({ "sync_interval": 120_000_000_000_u64 })), 1);
        assert_eq!(node(json!({ "sync_always": true })), 0);
        NatsEngine::check_node("a", b"<html>").expect_err("another server");
    }
}
