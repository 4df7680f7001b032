//! The journal of a run, which outlives the run: in a file, or in any other sink.

mod format;
mod sink;
mod file;
mod read;
mod writer;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, ErrorKind};
use crate::id::{OrganizationId, ResourceId};
use crate::ledger::End;
use crate::path::is_everything;
use crate::plan::{Batch, Plan, PurgeEverything};
use crate::resource::Resource;
use crate::sanitize::{Shown, excerpt, shown};
use crate::typed;

pub(crate) use format::Header;
pub(crate) use read::Contents;
pub use sink::JournalSink;
pub(crate) use writer::Writer;
#[cfg(any(test, fuzzing))]
pub(crate) use {format::sealed, read::read};

use file::{FileSink, refusal};
use format::{Fingerprint, VERSION};
use read::Unreadable;
use writer::Start;

/// The journal of a run: a file from which an interrupted run can be resumed.
///
/// After a crash, a full disk or a `kill`, which paths were purged? The journal knows: it has the plan before anything
/// is sent, and each request before it is sent. The next run sends only what is not known to be accepted:
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
/// use purge_api_ext::{Journal, Plan};
///
/// let plan = Plan::parse(["/index.html", "/images/*"])?;
/// let report = site.purge(plan).journal(Journal::create("deploy.journal")?).await;
/// if !report.is_success() {
///     // Later, perhaps in another process:
///     let report = site.resume(Journal::open("deploy.journal")?)?.await;
///     println!("{:?}", report.summary);
/// }
/// # Ok(())
/// # }
/// ```
///
/// A request that was sent but has no response in the journal is first looked up in the list of purge requests. If it
/// is not there, or the list cannot be read, it is sent again, and its outcome says that there may be a duplicate. At
/// most as many requests are affected as can be in flight: [`Purge::concurrency`]. Failed requests are tried again as
/// well.
///
/// The look-up uses only the service's clock, which responses reveal and the journal keeps, because the clocks of
/// machines differ and can be adjusted. A request that was sent before the first response is sent again without a
/// look-up.
///
/// The file has the service's address, the organization, the resource, the paths, and the operation IDs, as one JSON
/// object per line; never the token. Only its owner can read it. Each line has a checksum that covers the previous
/// lines as well. A torn last line is dropped; any other damage is an error that names the line.
///
/// A checksum is not a signature. The author of a journal decides which paths of your account are purged, as with a
/// list of paths. But a journal does not decide where your token is sent, and a path that purges the whole resource
/// needs your consent again: [`allow_full_purge`](Self::allow_full_purge). On Unix, a file that belongs to another user
/// or that others can write is refused. On every system, so is a link, a device or a pipe.
///
/// The file is locked against other processes while this value exists, and until the run that it is given to ends. If
/// it can no longer be written, no further requests are sent, and the outcomes say why: [`ErrorKind::Journal`]. The
/// file is written on a thread of its own, which syncs the entries of concurrent requests to disk together.
///
/// [`Purge::concurrency`]: crate::Purge::concurrency
/// [`ErrorKind::Journal`]: crate::ErrorKind::Journal
#[must_use = "it does nothing until it is given to a purge"]
pub struct Journal {
    /// The name of the file, or the name that was passed to [`in_sink`](Self::in_sink).
    path: PathBuf,
    sink: Box<dyn JournalSink>,
    /// The contents; `None` if it is new.
    contents: Option<Contents>,
    full_purge: Option<PurgeEverything>,
}

impl Journal {
    /// Creates a new journal. Like the functions of [`std::fs`], this and [`open`](Self::open) block.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the file exists and is not empty, not a regular file or, on Unix, not
    /// private to its owner; when it cannot be created, or is locked by another process.
    ///
    /// [`ErrorKind::InvalidInput`]: crate::ErrorKind::InvalidInput
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let sink = Box::new(FileSink::created(file::create(&path)?, &path));
        Ok(Self { path, sink, contents: None, full_purge: None })
    }

    /// Opens the journal of an earlier run and reads it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the file does not exist, is not a journal, is damaged, belongs to a run
    /// that ended before anything was sent, or is locked by another process; on Unix also when it belongs to another
    /// user or can be written by others.
    ///
    /// [`ErrorKind::InvalidInput`]: crate::ErrorKind::InvalidInput
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let file = file::open(&path)?;
        let contents = read::read(BufReader::new(&*file)).map_err(|why| match why {
            Unreadable::NoJournal => {
                let file = typed::name(path.as_os_str());
                Error::new(ErrorKind::InvalidInput, shown!("the file `{file}` {why}", file, why))
            }
            why => refusal(&path, why),
        })?;
        let sink = Box::new(FileSink::opened(file, &path));
        Ok(Self { path, sink, contents: Some(contents), full_purge: None })
    }

    /// A journal in a sink other than a file, such as a log that other machines can read. `past` is what the sink
    /// already holds: nothing for a new journal, or, to resume a run, every byte that was appended. `name` identifies
    /// the journal in messages.
    ///
    /// Only the times in a journal that are by the service's clock matter, so another machine can resume the run.
    ///
    /// ```
    /// use std::io;
    /// use std::sync::{Arc, Mutex};
    ///
    /// use purge_api_ext::{Journal, JournalSink};
    ///
    /// struct Memory(Arc<Mutex<Vec<u8>>>);
    ///
    /// impl JournalSink for Memory {
    ///     fn append(&mut self, lines: &[u8]) -> io::Result<()> {
    ///         self.0.lock().unwrap().extend_from_slice(lines);
    ///         Ok(())
    ///     }
    ///     fn sync(&mut self) -> io::Result<()> {
    ///         Ok(())
    ///     }
    ///     fn truncate(&mut self, length: u64) -> io::Result<()> {
    ///         self.0.lock().unwrap().truncate(usize::try_from(length).unwrap());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let kept = Arc::new(Mutex::new(Vec::new()));
    /// let journal = Journal::in_sink("memory", Memory(kept.clone()), &[])?;
    /// // `site.purge(plan).journal(journal).await`, and after a crash:
    /// let past = kept.lock().unwrap().clone();
    /// let journal = Journal::in_sink("memory", Memory(kept), &past)?;
    /// # Ok::<(), purge_api_ext::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when `past` is damaged or not a journal, or the run ended before it sent
    /// anything.
    pub fn in_sink(
        name: impl Into<PathBuf>,
        sink: impl JournalSink + 'static,
        past: &[u8],
    ) -> Result<Self, Error> {
        let path = name.into();
        let contents = if past.is_empty() {
            None
        } else {
            Some(read::read(past).map_err(|why| refusal(&path, why))?)
        };
        Ok(Self { path, sink: Box::new(sink), contents, full_purge: None })
    }

    /// Writes a plan into the file of a new journal before its run begins: for a program that begins several runs together, so
    /// that a crash during the first loses nothing of the others. Give the result to the purge of the same plan.
    ///
    /// ```no_run
    /// # async fn run(sites: Vec<purge_api_ext::Resource>) -> Result<(), Box<dyn std::error::Error>> {
    /// use purge_api_ext::{Journal, Plan};
    ///
    /// let plan = Plan::parse(["/index.html"])?;
    /// let mut purges = Vec::new();
    /// for (number, site) in sites.iter().enumerate() {
    ///     let journal = Journal::create(format!("deploy-{number}.journal"))?;
    ///     let journal = journal.record(site, &plan).await?;
    ///     purges.push(site.purge(plan.clone()).journal(journal));
    /// }
    /// for purge in purges {
    ///     println!("{:?}", purge.await.summary);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Journal`] when it cannot be written, [`ErrorKind::InvalidInput`] when it is not new and belongs to
    /// something else.
    ///
    /// [`ErrorKind::InvalidInput`]: crate::ErrorKind::InvalidInput
    /// [`ErrorKind::Journal`]: crate::ErrorKind::Journal
    pub async fn record(self, resource: &Resource, plan: &Plan) -> Result<Self, Error> {
        let path = self.path.clone();
        let (writer, _) = self.begin(resource, Some(Arc::new(plan.clone()))).await;
        writer?.end().await?;
        let recorded = Self::open(path)?;
        // Its lock was free for a moment.
        recorded.check(resource, Some(plan))?;
        Ok(recorded)
    }

    /// Lets a resumed run send a path that purges the whole resource, such as `/*`. The consent given for the first run
    /// is not in the file, because anyone could have written it there.
    pub fn allow_full_purge(mut self, consent: PurgeEverything) -> Self {
        self.full_purge = Some(consent);
        self
    }

    /// The name of the file, or the name that was passed to [`in_sink`](Self::in_sink).
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The address of the service that an opened journal was written for; `None` for a new journal.
    ///
    /// Use it for display and comparison only. If you pass it to
    /// [`ClientBuilder::base_url`](crate::ClientBuilder::base_url), the file decides where your token is sent. Take the
    /// address from your own settings; a journal of another address is refused.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.header().map(|header| header.service.as_str())
    }

    /// The organization that an opened journal was written for.
    #[must_use]
    pub fn organization(&self) -> Option<OrganizationId> {
        self.header().map(|header| header.organization)
    }

    /// The CDN resource that an opened journal was written for.
    #[must_use]
    pub fn resource(&self) -> Option<ResourceId> {
        self.header().map(|header| header.resource)
    }

    /// How many requests an opened journal has. A split request counts as its two halves. 0 for a new journal.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.count(|end| !matches!(end, End::Split { .. }))
    }

    /// How many of these requests the service has accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.count(|end| matches!(end, End::Accepted { .. }))
    }

    fn count(&self, counts: impl Fn(&End) -> bool) -> usize {
        let stories = self.contents.iter().flat_map(|contents| contents.ledger.stories());
        stories.filter(|story| counts(&story.end)).count()
    }

    fn header(&self) -> Option<&Header> {
        self.contents.as_ref().map(|contents| &contents.header)
    }

    /// Refuses a journal that belongs to something else.
    pub(crate) fn check(&self, resource: &Resource, plan: Option<&Plan>) -> Result<(), Error> {
        let Some(header) = self.header() else {
            let new = "is new: there is nothing to resume; purge a plan with it";
            return if plan.is_some() { Ok(()) } else { Err(refusal(&self.path, new)) };
        };
        let other = |what: &'static str, its: Shown, asked: Shown, fix: Shown| {
            let what =
                shown!("belongs to the {what} {its}, not to {asked}; {fix}", what, its, asked, fix);
            refusal(&self.path, what)
        };
        if header.service != resource.base_url() {
            let (its, asked) = (excerpt(&header.service), excerpt(resource.base_url()));
            let fix = shown!("if you trust {its} with your token, pass `--base-url {its}`", its);
            return Err(other("service", its, asked, fix));
        }
        if header.organization != resource.organization() {
            let its = shown!("{its}", its = header.organization);
            let fix = shown!("to resume it, pass `--organization {its}`", its);
            let asked = shown!("{asked}", asked = resource.organization());
            return Err(other("organization", its, asked, fix));
        }
        if header.resource != resource.id() {
            let its = shown!("{its}", its = header.resource);
            let fix = shown!("to resume it, pass `--resource {its}`", its);
            let asked = shown!("{asked}", asked = resource.id());
            return Err(other("resource", its, asked, fix));
        }
        if let Some(plan) = plan {
            let other = "belongs to another list of paths; resume it without a list";
            return self.check_requests(plan.batches(), other);
        }
        let mut paths = self.planned().flat_map(Batch::paths);
        match paths.find(|path| self.full_purge.is_none() && is_everything(path)) {
            None => Ok(()),
            Some(path) => Err(refusal(
                &self.path,
                shown!(
                    "holds `{path}`, which purges the whole resource; pass `--allow-full-purge` again if \
                     that is what you want",
                    path = excerpt(path),
                ),
            )),
        }
    }

    /// Refuses a journal that cannot replace the one with these contents in a resumed run.
    pub(crate) fn check_replaces(
        &self,
        replaced: &Contents,
        resource: &Resource,
    ) -> Result<(), Error> {
        self.check(resource, None)?;
        let other = "belongs to another list of paths than the journal that it replaces";
        self.check_requests(&replaced.requests, other)
    }

    fn check_requests(&self, requests: &[Batch], other: &'static str) -> Result<(), Error> {
        // Compare all paths: a checksum can be forged.
        if self.planned().eq(requests) { Ok(()) } else { Err(refusal(&self.path, other)) }
    }

    fn planned(&self) -> impl Iterator<Item = &Batch> {
        self.contents.iter().flat_map(|contents| &contents.requests)
    }

    /// What it had when it was opened. Its lock is released.
    pub(crate) fn into_contents(self) -> Option<Contents> {
        self.contents
    }

    /// Starts writing; a new journal starts with the plan. Returns the contents of an opened journal even if writing
    /// fails, unless the journal belongs to something else.
    pub(crate) async fn begin(
        self,
        resource: &Resource,
        plan: Option<Arc<Plan>>,
    ) -> (Result<Writer, Error>, Option<Contents>) {
        if let Err(error) = self.check(resource, plan.as_deref()) {
            return (Err(error), None);
        }
        let start = match (&self.contents, plan) {
            (None, Some(plan)) => Start::Plan { header: Header::new(resource, &plan), plan },
            (contents, _) => {
                let tail = contents.as_ref().map(|contents| (contents.length, contents.checksum));
                let (length, checksum) = tail.unwrap_or_default();
                Start::Tail { length, checksum }
            }
        };
        (Writer::start(self.sink, self.path, start).await, self.contents)
    }
}

impl Header {
    fn new(resource: &Resource, plan: &Plan) -> Self {
        Self {
            version: VERSION,
            service: resource.base_url().to_owned(),
            organization: resource.organization(),
            resource: resource.id(),
            plan: Fingerprint::of_plan(plan),
            requests: plan.batches().len(),
            input: plan.input(),
            duplicates: plan.duplicates(),
            covered: plan.covered(),
            extra: plan.extra(),
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The current time, in milliseconds since 1970. Informational only.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}
