//! Tests the backlog against a slow model that keeps every path of every chunk, and nothing else.

use std::time::Duration;

use proptest::prelude::*;
use purge_api_ext::PurgePath;

use super::*;
use crate::note::{Begun, Digest};

/// What has happened to each path of each open chunk: the path that was sent and its verdict, or that it is waiting.
pub(crate) type Picture = BTreeMap<u64, BTreeMap<String, Option<(Option<String>, Verdict)>>>;

impl Backlog {
    pub(crate) fn picture(&self) -> Picture {
        let mut picture = Picture::new();
        for (sequence, open) in &self.chunks {
            let taken = open.results.iter().map(|taken| {
                let by = taken.by.as_deref().map(str::to_owned);
                (taken.path.to_string(), Some((by, Verdict::clone(&taken.verdict))))
            });
            picture.insert(*sequence, taken.collect());
        }
        for waiting in self.sites.values().flat_map(|site| &site.paths) {
            let mut doubts = self.sites.values().filter_map(|site| site.doubts.get(&waiting.path));
            let doubt = doubts.next().map_or(0, |doubt| doubt.upto);
            for sequence in &waiting.chunks {
                let is_in_doubt = *sequence <= doubt;
                let state = is_in_doubt.then(|| (None, Judged::in_doubt(Vec::new()).verdict));
                let chunk = picture.get_mut(sequence).expect("an open chunk");
                let before = chunk.insert(waiting.path.to_string(), state);
                assert!(before.is_none(), "{} is taken and waits", waiting.path);
            }
        }
        picture
    }
}

const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn chunk(sequence: u64, producer: &str, urgency: Urgency, paths: &[&str]) -> Chunk {
    Chunk {
        sequence,
        stored: at(sequence),
        address: Address {
            lane: "shop".parse().expect("a lane"),
            resource: RESOURCE.to_owned(),
            producer: producer.parse().expect("a producer"),
        },
        request: Some("r".parse().expect("a request")),
        chunk: 1,
        chunks: 1,
        urgency,
        expires: at(1_000_000),
        good: paths.iter().map(|path| (*path).into()).collect(),
        bad: Vec::new(),
    }
}

fn judged(state: State, paths: &[&str]) -> Judged {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    Judged { verdict: Verdict::new(state, None), paths }
}

fn texts(selection: Option<Selection>) -> Vec<String> {
    selection.map_or(Vec::new(), |s| s.paths.iter().map(ToString::to_string).collect())
}

#[test]
fn path_enqueued_after_the_round_began_waits() {
    let mut backlog = Backlog::default();
    backlog.add(chunk(1, "a", Urgency::Now, &["/x"]));
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x"]);
    backlog.add(chunk(2, "b", Urgency::Now, &["/x"]));
    assert!(backlog.select(RESOURCE, 1).is_none(), "it is in flight");
    backlog.take(9, RESOURCE, 1, &[judged(State::Accepted, &["/x"])]);
    backlog.settle(9, &[judged(State::Purged, &["/x"])]);
    backlog.wait_again(RESOURCE, &["/x".into()], &[]);
    let complete = backlog.completed();
    assert_eq!((complete, backlog.waiting(RESOURCE, Urgency::Now)), ([1].into(), 1));
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x"]);
    assert_eq!(backlog.first_open(), Some(1), "its outcome is not stored yet");
    backlog.told(1);
    assert_eq!(backlog.first_open(), Some(2));
}

#[test]
fn equal_paths_are_sent_once_and_counted() {
    let mut backlog = Backlog::default();
    for (sequence, producer) in [(1, "a"), (2, "b"), (3, "c")] {
        backlog.add(chunk(sequence, producer, Urgency::Now, &["/x"]));
    }
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x"]);
    let duplicates = backlog.take(9, RESOURCE, 3, &[judged(State::Purged, &["/x"])]);
    assert_eq!((duplicates, backlog.completed().len()), (2, 3));
}

#[test]
fn wildcard_is_sent_in_place_of_the_paths_it_covers() {
    let mut backlog = Backlog::default();
    backlog.add(chunk(1, "a", Urgency::Now, &["/img/1", "/img/2", "/x"]));
    backlog.add(chunk(2, "b", Urgency::Bulk, &["/img/*"]));
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/img/*", "/x"]);
    backlog.take(9, RESOURCE, 2, &[judged(State::Purged, &["/img/*"])]);
    backlog.wait_again(RESOURCE, &["/img/*".into(), "/x".into()], &[]);
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x"]);
    backlog.take(10, RESOURCE, 2, &[judged(State::Purged, &["/x"])]);
    let complete = backlog.completed();
    let told = complete.iter().filter_map(|sequence| backlog.outcome(*sequence));
    let by: Vec<_> = told.flat_map(|complete| complete.outcome.paths).map(|path| path.by).collect();
    assert_eq!(by, [Some("/img/*"), Some("/img/*"), None, None]);
}

#[test]
fn refused_wildcard_takes_no_path_it_covers() {
    let mut backlog = Backlog::default();
    backlog.add(chunk(1, "a", Urgency::Now, &["/img/1", "/img/*"]));
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/img/*"]);
    backlog.wait_again(RESOURCE, &["/img/*".into()], &["/img/*".to_owned()]);
    // The wildcard is now a suspect, and the path waits on its own.
    let mut sent = vec![texts(backlog.select(RESOURCE, 1)), texts(backlog.select(RESOURCE, 1))];
    sent.sort();
    assert_eq!(sent, [["/img/*"], ["/img/1"]]);
    backlog.take(9, RESOURCE, 1, &[judged(State::Failed, &["/img/*"])]);
    assert_eq!(backlog.waiting(RESOURCE, Urgency::Now), 1);
}

#[test]
fn producers_take_turns_and_bulk_gets_one_batch_in_ten() {
    let mut backlog = Backlog::default();
    let many: Vec<_> = (0..5_000).map(|n| format!("/flood/{n}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    backlog.add(chunk(1, "flood", Urgency::Now, &many));
    backlog.add(chunk(2, "cms", Urgency::Now, &["/a", "/b"]));
    backlog.add(chunk(3, "backfill", Urgency::Bulk, &["/old"]));
    let first = texts(backlog.select(RESOURCE, 1));
    assert_eq!(first.len(), 100);
    assert!(["/a", "/b"].iter().all(|path| first.contains(&(*path).to_owned())), "{first:?}");
    let sent = (0..10).flat_map(|_| texts(backlog.select(RESOURCE, 1))).collect::<Vec<_>>();
    assert!(sent.contains(&"/old".to_owned()), "one batch in ten");
}

#[test]
fn urgent_paths_do_not_wait_for_a_bulk_round() {
    let mut backlog = Backlog::default();
    let many: Vec<_> = (0..5_000).map(|n| format!("/old/{n}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    backlog.add(chunk(1, "backfill", Urgency::Bulk, &many));
    let whole = backlog.select(RESOURCE, 10).expect("a round");
    assert_eq!((whole.paths.len(), whole.is_urgent), (1_000, false));
    backlog.add(chunk(2, "cms", Urgency::Now, &["/a"]));
    let urgent = backlog.select(RESOURCE, 10).expect("a round");
    assert_eq!((urgent.paths.len(), urgent.is_urgent), (100, true));
    assert_eq!(&*urgent.paths[0], "/a");
}

#[test]
fn urgent_path_stays_urgent_after_a_round_that_failed() {
    let mut backlog = Backlog::default();
    backlog.add(chunk(1, "a", Urgency::Bulk, &["/x"]));
    backlog.add(chunk(2, "b", Urgency::Now, &["/x"]));
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x"]);
    backlog.wait_again(RESOURCE, &["/x".into()], &[]);
    backlog.add(chunk(3, "b", Urgency::Now, &["/y"]));
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x", "/y"]);
}

#[test]
fn one_bad_path_in_a_hundred_costs_twenty_extra_requests() {
    let mut backlog = Backlog::default();
    let all: Vec<_> = (0..100).map(|n| format!("/{n}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    backlog.add(chunk(1, "a", Urgency::Now, &all));
    let mut requests = 0;
    while let Some(selection) = backlog.select(RESOURCE, 64) {
        for batch in selection.paths.chunks(selection.batch_size) {
            requests += 1;
            let batch: Vec<_> = batch.iter().map(|path| &**path).collect();
            let (state, alone) = (batch.contains(&"/42"), batch.len() == 1);
            match (state, alone) {
                (false, _) => {
                    backlog.take(9, RESOURCE, 1, &[judged(State::Purged, &batch)]);
                }
                (true, true) => {
                    backlog.take(9, RESOURCE, 1, &[judged(State::Failed, &batch)]);
                }
                (true, false) => {
                    let suspects: Vec<_> = batch.iter().map(|path| (*path).to_owned()).collect();
                    let paths: Vec<Arc<str>> = batch.iter().map(|path| (*path).into()).collect();
                    backlog.wait_again(RESOURCE, &paths, &suspects);
                }
            }
        }
    }
    assert_eq!(requests, 21);
    let complete = backlog.completed();
    let first = complete.first().and_then(|sequence| backlog.outcome(*sequence));
    let paths = first.expect("an outcome").outcome.paths;
    let failed: Vec<_> = paths.iter().filter(|path| path.state == State::Failed).collect();
    assert_eq!((failed.len(), failed[0].path), (1, "/42"));
}

#[test]
fn digest_says_what_took_open_paths_and_what_is_done() {
    let mut backlog = Backlog::default();
    backlog.add(chunk(1, "a", Urgency::Now, &["/x", "/stuck"]));
    backlog.add(chunk(2, "a", Urgency::Now, &["/x"]));
    backlog.add(chunk(5, "a", Urgency::Now, &["/img/1", "/bad", "/stuck"]));
    let sent = [judged(State::Accepted, &["/x", "/img/*"]), judged(State::Failed, &["/bad"])];
    backlog.take(9, RESOURCE, 5, &sent);
    backlog.settle(9, &[judged(State::Failed, &["/img/*"]), judged(State::Purged, &["/x"])]);
    backlog.told(2);
    let rounds = [Round { number: 9, upto: 5, judged: Vec::new(), doubtful: Vec::new() }];
    let Digest { rounds, done, .. } = digest(&backlog, 7, &rounds);
    assert_eq!(done, [(2, 4), (6, 7)]);
    // The wildcard failed after it had covered a path, so it covers that path again.
    let expected = [judged(State::Failed, &["/img/*"]), judged(State::Purged, &["/x"])];
    assert_eq!((rounds[0].number, &rounds[0].judged[..]), (9, &expected[..]));
    assert_eq!(rounds[0].refused, [judged(State::Failed, &["/bad"])]);
}

#[test]
fn suspects_of_a_round_that_an_earlier_holder_began_are_sent_again() {
    let mut backlog = Backlog::default();
    backlog.add(chunk(1, "a", Urgency::Now, &["/x", "/y"]));
    // This holder has selected nothing for that round.
    backlog.wait_again(RESOURCE, &[], &["/x".to_owned(), "/y".to_owned()]);
    let selection = backlog.select(RESOURCE, 1).expect("they wait");
    assert_eq!((selection.paths.len(), selection.batch_size), (2, 10));
}

#[test]
fn expired_and_dropped_paths_have_an_outcome() {
    let mut backlog = Backlog::default();
    let old = Chunk { expires: at(10), ..chunk(1, "a", Urgency::Now, &["/x", "/y"]) };
    backlog.add(old);
    backlog.add(chunk(2, "a", Urgency::Now, &["/x"]));
    backlog.expire(at(9));
    assert!(backlog.completed().is_empty());
    backlog.expire(at(10));
    assert_eq!(backlog.completed(), [1].into());
    let complete = backlog.outcome(1).expect("an outcome");
    assert!(complete.outcome.paths.iter().all(|path| path.state == State::NotSent));
    let address = chunk(1, "a", Urgency::Now, &[]).address;
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x"], "another chunk contains it");
    assert!(backlog.drop_request(&address, &"r".parse().expect("a request"), Before::Sequence(9)));
    assert_eq!((backlog.completed().len(), backlog.bytes()), (1, 6));
    [1, 2].into_iter().for_each(|sequence| backlog.told(sequence));
    assert_eq!(backlog.bytes(), 0);
}

#[test]
fn chunks_without_good_paths_take_up_memory_until_they_are_told() {
    let mut backlog = Backlog::default();
    for sequence in 1..=3 {
        let bad = vec![("x".repeat(10), "y".repeat(20)); 500];
        let mut added = Chunk { bad, ..chunk(sequence, "a", Urgency::Now, &[]) };
        added.address.resource = format!("660f9511-f30c-52e5-b827-55776655111{sequence}");
        backlog.add(added);
    }
    assert!(backlog.bytes() > 3 * 500 * 30, "{}", backlog.bytes());
    assert!(backlog.sites.is_empty(), "a resource that nobody purges leaves nothing behind");
    assert_eq!(backlog.completions(), 3);
    for sequence in backlog.completed() {
        backlog.told(sequence);
    }
    assert_eq!((backlog.bytes(), backlog.completions()), (0, 0));
}

#[test]
fn path_that_a_round_may_take_is_not_ended_before_the_round() {
    let mut backlog = Backlog::default();
    let expiring = |sequence, paths: &[&str]| Chunk {
        expires: at(10),
        ..chunk(sequence, "a", Urgency::Now, paths)
    };
    backlog.add(expiring(1, &["/x", "/img/1", "/later"]));
    backlog.add(expiring(2, &["/img/*"]));
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x", "/img/*", "/later"]);
    backlog.sending(Some((RESOURCE.to_owned(), 2)));
    backlog.add(expiring(3, &["/x"]));
    let address = chunk(1, "a", Urgency::Now, &[]).address;
    assert!(backlog.drop_request(&address, &"r".parse().expect("a request"), Before::Sequence(9)));
    backlog.expire(at(10));
    assert!(backlog.is_held_back(), "they have to end");
    // The request that is under way cannot take what was stored after its round began.
    assert_eq!(backlog.completed(), [3].into());
    backlog.take(9, RESOURCE, 2, &[judged(State::Purged, &["/x", "/img/*"])]);
    backlog.wait_again(RESOURCE, &["/x".into(), "/img/*".into(), "/later".into()], &[]);
    backlog.sending(None);
    backlog.expire(at(10));
    assert!(!backlog.is_held_back());
    assert_eq!(backlog.completed(), [1, 2].into());
    let states = |sequence| {
        let paths = backlog.outcome(sequence).expect("an outcome").outcome.paths;
        paths.iter().map(|path| (path.path.to_owned(), path.state)).collect::<BTreeMap<_, _>>()
    };
    let expected = [
        ("/x".to_owned(), State::Purged),
        ("/img/1".to_owned(), State::Purged),
        ("/later".to_owned(), State::NotSent),
    ];
    assert_eq!(states(1), expected.into());
    assert!(states(2).values().all(|state| *state == State::Purged));
}

#[test]
fn path_whose_request_may_have_been_applied_never_counts_as_not_sent() {
    let mut backlog = Backlog::default();
    let old = Chunk { expires: at(10), ..chunk(1, "a", Urgency::Now, &["/img/*", "/img/1", "/x"]) };
    backlog.add(old);
    assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/img/*", "/x"]);
    backlog.take(9, RESOURCE, 1, &[Judged::in_doubt(vec!["/img/*".to_owned()])]);
    backlog.wait_again(RESOURCE, &["/img/*".into(), "/x".into()], &[]);
    // It is stored later, so that request cannot have purged it.
    backlog.add(Chunk { expires: at(10), ..chunk(2, "a", Urgency::Now, &["/img/*"]) });
    backlog.expire(at(10));
    let states = |sequence| {
        let paths = backlog.outcome(sequence).expect("an outcome").outcome.paths;
        paths.iter().map(|path| (path.path.to_owned(), path.state)).collect::<BTreeMap<_, _>>()
    };
    let expected = [
        ("/img/*".to_owned(), State::Unconfirmed),
        ("/img/1".to_owned(), State::Unconfirmed),
        ("/x".to_owned(), State::NotSent),
    ];
    assert_eq!(states(1), expected.into());
    assert_eq!(states(2), [("/img/*".to_owned(), State::NotSent)].into());
}

#[test]
fn only_chunks_that_were_stored_before_an_order_are_dropped() {
    for before in [Before::Sequence(1), Before::Time(at(1))] {
        let mut backlog = Backlog::default();
        backlog.add(chunk(1, "a", Urgency::Now, &["/x"]));
        backlog.add(chunk(2, "a", Urgency::Now, &["/x", "/y"]));
        let (address, request) =
            (chunk(1, "a", Urgency::Now, &[]).address, "r".parse().expect("a request"));
        assert!(backlog.drop_request(&address, &request, before));
        let waiting = backlog.waiting(RESOURCE, Urgency::Now);
        assert_eq!((backlog.completed(), waiting), ([1].into(), 2), "{before:?}");
        backlog.told(1);
        assert!(!backlog.drop_request(&address, &request, before), "{before:?}");
        assert_eq!(texts(backlog.select(RESOURCE, 1)), ["/x", "/y"], "{before:?}");
    }
}

/// A random event in a lane.
#[derive(Clone, Debug)]
enum Step {
    Enqueue {
        producer: u8,
        bulk: bool,
        paths: Vec<String>,
    },
    Round {
        batches: usize,
        fate: Vec<u8>,
    },
    /// A successor computes everything from scratch, or from a digest.
    TakeOver {
        condensed: bool,
    },
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof!["/[ab]", "/[ab]/[abc]", "/[ab]/\\*", "/a\\*"].prop_map(|path| path)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_u8, any::<bool>(), prop::collection::vec(path(), 1..6))
            .prop_map(|(producer, bulk, paths)| Step::Enqueue { producer, bulk, paths }),
        3 => (1..3_usize, prop::collection::vec(0..5_u8, 1..9))
            .prop_map(|(batches, fate)| Step::Round { batches, fate }),
        1 => any::<bool>().prop_map(|condensed| Step::TakeOver { condensed }),
    ]
}

/// What the model knows about a round: how far the input had been read, and which paths were accepted or refused by
/// themselves.
struct Round {
    number: u64,
    upto: u64,
    judged: Vec<Judged>,
    /// The paths of requests that may have been applied.
    doubtful: Vec<String>,
}

impl Round {
    fn requests(&self) -> Vec<Judged> {
        let doubtful = Judged::in_doubt(self.doubtful.clone());
        self.judged.iter().cloned().chain([doubtful]).collect()
    }
}

/// The digest of these rounds.
fn digest(backlog: &Backlog, read: u64, rounds: &[Round]) -> Digest {
    let begun = |round: &Round| {
        let (resource, upto) = (RESOURCE.to_owned(), round.upto);
        (round.number, Begun { resource, upto, everything: false, input: None })
    };
    let begun: BTreeMap<_, _> = rounds.iter().map(begun).collect();
    backlog.digest(read, &begun.iter().map(|(number, begun)| (*number, begun)).collect())
}

fn covers(sent: &str, path: &str) -> bool {
    let parsed = |path| PurgePath::with_query(path).expect("a path");
    sent == path || parsed(sent).covers(&parsed(path))
}

/// The verdict that takes a path in a round.
fn taker(round: &Round, path: &str) -> Option<State> {
    let takes = |judged: &&Judged| {
        let covers = |sent: &String| judged.verdict.state != State::Failed && covers(sent, path);
        judged.paths.iter().any(|sent| sent == path || covers(sent))
    };
    // A path that was sent itself has its own outcome.
    let own = round.judged.iter().find(|judged| judged.paths.iter().any(|sent| sent == path));
    own.or_else(|| round.judged.iter().find(takes)).map(|judged| judged.verdict.state)
}

/// The settlement rule, implemented literally: for each path of each chunk, the first round that takes it.
fn first<'r>(rounds: &'r [Round], chunk: &Chunk, path: &str) -> Option<(&'r Round, State)> {
    let mut later = rounds.iter().filter(|round| chunk.sequence <= round.upto);
    later.find_map(|round| taker(round, path).map(|state| (round, state)))
}

/// For each path of each chunk, its state, and whether it is a possible duplicate: whether an earlier request with it,
/// or with a wildcard that covers it, may have been applied.
fn settled(chunks: &[Chunk], rounds: &[Round]) -> Vec<Vec<Option<(State, bool)>>> {
    let of = |chunk: &Chunk, path: &str| {
        let (taken, state) = first(rounds, chunk, path)?;
        let mut doubts = rounds.iter().filter(|round| round.number <= taken.number);
        let is_in_doubt = doubts.any(|doubt| {
            chunk.sequence <= doubt.upto && doubt.doubtful.iter().any(|sent| covers(sent, path))
        });
        Some((state, is_in_doubt))
    };
    chunks.iter().map(|chunk| chunk.good.iter().map(|path| of(chunk, path)).collect()).collect()
}

fn check(backlog: &mut Backlog, chunks: &[Chunk], rounds: &[Round]) -> Result<(), TestCaseError> {
    let model = settled(chunks, rounds);
    let waiting = model.iter().flatten().filter(|path| path.is_none()).count();
    prop_assert_eq!(
        backlog.waiting(RESOURCE, Urgency::Now) + backlog.waiting(RESOURCE, Urgency::Bulk),
        waiting
    );
    for (chunk, model) in chunks.iter().zip(model) {
        let told = backlog.outcome(chunk.sequence).expect("nothing is forgotten here").outcome;
        for (path, expected) in chunk.good.iter().zip(model) {
            let found = told.paths.iter().find(|told| told.path == &**path);
            let found = found.map(|told| (told.state, told.possible_duplicate));
            prop_assert_eq!(found, expected, "{} of {}", path, chunk.sequence);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn settlement_is_the_rule_and_nothing_is_lost(steps in prop::collection::vec(step(), 1..40)) {
        let (mut backlog, mut chunks, mut rounds) = (Backlog::default(), Vec::new(), Vec::new());
        let end = Step::Round { batches: 9, fate: vec![0] };
        for step in steps.into_iter().chain(std::iter::repeat_n(end, 12)) {
            match step {
                Step::Enqueue { producer, bulk, mut paths } => {
                    paths.sort();
                    paths.dedup();
                    let urgency = if bulk { Urgency::Bulk } else { Urgency::Now };
                    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
                    let number = chunks.len() as u64 + 1;
                    let new = chunk(number, &format!("p{producer}"), urgency, &paths);
                    chunks.push(new.clone());
                    backlog.add(new);
                }
                Step::Round { batches, fate } => {
                    let Some(selection) = backlog.select(RESOURCE, batches) else { continue };
                    let (number, upto) = (rounds.len() as u64 + 1, chunks.len() as u64);
                    let (mut taken, mut suspects) = (Vec::new(), Vec::new());
                    let mut doubtful = Vec::new();
                    for (path, fate) in selection.paths.iter().zip(fate.iter().cycle()) {
                        match fate {
                            0 | 1 => taken.push(judged(State::Purged, &[path])),
                            // Refused: by itself it fails, and among others it becomes a suspect.
                            2 if selection.batch_size == 1 => taken.push(judged(State::Failed, &[path])),
                            2 => suspects.push(path.to_string()),
                            3 => doubtful.push(path.to_string()),
                            _ => {}
                        }
                    }
                    let round = Round { number, upto, judged: taken, doubtful };
                    backlog.take(number, RESOURCE, upto, &round.requests());
                    backlog.wait_again(RESOURCE, &selection.paths, &suspects);
                    rounds.push(round);
                }
                Step::TakeOver { condensed } => {
                    let digest = digest(&backlog, chunks.len() as u64, &rounds);
                    backlog = Backlog::default();
                    chunks.iter().for_each(|chunk| backlog.add(chunk.clone()));
                    for round in rounds.iter().filter(|_| !condensed) {
                        backlog.take(round.number, RESOURCE, round.upto, &round.requests());
                    }
                    let mut doubts = digest.doubts.iter().filter(|_| condensed).peekable();
                    for kept in digest.rounds.iter().filter(|_| condensed) {
                        while let Some(doubts) = doubts.next_if(|d| d.before <= kept.number) {
                            backlog.doubt(doubts);
                        }
                        backlog.take(kept.number, RESOURCE, kept.begun.upto, &kept.requests());
                        backlog.settle(kept.number, &kept.judged);
                    }
                    doubts.for_each(|doubts| backlog.doubt(doubts));
                }
            }
            check(&mut backlog, &chunks, &rounds)?;
        }
        // The final rounds accept everything: nothing may be left behind in the queues.
        prop_assert_eq!(backlog.waiting(RESOURCE, Urgency::Now) + backlog.waiting(RESOURCE, Urgency::Bulk), 0);
        chunks.iter().for_each(|chunk| backlog.told(chunk.sequence));
        prop_assert_eq!(backlog.bytes(), 0);
    }
}
