//! Where the bytes of a journal go.

use std::io;

/// The storage of a journal: a file, or a replicated log that other machines can read.
///
/// A journal is append-only text. Its lines are appended in order. A request is sent only after its line was appended
/// and a later [`sync`](Self::sync) has returned. To resume a run, read back everything that the sink holds and pass it
/// to [`Journal::in_sink`](crate::Journal::in_sink).
///
/// The journal calls all methods on its own thread, so they may block. After an error, it is unknown what the sink
/// holds, so nothing more is appended and no further requests are sent.
pub trait JournalSink: Send + Sync {
    /// Appends one or more whole lines. They need not be durable yet.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be stored, or another writer has taken over this journal.
    fn append(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Returns when everything appended so far is durable: it survives whatever the sink promises to survive.
    ///
    /// # Errors
    ///
    /// When it is not durable, or when that is unknown.
    fn sync(&mut self) -> io::Result<()>;

    /// Drops everything after the first `length` bytes: the torn line of a run that died, or one that could not be
    /// appended. The next append continues there.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be dropped.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}
