use std::collections::HashMap;

/// Answers quickly whether one of many wildcards covers a path.
///
/// Most wildcards are prefixes, `/images/*`: those are found by a search in a sorted list. The others
/// are found by what they start with, and then tried.
pub(super) struct Cover<'a> {
    /// What stands before the star, sorted; none begins with another one.
    prefixes: Vec<&'a str>,
    /// The other wildcards by what stands before their first star, and how long that can be.
    others: HashMap<&'a str, Vec<&'a str>>,
    lengths: Vec<usize>,
}

impl<'a> Cover<'a> {
    /// Takes canonical patterns, each with a star and each once.
    pub(super) fn of(wildcards: impl Iterator<Item = &'a str>) -> Self {
        let mut prefixes = Vec::new();
        let mut others: HashMap<&str, Vec<&str>> = HashMap::new();
        for wildcard in wildcards {
            match wildcard.split_once('*') {
                Some((prefix, "")) => prefixes.push(prefix),
                Some((head, _)) => others.entry(head).or_default().push(wildcard),
                None => {}
            }
        }
        prefixes.sort_unstable();
        // A prefix sorts before all that begin with it, and these follow it at once.
        prefixes.dedup_by(|longer, shorter| longer.starts_with(*shorter));
        let mut lengths: Vec<usize> = others.keys().map(|head| head.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { prefixes, others, lengths }
    }

    /// Whether another pattern than `path` itself covers it.
    pub(super) fn covers(&self, path: &str) -> bool {
        let not_after = self.prefixes.partition_point(|prefix| *prefix <= path);
        if let Some(prefix) = not_after.checked_sub(1).map(|i| self.prefixes[i])
            && path.starts_with(prefix)
            && !is_prefix_pattern(path, prefix)
        {
            return true;
        }
        let heads = self.lengths.iter().map_while(|&length| path.get(..length));
        heads
            .filter_map(|head| self.others.get(head))
            .flatten()
            .any(|other| *other != path && crate::path::covers(other, path))
    }
}

fn is_prefix_pattern(path: &str, prefix: &str) -> bool {
    path.len() == prefix.len() + 1 && path.ends_with('*')
}
