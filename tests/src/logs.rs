//! What libraries tell to `tracing`, for the tests that listen.

use std::sync::Once;

use tracing::Subscriber;
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing_subscriber::Registry;

/// Lets a subscriber hear what happens on this thread, until the guard is dropped.
pub fn listen(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    static AWAKE: Once = Once::new();
    AWAKE.call_once(|| {
        // Whether anybody wants to know of a place in the code is remembered for the whole process, and
        // found out anew whenever a subscriber comes or goes. A test could miss what it waits for while
        // another one ends; with somebody who is always interested, nothing is ever forgotten.
        set_global_default(Registry::default()).expect("nobody else sets it");
    });
    set_default(subscriber)
}
