//! What a run has done, in a file that outlives it.

mod format;
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
pub(crate) use writer::Writer;
#[cfg(any(test, fuzzing))]
pub(crate) use {format::sealed, read::read};

use file::{Locked, refusal};
use format::{Fingerprint, VERSION};
use read::Unreadable;
use writer::Start;

/// The journal of a run: a file from which the run can be resumed if it ends early.
///
/// A crash, a full disk or an impatient operator leaves the question which of its paths are purged. With a journal
/// there is an answer: the plan is in it before anything is sent, and each request before it is sent. The next run
/// sends only what is not known to be accepted:
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
/// A request that was sent, and whose answer is not in the journal, is looked up in the list of purge
/// requests first. If it is not found there it is sent again, and its outcome says that there may be a
/// duplicate. These are at most as many as were under way at once: [`Purge::concurrency`]. What failed is
/// tried again, too.
///
/// The look-up compares times by the service's clock alone, which its answers show and the journal keeps: the
/// clocks of the machines may differ, or be adjusted. A request that was sent before any answer had come is sent
/// again without a look-up.
///
/// The file holds the service's address, the organization, the resource, the paths, and the identifiers of
/// the operations, a JSON object a line; never the token. Only its owner can read it. Each line has a
/// checksum that includes the lines before. A last line that is torn is dropped; any other damage is an
/// error that names the line.
///
/// A checksum is not a signature: a journal that somebody else wrote says which paths of your account are
/// purged, as a list of paths does. It does not say where your token goes, and a path that purges the whole
/// resource needs your consent again: [`allow_full_purge`](Self::allow_full_purge). On Unix, a file that
/// belongs to another user or can be written by others is refused, and so is everywhere a link, a device or a
/// pipe.
///
/// As long as it exists it is locked against other processes, and a run keeps it to its end. If it cannot be
/// written any more, no further request is sent, and the outcomes say why: [`ErrorKind::Journal`].
/// The file is written on a thread of its own; what requests under way at the same time tell is synced to
/// the disk at once.
///
/// [`Purge::concurrency`]: crate::Purge::concurrency
/// [`ErrorKind::Journal`]: crate::ErrorKind::Journal
#[must_use = "it does nothing until it is given to a purge"]
pub struct Journal {
    path: PathBuf,
    file: Locked,
    /// What is in it; nothing, if it is new.
    contents: Option<Contents>,
    full_purge: Option<PurgeEverything>,
}

impl Journal {
    /// Creates the file of a new journal. This and [`open`](Self::open) block, as the functions of
    /// [`std::fs`] do.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when there is such a file and it is not empty, not a regular file or, on
    /// Unix, not private to its owner; when it cannot be created, or another process has it.
    ///
    /// [`ErrorKind::InvalidInput`]: crate::ErrorKind::InvalidInput
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        Ok(Self { file: file::create(&path)?, path, contents: None, full_purge: None })
    }

    /// Opens the journal of an earlier run and reads it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when there is no such file, it is not a journal or a damaged one, the run
    /// ended before it sent anything, or another process has it; on Unix also when the file belongs to
    /// another user or can be written by others.
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
        Ok(Self { path, file, contents: Some(contents), full_purge: None })
    }

    /// Writes a plan into a new journal before its run begins: for a program that begins several runs together, so
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

    /// Lets a run that is resumed send a path that purges the whole resource, such as `/*`. The consent to
    /// the first run is not in the file, since anyone may have written that.
    pub fn allow_full_purge(mut self, consent: PurgeEverything) -> Self {
        self.full_purge = Some(consent);
        self
    }

    /// The name of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The address of the service that an opened journal was written for; none of a new journal.
    ///
    /// It is there to be shown and compared. Do not give it to
    /// [`ClientBuilder::base_url`](crate::ClientBuilder::base_url): then the file would say where your token
    /// goes. Take the address from your own settings; a journal of another one is refused.
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

    /// How many requests an opened journal holds, with those that others were split into and without the
    /// latter; 0 of a new journal.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.count(|end| !matches!(end, End::Split { .. }))
    }

    /// How many of them the service has accepted.
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

    /// Refuses a journal that is about something else.
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
        let requests = self.contents.iter().flat_map(|contents| &contents.requests);
        if let Some(plan) = plan {
            // A checksum would not tell it from one that was made to have the same.
            if requests.eq(plan.batches()) {
                return Ok(());
            }
            let other = "belongs to another list of paths; resume it without a list";
            return Err(refusal(&self.path, other));
        }
        let mut paths = requests.flat_map(Batch::paths);
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

    /// Begins to write: for a new journal, the plan. What is in an opened one comes back in any case, unless
    /// it is about something else.
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
        (Writer::start(self.file, self.path, start).await, self.contents)
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

/// What time it is, in milliseconds since 1970: for people who read a journal.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}
