//! The holder of a lane, from taking over until its term ends.

use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use purge_api_ext::{PageSize, Shutdown};
use tokio::time::{Instant, sleep};

use super::follow::ToFollow;
use super::outage::Outage;
use super::under_way::{Followed, RoundEnd, UnderWay};
use super::{LONGEST_PAUSE, Options};
use crate::backlog::Backlog;
use crate::chunk::Urgency;
use crate::engine::{Eagerness, Engine, EngineError, Stream};
use crate::history::{History, Stage};
use crate::note::{Begun, Note, input_of};
use crate::subject;
use crate::term::Term;

/// The pause between two attempts to read.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a holder checks things for which there is no wake-up.
const TICK: Duration = Duration::from_secs(1);

/// What a holder knows, and what it has in flight.
pub(super) struct Holder<'a, E> {
    pub(super) engine: &'a E,
    pub(super) options: &'a Options,
    pub(super) term: Term<E>,
    pub(super) backlog: Backlog,
    pub(super) history: History,
    /// The sequence of the last input message that was read.
    pub(super) read: u64,
    /// When everything that had been stored was last known to be read, by the engine's clock.
    pub(super) complete: SystemTime,
    reading: Outage,
    ordering: Outage,
    /// When the input was created, and when that was last checked.
    pub(super) created: Option<(SystemTime, Instant)>,
    /// The sequences below which the streams were trimmed.
    pub(super) trimmed: u64,
    pub(super) journal_trimmed: u64,
    /// Whether an operator has paused the lane.
    pub(super) paused: bool,
    /// Whether the orders of operators have been read. Nothing is sent before that.
    pub(super) is_ordered: bool,
    /// Whether one of them may be about messages that are still to be read.
    pub(super) drops_more: bool,
    /// When this was last tried, and expired paths ended.
    pub(super) ordered: Option<Instant>,
    /// The chunks whose outcomes are complete and could not be stored yet.
    pub(super) untold: Vec<u64>,
    /// Whether outcomes have been stored since the streams were last trimmed.
    pub(super) has_told: bool,
    /// The round that is being sent, and what ends it early.
    pub(super) round: Option<UnderWay<RoundEnd>>,
    pub(super) ends_round: Shutdown,
    pub(super) follows: FuturesUnordered<UnderWay<Followed>>,
    pub(super) to_follow: ToFollow,
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
            complete: term.now(),
            reading: Outage::default(),
            ordering: Outage::default(),
            created: None,
            trimmed: 0,
            journal_trimmed: 0,
            paused: false,
            is_ordered: false,
            drops_more: false,
            ordered: None,
            untold: Vec::new(),
            has_told: false,
            round: None,
            ends_round: Shutdown::new(),
            follows: FuturesUnordered::new(),
            to_follow: ToFollow::default(),
            rest: None,
            failures: 0,
            eagerness: Eagerness::none(),
            last: None,
        }
    }

    /// Learns what earlier holders did.
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
        Ok(())
    }

    /// Computes what is waiting and what is to be followed, from the journal and the input.
    pub(super) async fn learn(&mut self) -> Result<(), EngineError> {
        let mut outage = Outage::default();
        let created = loop {
            let created = self.engine.created(Stream::Input).await;
            match outage.endure(self.engine, self.options, created).await? {
                Some(created) => break created,
                None if self.term.ended().is_some() => return Ok(()),
                None => sleep(PAUSE).await,
            }
        };
        self.created = Some((created, Instant::now()));
        self.read_journal(created, &mut outage).await?;
        if self.term.ended().is_some() {
            return Ok(());
        }
        loop {
            let read = self.read().await;
            if outage.endure(self.engine, self.options, read).await?.is_some() {
                break;
            }
            if self.term.ended().is_some() {
                return Ok(());
            }
            self.measure();
            sleep(PAUSE).await;
        }
        self.remember_operations();
        let mut history = std::mem::take(&mut self.history);
        let replayed = self.compute(move |backlog| {
            replay(&mut history, backlog);
            history
        });
        self.history = replayed.await;
        for (number, round) in &self.history.rounds {
            match round.stage {
                Stage::Begun => {
                    let Begun { resource, upto, .. } = &round.begun;
                    self.backlog.sending(Some((resource.clone(), *upto)));
                }
                // A person may be waiting for it.
                Stage::Sent => self.to_follow.push(*number, true, round.text.clone()),
                Stage::Settled => {}
            }
        }
        Ok(())
    }

    /// Reads the journal up to the note that began this term, or until the term ends.
    async fn read_journal(
        &mut self,
        created: SystemTime,
        outage: &mut Outage,
    ) -> Result<(), EngineError> {
        let subject = subject::journal(&self.options.lane);
        let (mut next, lead) = (1, self.term.tail().await);
        // Reads may be slightly out of date: the journal is complete once our own note is in it.
        while next <= lead {
            let read = self.engine.read(Stream::Journal, &subject, next).await;
            let read = read.and_then(|messages| match messages.last().map(|last| last.sequence) {
                Some(last) => Ok((last, messages)),
                None => Err(EngineError::Unavailable(
                    "a node of the engine does not have the whole journal yet".to_owned(),
                )),
            });
            let Some((last, messages)) = outage.endure(self.engine, self.options, read).await?
            else {
                if self.term.ended().is_some() {
                    return Ok(());
                }
                self.measure();
                sleep(PAUSE).await;
                continue;
            };
            next = last + 1;
            for message in messages {
                if let Some(note) = Note::read(&message) {
                    let note = note.for_input(created, message.stored);
                    self.history.apply(message.sequence, message.stored, note);
                }
            }
        }
        Ok(())
    }

    /// Computes something that may take long, on another thread: meanwhile, the lease is renewed.
    pub(super) async fn compute<T: Send + 'static>(
        &mut self,
        compute: impl FnOnce(&mut Backlog) -> T + Send + 'static,
    ) -> T {
        let mut backlog = std::mem::take(&mut self.backlog);
        let computing = tokio::task::spawn_blocking(move || {
            let computed = compute(&mut backlog);
            (backlog, computed)
        });
        match computing.await {
            Ok((backlog, computed)) => {
                self.backlog = backlog;
                computed
            }
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down, and this task with it.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Tells the client which operations belong to earlier rounds, which may have had the same paths as the one to resume.
    fn remember_operations(&self) {
        let ids = self.history.operations().filter_map(|id| id.parse().ok());
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
            let read = self.read().await;
            self.reading.endure(self.engine, self.options, read).await?;
            if !self.is_same_input().await && self.term.ended().is_some() {
                break;
            }
            if !self.is_ordered || self.ordered.is_none_or(|at| at.elapsed() >= TICK) {
                let obeyed = self.obey().await;
                self.ordering.endure(self.engine, self.options, obeyed).await?;
                self.backlog.expire(self.term.now());
                self.ordered = Some(Instant::now());
                // Recent rounds stay in the journal for a while, although their outcomes are stored.
                self.trim().await?;
            }
            self.note_pause().await;
            self.tell().await?;
            self.condense().await?;
            self.begin_or_resume().await?;
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

    /// Whether the input is still the same stream. If it was deleted and created again, the term ends: the new one begins
    /// with sequence 1, so its messages would be skipped, and removed as if they had outcomes.
    pub(super) async fn is_same_input(&mut self) -> bool {
        match self.created {
            Some((_, checked)) if checked.elapsed() >= TICK => self.confirm_the_input().await,
            _ => true,
        }
    }

    /// How notes name the input.
    pub(super) fn input(&self) -> Option<String> {
        self.created.map(|(created, _)| input_of(created))
    }

    /// Like [`is_same_input`](Self::is_same_input), however recently that was found.
    pub(super) async fn confirm_the_input(&mut self) -> bool {
        let Some((created, _)) = self.created else { return true };
        match self.engine.created(Stream::Input).await {
            Ok(now) if now != created => {
                self.term.stop(format!(
                    "{} was deleted and created again, and has to be read from its beginning",
                    Stream::Input
                ));
                false
            }
            Ok(_) => {
                self.created = Some((created, Instant::now()));
                true
            }
            Err(_) => false,
        }
    }

    /// The round that was under way has ended: what has expired or was dropped meanwhile ends before anything else is
    /// sent.
    pub(super) fn round_is_over(&mut self) {
        self.backlog.sending(None);
        self.backlog.expire(self.term.now());
        self.is_ordered &= !self.drops_more;
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
        if self.round.is_some() || self.paused || !self.is_ordered || self.term.ended().is_some() {
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
        let doubt = self.history.in_doubt_until().and_then(|until| until.duration_since(now).ok());
        [rest, pause, doubt].into_iter().flatten().chain([window]).max()
    }

    /// Resumes the round that an earlier holder was sending, or begins the next one if something is due.
    async fn begin_or_resume(&mut self) -> Result<(), EngineError> {
        if self.round.is_some() || !self.is_ordered || self.term.ended().is_some() {
            return Ok(());
        }
        match self.history.begun() {
            Some(number) if self.backlog.is_held_back() => self.abandon(number).await,
            _ if self.paused => Ok(()),
            Some(number) => self.resume(number).await,
            None => {
                self.begin_round().await;
                Ok(())
            }
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
    let doubts = history.doubts().to_vec();
    let mut doubts = doubts.iter().peekable();
    for (number, round) in history.rounds.iter_mut() {
        while let Some(doubts) = doubts.next_if(|doubts| doubts.before <= *number) {
            backlog.doubt(doubts);
        }
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
    doubts.for_each(|doubts| backlog.doubt(doubts));
}
