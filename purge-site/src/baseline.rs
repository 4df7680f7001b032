//! A manifest that outlives runs: what a cache may hold, as far as earlier runs know.

mod files;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use purge_api_ext::escape;

use crate::difference::Difference;
use crate::manifest::Manifest;
use files::{LastRun, New, Pending, read_if_there};

/// The manifest of the site that was purged last, in a file that is replaced only after everything was purged.
///
/// Before a run purges anything, it records the files it is about to purge in a file next to this one (`.pending-…`).
/// If the run does not finish, these files are in doubt, and the next run purges them whatever they contain by then:
/// a change that was uploaded and reverted may have been cached in between.
///
/// If another run overlaps with this one, it is unknown which of the two sites was uploaded last. All files in which the
/// two may differ are then in doubt for the next run.
///
/// ```
/// use purge_site::{Baseline, Difference, Manifest};
///
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("site.sha256");
/// # let site = Manifest::new();
/// let mut baseline = Baseline::open(&file)?;
/// let difference = Difference::between(baseline.manifest().unwrap_or(&Manifest::new()), &site);
/// baseline.begin(&difference)?;
/// // Here the difference is purged. If that fails, the baseline is dropped.
/// baseline.finish(&site)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Baseline {
    file: PathBuf,
    /// The contents of the file when it was opened.
    text: Option<Vec<u8>>,
    /// The last run that had finished by then.
    last: LastRun,
    manifest: Option<Manifest>,
    in_doubt: usize,
    /// What the file says about those that are in doubt.
    doubted: Manifest,
    /// Pending files of runs that had already ended without finishing when the baseline was opened.
    earlier: Vec<PathBuf>,
    /// The pending file of this run.
    pending: Option<Pending>,
    /// The files in it.
    begun: Manifest,
}

/// The result of [`Baseline::finish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The baseline is now the manifest of the site.
    Replaced,
    /// It is, but another run overlapped with this one: this many files are in doubt for the next run.
    InDoubt(usize),
}

impl Baseline {
    /// Reads a baseline, if there is one, and what unfinished runs left behind.
    ///
    /// # Errors
    ///
    /// When the baseline cannot be read, is empty, or is not a manifest, or when a pending file is damaged
    /// ([`BaselineError::is_of_pending_file`]).
    pub fn open(file: &Path) -> Result<Self, BaselineError> {
        // A link stays a link: its target is replaced.
        let file = files::target(file);
        let error = |why: String| BaselineError::new(&file, why);
        let cannot = |cause: io::Error| error(format!("cannot be read: {cause}"));
        // Pending files are read before the baseline: one that another run removes in between is in the baseline by
        // then.
        let (mut earlier, doubts) = doubts(&file)?;
        // A run that is still under way may fail; then its files are left to the next run.
        earlier.retain(|pending| files::is_dead(pending));
        // A run that finishes after this line is noticed later, even if it leaves the manifest as it is.
        let last = LastRun::of(&file);
        let text = read_if_there(&file).map_err(cannot)?;
        let mut manifest = match &text {
            None => None,
            Some(text) if text.is_empty() => {
                return Err(error("is empty, so it is not the manifest of a site".to_owned()));
            }
            Some(text) => Some(
                Manifest::parse(text).map_err(|why| error(format!("is not a manifest: {why}")))?,
            ),
        };
        let doubted = manifest.as_ref().map(|known| known.only(doubts.names())).unwrap_or_default();
        if let Some(manifest) = &mut manifest {
            manifest.doubt(doubts.names());
        }
        let in_doubt = doubts.len();
        let (pending, begun) = (None, Manifest::new());
        Ok(Self { file, text, last, manifest, in_doubt, doubted, earlier, pending, begun })
    }

    /// The files that are in doubt because an earlier run of the baseline in this file did not finish. Their contents are
    /// unknown.
    ///
    /// # Errors
    ///
    /// When what an unfinished run left behind cannot be read, or is not a manifest.
    pub fn doubts(file: &Path) -> Result<Manifest, BaselineError> {
        let file = files::target(file);
        doubts(&file).map(|(_, doubts)| doubts)
    }

    /// What a cache may hold, or `None` if there is no baseline.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// What the last finished run left in the caches of the files that are in doubt. They may have newer contents by now.
    #[must_use]
    pub fn doubted(&self) -> &Manifest {
        &self.doubted
    }

    /// How many files are in doubt because an earlier run did not finish.
    #[must_use]
    pub fn in_doubt(&self) -> usize {
        self.in_doubt
    }

    /// The path of the file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Records what is about to be purged, so that it is purged again if this run does not finish.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Do not send anything then.
    pub fn begin(&mut self, difference: &Difference) -> Result<(), BaselineError> {
        // Without a baseline, the next run cannot rely on anything anyway.
        let Some(opened) = &self.manifest else { return Ok(()) };
        let cannot = |cause: io::Error| {
            self.error(&format!("needs a file next to it, which cannot be written: {cause}"))
        };
        let new = New::of(&self.file).map_err(cannot)?;
        let mut doubts = Manifest::new();
        doubts.doubt(difference.iter().map(|(name, _)| name));
        // If this run fails, the next one compares with what another run has written since.
        if let Some(now) = self.replaced(&new).map_err(cannot)? {
            let either = opened.clone().or(&now);
            doubts.doubt(unknown(&either));
        }
        // Even a file without names shows other runs that this one is under way.
        let pending = Pending::create(&new, &self.file, &doubts.to_text()).map_err(cannot)?;
        (self.pending, self.begun) = (Some(pending), doubts);
        Ok(())
    }

    /// Makes the site the baseline. Call it after everything was purged.
    ///
    /// # Errors
    ///
    /// When it cannot be written. The baseline is then unchanged, and the next run purges the same files again.
    pub fn finish(self, site: &Manifest) -> Result<Finished, BaselineError> {
        let cannot = |cause: io::Error| self.error(&format!("cannot be written: {cause}"));
        let new = New::of(&self.file).map_err(cannot)?;
        let mut known = site.clone();
        if let Some(now) = self.replaced(&new).map_err(cannot)? {
            known = known.or(&now);
        }
        if self.is_overlapped().map_err(cannot)? {
            // If the other run fails, its file lists what it has purged, and not what this run has.
            known.doubt(self.begun.names());
        }
        let in_doubt = unknown(&known).count();
        let text = known.to_text();
        new.note_run().map_err(cannot)?;
        if read_if_there(&self.file).map_err(cannot)?.as_ref() != Some(&text) {
            new.replace(&self.file, &text).map_err(cannot)?;
        }
        // A pending file that is left behind only causes one more purge.
        drop(self.pending.map(Pending::remove));
        // Without a baseline, it was not part of the difference.
        if self.manifest.is_some() {
            self.earlier.iter().for_each(|pending| drop(std::fs::remove_file(pending)));
        }
        Ok(if in_doubt > 0 { Finished::InDoubt(in_doubt) } else { Finished::Replaced })
    }

    /// The manifest of another run that has finished since this one opened the baseline; none if there is no such run.
    fn replaced(&self, new: &New) -> io::Result<Option<Manifest>> {
        let now = read_if_there(&self.file)?;
        if now == self.text && new.last_run()? == self.last {
            return Ok(None);
        }
        Ok(now.map(|now| Manifest::parse(&now).unwrap_or_default()))
    }

    /// Whether another run has begun that had not failed when this one opened the baseline, and has not finished.
    fn is_overlapped(&self) -> io::Result<bool> {
        let own = self.pending.as_ref().map(Pending::path);
        let pending = files::pending(&self.file)?;
        Ok(pending.iter().any(|file| Some(file.as_path()) != own && !self.earlier.contains(file)))
    }

    fn error(&self, why: &str) -> BaselineError {
        BaselineError::new(&self.file, why.to_owned())
    }
}

/// The names of the files whose content is unknown.
fn unknown(manifest: &Manifest) -> impl Iterator<Item = &[u8]> {
    let unknown = manifest.iter().filter(|(_, entry)| entry.digest.is_unknown());
    unknown.map(|(name, _)| name)
}

/// What unfinished runs left behind: their files, and the names in them.
fn doubts(file: &Path) -> Result<(Vec<PathBuf>, Manifest), BaselineError> {
    let cannot = |cause: io::Error| BaselineError::new(file, format!("cannot be read: {cause}"));
    let earlier = files::pending(file).map_err(cannot)?;
    let mut doubts = Manifest::new();
    for pending in &earlier {
        let Some(text) = read_if_there(pending).map_err(cannot)? else { continue };
        let damaged = |why: &str| BaselineError::of_pending(file, pending, why);
        if text.is_empty() {
            return Err(damaged("it is empty"));
        }
        let more = Manifest::parse(&text).map_err(|why| damaged(&why.to_string()))?;
        doubts.doubt(more.names());
    }
    Ok((earlier, doubts))
}

/// Why a baseline cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineError {
    file: PathBuf,
    why: String,
    is_of_pending: bool,
}

impl BaselineError {
    fn new(file: &Path, why: String) -> Self {
        Self { file: file.to_owned(), why, is_of_pending: false }
    }

    fn of_pending(file: &Path, pending: &Path, why: &str) -> Self {
        let pending = escape(&pending.to_string_lossy());
        let why = format!("has a pending file `{pending}`, which is not a manifest: {why}");
        Self { is_of_pending: true, ..Self::new(file, why) }
    }

    /// Whether a pending file next to the baseline is damaged, not the baseline itself. It is then unknown what an
    /// unfinished run has purged.
    #[must_use]
    pub fn is_of_pending_file(&self) -> bool {
        self.is_of_pending
    }
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the baseline `{}` {}", escape(&self.file.to_string_lossy()), self.why)
    }
}

impl std::error::Error for BaselineError {}

/// A lock that is held until this is dropped.
type Lock = File;

#[cfg(test)]
mod tests;
