//! Keeps the journal small while chunks stay open for hours.
//!
//! A journal is trimmed from its front, and a round stays in it as long as a chunk that it may have taken paths from is
//! open. So one path that waits for hours would keep all later rounds, until the journal is full.

use super::holder::Holder;
use crate::engine::{Engine, EngineError};
use crate::note::{Digest, Note, parts};

impl<E: Engine> Holder<'_, E> {
    /// Replaces the notes of settled rounds by a digest of what they did for open chunks, once that is worth its cost.
    pub(super) async fn condense(&mut self) -> Result<(), EngineError> {
        let below = self.history.first_recent(self.term.now());
        if !self.history.needs_digest(self.options.journal, below) {
            return Ok(());
        }
        // Nothing is taken or settled before the digest is complete: that is only done by this task.
        let digest = self.backlog.digest(self.read, &self.history.settled(below));
        for (part, digest) in (0..).zip(parts(digest)) {
            let digest = Digest { input: self.input(), below: Some(below), ..digest };
            if self.note(Note::Digest { part, digest }).await.is_none() {
                return Ok(());
            }
        }
        if self.note(Note::Digested).await.is_none() {
            return Ok(());
        }
        self.history.forget_settled();
        self.trim().await.map(drop)
    }

    /// Settles the oldest rounds without following their operations if too many wait for that, as they do while the
    /// service accepts requests but its list cannot be read. Until a round is settled, the journal keeps it.
    pub(super) async fn give_up_follows(&mut self) {
        let mut count = 0;
        // What is read next, and could be sent, may wait behind accepted paths whose outcome is not complete.
        let is_full = self.backlog.bytes() >= self.options.memory;
        let is_stuck = is_full && self.round.is_none() && self.backlog.resources().is_empty();
        while (self.to_follow.bytes() > self.options.journal || (is_stuck && count == 0))
            && self.term.ended().is_none()
        {
            let Some((number, _)) = self.to_follow.oldest() else { break };
            count += 1;
            self.settled(number, Vec::new()).await;
        }
        if count > 0 {
            self.options.say(&format!(
                "too many rounds are waiting to be followed; no longer following the oldest ({count}): the outcome of \
                 their paths is that their purge was accepted"
            ));
        }
    }
}
