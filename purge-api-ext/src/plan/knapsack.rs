//! Which directories to purge with one wildcard each: a knapsack problem on a tree, as pure arithmetic.

mod search;

use search::Search;

/// A directory that one wildcard could purge.
///
/// It saves more than all of its subdirectories together, and costs at least as much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// How many paths the wildcard saves.
    pub(super) saved: u64,
    /// How many paths the wildcard purges that were not requested.
    pub(super) extra: u64,
    /// The parent directory, or the number of nodes if there is none. Parents come after their children.
    pub(super) parent: usize,
}

/// The goal of a choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    /// Save as much as possible at no more than this cost; among such choices, take the cheapest.
    Extra(u64),
    /// Save at least this much at the least cost; among such choices, take the one that saves most.
    Saved(u64),
}

/// How many pairs the exact search examines: well below a second, and at most 400 MB.
pub(super) const STEPS: usize = 1 << 24;

/// Chooses directories none of which is inside another; `None` if that much cannot be saved.
///
/// A price for cost (Lagrangian relaxation) turns the problem into one that is solved from the leaves up. The right
/// price yields two choices, one on each side of the goal, and a bound on how far any choice is from the optimum. The
/// search for the optimum then examines only what may still beat the best known choice. If that takes more than
/// `steps`, the best known choice is returned. It differs from a choice of the highest value only by one directory that
/// would exceed the goal, so it misses the optimum by less than that directory saves, or costs.
pub(super) fn choose(nodes: &[Node], goal: Goal, steps: usize) -> Option<Vec<usize>> {
    let mut cap = match goal {
        Goal::Extra(most) => most,
        Goal::Saved(_) => u64::MAX,
    };
    let (mut known, mut price) = match first_choice(nodes, goal, cap)? {
        First::Optimal(choice) => return Some(choice.nodes()),
        First::Known(choice, price) => (choice, price),
    };
    if let Goal::Saved(_) = goal {
        // A directory that costs more than a known choice cannot be part of a better one, but it makes the bound less
        // tight. Each iteration rules out a level of the tree, and most trees are shallow.
        for _ in 0..16 {
            let better = match first_choice(nodes, goal, known.extra - 1) {
                Some(First::Known(choice, better)) if choice.extra < known.extra => {
                    (choice, better)
                }
                _ => break,
            };
            (known, price) = better;
        }
        cap = known.extra;
    }
    let best = relax(nodes, cap, price);
    let best = price.value(best.extra, best.saved);
    let gap = match goal {
        Goal::Extra(most) => best - price.value(most, known.saved),
        Goal::Saved(least) => best - price.value(known.extra, least),
    };
    let found = Search::new(goal, price, gap, cap, steps).run(nodes);
    Some(found.unwrap_or_else(|| known.nodes()))
}

/// The result before any search.
enum First {
    Optimal(Choice),
    /// A choice that meets the goal, and the price that led to it.
    Known(Choice, Price),
}

/// A choice among the nodes that cost at most `cap`; `None` if there is none.
fn first_choice(nodes: &[Node], goal: Goal, cap: u64) -> Option<First> {
    let mut low = relax(nodes, cap, Price { saved: 0, extra: 1 });
    let mut high = relax(nodes, cap, Price { saved: 1, extra: 0 });
    match goal {
        Goal::Extra(most) if high.extra <= most => return Some(First::Optimal(high)),
        Goal::Saved(least) if high.saved < least => return None,
        Goal::Saved(least) if low.saved >= least => return Some(First::Optimal(low)),
        _ => {}
    }
    let price = loop {
        let price = Price {
            saved: i128::from(high.extra - low.extra),
            extra: i128::from(high.saved - low.saved),
        };
        let middle = relax(nodes, cap, price);
        if price.value(middle.extra, middle.saved) == price.value(low.extra, low.saved) {
            break price;
        }
        let is_low = match goal {
            Goal::Extra(most) => middle.extra <= most,
            Goal::Saved(least) => middle.saved < least,
        };
        *(if is_low { &mut low } else { &mut high }) = middle;
    };
    let known = match goal {
        Goal::Extra(most) => {
            for factor in [1, 4, 16, 64] {
                let price = Price { saved: price.saved * factor, ..price };
                change(nodes, &mut low, |choice, extra, saved| {
                    choice.extra + extra <= most && price.value(extra, saved) >= 0
                });
            }
            change(nodes, &mut low, |choice, extra, _| choice.extra + extra <= most);
            low
        }
        Goal::Saved(least) => {
            change(nodes, &mut low, |choice, extra, saved| {
                choice.saved + saved < least && price.value(extra, saved) >= 0
            });
            complete(nodes, &mut low, least);
            if low.saved >= least && low.extra <= high.extra { low } else { high }
        }
    };
    Some(First::Known(known, price))
}

/// The value of one saved path, and the cost of one extra path.
#[derive(Clone, Copy)]
struct Price {
    saved: i128,
    extra: i128,
}

impl Price {
    fn value(self, extra: u64, saved: u64) -> i128 {
        self.saved * i128::from(saved) - self.extra * i128::from(extra)
    }
}

/// A choice and its totals.
struct Choice {
    extra: u64,
    saved: u64,
    /// Whether each node is chosen. No chosen node is inside another one.
    chosen: Vec<bool>,
}

impl Choice {
    fn nodes(&self) -> Vec<usize> {
        (0..self.chosen.len()).filter(|&node| self.chosen[node]).collect()
    }

    /// Drops the nodes inside a chosen node, and returns which nodes are inside one.
    fn keep_outermost(&mut self, nodes: &[Node]) -> Vec<bool> {
        let mut inside = vec![false; nodes.len()];
        for node in (0..nodes.len()).rev() {
            let parent = nodes[node].parent;
            inside[node] = parent < nodes.len() && (inside[parent] || self.chosen[parent]);
            self.chosen[node] &= !inside[node];
        }
        inside
    }
}

/// The choice of the highest value; in a tie, the one that saves more.
fn relax(nodes: &[Node], cap: u64, price: Price) -> Choice {
    let mut choice = Choice { extra: 0, saved: 0, chosen: vec![false; nodes.len()] };
    let mut below = vec![(0, 0); nodes.len() + 1];
    for (index, node) in nodes.iter().enumerate() {
        let (extra, saved) = below[index];
        let value = price.value(node.extra, node.saved);
        let take = node.extra <= cap && (value, node.saved) > (price.value(extra, saved), saved);
        choice.chosen[index] = take;
        let (extra, saved) = if take { (node.extra, node.saved) } else { (extra, saved) };
        let around = &mut below[node.parent];
        *around = (around.0 + extra, around.1 + saved);
    }
    (choice.extra, choice.saved) = below[nodes.len()];
    choice.keep_outermost(nodes);
    choice
}

/// Makes the cheapest single change that saves enough, if there is one.
fn complete(nodes: &[Node], choice: &mut Choice, least: u64) {
    let mut cheapest = u64::MAX;
    change(nodes, choice, |choice, extra, saved| {
        if choice.saved + saved >= least {
            cheapest = cheapest.min(extra);
        }
        false
    });
    let mut done = false;
    change(nodes, choice, |choice, extra, saved| {
        let first = !done && extra == cheapest && choice.saved + saved >= least;
        done |= first;
        first
    });
}

/// Chooses the nodes that `take` accepts, given how much more they cost and save than the nodes chosen inside them.
fn change(nodes: &[Node], choice: &mut Choice, mut take: impl FnMut(&Choice, u64, u64) -> bool) {
    let inside = choice.keep_outermost(nodes);
    let mut below = vec![(0, 0); nodes.len() + 1];
    for (index, node) in nodes.iter().enumerate() {
        if inside[index] {
            continue;
        }
        let (mut extra, mut saved) = below[index];
        if !choice.chosen[index] && take(choice, node.extra - extra, node.saved - saved) {
            choice.chosen[index] = true;
            choice.extra += node.extra - extra;
            choice.saved += node.saved - saved;
        }
        if choice.chosen[index] {
            (extra, saved) = (node.extra, node.saved);
        }
        let around = &mut below[node.parent];
        *around = (around.0 + extra, around.1 + saved);
    }
    choice.keep_outermost(nodes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Random trees. For each node: how much more it saves than its children, how much more it costs, and how many of
    /// the preceding roots become its children.
    fn trees(size: usize) -> impl Strategy<Value = Vec<Node>> {
        prop::collection::vec((0_u64..6, 0_u64..9, 0_usize..4), 1..size).prop_map(|shapes| {
            let outside = shapes.len();
            let mut nodes: Vec<Node> = Vec::new();
            let mut roots: Vec<usize> = Vec::new();
            for (index, (saved, extra, children)) in shapes.into_iter().enumerate() {
                let mut node = Node { saved: saved + 1, extra, parent: outside };
                for child in roots.drain(roots.len().saturating_sub(children)..) {
                    nodes[child].parent = index;
                    node.saved += nodes[child].saved;
                    node.extra += nodes[child].extra;
                }
                nodes.push(node);
                roots.push(index);
            }
            nodes
        })
    }

    /// The most that can be saved at each cost, computed the slow way with a table of all costs.
    fn table(nodes: &[Node]) -> Vec<u64> {
        let costs: u64 = nodes.iter().map(|node| node.extra).sum();
        let mut below = vec![vec![0]; nodes.len() + 1];
        for (index, node) in nodes.iter().enumerate() {
            let mut own = std::mem::take(&mut below[index]);
            let extra = node.extra as usize;
            let most = own.last().copied().unwrap_or_default();
            own.resize(own.len().max(extra + 1), most);
            for saved in &mut own[extra..] {
                *saved = (*saved).max(node.saved);
            }
            let others = std::mem::take(&mut below[node.parent]);
            let mut both = vec![0; own.len() + others.len() - 1];
            for (a, saved_a) in own.iter().enumerate() {
                for (b, saved_b) in others.iter().enumerate() {
                    both[a + b] = both[a + b].max(saved_a + saved_b);
                }
            }
            below[node.parent] = both;
        }
        let mut all = below.pop().expect("the outside");
        let most = all.last().copied().expect("a cost of 0");
        all.resize(costs as usize + 1, most);
        all
    }

    fn sums(nodes: &[Node], chosen: &[usize]) -> (u64, u64) {
        for &node in chosen {
            let mut around = nodes[node].parent;
            while around < nodes.len() {
                assert!(!chosen.contains(&around), "{node} is inside {around}");
                around = nodes[around].parent;
            }
        }
        chosen.iter().fold((0, 0), |(extra, saved), &node| {
            (extra + nodes[node].extra, saved + nodes[node].saved)
        })
    }

    #[test]
    fn equal_nodes_are_not_all_chosen() {
        let nodes = [Node { saved: 2, extra: 3, parent: 1000 }; 1000];
        let check = |goal, expected| {
            let chosen = choose(&nodes, goal, 0).expect("a choice");
            assert_eq!(sums(&nodes, &chosen), expected, "{goal:?}");
        };
        check(Goal::Extra(1000), (999, 666));
        check(Goal::Saved(999), (1500, 1000));
    }

    proptest! {
        #[test]
        fn as_much_as_possible_is_saved_within_a_cost(nodes in trees(40), most in 0_u64..80) {
            let table = table(&nodes);
            let saved = table[table.len().min(most as usize + 1) - 1];
            let extra = table.iter().position(|&s| s == saved).expect("it is in the table") as u64;
            let chosen = choose(&nodes, Goal::Extra(most), STEPS).expect("a choice");
            prop_assert_eq!(sums(&nodes, &chosen), (extra, saved));
        }

        #[test]
        fn enough_is_saved_at_the_least_cost(nodes in trees(40), least in 0_u64..80) {
            let table = table(&nodes);
            let chosen = choose(&nodes, Goal::Saved(least), STEPS);
            let Some(extra) = table.iter().position(|&saved| saved >= least) else {
                prop_assert!(chosen.is_none());
                return Ok(());
            };
            let chosen = chosen.expect("a choice");
            prop_assert_eq!(sums(&nodes, &chosen), (extra as u64, table[extra]));
        }

        // The guarantee if the search is abandoned: the goal is met, and the distance from the optimum is less than
        // the widest single directory.
        #[test]
        fn goal_is_met_without_a_search(nodes in trees(40), goal in 1_u64..80) {
            let table = table(&nodes);
            let (extra, saved) = sums(&nodes, &choose(&nodes, Goal::Extra(goal), 0).expect("a choice"));
            prop_assert!(extra <= goal);
            let optimum = table[table.len().min(goal as usize + 1) - 1];
            let widest = nodes.iter().map(|node| node.saved).max().expect("a node");
            prop_assert!(saved <= optimum && optimum - saved < widest, "{} {}", saved, optimum);

            if let Some(chosen) = choose(&nodes, Goal::Saved(goal), 0) {
                let (extra, saved) = sums(&nodes, &chosen);
                prop_assert!(saved >= goal);
                let optimum = table.iter().position(|&s| s >= goal).expect("possible") as u64;
                let widest = nodes.iter().map(|node| node.extra).max().expect("a node");
                prop_assert!(extra >= optimum && extra - optimum < widest.max(1), "{} {}", extra, optimum);
            }
        }
    }
}
