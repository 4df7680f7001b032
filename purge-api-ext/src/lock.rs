//! Locks that ignore poisoning.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic in another thread is that thread's failure; the data behind these locks is never left half updated.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
