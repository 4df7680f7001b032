//! What operators see and order.

use std::time::SystemTime;

use purge_api_ext::ResourceId;
use serde::Serialize;

use crate::engine::{Engine, EngineError, NewMessage, Stream};
use crate::error::{QueueError, QueueErrorKind};
use crate::names::{Lane, Producer, RequestId};
use crate::note::Note;
use crate::subject::{self, Address};

/// A lane, as its operators see it.
#[derive(Clone, Debug)]
pub struct Operator<E> {
    engine: E,
    lane: Lane,
}

/// How a lane is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LaneState {
    /// The version of this form: 1.
    pub schema: u32,
    /// The lane.
    pub lane: Lane,
    /// Who holds it.
    pub holder: Option<String>,
    /// Whether an operator has paused it.
    pub paused: bool,
    /// What is enqueued and has no outcome, by resource and producer.
    pub waiting: Vec<Waiting>,
}

/// What waits of one producer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Waiting {
    /// The CDN resource.
    pub resource: String,
    /// Who enqueued it.
    pub producer: Producer,
    /// How many messages, of up to 500 paths each.
    pub messages: usize,
    /// How many paths.
    pub paths: usize,
    /// When the oldest message was stored, as RFC 3339.
    pub oldest: String,
}

/// Something that a worker has written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its place.
    pub sequence: u64,
    /// When, as RFC 3339 by the clock of the engine.
    pub time: String,
    /// The round that it is about.
    pub round: Option<u64>,
    /// What happened.
    pub text: String,
}

impl<E: Engine> Operator<E> {
    /// Of a lane.
    pub fn new(engine: E, lane: Lane) -> Self {
        Self { engine, lane }
    }

    /// How the lane is.
    ///
    /// # Errors
    ///
    /// When the engine cannot be asked.
    pub async fn show(&self) -> Result<LaneState, QueueError> {
        let lease =
            self.engine.last(Stream::Lease, &subject::lease(&self.lane)).await.map_err(failed)?;
        let holder = lease.filter(|lease| !lease.body.is_empty());
        let holder =
            holder.map(|lease| purge_api_ext::escape(&String::from_utf8_lossy(&lease.body)));
        let paused = self.engine.last(Stream::Control, &subject::paused(&self.lane)).await;
        let paused = paused.map_err(failed)?.is_some_and(|order| order.body == b"yes");
        let waiting = self.waiting().await?;
        Ok(LaneState { schema: 1, lane: self.lane.clone(), holder, paused, waiting })
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, QueueError> {
        let (mut waiting, mut next) = (Vec::<Waiting>::new(), 1);
        loop {
            let filter = subject::inputs(&self.lane);
            let messages = self.engine.read(Stream::Input, &filter, next).await.map_err(failed)?;
            let Some(last) = messages.last() else { return Ok(waiting) };
            next = last.sequence + 1;
            for message in &messages {
                let Some(address) = Address::of_input(&message.subject) else { continue };
                let lines = message.body.split(|byte| *byte == b'\n');
                let paths = lines.filter(|line| !line.trim_ascii().is_empty()).count();
                let known = waiting.iter_mut().find(|waiting| {
                    waiting.resource == address.resource && waiting.producer == address.producer
                });
                match known {
                    Some(known) => {
                        (known.messages, known.paths) = (known.messages + 1, known.paths + paths)
                    }
                    None => waiting.push(Waiting {
                        resource: address.resource,
                        producer: address.producer,
                        messages: 1,
                        paths,
                        oldest: time(message.stored),
                    }),
                }
            }
        }
    }

    /// What the workers have written down, of rounds that are not removed yet; with a path, only the entries that
    /// name it.
    ///
    /// # Errors
    ///
    /// When the engine cannot be asked.
    pub async fn log(&self, path: Option<&str>) -> Result<Vec<LogEntry>, QueueError> {
        let subject = subject::journal(&self.lane);
        let (mut entries, mut next) = (Vec::new(), 1);
        loop {
            let messages =
                self.engine.read(Stream::Journal, &subject, next).await.map_err(failed)?;
            let Some(last) = messages.last() else { return Ok(entries) };
            next = last.sequence + 1;
            for message in messages {
                let Some(note) = Note::read(&message) else { continue };
                let (sequence, time) = (message.sequence, time(message.stored));
                let said = told(&note, path);
                entries.extend(said.into_iter().map(|text| {
                    let round = note.round().or(matches!(note, Note::Round(_)).then_some(sequence));
                    LogEntry { sequence, time: time.clone(), round, text }
                }));
            }
        }
    }

    /// Lets no worker begin to send anything. What is under way ends.
    ///
    /// # Errors
    ///
    /// When the order cannot be stored.
    pub async fn pause(&self) -> Result<(), QueueError> {
        self.order(subject::paused(&self.lane), b"yes").await
    }

    /// Ends the pause of an operator.
    ///
    /// # Errors
    ///
    /// When the order cannot be stored.
    pub async fn go(&self) -> Result<(), QueueError> {
        self.order(subject::paused(&self.lane), b"no").await
    }

    /// Drops what still waits of a request: its outcome says so.
    ///
    /// # Errors
    ///
    /// When the order cannot be stored.
    pub async fn drop_request(
        &self,
        resource: ResourceId,
        producer: &Producer,
        request: &RequestId,
    ) -> Result<(), QueueError> {
        let address = Address::new(self.lane.clone(), resource, producer.clone());
        self.order(address.dropping(request), b"yes").await
    }

    async fn order(&self, subject: String, body: &[u8]) -> Result<(), QueueError> {
        let new = NewMessage { subject, body: body.to_vec(), ..NewMessage::default() };
        self.engine.store(new).await.map(drop).map_err(failed)
    }
}

fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// What a note says to people: a line each.
fn told(note: &Note, path: Option<&str>) -> Vec<String> {
    match note {
        Note::Judged { judged, .. } => judged
            .iter()
            .filter(|judged| path.is_none_or(|path| judged.paths.iter().any(|other| other == path)))
            .map(|judged| {
                let operation =
                    judged.verdict.op_id.as_ref().map(|id| format!(" by {id}")).unwrap_or_default();
                let paths = match path {
                    Some(path) => path.to_owned(),
                    None => format!("{} paths", judged.paths.len()),
                };
                format!("{paths}: {}{operation}", judged.verdict.state.as_str())
            })
            .collect(),
        // A path is named by what became of it.
        _ if path.is_some() => Vec::new(),
        Note::Lead { holder } => vec![format!("held by {}", purge_api_ext::escape(holder))],
        Note::Round(begun) => vec![format!("begun for {}", purge_api_ext::escape(&begun.resource))],
        Note::Lines { bytes, .. } => {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            vec![format!("{lines} lines of its run")]
        }
        Note::Sent { .. } => vec!["sent".to_owned()],
        Note::Settled { .. } => vec!["settled".to_owned()],
        Note::Pause { until } => {
            vec![format!("the service wants no requests until {}", time(*until))]
        }
    }
}

fn failed(error: EngineError) -> QueueError {
    let kind = match &error {
        EngineError::Denied(_) => QueueErrorKind::Denied,
        EngineError::Unavailable(_) => QueueErrorKind::Unavailable,
        EngineError::Full(_) => QueueErrorKind::Full,
        EngineError::Conflict | EngineError::Refused(_) => QueueErrorKind::Incompatible,
    };
    QueueError::new(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::memory::MemoryEngine;
    use crate::note::Begun;
    use crate::outcome::{Judged, State, Verdict};
    use crate::queue::Queue;

    #[tokio::test(start_paused = true)]
    async fn lane_is_shown_with_what_waits_and_who_holds_it() {
        let engine = MemoryEngine::new(Duration::from_secs(30));
        let lane: Lane = "shop".parse().expect("a lane");
        let operator = Operator::new(engine.clone(), lane.clone());
        let resource = "660f9511-f30c-52e5-b827-557766551111".parse().expect("a resource");
        let queue = Queue::new(engine.clone(), lane.clone(), "cms".parse().expect("a name"));
        let mut paths = purge_api_ext::Paths::new();
        (0..501).for_each(|n| paths.try_push(&format!("/{n}")).expect("a path"));
        queue.enqueue(resource, &paths).await.expect("stored");
        operator.pause().await.expect("stored");
        let state = operator.show().await.expect("a lane");
        assert_eq!((state.holder, state.paused), (None, true));
        assert_eq!((state.waiting[0].messages, state.waiting[0].paths), (2, 501));
        operator.go().await.expect("stored");
        let metrics = crate::metrics::Metrics::new(lane.clone());
        let term = crate::term::Term::begin(&engine, &lane, "web-1", &metrics).await;
        let term = term.expect("an engine").expect("it is free");
        let state = operator.show().await.expect("a lane");
        assert_eq!((state.holder.as_deref(), state.paused), (Some("web-1"), false));

        let begun = Begun { resource: resource.to_string(), upto: 2, everything: false };
        let round = term.append(&Note::Round(begun)).await.expect("held");
        let verdict =
            Verdict { op_id: Some("op-1".to_owned()), ..Verdict::new(State::Accepted, None) };
        let judged = vec![Judged { verdict, paths: vec!["/1".to_owned(), "/2".to_owned()] }];
        term.append(&Note::Judged { round, judged }).await.expect("held");
        let log = operator.log(None).await.expect("a log");
        let texts: Vec<_> = log.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts[..1], ["held by web-1"]);
        assert_eq!(texts[2..], ["2 paths: accepted by op-1"]);
        let log = operator.log(Some("/2")).await.expect("a log");
        let texts: Vec<_> = log.iter().map(|entry| (entry.round, entry.text.as_str())).collect();
        assert_eq!(texts, [(Some(round), "/2: accepted by op-1")]);
    }
}
