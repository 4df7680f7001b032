//! Places at which a test kills or stops the process, to check what its successor does.

/// A marked place. In a release build it does nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn mark(_place: &str) {}

/// A marked place. With `PURGE_QUEUE_FAILPOINT=PLACE:N=kill` in the environment, the process kills itself when it
/// reaches the place for the N-th time; with `=stop`, it stops there until it is continued.
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
