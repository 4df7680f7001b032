//! The holder of a lane, from taking over until its term ends.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use purge_api_ext::{PageSize, Shutdown};
use tokio::time::Instant;

use super::follow::follow;
use super::under_way::{Followed, RoundEnd, UnderWay};
use super::{LONGEST_PAUSE, Options};
use crate::backlog::Backlog;
use crate::chunk::Urgency;
use crate::engine::{Eagerness, Engine, EngineError, Stream};
use crate::history::{History, Stage};
use crate::note::Note;
use crate::subject;
use crate::term::Term;

/// How often a holder checks things for which there is no wake-up.
const TICK: Duration = Duration::from_secs(1);
/// How many rounds are followed concurrently when there is no rate.
const FOLLOWED: usize = 2;

/// What a holder knows, and what it has in flight.
pub(super) struct Holder<'a, E> {
    pub(super) engine: &'a E,
    pub(super) options: &'a Options,
    pub(super) term: Term<E>,
    pub(super) backlog: Backlog,
    pub(super) history: History,
    /// The sequence of the last input message that was read.
    pub(super) read: u64,
    /// The sequences below which the streams were trimmed.
    pub(super) trimmed: u64,
    pub(super) journal_trimmed: u64,
    /// Whether an operator has paused the lane.
    pub(super) paused: bool,
    /// The chunks whose outcomes are complete and could not be stored yet.
    pub(super) untold: Vec<u64>,
    /// Whether outcomes have been stored since the streams were last trimmed.
    pub(super) has_told: bool,
    /// The round that is being sent.
    pub(super) round: Option<UnderWay<RoundEnd>>,
    pub(super) follows: FuturesUnordered<UnderWay<Followed>>,
    /// Rounds that were sent and are not yet followed.
    pub(super) to_follow: VecDeque<(u64, Vec<u8>)>,
    /// Nothing is sent before this time, because the last round had no accepted request.
    pub(super) rest: Option<Instant>,
    pub(super) failures: u32,
    pub(super) eagerness: Eagerness,
    /// The resource that was sent last.
    pub(super) last: Option<String>,
}

impl<'a, E: Engine> Holder<'a, E> {
    pub(super) fn new(engine: &'a E, options: &'a Options, term: &Term<E>) -> Self {
        Self {
            engine,
            options,
            term: term.clone(),
            backlog: Backlog::default(),
            history: History::default(),
            read: 0,
            trimmed: 0,
            journal_trimmed: 0,
            paused: false,
            untold: Vec::new(),
            has_told: false,
            round: None,
            follows: FuturesUnordered::new(),
            to_follow: VecDeque::new(),
            rest: None,
            failures: 0,
            eagerness: Eagerness::none(),
            last: None,
        }
    }

    /// Learns what earlier holders did, and finishes what the last one began.
    pub(super) async fn take_over(&mut self) -> Result<(), EngineError> {
        self.learn().await?;
        if self.term.ended().is_some() {
            return Ok(());
        }
        crate::marks::mark("read");
        if let Some((_, until)) = self.history.pause {
            let left = until.duration_since(self.term.now()).unwrap_or_default();
            self.options.throttle.pause_for(left);
        }
        self.learn_the_time().await;
        self.resume().await;
        Ok(())
    }

    /// Computes what is waiting and what is to be followed, from the journal and the input.
    pub(super) async fn learn(&mut self) -> Result<(), EngineError> {
        let subject = subject::journal(&self.options.lane);
        let lead = self.term.tail().await;
        let mut next = 1;
        // Reads may be slightly out of date: the journal is complete once our own note is in it.
        while next <= lead {
            let messages = self.engine.read(Stream::Journal, &subject, next).await?;
            let Some(last) = messages.last() else {
                if self.term.ended().is_some() {
                    return Ok(());
                }
                self.engine.woken(&subject, Duration::from_millis(50)).await;
                continue;
            };
            next = last.sequence + 1;
            for message in messages {
                if let Some(note) = Note::read(&message) {
                    self.history.apply(message.sequence, note);
                }
            }
        }
        self.read().await?;
        self.remember_operations();
        replay(&mut self.history, &mut self.backlog);
        for (number, round) in &self.history.rounds {
            if round.stage == Stage::Sent {
                self.to_follow.push_back((*number, round.text.clone()));
            }
        }
        Ok(())
    }

    /// Tells the client which operations belong to earlier rounds, which may have had the same paths as the one to resume.
    fn remember_operations(&self) {
        let requests = self.history.rounds.values().flat_map(|round| &round.requests);
        let ids = requests.filter_map(|judged| judged.verdict.op_id.as_deref()?.parse().ok());
        ids.for_each(|id| self.options.client.remember_operation(&id));
    }

    /// Requests one page from the service, so that its clock is known before the first request is sent. Only by that
    /// clock can a later holder tell whether an operation is older than a request.
    async fn learn_the_time(&mut self) {
        if let Some(resource) = self.options.resources.first() {
            let site = self.options.client.resource(self.options.organization, *resource);
            let mut pages = site.list().page_size(PageSize::new(1).unwrap_or_default()).pages();
            let ended = self.term.shutdown();
            tokio::select! {
                // A problem with the service will show with the first request.
                _ = pages.next() => {}
                () = ended.begun() => {}
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
        }
    }

    /// Sends what is waiting, until the term ends or the shutdown begins.
    pub(super) async fn hold(&mut self, shutdown: &Shutdown) -> Result<(), EngineError> {
        let ended = self.term.shutdown();
        let mut ordered: Option<Instant> = None;
        while self.term.ended().is_none() {
            if shutdown.has_begun() {
                ended.begin();
                if let Some(round) = self.round.take() {
                    let end = round.await;
                    self.round_ended(end).await;
                }
                self.tell().await?;
                return Ok(());
            }
            tolerate(self.read().await)?;
            if ordered.is_none_or(|at| at.elapsed() >= TICK) {
                tolerate(self.obey().await)?;
                self.backlog.expire(self.term.now());
                ordered = Some(Instant::now());
            }
            self.tell().await?;
            self.condense().await?;
            self.begin_round().await;
            self.give_up_follows().await;
            self.begin_follows();
            self.measure();
            self.one_event(shutdown).await;
        }
        if let Some(round) = self.round.take() {
            // The results of its requests are ignored now, and the requests have to end before another worker begins.
            round.await;
        }
        Ok(())
    }

    /// Waits for the next event.
    async fn one_event(&mut self, shutdown: &Shutdown) {
        let filter = subject::inputs(&self.options.lane);
        let longest = self.eagerness.longest(self.due().map_or(TICK, |due| due.min(TICK)));
        let ended = self.term.shutdown();
        let mut round = self.round.take();
        let sending = async {
            match &mut round {
                Some(round) => round.await,
                None => std::future::pending().await,
            }
        };
        let is_following = !self.follows.is_empty();
        let (end, followed, woken) = tokio::select! {
            end = sending => (Some(end), None, None),
            followed = self.follows.next(), if is_following => (None, followed, None),
            woken = self.engine.woken(&filter, longest) => (None, None, Some(woken)),
            () = shutdown.begun() => (None, None, None),
            () = ended.begun() => (None, None, None),
        };
        if let Some(woken) = woken {
            self.eagerness.note(woken);
        }
        match end {
            Some(end) => self.round_ended(end).await,
            None => self.round = round,
        }
        if let Some(followed) = followed {
            self.followed(followed).await;
        }
    }

    /// How long until something can be sent, or `None` if nothing is due at any time.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.round.is_some() || self.paused || self.term.ended().is_some() {
            return None;
        }
        let now = self.term.now();
        let age = |since: SystemTime| now.duration_since(since).unwrap_or_default();
        let oldest = self.backlog.oldest(Some(Urgency::Now));
        let oldest = oldest.or_else(|| self.backlog.oldest(None))?;
        // Anything that has waited longer than the window is planned together with the rest.
        let window = self.options.window.saturating_sub(age(oldest));
        let rest = self.rest.map(|rest| rest.saturating_duration_since(Instant::now()));
        let pause = self.options.throttle.pause_left();
        Some(window.max(rest.unwrap_or_default()).max(pause.unwrap_or_default()))
    }

    fn begin_follows(&mut self) {
        // With a rate, each poll takes the place of a request.
        let most = if self.options.rate.is_some() { 1 } else { FOLLOWED };
        while self.follows.len() < most
            && let Some((number, text)) = self.to_follow.pop_front()
        {
            let Some(round) = self.history.rounds.get(&number) else { continue };
            self.follows.push(follow(self.options, round, number, &text, &self.term.shutdown()));
        }
    }

    /// If nothing of a round was accepted, the next round waits: longer each time, up to 5 minutes.
    pub(super) fn rest(&mut self, was_accepted: bool) {
        if was_accepted {
            (self.failures, self.rest) = (0, None);
            return;
        }
        let pause = Duration::from_secs(1).saturating_mul(1 << self.failures.min(10));
        self.failures += 1;
        self.rest =
            Some(Instant::now() + pause.min(LONGEST_PAUSE).mul_f64(0.5 + fastrand::f64() / 2.0));
    }
}

/// Lets the rounds of earlier holders take the paths they purged.
pub(super) fn replay(history: &mut History, backlog: &mut Backlog) {
    for (number, round) in history.rounds.iter_mut() {
        let begun = &round.begun;
        if round.stage >= Stage::Sent {
            let requests = std::mem::take(&mut round.requests);
            backlog.take(*number, &begun.resource, begun.upto, &requests);
        }
        if round.stage == Stage::Settled {
            let operations = std::mem::take(&mut round.operations);
            backlog.settle(*number, &operations);
        }
    }
}

/// Treats a temporary failure of the engine as something to retry later.
fn tolerate(done: Result<(), EngineError>) -> Result<(), EngineError> {
    match done {
        Err(EngineError::Unavailable(_)) => Ok(()),
        other => other,
    }
}
