use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::path::Paths;

/// The paths of one request: at least 1, at most [`Plan::MAX_BATCH_SIZE`](crate::Plan::MAX_BATCH_SIZE).
///
/// It is a range of the plan's paths, so cloning it copies none of them.
#[derive(Clone)]
pub struct Batch {
    all: Arc<Paths>,
    range: Range<usize>,
}

impl Batch {
    /// The paths, in order.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        self.all.slice(self.range.clone())
    }

    /// The number of paths.
    pub(crate) fn len(&self) -> usize {
        self.range.len()
    }

    /// The path at an index.
    pub(crate) fn at(&self, place: usize) -> &str {
        self.all.at(self.range.start + place)
    }

    /// Splits it in two: its first `at` paths, and the rest.
    pub(crate) fn split_at(self, at: usize) -> [Self; 2] {
        let middle = self.range.start.saturating_add(at).min(self.range.end);
        let first = Self { all: Arc::clone(&self.all), range: self.range.start..middle };
        [first, Self { all: self.all, range: middle..self.range.end }]
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.paths()).finish()
    }
}

impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        self.paths().eq(other.paths())
    }
}

impl Eq for Batch {}

/// Splits a list of paths into batches, given the index at which each batch ends.
pub(crate) fn batches(paths: Paths, ends: &[usize]) -> Vec<Batch> {
    let all = Arc::new(paths);
    let starts = std::iter::once(&0).chain(ends);
    starts
        .zip(ends)
        .map(|(&start, &end)| Batch { all: Arc::clone(&all), range: start..end })
        .collect()
}

/// The length of a request body without its paths. The UUID of a resource always has 36 characters.
const FRAME: usize =
    r#"{"resource_uuid":"00000000-0000-0000-0000-000000000000","file_path":[]}"#.len();

/// The limits of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) paths: usize,
    pub(super) bytes: usize,
}

/// A path that does not fit in a body even on its own.
#[derive(Debug)]
pub(super) struct TooLong {
    pub(super) index: usize,
    pub(super) needs: usize,
}

impl Limits {
    /// Fills one request after the other, in order, and returns the index at which each ends. `lengths` are those of
    /// the paths in a body.
    pub(super) fn ends(self, lengths: impl Iterator<Item = usize>) -> Result<Vec<usize>, TooLong> {
        let mut ends = Vec::new();
        let (mut paths, mut bytes, mut all) = (0, FRAME, 0);
        for (index, length) in lengths.enumerate() {
            let comma = usize::from(paths > 0);
            if paths == self.paths || bytes + comma + length > self.bytes {
                if paths > 0 {
                    ends.push(index);
                }
                (paths, bytes) = (1, FRAME + length);
                if bytes > self.bytes {
                    return Err(TooLong { index, needs: bytes });
                }
            } else {
                paths += 1;
                bytes += comma + length;
            }
            all = index + 1;
        }
        if paths > 0 {
            ends.push(all);
        }
        Ok(ends)
    }
}

/// The length of a path as a JSON string. The only character in a path that JSON escapes is `"`.
pub(super) fn json_len(path: &str) -> usize {
    path.len() + 2 + path.bytes().filter(|&byte| byte == b'"').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PurgePath;
    use crate::plan::Plan;
    use proptest::prelude::*;
    use purge_api::types::CreatePurgeRequest;

    fn body(batch: &[&str]) -> usize {
        let request = CreatePurgeRequest::builder()
            .resource_uuid(uuid::Uuid::nil())
            .file_path(batch.iter().collect::<purge_api::FilePaths>());
        let request = CreatePurgeRequest::try_from(request).expect("all required members");
        serde_json::to_vec(&request).expect("JSON").len()
    }

    proptest! {
        #[test]
        fn bodies_are_as_full_as_the_limits_allow(
            texts in prop::collection::vec("/[a\"{|}%]{0,9}", 1..30),
            paths in 1_usize..9,
            bytes in 95_usize..200,
        ) {
            let all: Paths = texts.iter().filter_map(|t| PurgePath::accepted(t).ok()).collect();
            let limits = Limits { paths, bytes };
            let ends = limits.ends(all.iter().map(json_len)).expect("each fits");
            let batches = batches(all.clone(), &ends);
            let sent = batches.iter().flat_map(Batch::paths);
            prop_assert_eq!(sent.collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
            for (index, batch) in batches.iter().enumerate() {
                let mut batch: Vec<&str> = batch.paths().collect();
                prop_assert!(batch.len() <= paths && body(&batch) <= bytes);
                if let Some(next) = batches.get(index + 1) {
                    batch.push(next.paths().next().expect("a path"));
                    prop_assert!(batch.len() > paths || body(&batch) > bytes);
                }
            }
        }
    }

    #[test]
    fn limit_of_bytes_may_be_reached() {
        let (one, two) = (FRAME + 4, FRAME + 4 + 1 + 4);
        let ends = |bytes| Limits { paths: 9, bytes }.ends([4, 4, 4].into_iter()).expect("it fits");
        assert_eq!(ends(one), [1, 2, 3]);
        assert_eq!(ends(two - 1), [1, 2, 3]);
        assert_eq!(ends(two), [2, 3]);
        assert_eq!(ends(two + 1), [2, 3]);
    }

    #[test]
    fn path_that_fits_in_no_body_is_an_error() {
        let path = PurgePath::accepted("/a\"b").expect("a path");
        let plan = |bytes| Plan::planner().max_body_bytes(bytes).plan([path.clone()]);
        let whole = body(&[path.as_str()]);
        assert_eq!(plan(whole).expect("it fits").batches().len(), 1);
        let error = plan(whole - 1).expect_err("one byte too many");
        assert_eq!(
            error.to_string(),
            "`/a\"b` needs a request body of 78 bytes, more than the limit of 77; raise the limit"
        );
    }
}
