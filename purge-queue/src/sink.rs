//! The journal of a run as notes of the lane's journal.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use purge_api_ext::JournalSink;
use tokio::runtime::Handle;

use crate::engine::Engine;
use crate::note::Note;
use crate::term::Term;

/// The most bytes of one message.
const AT_ONCE: usize = 256 * 1024;

/// Where the run of a round writes. What was appended is acknowledged by a majority.
pub(crate) struct LaneSink<E> {
    term: Term<E>,
    round: u64,
    length: u64,
    /// All that was written, for the one who follows the operations.
    text: Arc<Mutex<Vec<u8>>>,
    runtime: Handle,
}

impl<E: Engine> LaneSink<E> {
    pub(crate) fn new(term: Term<E>, round: u64, text: Arc<Mutex<Vec<u8>>>) -> Self {
        let length = text.lock().unwrap_or_else(PoisonError::into_inner).len() as u64;
        Self { term, round, length, text, runtime: Handle::current() }
    }
}

impl<E: Engine> JournalSink for LaneSink<E> {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let is_sending = has(lines, b"\"sending\"");
        if !is_sending && has(lines, b"\"accepted\"") {
            crate::marks::mark("answered");
        }
        for bytes in lines.chunks(AT_ONCE) {
            let (round, offset) = (self.round, self.length);
            let note = Note::Lines { round, offset, bytes: bytes.to_vec() };
            self.runtime.block_on(self.term.append(&note)).map_err(io::Error::other)?;
            self.length += bytes.len() as u64;
        }
        self.text.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(lines);
        if is_sending {
            crate::marks::mark("sending");
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        // Each append was acknowledged.
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        // What follows says where it belongs.
        self.length = length;
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }
}

fn has(lines: &[u8], word: &[u8]) -> bool {
    cfg!(debug_assertions) && lines.windows(word.len()).any(|window| window == word)
}

/// A sink for a run that only follows what was sent: whatever it wants to send is refused.
pub(crate) struct Closed;

impl JournalSink for Closed {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::other("the round is sent"))
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}
