//! Which operations a change reaches.

use std::collections::{HashMap, HashSet};

use super::walk::{Unit, Walk};

impl Walk<'_> {
    /// For each unit, the operations that lead to it.
    pub(super) fn reached(&self) -> HashMap<Unit, Vec<&String>> {
        let mut reached: HashMap<Unit, Vec<&String>> = HashMap::new();
        for (start, name) in &self.operations {
            let mut seen = HashSet::from([*start]);
            let mut open = vec![*start];
            while let Some(unit) = open.pop() {
                reached.entry(unit).or_default().push(name);
                let next = self.leads.get(unit).into_iter().flatten();
                open.extend(next.filter(|unit| seen.insert(**unit)));
            }
        }
        reached
    }
}
