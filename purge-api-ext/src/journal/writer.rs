//! Writes a journal on a thread of its own, so that a slow disk delays only requests that have to wait for it.
//!
//! The entries of concurrent requests are written as one line, and synced once. An entry that nobody waits for, such as
//! an accepted request, is written with the next one that somebody waits for: otherwise the next request would have to
//! wait until its predecessor's entry is on disk, and then for its own.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::file::named;
use super::format::{Header, Line, MAX_EVENTS, encode};
use super::sink::JournalSink;
use crate::error::{Error, ErrorKind};
use crate::ledger::Entry;
use crate::plan::Plan;
use crate::sanitize::{excerpt, shown};

/// How many bytes of a plan are appended at once, unless one line is longer.
const AT_ONCE: usize = 256 * 1024;

/// How long an entry that nobody waits for may be kept back. If the program is killed meanwhile, its request is in doubt
/// for the next run, as if it had still been in flight.
const KEPT_BACK: Duration = Duration::from_millis(20);

/// Where the requests of a run send their entries.
#[derive(Debug)]
pub(crate) struct Writer {
    events: Sender<Told>,
    ended: oneshot::Receiver<()>,
}

/// An entry, and who waits until it is on disk.
struct Told {
    event: Entry,
    written: Option<oneshot::Sender<Result<(), Error>>>,
}

/// What comes before the events of a run.
pub(super) enum Start {
    /// A new journal.
    Plan { header: Header, plan: Arc<Plan> },
    /// A resumed journal: where its last complete line ends, and its checksum.
    Tail { length: u64, checksum: u32 },
}

impl Writer {
    /// Starts writing, and waits until the beginning is on disk.
    pub(super) async fn start(
        sink: Box<dyn JournalSink>,
        path: PathBuf,
        start: Start,
    ) -> Result<Self, Error> {
        let (events, told) = channel();
        let (ready, started) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let lines = Lines {
            sink,
            path: path.clone(),
            checksum: 0,
            length: 0,
            changed: false,
            failed: None,
        };
        let thread = thread::Builder::new().name("purge-journal".to_owned());
        let thread = thread.spawn(move || lines.work(start, ready, &told, end));
        thread.map_err(|error| cannot_be_written(&path, &error))?;
        match started.await {
            Ok(begun) => begun.map(|()| Self { events, ended }),
            Err(_) => Err(cannot_be_written(&path, &io::Error::other("its thread has ended"))),
        }
    }

    /// Writes an entry without waiting: with the next one that somebody waits for, or shortly after. It reaches the disk
    /// before any later entry does.
    pub(crate) fn note(&self, event: Entry) {
        // Cannot fail: the thread ends only after all senders are dropped.
        let _ = self.events.send(Told { event, written: None });
    }

    /// Writes an entry, and waits until it is on disk.
    pub(crate) async fn write(&self, event: Entry) -> Result<(), Error> {
        let (written, answer) = oneshot::channel();
        let _ = self.events.send(Told { event, written: Some(written) });
        let ended = || Error::new(ErrorKind::Journal, "the thread of the journal has ended");
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Writes the end of the run, waits until everything is on disk, and releases the file.
    pub(crate) async fn end(self) -> Result<(), Error> {
        let written = self.write(Entry::Ended { at: super::now() }).await;
        drop(self.events);
        // An error means that the file is released already.
        let _ = self.ended.await;
        written
    }
}

/// The sink, and what was appended to it.
struct Lines {
    sink: Box<dyn JournalSink>,
    path: PathBuf,
    checksum: u32,
    length: u64,
    /// Whether this run has written anything, so that its end must be written as well.
    changed: bool,
    /// Set after an error. It is then unknown what is on disk, so nothing more is written.
    failed: Option<Error>,
}

impl Lines {
    fn work(
        mut self,
        start: Start,
        ready: oneshot::Sender<Result<(), Error>>,
        told: &Receiver<Told>,
        end: oneshot::Sender<()>,
    ) {
        let begun = self.begin(start).map_err(|error| cannot_be_written(&self.path, &error));
        // If nobody waits any more, the run was dropped.
        if ready.send(begun).is_ok() {
            while let Some(next) = next(told, KEPT_BACK) {
                let (events, waiting): (Vec<_>, Vec<_>) =
                    next.into_iter().map(|told| (told.event, told.written)).unzip();
                let result = self.append(events);
                for waiting in waiting.into_iter().flatten() {
                    let _ = waiting.send(result.clone());
                }
            }
        }
        drop(self.sink);
        let _ = end.send(());
    }

    fn begin(&mut self, start: Start) -> io::Result<()> {
        match start {
            Start::Tail { length, checksum } => {
                (self.length, self.checksum) = (length, checksum);
                self.cut()
            }
            Start::Plan { header, plan } => {
                let written = self.plan(header, &plan);
                if written.is_err() {
                    // An empty file can be used for a new journal.
                    self.length = 0;
                    let _ = self.cut();
                }
                written
            }
        }
    }

    fn plan(&mut self, header: Header, plan: &Plan) -> io::Result<()> {
        let mut lines = Vec::new();
        let requests = plan.batches().iter().enumerate().map(|(number, batch)| {
            let paths = batch.paths().map(Into::into).collect();
            Line::Request { number, paths }
        });
        for line in std::iter::once(Line::Header(header)).chain(requests) {
            let (bytes, checksum) = encode(self.checksum, &line)?;
            if lines.len() + bytes.len() > AT_ONCE {
                self.sink.append(&lines)?;
                lines.clear();
            }
            lines.extend_from_slice(&bytes);
            self.checksum = checksum;
            self.length += bytes.len() as u64;
        }
        self.sink.append(&lines)?;
        self.sink.sync()
    }

    fn append(&mut self, events: Vec<Entry>) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        // A run that had nothing to do leaves the journal unchanged.
        if !self.changed && events.iter().all(|event| matches!(event, Entry::Ended { .. })) {
            return Ok(());
        }
        self.changed = true;
        self.try_append(events).map_err(|error| {
            // Half a line would be harmless, but takes up space that may be scarce.
            let _ = self.cut();
            self.failed.insert(cannot_be_written(&self.path, &error)).clone()
        })
    }

    fn try_append(&mut self, events: Vec<Entry>) -> io::Result<()> {
        let (bytes, checksum) = encode(self.checksum, &Line::Events(events))?;
        self.sink.append(&bytes)?;
        self.sink.sync()?;
        self.checksum = checksum;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Drops everything after the last complete line.
    fn cut(&mut self) -> io::Result<()> {
        self.sink.truncate(self.length)
    }
}

/// The entries of the next line; `None` when the run is over.
fn next(told: &Receiver<Told>, kept_back: Duration) -> Option<Vec<Told>> {
    let mut next = vec![told.recv().ok()?];
    let until = Instant::now() + kept_back;
    while next.len() < MAX_EVENTS && next.iter().all(|told| told.written.is_none()) {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(more) => next.push(more),
            Err(_) => break,
        }
    }
    let room = MAX_EVENTS - next.len();
    next.extend(told.try_iter().take(room));
    Some(next)
}

fn cannot_be_written(path: &std::path::Path, error: &io::Error) -> Error {
    let message = shown!(
        "{journal} cannot be written: {error}; no further requests are sent. Fix this, then resume the run",
        journal = named(path),
        error = excerpt(error),
    );
    Error::new(ErrorKind::Journal, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::Applied;

    fn sent(request: usize) -> Entry {
        Entry::Sending { request, attempt: 1, at: 0, service_time: None }
    }

    fn lost(request: usize) -> Entry {
        let (applied, message) = (Applied::Maybe, Default::default());
        Entry::Failed { request, applied, message, service_time: None, unsent: false }
    }

    fn told(events: impl IntoIterator<Item = (Entry, bool)>) -> (Sender<Told>, Receiver<Told>) {
        let (sender, receiver) = channel();
        for (event, is_waited_for) in events {
            let written = is_waited_for.then(|| oneshot::channel().0);
            sender.send(Told { event, written }).expect("the receiver is there");
        }
        (sender, receiver)
    }

    fn entries(line: Option<Vec<Told>>) -> Vec<Entry> {
        line.into_iter().flatten().map(|told| told.event).collect()
    }

    #[test]
    fn entries_that_nobody_waits_for_are_written_with_the_next_one() {
        const LONG: Duration = Duration::from_secs(60);
        // The sender is alive, so `next` waits that long unless somebody waits for an entry.
        for all in [
            vec![(sent(1), true)],
            vec![(sent(1), true), (lost(1), false)],
            vec![(lost(0), false), (sent(1), true), (sent(2), true), (lost(1), false)],
        ] {
            let expected: Vec<_> = all.iter().map(|(event, _)| event.clone()).collect();
            let (sender, receiver) = told(all);
            let begun = Instant::now();
            assert_eq!(entries(next(&receiver, LONG)), expected);
            assert!(begun.elapsed() < LONG / 2, "nobody waits for nothing");
            drop(sender);
        }
        let (sender, receiver) = told([(lost(0), false)]);
        let later = thread::spawn(move || entries(next(&receiver, LONG)));
        let written = Some(oneshot::channel().0);
        sender.send(Told { event: sent(1), written }).expect("the receiver is there");
        assert_eq!(later.join().expect("it returns"), [lost(0), sent(1)]);
    }

    #[test]
    fn entry_that_nobody_waits_for_is_not_kept_back_for_long() {
        let (sender, receiver) = told([(lost(0), false)]);
        assert_eq!(entries(next(&receiver, Duration::from_millis(1))), [lost(0)]);
        drop(sender);
    }

    #[test]
    fn every_entry_is_written_when_the_run_ends() {
        let (sender, receiver) = told((0..MAX_EVENTS + 1).map(|request| (lost(request), false)));
        drop(sender);
        let lines: Vec<_> =
            std::iter::from_fn(|| next(&receiver, Duration::from_secs(60))).collect();
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_EVENTS, 1]);
    }
}
