//! The contents of an archive, with links resolved as they would be in a folder.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

use super::linked::{self, Linked};
use super::{LOOP, LeftOut, NoContent, ReadError, Site};
use crate::manifest::{Digest, Entry};

/// The most links that are followed for one name.
const LINKS: usize = 40;

/// How much memory the names of an archive may need. A compressed archive may have a hundred times its own size of
/// them; those of ten million files need about half of this.
const NAMES: u64 = if cfg!(test) { 16 << 20 } else { 4 << 30 };

/// What an archive contains, by name. A folder may be here without a node of its own: as part of other names. Memory is
/// proportional to the names, however many folders each of them has.
#[derive(Default)]
pub(super) struct Tree {
    nodes: BTreeMap<Box<[u8]>, Node>,
    /// How much memory the nodes need, about.
    size: u64,
}

pub(super) enum Node {
    Folder,
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
    from: Option<Rc<Step>>,
}

/// A folder from which a link led to another folder, and the link before it.
struct Step {
    folder: Vec<u8>,
    /// The name of the link.
    name: Vec<u8>,
    before: Option<Rc<Step>>,
    /// How many links there are on the way.
    links: usize,
}

impl Tree {
    /// Adds an entry of an archive. An earlier entry with this name is replaced, but unpacking a folder over a link to a
    /// folder keeps the link.
    pub(super) fn insert(&mut self, name: &[u8], node: Node) -> Result<(), ReadError> {
        let target = if let Node::Link(target) = &node { target.len() } else { 0 };
        self.size += linked::size(name.len() + target);
        if self.size > NAMES {
            return Err(ReadError::new(
                "the names in the archive need more than 4 GiB of memory: unpack it, and pass the folder",
            ));
        }
        if !(matches!(node, Node::Folder) && matches!(self.nodes.get(name), Some(Node::Link(_)))) {
            self.nodes.insert(name.into(), node);
        }
        Ok(())
    }

    /// Another name for what was added earlier, which is not a folder.
    pub(super) fn hard_link(&self, name: &[u8]) -> Option<Node> {
        match self.nodes.get(name)? {
            Node::File(digest) => Some(Node::File(*digest)),
            // Its target is relative to the folder of the new name, as it is after unpacking.
            Node::Link(target) => Some(Node::Link(target.clone())),
            Node::Special => Some(Node::Special),
            Node::Folder => None,
        }
    }

    /// The files, under every name that leads to them.
    pub(super) fn site(&self) -> Result<Site, ReadError> {
        for (name, node) in &self.nodes {
            if matches!(node, Node::Folder) {
                continue;
            }
            let mut inner = self.inside(name).filter(|(_, node)| !matches!(node, Node::Folder));
            if let Some((inner, _)) = inner.next() {
                return Err(ReadError::of(inner, "it is inside something that is not a folder"));
            }
        }
        let mut site = Site::default();
        let linked = Linked::default();
        // An archive may be nested more deeply than the stack of a thread allows.
        let mut rest = vec![Reached { folder: Vec::new(), name: Vec::new(), from: None }];
        while let Some(reached) = rest.pop() {
            self.add_folder(&reached, &mut rest, &linked, &mut site)?;
        }
        site.left_out.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(site)
    }

    /// What is inside this name, at any depth.
    fn inside(&self, name: &[u8]) -> impl Iterator<Item = (&[u8], &Node)> {
        let start = join(name, b"");
        let nodes = self.nodes.range::<[u8], _>((Bound::Included(&*start), Bound::Unbounded));
        let nodes = nodes.map(|(inner, node)| (&**inner, node));
        nodes.take_while(move |(inner, _)| inner.starts_with(&start))
    }

    /// The last parts of the names directly in a folder.
    fn list(&self, folder: &[u8]) -> Vec<Vec<u8>> {
        let start = join(folder, b"");
        let mut names = Vec::new();
        let mut next = Bound::Included(start.clone());
        loop {
            let from = next.as_ref().map(|next| &**next);
            let first = self.nodes.range::<[u8], _>((from, Bound::Unbounded)).next();
            let Some((name, _)) = first.filter(|(name, _)| name.starts_with(&start)) else {
                return names;
            };
            let last = name[start.len()..].split(|&byte| byte == b'/').next().unwrap_or_default();
            let child = [&*start, last].concat();
            // A folder with a node of its own has already been seen.
            if child.len() == name.len() || !self.nodes.contains_key(&*child) {
                names.push(last.to_vec());
            }
            next = match child.len() == name.len() {
                true => Bound::Excluded(child),
                // What is inside it is skipped: `0` follows `/`.
                false => Bound::Included([&*child, b"0"].concat()),
            };
        }
    }

    /// Adds the contents of a folder, under the name by which it was reached. The folders in it are added to the rest.
    fn add_folder(
        &self,
        reached: &Reached,
        rest: &mut Vec<Reached>,
        linked: &Linked,
        site: &mut Site,
    ) -> Result<(), ReadError> {
        for last in self.list(&reached.folder) {
            let (place, name) = (join(&reached.folder, &last), join(&reached.name, &last));
            if let Some(from) = &reached.from
                && !linked.add(place.len() + name.len())
            {
                return Err(ReadError::of(from.first(), linked::TOO_MANY));
            }
            let mut from = reached.from.clone();
            let found = match self.nodes.get(&*place) {
                Some(Node::File(digest)) => Place::File(*digest),
                Some(Node::Special) => Place::Special,
                Some(Node::Folder) | None => Place::Folder(place),
                Some(Node::Link(target)) => {
                    let found = self.resolve(&reached.folder, target);
                    if let Place::Folder(folder) = &found {
                        let step = Step::new(reached, name.clone());
                        if step.came_from(folder) {
                            return Err(ReadError::of(&name, LOOP));
                        }
                        if !linked.add(folder.len() + step.folder.len() + name.len()) {
                            return Err(ReadError::of(step.first(), linked::TOO_MANY));
                        }
                        from = Some(Rc::new(step));
                    }
                    found
                }
            };
            let why = match found {
                Place::File(digest) => {
                    let inserted = site.manifest.insert(&name, Entry { digest, stamp: None });
                    inserted.map_err(|error| ReadError::of(&name, error))?;
                    continue;
                }
                Place::Folder(folder) if from.as_ref().is_none_or(|from| from.links <= LINKS) => {
                    rest.push(Reached { folder, name, from });
                    continue;
                }
                Place::Special => NoContent::Special,
                Place::Folder(_) | Place::Nowhere | Place::Loop => NoContent::BrokenLink,
                Place::Out => return Err(ReadError::of(&name, OUT)),
            };
            site.left_out.push(LeftOut { name: name.into(), why });
        }
        Ok(())
    }

    /// Where a link in a folder leads.
    fn resolve(&self, folder: &[u8], target: &[u8]) -> Place {
        if target.starts_with(b"/") {
            return Place::Out;
        }
        let mut rest: Vec<&[u8]> = segments(target).rev().collect();
        let mut place = folder.to_vec();
        let mut links = 1;
        while let Some(segment) = rest.pop() {
            if segment == b".." {
                if place.is_empty() {
                    return Place::Out;
                }
                place = split(&place).0.to_vec();
                continue;
            }
            let next = join(&place, segment);
            match self.nodes.get(&*next) {
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
                Some(Node::Folder) => place = next,
                Some(_) if !rest.is_empty() => return Place::Nowhere,
                Some(Node::Special) => return Place::Special,
                Some(Node::File(digest)) => return Place::File(*digest),
                None if self.inside(&next).next().is_some() => place = next,
                None => return Place::Nowhere,
            }
        }
        Place::Folder(place)
    }
}

const OUT: &str = "a link that leads out of the archive: unpack the archive, and pass the folder";

impl Step {
    fn new(reached: &Reached, name: Vec<u8>) -> Self {
        let (folder, before) = (reached.folder.clone(), reached.from.clone());
        let links = before.as_ref().map_or(1, |before| before.links + 1);
        Self { folder, name, before, links }
    }

    /// The first link on the way.
    fn first(&self) -> &[u8] {
        self.before.as_ref().map_or(&self.name, |before| before.first())
    }

    /// Whether one of the links on the way is in this folder.
    fn came_from(&self, folder: &[u8]) -> bool {
        is_in(&self.folder, folder)
            || self.before.as_ref().is_some_and(|before| before.came_from(folder))
    }
}

fn segments(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|segment| !matches!(*segment, b"" | b"."))
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

/// Whether a folder is the other one, or inside it.
fn is_in(folder: &[u8], other: &[u8]) -> bool {
    other.is_empty()
        || folder.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}
