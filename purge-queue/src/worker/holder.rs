//! The holder of a lane, from taking over to the end of its term.

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
use crate::engine::{Eagerness, Engine, EngineError, NewMessage, Stream};
use crate::history::{History, Stage};
use crate::note::Note;
use crate::subject;
use crate::term::Term;

/// How often a holder looks at what nothing wakes it for.
const TICK: Duration = Duration::from_secs(1);
/// How many rounds are followed at once, if there is no rate.
const FOLLOWED: usize = 2;

/// What a holder knows and has under way.
pub(super) struct Holder<'a, E> {
    pub(super) engine: &'a E,
    pub(super) options: &'a Options,
    pub(super) term: Term<E>,
    pub(super) backlog: Backlog,
    pub(super) history: History,
    /// The last message of the input that was read.
    pub(super) read: u64,
    /// Below what the streams were trimmed.
    pub(super) trimmed: u64,
    pub(super) journal_trimmed: u64,
    /// Whether an operator has paused the lane.
    pub(super) paused: bool,
    /// Outcomes that are complete and could not be stored yet.
    pub(super) untold: Vec<(u64, NewMessage)>,
    /// The round that is being sent.
    pub(super) round: Option<UnderWay<RoundEnd>>,
    pub(super) follows: FuturesUnordered<UnderWay<Followed>>,
    /// Rounds that are sent, and not followed yet.
    pub(super) to_follow: VecDeque<(u64, Vec<u8>)>,
    /// Nothing is sent before this: nothing was accepted before.
    pub(super) rest: Option<Instant>,
    pub(super) failures: u32,
    pub(super) eagerness: Eagerness,
    /// Which resource was sent last.
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
            round: None,
            follows: FuturesUnordered::new(),
            to_follow: VecDeque::new(),
            rest: None,
            failures: 0,
            eagerness: Eagerness::none(),
            last: None,
        }
    }

    /// Learns what earlier holders have done, and finishes what the last one has begun.
    pub(super) async fn take_over(&mut self) -> Result<(), EngineError> {
        let subject = subject::journal(&self.options.lane);
        let lead = self.term.tail().await;
        let mut next = 1;
        // Whatever is read here may be some moments old: it is complete when our own note is in it.
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
        self.history.forget_unfinished();
        self.read().await?;
        self.replay();
        crate::marks::mark("read");
        if let Some((_, until)) = self.history.pause {
            let left = until.duration_since(self.term.now()).unwrap_or_default();
            self.options.throttle.pause_for(left);
        }
        self.learn_the_time().await;
        for (number, round) in &self.history.rounds {
            if round.stage == Stage::Sent {
                self.to_follow.push_back((*number, round.text.clone()));
            }
        }
        self.resume().await;
        Ok(())
    }

    /// Lets the rounds of earlier holders take what they have purged.
    fn replay(&mut self) {
        for (number, round) in self.history.rounds.iter_mut() {
            let begun = &round.begun;
            if round.stage >= Stage::Sent {
                let requests = std::mem::take(&mut round.requests);
                self.backlog.take(*number, &begun.resource, begun.upto, &requests);
            }
            if round.stage == Stage::Settled {
                let operations = std::mem::take(&mut round.operations);
                self.backlog.settle(*number, &operations);
            }
        }
    }

    /// Asks the service for one page, so that its clock is known when the first request is sent: by no other clock can
    /// a later holder tell whether an operation is older than a request.
    async fn learn_the_time(&mut self) {
        if let Some(resource) = self.options.resources.first() {
            let site = self.options.client.resource(self.options.organization, *resource);
            let mut pages = site.list().page_size(PageSize::new(1).unwrap_or_default()).pages();
            let ended = self.term.shutdown();
            tokio::select! {
                // What is wrong with the service shows with the first request.
                _ = pages.next() => {}
                () = ended.begun() => {}
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
        }
    }

    /// Sends what waits, until the term ends or the shutdown begins.
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
            self.begin_round().await;
            self.begin_follows();
            self.measure();
            self.one_event(shutdown).await;
        }
        if let Some(round) = self.round.take() {
            // Its requests are not counted any more, and end before somebody else begins.
            round.await;
        }
        Ok(())
    }

    /// Waits for one thing that happens.
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

    /// How long nothing can be sent for; none if nothing waits for its time.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.round.is_some() || self.paused || self.term.ended().is_some() {
            return None;
        }
        let now = self.term.now();
        let age = |since: SystemTime| now.duration_since(since).unwrap_or_default();
        let oldest = self.backlog.oldest(Some(Urgency::Now));
        let oldest = oldest.or_else(|| self.backlog.oldest(None))?;
        // What waits for longer than the window has been planned with all others.
        let window = self.options.window.saturating_sub(age(oldest));
        let rest = self.rest.map(|rest| rest.saturating_duration_since(Instant::now()));
        let pause = self.options.throttle.pause_left();
        Some(window.max(rest.unwrap_or_default()).max(pause.unwrap_or_default()))
    }

    fn begin_follows(&mut self) {
        // With a rate, each poll is a request that is not sent.
        let most = if self.options.rate.is_some() { 1 } else { FOLLOWED };
        while self.follows.len() < most
            && let Some((number, text)) = self.to_follow.pop_front()
        {
            let Some(round) = self.history.rounds.get(&number) else { continue };
            self.follows.push(follow(self.options, round, number, &text, &self.term.shutdown()));
        }
    }

    /// After a round of which nothing was accepted, the next one waits: longer and longer, up to 5 minutes.
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

/// What the engine cannot do for a while is tried again.
fn tolerate(done: Result<(), EngineError>) -> Result<(), EngineError> {
    match done {
        Err(EngineError::Unavailable(_)) => Ok(()),
        other => other,
    }
}
