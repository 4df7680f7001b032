//! Replaces sets of paths by wildcards for their directories: what each wildcard saves, and what it costs.
//!
//! It is not published whether `/blog/*` purges `/blog/`. So a wildcard never replaces the path of the directory
//! itself, which is sent in addition if it was requested. If it was not requested but is in the inventory, it counts
//! as purged and is sent as well, so that the whole directory is certain to be purged.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::cover::Cover;
use super::dedup::repeated;
use super::knapsack::{self, Goal, Node, choose};
use super::sort_key::Order;
use crate::path::{Paths, PurgePath};

/// The directories that contain at least two of the requested paths. Others need no wildcard.
pub(super) struct Directories<'a> {
    /// The number of requested paths.
    paths: usize,
    /// The heads of the paths that a wildcard for a directory can cover, sorted.
    heads: Vec<Head<'a>>,
    /// Children come before their parents.
    directories: Vec<Directory>,
    nodes: Vec<Node>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head<'a> {
    order: u128,
    text: &'a str,
    /// The index of the path.
    position: usize,
}

struct Directory {
    /// The length of its path, including the last `/`.
    length: usize,
    /// The first and the last head in it.
    first: usize,
    last: usize,
    /// Whether its own path is in the inventory and was not requested.
    adds_itself: bool,
}

/// Which wildcards replace which paths.
#[derive(Default)]
pub(super) struct Coalesced {
    /// The wildcards, each followed by the path of its directory if that is added.
    pub(super) added: Vec<PurgePath>,
    /// What is sent, as indices into the paths followed by the added ones. The order is that of the request; a
    /// wildcard takes the position of the first path that it replaces.
    pub(super) order: Vec<usize>,
    /// How many paths are replaced.
    pub(super) replaced: usize,
    /// How many paths in the inventory are purged although they were not requested.
    pub(super) extra: u64,
}

impl Coalesced {
    /// The path at an index of what is sent.
    pub(super) fn sent<'a>(&'a self, paths: &[&'a str], index: usize) -> &'a str {
        let place = self.order[index];
        match paths.get(place) {
            Some(path) => path,
            None => self.added[place - paths.len()].as_str(),
        }
    }
}

impl<'a> Directories<'a> {
    /// Takes paths none of which covers another.
    pub(super) fn from_paths(paths: &[&'a str], may_be: impl Fn(&str) -> bool) -> Self {
        let order = Order::new(paths);
        let mut heads: Vec<Head<'_>> = paths
            .iter()
            .enumerate()
            .filter_map(|(position, path)| {
                let text = head(path)?;
                Some(Head { order: order.of_text(text), text, position })
            })
            .collect();
        heads.sort_unstable();

        let mut directories = Vec::new();
        let mut add = |directory: Directory| {
            if may_be(&heads[directory.first].text[..directory.length]) {
                directories.push(directory);
            }
        };
        // Directories that are still open: each is inside the one before it.
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (index, pair) in heads.windows(2).enumerate() {
            let common = common_directory(pair[0].text, pair[1].text);
            let mut first = index;
            while let Some(&(length, start)) = open.last().filter(|(length, _)| *length > common) {
                open.pop();
                add(Directory { length, first: start, last: index, adds_itself: false });
                first = start;
            }
            if open.last().is_none_or(|(length, _)| *length < common) {
                open.push((common, first));
            }
        }
        for (length, first) in open.into_iter().rev() {
            add(Directory { length, first, last: heads.len() - 1, adds_itself: false });
        }

        let nodes = nodes(&directories);
        Self { paths: paths.len(), heads, directories, nodes }
    }

    /// Sets the cost of each wildcard to the number of paths in the inventory that it purges although they were not
    /// requested: they are not in `paths`, from which these directories were made, and no wildcard in `paths` covers
    /// them.
    pub(super) fn cost_by_inventory(
        &mut self,
        paths: &[&str],
        inventory: &Paths,
        wildcards: &Cover<'_>,
    ) {
        let directories = self.directories.iter().enumerate();
        let nodes: HashMap<&str, usize, RandomState> =
            directories.map(|(index, d)| (&self.heads[d.first].text[..d.length], index)).collect();
        // The requested paths come before the inventory, so in the inventory they count as repeated.
        let text = |place: usize| match paths.get(place) {
            Some(path) => *path,
            None => inventory.at(place - paths.len()),
        };
        let repeated = repeated(paths.len() + inventory.len(), text);
        let others = inventory.iter().zip(&repeated[paths.len()..]);
        for (path, _) in others.filter(|(path, repeated)| !**repeated && !wildcards.covers(path)) {
            let mut slashes = path.rmatch_indices('/').map(|(slash, _)| slash);
            if let Some(&inner) = slashes.find_map(|slash| nodes.get(&path[..=slash])) {
                self.nodes[inner].extra += 1;
                self.directories[inner].adds_itself |= self.directories[inner].length == path.len();
            }
        }
        for index in 0..self.nodes.len() {
            let Node { extra, parent, .. } = self.nodes[index];
            if let Some(around) = self.nodes.get_mut(parent) {
                around.extra += extra;
            }
        }
        if self.directories.iter().any(|directory| directory.adds_itself) {
            self.pay_for_addresses();
        }
    }

    /// Reduces what a wildcard saves by one if the path of its directory is added. Then drops the wildcards that save
    /// no more than those inside them.
    fn pay_for_addresses(&mut self) {
        let outside = self.nodes.len();
        let mut below = vec![0; outside + 1];
        let mut is_kept = vec![false; outside];
        for (index, node) in self.nodes.iter_mut().enumerate() {
            node.saved -= u64::from(self.directories[index].adds_itself);
            is_kept[index] = node.saved > below[index];
            below[node.parent] += node.saved.max(below[index]);
        }
        // The index of each node among the kept ones; for a dropped node, that of its parent.
        let mut left = is_kept.iter().filter(|is_kept| **is_kept).count();
        let mut places = vec![left; outside + 1];
        for index in (0..outside).rev() {
            let around = places[self.nodes[index].parent];
            self.nodes[index].parent = around;
            left -= usize::from(is_kept[index]);
            places[index] = if is_kept[index] { left } else { around };
        }
        let mut kept = is_kept.iter();
        self.nodes.retain(|_| kept.next() == Some(&true));
        let mut kept = is_kept.iter();
        self.directories.retain(|_| kept.next() == Some(&true));
    }

    /// Sets the cost of each wildcard to the square of the number of paths that it replaces, so that many narrow
    /// wildcards are preferred to a wide one.
    pub(super) fn cost_by_paths(&mut self) {
        for node in &mut self.nodes {
            node.extra = (node.saved + 1).saturating_pow(2);
        }
    }

    /// The maximum number of paths that wildcards can save.
    pub(super) fn most_saved(&self) -> usize {
        let outermost = self.nodes.iter().filter(|node| node.parent == self.nodes.len());
        outermost.map(|node| node.saved as usize).sum()
    }

    /// Chooses wildcards for the goal; `None` if so many paths cannot be saved.
    pub(super) fn coalesce(&self, goal: Goal) -> Option<Coalesced> {
        let chosen = choose(&self.nodes, goal, knapsack::STEPS)?;
        let mut added = Vec::with_capacity(chosen.len());
        let mut replaced_by = vec![None; self.paths];
        let mut places = Vec::with_capacity(chosen.len());
        for &index in &chosen {
            let Directory { length, first, last, adds_itself } = self.directories[index];
            let directory = &self.heads[first].text[..length];
            for head in &self.heads[first..=last] {
                replaced_by[head.position] = Some(places.len());
            }
            let place = self.paths + added.len();
            added.push(PurgePath::of_directory(directory));
            if adds_itself {
                added.push(PurgePath::of_checked(directory));
            }
            places.push(place..self.paths + added.len());
        }
        let mut order = Vec::new();
        for (place, wildcard) in replaced_by.into_iter().enumerate() {
            match wildcard {
                None => order.push(place),
                // The range is empty from the second time on.
                Some(wildcard) => order.extend(std::mem::take(&mut places[wildcard])),
            }
        }
        Some(Coalesced {
            replaced: self.paths + added.len() - order.len(),
            added,
            order,
            extra: chosen.iter().map(|&index| self.nodes[index].extra).sum(),
        })
    }
}

/// What each directory saves, and which one it is in. A directory comes after those in it.
fn nodes(directories: &[Directory]) -> Vec<Node> {
    let none = directories.len();
    let node = |d: &Directory| Node { saved: (d.last - d.first) as u64, extra: 0, parent: none };
    let mut nodes: Vec<Node> = directories.iter().map(node).collect();
    let mut around: Vec<usize> = Vec::new();
    for index in (0..directories.len()).rev() {
        while around.last().is_some_and(|&a| directories[a].first > directories[index].first) {
            around.pop();
        }
        if let Some(&parent) = around.last() {
            nodes[index].parent = parent;
        }
        around.push(index);
    }
    nodes
}

/// The head of a path: a wildcard for a directory covers the path if and only if the head begins with the directory.
/// `None` if no such wildcard covers the path.
fn head(path: &str) -> Option<&str> {
    if path == "/" || path.contains('?') {
        return None;
    }
    match path.split_once('*') {
        Some((head, _)) => Some(head),
        // `/a/` is in `/` but not in `/a/`, since a star matches at least one byte.
        None => Some(path.strip_suffix('/').unwrap_or(path)),
    }
}

/// The innermost directory of both paths.
fn common_directory(a: &str, b: &str) -> usize {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.as_bytes()[..common].iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)
}
