//! What a holder has under way, and how it ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use purge_api_ext::Report;

/// Something that goes on beside the holder.
pub(super) type UnderWay<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A round that was sent.
pub(super) struct RoundEnd {
    pub(super) number: u64,
    pub(super) selected: Vec<Arc<str>>,
    /// Whether somebody waits for one of its paths.
    pub(super) is_urgent: bool,
    /// None if it could not even begin.
    pub(super) report: Option<Report>,
    /// The journal of its run.
    pub(super) text: Arc<Mutex<Vec<u8>>>,
}

/// A round whose operations were followed.
pub(super) struct Followed {
    pub(super) number: u64,
    pub(super) report: Option<Report>,
}
