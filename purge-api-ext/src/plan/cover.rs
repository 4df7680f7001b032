/// Answers quickly whether one of many wildcards covers a path.
///
/// Most wildcards are prefixes, `/images/*`: those are found by a search in a sorted list. The others
/// are tried one by one.
pub(super) struct Cover<'a> {
    /// What stands before the star, sorted; none begins with another one.
    prefixes: Vec<&'a str>,
    others: Vec<&'a str>,
}

impl<'a> Cover<'a> {
    /// Takes canonical patterns, each with a star and each once.
    pub(super) fn of(wildcards: impl Iterator<Item = &'a str>) -> Self {
        let mut prefixes = Vec::new();
        let mut others = Vec::new();
        for wildcard in wildcards {
            match wildcard.strip_suffix('*') {
                Some(prefix) if !prefix.contains('*') => prefixes.push(prefix),
                _ => others.push(wildcard),
            }
        }
        prefixes.sort_unstable();
        // A prefix sorts before all that begin with it, and these follow it at once.
        prefixes.dedup_by(|longer, shorter| longer.starts_with(*shorter));
        Self { prefixes, others }
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
        self.others.iter().any(|other| *other != path && crate::path::covers(other, path))
    }
}

fn is_prefix_pattern(path: &str, prefix: &str) -> bool {
    path.len() == prefix.len() + 1 && path.ends_with('*')
}
