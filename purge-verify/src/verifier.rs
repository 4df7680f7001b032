//! Asks edges for paths, once or until all are fresh.

mod builder;
mod origin;
mod variants;
mod state;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::{StreamExt as _, stream};
use tokio::time::sleep;

use crate::answer::Coding;
use crate::checked::Checked;
use crate::client::Client;
use crate::judge::{Elapsed, Expected, New, Origin, SECOND, SECOND_LOOK};
pub use builder::VerifierBuilder;
use origin::Source;
use state::State;
use variants::Variants;

/// The first and the longest pause between two rounds.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Asks the edges of a CDN whether their copies are older than a purge.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use purge_verify::{Expected, Purge, Target, Verdict, Verifier};
///
/// let verifier = Verifier::builder().edge("https://www.example.com".parse()?).build()?;
/// // The purge of this path was sent ten minutes ago.
/// let purge = Purge::ago(Duration::from_secs(600));
/// let target = Target { path: "/index.html".to_owned(), expected: Expected::default(), purge: Some(purge) };
/// let found = verifier.verify(vec![target], Some(Duration::from_secs(120)), |_| {}).await;
/// assert_eq!(found[0].verdict, Verdict::Fresh);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    edges: Vec<Asked>,
    origin: Option<Client>,
    codings: Vec<Coding>,
    flights: usize,
    folders: Arc<HashSet<String>>,
}

/// An edge, and what is known about it.
#[derive(Clone, Debug)]
struct Asked {
    client: Client,
    variants: Arc<Variants>,
}

impl Asked {
    /// Asks for a path in a content coding, and judges the response.
    async fn look(
        &self,
        state: &mut State,
        (place, coding): (usize, Coding),
        origin: Option<&Origin>,
        until: Option<Instant>,
    ) {
        let came = self.client.ask(&state.target.path, coding, until).await;
        state.judge(place, came, origin);
    }
}

/// A path to verify.
#[derive(Clone, Debug)]
pub struct Target {
    /// The path as it was purged, without wildcards.
    pub path: String,
    /// The file that is expected there.
    pub expected: Expected,
    /// When its purge was sent; none if that is unknown.
    pub purge: Option<Purge>,
}

/// When a purge was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purge {
    /// A moment at which both of these are known.
    at: Instant,
    /// How long before it the POST was sent for the first time.
    first: Duration,
    /// How long before it the POST was accepted, so that it was sent for the last time before that.
    last: Duration,
    on: SystemTime,
}

impl Purge {
    /// A purge whose POST was sent at `first`, and was accepted at `last`. `on` is the first time by the wall clock.
    #[must_use]
    pub fn sent(first: Instant, last: Instant, on: SystemTime) -> Self {
        let last = last.max(first);
        Self { at: last, first: last.duration_since(first), last: Duration::ZERO, on }
    }

    /// A purge that was sent this long ago.
    #[must_use]
    pub fn ago(time: Duration) -> Self {
        let now = SystemTime::now();
        let on = now.checked_sub(time).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { at: Instant::now(), first: time, last: time, on }
    }

    fn elapsed(&self, asked: Instant, answered: Instant) -> Elapsed {
        let since = |moment: Instant| moment.saturating_duration_since(self.at);
        Elapsed {
            until_answer: since(answered).saturating_add(self.first),
            until_request: since(asked).saturating_add(self.last),
            sent: self.on,
        }
    }
}

impl Verifier {
    /// Begins the settings.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::default()
    }

    /// These paths are folders, without the slash at the end, that have an index file in the new build. If one of them
    /// redirects to itself with the slash, as servers do, that is not a reason to doubt ([`Reason::ToFolder`]): the file
    /// is at the path with the slash, which has to be verified as well.
    ///
    /// [`Reason::ToFolder`]: crate::Reason::ToFolder
    #[must_use]
    pub fn with_folders(mut self, paths: impl IntoIterator<Item = String>) -> Self {
        self.folders = Arc::new(paths.into_iter().collect());
        self
    }

    /// Asks for all paths, and returns what was found in the order of the targets. With `wait`, paths that are not
    /// fresh are asked for again with growing pauses, until all are fresh, nothing can change any more, or the time is
    /// up. `on` is called with each path as soon as its verdict is final.
    ///
    /// Every path is asked for at least once, and those that are not fresh once more when the time is up. Each of these
    /// requests then has five seconds. An edge that lets eight requests in a row time out is not asked any more until the
    /// next pause, if there is one.
    pub async fn verify(
        &self,
        targets: Vec<Target>,
        wait: Option<Duration>,
        on: impl FnMut(&Checked),
    ) -> Vec<Checked> {
        let states = states(targets, &self.folders);
        let (start, mut pause) = (Instant::now(), PAUSES.0);
        let until = wait.and_then(|wait| start.checked_add(wait));
        let source = Source::new(self.origin.as_ref());
        let mut run = Run { verifier: self, states, source, until, on };
        if let Some(wait) = wait {
            sleep(run.settling().min(wait)).await;
        }
        for round in 1.. {
            let left = wait.unwrap_or_default().saturating_sub(start.elapsed());
            run.round(round, left.is_zero()).await;
            if left.is_zero() || run.states.iter().all(State::is_final) {
                break;
            }
            sleep(pause.min(left)).await;
            pause = (2 * pause).min(PAUSES.1);
        }
        run.states.into_iter().map(|state| state.checked(&self.names())).collect()
    }

    fn names(&self) -> Vec<String> {
        self.edges.iter().map(|edge| edge.client.edge.to_string()).collect()
    }

    /// Asks all edges for a path, in each content coding that they may vary by.
    async fn check(&self, state: &mut State, source: &Source<'_>, until: Option<Instant>) {
        let origin = source.ask(&state.target.path, until).await;
        for (edge, asked) in self.edges.iter().enumerate() {
            for &coding in &self.codings {
                let is_asked = match coding {
                    Coding::Identity => true,
                    Coding::Gzip | Coding::Br => state.may_vary(edge, &asked.variants),
                    Coding::Browser => state.varies(edge, &asked.variants),
                };
                if !is_asked {
                    continue;
                }
                let place = state.place(edge, coding);
                if !state.ways[place].is_final() {
                    let way = (place, coding);
                    asked.look(state, way, origin.as_ref(), until).await;
                    // A copy that an edge has just fetched has no `Age`. Once it is stored, it has one.
                    if state.ways[place].may_have_age() {
                        asked.look(state, way, origin.as_ref(), until).await;
                    }
                }
            }
            state.learn(edge, &asked.variants);
        }
    }
}

/// The states of all targets. The first path with each ending is asked for before the others.
fn states(targets: Vec<Target>, folders: &HashSet<String>) -> Vec<State> {
    let mut endings = HashSet::new();
    let mut states: Vec<_> = targets.into_iter().map(State::new).collect();
    for state in &mut states {
        state.is_probe = endings.insert(state.ending.clone());
        state.is_folder = folders.contains(&state.target.path);
    }
    states
}

/// Paths on their way to a verdict.
struct Run<'a, F> {
    verifier: &'a Verifier,
    states: Vec<State>,
    source: Source<'a>,
    /// When the time is up.
    until: Option<Instant>,
    on: F,
}

impl<F: FnMut(&Checked)> Run<'_, F> {
    /// How long to wait before anything is asked. If an edge fetches a file because it is asked too soon after the purge,
    /// `Age` cannot show that it was fetched after it.
    fn settling(&self) -> Duration {
        let targets = self.states.iter().map(|state| &state.target);
        let by_age = targets.filter(|target| target.expected.new == New::Unknown);
        let left = by_age.filter_map(|target| {
            let now = Instant::now();
            let since = target.purge?.elapsed(now, now).until_request;
            Some((2 * SECOND).saturating_sub(since))
        });
        left.max().unwrap_or_default()
    }

    /// Asks once for every path that is not final, and twice for those that need a second look.
    async fn round(&mut self, round: u32, is_last: bool) {
        // When the time is up, an edge that has not responded is not asked again.
        if round == 1 || !is_last {
            self.verifier.edges.iter().for_each(|edge| edge.client.retry());
            self.source.retry();
        }
        if round == 1 {
            if let Some(first) = self.states.first() {
                self.source.probe(&first.target.path, self.until).await;
            }
            self.check(is_last, |state| state.is_probe).await;
            self.check(is_last, |state| !state.is_probe).await;
        } else {
            self.check(is_last, |_| true).await;
        }
        if self.states.iter().any(State::needs_second_look) {
            sleep(SECOND_LOOK + Duration::from_millis(100)).await;
            self.check(is_last, State::needs_second_look).await;
        }
        if is_last {
            let names = self.verifier.names();
            self.states.iter_mut().for_each(|state| tell(state, &names, &mut self.on));
        }
    }

    async fn check(&mut self, is_last: bool, which: impl Fn(&State) -> bool) {
        let (verifier, source, until) = (self.verifier, &self.source, self.until);
        let names = verifier.names();
        let open = self.states.iter_mut().filter(|state| which(state) && !state.is_final());
        let mut open: Vec<_> = open.collect();
        // Paths that were never asked for come first.
        open.sort_by_key(|state| !state.was_skipped());
        let mut checks = stream::iter(open)
            .map(async |state| {
                verifier.check(state, source, until).await;
                state
            })
            .buffer_unordered(verifier.flights);
        while let Some(state) = checks.next().await {
            if state.is_final() || (is_last && !state.needs_second_look()) {
                tell(state, &names, &mut self.on);
            }
        }
    }
}

/// Reports a path once, when its verdict is final.
fn tell(state: &mut State, names: &[String], on: &mut impl FnMut(&Checked)) {
    if !std::mem::replace(&mut state.is_told, true) {
        on(&state.checked(names));
    }
}
