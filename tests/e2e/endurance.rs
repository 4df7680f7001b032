//! The real binary sends plans while everything goes wrong: lost responses, refusals, limits, tokens that
//! expire, signals and kills. It is resumed until everything is sent. Its reports are compared with the
//! operations and the cache of the sandbox: no path is lost, no success is false, and no path is in two
//! operations unless a report says so.
//!
//! What goes wrong is random. Each plan has a seed, which is printed if the plan fails:
//!
//! | variable | meaning |
//! |---|---|
//! | `PURGE_ENDURANCE_PLANS` | how many plans are sent; 40 by default |
//! | `PURGE_ENDURANCE_SEED` | the seed of the first plan; the others count up from it |
//! | `PURGE_ENDURANCE_BINARY` | the program, such as `target/release/cdn-purge`; by default that of the tests |

mod chance;
mod judge;
mod others;
mod scene;

use std::collections::VecDeque;
use std::path::Path;
use std::time::Instant;

use scene::Scene;
use tokio::task::JoinSet;

use crate::PURGE;

/// How many plans are sent at the same time: they mostly wait.
const AT_ONCE: usize = 12;

/// The totals of all plans.
#[derive(Debug, Default)]
struct Figures {
    plans: usize,
    runs: usize,
    resumes: usize,
    signals: usize,
    kills: usize,
    tokens: usize,
    /// Faults that requests have received.
    faults: usize,
    posts: usize,
    gets: usize,
    jobs: usize,
    /// Older operations of another client for exactly the paths of a request.
    alike: usize,
    /// Requests whose response was lost and whose operation was found in the list.
    found: usize,
    /// Requests that the last report of a plan flags as possible duplicates.
    flagged: usize,
    /// Paths in more than one operation. All of them are in flagged requests, unless a run without a journal was cut
    /// off before it could report them.
    again: usize,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.plans += other.plans;
        self.runs += other.runs;
        self.resumes += other.resumes;
        self.signals += other.signals;
        self.kills += other.kills;
        self.tokens += other.tokens;
        self.faults += other.faults;
        self.posts += other.posts;
        self.gets += other.gets;
        self.jobs += other.jobs;
        self.alike += other.alike;
        self.found += other.found;
        self.flagged += other.flagged;
        self.again += other.again;
    }
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}, not a number")))
}

/// The program under test. Its path is relative to the workspace.
fn binary() -> String {
    let Ok(path) = std::env::var("PURGE_ENDURANCE_BINARY") else { return PURGE.to_owned() };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    workspace.join(path).to_str().expect("UTF-8").to_owned()
}

async fn play(seed: u64) -> Figures {
    let mut scene = Scene::set(seed).await;
    scene.play().await;
    scene.judge().await;
    scene.figures
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_is_lost_or_misreported_whatever_goes_wrong() {
    let plans = variable("PURGE_ENDURANCE_PLANS").unwrap_or(40);
    let first = variable("PURGE_ENDURANCE_SEED").unwrap_or_else(|| fastrand::u64(..1 << 48));
    println!("PURGE_ENDURANCE_SEED={first} PURGE_ENDURANCE_PLANS={plans}");
    let started = Instant::now();
    let mut seeds: VecDeque<u64> = (first..first + plans).collect();
    let (mut all, mut failures) = (Figures::default(), Vec::new());
    let mut tasks = JoinSet::new();
    loop {
        while tasks.len() < AT_ONCE
            && let Some(seed) = seeds.pop_front()
        {
            tasks.spawn(async move { (seed, tokio::spawn(play(seed)).await) });
        }
        let Some(ended) = tasks.join_next().await else { break };
        match ended.expect("a task") {
            (_, Ok(figures)) => all.add(&figures),
            (seed, Err(_)) => failures.push(seed),
        }
    }
    println!("{all:#?}\nin {:.0?}", started.elapsed());
    let repeat = "repeat each with PURGE_ENDURANCE_SEED and PURGE_ENDURANCE_PLANS=1";
    assert!(failures.is_empty(), "{} failed: {failures:?}; {repeat}", failures.len());
}
