//! Ends the round that an earlier holder was sending.

use std::sync::{Arc, Mutex};

use purge_api_ext::PurgeEverything;

use super::holder::Holder;
use super::judge::{self, Judgement};
use super::under_way::RoundEnd;
use crate::engine::{Engine, EngineError};
use crate::history::HOLDERS;
use crate::note::{Begun, Note};
use crate::outcome::Judged;

impl<E: Engine> Holder<'_, E> {
    /// Resumes a round that an earlier holder was sending.
    ///
    /// # Errors
    ///
    /// If its journal cannot be read, it is unknown what was sent.
    pub(super) async fn resume(&mut self, number: u64) -> Result<(), EngineError> {
        let Some(round) = self.history.rounds.get_mut(&number) else { return Ok(()) };
        let (everything, holders) = (round.begun.everything, round.holders);
        let past = std::mem::take(&mut round.text);
        if judge::is_unfinished(&past) {
            self.close(number, Vec::new()).await;
            return Ok(());
        }
        if self.note(Note::Resumed { round: number }).await.is_none() {
            return Ok(());
        }
        if holders >= HOLDERS {
            self.close(number, judge::given_up(&past, holders)).await;
            return Ok(());
        }
        let text = Arc::new(Mutex::new(past));
        let resumed = self.journal(number, &text).and_then(|journal| {
            let journal = match everything {
                true => journal.allow_full_purge(PurgeEverything),
                false => journal,
            };
            self.site(number).map(|site| site.resume(journal)).transpose()
        });
        match resumed {
            Ok(Some(purge)) => {
                self.send(number, (Vec::new(), true), text, Some(purge));
                Ok(())
            }
            Ok(None) => Err(cannot_resume(number, &"its resource is not an ID")),
            Err(error) => Err(cannot_resume(number, &error)),
        }
    }

    /// Ends a round that will not be sent.
    pub(super) async fn close(&mut self, number: u64, judged: Vec<Judged>) {
        if !self.say(number, judged.clone()).await {
            return;
        }
        if self.note(Note::Sent { round: number }).await.is_none() {
            return;
        }
        if let Some(round) = self.history.rounds.get(&number) {
            let Begun { resource, upto, .. } = round.begun.clone();
            self.compute(move |backlog| backlog.take(number, &resource, upto, &judged)).await;
        }
        self.round_is_over();
        self.settled(number, Vec::new()).await;
    }

    /// Ends a round that an earlier holder was sending, without sending the rest of it: since then, some of its paths
    /// have expired, or an operator has dropped them. Requests without a response are in doubt, and the other paths wait
    /// again.
    ///
    /// # Errors
    ///
    /// The same as for [`resume`](Self::resume).
    pub(super) async fn abandon(&mut self, number: u64) -> Result<(), EngineError> {
        let Some(round) = self.history.rounds.get(&number) else { return Ok(()) };
        let is_given_up = round.holders >= HOLDERS;
        let Some(judged) = judge::abandoned(&round.text).filter(|_| !is_given_up) else {
            // A round that is given up is not sent either; any other waits for the end of the pause.
            return if self.paused && !is_given_up { Ok(()) } else { self.resume(number).await };
        };
        let text = Arc::new(Mutex::new(round.text.clone()));
        let (selected, is_urgent, report) = (Vec::new(), true, None);
        let end = RoundEnd { number, selected, is_urgent, report, text };
        self.judged(end, Judgement { judged, ..Judgement::default() }).await;
        Ok(())
    }
}

/// The error for a round whose requests may have been sent, and cannot be repeated without the risk of duplicates.
fn cannot_resume(number: u64, why: &dyn std::fmt::Display) -> EngineError {
    EngineError::Refused(format!(
        "round {number} cannot be resumed: {why}; run a worker with the version and the settings of the one that \
         began it, until the round has ended"
    ))
}
