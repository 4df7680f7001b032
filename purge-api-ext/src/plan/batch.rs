use super::{Batch, PlanError};
use crate::PurgePath;

/// A request's body without its paths. A resource's UUID is always written in 36 characters.
const FRAME: usize =
    r#"{"resource_uuid":"00000000-0000-0000-0000-000000000000","file_path":[]}"#.len();

/// How much one request may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) paths: usize,
    pub(super) bytes: usize,
}

impl Limits {
    /// Fills one request after the other, in order.
    pub(super) fn batches(self, paths: &[&PurgePath]) -> Result<Vec<Batch>, PlanError> {
        let mut rest = paths;
        let mut batches = Vec::with_capacity(paths.len().div_ceil(self.paths));
        while let [first, ..] = rest {
            let mut bytes = FRAME;
            let fits = |path: &&&PurgePath| {
                let comma = usize::from(bytes > FRAME);
                bytes += comma + json_len(path);
                bytes <= self.bytes
            };
            let count = rest.iter().take(self.paths).take_while(fits).count();
            if count == 0 {
                return Err(PlanError::body(first, FRAME + json_len(first), self.bytes));
            }
            let (batch, others) = rest.split_at(count);
            batches.push(Batch(batch.iter().map(|&path| path.clone()).collect()));
            rest = others;
        }
        Ok(batches)
    }
}

/// The length of a path as a JSON string: a path has no character that JSON escapes but `"`.
fn json_len(path: &PurgePath) -> usize {
    path.as_str().len() + 2 + path.as_str().matches('"').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use purge_api::types::CreatePurgeRequest;

    fn body(batch: &[PurgePath]) -> usize {
        let request = CreatePurgeRequest {
            resource_uuid: uuid::Uuid::nil(),
            file_path: batch.iter().map(ToString::to_string).collect(),
        };
        serde_json::to_vec(&request).expect("JSON").len()
    }

    proptest! {
        #[test]
        fn bodies_are_as_full_as_the_limits_allow(
            texts in prop::collection::vec("/[a\"{|}%]{0,9}", 1..30),
            paths in 1_usize..9,
            bytes in 95_usize..200,
        ) {
            let all: Vec<PurgePath> = texts.iter().filter_map(|t| PurgePath::new(t.as_str()).ok()).collect();
            let limits = Limits { paths, bytes };
            let batches = limits.batches(&all.iter().collect::<Vec<_>>()).expect("each fits");
            prop_assert_eq!(batches.iter().flat_map(Batch::paths).collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
            for (index, batch) in batches.iter().enumerate() {
                let mut batch = batch.paths().to_vec();
                prop_assert!(batch.len() <= paths && body(&batch) <= bytes);
                if let Some(next) = batches.get(index + 1) {
                    batch.push(next.paths()[0].clone());
                    prop_assert!(batch.len() > paths || body(&batch) > bytes);
                }
            }
        }
    }

    #[test]
    fn path_that_fits_in_no_body_is_an_error() {
        let path = PurgePath::new("/a\"b").expect("a path");
        let limits = |bytes| Limits { paths: 100, bytes };
        let whole = body(std::slice::from_ref(&path));
        assert_eq!(limits(whole).batches(&[&path]).expect("it fits").len(), 1);
        let error = limits(whole - 1).batches(&[&path]).expect_err("one byte too many");
        assert_eq!(
            error.to_string(),
            "`/a\"b` needs a request body of 78 bytes, more than the limit of 77; raise the limit"
        );
    }
}
