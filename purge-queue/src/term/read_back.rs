//! Whether an append that was refused, or had no response, is in the journal.

use tokio::time::timeout;

use super::{PATIENCE, Tail, Term};
use crate::engine::{Engine, Stream};
use crate::note::WRITER;

/// What became of an append.
pub(super) enum ReadBack {
    Ours(u64),
    /// It is not stored, and has to follow this message.
    NotStored(u64),
    Fenced,
    Unknown,
}

impl<E: Engine> Term<E> {
    pub(super) async fn read_back(&self, subject: &str, writer: &str, tail: &Tail) -> ReadBack {
        let last = match timeout(PATIENCE, self.0.engine.last(Stream::Journal, subject)).await {
            Ok(Ok(Some(last))) => last,
            Ok(Ok(None)) => return ReadBack::Fenced,
            Ok(Err(_)) | Err(_) => return ReadBack::Unknown,
        };
        match last.header(WRITER) {
            Some(by) if by == writer => ReadBack::Ours(last.sequence),
            _ if [tail.sequence, tail.after].contains(&last.sequence) => {
                ReadBack::NotStored(last.sequence)
            }
            Some(_) => ReadBack::Fenced,
            None => self.step_over(subject, writer, tail.sequence, last.sequence).await,
        }
    }

    /// As `read_back`, if the last message is not a worker's: whether a worker wrote between our last note and that
    /// message. A worker leaves its last note in the journal, so it would be there.
    async fn step_over(&self, subject: &str, writer: &str, tail: u64, last: u64) -> ReadBack {
        let (mut read, mut ours) = (tail, None);
        while read < last {
            let next = self.0.engine.read(Stream::Journal, subject, read + 1);
            let Ok(Ok(messages)) = timeout(PATIENCE, next).await else { return ReadBack::Unknown };
            // A node that lags behind does not have it yet.
            let Some(end) = messages.last() else { return ReadBack::Unknown };
            read = end.sequence;
            for message in &messages {
                match message.header(WRITER) {
                    Some(by) if by == writer => ours = Some(message.sequence),
                    Some(_) => return ReadBack::Fenced,
                    None => {}
                }
            }
        }
        ours.map_or(ReadBack::NotStored(read), ReadBack::Ours)
    }
}
