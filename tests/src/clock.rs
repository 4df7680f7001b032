//! A paused clock, over real connections.
//!
//! The clock of a paused runtime jumps ahead whenever nothing is left to do. A connection whose response is
//! still on its way looks just like that, so the clock is held while a request is in flight, as seen from
//! the library's spans. Time passes only where the client sleeps on purpose, or where a server states that
//! it is being slow.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Nothing takes this long in real time; without this limit, a stuck test would wait forever.
const STUCK: Duration = Duration::from_secs(60);

/// Holds the paused clock of the current runtime. It is a `tracing` layer that watches the library's spans.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    requests: usize,
    tokens: usize,
    released: bool,
    free: bool,
    /// Dropping it ends the blocking task that keeps the clock from advancing.
    hold: Option<Sender<()>>,
}

impl Clock {
    /// Lets time pass during a request in flight, until the next one ends or [`hold`](Self::hold) is
    /// called.
    pub fn release(&self) {
        self.change(|state| state.released = true);
    }

    /// Reverts [`release`](Self::release).
    pub fn hold(&self) {
        self.change(|state| state.released = false);
    }

    /// Lets time pass during all requests, for a server that cannot call [`release`](Self::release).
    pub fn free(&self) {
        self.change(|state| state.free = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let held = state.requests > 0 && !state.released && !state.free;
        if !held && state.tokens == 0 {
            state.hold = None;
        } else if state.hold.is_none() {
            let (sender, receiver) = channel();
            state.hold = Some(sender);
            // The runtime does not advance its clock while a blocking task is running.
            tokio::task::spawn_blocking(move || wait(&receiver));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("the clock")
    }
}

fn wait(receiver: &Receiver<()>) {
    use std::sync::mpsc::RecvTimeoutError::Timeout;

    // Nothing is ever sent; the other end is dropped.
    assert_ne!(receiver.recv_timeout(STUCK), Err(Timeout), "a request is stuck");
}

/// What a span stands for.
enum Step {
    Request,
    Token,
}

fn step(span: &Metadata<'_>) -> Option<Step> {
    match span.name() {
        _ if !span.target().starts_with("purge_api_ext") => None,
        "http" => Some(Step::Request),
        "token" => Some(Step::Token),
        _ => None,
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Clock {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        match step(attributes.metadata()) {
            Some(Step::Request) => self.change(|state| state.requests += 1),
            Some(Step::Token) => self.change(|state| state.tokens += 1),
            None => {}
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        match context.span(&id).and_then(|span| step(span.metadata())) {
            Some(Step::Request) => self.change(|state| {
                state.requests -= 1;
                state.released = false;
            }),
            Some(Step::Token) => self.change(|state| state.tokens -= 1),
            None => {}
        }
    }
}
