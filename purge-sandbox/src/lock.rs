//! Locks that outlive a panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ignores poisoning: a panic concerns only the thread that panicked, and never leaves the data half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
