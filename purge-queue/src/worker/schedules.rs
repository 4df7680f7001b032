//! Random schedules of several workers: they read, note, send, settle, trim, crash, are suspended and wake up, in any
//! order. Sending is modelled; everything else is what a worker runs. The seed of a schedule is in every message.

mod checks;
mod sending;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use purge_api_ext::{Client, Paths, ResourceId};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use self::checks::is_lead;
use self::sending::{Accepted, POISON, Run, judged};
use super::holder::Holder;
use super::judge::Judgement;
use super::under_way::RoundEnd;
use super::{Options, Worker};
use crate::engine::{Message, Stream};
use crate::memory::{Fault, MemoryEngine, ReadFault};
use crate::outcome::State;
use crate::queue::{Queue, Ticket};
use crate::term::Term;

const LEASE: Duration = Duration::from_secs(30);
const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";
const PATHS: [&str; 9] = ["/a", "/b", "/a/1", "/a/2", "/b/1", "/a/*", "/b/*", "/a*", POISON];

/// How many schedules to run, and the seed of the first one.
fn schedules() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (count, first) = (number("PURGE_QUEUE_SCHEDULES"), number("PURGE_QUEUE_SEED"));
    let first = first.unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    first..first + count.unwrap_or(500)
}

fn options() -> Options {
    // No request reaches it.
    let client = Client::builder("token").base_url("http://127.0.0.1:1").build().expect("a client");
    let organization = "550e8400-e29b-41d4-a716-446655440000".parse().expect("an organization");
    let lane = "shop".parse().expect("a lane");
    let worker = Worker::new(MemoryEngine::new(LEASE), lane, client, organization);
    let mut options = worker.resource(resource()).options;
    options.journal = 1_500;
    options
}

/// Connections to a new engine.
fn connections() -> [MemoryEngine; 3] {
    let engine = MemoryEngine::new(LEASE);
    [engine.connect(), engine.connect(), engine]
}

fn resource() -> ResourceId {
    RESOURCE.parse().expect("a resource")
}

/// A request of a producer, and how many POSTs had been accepted when it was stored.
struct Wanted {
    ticket: Ticket<MemoryEngine>,
    paths: Vec<String>,
    after: usize,
}

/// A worker that holds the lane, or believes that it does.
struct Agent<'a> {
    holder: Holder<'a, MemoryEngine>,
    run: Option<Run>,
    /// The operations that its client knows.
    known: BTreeSet<String>,
    renewing: JoinHandle<()>,
    /// Whether it cannot reach the engine to store anything.
    is_cut: Arc<AtomicBool>,
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

struct World<'a> {
    seed: u64,
    random: fastrand::Rng,
    began: Instant,
    options: &'a Options,
    engine: MemoryEngine,
    /// The connection of each worker.
    connections: &'a [MemoryEngine; 3],
    agents: [Option<Agent<'a>>; 3],
    accepted: Vec<Accepted>,
    paths: &'static [&'static str],
    wanted: Vec<Wanted>,
    /// Everything that was ever in the streams, trimmed or not.
    journal: BTreeMap<u64, Message>,
    input: BTreeMap<u64, Message>,
    digests: usize,
    /// Whether reads fail, too.
    is_unreliable: bool,
}

impl<'a> World<'a> {
    fn new(seed: u64, options: &'a Options, connections: &'a [MemoryEngine; 3]) -> Self {
        Self {
            seed,
            random: fastrand::Rng::with_seed(seed),
            began: Instant::now(),
            options,
            engine: connections[0].connect(),
            connections,
            agents: [None, None, None],
            accepted: Vec::new(),
            // With a single path, one request is easily taken for another.
            paths: if seed.is_multiple_of(3) { &PATHS[..1] } else { &PATHS },
            wanted: Vec::new(),
            journal: BTreeMap::new(),
            input: BTreeMap::new(),
            digests: 0,
            is_unreliable: false,
        }
    }

    /// Copies what is in the streams. Called after each step, before the next one can trim it.
    fn remember(&mut self) {
        for (stream, kept) in
            [(Stream::Journal, &mut self.journal), (Stream::Input, &mut self.input)]
        {
            let messages = self.engine.messages(stream).into_iter();
            kept.extend(messages.map(|message| (message.sequence, message)));
        }
    }

    async fn step(&mut self) {
        let mut agent = self.random.usize(..self.agents.len());
        if self.random.bool() {
            agent = self.agents.iter().position(Option::is_some).unwrap_or(agent);
        }
        match self.random.u8(..100) {
            0..20 => self.enqueue().await,
            20..87 => {
                self.act(agent).await;
                // The moment at which a request is in doubt.
                let is_noted = |agent: &Agent<'_>| agent.run.as_ref().is_some_and(|r| r.is_noted);
                if self.agents[agent].as_ref().is_some_and(is_noted) && self.random.u8(..6) == 0 {
                    self.agents[agent] = None;
                }
            }
            87..90 => self.agents[agent] = None,
            90..93 => sleep(LEASE.mul_f64(self.random.f64() * 1.5)).await,
            93..96 => self.suspend(agent).await,
            96..98 => self.cut(agent),
            _ => self.acknowledge().await,
        }
        self.remember();
        sleep(Duration::from_millis(self.random.u64(..200))).await;
    }

    async fn enqueue(&mut self) {
        let producer = format!("p{}", self.random.u8(..3)).parse().expect("a producer");
        let queue = Queue::new(self.engine.clone(), self.options.lane.clone(), producer);
        let count = self.random.usize(1..5);
        let mut paths: Vec<_> = (0..count)
            .map(|_| self.paths[self.random.usize(..self.paths.len())].to_owned())
            .collect();
        paths.sort();
        paths.dedup();
        let mut parsed = Paths::new();
        paths.iter().for_each(|path| parsed.try_push(path).expect("a path"));
        let ticket = queue.enqueue(resource(), &parsed).await.expect("stored");
        self.wanted.push(Wanted { ticket, paths, after: self.accepted.len() });
    }

    /// The machine of a worker stands still for two leases, and its clock with it.
    async fn suspend(&mut self, agent: usize) {
        let Some(agent) = &self.agents[agent] else { return };
        agent.renewing.abort();
        let term = agent.holder.term.clone();
        sleep(LEASE * 2).await;
        term.seems_valid();
    }

    /// A producer names a subject of the workers as the one to respond to.
    async fn acknowledge(&mut self) {
        let lane = &self.options.lane;
        let subjects = [crate::subject::journal(lane), crate::subject::lease(lane)];
        let subject = subjects[self.random.usize(..subjects.len())].clone();
        let body = br#"{"stream":"PURGE_IN","seq":1}"#.to_vec();
        let new = crate::NewMessage { subject, body, ..crate::NewMessage::default() };
        crate::Engine::store(&self.engine, new).await.expect("stored");
    }

    fn cut(&self, agent: usize) {
        if let Some(agent) = &self.agents[agent] {
            agent.is_cut.store(true, Ordering::SeqCst);
        }
    }

    async fn begin(&mut self, seat: usize) {
        let connection = &self.connections[seat];
        let is_cut = Arc::new(AtomicBool::new(false));
        let (cut, mut random) = (Arc::clone(&is_cut), self.random.fork());
        connection.faults(move |_| match random.u8(..100) {
            _ if cut.load(Ordering::SeqCst) => Fault::Lost,
            0..5 => Fault::Lost,
            5..12 => Fault::AnswerLost,
            _ => Fault::None,
        });
        let mut random = self.random.fork();
        let is_unreliable = self.is_unreliable;
        connection.read_faults(move |_| match random.u8(..100) {
            _ if !is_unreliable => ReadFault::None,
            0..10 => ReadFault::Lost,
            10..20 => ReadFault::Behind(random.usize(..8)),
            _ => ReadFault::None,
        });
        let options = self.options;
        let holder = format!("w{seat}");
        let term = Term::begin(connection, &options.lane, &holder, &options.metrics).await;
        let Ok(Some(term)) = term else { return };
        let mut holder = Holder::new(connection, options, &term);
        let renewed = term.clone();
        let renewing = tokio::spawn(async move { renewed.renew().await });
        let known = checks::folded(&self.engine.messages(Stream::Journal));
        let known = known.operations().map(str::to_owned).collect();
        holder.learn().await.expect("an engine");
        self.agents[seat] = Some(Agent { holder, run: None, known, renewing, is_cut });
        self.remember();
        self.check(seat);
        self.resume(seat).await;
    }

    async fn act(&mut self, seat: usize) {
        let Some(agent) = &mut self.agents[seat] else { return self.begin(seat).await };
        let ended = match (&agent.run, self.random.u8(..6)) {
            (Some(_), 0..4) => self.send(seat).await,
            (None, 0..2) => self.begin_round(seat).await,
            (_, 4) => {
                agent.holder.tell().await.expect("an engine");
                agent.holder.trim().await.expect("an engine");
                self.check(seat);
                false
            }
            (_, 5) => {
                agent.holder.condense().await.expect("an engine");
                self.check(seat);
                false
            }
            _ => {
                // The engine may be unavailable for a moment.
                let _ = agent.holder.read().await;
                self.follow(seat).await
            }
        };
        let is_over = |agent: &Agent<'_>| agent.holder.term.ended().is_some();
        if ended || self.agents[seat].as_ref().is_some_and(is_over) {
            self.agents[seat] = None;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn workers_in_any_schedule_lose_nothing_and_agree() {
    let options = options();
    let (mut terms, mut digests, mut posts) = (0, 0, 0);
    for seed in schedules() {
        let connections = connections();
        let mut world = World::new(seed, &options, &connections);
        world.is_unreliable = seed % 2 == 0;
        for _ in 0..world.random.usize(20..120) {
            world.step().await;
        }
        world.finish().await;
        terms += world.journal.values().filter(|message| is_lead(message)).count();
        (digests, posts) = (digests + world.digests, posts + world.accepted.len());
    }
    assert!(terms > 0 && digests > 0 && posts > 0, "{terms} {digests} {posts}");
}

/// A path that waits for hours must not keep the notes of everything that is sent meanwhile.
#[tokio::test(start_paused = true)]
async fn journal_stays_small_while_a_chunk_is_open() {
    let mut options = options();
    options.journal = 20_000;
    let connections = connections();
    let mut world = World::new(1, &options, &connections);
    let producer = |name: &str| {
        let producer = name.parse().expect("a producer");
        Queue::new(world.engine.clone(), options.lane.clone(), producer)
    };
    let (slow, busy) = (producer("slow"), producer("busy"));
    let enqueue = async |queue: &Queue<MemoryEngine>, path: &str| {
        let mut paths = Paths::new();
        paths.try_push(path).expect("a path");
        paths.try_push("/always").expect("a path");
        queue.enqueue(resource(), &paths).await.expect("stored")
    };
    enqueue(&slow, "/stuck").await;
    world.begin(0).await;
    let (mut longest, mut first) = (0, 0);
    for n in 0..1_000 {
        sleep(Duration::from_secs(1)).await;
        let path = format!("/section/page-{n}.html");
        let ticket = enqueue(&busy, &path).await;
        let agent = world.agents[0].as_mut().expect("a worker");
        agent.run = None;
        agent.holder.read().await.expect("an engine");
        world.begin_round(0).await;
        let agent = world.agents[0].as_mut().expect("a worker");
        let Run { number, selected, .. } = agent.run.take().expect("a round");
        let sent = selected.iter().map(ToString::to_string).filter(|path| path != "/stuck");
        let mut judgement = Judgement::default();
        judgement.judged.push(judged(State::Accepted, sent.collect()));
        let purged = vec![judged(State::Purged, vec![path, "/always".to_owned()])];
        let (is_urgent, report, text) = (true, None, Arc::default());
        let end = RoundEnd { number, selected, is_urgent, report, text };
        agent.holder.judged(end, judgement).await;
        let (number, _) = agent.holder.to_follow.next().expect("a round");
        agent.holder.ended(number, purged).await;
        agent.holder.tell().await.expect("an engine");
        agent.holder.condense().await.expect("an engine");
        // Until storing the outcome has no fault.
        while ticket.outcome(Duration::ZERO).await.is_err() {
            let agent = world.agents[0].as_mut().expect("a worker");
            agent.holder.tell().await.expect("an engine");
        }
        let journal = world.engine.messages(Stream::Journal);
        longest = longest.max(journal.len());
        first = journal.first().map_or(0, |message| message.sequence);
    }
    assert!(longest < 250 && first > 5_000, "{longest} messages, from {first}");
    world.check(0);
}

/// While the service's list cannot be read, rounds wait to be followed, and the journal keeps them.
#[tokio::test(start_paused = true)]
async fn too_many_rounds_to_follow_are_settled_as_accepted() {
    const ROUND: usize = 2_000;
    let mut options = options();
    options.journal = 10 * ROUND;
    let connections = connections();
    let mut world = World::new(1, &options, &connections);
    let producer = "cms".parse().expect("a producer");
    let queue = Queue::new(world.engine.clone(), options.lane.clone(), producer);
    world.begin(0).await;
    let mut tickets = Vec::new();
    for n in 0..40 {
        let (mut paths, path) = (Paths::new(), format!("/{n}"));
        paths.try_push(&path).expect("a path");
        tickets.push(queue.enqueue(resource(), &paths).await.expect("stored"));
        world.agents[0].as_mut().expect("a worker").holder.read().await.expect("an engine");
        world.begin_round(0).await;
        let agent = world.agents[0].as_mut().expect("a worker");
        let Run { number, selected, .. } = agent.run.take().expect("a round");
        let judgement =
            Judgement { judged: vec![judged(State::Accepted, vec![path])], ..Judgement::default() };
        let (is_urgent, report) = (false, None);
        let text = Arc::new(std::sync::Mutex::new(vec![b'x'; ROUND]));
        let end = RoundEnd { number, selected, is_urgent, report, text };
        agent.holder.judged(end, judgement).await;
        agent.holder.give_up_follows().await;
        assert!(agent.holder.to_follow.bytes() <= 10 * ROUND, "{n}");
    }
    for ticket in &tickets[..30] {
        while ticket.outcome(Duration::ZERO).await.is_err() {
            let agent = world.agents[0].as_mut().expect("a worker");
            agent.holder.tell().await.expect("an engine");
        }
        let outcome = ticket.outcome(Duration::ZERO).await.expect("an outcome");
        assert_eq!(outcome.paths[0].state, State::Accepted, "nothing else is known");
    }
    tickets[30].outcome(Duration::ZERO).await.expect_err("it is still to be followed");
}
