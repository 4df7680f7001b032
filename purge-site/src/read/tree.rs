//! The contents of an archive, with links resolved as they would be in a folder.

use std::collections::{BTreeMap, BTreeSet};

use super::{LOOP, LeftOut, NoContent, ReadError, Site};
use crate::manifest::{Digest, Entry};

/// The most links that are followed for one name.
const LINKS: usize = 40;

#[derive(Default)]
pub(super) struct Tree {
    nodes: BTreeMap<Vec<u8>, Node>,
    /// The names in each folder.
    folders: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
}

pub(super) enum Node {
    File(Digest),
    /// The target, relative to the folder of the link.
    Link(Vec<u8>),
    Special,
}

/// Where a path leads.
enum Place {
    Folder(Vec<u8>),
    File(Digest),
    Special,
    Nowhere,
    /// Out of the archive.
    Out,
    Loop,
}

/// A folder, and the name by which it was reached.
struct Reached {
    folder: Vec<u8>,
    name: Vec<u8>,
    /// The last link on the way.
    from: Option<usize>,
}

/// A folder from which a link led to another folder, and the link before it.
struct Step {
    folder: Vec<u8>,
    before: Option<usize>,
    /// How many links there are on the way.
    links: usize,
}

impl Tree {
    /// Adds an entry of an archive. An earlier entry with this name is replaced.
    pub(super) fn insert(&mut self, name: &[u8], node: Node) {
        self.nodes.insert(name.to_vec(), node);
        self.add_to_folder(name);
    }

    /// Adds a folder, which replaces an earlier entry with this name.
    pub(super) fn insert_folder(&mut self, name: &[u8]) {
        // Unpacking a folder over a link to a folder keeps the link.
        if !matches!(self.nodes.get(name), Some(Node::Link(_))) {
            self.nodes.remove(name);
        }
        self.folders.entry(name.to_vec()).or_default();
        self.add_to_folder(name);
    }

    fn add_to_folder(&mut self, mut name: &[u8]) {
        while !name.is_empty() {
            let (folder, last) = split(name);
            self.folders.entry(folder.to_vec()).or_default().insert(last.to_vec());
            name = folder;
        }
    }

    /// The digest of a file that was added earlier.
    pub(super) fn file(&self, name: &[u8]) -> Option<Digest> {
        match self.nodes.get(name)? {
            Node::File(digest) => Some(*digest),
            Node::Link(_) | Node::Special => None,
        }
    }

    /// The files, under every name that leads to them.
    pub(super) fn site(&self) -> Result<Site, ReadError> {
        for name in self.nodes.keys() {
            let mut folder = split(name).0;
            while !folder.is_empty() {
                if self.nodes.contains_key(folder) {
                    return Err(ReadError::of(name, "it is inside something that is not a folder"));
                }
                folder = split(folder).0;
            }
        }
        let mut site = Site::default();
        let mut steps = Vec::new();
        // An archive may be nested more deeply than the stack of a thread allows.
        let mut rest = vec![Reached { folder: Vec::new(), name: Vec::new(), from: None }];
        while let Some(reached) = rest.pop() {
            self.add_folder(&reached, &mut rest, &mut steps, &mut site)?;
        }
        site.left_out.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(site)
    }

    /// Adds the contents of a folder, under the name by which it was reached. The folders in it are added to the rest.
    fn add_folder(
        &self,
        reached: &Reached,
        rest: &mut Vec<Reached>,
        steps: &mut Vec<Step>,
        site: &mut Site,
    ) -> Result<(), ReadError> {
        for last in self.folders.get(&reached.folder).into_iter().flatten() {
            let (place, name) = (join(&reached.folder, last), join(&reached.name, last));
            let is_link = matches!(self.nodes.get(&place), Some(Node::Link(_)));
            let left_out = |why| LeftOut { name: name.clone().into(), why };
            match self.resolve(&place) {
                Place::File(digest) => {
                    let inserted = site.manifest.insert(&name, Entry { digest, stamp: None });
                    inserted.map_err(|error| ReadError::of(&name, error))?;
                }
                Place::Folder(folder) => {
                    let mut from = reached.from;
                    if is_link {
                        let links = from.map_or(1, |from| steps[from].links + 1);
                        steps.push(Step { folder: reached.folder.clone(), before: from, links });
                        from = Some(steps.len() - 1);
                        if came_from(steps, from, &folder) {
                            return Err(ReadError::of(&name, LOOP));
                        }
                        if links > LINKS {
                            site.left_out.push(left_out(NoContent::BrokenLink));
                            continue;
                        }
                    }
                    rest.push(Reached { folder, name, from });
                }
                Place::Special => site.left_out.push(left_out(NoContent::Special)),
                Place::Nowhere | Place::Loop => site.left_out.push(left_out(NoContent::BrokenLink)),
                Place::Out => {
                    return Err(ReadError::of(
                        &name,
                        "a link that leads out of the archive: unpack the archive, and pass the folder",
                    ));
                }
            }
        }
        Ok(())
    }

    fn resolve(&self, path: &[u8]) -> Place {
        let mut rest: Vec<Vec<u8>> = segments(path).rev().collect();
        let mut place = Vec::new();
        let mut links = 0;
        while let Some(segment) = rest.pop() {
            if segment == b".." {
                if place.is_empty() {
                    return Place::Out;
                }
                place = split(&place).0.to_vec();
                continue;
            }
            let next = join(&place, &segment);
            match self.nodes.get(&next) {
                Some(Node::Link(target)) => {
                    links += 1;
                    if links > LINKS {
                        return Place::Loop;
                    }
                    if target.starts_with(b"/") {
                        return Place::Out;
                    }
                    rest.extend(segments(target).rev());
                }
                Some(_) if !rest.is_empty() => return Place::Nowhere,
                Some(Node::Special) => return Place::Special,
                Some(Node::File(digest)) => return Place::File(*digest),
                None if self.folders.contains_key(&next) => place = next,
                None => return Place::Nowhere,
            }
        }
        Place::Folder(place)
    }
}

fn segments(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> {
    let is_step = |segment: &&[u8]| !matches!(*segment, b"" | b".");
    path.split(|&byte| byte == b'/').filter(is_step).map(<[u8]>::to_vec)
}

/// The folder of a name, and the last part of the name.
fn split(name: &[u8]) -> (&[u8], &[u8]) {
    match name.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&name[..slash], &name[slash + 1..]),
        None => (b"", name),
    }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// Whether one of the links on the way is in this folder.
fn came_from(steps: &[Step], mut from: Option<usize>, folder: &[u8]) -> bool {
    while let Some(step) = from.map(|from| &steps[from]) {
        if is_in(&step.folder, folder) {
            return true;
        }
        from = step.before;
    }
    false
}

/// Whether a folder is the other one, or inside it.
fn is_in(folder: &[u8], other: &[u8]) -> bool {
    other.is_empty()
        || folder.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}
