//! What is known about the files of a site: the new build, the old one, and all paths.

use purge_api_ext::Paths;
use purge_site::{Manifest, Rules};
use purge_verify::{Digest, Expected, New};

use super::content::Link;
use crate::exit::Failure;
use crate::input::Format;
use crate::selection::{add_names, as_requested};

/// How many names are expanded at a time.
const BLOCK: usize = 1000;

/// What is known about the files of a site, and which addresses they have.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) new: Option<&'a Manifest>,
    pub(crate) old: Option<&'a Manifest>,
    /// The contents that the old build had for the files whose content is unknown in `old`. Caches may have others by now.
    pub(crate) doubted: Option<&'a Manifest>,
    /// Paths whose content is unknown.
    pub(crate) inventory: Option<&'a Paths>,
    pub(crate) format: Format<'a>,
    /// The rules for all addresses of a file.
    pub(crate) rules: &'a Rules,
    /// The rules for the addresses that have the content of the file.
    pub(crate) same: &'a Rules,
}

/// A path at which something may be cached.
pub(super) struct Address<'a> {
    pub(super) path: &'a str,
    /// The file that is served there; none if nothing is known about it.
    pub(super) file: Option<(Expected, Link)>,
    /// The path that is purged for it, if browsers request another one: this one, in which `*` is not a wildcard.
    pub(super) purged_as: Option<&'a str>,
}

impl Sources<'_> {
    /// Calls `add` with each address of each file. A wildcard is not an address.
    pub(super) fn each(&self, mut add: impl FnMut(Address<'_>)) -> Result<(), Failure> {
        let mut add = |path: &str, file| {
            if path.contains('*') {
                return;
            }
            add(Address { path, file, purged_as: None });
            if let (Some((expected, link)), Some(requested)) = (file, as_requested(path)) {
                let link = if link == Link::Own { Link::Alias } else { link };
                let file = Some((expected, link));
                add(Address { path: &requested, file, purged_as: Some(path) });
            }
        };
        let names = self.names();
        for block in names.chunks(BLOCK) {
            for name in block {
                let mut own = Paths::new();
                add_names(std::iter::once(*name), &mut own, self.format)?;
                let expected = self.expected(name);
                let addresses = |rules: &Rules| {
                    let expanded = rules.expand(own.clone());
                    expanded.map(|(paths, _)| paths).map_err(|e| Failure::usage(e.to_string()))
                };
                let same = addresses(self.same)?;
                for (place, path) in same.iter().enumerate() {
                    let link = if place == 0 { Link::Own } else { Link::Alias };
                    add(path, Some((expected, link)));
                }
                for path in addresses(self.rules)?.iter().filter(|path| !has(&same, path)) {
                    add(path, Some((expected, Link::Variant)));
                }
            }
        }
        for path in self.inventory.into_iter().flatten() {
            add(path, None);
        }
        Ok(())
    }

    /// The names in either build, each once.
    fn names(&self) -> Vec<&[u8]> {
        let builds = [self.new, self.old].into_iter().flatten();
        let mut names: Vec<&[u8]> = builds.flat_map(Manifest::names).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn expected(&self, name: &[u8]) -> Expected {
        let digest = |manifest: Option<&Manifest>| {
            let entry = manifest?.get(name)?;
            (!entry.digest.is_unknown()).then_some(Digest(entry.digest.0))
        };
        let new = match self.new {
            None => New::Unknown,
            Some(site) if site.get(name).is_none() => New::Gone,
            Some(_) => digest(self.new).map_or(New::Unknown, New::Is),
        };
        let is_in_doubt =
            self.old.and_then(|old| old.get(name)).is_some_and(|e| e.digest.is_unknown());
        Expected { new, old: digest(self.old).or_else(|| digest(self.doubted)), is_in_doubt }
    }
}

fn has(paths: &Paths, wanted: &str) -> bool {
    paths.iter().any(|path| path == wanted)
}
