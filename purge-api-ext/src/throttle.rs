//! When the next request of a client may be sent: not while the service asks for a pause, and not faster
//! than the caller allows.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::lock::lock;
use crate::rate::Rate;

/// Decides when the next request may be sent, by one rate and one pause that the service asked for. Clones share the
/// same state.
///
/// Each client has its own, which all its runs share. A program with several clients of one account, for example one
/// for each token, can give all of them the same throttle: see [`ClientBuilder::throttle`]. A program whose runs are
/// resumed elsewhere can pass the pause on: see [`pause_left`](Self::pause_left) and [`pause_for`](Self::pause_for).
///
/// ```
/// use purge_api_ext::{Client, Throttle};
///
/// let throttle = Throttle::new(Some("5/s".parse()?));
/// let one = Client::builder("token").throttle(throttle.clone()).build()?;
/// let other = Client::builder("other-token").throttle(throttle.clone()).build()?;
/// assert_eq!(throttle.pause_left(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`ClientBuilder::throttle`]: crate::ClientBuilder::throttle
// No lock is held across a wait. So a caller that stops polling, such as a stream in a `select!`, delays the others by
// at most one interval.
#[derive(Clone, Debug, Default)]
pub struct Throttle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    rate: Option<Rate>,
    state: Mutex<State>,
    /// Notified when waiting requests may have moved up in the queue, or a pause has begun.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    pause: Option<Pause>,
    /// When the next place is free.
    next: Option<Instant>,
    /// When the last request was sent.
    departed: Option<Instant>,
    /// The tickets of the requests that wait for a place, in order.
    queue: VecDeque<u64>,
    /// Since when the first ticket has been at the front.
    first_since: Option<Instant>,
    tickets: u64,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    /// When the pause that the service asked for ends.
    asked: Instant,
    /// When a request is sent at the latest, to find out whether the service still asks for the pause.
    until: Instant,
}

/// The service asked for a pause that is longer than the caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    /// How much of that pause is left.
    pub(crate) left: Duration,
}

/// The place of one request in the rate. If it is dropped before the request is sent, it becomes free again.
#[derive(Debug)]
pub(crate) struct Place {
    throttle: Throttle,
    is_free: bool,
}

impl Place {
    /// Waits until the request may be sent, and takes the place. Since its turn came, the request may have been delayed
    /// until it is too close to another one, or a pause may have begun.
    pub(crate) async fn depart(mut self, patience: Duration) -> Result<(), TooLong> {
        loop {
            self.throttle.wait_out_pause(patience).await?;
            let Some(rate) = self.throttle.0.rate else { break };
            let wait = {
                let mut state = self.throttle.state();
                let now = Instant::now();
                let earliest = state.departed.map_or(now, |last| last + rate.interval());
                if earliest <= now {
                    state.departed = Some(now);
                    state.next = state.next.max(Some(now + rate.interval()));
                    break;
                }
                earliest
            };
            sleep_until(wait).await;
        }
        self.is_free = false;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_free && self.throttle.0.rate.is_some() {
            self.throttle.state().next = None;
            self.throttle.0.changed.notify_waiters();
        }
    }
}

/// A place in the queue, which is given up when the request stops waiting.
struct Ticket<'a> {
    throttle: &'a Throttle,
    number: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.throttle.state().leave(self.number);
        self.throttle.0.changed.notify_waiters();
    }
}

impl Throttle {
    /// The longest pause, so that one response cannot silence a program for a day.
    const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

    /// A throttle with this rate. With `None`, the rate is not limited.
    #[must_use]
    pub fn new(rate: Option<Rate>) -> Self {
        Self(Arc::new(Shared { rate, ..Shared::default() }))
    }

    /// Holds all requests back for this long, as `Retry-After` in a response of the service does. An earlier pause that
    /// ends later stays in effect.
    pub fn pause_for(&self, delay: Duration) {
        let now = Instant::now();
        let asked = now + delay.min(crate::retry::LONGEST);
        let until = now + delay.min(Self::LONGEST_PAUSE);
        {
            let pause = &mut self.state().pause;
            *pause = Some(pause.map_or(Pause { asked, until }, |earlier| Pause {
                asked: earlier.asked.max(asked),
                until: earlier.until.max(until),
            }));
        }
        self.0.changed.notify_waiters();
    }

    /// Waits until the service asks for a pause longer than `patience`.
    pub(crate) async fn too_long(&self, patience: Duration) -> TooLong {
        loop {
            let mut changed = pin!(self.0.changed.notified());
            changed.as_mut().enable();
            let (pause, now) = (self.state().pause, Instant::now());
            if let Some(pause) =
                pause.filter(|pause| pause.until > now && pause.until - now > patience)
            {
                return TooLong { left: pause.asked - now };
            }
            changed.await;
        }
    }

    /// Waits for the turn of a request. Fails if the service has asked for a pause longer than `patience`.
    pub(crate) async fn turn(&self, patience: Duration) -> Result<Place, TooLong> {
        if let Some(rate) = self.0.rate {
            let ticket = self.ticket();
            loop {
                self.wait_out_pause(patience).await?;
                let mut changed = pin!(self.0.changed.notified());
                changed.as_mut().enable();
                let due = self.state().due(ticket.number, rate.interval());
                let Some(due) = due else { break };
                select(pin!(sleep_until(due)), changed).await;
            }
        } else {
            self.wait_out_pause(patience).await?;
        }
        Ok(Place { throttle: self.clone(), is_free: true })
    }

    fn ticket(&self) -> Ticket<'_> {
        let mut state = self.state();
        state.tickets += 1;
        let number = state.tickets;
        state.queue_up(number);
        Ticket { throttle: self, number }
    }

    async fn wait_out_pause(&self, patience: Duration) -> Result<(), TooLong> {
        loop {
            let Some(pause) = self.state().pause else { return Ok(()) };
            let now = Instant::now();
            if pause.until <= now {
                return Ok(());
            }
            if pause.until - now > patience {
                return Err(TooLong { left: pause.asked - now });
            }
            sleep_until(pause.until).await;
        }
    }

    /// How much is left of the pause that the service asked for. `None` once requests are sent again.
    #[must_use]
    pub fn pause_left(&self) -> Option<Duration> {
        let (pause, now) = (self.state().pause?, Instant::now());
        (pause.until > now).then(|| pause.asked - now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}

impl State {
    /// Gives the next place to a ticket, or returns when to ask again.
    ///
    /// Each ticket in the queue is due one interval after the one before it. A ticket that has not asked by then is
    /// passed over, and has to queue up again.
    fn due(&mut self, ticket: u64, interval: Duration) -> Option<Instant> {
        let now = Instant::now();
        let Some(before) = self.queue.iter().position(|other| *other == ticket) else {
            self.queue_up(ticket);
            return Some(now + interval);
        };
        let paused = self.pause.map(|pause| pause.until);
        let free = self.next.max(self.first_since).max(paused).unwrap_or(now);
        let wait = interval.saturating_mul(u32::try_from(before).unwrap_or(u32::MAX));
        let due = free + wait.min(crate::retry::LONGEST);
        if due > now {
            return Some(due);
        }
        self.queue.drain(..=before);
        self.first_since = Some(now);
        self.next = Some(now + interval);
        None
    }

    fn queue_up(&mut self, ticket: u64) {
        if self.queue.is_empty() {
            self.first_since = Some(Instant::now());
        }
        self.queue.push_back(ticket);
    }

    fn leave(&mut self, ticket: u64) {
        if self.queue.front() == Some(&ticket) {
            self.first_since = Some(Instant::now());
        }
        self.queue.retain(|other| *other != ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn throttled(rate: Option<Rate>) -> Throttle {
        Throttle::new(rate)
    }

    async fn go(throttle: &Throttle) {
        let place = throttle.turn(PATIENCE).await.expect("its turn");
        place.depart(PATIENCE).await.expect("its time");
    }

    async fn second_of_a_turn(throttle: &Throttle, start: Instant) -> u64 {
        go(throttle).await;
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_spread_evenly() {
        let throttle = throttled(Some(Rate::new(5, Duration::from_secs(1))));
        let start = Instant::now();
        for place in 0..10 {
            go(&throttle).await;
            assert_eq!(start.elapsed(), Duration::from_millis(200 * place));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pause_holds_all_requests_back_and_the_longest_counts() {
        let throttle = throttled(None);
        let start = Instant::now();
        throttle.pause_for(Duration::from_secs(7));
        throttle.pause_for(Duration::from_secs(3));
        go(&throttle).await;
        assert_eq!(start.elapsed(), Duration::from_secs(7));
        go(&throttle).await;
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn clones_share_one_rate_and_one_pause() {
        let throttle = throttled(Some(Rate::new(1, Duration::from_secs(1))));
        let (other, start) = (throttle.clone(), Instant::now());
        go(&throttle).await;
        go(&other).await;
        assert_eq!(start.elapsed().as_secs(), 1);
        other.pause_for(Duration::from_secs(9));
        assert_eq!(throttle.pause_left(), Some(Duration::from_secs(9)));
        go(&throttle).await;
        assert_eq!(start.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn pause_does_not_end_in_a_burst() {
        let throttle = throttled(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        throttle.pause_for(Duration::from_secs(10));
        let turn = || second_of_a_turn(&throttle, start);
        let turns = tokio::join!(turn(), turn(), turn());
        assert_eq!(turns, (10, 11, 12));
    }

    #[tokio::test(start_paused = true)]
    async fn pause_that_begins_later_does_not_end_in_a_burst_either() {
        let throttle = throttled(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        let turn = || second_of_a_turn(&throttle, start);
        let pause = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            throttle.pause_for(Duration::from_millis(9500));
        };
        let (turns, ()) = tokio::join!(async { tokio::join!(turn(), turn(), turn()) }, pause);
        assert_eq!(turns, (0, 10, 11));
    }

    #[tokio::test(start_paused = true)]
    async fn endless_interval_does_not_panic() {
        let throttle = throttled(Some(Rate::new(1, Duration::MAX)));
        go(&throttle).await;
        assert!(
            tokio::time::timeout(Duration::from_secs(60), throttle.turn(PATIENCE)).await.is_err()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn pause_longer_than_the_patience_is_not_waited_for() {
        let throttle = throttled(None);
        let start = Instant::now();
        throttle.pause_for(Duration::from_secs(100));
        let too_long = throttle.turn(PATIENCE).await.expect_err("a long pause");
        assert_eq!((too_long.left.as_secs(), start.elapsed()), (100, Duration::ZERO));
        tokio::time::sleep(Duration::from_secs(40)).await;
        go(&throttle).await;
        assert_eq!(start.elapsed().as_secs(), 100);
        throttle.pause_for(Duration::from_secs(10));
        let longer = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            throttle.pause_for(Duration::MAX);
        };
        let (turn, ()) = tokio::join!(throttle.turn(PATIENCE), longer);
        assert!(turn.is_err(), "a pause that grows while it is waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn unused_place_goes_to_the_next_request() {
        let throttle = throttled(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        go(&throttle).await;
        for _ in 0..100 {
            tokio::time::timeout(Duration::from_millis(1), throttle.turn(PATIENCE))
                .await
                .expect_err("soon");
        }
        go(&throttle).await;
        assert_eq!(start.elapsed().as_secs(), 1);
        tokio::time::sleep(Duration::from_secs(1)).await;
        for _ in 0..100 {
            drop(throttle.turn(PATIENCE).await.expect("its turn"));
        }
        assert_eq!(start.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn interval_begins_when_a_place_is_taken() {
        let throttle = throttled(Some(Rate::new(4, Duration::from_secs(1))));
        let start = Instant::now();
        let slow = async || {
            let place = throttle.turn(PATIENCE).await.expect("its turn");
            // Preparing the request takes until the same moment for all of them.
            tokio::time::sleep_until(start + Duration::from_secs(2)).await;
            place.depart(PATIENCE).await.expect("its time");
            start.elapsed().as_millis()
        };
        let (a, b, c) = tokio::join!(slow(), slow(), slow());
        let mut all = [a, b, c];
        all.sort_unstable();
        assert_eq!(all, [2000, 2250, 2500]);
    }

    #[tokio::test(start_paused = true)]
    async fn short_pause_keeps_the_order() {
        let throttle = throttled(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        let turn = || second_of_a_turn(&throttle, start);
        let pause = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            throttle.pause_for(Duration::from_millis(600));
        };
        let waiting = futures_util::future::join_all((0..30).map(|_| turn()));
        let (turns, ()) = tokio::join!(waiting, pause);
        assert!(turns.iter().max().is_some_and(|last| *last <= 31), "{turns:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn pause_of_a_year_ends_after_an_hour() {
        let throttle = throttled(None);
        throttle.pause_for(Duration::MAX);
        assert_eq!(
            throttle.pause_left(),
            Some(crate::retry::LONGEST),
            "the requested pause is reported"
        );
        throttle.turn(PATIENCE).await.expect_err("a long pause");
        tokio::time::advance(Throttle::LONGEST_PAUSE).await;
        go(&throttle).await;
    }

    #[tokio::test(start_paused = true)]
    async fn caller_that_stops_polling_delays_the_others_by_one_interval() {
        let throttle = throttled(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        go(&throttle).await;
        let mut stalled = Box::pin(throttle.turn(PATIENCE));
        let polled = tokio::time::timeout(Duration::ZERO, stalled.as_mut()).await;
        polled.expect_err("it is first in the queue");
        for second in [2, 3, 4] {
            go(&throttle).await;
            assert_eq!(start.elapsed().as_secs(), second);
        }
        // It queues up again when it is polled.
        stalled.await.expect("its turn").depart(PATIENCE).await.expect("its time");
        assert_eq!(start.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn place_held_without_being_polled_delays_no_request() {
        let throttle = throttled(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        let held = throttle.turn(PATIENCE).await.expect("its turn");
        go(&throttle).await;
        go(&throttle).await;
        assert_eq!(start.elapsed().as_secs(), 2);
        held.depart(PATIENCE).await.expect("its time");
        assert_eq!(start.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn pause_that_begins_after_the_turn_is_waited_for() {
        for rate in [None, Some(Rate::new(100, Duration::from_secs(1)))] {
            let throttle = throttled(rate);
            let start = Instant::now();
            let place = throttle.turn(PATIENCE).await.expect("its turn");
            throttle.pause_for(Duration::from_secs(7));
            place.depart(PATIENCE).await.expect("its time");
            assert_eq!(start.elapsed().as_secs(), 7);
            let place = throttle.turn(PATIENCE).await.expect("its turn");
            throttle.pause_for(Duration::from_secs(100));
            assert_eq!(place.depart(PATIENCE).await.expect_err("a long pause").left.as_secs(), 100);
        }
    }
}
