//! Replacing sets of paths by directories: what a wildcard for a directory saves, and what it costs.
//!
//! Whether `/blog/*` purges `/blog/` is not published. So the directory's own address is never replaced by its
//! wildcard: it is sent beside it if it was asked for. If it was not, but is in the inventory, it counts as
//! purged; then it is sent as well, so that the whole directory is purged for certain.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::cover::Cover;
use super::dedup::repeated;
use super::knapsack::{self, Goal, Node, choose};
use super::sort_key::Order;
use crate::path::{Paths, PurgePath};

/// The directories in which at least two of the asked-for paths are: others need no wildcard.
pub(super) struct Directories<'a> {
    /// How many paths were asked for.
    paths: usize,
    /// Of the paths that a wildcard for a directory may cover, sorted.
    heads: Vec<Head<'a>>,
    /// Children come before what is around them.
    directories: Vec<Directory>,
    nodes: Vec<Node>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head<'a> {
    order: u128,
    text: &'a str,
    /// Of the path.
    position: usize,
}

struct Directory {
    /// The length of its path, its last `/` included.
    length: usize,
    /// The first and the last of the heads in it.
    first: usize,
    last: usize,
    /// Whether its own address is in the inventory and was not asked for.
    adds_itself: bool,
}

/// Which wildcards take the place of which paths.
#[derive(Default)]
pub(super) struct Coalesced {
    /// The wildcards, each with its directory's own address behind it where that is added.
    pub(super) added: Vec<PurgePath>,
    /// What is sent, by its place in the paths with what is added behind them: in the order that was asked
    /// for, a wildcard where the first path stood that it replaces.
    pub(super) order: Vec<usize>,
    /// How many paths are replaced.
    pub(super) replaced: usize,
    /// How many paths of the inventory are purged beyond what was asked for.
    pub(super) extra: u64,
}

impl Coalesced {
    /// One of those that are sent in place of the paths.
    pub(super) fn sent<'a>(&'a self, paths: &[&'a str], index: usize) -> &'a str {
        let place = self.order[index];
        match paths.get(place) {
            Some(path) => path,
            None => self.added[place - paths.len()].as_str(),
        }
    }
}

impl<'a> Directories<'a> {
    /// Takes paths of which none covers another one.
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
        // Directories that are not left yet: each is in the one before it.
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

        let mut nodes: Vec<Node> = directories
            .iter()
            .map(|d| {
                let saved = (d.last - d.first) as u64;
                Node { saved, extra: 0, parent: directories.len() }
            })
            .collect();
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
        Self { paths: paths.len(), heads, directories, nodes }
    }

    /// Lets a wildcard cost as much as there are paths in the inventory that it purges and nobody asked
    /// for: they are none of `paths`, which these directories are of, and the wildcards among those cover
    /// none of them.
    pub(super) fn cost_by_inventory(
        &mut self,
        paths: &[&str],
        inventory: &Paths,
        wildcards: &Cover<'_>,
    ) {
        let directories = self.directories.iter().enumerate();
        let nodes: HashMap<&str, usize, RandomState> =
            directories.map(|(index, d)| (&self.heads[d.first].text[..d.length], index)).collect();
        // What was asked for stands before the inventory, and so it is repeated there.
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

    /// Lets a wildcard save one path less where its directory's own address is added, and forgets those
    /// that then save no more than what is in them.
    fn pay_for_addresses(&mut self) {
        let outside = self.nodes.len();
        let mut below = vec![0; outside + 1];
        let mut is_kept = vec![false; outside];
        for (index, node) in self.nodes.iter_mut().enumerate() {
            node.saved -= u64::from(self.directories[index].adds_itself);
            is_kept[index] = node.saved > below[index];
            below[node.parent] += node.saved.max(below[index]);
        }
        // A node's place among those that are kept; for one that is not, that of the node around it.
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

    /// Lets a wildcard cost the square of how many paths it replaces, so that many narrow ones are
    /// better than a wide one.
    pub(super) fn cost_by_paths(&mut self) {
        for node in &mut self.nodes {
            node.extra = (node.saved + 1).saturating_pow(2);
        }
    }

    /// The most by which wildcards shorten what is sent.
    pub(super) fn most_saved(&self) -> usize {
        let outermost = self.nodes.iter().filter(|node| node.parent == self.nodes.len());
        outermost.map(|node| node.saved as usize).sum()
    }

    /// `None` when so much cannot be saved.
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
                // Empty from the second time on.
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

/// What a path begins with: a wildcard for a directory covers the path if and only if this begins with the
/// directory. `None` when no such wildcard covers it.
fn head(path: &str) -> Option<&str> {
    if path == "/" || path.contains('?') {
        return None;
    }
    match path.split_once('*') {
        Some((head, _)) => Some(head),
        // `/a/` is in `/`, and not in `/a/`, whose star takes at least one byte.
        None => Some(path.strip_suffix('/').unwrap_or(path)),
    }
}

/// The innermost directory of both paths.
fn common_directory(a: &str, b: &str) -> usize {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.as_bytes()[..common].iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)
}
