//! A model of the world in which nothing can be trusted: clocks that differ, delays, caches that round, correct `Age` by
//! `Date` and replace `Date`, and a cache in front of the origin. It knows the truth, which the verdict is compared with.
//!
//! All times are true times in milliseconds.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::verdict::Verdict;

#[derive(Clone, Debug)]
struct World {
    /// How far each clock is ahead.
    ours: i64,
    edges: i64,
    origins: i64,
    /// When the POST was first and last sent.
    purge: (i64, i64),
    edge: Edge,
    /// A cache in front of the origin that sends `Age`: how old its copy was when the edge fetched it.
    upstream: Option<i64>,
    is_origin_known: bool,
    /// The time between a request and its response at the edge.
    trip: i64,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    /// Adds the time since `Date` if that is more, as RFC 9111 requires.
    corrects: bool,
    replaces_date: bool,
    /// Passes on the `Age` of the cache in front of the origin, and counts nothing itself.
    is_frozen: bool,
    rounding: Rounding,
}

#[derive(Clone, Copy, Debug)]
enum Rounding {
    Down,
    Up,
    /// Subtracts times that are whole seconds already.
    Seconds,
}

/// A copy at the edge: when it was requested from the origin, and when it arrived.
#[derive(Clone, Copy, Debug)]
struct Copied {
    asked: i64,
    arrived: i64,
}

const BASE: i64 = 1_800_000_000_000;

fn time(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis((BASE + millis).try_into().expect("after 1970"))
}

fn seconds_of(millis: i64) -> SystemTime {
    time(millis.div_euclid(1000) * 1000)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(millis.max(0).try_into().expect("not negative"))
}

impl World {
    /// When the content of a copy was generated.
    fn generated(&self, copy: Copied) -> i64 {
        copy.asked.midpoint(copy.arrived) - self.upstream.unwrap_or_default()
    }

    /// `Date` of the origin, by its clock.
    fn date(&self, copy: Copied) -> SystemTime {
        seconds_of(self.generated(copy) + self.origins)
    }

    /// `Age` of a copy in a response that the edge generates at a moment.
    fn age(&self, copy: Copied, at: i64) -> u64 {
        let upstream = self.upstream.map_or(0, |age| age.div_euclid(1000) * 1000);
        if self.edge.is_frozen {
            return u64::try_from(upstream / 1000).expect("an age");
        }
        let date = self.date(copy).duration_since(time(0)).map_or_else(
            |before| -i64::try_from(before.duration().as_millis()).expect("millis"),
            |after| i64::try_from(after.as_millis()).expect("millis"),
        );
        let apparent = (copy.arrived + self.edges - date).max(0);
        let corrected = upstream + copy.arrived - copy.asked;
        let initial = if self.edge.corrects { apparent.max(corrected) } else { corrected };
        let age = match self.edge.rounding {
            Rounding::Down => (initial + at - copy.arrived).div_euclid(1000),
            Rounding::Up => (initial + at - copy.arrived + 999).div_euclid(1000),
            Rounding::Seconds => {
                let whole = |time: i64| (time + self.edges).div_euclid(1000);
                initial.div_euclid(1000) + whole(at) - whole(copy.arrived)
            }
        };
        u64::try_from(age.max(0)).expect("an age")
    }

    fn answer(&self, copy: Copied, asked: i64) -> Answer {
        let at = asked + self.trip / 2;
        let received = asked + self.trip;
        let mut answer =
            Answer::new(200, &http::HeaderMap::new(), time(received + self.ours), Body::TooLarge);
        let sends_age = !self.edge.is_frozen || self.upstream.is_some();
        answer.age = sends_age.then(|| self.age(copy, at));
        let replaced = seconds_of(at + self.edges);
        answer.date = Some(if self.edge.replaces_date { replaced } else { self.date(copy) });
        answer
    }

    /// What asking the origin has shown.
    fn origin(&self, at: i64) -> Option<Origin> {
        let date = seconds_of(at + self.trip / 2 + self.origins);
        let millis = |time: SystemTime| {
            let since = time.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
            i64::try_from(since.as_millis()).expect("millis")
        };
        let date = millis(date) - BASE;
        let least = date - (at + self.trip + self.ours);
        let most = date + 1000 - (at + self.ours);
        let clock = Some(Offset { least, most });
        let known = Origin { answer: None, sends_age: self.upstream.is_some(), clock };
        self.is_origin_known.then_some(known)
    }

    fn elapsed(&self, asked: i64) -> Elapsed {
        Elapsed {
            until_answer: duration(asked + self.trip - self.purge.0),
            until_request: duration(asked - self.purge.1),
            sent: time(self.purge.0 + self.ours),
        }
    }

    /// The verdict on a copy, and on the copy some seconds later if a second look is necessary.
    fn judge(
        &self,
        copy: Copied,
        asked: i64,
        later: Copied,
        pause: i64,
    ) -> (Copied, Reason, Answer) {
        let answer = self.answer(copy, asked);
        let origin = self.origin(asked);
        let question = Question {
            elapsed: Some(self.elapsed(asked)),
            origin: origin.as_ref(),
            ..Question::default()
        };
        let reason = judge(&question, &answer);
        if reason != Reason::SecondLook {
            return (copy, reason, answer);
        }
        let (Some(age), Some(date)) = (answer.age, answer.date) else { panic!("{answer:?}") };
        let earlier = Some(Sight { age, date, received: answer.received });
        let asked = asked + self.trip + pause;
        let answer = self.answer(later, asked);
        let question = Question { elapsed: Some(self.elapsed(asked)), earlier, ..question };
        let reason = judge(&question, &answer);
        (later, reason, answer)
    }
}

fn edge() -> impl Strategy<Value = Edge> {
    let rounding = prop_oneof![Just(Rounding::Down), Just(Rounding::Up), Just(Rounding::Seconds)];
    (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), rounding).prop_map(
        |(corrects, replaces_date, is_frozen, rounding)| Edge {
            corrects,
            replaces_date,
            is_frozen,
            rounding,
        },
    )
}

/// Clocks are mostly right, sometimes slightly wrong, and sometimes wrong by hours.
fn offset() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), -5_000..5_000_i64, -200_000..200_000_i64, -20_000_000..20_000_000_i64]
}

fn while_ago() -> impl Strategy<Value = i64> {
    prop_oneof![0..3_000_i64, 0..20_000_i64, 0..400_000_i64]
}

fn world(is_origin_known: bool) -> impl Strategy<Value = World> {
    let clocks = (offset(), offset(), offset());
    let upstream = prop::option::weighted(0.3, while_ago());
    (clocks, 0..10_000_i64, edge(), upstream, 0..3_000_i64).prop_map(
        move |((ours, edges, origins), again, edge, upstream, trip)| match is_origin_known {
            true => World {
                ours,
                edges,
                origins,
                purge: (0, again),
                edge,
                upstream,
                is_origin_known,
                trip,
            },
            // If the origin is not asked, `Age` is assumed to count from it: no cache is in front of it, and its clock
            // agrees with that of the edge.
            false => World {
                ours,
                edges: origins,
                origins,
                purge: (0, again),
                edge: Edge { is_frozen: false, ..edge },
                upstream: None,
                is_origin_known,
                trip,
            },
        },
    )
}

fn any_world() -> impl Strategy<Value = World> {
    any::<bool>().prop_flat_map(world)
}

/// 5,000 cases, or more if `PROPTEST_CASES` says so.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(5_000), ..config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn stale_is_never_said_of_a_copy_that_was_fetched_after_the_purge(
        world in any_world(),
        fetched in while_ago(),
        delay in 0..5_000_i64,
        rest in while_ago(),
        refetched in prop::option::of(0..5_000_i64),
        pause in 5_000..9_000_i64,
    ) {
        let copy = Copied { asked: fetched, arrived: fetched + delay };
        let asked = copy.arrived + rest;
        let again = asked + world.trip + pause;
        let later = refetched.map_or(copy, |ago| Copied { asked: again - ago, arrived: again });
        let (_, reason, answer) = world.judge(copy, asked, later, pause);
        prop_assert_ne!(reason.verdict(), Verdict::Stale, "{:?}", answer);
    }

    #[test]
    fn a_copy_whose_age_shows_that_it_is_older_than_the_purge_is_never_fresh(
        world in any_world(),
        before in while_ago(),
        delay in 0..5_000_i64,
        rest in while_ago(),
    ) {
        let arrived = world.purge.1 - before;
        let copy = Copied { asked: arrived - delay, arrived };
        let asked = world.purge.1 + rest;
        // A frozen `Age` does not show it.
        let world = World { edge: Edge { is_frozen: false, ..world.edge }, ..world };
        let (_, reason, answer) = world.judge(copy, asked, copy, 5_000);
        prop_assert_ne!(reason.verdict(), Verdict::Fresh, "{:?}", answer);
    }

    #[test]
    fn a_copy_that_is_much_older_is_found_where_clocks_and_caches_are_right(
        world in any_world(),
        before in 20_000..400_000_i64,
        rest in while_ago(),
    ) {
        let world = World { edges: 0, origins: 0, ours: 0, upstream: None, ..world };
        let edge = Edge { is_frozen: false, ..world.edge };
        let world = World { edge, ..world };
        let copy = Copied { asked: -before - 100, arrived: -before };
        let asked = world.purge.1 + rest;
        let (_, reason, answer) = world.judge(copy, asked, copy, 6_000);
        prop_assert_eq!(reason, Reason::OlderThanPurge, "{:?}", answer);
    }

    #[test]
    fn a_copy_that_was_fetched_after_is_found_where_clocks_and_caches_are_right(
        world in any_world(),
        after in 0..400_000_i64,
        rest in while_ago(),
    ) {
        let edge = Edge { is_frozen: false, ..world.edge };
        let world = World { edges: 0, origins: 0, ours: 0, upstream: None, edge, ..world };
        let fetched = world.purge.1 + 6_000 + after;
        let copy = Copied { asked: fetched, arrived: fetched + 100 };
        let (_, reason, answer) = world.judge(copy, copy.arrived + rest, copy, 6_000);
        prop_assert_eq!(reason, Reason::FetchedAfter, "{:?}", answer);
    }
}
