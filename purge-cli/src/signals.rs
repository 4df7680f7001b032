//! SIGINT and SIGTERM: the first shuts a run down gracefully, the second ends the process.
//!
//! One interruption may arrive as several signals: `timeout` sends SIGTERM to its child and to its own process group, and a
//! parent passes on the SIGINT that the terminal has sent as well. So signals right after the first one do not count.
//!
//! From the first run on, a dedicated thread handles them, so that they take effect even while something blocks: a
//! terminal that does not read, or a silent standard input. Before that, a signal ends the process immediately. Other
//! commands need no second thread, and one would slow them down: the allocator takes locks as soon as there are two.

use std::future::IntoFuture;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use purge_api_ext::Shutdown;

use crate::exit::Exit;

/// Messages during a graceful shutdown, from the threads that handle signals.
pub(crate) trait Voice: Send + Sync {
    /// Writes a line, which may block.
    fn say(&self, line: &str);

    /// Restores the terminal before the process ends.
    fn leave(&self);
}

/// The signals of this process. Before a run begins, the first one ends the process, since nothing was sent.
#[derive(Clone, Default)]
pub(crate) struct Signals(Arc<State>);

#[derive(Default)]
struct State {
    shutdown: Shutdown,
    /// The first signal, and when it arrived.
    received: OnceLock<(Exit, Instant)>,
    /// Whether a run is in progress that can be shut down gracefully.
    running: AtomicBool,
    voice: Mutex<Option<Arc<dyn Voice>>>,
    /// Whether a signal ends the process, until the thread starts. `None` if signals are left to the caller.
    ends: Option<Arc<AtomicBool>>,
    /// Set when the thread was started.
    started: OnceLock<()>,
}

impl Signals {
    /// Handles the signals from now on or, if that is not possible, leaves them to the system.
    pub(crate) fn watch() -> Self {
        let ends = Arc::new(AtomicBool::new(true));
        let end = end_process_while(&ends);
        let signals = Self(Arc::new(State { ends: Some(ends), ..State::default() }));
        if end.is_err() {
            signals.start();
        }
        signals
    }

    /// Lets a thread handle the signals, which can shut a run down. If it cannot start, they still end the process.
    fn start(&self) {
        self.0.started.get_or_init(|| self.spawn());
    }

    fn spawn(&self) {
        let Some(ends) = &self.0.ends else { return };
        let (ready, watched) = sync_channel(1);
        let signals = self.clone();
        let thread = thread::Builder::new().name("purge-signals".to_owned());
        // An error means that the thread has ended, for lack of a runtime.
        if thread.spawn(move || signals.run(&ready)).is_ok() && watched.recv().is_ok() {
            ends.store(false, Ordering::SeqCst);
        }
    }

    /// The shutdown of the runs of this process.
    pub(crate) fn shutdown(&self) -> Shutdown {
        self.0.shutdown.clone()
    }

    /// Awaits a run that [`shutdown`](Self::shutdown) ends gracefully.
    pub(crate) async fn drain<R: IntoFuture>(&self, voice: Arc<dyn Voice>, run: R) -> R::Output {
        *self.0.voice.lock().unwrap_or_else(PoisonError::into_inner) = Some(voice);
        self.start();
        self.0.running.store(true, Ordering::SeqCst);
        let output = run.await;
        self.0.running.store(false, Ordering::SeqCst);
        output
    }

    /// The exit code of the signal that arrived, if any.
    pub(crate) fn received(&self) -> Option<Exit> {
        self.0.received.get().map(|(exit, _)| *exit)
    }

    fn run(&self, ready: &SyncSender<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(mut signals) = Incoming::new() else { return };
            // `spawn` waits for this.
            let _ = ready.send(());
            while let Some(exit) = signals.next().await {
                self.take(exit);
            }
        });
    }

    fn take(&self, exit: Exit) {
        let state = &*self.0;
        let now = Instant::now();
        if let Some((first, at)) = state.received.get()
            && is_echo(*first, exit, now - *at)
        {
            return;
        }
        let voice = state.voice.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !state.running.load(Ordering::SeqCst) || state.received.set((exit, now)).is_err() {
            voice.iter().for_each(|voice| voice.leave());
            process::exit(exit as i32);
        }
        state.shutdown.begin();
        // On its own thread: the next signal must take effect even if nothing reads standard error.
        let signals = self.clone();
        let tell = move || {
            // A run that has ended meanwhile has said so, and the notice would contradict it.
            if !signals.0.running.load(Ordering::SeqCst) {
                return;
            }
            let text = "interrupted: no new requests are sent; waiting for those under way; interrupt \
                        again to exit immediately";
            voice.iter().for_each(|voice| voice.say(text));
        };
        let _ = thread::Builder::new().spawn(tell);
    }
}

/// Whether a signal that arrives this long after the first one belongs to the same interruption.
fn is_echo(first: Exit, next: Exit, after: Duration) -> bool {
    /// A person who presses Ctrl-C again is slower.
    const AT_ONCE: Duration = Duration::from_millis(200);
    /// Only programs send SIGTERM twice.
    const SOON: Duration = Duration::from_secs(1);

    let is_repeated = (first, next) == (Exit::Terminated, Exit::Terminated);
    after < if is_repeated { SOON } else { AT_ONCE }
}

/// Lets a signal end the process while the flag is set.
#[cfg(unix)]
fn end_process_while(flag: &Arc<AtomicBool>) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag::register_conditional_shutdown;

    for (signal, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
        register_conditional_shutdown(signal, exit as i32, Arc::clone(flag))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn end_process_while(_: &Arc<AtomicBool>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signal_after_a_while_is_a_second_one() {
        let (int, term) = (Exit::Interrupted, Exit::Terminated);
        let echo = |first, next, ms| is_echo(first, next, Duration::from_millis(ms));
        assert!(echo(int, int, 0) && echo(term, term, 0) && echo(int, term, 199));
        assert!(echo(term, term, 999) && !echo(term, term, 1000));
        // A person who presses Ctrl-C again, or a supervisor that loses its patience.
        assert!(!echo(int, int, 200) && !echo(int, term, 200) && !echo(term, int, 200));
    }
}
