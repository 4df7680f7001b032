//! Replacing sets of paths by directories: what a wildcard for a directory saves, and what it costs.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::choose::{self, Goal, Node, choose};
use super::cover::Cover;
use super::order::Order;
use super::unique::repeated;
use crate::{Paths, PurgePath};

/// The directories in which at least two of the asked-for paths are: others need no wildcard.
pub(super) struct Directories<'a> {
    /// What a path starts with, up to its first star: a wildcard for a directory covers the path if and
    /// only if this begins with the directory. With the position of the path; sorted.
    heads: Vec<Head<'a>>,
    /// Children stand before what is around them.
    directories: Vec<Directory>,
    nodes: Vec<Node>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head<'a> {
    order: u128,
    text: &'a str,
    is_wildcard: bool,
    position: usize,
}

struct Directory {
    /// The length of its path, its last `/` included.
    length: usize,
    /// The first and the last of the heads in it.
    first: usize,
    last: usize,
}

/// Which wildcards take the place of which paths.
#[derive(Default)]
pub(super) struct Coalesced {
    pub(super) wildcards: Vec<PurgePath>,
    /// What is sent, by its place in the paths with the wildcards behind them: in the order that was asked
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
            None => self.wildcards[place - paths.len()].as_str(),
        }
    }
}

impl<'a> Directories<'a> {
    /// Takes paths of which none covers another one.
    pub(super) fn of(paths: &[&'a str], may_be: impl Fn(&str) -> bool) -> Self {
        let order = Order::of(paths);
        let mut heads: Vec<Head<'_>> = paths
            .iter()
            .enumerate()
            .map(|(position, path)| {
                let (text, is_wildcard) =
                    path.split_once('*').map_or((*path, false), |(head, _)| (head, true));
                Head { order: order.of_text(text), text, is_wildcard, position }
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
                add(Directory { length, first: start, last: index });
                first = start;
            }
            if open.last().is_none_or(|(length, _)| *length < common) {
                open.push((common, first));
            }
        }
        for (length, first) in open.into_iter().rev() {
            add(Directory { length, first, last: heads.len() - 1 });
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
        Self { heads, directories, nodes }
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
        let repeated = repeated(paths.len() + inventory.len(), |place| text(place).into());
        let others = inventory.iter().zip(&repeated[paths.len()..]);
        for (path, _) in others.filter(|(path, repeated)| !**repeated && !wildcards.covers(path)) {
            let mut slashes = path.rmatch_indices('/').map(|(slash, _)| slash);
            if let Some(&inner) = slashes.find_map(|slash| nodes.get(&path[..=slash])) {
                self.nodes[inner].extra += 1;
            }
        }
        for index in 0..self.nodes.len() {
            let Node { extra, parent, .. } = self.nodes[index];
            if let Some(around) = self.nodes.get_mut(parent) {
                around.extra += extra;
            }
        }
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
        let chosen = choose(&self.nodes, goal, choose::STEPS)?;
        let paths = self.heads.len();
        let mut wildcards = Vec::with_capacity(chosen.len());
        let mut replaced_by = vec![None; paths];
        for (wildcard, &index) in chosen.iter().enumerate() {
            let Directory { length, first, last } = self.directories[index];
            let directory = &self.heads[first].text[..length];
            wildcards.push(PurgePath::of_directory(directory));
            for head in &self.heads[first..=last] {
                replaced_by[head.position] = Some(wildcard);
            }
        }
        let mut is_sent = vec![false; wildcards.len()];
        let order: Vec<usize> = replaced_by
            .into_iter()
            .enumerate()
            .filter_map(|(place, wildcard)| match wildcard {
                None => Some(place),
                Some(wildcard) => {
                    (!std::mem::replace(&mut is_sent[wildcard], true)).then_some(paths + wildcard)
                }
            })
            .collect();
        Some(Coalesced {
            replaced: paths + wildcards.len() - order.len(),
            wildcards,
            order,
            extra: chosen.iter().map(|&index| self.nodes[index].extra).sum(),
        })
    }
}

/// The innermost directory of both paths. What follows a `?` is no directory.
fn common_directory(a: &str, b: &str) -> usize {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b && *a != b'?').count();
    a.as_bytes()[..common].iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)
}
