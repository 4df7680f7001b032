//! SIGINT and SIGTERM: the first ends a run in good order, the second the process.
//!
//! They are taken on a thread of their own, so that they count also while something blocks: a terminal
//! that reads nothing, a standard input that says nothing.

use std::future::IntoFuture;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::{io, thread};

use purge_api_ext::Shutdown;

use crate::exit::Exit;

/// What speaks while a run ends in good order, on the threads of the signals.
pub(crate) trait Voice: Send + Sync {
    /// Writes a line, which may block.
    fn say(&self, line: &str);

    /// Leaves the terminal as it was, before the process ends.
    fn leave(&self);
}

/// The signals of this process. Until a run begins, the first one ends the process: nothing was sent.
#[derive(Clone, Default)]
pub(crate) struct Signals(Arc<State>);

#[derive(Default)]
struct State {
    shutdown: Shutdown,
    received: OnceLock<Exit>,
    /// Whether there is a run that ends in good order.
    running: AtomicBool,
    voice: Mutex<Option<Arc<dyn Voice>>>,
}

impl Signals {
    /// Takes the signals from now on; or leaves them to the system, if that is not possible.
    pub(crate) fn watch() -> Self {
        let signals = Self::default();
        let watching = signals.clone();
        let (ready, watched) = sync_channel(1);
        let thread = thread::Builder::new().name("purge-signals".to_owned());
        if thread.spawn(move || watching.run(&ready)).is_ok() {
            // An error means that the thread has ended, as it does without a runtime.
            let _ = watched.recv();
        }
        signals
    }

    /// What ends the runs of this process.
    pub(crate) fn shutdown(&self) -> Shutdown {
        self.0.shutdown.clone()
    }

    /// Runs something that ends in good order by [`shutdown`](Self::shutdown).
    pub(crate) async fn drain<R: IntoFuture>(&self, voice: Arc<dyn Voice>, run: R) -> R::Output {
        *self.0.voice.lock().unwrap_or_else(PoisonError::into_inner) = Some(voice);
        self.0.running.store(true, Ordering::SeqCst);
        let output = run.await;
        self.0.running.store(false, Ordering::SeqCst);
        output
    }

    /// The exit code of the signal that came, if one did.
    pub(crate) fn received(&self) -> Option<Exit> {
        self.0.received.get().copied()
    }

    fn run(&self, ready: &SyncSender<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(mut signals) = Incoming::new() else { return };
            // Whoever started the thread waits for it.
            let _ = ready.send(());
            while let Some(exit) = signals.next().await {
                self.take(exit);
            }
        });
    }

    fn take(&self, exit: Exit) {
        let state = &*self.0;
        let voice = state.voice.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !state.running.load(Ordering::SeqCst) || state.received.set(exit).is_err() {
            voice.iter().for_each(|voice| voice.leave());
            process::exit(exit as i32);
        }
        state.shutdown.begin();
        // On a thread of its own: the next signal must count even if nobody reads standard error.
        let tell = move || {
            let text = "interrupted: no new request is sent, and the answers to those under way are \
                        waited for; interrupt again to end immediately";
            voice.iter().for_each(|voice| voice.say(text));
        };
        let _ = thread::Builder::new().spawn(tell);
    }
}

#[cfg(unix)]
struct Incoming {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Incoming {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    async fn next(&mut self) -> Option<Exit> {
        tokio::select! {
            interrupted = self.interrupt.recv() => interrupted.map(|()| Exit::Interrupted),
            terminated = self.terminate.recv() => terminated.map(|()| Exit::Terminated),
        }
    }
}

#[cfg(not(unix))]
struct Incoming;

#[cfg(not(unix))]
impl Incoming {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Option<Exit> {
        tokio::signal::ctrl_c().await.ok().map(|()| Exit::Interrupted)
    }
}
