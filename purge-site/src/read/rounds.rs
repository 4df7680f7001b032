//! Work that finds more work, done by all processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::hash::BUFFER;

/// How many files are one piece of work.
const FILES: usize = 256;

/// The buffers of one thread.
pub(super) type Buffers = [Vec<u8>; 2];

/// Does the work, then the work that it returned, and so on. Returns all results.
///
/// Nothing stays open between two rounds, so that the number of open files does not depend on the site.
pub(super) fn rounds<W, R>(
    first: W,
    work: impl Fn(&W, &mut Buffers) -> (R, Vec<W>) + Sync,
) -> Vec<R>
where
    W: Send + Sync,
    R: Send,
{
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let mut buffers: Vec<Buffers> = Vec::new();
    buffers.resize_with(processors, || [vec![0; BUFFER], vec![0; BUFFER]]);
    let (mut round, mut results) = (vec![first], Vec::new());
    while !round.is_empty() {
        let threads = &mut buffers[..processors.min(round.len())];
        let mut more = Vec::new();
        for (result, found) in one(&round, threads, &work) {
            results.push(result);
            more.extend(found);
        }
        round = more;
    }
    results
}

/// One round, with a thread for each pair of buffers.
fn one<W: Sync, T: Send>(
    round: &[W],
    buffers: &mut [Buffers],
    work: impl Fn(&W, &mut Buffers) -> T + Sync,
) -> Vec<T> {
    if let [buffers] = buffers {
        return round.iter().map(|item| work(item, buffers)).collect();
    }
    let next = AtomicUsize::new(0);
    let share = |buffers: &mut Buffers| {
        let take = || round.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take).map(|item| work(item, buffers)).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let share = &share;
        let threads: Vec<_> =
            buffers.iter_mut().map(|buffers| scope.spawn(move || share(buffers))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Vec<T>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    })
}

/// Divides the files of a folder into pieces of work.
pub(super) fn chunks<T>(mut files: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || {
        let chunk: Vec<T> = files.by_ref().take(FILES).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_work_is_done_once() {
        let found = rounds(0..1000_usize, |range, _| match range.len() {
            0 | 1 => (range.clone().collect(), Vec::new()),
            length => {
                let middle = range.start + length.div_ceil(3);
                (Vec::new(), vec![range.start..middle, middle..range.end])
            }
        });
        let mut found: Vec<usize> = found.concat();
        found.sort_unstable();
        assert_eq!(found, (0..1000).collect::<Vec<_>>());
        assert_eq!(chunks(0..FILES + 1).collect::<Vec<_>>().concat().len(), FILES + 1);
    }
}
