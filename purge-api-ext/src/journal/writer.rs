//! Writing a journal, on a thread of its own, so that a slow disk holds up nobody who need not wait for it.
//!
//! What several requests tell at the same time becomes one line, and is synced once.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use super::file::named;
use super::format::{Header, Line, MAX_EVENTS, encode};
use super::sink::JournalSink;
use crate::error::{Error, ErrorKind};
use crate::ledger::Entry;
use crate::plan::Plan;
use crate::sanitize::{excerpt, shown};

/// How many bytes of a plan are appended at once, unless one line is longer.
const AT_ONCE: usize = 64 * 1024;

/// Where the requests of a run tell what becomes of them.
#[derive(Debug)]
pub(crate) struct Writer {
    events: Sender<Told>,
    ended: oneshot::Receiver<()>,
}

/// An event, and who waits until it is on the disk.
struct Told {
    event: Entry,
    written: Option<oneshot::Sender<Result<(), Error>>>,
}

/// What comes before the events of a run.
pub(super) enum Start {
    /// A new journal.
    Plan { header: Header, plan: Arc<Plan> },
    /// One that is resumed: where its last whole line ends, and its checksum.
    Tail { length: u64, checksum: u32 },
}

impl Writer {
    /// Begins to write, and waits until what comes first is on the disk.
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

    /// Tells an event. It is on the disk before any event that is waited for later.
    pub(crate) fn note(&self, event: Entry) {
        // The thread ends only when nobody tells anything any more.
        let _ = self.events.send(Told { event, written: None });
    }

    /// Tells an event, and waits until it is on the disk.
    pub(crate) async fn write(&self, event: Entry) -> Result<(), Error> {
        let (written, answer) = oneshot::channel();
        let _ = self.events.send(Told { event, written: Some(written) });
        let ended = || Error::new(ErrorKind::Journal, "the thread of the journal has ended");
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Tells the end of the run, waits until everything is on the disk, and gives the file free.
    pub(crate) async fn end(self) -> Result<(), Error> {
        let written = self.write(Entry::Ended { at: super::now() }).await;
        drop(self.events);
        // An error here means that it is free already.
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
    /// Whether this run has written anything worth an end.
    changed: bool,
    /// After an error it is unknown what is on the disk, so there is no second try.
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
        // Whoever does not wait any more has dropped the run.
        if ready.send(begun).is_ok() {
            while let Ok(first) = told.recv() {
                let more = std::iter::once(first).chain(told.try_iter()).take(MAX_EVENTS);
                let (events, waiting): (Vec<_>, Vec<_>) =
                    more.map(|told| (told.event, told.written)).unzip();
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
                    // An empty file can be begun with again.
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
        // A run that has found everything done leaves the journal as it is.
        if !self.changed && events.iter().all(|event| matches!(event, Entry::Ended { .. })) {
            return Ok(());
        }
        self.changed = true;
        self.try_append(events).map_err(|error| {
            // Half a line would do no harm, but takes space that may be scarce.
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

    /// Drops what stands behind the last whole line.
    fn cut(&mut self) -> io::Result<()> {
        self.sink.truncate(self.length)
    }
}

fn cannot_be_written(path: &std::path::Path, error: &io::Error) -> Error {
    let message = shown!(
        "{journal} cannot be written: {error}; no further requests are sent. Fix this, then resume the run",
        journal = named(path),
        error = excerpt(error),
    );
    Error::new(ErrorKind::Journal, message)
}
