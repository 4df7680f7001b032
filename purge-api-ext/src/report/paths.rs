//! The outcomes of the paths of an operation.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{PathState, read};
use crate::plan::Batch;

/// The outcome of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PathOutcome<'a> {
    /// The path.
    pub path: &'a str,
    /// The state of the path.
    pub state: PathState,
    /// A message from the service; safe to print.
    pub message: Option<&'a str>,
}

/// The outcome of each path of an operation, in the order in which they were sent.
///
/// In most operations all paths have the same outcome. Then this stores a reference to the plan, one state and one
/// message, so the report of a million paths takes hardly more memory than its plan.
///
/// ```
/// use purge_api_ext::{PathState, Plan, Report};
///
/// let mut report = Report::planned(&Plan::parse(["/index.html", "/images/*"])?);
/// let paths = &report.operations[0].paths;
/// assert_eq!(paths.len(), 2);
/// assert!(paths.iter().all(|outcome| outcome.state == PathState::Planned));
///
/// // For tests of programs that read reports: outcomes can be made up.
/// report.operations[0].paths = paths
///     .iter()
///     .map(|mut outcome| {
///         outcome.state = PathState::Failed;
///         outcome.message = Some("no such path");
///         outcome
///     })
///     .collect();
/// assert_eq!(report.failed_paths().count(), 2);
/// # Ok::<(), purge_api_ext::PlanError>(())
/// ```
#[derive(Clone)]
pub struct PathOutcomes(Kept);

#[derive(Clone)]
enum Kept {
    Alike { paths: Batch, state: PathState, message: Option<Arc<str>> },
    Each(Arc<[Own]>),
}

/// An owned [`PathOutcome`].
#[derive(Deserialize)]
struct Own {
    path: Box<str>,
    state: PathState,
    #[serde(deserialize_with = "read::message")]
    message: Option<Box<str>>,
}

impl PathOutcomes {
    pub(super) fn alike(paths: Batch, state: PathState) -> Self {
        Self(Kept::Alike { paths, state, message: None })
    }

    pub(super) fn none() -> Self {
        Self(Kept::Each(Arc::default()))
    }

    /// For paths that are not part of a plan, or have different outcomes.
    pub(crate) fn each(
        outcomes: impl Iterator<Item = (Box<str>, PathState, Option<String>)>,
    ) -> Self {
        let own = |(path, state, message): (Box<str>, PathState, Option<String>)| Own {
            path,
            state,
            message: message.map(Into::into),
        };
        Self(Kept::Each(outcomes.map(own).collect()))
    }

    /// The outcomes, in the order in which the paths were sent.
    pub fn iter(&self) -> PathOutcomesIter<'_> {
        PathOutcomesIter { outcomes: self, places: 0..self.len() }
    }

    fn at(&self, place: usize) -> PathOutcome<'_> {
        match &self.0 {
            Kept::Alike { paths, state, message } => {
                PathOutcome { path: paths.at(place), state: *state, message: message.as_deref() }
            }
            Kept::Each(all) => all[place].as_outcome(),
        }
    }

    /// The number of paths.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Alike { paths, .. } => paths.paths().len(),
            Kept::Each(all) => all.len(),
        }
    }

    /// Whether there are no paths, as in an operation of another client that is not in the list yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The states, each with a number of paths that have it. Faster than looking at each path.
    pub(crate) fn states(&self) -> impl Iterator<Item = (PathState, usize)> {
        let (alike, each) = match &self.0 {
            Kept::Alike { paths, state, .. } => (Some((*state, paths.paths().len())), &[][..]),
            Kept::Each(all) => (None, &all[..]),
        };
        alike.into_iter().chain(each.iter().map(|own| (own.state, 1)))
    }

    /// Gives each path a new outcome.
    pub(crate) fn judge(&mut self, judge: impl Fn(PathOutcome<'_>) -> (PathState, Option<String>)) {
        let judged: Vec<_> = self.iter().map(judge).collect();
        if let Kept::Alike { state, message, .. } = &mut self.0
            && let Some((first, others)) = judged.split_first()
            && others.iter().all(|other| other == first)
        {
            (*state, *message) = (first.0, first.1.as_deref().map(Into::into));
            return;
        }
        let paths = self.iter().map(|outcome| outcome.path.into());
        let each = paths.zip(judged).map(|(path, (state, message))| (path, state, message));
        *self = Self::each(each);
    }
}

impl<'a> IntoIterator for &'a PathOutcomes {
    type Item = PathOutcome<'a>;
    type IntoIter = PathOutcomesIter<'a>;

    fn into_iter(self) -> PathOutcomesIter<'a> {
        self.iter()
    }
}

/// The iterator of [`PathOutcomes::iter`].
#[derive(Clone, Debug)]
pub struct PathOutcomesIter<'a> {
    outcomes: &'a PathOutcomes,
    places: Range<usize>,
}

impl<'a> Iterator for PathOutcomesIter<'a> {
    type Item = PathOutcome<'a>;

    fn next(&mut self) -> Option<PathOutcome<'a>> {
        self.places.next().map(|place| self.outcomes.at(place))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl DoubleEndedIterator for PathOutcomesIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.places.next_back().map(|place| self.outcomes.at(place))
    }
}

impl ExactSizeIterator for PathOutcomesIter<'_> {}

impl Own {
    fn as_outcome(&self) -> PathOutcome<'_> {
        PathOutcome { path: &self.path, state: self.state, message: self.message.as_deref() }
    }
}

impl<'a> FromIterator<PathOutcome<'a>> for PathOutcomes {
    fn from_iter<T: IntoIterator<Item = PathOutcome<'a>>>(outcomes: T) -> Self {
        Self::each(outcomes.into_iter().map(|outcome| {
            (outcome.path.into(), outcome.state, outcome.message.map(str::to_owned))
        }))
    }
}

impl fmt::Debug for PathOutcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for PathOutcomes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for PathOutcomes {}

impl Serialize for PathOutcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PathOutcomes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Own>::deserialize(deserializer).map(|each| Self(Kept::Each(each.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PurgePath;
    use crate::plan::Plan;
    use proptest::prelude::*;

    const STATES: [PathState; 3] = [PathState::Accepted, PathState::Purged, PathState::Pending];

    type Told = (String, PathState, Option<String>);

    /// The outcomes, their JSON, and the number of paths.
    fn told(paths: &PathOutcomes) -> (Vec<Told>, String, usize) {
        let each = paths.iter().map(|outcome| {
            (outcome.path.to_owned(), outcome.state, outcome.message.map(str::to_owned))
        });
        let json = serde_json::to_string(paths).expect("texts");
        (each.collect(), json, paths.states().map(|(_, paths)| paths).sum())
    }

    proptest! {
        #[test]
        fn outcomes_do_not_depend_on_how_they_are_stored(
            names in prop::collection::btree_set("[a-c]{1,2}", 1..6),
            rounds in prop::collection::vec(prop::collection::vec((0..3_usize, any::<bool>()), 6), 0..4),
        ) {
            let paths = names.iter().filter_map(|name| PurgePath::new(format!("/{name}")).ok());
            let plan = Plan::new(paths.collect::<Vec<_>>()).expect("a plan");
            let mut kept = PathOutcomes::alike(plan.batches()[0].clone(), PathState::Accepted);
            let mut slow: Vec<Told> =
                plan.paths().map(|path| (path.to_owned(), PathState::Accepted, None)).collect();
            for round in rounds {
                let judge = |path: &str| {
                    let place = plan.paths().position(|other| other == path).expect("a path");
                    let (state, speaks) = round[place];
                    (STATES[state], speaks.then(|| "said".to_owned()))
                };
                kept.judge(|outcome| judge(outcome.path));
                for (path, state, message) in &mut slow {
                    (*state, *message) = judge(path);
                }
                let again: PathOutcomes = (&kept).into_iter().collect();
                let mut backwards: Vec<_> = kept.iter().rev().collect();
                backwards.reverse();
                prop_assert!(kept.iter().eq(backwards));
                prop_assert_eq!(told(&again), told(&kept));
                prop_assert_eq!(&again, &kept);
            }
            let objects = slow.iter().map(|(path, state, message)| {
                serde_json::json!({ "path": path, "state": state, "message": message })
            });
            let (each, json, counted) = told(&kept);
            let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
            prop_assert_eq!(json, objects.collect::<serde_json::Value>());
            prop_assert_eq!(counted, slow.len());
            prop_assert_eq!(each, slow);
        }
    }

    #[test]
    fn equal_outcomes_are_stored_once() {
        let plan = Plan::parse(["/a", "/b"]).expect("a plan");
        let mut paths = PathOutcomes::alike(plan.batches()[0].clone(), PathState::Accepted);
        paths.judge(|_| (PathState::Purged, Some("purged".to_owned())));
        assert_eq!(paths.states().collect::<Vec<_>>(), [(PathState::Purged, 2)]);
        paths.judge(|outcome| (outcome.state, (outcome.path == "/b").then(|| "gone".to_owned())));
        assert_eq!(paths.states().collect::<Vec<_>>(), [(PathState::Purged, 1); 2]);
    }
}
