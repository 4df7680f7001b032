//! What operators can see and order.

use std::time::SystemTime;

use purge_api_ext::ResourceId;
use serde::Serialize;

use crate::chunk::read_back;
use crate::engine::{Engine, EngineError, NewMessage, Stream};
use crate::error::{QueueError, QueueErrorKind};
use crate::names::{Lane, Producer, RequestId};
use crate::note::{Kept, Note, WRITER};
use crate::outcome::Judged;
use crate::subject::{self, Address};

/// A lane, from an operator's point of view.
#[derive(Clone, Debug)]
pub struct Operator<E> {
    engine: E,
    lane: Lane,
}

/// The state of a lane.
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
    /// Enqueued paths that are still stored, by resource and producer: all paths without an outcome, and those that were
    /// stored after the first of them.
    pub waiting: Vec<Waiting>,
}

/// What is waiting from one producer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Waiting {
    /// The CDN resource.
    pub resource: String,
    /// Who enqueued it.
    pub producer: Producer,
    /// How many messages; each has up to 500 paths.
    pub messages: usize,
    /// How many paths.
    pub paths: usize,
    /// When the oldest message was stored, as RFC 3339.
    pub oldest: String,
}

/// An entry of a worker's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its sequence.
    pub sequence: u64,
    /// When, as RFC 3339 by the clock of the engine.
    pub time: String,
    /// The round that it belongs to.
    pub round: Option<u64>,
    /// What happened.
    pub text: String,
}

impl<E: Engine> Operator<E> {
    /// The operator of a lane.
    pub fn new(engine: E, lane: Lane) -> Self {
        Self { engine, lane }
    }

    /// The state of the lane.
    ///
    /// # Errors
    ///
    /// When the engine cannot be reached.
    pub async fn show(&self) -> Result<LaneState, QueueError> {
        let lease =
            self.engine.last(Stream::Lease, &subject::lease(&self.lane)).await.map_err(failed)?;
        let holder = lease.filter(|lease| !lease.body.is_empty() && lease.header(WRITER).is_some());
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

    /// The journal of the workers, except for rounds that have been removed. With a path, only the entries that name it,
    /// or a wildcard that covers it.
    ///
    /// # Errors
    ///
    /// When the engine cannot be reached.
    pub async fn log(&self, path: Option<&str>) -> Result<Vec<LogEntry>, QueueError> {
        let subject = subject::journal(&self.lane);
        let (mut entries, mut next) = (Vec::new(), 1);
        let mut torn = Vec::new();
        loop {
            let messages =
                self.engine.read(Stream::Journal, &subject, next).await.map_err(failed)?;
            let Some(last) = messages.last() else { return Ok(entries) };
            next = last.sequence + 1;
            for message in messages {
                let Some(note) = Note::read(&message) else { continue };
                let (sequence, time) = (message.sequence, time(message.stored));
                let own = note.round().or(matches!(note, Note::Round(_)).then_some(sequence));
                let said = told(&note, own, path, &mut torn);
                entries.extend(said.into_iter().map(|(round, text)| LogEntry {
                    sequence,
                    time: time.clone(),
                    round,
                    text,
                }));
            }
        }
    }

    /// Stops workers from sending anything new, within a second or two. Requests in flight end normally; the rest of
    /// their round waits.
    ///
    /// # Errors
    ///
    /// When the order cannot be stored.
    pub async fn pause(&self) -> Result<(), QueueError> {
        self.order(subject::paused(&self.lane), b"yes").await
    }

    /// Ends an operator's pause.
    ///
    /// # Errors
    ///
    /// When the order cannot be stored.
    pub async fn go(&self) -> Result<(), QueueError> {
        self.order(subject::paused(&self.lane), b"no").await
    }

    /// Drops the paths of a request that are still waiting; their outcome says so. A request that is enqueued later
    /// under the same name is not dropped.
    ///
    /// # Errors
    ///
    /// When the engine cannot be reached, or the order cannot be stored.
    pub async fn drop_request(
        &self,
        resource: ResourceId,
        producer: &Producer,
        request: &RequestId,
    ) -> Result<(), QueueError> {
        let address = Address::new(self.lane.clone(), resource, producer.clone());
        let last = self.engine.last(Stream::Input, &address.input()).await.map_err(failed)?;
        let upto = last.map_or(0, |last| last.sequence).to_string();
        self.order(address.dropping(request), upto.as_bytes()).await
    }

    async fn order(&self, subject: String, body: &[u8]) -> Result<(), QueueError> {
        let new = NewMessage { subject, body: body.to_vec(), ..NewMessage::default() };
        self.engine.store(new).await.map(drop).map_err(failed)
    }
}

fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// What a note says to people, one line each, and about which round. A note belongs to one round, or to none. `torn` is
/// the part of a line whose rest is in the next note.
fn told(
    note: &Note,
    own: Option<u64>,
    path: Option<&str>,
    torn: &mut Vec<u8>,
) -> Vec<(Option<u64>, String)> {
    let texts = match note {
        Note::Digest { digest, .. } => return digested(&digest.rounds, path),
        Note::Judged { judged, .. } => verdicts(judged, path),
        Note::Lines { bytes, .. } if path.is_some() => {
            path.map(|path| requests(torn, bytes, path)).unwrap_or_default()
        }
        // Nothing else names a path.
        _ if path.is_some() => Vec::new(),
        Note::Lead { holder } => vec![format!("held by {}", purge_api_ext::escape(holder))],
        Note::Round(begun) => {
            vec![format!("started for {}", purge_api_ext::escape(&begun.resource))]
        }
        Note::Lines { bytes, .. } => {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            vec![format!("{lines} lines of its run")]
        }
        Note::Resumed { .. } => vec!["resumed".to_owned()],
        Note::Sent { .. } => vec!["sent".to_owned()],
        Note::Settled { .. } => vec!["settled".to_owned()],
        Note::Digested => vec!["earlier rounds were condensed".to_owned()],
        Note::Pause { until } => {
            vec![format!("the service asked for a pause until {}", time(*until))]
        }
    };
    texts.into_iter().map(|text| (own, text)).collect()
}

/// How a list names a path: by itself, or by a wildcard that covers it.
fn named(paths: &[String], path: &str) -> Option<String> {
    if paths.iter().any(|known| known == path) {
        return Some(path.to_owned());
    }
    let covers = |known: &&String| {
        known.contains('*') && read_back(known).is_ok_and(|wildcard| wildcard.matches(path))
    };
    paths.iter().find(covers).map(|wildcard| format!("{path}, covered by {wildcard}"))
}

/// The requests of a run that name a path, one line each.
fn requests(torn: &mut Vec<u8>, bytes: &[u8], path: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Line {
        request: Request,
    }
    #[derive(serde::Deserialize)]
    struct Request {
        number: usize,
        paths: Vec<String>,
    }
    torn.extend_from_slice(bytes);
    let end = torn.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let whole: Vec<u8> = torn.drain(..end).collect();
    let lines = whole.split(|byte| *byte == b'\n');
    let requests = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok());
    let told = requests.filter_map(|Line { request: Request { number, paths } }| {
        named(&paths, path).map(|named| format!("{named}: in request {} of its run", number + 1))
    });
    told.collect()
}

/// What verdicts say to people, one line each.
fn verdicts(judged: &[Judged], path: Option<&str>) -> Vec<String> {
    let told = judged.iter().filter_map(|Judged { verdict, paths }| {
        let operation = verdict.op_id.as_ref().map(|id| format!(" by {id}")).unwrap_or_default();
        let paths = match path {
            Some(path) => named(paths, path)?,
            None => format!("{} paths", paths.len()),
        };
        Some(format!("{paths}: {}{operation}", verdict.state.as_str()))
    });
    told.collect()
}

/// What a digest says to people about its rounds.
fn digested(rounds: &[Kept], path: Option<&str>) -> Vec<(Option<u64>, String)> {
    let of = |kept: &Kept| {
        let all = [&kept.judged, &kept.refused].into_iter();
        let texts: Vec<_> = all.flat_map(|judged| verdicts(judged, path)).collect();
        texts.into_iter().map(|text| (Some(kept.number), text)).collect::<Vec<_>>()
    };
    rounds.iter().flat_map(of).collect()
}

fn failed(error: EngineError) -> QueueError {
    let kind = match &error {
        EngineError::Denied(_) => QueueErrorKind::Denied,
        EngineError::Unavailable(_) => QueueErrorKind::Unavailable,
        EngineError::Full(_) => QueueErrorKind::Full,
        EngineError::Conflict | EngineError::Missing(_) | EngineError::Refused(_) => {
            QueueErrorKind::Incompatible
        }
    };
    QueueError::new(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::memory::MemoryEngine;
    use crate::note::{Begun, Digest};
    use crate::outcome::{State, Verdict};
    use crate::queue::Queue;

    #[tokio::test(start_paused = true)]
    async fn lane_shows_its_holder_and_waiting_paths() {
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

        let begun =
            Begun { resource: resource.to_string(), upto: 2, everything: false, input: None };
        let again = begun.clone();
        let round = term.append(&Note::Round(begun)).await.expect("held");
        // A plan may be written in several notes.
        let plan = br#"{"request":{"number":0,"paths":["/1","/2"]}}
{"request":{"number":1,"paths":["/images/*"]}}
"#;
        let mut offset = 0;
        for bytes in [&plan[..60], &plan[60..]] {
            let lines = Note::Lines { round, offset, bytes: bytes.to_vec() };
            term.append(&lines).await.expect("held");
            offset += bytes.len() as u64;
        }
        let texts = async |path: &str| {
            let log = operator.log(Some(path)).await.expect("a log");
            log.into_iter().map(|entry| entry.text).collect::<Vec<_>>()
        };
        assert_eq!(texts("/2").await, ["/2: in request 1 of its run"]);
        let covered = "/images/a.png, covered by /images/*: in request 2 of its run";
        assert_eq!(texts("/images/a.png").await, [covered]);
        assert!(texts("/other").await.is_empty());

        let verdict =
            Verdict { op_id: Some("op-1".to_owned()), ..Verdict::new(State::Accepted, None) };
        let judged = vec![Judged { verdict, paths: vec!["/2".to_owned(), "/images/*".to_owned()] }];
        term.append(&Note::Judged { round, judged }).await.expect("held");
        let log = operator.log(None).await.expect("a log");
        let texts: Vec<_> = log.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts[..1], ["held by web-1"]);
        assert_eq!(texts[4..], ["2 paths: accepted by op-1"]);
        for (path, said) in [
            ("/2", "/2: accepted by op-1"),
            ("/images/a.png", "/images/a.png, covered by /images/*: accepted by op-1"),
        ] {
            let log = operator.log(Some(path)).await.expect("a log");
            let last = log.last().map(|entry| (entry.round, entry.text.as_str()));
            assert_eq!(last, Some((Some(round), said)));
        }

        let purged = Verdict::new(State::Purged, None);
        let judged = vec![Judged { verdict: purged, paths: vec!["/2".to_owned()] }];
        let kept = Kept { number: round, begun: again, judged, refused: Vec::new() };
        let digest = Digest { rounds: vec![kept], ..Digest::default() };
        term.append(&Note::Digest { part: 0, digest }).await.expect("held");
        term.append(&Note::Digested).await.expect("held");
        let log = operator.log(Some("/2")).await.expect("a log");
        let last = log.last().map(|entry| (entry.round, entry.text.as_str()));
        assert_eq!(last, Some((Some(round), "/2: purged")));
    }
}
