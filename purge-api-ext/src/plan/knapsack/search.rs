use std::cmp::Reverse;

use super::{Goal, Node, Price};

/// The exact search. From the leaves up, it keeps all choices that no other choice beats in both cost and savings, and
/// that may still become part of an optimum.
pub(super) struct Search {
    goal: Goal,
    price: Price,
    /// How far the value of a part of an optimum may be below the highest value of that part.
    gap: i128,
    /// The maximum cost of an optimum.
    cap: u64,
    steps: usize,
    joins: Vec<Join>,
}

/// How a choice is composed of others, so that the optimum can be traced back.
enum Join {
    Node(usize),
    Both(u32, u32),
}

/// The index that means no node at all.
const NOTHING: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Entry {
    extra: u64,
    saved: u64,
    /// The index of a [`Join`], or [`NOTHING`].
    join: u32,
}

const EMPTY: Entry = Entry { extra: 0, saved: 0, join: NOTHING };

/// The choices in a part of the tree.
struct Choices {
    /// The part that all choices share, which is kept only once.
    base: Entry,
    /// The alternatives to add to it. Both `extra` and `saved` increase from each to the next.
    entries: Vec<Entry>,
    /// The highest value of a choice in this part.
    best: i128,
}

impl Choices {
    fn nothing() -> Self {
        Self { base: EMPTY, entries: vec![EMPTY], best: 0 }
    }
}

impl Search {
    pub(super) fn new(goal: Goal, price: Price, gap: i128, cap: u64, steps: usize) -> Self {
        Self { goal, price, gap, cap, steps, joins: Vec::new() }
    }

    /// The nodes of an optimum; `None` if finding it takes too many steps.
    pub(super) fn run(mut self, nodes: &[Node]) -> Option<Vec<usize>> {
        let mut below: Vec<Option<Choices>> = Vec::new();
        below.resize_with(nodes.len() + 1, || None);
        for (index, node) in nodes.iter().enumerate() {
            let inner = below[index].take().unwrap_or_else(Choices::nothing);
            let own = self.with_node(inner, index, node)?;
            let all = match below[node.parent].take() {
                None => own,
                Some(others) => self.both(others, own)?,
            };
            below[node.parent] = Some(all);
        }
        let Choices { base, entries, .. } = below.pop()??;
        let end = match self.goal {
            Goal::Extra(most) => entries.iter().rfind(|entry| base.extra + entry.extra <= most)?,
            Goal::Saved(least) => entries.iter().find(|entry| base.saved + entry.saved >= least)?,
        };
        let mut nodes = Vec::new();
        let mut open = vec![base.join, end.join];
        while let Some(join) = open.pop() {
            match self.joins.get(join as usize) {
                Some(Join::Node(node)) => nodes.push(*node),
                Some(Join::Both(a, b)) => open.extend([*a, *b]),
                None => {}
            }
        }
        nodes.sort_unstable();
        Some(nodes)
    }

    /// The choices inside a node, and the node itself.
    fn with_node(&mut self, mut inner: Choices, index: usize, node: &Node) -> Option<Choices> {
        let value = self.price.value(node.extra, node.saved);
        if node.extra > self.cap || inner.best - value > self.gap {
            return Some(inner);
        }
        self.spend(inner.entries.len())?;
        let best = inner.best.max(value);
        // The node excludes all other choices, so their shared part becomes part of each of them.
        let mut entries = Vec::with_capacity(inner.entries.len() + 1);
        for entry in inner.entries.drain(..) {
            let entry = self.sum(inner.base, entry)?;
            if entry.extra < node.extra && self.may_be_optimal(&entry, best) {
                entries.push(entry);
            }
        }
        if !entries.last().is_some_and(|last| self.is_enough(last)) {
            let join = self.join(Join::Node(index))?;
            entries.push(Entry { extra: node.extra, saved: node.saved, join });
        }
        self.settled(Choices { base: EMPTY, entries, best })
    }

    /// The choices in two disjoint parts of the tree.
    fn both(&mut self, a: Choices, b: Choices) -> Option<Choices> {
        let base = self.sum(a.base, b.base)?;
        let best = a.best + b.best;
        if let [_] = *b.entries {
            return Some(Choices { base, entries: a.entries, best });
        }
        if let [_] = *a.entries {
            return Some(Choices { base, entries: b.entries, best });
        }

        self.spend(a.entries.len().saturating_mul(b.entries.len()))?;
        let plus = |entry: &Entry, other: &Entry| Entry {
            extra: entry.extra + other.extra,
            saved: entry.saved + other.saved,
            join: NOTHING,
        };
        let mut pairs = Vec::new();
        for one in &a.entries {
            for other in &b.entries {
                let sum = plus(one, other);
                if self.may_be_optimal(&plus(&base, &sum), best) {
                    pairs.push((sum.extra, Reverse(sum.saved), one.join, other.join));
                }
            }
        }
        pairs.sort_unstable();
        let mut entries: Vec<Entry> = Vec::new();
        for (extra, Reverse(saved), one, other) in pairs {
            if entries.last().is_some_and(|last| last.saved >= saved) {
                continue;
            }
            let entry = Entry { extra, saved, join: self.join_both(one, other)? };
            entries.push(entry);
            if self.is_enough(&plus(&base, &entry)) {
                break;
            }
        }
        self.settled(Choices { base, entries, best })
    }

    /// Makes a single entry part of the base.
    fn settled(&mut self, mut choices: Choices) -> Option<Choices> {
        if let [only] = *choices.entries {
            choices.base = self.sum(choices.base, only)?;
            choices.entries[0] = EMPTY;
        }
        Some(choices)
    }

    fn may_be_optimal(&self, entry: &Entry, best: i128) -> bool {
        entry.extra <= self.cap && best - self.price.value(entry.extra, entry.saved) <= self.gap
    }

    /// Whether this entry meets the goal, so that more expensive ones need not be examined.
    fn is_enough(&self, entry: &Entry) -> bool {
        matches!(self.goal, Goal::Saved(least) if entry.saved >= least)
    }

    fn sum(&mut self, a: Entry, b: Entry) -> Option<Entry> {
        let join = self.join_both(a.join, b.join)?;
        Some(Entry { extra: a.extra + b.extra, saved: a.saved + b.saved, join })
    }

    fn join_both(&mut self, a: u32, b: u32) -> Option<u32> {
        match (a, b) {
            (NOTHING, one) | (one, NOTHING) => Some(one),
            _ => self.join(Join::Both(a, b)),
        }
    }

    fn join(&mut self, join: Join) -> Option<u32> {
        let index = u32::try_from(self.joins.len()).ok().filter(|&index| index != NOTHING)?;
        self.joins.push(join);
        Some(index)
    }

    fn spend(&mut self, steps: usize) -> Option<()> {
        self.steps = self.steps.checked_sub(steps)?;
        Some(())
    }
}
