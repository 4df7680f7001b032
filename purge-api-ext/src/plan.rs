//! Turns paths into batches, before anything is sent.

mod error;
mod batch;
mod sort_key;
mod dedup;
mod cover;
mod knapsack;
mod coalesce;
mod planner;

use std::fmt;

use crate::error::plural;
use crate::path::Paths;

pub use batch::Batch;
pub(crate) use batch::batches;
pub use error::{BadPath, PlanError};
pub use planner::Planner;

/// A plan: the paths to send, split into batches, and the number of paths that need not be sent.
///
/// A path is dropped only if a wildcard in the plan purges it under every possible reading of `*`: see
/// [`PurgePath::covers`](crate::PurgePath::covers). So `/blog/` is sent in addition to `/blog/*`.
///
/// ```
/// use purge_api_ext::Plan;
///
/// let plan = Plan::parse(["/index.html", "/images/*", "/images/logo.png", "/index.html"])?;
/// assert_eq!(plan.to_string(), "4 paths: 1 duplicate, 1 covered by a wildcard; 2 paths in 1 request");
/// assert_eq!(plan.batches().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Plan {
    batches: Vec<Batch>,
    input: usize,
    duplicates: usize,
    covered: usize,
    extra: Option<usize>,
}

/// The consent to purge everything: see [`Planner::allow_full_purge`].
#[derive(Clone, Copy, Debug)]
pub struct PurgeEverything;

impl Plan {
    /// The maximum number of paths per request: 100, from the published reference.
    pub const MAX_BATCH_SIZE: usize = 100;

    /// The default maximum size of a request body: 1 MiB, which common servers accept by default. The service
    /// publishes no limit. 100 paths of maximum length fit, unless they contain many quotation marks.
    pub const MAX_BODY_BYTES: usize = 1024 * 1024;

    /// Plans the purge of some paths.
    ///
    /// # Errors
    ///
    /// If there is no path, or a path purges everything, which requires consent through a
    /// [`planner`](Self::planner).
    pub fn new(paths: impl Into<Paths>) -> Result<Self, PlanError> {
        Self::planner().plan(paths)
    }

    /// Checks and plans the purge of some paths.
    ///
    /// # Errors
    ///
    /// As [`Plan::new`], and if any text is not a path: the error contains [all](PlanError::bad_paths) of these.
    pub fn parse(paths: impl IntoIterator<Item: AsRef<str>>) -> Result<Self, PlanError> {
        Self::planner().parse(paths)
    }

    /// Starts a plan with options.
    pub fn planner() -> Planner {
        Planner::new()
    }

    /// The batches, in the order of their first paths in the input.
    #[must_use]
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// All paths that are sent, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.batches.iter().flat_map(Batch::paths)
    }

    /// The number of paths to send.
    #[must_use]
    pub fn path_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.paths().len()).sum()
    }

    pub(crate) fn into_batches(self) -> impl Iterator<Item = Batch> {
        self.batches.into_iter()
    }

    /// How many paths were in the input.
    #[must_use]
    pub fn input(&self) -> usize {
        self.input
    }

    /// How many paths of the input are duplicates of an earlier path.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// How many paths of the input are purged by a wildcard in the plan, under every possible reading of `*`.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.covered
    }

    /// The maximum number of paths in the inventory that are purged although they were not requested. `None` means
    /// unknown, since paths were replaced by wildcards without an inventory.
    #[must_use]
    pub fn extra(&self) -> Option<usize> {
        self.extra
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} path{}", self.input, plural(self.input))?;
        let mut separator = ":";
        if self.duplicates > 0 {
            write!(f, ": {} duplicate{}", self.duplicates, plural(self.duplicates))?;
            separator = ",";
        }
        if self.covered > 0 {
            write!(f, "{separator} {} covered by a wildcard", self.covered)?;
        }
        let (sent, requests) = (self.path_count(), self.batches.len());
        if sent != self.input {
            write!(f, "; {sent} path{}", plural(sent))?;
        }
        write!(f, " in {requests} request{}", plural(requests))?;
        match self.extra {
            Some(0) => Ok(()),
            Some(extra) => write!(f, ", which purge {extra} more than requested"),
            None => f.write_str(", which may purge more than requested"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::path::PurgePath;
    use crate::path::readings::Reading;
    use proptest::prelude::*;

    fn paths(texts: &[&str]) -> Vec<PurgePath> {
        texts.iter().map(|text| PurgePath::new(*text).expect(text)).collect()
    }

    #[test]
    fn plan_without_paths_is_an_error() {
        let error = Plan::new([]).expect_err("no paths");
        assert_eq!(error.to_string(), "no paths to purge; give at least one");
    }

    #[test]
    fn full_purge_needs_consent() {
        let error = Plan::new(paths(&["/a", "/**"])).expect_err("a full purge");
        assert!(error.to_string().starts_with("`/**` purges the whole resource"), "{error}");
        for close in ["/*.*", "/*/*", "/*/", "/%2A", "/*%2E*"] {
            let error = Plan::new(paths(&["/a", close])).expect_err(close);
            assert_eq!(
                error.to_string(),
                format!(
                    "`{close}` may purge the whole resource or nearly all of it, which needs explicit consent"
                )
            );
        }
        let plan = Plan::planner().allow_full_purge(PurgeEverything).plan(paths(&["/a", "/*"]));
        assert_eq!(plan.expect("consent").covered(), 1);
    }

    #[test]
    fn path_that_a_star_may_not_match_is_sent_too() {
        let sent = |given: &[&str], expected: &[&str]| {
            let plan = Plan::planner().allow_full_purge(PurgeEverything).plan(paths(given));
            let plan = plan.expect("a plan");
            assert_eq!(plan.paths().collect::<Vec<_>>(), expected);
            assert_eq!(plan.covered() + plan.duplicates(), given.len() - expected.len());
        };
        sent(&["/blog/*", "/blog/", "/blog/1", "/blog/"], &["/blog/*", "/blog/"]);
        sent(&["/*", "/", "/dev/"], &["/*", "/"]);
        sent(&["/**", "/", "/a", "/ab"], &["/**", "/", "/a"]);
        sent(&["/a**", "/a*", "/ab"], &["/a*"]);
        sent(&["/a**", "/ab", "/abc"], &["/a**", "/ab"]);
        sent(&["/img/*.jpg", "/img/.jpg", "/img/a.jpg"], &["/img/*.jpg", "/img/.jpg"]);
        sent(&["/p/*9", "/p/caf%C3%A9", "/p/9"], &["/p/*9", "/p/caf%C3%A9", "/p/9"]);
        sent(&["/%c3*", "/%C3%A9"], &["/%c3*", "/%C3%A9"]);
        let query = PurgePath::with_query("/a?b").expect("a query");
        let plan = Plan::new([paths(&["/a*"]).remove(0), query]).expect("a plan");
        assert_eq!(plan.paths().collect::<Vec<_>>(), ["/a*", "/a?b"]);
    }

    #[test]
    fn batches_hold_at_most_100_paths() {
        for (input, sizes) in
            [(1, vec![1]), (100, vec![100]), (101, vec![100, 1]), (200, vec![100; 2])]
        {
            let plan =
                Plan::new((0..input).map(|i| PurgePath::new(format!("/{i}")).expect("a path")));
            let plan = plan.expect("a plan");
            assert_eq!(plan.batches().iter().map(|b| b.paths().len()).collect::<Vec<_>>(), sizes);
        }
    }

    #[test]
    fn errors_name_the_bad_paths() {
        let error = Plan::parse(["/a", "b"]).expect_err("no slash");
        assert_eq!(error.to_string(), "path 2, `b`: it does not begin with `/`: write `/b`");
        let secret = format!("https://me:{}@example.com/a", "secret".repeat(100));
        let error = Plan::parse([&secret, "/a", "/\u{1b}"]).expect_err("two bad paths").to_string();
        let lines: Vec<_> = error.lines().collect();
        assert_eq!(lines[0], "2 of 3 paths are not valid:");
        assert!(lines[1].starts_with("  path 1, `https://\u{2026}@example.com/a`: "), "{error}");
        assert!(lines[2].starts_with("  path 3, `/\\u{1b}`: "), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }

    proptest! {
        #[test]
        fn error_contains_all_bad_paths(good in prop::collection::vec(any::<bool>(), 1..60)) {
            let texts = good.iter().map(|good| if *good { "/a" } else { "a" });
            let bad: Vec<_> = (0..good.len()).filter(|&index| !good[index]).collect();
            match Plan::parse(texts) {
                Ok(plan) => prop_assert!(bad.is_empty() && plan.input() == good.len()),
                Err(error) => {
                    prop_assert!(error.bad_paths().iter().map(BadPath::index).eq(bad.iter().copied()));
                    let shown = error.to_string().matches("does not begin").count();
                    prop_assert_eq!(shown, bad.len().min(20));
                    let more = format!("and {} more", bad.len().saturating_sub(20));
                    prop_assert_eq!(error.to_string().ends_with(&more), bad.len() > 20);
                }
            }
        }
    }

    /// Whether the sent paths purge everything that a path matches, under every reading. Each star of the path is
    /// replaced by a few texts of different lengths.
    pub(crate) fn is_purged(path: &PurgePath, sent: &[PurgePath]) -> bool {
        Reading::ALL.iter().all(|reading| {
            ["", "c", "cc", "%ab", "*"].iter().all(|star| {
                let text = path.as_str().replace('*', star);
                let is_meant = reading.matches(path.as_str(), &text);
                !is_meant || sent.iter().any(|sent| reading.matches(sent.as_str(), &text))
            })
        })
    }

    proptest! {
        #[test]
        fn sent_paths_purge_exactly_the_requested_ones(
            texts in prop::collection::vec("/([ab*]|%ab){0,4}", 1..30),
            batch in 1_usize..5,
        ) {
            let asked: Vec<_> = texts.iter().map(|t| PurgePath::new(t.as_str()).expect("a path")).collect();
            let plan = Plan::planner()
                .allow_full_purge(PurgeEverything)
                .batch_size(batch)
                .plan(asked.clone())
                .expect("a plan");
            let sent: Vec<_> = plan.paths().map(|s| PurgePath::new(s).expect(s)).collect();
            // Every requested path is purged under every reading, nothing else is sent, and every sent path is
            // needed.
            for path in &asked {
                prop_assert!(is_purged(path, &sent), "{path} is lost");
            }
            for (i, path) in sent.iter().enumerate() {
                prop_assert!(asked.contains(path));
                prop_assert!(sent.iter().enumerate().all(|(j, s)| i == j || !s.covers(path)));
            }
            // The order of the input is kept.
            let mut rest = asked.iter();
            prop_assert!(sent.iter().all(|s| rest.any(|a| a == s)));
            prop_assert_eq!(plan.input(), plan.duplicates() + plan.covered() + sent.len());
            prop_assert!(plan.batches().iter().all(|b| (1..=batch).contains(&b.paths().len())));
        }
    }
}
