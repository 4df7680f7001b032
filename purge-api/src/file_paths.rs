use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The paths of a [`CreatePurgeRequest`](crate::types::CreatePurgeRequest): one string, or a list that the program keeps
/// ([`shared`](Self::shared)). Clones share them.
///
/// Allocating and freeing a string for each of 100 paths would take a tenth of the CPU time of a request.
///
/// ```
/// use purge_api::FilePaths;
///
/// let paths: FilePaths = ["/index.html", "/images/*"].into_iter().collect();
/// assert_eq!(paths.iter().next(), Some("/index.html"));
/// assert_eq!(serde_json::to_string(&paths)?, r#"["/index.html","/images/*"]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct FilePaths(Arc<dyn PathList>);

/// Paths that a program keeps, to be sent without a copy: see [`FilePaths::shared`].
pub trait PathList: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// How many paths there are.
    fn count(&self) -> usize;

    /// The path at an index, which is less than [`count`](Self::count).
    fn path(&self, index: usize) -> &str;
}

impl FilePaths {
    /// Shares paths with the program, such as those of a part of a long list.
    ///
    /// ```
    /// use std::ops::Range;
    /// use std::sync::Arc;
    ///
    /// use purge_api::{FilePaths, PathList};
    ///
    /// struct Part(Arc<Vec<String>>, Range<usize>);
    ///
    /// impl PathList for Part {
    ///     fn count(&self) -> usize {
    ///         self.1.len()
    ///     }
    ///
    ///     fn path(&self, index: usize) -> &str {
    ///         &self.0[self.1.start + index]
    ///     }
    /// }
    ///
    /// let all = Arc::new(vec!["/a".to_owned(), "/b".to_owned(), "/c".to_owned()]);
    /// let paths = FilePaths::shared(Part(Arc::clone(&all), 1..3));
    /// assert_eq!(paths.iter().collect::<Vec<_>>(), ["/b", "/c"]);
    /// ```
    pub fn shared(paths: impl PathList + 'static) -> Self {
        Self(Arc::new(paths))
    }

    /// The paths, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.0.count()).map(|index| self.0.path(index))
    }
}

/// Paths in one string.
struct Joined {
    text: String,
    /// Where each path ends in `text`.
    ends: Vec<usize>,
}

impl PathList for Joined {
    fn count(&self) -> usize {
        self.ends.len()
    }

    fn path(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }
}

impl<S: AsRef<str>> FromIterator<S> for FilePaths {
    fn from_iter<T: IntoIterator<Item = S>>(paths: T) -> Self {
        let paths = paths.into_iter();
        // Reserve memory for paths of typical length.
        let room = paths.size_hint().0;
        let mut all =
            Joined { text: String::with_capacity(room * 48), ends: Vec::with_capacity(room) };
        for path in paths {
            all.text.push_str(path.as_ref());
            all.ends.push(all.text.len());
        }
        Self::shared(all)
    }
}

impl<S: AsRef<str>> From<Vec<S>> for FilePaths {
    fn from(paths: Vec<S>) -> Self {
        paths.into_iter().collect()
    }
}

impl Default for FilePaths {
    fn default() -> Self {
        [""; 0].into_iter().collect()
    }
}

impl PartialEq for FilePaths {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for FilePaths {}

impl fmt::Debug for FilePaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for FilePaths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for FilePaths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_they_were_written() {
        for paths in [&[][..], &[""], &["/\u{fc}", "", "/\"\\"]] {
            let all: FilePaths = paths.iter().collect();
            assert_eq!(all.iter().collect::<Vec<_>>(), paths);
            assert_eq!(all.iter().len(), paths.len());
            let json = serde_json::to_string(&all).expect("texts");
            assert_eq!(json, serde_json::to_string(paths).expect("texts"));
            assert_eq!(serde_json::from_str::<FilePaths>(&json).expect("what was written"), all);
        }
    }

    #[test]
    fn paths_are_equal_however_they_are_kept() {
        struct Kept;

        impl PathList for Kept {
            fn count(&self) -> usize {
                2
            }

            fn path(&self, index: usize) -> &str {
                ["/a", "/b"][index]
            }
        }

        let paths = |paths: &[&str]| paths.iter().collect::<FilePaths>();
        assert_eq!(paths(&[]), FilePaths::default());
        assert_eq!(paths(&["/a", "/b"]), FilePaths::from(vec!["/a".to_owned(), "/b".to_owned()]));
        assert_eq!(paths(&["/a", "/b"]), FilePaths::shared(Kept));
        assert_ne!(paths(&["/a", "/b"]), paths(&["/a"]));
        assert_ne!(paths(&["/a", "/b"]), paths(&["/a/b", ""]));
        assert_ne!(paths(&["/a", "/b"]), paths(&["/b", "/a"]));
    }
}
