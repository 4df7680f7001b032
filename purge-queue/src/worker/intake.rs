//! Reads what is enqueued, and stores outcomes.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};

use super::holder::Holder;
use super::outage::PATIENCE;
use crate::backlog::{Before, Complete};
use crate::chunk::{Chunk, Rules, Urgency};
use crate::engine::{Engine, EngineError, Message, NewMessage, Stream};
use crate::outcome::{ChunkOutcome, StoredResult};
use crate::subject::{self, Address};

/// How many outcomes are stored concurrently.
const AT_ONCE: usize = 16;

impl<E: Engine> Holder<'_, E> {
    /// Reads the input until there is nothing more for now, or the memory is full.
    pub(super) async fn read(&mut self) -> Result<(), EngineError> {
        let filter = subject::inputs(&self.options.lane);
        // Everything up to where an earlier round had read is read again regardless of memory: the round may have
        // taken it, or put it in doubt.
        let rounds = self.history.rounds.values().map(|round| round.begun.upto);
        let doubts = self.history.doubts().iter().map(|doubts| doubts.upto);
        let least = rounds.chain(doubts).max().unwrap_or_default();
        while self.has_room(least) {
            let now = self.term.now();
            let messages = self.engine.read(Stream::Input, &filter, self.read + 1).await?;
            if messages.is_empty() {
                if self.read < least {
                    self.confirm_the_end(&filter).await?;
                    self.read = least;
                }
                self.complete = now;
                break;
            }
            let rules = Rules {
                resources: &self.options.resources,
                everything_from: &self.options.everything_from,
            };
            for message in &messages {
                if !self.has_room(least) {
                    return Ok(());
                }
                if !self.history.is_done(message.sequence) {
                    match Chunk::read(message, &rules) {
                        Some(chunk) => self.backlog.add(chunk),
                        None => self.options.metrics.unusable(),
                    }
                }
                self.read = message.sequence;
                // An order may be about what has just been read.
                self.is_ordered &= !self.drops_more;
                // The outcome of a bad line takes up much more memory than the line.
                if self.backlog.completions() >= AT_ONCE {
                    self.report().await?;
                }
            }
        }
        Ok(())
    }

    /// Confirms with the leader that no message follows the last one that was read. A node that is behind would
    /// otherwise hide messages whose paths an earlier round has taken: they would be sent again.
    async fn confirm_the_end(&mut self, filter: &str) -> Result<(), EngineError> {
        match self.engine.last(Stream::Input, filter).await? {
            Some(last) if last.sequence > self.read => Err(EngineError::Unavailable(
                "a node of the engine does not have all messages yet".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    fn has_room(&self, least: u64) -> bool {
        self.backlog.bytes() < self.options.memory || self.read < least
    }

    /// Stores the complete outcomes, and removes what is no longer needed: the input first and the journal after it,
    /// since without the rounds in the journal the input would be sent again.
    pub(super) async fn tell(&mut self) -> Result<(), EngineError> {
        self.report().await?;
        if self.has_told {
            self.options.metrics.progressed();
            crate::marks::mark("told");
            self.has_told = !self.trim().await?;
        }
        Ok(())
    }

    /// Stores the complete outcomes, and forgets their chunks.
    async fn report(&mut self) -> Result<(), EngineError> {
        self.untold.extend(self.backlog.completed());
        let (engine, backlog) = (self.engine, &self.backlog);
        let store = |sequence| async move {
            let Some(Complete { subject: Some(subject), outcome }) = backlog.outcome(sequence)
            else {
                return (sequence, Ok(()));
            };
            let body = outcome.stored();
            drop(outcome);
            let new = NewMessage { subject, body, after: Some(0), ..NewMessage::default() };
            (sequence, store(engine, sequence, &new).await)
        };
        let untold = std::mem::take(&mut self.untold);
        let stored: Vec<_> =
            stream::iter(untold).map(store).buffer_unordered(AT_ONCE).collect().await;
        let mut refused = None;
        for (sequence, stored) in stored {
            match stored {
                Ok(()) => {
                    if let Some(complete) = self.backlog.outcome(sequence) {
                        self.metrics_of(&complete.outcome.paths);
                    }
                    self.backlog.told(sequence);
                    self.has_told = true;
                }
                // It is stored again in the next iteration.
                Err(
                    EngineError::Unavailable(_)
                    | EngineError::Missing(_)
                    | EngineError::Full(_)
                    | EngineError::Conflict,
                ) => self.untold.push(sequence),
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    fn metrics_of(&self, paths: &[StoredResult<'_>]) {
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for path in paths {
            *counts.entry(path.state.as_str()).or_default() += 1;
        }
        counts.into_iter().for_each(|(state, count)| self.options.metrics.paths(state, count));
        let covered = paths.iter().filter(|path| path.by.is_some()).count() as u64;
        self.options.metrics.covered(covered);
    }

    /// Removes what is no longer needed, and says whether the engine could be reached.
    pub(super) async fn trim(&mut self) -> Result<bool, EngineError> {
        let first_open = self.backlog.first_open();
        let below = first_open.unwrap_or(self.read + 1);
        if below > self.trimmed {
            if !self.confirm_the_input().await {
                return Ok(false);
            }
            let inputs = subject::inputs(&self.options.lane);
            match self.engine.trim(Stream::Input, &inputs, below).await {
                Err(EngineError::Unavailable(_) | EngineError::Missing(_)) => return Ok(false),
                other => other?,
            }
            self.trimmed = below;
            crate::marks::mark("trimmed");
        }
        let needed = self.history.trim(first_open, self.term.now());
        // The last note stays: anyone could begin a term in an empty journal.
        let tail = self.term.tail().await;
        let below = needed.unwrap_or(tail).min(tail);
        if below > self.journal_trimmed {
            let journal = subject::journal(&self.options.lane);
            match self.engine.trim(Stream::Journal, &journal, below).await {
                Err(EngineError::Unavailable(_) | EngineError::Missing(_)) => return Ok(false),
                other => other?,
            }
            self.journal_trimmed = below;
        }
        Ok(true)
    }

    /// Reads operators' orders.
    pub(super) async fn obey(&mut self) -> Result<(), EngineError> {
        let lane = self.options.lane.clone();
        let orders = self.orders(&subject::controls(&lane)).await?;
        let paused = subject::paused(&lane);
        let mut drops_more = false;
        for order in orders {
            let dropped = Address::of_dropping(&order.subject, &lane);
            let dropped = dropped.map(|dropped| (dropped, ordered_before(&order)));
            let is_done = match (dropped, order.body.as_slice()) {
                // It was about an input that has been deleted since.
                (Some((_, Some(_))), _) if self.is_older_than_input(&order) => true,
                (Some(((address, request), Some(before))), _) => {
                    let is_open = self.backlog.drop_request(&address, &request, before);
                    // Otherwise every path of it has an outcome, or the request never existed.
                    let is_applied = !is_open && self.has_read(before).await;
                    drops_more |= !is_applied;
                    // A successor reads again what is still in the input, and must find the order.
                    is_applied && self.has_trimmed(before).await?
                }
                // A later version may have other orders.
                (None, _) if order.subject != paused => false,
                (None, b"yes" | b"no") => {
                    self.paused = order.body == b"yes";
                    false
                }
                _ => {
                    let subject = purge_api_ext::escape(&order.subject);
                    self.options.say(&format!(
                        "ignored: the message in {subject} is not an operator's order"
                    ));
                    true
                }
            };
            if is_done {
                self.engine.trim(Stream::Control, &order.subject, order.sequence + 1).await?;
            }
        }
        if self.paused {
            // Its requests in flight end, and the rest waits.
            self.ends_round.begin();
        }
        (self.is_ordered, self.drops_more) = (true, drops_more);
        Ok(())
    }

    fn is_older_than_input(&self, order: &Message) -> bool {
        self.created.is_some_and(|(created, _)| order.stored < created)
    }

    /// Whether everything that was stored before an order has been removed from the input.
    async fn has_trimmed(&mut self, before: Before) -> Result<bool, EngineError> {
        self.trim().await?;
        Ok(match before {
            Before::Sequence(upto) => upto < self.trimmed,
            Before::Time(_) => self.read < self.trimmed,
        })
    }

    /// Whether everything that was stored before an order has been read.
    async fn has_read(&mut self, before: Before) -> bool {
        match before {
            Before::Sequence(upto) if upto <= self.read => true,
            _ => {
                let inputs = subject::inputs(&self.options.lane);
                self.confirm_the_end(&inputs).await.is_ok()
            }
        }
    }

    /// All orders that the leader has. A node that is behind may have none of them, or one that was replaced.
    async fn orders(&mut self, controls: &str) -> Result<Vec<Message>, EngineError> {
        let newest = self.engine.last(Stream::Control, controls).await?;
        let newest = newest.map_or(0, |newest| newest.sequence);
        let mut orders: Vec<Message> = Vec::new();
        loop {
            let last = orders.last().map_or(0, |last| last.sequence);
            if last >= newest {
                return Ok(orders);
            }
            let read = self.engine.read(Stream::Control, controls, last + 1).await?;
            if read.is_empty() {
                return Err(EngineError::Unavailable(
                    "a node of the engine does not have all orders yet".to_owned(),
                ));
            }
            orders.extend(read);
        }
    }

    pub(super) fn measure(&self) {
        let mut waiting = BTreeMap::new();
        for urgency in [Urgency::Now, Urgency::Bulk] {
            for resource in self.backlog.resources() {
                let count = self.backlog.waiting(&resource, urgency);
                waiting.insert((resource, urgency), count);
            }
        }
        let now = self.term.now();
        // What cannot be read may have been stored since then. What is not read because the memory is full is newer than
        // what is waiting.
        let is_behind =
            now > self.complete + PATIENCE && self.backlog.bytes() < self.options.memory;
        let unread = is_behind.then_some(self.complete);
        let oldest = [self.backlog.oldest(None), unread].into_iter().flatten().min();
        self.options.metrics.waits(waiting, oldest, now);
        let until =
            self.history.pause.map(|(_, until)| until).filter(|until| *until > self.term.now());
        self.options.metrics.paused(self.paused, until);
    }
}

/// Stores the outcome of a message. It replaces the outcome of an earlier message with the same name; that of this
/// message or of a later one stays, since it may have been read. What cannot be read is not an outcome.
async fn store<E: Engine>(engine: &E, sequence: u64, new: &NewMessage) -> Result<(), EngineError> {
    match engine.store(new.clone()).await {
        Err(EngineError::Conflict) => {}
        other => return other.map(drop),
    }
    let Some(known) = engine.last(Stream::Outcomes, &new.subject).await? else {
        return Err(EngineError::Conflict);
    };
    if ChunkOutcome::read(&known).is_some_and(|outcome| outcome.sequence >= sequence) {
        return Ok(());
    }
    let new = NewMessage { after: Some(known.sequence), ..new.clone() };
    engine.store(new).await.map(drop)
}

/// What an order to drop is about; `None` if it is not an order.
fn ordered_before(order: &Message) -> Option<Before> {
    match order.body.as_slice() {
        // An earlier version does not say what had been stored before.
        b"yes" => Some(Before::Time(order.stored)),
        body => std::str::from_utf8(body).ok()?.parse().ok().map(Before::Sequence),
    }
}
