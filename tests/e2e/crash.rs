//! The real binary, killed at every step of its journal and at random moments.
//!
//! The steps need neither a hook in the program nor a debugger: the kernel kills a process that writes
//! beyond its file size limit (`RLIMIT_FSIZE`, set by `prlimit` of util-linux, which every Linux has). The
//! file then holds exactly the bytes that a crash would leave, and no destructor runs. The random moments
//! are a SIGKILL, either some time after the start or after the server has seen a number of requests.

#![expect(clippy::print_stdout, reason = "the figures are part of the result")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use purge_api_ext::{Client, Journal, Plan, TokenProvider};
use purge_sandbox::Sandbox;
use purge_tests::cli::{Ended, Run};
use purge_tests::journal::Told;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::PURGE;

/// A plan, its journal, and the server that it is sent to.
struct Scene {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    /// How many POSTs the server has responded to.
    answered: watch::Receiver<usize>,
    paths: Vec<String>,
}

impl Scene {
    async fn new(paths: usize) -> Self {
        let (count, answered) = watch::channel(0);
        let sandbox = Sandbox::builder().on_request(move |request| {
            count.send_if_modified(|count| {
                *count += usize::from(request.method == "POST");
                request.method == "POST"
            });
        });
        let sandbox = sandbox.start().await.expect("a sandbox");
        let folder = tempfile::tempdir().expect("a folder");
        let paths: Vec<String> = (0..paths).map(|i| format!("/{i}")).collect();
        std::fs::write(folder.path().join("paths"), paths.join("\n")).expect("a file");
        Self { folder, sandbox, answered, paths }
    }

    /// A scene whose plan is already in the journal, in requests of one path each: smaller requests allow
    /// more kills in the same time. The journal comes from a run without a token.
    async fn planned(requests: usize) -> Self {
        let scene = Self::new(requests).await;
        let nothing = || std::future::ready(Err::<String, _>(std::io::Error::other("no token")));
        let client = Client::builder(TokenProvider::from_fn(nothing));
        let client = client.base_url(scene.sandbox.base_url()).build().expect("a client");
        let paths = scene.paths.iter().map(|path| path.parse().expect("a path"));
        let plan = Plan::planner().batch_size(1).plan(paths).expect("a plan");
        let organization = scene.sandbox.organization().parse().expect("a UUID");
        let site = client.resource(organization, scene.sandbox.resource().parse().expect("a UUID"));
        let report =
            site.purge(plan).journal(Journal::create(scene.journal()).expect("a file")).await;
        assert_eq!(report.summary.not_sent, requests, "{report:?}");
        scene
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    fn run(&self, before: &[&str], arguments: &[&str]) -> Run {
        let (binary, before) = match before {
            [] => (PURGE, &[][..]),
            [wrapper, options @ ..] => (*wrapper, options),
        };
        let wrapped: &[&str] = if binary == PURGE { &[] } else { &[PURGE] };
        let common = ["--output", "json", "--quiet"];
        let run = Run::new(binary, [before, wrapped, arguments, &common].concat());
        let (organization, resource) = (self.sandbox.organization(), self.sandbox.resource());
        run.account(self.sandbox.base_url(), self.sandbox.token(), organization, resource)
    }

    fn create(&self, before: &[&str], concurrency: usize) -> Run {
        let (from, journal) = (self.folder.path().join("paths"), self.journal());
        let (from, journal) = (text(&from), text(&journal));
        let concurrency = concurrency.to_string();
        let options = ["--journal", journal, "--concurrency", &concurrency];
        self.run(before, &[&["create", "--from", from][..], &options].concat())
    }

    fn resume(&self, concurrency: usize) -> Run {
        let journal = self.journal();
        self.run(&[], &["resume", text(&journal), "--concurrency", &concurrency.to_string()])
    }

    /// Whether the journal holds a plan.
    fn is_planned(&self) -> bool {
        // Once anything was sent, the journal keeps it.
        *self.answered.borrow() > 0 || Journal::open(self.journal()).is_ok()
    }

    /// The next run: `resume` if the journal holds a plan, else `create`. Without a plan in it, nothing was
    /// sent.
    fn next(&self, concurrency: usize) -> Run {
        if self.is_planned() {
            return self.resume(concurrency);
        }
        assert_eq!(self.posts().values().sum::<u64>(), 0, "sent without a journal");
        let _ = std::fs::remove_file(self.journal());
        self.create(&[], concurrency)
    }

    /// How often the server has seen each list of paths.
    fn posts(&self) -> BTreeMap<Vec<String>, u64> {
        let mut posts = BTreeMap::new();
        for request in self.sandbox.requests().iter().filter(|r| r.method == "POST") {
            // A body that was cut off was not applied.
            let Ok(body) = serde_json::from_slice::<Value>(&request.body) else { continue };
            let paths = serde_json::from_value(body["file_path"].clone()).expect("paths");
            *posts.entry(paths).or_default() += 1;
        }
        posts
    }

    /// Checks that every path has arrived and is reported, and that no request arrived more often than the
    /// journal says.
    fn check(&self, ended: &Ended) -> (u64, u64) {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let report = ended.json();
        assert_eq!(report["summary"]["accepted"], self.paths.len(), "{}", report["summary"]);
        let operations = report["operations"].as_array().expect("operations");
        let reported = operations.iter().flat_map(|o| o["paths"].as_array().expect("paths"));
        let reported: Vec<_> = reported.map(|p| p["path"].as_str().expect("a path")).collect();
        assert_eq!(reported, self.paths, "the report keeps the order of the plan");
        let posts = self.posts();
        let seen: BTreeSet<&String> = posts.keys().flatten().collect();
        assert_eq!(seen, BTreeSet::from_iter(&self.paths), "a path is lost");
        let told = Told::read(&self.journal());
        for (request, paths) in &told.paths {
            let (seen, sent) = (posts[paths], told.sent[request]);
            assert!((1..=sent).contains(&seen), "request {request}: {seen} seen, {sent} written");
        }
        let total: u64 = posts.values().sum();
        (total, total - posts.len() as u64)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Where to cut a journal: before and after each line feed, and in the middle of each line.
fn cuts(journal: &[u8]) -> BTreeSet<usize> {
    let ends = journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let mut cuts = BTreeSet::from([1]);
    let mut start = 0;
    for end in ends {
        cuts.extend([start + (end - start) / 2, end - 1, end]);
        start = end;
    }
    cuts
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_is_lost_at_any_step_of_the_journal() {
    for concurrency in [1, 4] {
        let whole = Scene::new(450).await;
        let ended = whole.create(&[], concurrency).end().await;
        whole.check(&ended);
        let journal = std::fs::read(whole.journal()).expect("a journal");
        let mut again = 0;
        for cut in cuts(&journal) {
            let scene = Scene::new(450).await;
            let limit = format!("--fsize={cut}:{cut}");
            let ended = scene.create(&["prlimit", &limit, "--core=0"], concurrency).end().await;
            // With several requests in flight, the journal of another run may be slightly shorter.
            if ended.code.is_some() {
                assert!(ended.code == Some(0) && cut + 200 > journal.len(), "{cut}: {ended:?}");
                continue;
            }
            let open = Told::under_way(&scene.journal());
            assert!(open <= concurrency, "{open} in flight");
            let ended = scene.next(concurrency).end().await;
            let (_, twice) = scene.check(&ended);
            assert!(twice <= open as u64, "{cut}: {twice} twice, {open} in flight");
            again += twice;
        }
        let steps = cuts(&journal).len();
        println!("{steps} steps with {concurrency} in flight: {again} requests arrived twice");
    }
}

/// What the kills have led to.
#[derive(Debug, Default)]
struct Figures {
    chains: usize,
    kills: usize,
    /// Kills before the journal held a plan.
    unplanned: usize,
    /// Kills while requests were in flight, and how many requests these were.
    under_way: (usize, u64),
    requests: usize,
    posts: u64,
    twice: u64,
}

const CONCURRENCY: usize = 4;
const REQUESTS: usize = 24;

impl Figures {
    /// Kills one run after another until a plan is finished.
    async fn chain(&mut self, random: &mut fastrand::Rng, kills: usize) {
        // The command line itself writes one plan in eight, and often needs a second try.
        let scene = match random.u8(0..8) {
            0 => Scene::new(REQUESTS * 100).await,
            _ => Scene::planned(REQUESTS).await,
        };
        let mut open = 0;
        let ended = loop {
            // How many of four kills come early, and how early: while the journal is written, or read.
            let (early, soon) = if scene.is_planned() { (1, 40_000) } else { (3, 12_000) };
            let mut running = scene.next(CONCURRENCY).start();
            if self.kills == kills {
                break running.end().await;
            }
            let mut answered = scene.answered.clone();
            let before = *answered.borrow();
            if random.u8(0..4) < early {
                tokio::select! {
                    () = sleep(Duration::from_micros(random.u64(0..soon))) => {}
                    () = running.ended() => {}
                }
            } else {
                let answers = random.usize(1..5);
                tokio::select! {
                    known = answered.wait_for(|now| now - before >= answers) => drop(known),
                    () = running.ended() => {}
                }
            }
            // Not always right at the response, but anywhere between two of them.
            std::thread::sleep(Duration::from_micros(random.u64(0..800)));
            if running.has_ended() {
                break running.end().await;
            }
            running.kill().await;
            self.kills += 1;
            self.unplanned += usize::from(!scene.is_planned());
            let now = Told::under_way(&scene.journal());
            assert!(now <= CONCURRENCY, "{now} requests in flight");
            self.under_way.0 += usize::from(now > 0);
            self.under_way.1 += now as u64;
            open += now as u64;
        };
        let (posts, twice) = scene.check(&ended);
        assert!(twice <= open, "{twice} requests arrived twice, {open} were in flight");
        self.chains += 1;
        self.requests += REQUESTS;
        self.posts += posts;
        self.twice += twice;
    }

    fn add(&mut self, other: &Self) {
        self.chains += other.chains;
        self.kills += other.kills;
        self.unplanned += other.unplanned;
        self.under_way.0 += other.under_way.0;
        self.under_way.1 += other.under_way.1;
        self.requests += other.requests;
        self.posts += other.posts;
        self.twice += other.twice;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_is_lost_at_a_thousand_random_moments() {
    const TASKS: u64 = 4;
    const KILLS: usize = 250;
    let seed = std::env::var("PURGE_CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("PURGE_CRASH_SEED={seed}");
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        tasks.spawn(async move {
            let mut random = fastrand::Rng::with_seed(seed.wrapping_add(task));
            let mut figures = Figures::default();
            while figures.kills < KILLS {
                figures.chain(&mut random, KILLS).await;
            }
            figures
        });
    }
    let mut all = Figures::default();
    tasks.join_all().await.iter().for_each(|figures| all.add(figures));
    let Figures { chains, kills, unplanned, under_way: (during, open), requests, posts, twice } =
        all;
    let bound = kills * CONCURRENCY;
    println!(
        "{kills} kills of {chains} runs of {REQUESTS} requests in {:.1?}: {unplanned} kills before there was a plan, \
         {during} with {open} requests in flight; \
         {requests} requests arrived {posts} times, {twice} of them again (bound: {bound}); no path was lost",
        started.elapsed()
    );
    assert_eq!(kills, 1000);
}
