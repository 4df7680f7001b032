//! The order in which targets are hashed that refer to each other.

/// All targets, by whether they lead to a cycle.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    /// Those that lead to no cycle, each after everything that it refers to.
    pub(super) before: Vec<usize>,
    /// Those in a cycle, or between two.
    pub(super) circular: Vec<usize>,
    /// Those that lead to a cycle and come from none, each after everything that it refers to.
    pub(super) after: Vec<usize>,
}

impl Order {
    /// Orders targets by the references of each.
    pub(super) fn of(references: &[&[usize]]) -> Self {
        let mut referrers = vec![Vec::new(); references.len()];
        for (from, list) in references.iter().enumerate() {
            for to in *list {
                if let Some(referrers) = referrers.get_mut(*to) {
                    referrers.push(from);
                }
            }
        }
        let referrers: Vec<&[usize]> = referrers.iter().map(Vec::as_slice).collect();
        let mut left = vec![true; references.len()];
        let before = peel(references, &referrers, &mut left);
        let mut after = peel(&referrers, references, &mut left);
        after.reverse();
        let circular = (0..left.len()).filter(|index| left.get(*index) == Some(&true)).collect();
        Self { before, circular, after }
    }
}

/// Removes the targets that refer to none of the remaining ones, until there are no more of them.
fn peel(leads: &[&[usize]], led_by: &[&[usize]], left: &mut [bool]) -> Vec<usize> {
    let is_left = |left: &[bool], index: usize| left.get(index) == Some(&true);
    let mut counts: Vec<usize> =
        leads.iter().map(|list| list.iter().filter(|to| is_left(left, **to)).count()).collect();
    let ends =
        counts.iter().enumerate().filter(|(index, count)| **count == 0 && is_left(left, *index));
    let mut open: Vec<usize> = ends.map(|(index, _)| index).collect();
    let mut peeled = Vec::new();
    while let Some(index) = open.pop() {
        if let Some(left) = left.get_mut(index) {
            *left = false;
        }
        peeled.push(index);
        for from in led_by.get(index).copied().unwrap_or_default() {
            if let Some(count) = counts.get_mut(*from).filter(|_| is_left(left, *from)) {
                *count -= 1;
                if *count == 0 {
                    open.push(*from);
                }
            }
        }
    }
    peeled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_comes_after_everything_that_it_refers_to() {
        // 0 → 1 → 2 → 3 → 2, and 3 → 4 → 5, and 0 → 5 twice.
        let references: [&[usize]; 6] = [&[1, 5, 5], &[2], &[3], &[2, 4], &[5], &[]];
        let expected = Order { before: vec![5, 4], circular: vec![2, 3], after: vec![1, 0] };
        assert_eq!(Order::of(&references), expected);
    }

    #[test]
    fn targets_between_two_cycles_are_circular() {
        let references: [&[usize]; 3] = [&[0, 1], &[2], &[2]];
        assert_eq!(Order::of(&references), Order { circular: vec![0, 1, 2], ..Order::default() });
    }
}
