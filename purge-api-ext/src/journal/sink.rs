//! Where the bytes of a journal go.

use std::io;

/// What keeps a journal: a file, or a replicated log that other machines can read.
///
/// A journal is a text that only grows. Its lines are appended in order, and nothing is sent before a
/// [`sync`](Self::sync) has returned that follows the line which announces the request. What a sink keeps is read
/// back as one text, and given to [`Journal::over`](crate::Journal::over).
///
/// All functions are called on a thread of the journal's own, so they may block. After an error, nothing more is
/// appended and nothing more is sent: it is unknown then what is kept.
pub trait JournalSink: Send + Sync {
    /// Appends one or more whole lines. They need not be durable yet.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be kept, or somebody else writes this journal by now.
    fn append(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Returns when all that was appended is durable: it survives whatever the sink promises to survive.
    ///
    /// # Errors
    ///
    /// When that is not so, or is unknown.
    fn sync(&mut self) -> io::Result<()>;

    /// Drops everything after the first `length` bytes: the torn line of a run that died, or one that could not be
    /// appended. What is appended next follows there.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be dropped.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}
