use std::borrow::Cow;
use std::collections::HashSet;

use super::batch::Limits;
use super::choose::Goal;
use super::coalesce::{Coalesced, Directories, sorted};
use super::cover::Cover;
use super::{Batch, Plan, PlanError, PurgeEverything};
use crate::PurgePath;
use crate::path::canonical;

/// The options of a [`Plan`].
///
/// # Coalescing
///
/// A thousand paths of one directory are ten requests; the directory as a wildcard is one. An
/// [`inventory`](Self::inventory), a limit of requests or both turn this on, and the plan then sends
/// `/directory/*` in place of the paths in it, where that is allowed:
///
/// | given | the plan |
/// |---|---|
/// | an inventory | purges nothing that was not asked for, and sends the fewest paths |
/// | with [`max_extra`](Self::max_extra) | sends the fewest paths while no more than so many others are purged |
/// | with [`max_requests`](Self::max_requests) | purges the fewest others while it fits in so many requests |
/// | with both | as for `max_requests`, or is an error when that takes more others than `max_extra` |
/// | `max_requests` alone | takes narrow directories rather than wide ones; nobody knows what else is purged |
///
/// Ties go to what purges less, then to what sends less. [`Plan::extra`] says how many paths of the
/// inventory are purged that were not asked for. A path that was asked for and is not in the inventory
/// is sent, or is in a directory that is. The whole resource, `/*`, is never chosen without
/// [`allow_full_purge`](Self::allow_full_purge).
///
/// The wildcards end after a `/`, although the service takes any prefix: an inventory is a little older
/// than the site, and `/app*` also purges the `/apple/` of this morning, while `/app/*` stays in a
/// directory that can be looked at. Directories whose path holds `%2A` are left alone, since it is not
/// published whether the service reads that as a `*`.
///
/// The choice is the best there is for such wildcards, with two exceptions. It is found by a search that
/// looks only at what may beat a good first choice; should that take more than 16,777,216 steps, the
/// first choice is taken: it keeps the limit, and misses the optimum by less than the widest directory
/// saves, or costs. And with [`max_body_bytes`](Self::max_body_bytes) small enough to make requests of
/// fewer paths than the [`batch_size`](Self::batch_size), the limit of requests is kept, but perhaps not
/// at the least cost. With no extra paths allowed there is no search, and the time is that of sorting.
///
/// ```
/// use purge_api_ext::{Plan, PurgePath};
///
/// let paths = |texts: [&str; 3]| texts.map(|text| PurgePath::new(text).expect(text));
/// let plan = Plan::planner()
///     .inventory(paths(["/a/1", "/a/2", "/a/3"]))
///     .max_extra(1)
///     .plan(paths(["/a/1", "/b", "/a/3"]))?;
/// assert_eq!(plan.paths().map(PurgePath::as_str).collect::<Vec<_>>(), ["/a/*", "/b"]);
/// assert_eq!(plan.extra(), Some(1));
/// # Ok::<(), purge_api_ext::PlanError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Planner {
    limits: Limits,
    full_purge: Option<PurgeEverything>,
    inventory: Option<Vec<PurgePath>>,
    max_requests: Option<usize>,
    max_extra: Option<usize>,
}

impl Planner {
    pub(super) fn new() -> Self {
        Self {
            limits: Limits { paths: Plan::MAX_BATCH, bytes: Plan::MAX_BODY_BYTES },
            full_purge: None,
            inventory: None,
            max_requests: None,
            max_extra: None,
        }
    }

    /// Allows a path that purges the whole resource, such as `/*`. Without it, such a path is an error.
    pub fn allow_full_purge(mut self, consent: PurgeEverything) -> Self {
        self.full_purge = Some(consent);
        self
    }

    /// The most paths of one request; more than [`Plan::MAX_BATCH`] counts as that many, 0 as 1.
    /// Default: [`Plan::MAX_BATCH`].
    pub fn batch_size(mut self, paths: usize) -> Self {
        self.limits.paths = paths.clamp(1, Plan::MAX_BATCH);
        self
    }

    /// The most bytes of one request's body, which is JSON. Default: [`Plan::MAX_BODY_BYTES`].
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// All paths of the site, in any order: with them, whole directories are coalesced.
    pub fn inventory(mut self, paths: impl IntoIterator<Item = PurgePath>) -> Self {
        self.inventory = Some(paths.into_iter().collect());
        self
    }

    /// Coalesces directories until the plan fits in so many requests; 0 counts as 1.
    pub fn max_requests(mut self, requests: usize) -> Self {
        self.max_requests = Some(requests.max(1));
        self
    }

    /// How many paths of the inventory may be purged that were not asked for. Default: 0, or where there
    /// is a limit of requests, as many as that takes.
    pub fn max_extra(mut self, paths: usize) -> Self {
        self.max_extra = Some(paths);
        self
    }

    /// Plans the purge of some paths.
    ///
    /// # Errors
    ///
    /// When there is no path, when one purges everything without
    /// [`allow_full_purge`](Self::allow_full_purge), or when one alone is too long for a body. When
    /// the limits of requests and of extra paths cannot be kept. When the inventory is empty or holds a
    /// wildcard, or is missing although the extra paths are limited.
    pub fn plan(self, paths: impl IntoIterator<Item = PurgePath>) -> Result<Plan, PlanError> {
        let paths: Vec<PurgePath> = paths.into_iter().collect();
        if paths.is_empty() {
            return Err(PlanError::empty());
        }
        if self.full_purge.is_none()
            && let Some(path) = paths.iter().find(|path| path.is_full_purge())
        {
            return Err(PlanError::full_purge(path));
        }

        let mut seen: HashSet<Cow<'_, str>> = HashSet::with_capacity(paths.len());
        let first: Vec<bool> = paths.iter().map(|p| seen.insert(canonical(p.as_str()))).collect();
        let cover = Cover::of(seen.iter().filter(|p| p.contains('*')).map(AsRef::as_ref));
        let kept: Vec<&PurgePath> = paths
            .iter()
            .zip(&first)
            .filter(|(path, first)| **first && !cover.covers(&canonical(path.as_str())))
            .map(|(path, _)| path)
            .collect();

        let (batches, coalesced) = match self.directories(&kept, &cover)? {
            None => (self.limits.batches(&kept)?, Coalesced::default()),
            Some(directories) => self.coalesced(&kept, &directories)?,
        };
        Ok(Plan {
            batches,
            input: paths.len(),
            duplicates: paths.len() - seen.len(),
            covered: seen.len() - kept.len() + coalesced.replaced_by.iter().flatten().count(),
            extra: self.extra(&coalesced),
        })
    }

    /// What may be coalesced, and what it costs; `None` when nothing shall be.
    fn directories<'a>(
        &self,
        kept: &[&'a PurgePath],
        cover: &Cover<'_>,
    ) -> Result<Option<Directories<'a>>, PlanError> {
        if self.inventory.is_none() && self.max_extra.is_some() {
            return Err(PlanError::no_inventory());
        }
        if self.inventory.is_none() && self.max_requests.is_none() {
            return Ok(None);
        }
        let kept: Vec<&str> = kept.iter().map(|path| path.as_str()).collect();
        let full_purge = self.full_purge.is_some();
        let mut directories = Directories::of(&kept, |directory| {
            let is_root = directory == "/";
            (full_purge || !is_root) && !directory.contains("%2A") && !directory.contains("%2a")
        });
        let Some(inventory) = &self.inventory else {
            directories.cost_by_paths();
            return Ok(Some(directories));
        };
        if inventory.is_empty() {
            return Err(PlanError::empty_inventory());
        }
        if let Some(path) = inventory.iter().find(|path| path.is_wildcard()) {
            return Err(PlanError::inventory_wildcard(path));
        }
        let inventory: Vec<&str> = inventory.iter().map(PurgePath::as_str).collect();
        directories.cost_by_inventory(&sorted(&inventory), cover);
        Ok(Some(directories))
    }

    fn coalesced(
        &self,
        kept: &[&PurgePath],
        directories: &Directories<'_>,
    ) -> Result<(Vec<Batch>, Coalesced), PlanError> {
        let Some(requests) = self.max_requests else {
            let most = self.max_extra.unwrap_or_default() as u64;
            let coalesced = directories.coalesce(Goal::Extra(most)).unwrap_or_default();
            return Ok((self.batches(kept, &coalesced)?, coalesced));
        };
        let fewest = kept.len() - directories.most_saved();
        let mut sent = requests.saturating_mul(self.limits.paths);
        loop {
            let least = kept.len().saturating_sub(sent) as u64;
            let Some(coalesced) = directories.coalesce(Goal::Saved(least)) else {
                let fewest = fewest.div_ceil(self.limits.paths);
                return Err(PlanError::requests(requests, fewest.max(requests + 1)));
            };
            let batches = self.batches(kept, &coalesced)?;
            if batches.len() > requests {
                // The bytes are what counts: with as much fewer paths it should fit, or next time.
                sent = (sent.min(kept.len()) * requests / batches.len()).max(fewest).min(sent - 1);
                continue;
            }
            return match (self.extra(&coalesced), self.max_extra) {
                (Some(extra), Some(most)) if extra > most => {
                    Err(PlanError::extra(requests, extra, most))
                }
                _ => Ok((batches, coalesced)),
            };
        }
    }

    /// What is sent, in the order in which it was asked for: a wildcard where the first path stood that
    /// it replaces.
    fn batches(&self, kept: &[&PurgePath], coalesced: &Coalesced) -> Result<Vec<Batch>, PlanError> {
        let mut wildcards: Vec<_> = coalesced.wildcards.iter().map(Some).collect();
        let replaced_by = coalesced.replaced_by.iter().copied().chain(std::iter::repeat(None));
        let sent = kept.iter().zip(replaced_by).filter_map(|(path, wildcard)| match wildcard {
            None => Some(*path),
            Some(wildcard) => wildcards[wildcard].take(),
        });
        self.limits.batches(&sent.collect::<Vec<_>>())
    }

    fn extra(&self, coalesced: &Coalesced) -> Option<usize> {
        match self.inventory {
            None if !coalesced.wildcards.is_empty() => None,
            None => Some(0),
            Some(_) => usize::try_from(coalesced.extra).ok(),
        }
    }
}

#[cfg(test)]
mod tests;
