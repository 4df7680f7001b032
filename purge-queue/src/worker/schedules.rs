//! Random schedules of several workers: they read, note, send, settle, trim, crash, are suspended and wake up, in any
//! order. Sending is modelled; everything else is what a worker runs. The seed of a schedule is in every message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use purge_api_ext::{Client, Paths, PurgePath, ResourceId};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::holder::{Holder, replay};
use super::judge::{Judgement, given_up};
use super::under_way::RoundEnd;
use super::{Options, Worker};
use crate::backlog::Backlog;
use crate::backlog::tests::Picture;
use crate::chunk::{Chunk, Rules};
use crate::engine::{Message, Stream};
use crate::history::{HOLDERS, History, Stage};
use crate::memory::{Fault, MemoryEngine};
use crate::note::{Begun, Note, WRITER};
use crate::outcome::{Judged, State, Verdict};
use crate::queue::{Queue, Ticket};
use crate::term::Term;

const LEASE: Duration = Duration::from_secs(30);
const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";
/// The service refuses every request with this path.
const POISON: &str = "/bad";
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

/// A POST that the service has accepted.
struct Accepted {
    round: u64,
    request: usize,
    paths: Vec<String>,
}

/// A request of a producer, and how many POSTs had been accepted when it was stored.
struct Wanted {
    ticket: Ticket<MemoryEngine>,
    paths: Vec<String>,
    after: usize,
}

/// The run of a round.
struct Run {
    number: u64,
    selected: Vec<Arc<str>>,
    requests: Vec<Vec<String>>,
    written: u64,
    next: usize,
    /// Whether the next request is in the journal.
    is_noted: bool,
    judgement: Judgement,
}

/// A worker that holds the lane, or believes that it does.
struct Agent<'a> {
    holder: Holder<'a, MemoryEngine>,
    run: Option<Run>,
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
    options: &'a Options,
    engine: MemoryEngine,
    /// The connection of each worker.
    connections: &'a [MemoryEngine; 3],
    agents: [Option<Agent<'a>>; 3],
    accepted: Vec<Accepted>,
    wanted: Vec<Wanted>,
    /// Everything that was ever in the streams, trimmed or not.
    journal: BTreeMap<u64, Message>,
    input: BTreeMap<u64, Message>,
    digests: usize,
}

impl<'a> World<'a> {
    fn new(seed: u64, options: &'a Options, connections: &'a [MemoryEngine; 3]) -> Self {
        Self {
            seed,
            random: fastrand::Rng::with_seed(seed),
            options,
            engine: connections[0].connect(),
            connections,
            agents: [None, None, None],
            accepted: Vec::new(),
            wanted: Vec::new(),
            journal: BTreeMap::new(),
            input: BTreeMap::new(),
            digests: 0,
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
        let agent = self.random.usize(..self.agents.len());
        match self.random.u8(..100) {
            0..20 => self.enqueue().await,
            20..87 => self.act(agent).await,
            87..90 => self.agents[agent] = None,
            90..93 => sleep(LEASE.mul_f64(self.random.f64() * 1.5)).await,
            93..96 => self.suspend(agent).await,
            96..98 => self.cut(agent),
            _ => {}
        }
        self.remember();
    }

    async fn enqueue(&mut self) {
        let producer = format!("p{}", self.random.u8(..3)).parse().expect("a producer");
        let queue = Queue::new(self.engine.clone(), self.options.lane.clone(), producer);
        let count = self.random.usize(1..5);
        let mut paths: Vec<_> =
            (0..count).map(|_| PATHS[self.random.usize(..PATHS.len())].to_owned()).collect();
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
        let options = self.options;
        let holder = format!("w{seat}");
        let term = Term::begin(connection, &options.lane, &holder, &options.metrics).await;
        let Ok(Some(term)) = term else { return };
        let mut holder = Holder::new(connection, options, &term);
        let renewed = term.clone();
        let renewing = tokio::spawn(async move { renewed.renew().await });
        holder.learn().await.expect("an engine");
        self.agents[seat] = Some(Agent { holder, run: None, renewing, is_cut });
        self.remember();
        self.check(seat);
        self.resume(seat).await;
    }

    /// Finishes the rounds that an earlier holder was sending.
    async fn resume(&mut self, seat: usize) {
        let Some(agent) = &mut self.agents[seat] else { return };
        let begun = agent.holder.history.rounds.iter().filter(|(_, r)| r.stage == Stage::Begun);
        let begun: Vec<_> = begun.map(|(n, r)| (*n, r.text.clone(), r.holders)).collect();
        assert!(begun.len() <= 1, "{}: only one round is sent at a time", self.seed);
        let Some((number, text, holders)) = begun.into_iter().next() else { return };
        let requests = requests(&text);
        if requests.is_empty() {
            return agent.holder.close(number, Vec::new()).await;
        }
        if holders >= HOLDERS {
            return agent.holder.close(number, given_up(&text, holders)).await;
        }
        let (written, judgement) = (text.len() as u64, Judgement::default());
        let selected = Vec::new();
        let (next, is_noted) = (0, false);
        agent.run = Some(Run { number, selected, requests, written, next, is_noted, judgement });
    }

    async fn act(&mut self, seat: usize) {
        let Some(agent) = &mut self.agents[seat] else { return self.begin(seat).await };
        let ended = match (&agent.run, self.random.u8(..6)) {
            (Some(_), 0..4) => self.send(seat).await,
            (None, 0..2) => self.begin_round(seat).await,
            (_, 4) => {
                agent.holder.tell().await.expect("an engine");
                self.check(seat);
                false
            }
            (_, 5) => {
                agent.holder.condense().await.expect("an engine");
                self.check(seat);
                false
            }
            _ => {
                agent.holder.read().await.expect("an engine");
                self.follow(seat).await
            }
        };
        let is_over = |agent: &Agent<'_>| agent.holder.term.ended().is_some();
        if ended || self.agents[seat].as_ref().is_some_and(is_over) {
            self.agents[seat] = None;
        }
    }

    async fn begin_round(&mut self, seat: usize) -> bool {
        let Some(Agent { holder, run, .. }) = &mut self.agents[seat] else { return true };
        let Some((resource, selection)) = holder.next_selection() else { return false };
        let begun = Begun { resource, upto: holder.read, everything: false };
        let Some(number) = holder.note(Note::Round(begun)).await else { return true };
        let requests = selection.paths.chunks(selection.batch_size.min(3));
        let requests: Vec<Vec<String>> =
            requests.map(|paths| paths.iter().map(ToString::to_string).collect()).collect();
        let lines = requests
            .iter()
            .map(|paths| serde_json::json!({ "request": { "paths": paths } }).to_string() + "\n");
        let bytes = lines.collect::<String>().into_bytes();
        let written = bytes.len() as u64;
        let lines = Note::Lines { round: number, offset: 0, bytes };
        let (selected, judgement) = (selection.paths, Judgement::default());
        let (next, is_noted) = (0, false);
        *run = Some(Run { number, selected, requests, written, next, is_noted, judgement });
        holder.note(lines).await.is_none()
    }

    /// The next step of a run: the note before a request, the request, or the verdicts at the end.
    async fn send(&mut self, seat: usize) -> bool {
        let Some(Agent { holder, run: place, .. }) = &mut self.agents[seat] else { return true };
        let Some(run) = place else { return true };
        let Some(paths) = run.requests.get(run.next).cloned() else {
            let Run { number, selected, judgement, .. } = place.take().expect("a run");
            let (is_urgent, report, text) = (true, None, Arc::default());
            holder.judged(RoundEnd { number, selected, is_urgent, report, text }, judgement).await;
            return false;
        };
        // As a resumed run looks a request up before it sends it.
        let known = |sent: &Accepted| sent.round == run.number && sent.request == run.next;
        if !run.is_noted && self.accepted.iter().any(known) {
            run.judgement.judged.push(judged(State::Accepted, paths));
            run.next += 1;
            return false;
        }
        if !run.is_noted {
            let bytes = b"{\"sending\":0}\n".to_vec();
            let (round, offset) = (run.number, run.written);
            run.written += bytes.len() as u64;
            run.is_noted = true;
            return holder.note(Note::Lines { round, offset, bytes }).await.is_none();
        }
        run.is_noted = false;
        let is_refused = paths.iter().any(|path| path == POISON);
        match self.random.u8(..4) {
            _ if is_refused && paths.len() == 1 => {
                run.judgement.judged.push(judged(State::Failed, paths));
            }
            _ if is_refused => run.judgement.suspects.extend(paths),
            // The service is away.
            0 => {}
            _ => {
                let (round, request) = (run.number, run.next);
                self.accepted.push(Accepted { round, request, paths: paths.clone() });
                run.judgement.judged.push(judged(State::Accepted, paths));
            }
        }
        run.next += 1;
        false
    }

    /// Learns how the operations of a round ended, if one is to be followed.
    async fn follow(&mut self, seat: usize) -> bool {
        let Some(agent) = &mut self.agents[seat] else { return true };
        let Some((number, _)) = agent.holder.to_follow.pop_front() else { return false };
        let operations = self.accepted.iter().filter(|sent| sent.round == number);
        let mut all = Vec::new();
        for sent in operations {
            match self.random.u8(..4) {
                0 => {}
                1 => all.push(judged(State::NotCached, sent.paths.clone())),
                _ => all.push(judged(State::Purged, sent.paths.clone())),
            }
        }
        agent.holder.ended(number, all).await;
        false
    }

    /// What a holder believes, what a successor would compute from the streams, and what it would compute if nothing
    /// had ever been trimmed or condensed, is the same.
    fn check(&mut self, seat: usize) {
        self.remember();
        let Some(agent) = &self.agents[seat] else { return };
        let mut leads = self.journal.values().filter(|message| is_lead(message));
        let leader = leads.next_back().map(|message| message.body.clone());
        let is_leader = leader == Some(format!("w{seat}").into_bytes());
        if !is_leader || agent.holder.term.ended().is_some() {
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

    /// Lets one worker finish everything, and checks every outcome.
    async fn finish(&mut self) {
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
            sleep(Duration::from_millis(100)).await;
        }
        for wanted in &self.wanted {
            let outcome = wanted.ticket.outcome(Duration::ZERO).await.expect("an outcome");
            for path in &wanted.paths {
                let result = outcome.outcome(path).expect("each path has an outcome");
                let why = result.message.as_deref().unwrap_or_default();
                let is_purged = self.accepted[wanted.after..].iter().any(|sent| covers(sent, path));
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
    fn one_writer_at_a_time(&self) {
        let mut writers: Vec<String> = Vec::new();
        for message in self.journal.values() {
            let writer = message.header(WRITER).expect("a writer");
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

fn kind(message: &Message) -> Option<&str> {
    message.header("Purge-Kind")
}

fn is_lead(message: &Message) -> bool {
    kind(message) == Some("lead")
}

fn judged(state: State, paths: Vec<String>) -> Judged {
    Judged { verdict: Verdict::new(state, None), paths }
}

fn covers(sent: &Accepted, path: &str) -> bool {
    let asked = PurgePath::new(path).expect("a path");
    sent.paths.iter().any(|by| by == path || PurgePath::new(by).is_ok_and(|by| by.covers(&asked)))
}

/// The requests of a run, from its journal.
fn requests(text: &[u8]) -> Vec<Vec<String>> {
    let lines = text.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let paths = values.filter_map(|mut line| {
        serde_json::from_value(line.pointer_mut("/request/paths")?.take()).ok()
    });
    paths.collect()
}

fn chunk(message: &Message) -> Chunk {
    let resources = [resource()];
    let rules = Rules { resources: &resources, everything_from: &[] };
    Chunk::read(message, &rules).expect("a chunk")
}

/// What a worker computes from these streams when it takes over.
fn replayed<'m>(
    journal: impl IntoIterator<Item = &'m Message>,
    input: impl IntoIterator<Item = &'m Message>,
) -> Picture {
    let (mut history, mut backlog) = (History::default(), Backlog::default());
    for message in journal {
        history.apply(message.sequence, Note::read(message).expect("a note"));
    }
    history.apply(u64::MAX, Note::Lead { holder: "successor".to_owned() });
    let input = input.into_iter().filter(|message| !history.is_done(message.sequence));
    input.for_each(|message| backlog.add(chunk(message)));
    replay(&mut history, &mut backlog);
    backlog.picture()
}

#[tokio::test(start_paused = true)]
async fn workers_in_any_schedule_lose_nothing_and_agree() {
    let options = options();
    let (mut terms, mut digests, mut posts) = (0, 0, 0);
    for seed in schedules() {
        let connections = connections();
        let mut world = World::new(seed, &options, &connections);
        for _ in 0..world.random.usize(20..90) {
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
        let (number, _) = agent.holder.to_follow.pop_front().expect("a round");
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
