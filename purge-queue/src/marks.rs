//! Places at which a test ends or stops the process, to see what its successor makes of it.

/// A marked place. In what is released it does nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn mark(_place: &str) {}

/// A marked place: with `PURGE_QUEUE_FAILPOINT=PLACE:N=kill` in the environment, the process ends when it comes to the
/// place for the N-th time, and with `=stop` it stops until somebody continues it.
#[cfg(debug_assertions)]
pub(crate) fn mark(place: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};

    static SEEN: AtomicU32 = AtomicU32::new(0);

    let Ok(wanted) = std::env::var("PURGE_QUEUE_FAILPOINT") else { return };
    let Some((wanted, action)) = wanted.split_once('=') else { return };
    let (wanted, number) = wanted.split_once(':').unwrap_or((wanted, "1"));
    if wanted != place || (SEEN.fetch_add(1, Ordering::SeqCst) + 1).to_string() != number {
        return;
    }
    if action == "kill" {
        std::process::abort();
    }
    let stop = format!("kill -STOP {}", std::process::id());
    let _ = std::process::Command::new("sh").args(["-c", &stop]).status();
}
