//! What must hold in every schedule.

use std::time::{Duration, SystemTime};

use purge_api_ext::PurgePath;
use tokio::time::sleep;

use super::sending::{Accepted, POISON};
use super::{LEASE, World, resource};
use crate::backlog::Backlog;
use crate::backlog::tests::Picture;
use crate::chunk::{Chunk, Rules};
use crate::engine::{Message, Stream};
use crate::history::History;
use crate::note::{Note, WRITER};
use crate::outcome::State;
use crate::worker::holder::replay;

impl World<'_> {
    /// What a holder believes, what a successor would compute from the streams, and what it would compute if nothing
    /// had ever been trimmed or condensed, is the same.
    pub(super) fn check(&mut self, seat: usize) {
        self.remember();
        let Some(agent) = &self.agents[seat] else { return };
        if !self.is_leader(seat) || agent.holder.term.ended().is_some() {
            return;
        }
        let (seed, holder) = (self.seed, &agent.holder);
        let journal = self.engine.messages(Stream::Journal);
        let input = self.engine.messages(Stream::Input);
        self.digests += journal.iter().filter(|m| kind(m) == Some("digested")).count();
        let successor = replayed(&journal, &input);
        let is_digest = |message: &&Message| kind(message).is_some_and(|k| k.starts_with("digest"));
        let full = self.journal.values().filter(|message| !is_digest(message));
        let full = replayed(full, self.input.values());
        let told = |sequence: &u64| {
            let chunk = chunk(&self.input[sequence]);
            let subject = chunk.address.outcome(&chunk.request.expect("a name"), chunk.chunk);
            self.engine.messages(Stream::Outcomes).iter().any(|m| m.subject == subject)
        };
        for (sequence, paths) in &full {
            match successor.get(sequence) {
                Some(same) => assert_eq!(same, paths, "seed {seed}: chunk {sequence}, condensed"),
                None => assert!(told(sequence), "seed {seed}: chunk {sequence} was lost"),
            }
        }
        let live = holder.backlog.picture();
        for (sequence, paths) in successor.range(..=holder.read) {
            match live.get(sequence) {
                Some(same) => assert_eq!(same, paths, "seed {seed}: chunk {sequence}"),
                None => assert!(told(sequence), "seed {seed}: chunk {sequence} was forgotten"),
            }
        }
        // A predecessor that still runs may have stored an outcome and trimmed its chunk.
        let is_known = |sequence: &u64| successor.contains_key(sequence) || told(sequence);
        assert!(live.keys().all(is_known), "seed {seed}: a chunk without an outcome was trimmed");
    }

    /// Whether no other worker has begun a term since this one did.
    pub(super) fn is_leader(&self, seat: usize) -> bool {
        let mut leads = self.journal.values().filter(|message| is_lead(message));
        let leader = leads.next_back().map(|message| message.body.clone());
        leader == Some(format!("w{seat}").into_bytes())
    }

    /// Lets one worker finish everything, and checks every outcome.
    pub(super) async fn finish(&mut self) {
        self.agents = [None, None, None];
        sleep(LEASE * 2).await;
        for step in 0.. {
            assert!(step < 5_000, "seed {}: it never ends", self.seed);
            self.act(0).await;
            self.remember();
            if step % 20 == 19 && self.engine.messages(Stream::Input).is_empty() {
                break;
            }
            // Faults may have ended its term.
            sleep(Duration::from_millis(500)).await;
        }
        for wanted in &self.wanted {
            let outcome = wanted.ticket.outcome(Duration::ZERO).await.expect("an outcome");
            for path in &wanted.paths {
                let result = outcome.outcome(path).expect("each path has an outcome");
                let why = result.message.as_deref().unwrap_or_default();
                // An operation from before it was enqueued has not purged it.
                let is_purged = self.accepted[wanted.after..].iter().any(|sent| {
                    result.op_id.as_ref() == Some(&sent.operation) && covers(sent, path)
                });
                let is_right = match result.state {
                    State::Failed => path == POISON || why.contains("workers ended"),
                    State::NotSent | State::Queued | State::Unconfirmed => false,
                    _ => is_purged,
                };
                assert!(is_right, "seed {}: {result:?} of {}", self.seed, wanted.after);
            }
        }
        self.one_writer_at_a_time();
    }

    /// After a new holder has begun, no earlier one is in the journal.
    pub(super) fn one_writer_at_a_time(&self) {
        let mut writers: Vec<String> = Vec::new();
        for message in self.journal.values() {
            // Others than workers have no effect.
            let Some(writer) = message.header(WRITER) else { continue };
            let term = writer.split('.').next().expect("a term").to_owned();
            if is_lead(message) {
                writers.push(String::new());
                continue;
            }
            let (last, earlier) = writers.split_last_mut().expect("a holder has begun");
            assert!(!earlier.contains(&term), "seed {}: {message:?}", self.seed);
            assert!(last.is_empty() || *last == term, "seed {}: {message:?}", self.seed);
            *last = term;
        }
    }
}

pub(super) fn kind(message: &Message) -> Option<&str> {
    message.header("Purge-Kind")
}

pub(super) fn is_lead(message: &Message) -> bool {
    kind(message) == Some("lead")
}

fn covers(sent: &Accepted, path: &str) -> bool {
    let asked = PurgePath::new(path).expect("a path");
    sent.paths.iter().any(|by| by == path || PurgePath::new(by).is_ok_and(|by| by.covers(&asked)))
}

fn chunk(message: &Message) -> Chunk {
    let resources = [resource()];
    let rules = Rules { resources: &resources, everything_from: &[] };
    Chunk::read(message, &rules).expect("a chunk")
}

pub(super) fn folded<'m>(journal: impl IntoIterator<Item = &'m Message>) -> History {
    let mut history = History::default();
    for message in journal {
        if let Some(note) = Note::read(message) {
            history.apply(message.sequence, message.stored, note);
        }
    }
    history
}

/// What a worker computes from these streams when it takes over.
fn replayed<'m>(
    journal: impl IntoIterator<Item = &'m Message>,
    input: impl IntoIterator<Item = &'m Message>,
) -> Picture {
    let (mut history, mut backlog) = (folded(journal), Backlog::default());
    let lead = Note::Lead { holder: "successor".to_owned() };
    history.apply(u64::MAX, SystemTime::UNIX_EPOCH, lead);
    let input = input.into_iter().filter(|message| !history.is_done(message.sequence));
    input.for_each(|message| backlog.add(chunk(message)));
    replay(&mut history, &mut backlog);
    backlog.picture()
}
