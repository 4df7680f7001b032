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

/// How long an entry that nobody waits for may be kept back. If the program is killed meanwhile, the next run looks its
/// request up in the list.
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
            while let Some(next) = next(told) {
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
fn next(told: &Receiver<Told>) -> Option<Vec<Told>> {
    let mut next = vec![told.recv().ok()?];
    let until = Instant::now() + KEPT_BACK;
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
        Entry::Failed { request, applied, message, service_time: None }
    }

    /// What the thread writes at once, when all of this is told before it begins.
    fn lines(told: impl IntoIterator<Item = (Entry, bool)>) -> Vec<Vec<Entry>> {
        let (events, receiver) = channel();
        for (event, is_waited_for) in told {
            let written = is_waited_for.then(|| oneshot::channel().0);
            events.send(Told { event, written }).expect("the receiver is there");
        }
        drop(events);
        let lines = std::iter::from_fn(|| next(&receiver));
        lines.map(|line| line.into_iter().map(|told| told.event).collect()).collect()
    }

    #[test]
    fn entries_that_nobody_waits_for_are_written_with_the_next_one() {
        let all = [(lost(0), false), (sent(1), true), (sent(2), true), (lost(1), false)];
        let expected = all.iter().map(|(event, _)| event.clone()).collect();
        assert_eq!(lines(all), [expected] as [Vec<Entry>; 1]);
        assert_eq!(lines([(lost(0), false)]), [[lost(0)]], "none follows");
        let many = (0..MAX_EVENTS + 1).map(|request| (lost(request), false));
        let counts: Vec<_> = lines(many).iter().map(Vec::len).collect();
        assert_eq!(counts, [MAX_EVENTS, 1]);
    }

    #[test]
    fn entry_that_nobody_waits_for_is_not_kept_back_for_long() {
        let (events, receiver) = channel();
        let (begun, began) = (Instant::now(), thread::spawn(move || next(&receiver)));
        events.send(Told { event: lost(0), written: None }).expect("the receiver is there");
        let line = began.join().expect("it returns although the run goes on").expect("a line");
        assert_eq!(line.len(), 1);
        assert!(begun.elapsed() >= KEPT_BACK, "{:?}", begun.elapsed());
        drop(events);
    }
}
