//! The cache of one resource, ordered by path so that a prefix is a range, and limited in bytes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use http_cache_semantics::CachePolicy;

use crate::pattern::{Pattern, Star};

#[derive(Debug)]
pub(crate) struct Cache {
    entries: BTreeMap<Arc<str>, Entry>,
    /// Paths by the time of last use, oldest first.
    used: BTreeMap<u64, Arc<str>>,
    clock: u64,
    bytes: usize,
    max_bytes: usize,
    star: Star,
    purges: u64,
}

#[derive(Debug)]
struct Entry {
    used: u64,
    bytes: usize,
    object: Object,
}

/// A cached object.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    /// An object without content, which was inserted rather than fetched.
    Placeholder,
    Fetched(Arc<Fetched>),
}

#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) policy: CachePolicy,
    pub(crate) body: Bytes,
    /// When it was generated, by the clock of the origin.
    pub(crate) date: Option<HeaderValue>,
    /// The size of the headers that the policy keeps.
    pub(crate) headers: usize,
}

impl Object {
    /// The memory that an object takes under this path, including overhead. Small objects are mostly overhead, and
    /// a client that requests `/a?1`, `/a?2` and so on creates many of them.
    fn bytes(&self, path: &str) -> usize {
        // Both maps share the path, which has two reference counts.
        let places = size_of::<(Arc<str>, Entry)>() + size_of::<(u64, Arc<str>)>();
        let counts = 2 * size_of::<usize>();
        let fetched = match self {
            Self::Placeholder => 0,
            Self::Fetched(fetched) => {
                size_of::<Fetched>() + counts + fetched.headers + fetched.body.len()
            }
        };
        places + counts + path.len() + fetched
    }
}

impl Cache {
    pub(crate) fn new(max_bytes: usize, star: Star) -> Self {
        Self {
            entries: BTreeMap::new(),
            used: BTreeMap::new(),
            clock: 0,
            bytes: 0,
            max_bytes,
            star,
            purges: 0,
        }
    }

    /// Stores an object, and drops the least recently used ones until all fit.
    pub(crate) fn insert(&mut self, path: &str, object: Object) {
        let bytes = object.bytes(path);
        self.remove(path);
        if bytes > self.max_bytes {
            return;
        }
        while self.bytes + bytes > self.max_bytes {
            let Some((_, oldest)) = self.used.first_key_value() else { break };
            let oldest = Arc::clone(oldest);
            self.remove(&oldest);
        }
        self.clock += 1;
        let path: Arc<str> = path.into();
        self.used.insert(self.clock, Arc::clone(&path));
        self.entries.insert(path, Entry { used: self.clock, bytes, object });
        self.bytes += bytes;
    }

    /// The object at a path, which becomes the most recently used one.
    pub(crate) fn get(&mut self, path: &str) -> Option<Object> {
        let entry = self.entries.get_mut(path)?;
        self.clock += 1;
        if let Some(path) = self.used.remove(&entry.used) {
            self.used.insert(self.clock, path);
        }
        entry.used = self.clock;
        Some(entry.object.clone())
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(AsRef::as_ref)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of purges so far: an object that was fetched before a purge must not be stored after it.
    pub(crate) fn purges(&self) -> u64 {
        self.purges
    }

    /// Removes the objects that the pattern matches, and returns their number.
    pub(crate) fn purge(&mut self, pattern: &str) -> usize {
        let pattern = Pattern::new(pattern, self.star);
        self.purges += 1;
        if let Some(path) = pattern.exact() {
            return usize::from(self.remove(path));
        }
        let found: Vec<Arc<str>> = self.matching(&pattern).map(Arc::clone).collect();
        if found.len() == self.entries.len() {
            (self.entries, self.used, self.bytes) = Default::default();
        }
        for path in &found {
            self.remove(path);
        }
        found.len()
    }

    /// Whether the pattern matches any object.
    pub(crate) fn has(&self, pattern: &str) -> bool {
        let pattern = Pattern::new(pattern, self.star);
        match pattern.exact() {
            Some(path) => self.entries.contains_key(path),
            None => self.matching(&pattern).next().is_some(),
        }
    }

    /// The paths that a pattern with a `*` matches.
    fn matching<'a>(&'a self, pattern: &'a Pattern<'_>) -> impl Iterator<Item = &'a Arc<str>> {
        let prefix = pattern.prefix();
        self.entries
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .map(|(path, _)| path)
            .take_while(move |path| path.starts_with(prefix))
            .filter(|path| pattern.matches(path))
    }

    fn remove(&mut self, path: &str) -> bool {
        let Some(entry) = self.entries.remove(path) else { return false };
        self.used.remove(&entry.used);
        self.bytes -= entry.bytes;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(max_bytes: usize, paths: &[&str]) -> Cache {
        let mut cache = Cache::new(max_bytes, Star::default());
        paths.iter().for_each(|path| cache.insert(path, Object::Placeholder));
        cache
    }

    #[test]
    fn a_purge_removes_exactly_what_its_pattern_matches() {
        let all = ["/", "/a", "/a/b.jpg", "/a/b.png", "/a/c/d.jpg", "/ab", "/b"];
        for pattern in ["/a", "/a*", "/a/*", "/a/*.jpg", "/*", "/none", "/none/*", "/*b*"] {
            let mut cache = filled(10_000, &all);
            let purged = cache.purge(pattern);
            let matches = |path: &&str| Pattern::new(pattern, Star::default()).matches(path);
            let kept: Vec<&str> = all.into_iter().filter(|path| !matches(path)).collect();
            assert_eq!(cache.paths().collect::<Vec<_>>(), kept, "{pattern}");
            assert_eq!(purged, all.len() - kept.len(), "{pattern}");
            let bytes = kept.iter().map(|path| Object::Placeholder.bytes(path)).sum::<usize>();
            assert_eq!(cache.bytes(), bytes);
            assert_eq!(cache.used.len(), cache.len());
        }
    }

    #[test]
    fn least_recently_used_objects_are_dropped_at_the_limit() {
        let size = Object::Placeholder.bytes("/aa");
        let mut cache = filled(3 * size, &["/aa", "/bb", "/cc"]);
        assert!(cache.get("/aa").is_some());
        cache.insert("/dd", Object::Placeholder);
        assert_eq!(cache.paths().collect::<Vec<_>>(), ["/aa", "/cc", "/dd"]);
        cache.insert("/aa", Object::Placeholder);
        assert_eq!((cache.len(), cache.bytes()), (3, 3 * size));
        cache.insert(&"/larger-than-all".repeat(size), Object::Placeholder);
        assert_eq!(cache.paths().collect::<Vec<_>>(), ["/aa", "/cc", "/dd"]);
    }

    #[test]
    fn all_memory_of_an_object_is_counted() {
        let request = http::Request::get("/a").body(()).expect("a request");
        let response = http::Response::new(());
        let fetched = |headers, body: &'static [u8]| {
            let policy = CachePolicy::new(&request, &response);
            let (body, date) = (Bytes::from_static(body), None);
            Object::Fetched(Arc::new(Fetched { policy, body, date, headers }))
        };
        let empty = fetched(0, b"").bytes("/a");
        assert!(empty > size_of::<CachePolicy>() + size_of::<Entry>());
        assert_eq!(fetched(7, b"").bytes("/a"), empty + 7);
        assert_eq!(fetched(0, b"12345").bytes("/a"), empty + 5);
        assert_eq!(fetched(0, b"").bytes("/abc"), empty + 2);
    }
}
