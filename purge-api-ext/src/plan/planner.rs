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
/// A thousand paths in one directory take ten requests; a wildcard for the directory takes one. With an
/// [`inventory`](Self::inventory), a limit on requests or both, the plan sends `/directory/*` in place of the paths in
/// the directory, where that is allowed:
///
/// | given | the plan |
/// |---|---|
/// | an inventory | sends the fewest paths, and purges only requested paths |
/// | with [`max_extra`](Self::max_extra) | sends the fewest paths, and purges at most that many extra paths |
/// | with [`max_requests`](Self::max_requests) | purges the fewest extra paths, and fits in that many requests |
/// | with both | as for `max_requests`; an error if that needs more extra paths than `max_extra` |
/// | `max_requests` alone | prefers narrow directories to wide ones; it is unknown what else is purged |
///
/// In a tie, the plan that purges less wins, then the one that sends less. Extra paths are paths in the inventory that
/// are purged although they were not requested; [`Plan::extra`] counts them. A requested path that is not in the
/// inventory is sent, or is in a directory that is sent. The whole resource, `/*`, is never chosen without
/// [`allow_full_purge`](Self::allow_full_purge).
///
/// It is not published whether `/directory/*` also purges `/directory/`. So the path of the directory itself is sent in
/// addition to the wildcard if it was requested. If it was not requested but is in the inventory, it counts as purged
/// and is sent as well: a directory is purged as a whole or not at all.
///
/// A wildcard is for the innermost directory of the paths that it replaces. It ends after a `/`, although the service
/// accepts any prefix: the inventory is always a little older than the site, and `/app*` would also purge an `/apple/`
/// that is new, while `/app/*` stays within a directory that you can inspect. Directories whose path contains `%2A` are
/// never replaced, since it is not published whether the service reads that as a `*`. Neither are paths with a query
/// string, since it is not published whether a `*` matches one.
///
/// The choice is optimal for such wildcards, with two exceptions:
///
/// - The search examines only what may beat a good first choice. If that takes more than 16,777,216 steps, the first
///   choice is taken. It keeps the limit, and misses the optimum by less than the widest directory saves, or costs.
/// - If [`max_body_bytes`](Self::max_body_bytes) is so small that requests have fewer paths than the
///   [`batch_size`](Self::batch_size), the limit on requests is kept, but perhaps not at the least cost.
///
/// If no extra paths are allowed, no search is needed, and planning takes as long as sorting.
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

    /// Allows paths that may purge the whole resource, such as `/*`. Otherwise, such a path is an error: see
    /// [`PurgePath::is_full_purge`](crate::PurgePath::is_full_purge).
    pub fn allow_full_purge(mut self, consent: PurgeEverything) -> Self {
        self.full_purge = Some(consent);
        self
    }

    /// The maximum number of paths per request, clamped to between 1 and [`Plan::MAX_BATCH_SIZE`], which is the
    /// default.
    pub fn batch_size(mut self, paths: usize) -> Self {
        self.limits.paths = paths.clamp(1, Plan::MAX_BATCH_SIZE);
        self
    }

    /// The maximum size of a request body, which is JSON, in bytes. Default: [`Plan::MAX_BODY_BYTES`].
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// All paths of the site, in any order. With them, whole directories are coalesced.
    pub fn inventory(mut self, paths: impl Into<Paths>) -> Self {
        self.inventory = Some(paths.into());
        self
    }

    /// Coalesces directories until the plan fits in this many requests; 0 counts as 1.
    pub fn max_requests(mut self, requests: usize) -> Self {
        self.max_requests = Some(requests.max(1));
        self
    }

    /// How many paths in the inventory may be purged although they were not requested. Default: 0, or, with a limit on
    /// requests, as many as that needs.
    pub fn max_extra(mut self, paths: usize) -> Self {
        self.max_extra = Some(paths);
        self
    }

    /// Plans the purge of some paths.
    ///
    /// # Errors
    ///
    /// - If there is no path, if a path may purge everything without [`allow_full_purge`](Self::allow_full_purge), or
    ///   if a single path is too long for a body.
    /// - If the limits on requests and on extra paths cannot be kept.
    /// - If the inventory is empty, contains a wildcard, or is missing although extra paths are limited.
    pub fn plan(self, paths: impl Into<Paths>) -> Result<Plan, PlanError> {
        self.planned(paths.into())
    }

    /// Checks and plans the purge of some paths.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan), and if any text is not a path: the error contains [all](PlanError::bad_paths) of these.
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
            // The JSON length of a plain path is known without reading it: nothing in it is escaped.
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

    /// The directories that may be coalesced, and their costs.
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
                // The bytes are the limit. Send proportionally fewer paths; if that does not fit, reduce them again.
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

    /// The end of each request, as an index of a path.
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

    /// The end of each request after coalescing.
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
