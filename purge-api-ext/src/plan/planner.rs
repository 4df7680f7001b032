use super::batch::{Limits, TooLong, batches, json_len};
use super::coalesce::{Coalesced, Directories};
use super::cover::Cover;
use super::dedup::repeated;
use super::knapsack::Goal;
use super::{BadPath, Plan, PlanError, PurgeEverything};
use crate::path::{Paths, is_bare, is_everything};

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
/// | `max_requests` alone | takes narrow directories rather than wide ones; it is unknown what else is purged |
///
/// Ties go to what purges less, then to what sends less. [`Plan::extra`] says how many paths of the
/// inventory are purged that were not asked for. A path that was asked for and is not in the inventory
/// is sent, or is in a directory that is. The whole resource, `/*`, is never chosen without
/// [`allow_full_purge`](Self::allow_full_purge).
///
/// Whether `/directory/*` purges `/directory/`, too, is not published, and so the directory's own address is
/// sent beside the wildcard if it was asked for. If it was not, but is in the inventory, it counts as
/// purged, and is sent as well: a directory is purged as a whole, or is left alone.
///
/// A wildcard is for the innermost directory of the paths that it replaces, and ends after a `/`, although
/// the service takes any prefix: an inventory is a little older than the site, and `/app*` also purges the
/// `/apple/` of this morning, while `/app/*` stays in a directory that can be looked at. Directories whose
/// path holds `%2A` are left alone, since it is not published whether the service reads that as a `*`. So
/// are paths with a query string, since it is not published whether a `*` matches one.
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
/// assert_eq!(plan.paths().collect::<Vec<_>>(), ["/a/*", "/b"]);
/// assert_eq!(plan.extra(), Some(1));
/// # Ok::<(), purge_api_ext::PlanError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Planner {
    limits: Limits,
    full_purge: Option<PurgeEverything>,
    inventory: Option<Paths>,
    max_requests: Option<usize>,
    max_extra: Option<usize>,
}

impl Planner {
    pub(super) fn new() -> Self {
        Self {
            limits: Limits { paths: Plan::MAX_BATCH_SIZE, bytes: Plan::MAX_BODY_BYTES },
            full_purge: None,
            inventory: None,
            max_requests: None,
            max_extra: None,
        }
    }

    /// Allows a path that may purge the whole resource, such as `/*`. Without it, such a path is an error:
    /// see [`PurgePath::is_full_purge`](crate::PurgePath::is_full_purge).
    pub fn allow_full_purge(mut self, consent: PurgeEverything) -> Self {
        self.full_purge = Some(consent);
        self
    }

    /// The most paths of one request; more than [`Plan::MAX_BATCH_SIZE`] counts as that many, 0 as 1.
    /// Default: [`Plan::MAX_BATCH_SIZE`].
    pub fn batch_size(mut self, paths: usize) -> Self {
        self.limits.paths = paths.clamp(1, Plan::MAX_BATCH_SIZE);
        self
    }

    /// The most bytes of one request's body, which is JSON. Default: [`Plan::MAX_BODY_BYTES`].
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// All paths of the site, in any order: with them, whole directories are coalesced.
    pub fn inventory(mut self, paths: impl Into<Paths>) -> Self {
        self.inventory = Some(paths.into());
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
    /// When there is no path, when one may purge everything without
    /// [`allow_full_purge`](Self::allow_full_purge), or when one alone is too long for a body. When
    /// the limits of requests and of extra paths cannot be kept. When the inventory is empty or holds a
    /// wildcard, or is missing although the extra paths are limited.
    pub fn plan(self, paths: impl Into<Paths>) -> Result<Plan, PlanError> {
        self.planned(paths.into())
    }

    /// Checks and plans the purge of some paths.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan), and when texts are not paths: the error holds [all](PlanError::bad_paths) of them.
    pub fn parse(self, paths: impl IntoIterator<Item: AsRef<str>>) -> Result<Plan, PlanError> {
        let (mut good, mut bad, mut count) = (Paths::new(), Vec::new(), 0);
        for (index, path) in paths.into_iter().enumerate() {
            let path = path.as_ref();
            if let Err(error) = good.try_push(path) {
                bad.push(BadPath::new(index, path, error));
            }
            count = index + 1;
        }
        if bad.is_empty() { self.plan(good) } else { Err(PlanError::paths(bad, count)) }
    }

    fn planned(self, mut paths: Paths) -> Result<Plan, PlanError> {
        let input = paths.len();
        if input == 0 {
            return Err(PlanError::empty());
        }
        if self.full_purge.is_none()
            && let Some(path) = paths.special().find(|path| is_everything(path))
        {
            return Err(PlanError::full_purge(path));
        }

        let (text, spans) = paths.parts();
        let mut repeated = repeated(input, |place| spans[place].slice(text)).into_iter();
        spans.retain(|_| repeated.next() == Some(false));
        let unique = spans.len();
        let wildcards: Vec<_> = spans
            .iter()
            .filter(|span| !span.is_plain())
            .map(|span| span.slice(text))
            .filter(|path| path.contains('*'))
            .collect();
        let cover = Cover::from_wildcards(wildcards.iter().copied());
        cover.remove_covered(spans, |span| span.slice(text));

        let kept = spans.len();
        let (ends, coalesced) = if self.coalesces()? {
            let kept: Vec<&str> = spans.iter().map(|span| span.slice(text)).collect();
            self.coalesced(&kept, &self.directories(&kept, &cover)?)?
        } else {
            // A plain path need not be read for its length: it holds no quotation mark.
            let lengths = spans.iter().map(|span| match span.is_plain() {
                true => span.len() + 2,
                false => json_len(span.slice(text)),
            });
            (self.ends(lengths, |index| spans[index].slice(text))?, Coalesced::default())
        };
        let (covered, extra) = (unique - kept + coalesced.replaced, self.extra(&coalesced));
        if coalesced.replaced > 0 {
            paths.extend(coalesced.added);
            paths.select(&coalesced.order);
        }
        Ok(Plan {
            input,
            duplicates: input - unique,
            covered,
            extra,
            batches: batches(paths, &ends),
        })
    }

    fn coalesces(&self) -> Result<bool, PlanError> {
        match (&self.inventory, self.max_extra) {
            (None, Some(_)) => Err(PlanError::no_inventory()),
            (None, None) => Ok(self.max_requests.is_some()),
            (Some(_), _) => Ok(true),
        }
    }

    /// What may be coalesced, and what it costs.
    fn directories<'a>(
        &self,
        kept: &[&'a str],
        cover: &Cover<'_>,
    ) -> Result<Directories<'a>, PlanError> {
        let full_purge = self.full_purge.is_some();
        let mut directories = Directories::from_paths(kept, |directory| {
            (full_purge || !is_bare(directory))
                && !directory.contains("%2A")
                && !directory.contains("%2a")
        });
        let Some(inventory) = &self.inventory else {
            directories.cost_by_paths();
            return Ok(directories);
        };
        if inventory.is_empty() {
            return Err(PlanError::empty_inventory());
        }
        if let Some(path) = inventory.special().find(|path| path.contains('*')) {
            return Err(PlanError::inventory_wildcard(path));
        }
        directories.cost_by_inventory(kept, inventory, cover);
        Ok(directories)
    }

    fn coalesced(
        &self,
        kept: &[&str],
        directories: &Directories<'_>,
    ) -> Result<(Vec<usize>, Coalesced), PlanError> {
        let Some(requests) = self.max_requests else {
            let most = self.max_extra.unwrap_or_default() as u64;
            let coalesced = directories.coalesce(Goal::Extra(most)).unwrap_or_default();
            return Ok((self.coalesced_ends(kept, &coalesced)?, coalesced));
        };
        let fewest = kept.len() - directories.most_saved();
        let mut sent = requests.saturating_mul(self.limits.paths);
        loop {
            let least = kept.len().saturating_sub(sent) as u64;
            let Some(coalesced) = directories.coalesce(Goal::Saved(least)) else {
                let fewest = fewest.div_ceil(self.limits.paths);
                return Err(PlanError::requests(requests, fewest.max(requests + 1)));
            };
            let ends = self.coalesced_ends(kept, &coalesced)?;
            if ends.len() > requests {
                // The bytes are what counts: with as much fewer paths it should fit, or next time.
                sent = (sent.min(kept.len()) * requests / ends.len()).max(fewest).min(sent - 1);
                continue;
            }
            return match (self.extra(&coalesced), self.max_extra) {
                (Some(extra), Some(most)) if extra > most => {
                    Err(PlanError::extra(requests, extra, most))
                }
                _ => Ok((ends, coalesced)),
            };
        }
    }

    /// After which path each request ends.
    fn ends<'a>(
        &self,
        lengths: impl Iterator<Item = usize>,
        path: impl Fn(usize) -> &'a str,
    ) -> Result<Vec<usize>, PlanError> {
        let ends = self.limits.ends(lengths);
        ends.map_err(|TooLong { index, needs }| {
            PlanError::body(path(index), needs, self.limits.bytes)
        })
    }

    /// After which path each request ends, of those that are sent in place of the others.
    fn coalesced_ends(
        &self,
        kept: &[&str],
        coalesced: &Coalesced,
    ) -> Result<Vec<usize>, PlanError> {
        let sent = |index: usize| coalesced.sent(kept, index);
        self.ends((0..coalesced.order.len()).map(|index| json_len(sent(index))), sent)
    }

    fn extra(&self, coalesced: &Coalesced) -> Option<usize> {
        match self.inventory {
            None if coalesced.replaced > 0 => None,
            None => Some(0),
            Some(_) => usize::try_from(coalesced.extra).ok(),
        }
    }
}

#[cfg(test)]
mod tests;
