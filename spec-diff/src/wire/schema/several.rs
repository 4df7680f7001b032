//! Schemas that offer several lists of alternatives, of each of which one must match.

use super::alternatives::alone;
use super::compare::Flats;
use crate::rules::Rule;
use crate::wire::pair::Pair;
use crate::wire::shape::Job;
use crate::wire::shape::flat::{Group, has_subtypes};
use crate::wire::walk::Walk;

/// The lists that both sides offer, as each side writes them, and the others of each side.
type Shared<'f, 'a> =
    ((Vec<&'f Group<'a>>, Vec<&'f Group<'a>>), Vec<&'f Group<'a>>, Vec<&'f Group<'a>>);

impl<'a> Walk<'a> {
    /// Compares schemas of which one offers several lists of alternatives. What both offer is left out, wherever it is
    /// written: a schema that another one fits into still fits if both must match a third one.
    pub(super) fn several(&mut self, job: &Job<'a>, both: Flats<'_, 'a>) {
        let (shared, old, new) = self.shared(both);
        if !shared.0.is_empty() {
            return self.alike(job.rest(shared));
        }
        if old.len() != new.len() {
            let rule = job
                .direction
                .pick(Rule::RequestAlternativesChanged, Rule::ResponseAlternativesChanged);
            let message = "several lists of alternatives, and their number changed";
            return self.report_at(both.place(), rule, message);
        }
        self.alike(job.rest((&both.old.groups, &both.new.groups)));
        for (one, other) in partners(old, new) {
            let groups = (Some(one), Some(other));
            if has_subtypes(groups.0) || has_subtypes(groups.1) {
                self.by_key(both, groups, job);
            } else {
                self.discriminators(both, groups.0, groups.1);
                let choices = (alone(self.root.old, one), alone(self.root.new, other));
                self.choices(both, groups, choices, job);
            }
        }
    }

    /// The lists that both sides offer, and the others of each side.
    fn shared<'f>(&self, both: Flats<'f, 'a>) -> Shared<'f, 'a> {
        let mut shared = (Vec::new(), Vec::new());
        let (mut old, mut new) = (Vec::new(), both.new.groups.iter().collect::<Vec<_>>());
        for group in &both.old.groups {
            match new.iter().position(|other| self.same_group(group, other)) {
                Some(index) => {
                    shared.0.push(group);
                    shared.1.push(new.remove(index));
                }
                None => old.push(group),
            }
        }
        (shared, old, new)
    }

    fn same_group(&self, one: &Group<'a>, other: &Group<'a>) -> bool {
        let discriminator = |group: &Group<'a>| group.owner.get("discriminator");
        let pair = Pair { old: discriminator(one), new: discriminator(other) };
        let keys = |group: &'_ Group<'a>| -> Vec<Vec<&'a str>> {
            group.members.iter().map(|member| member.keys.clone()).collect()
        };
        one.keyword == other.keyword
            && self.hash(one.offer()) == self.hash(other.offer())
            && self.same(pair)
            && keys(one) == keys(other)
    }
}

/// The lists of both sides that correspond: those with the same discriminator, then those of the same kind, in their
/// order.
fn partners<'f, 'a>(
    mut old: Vec<&'f Group<'a>>,
    mut new: Vec<&'f Group<'a>>,
) -> Vec<(&'f Group<'a>, &'f Group<'a>)> {
    let alike: [fn(&Group<'_>, &Group<'_>) -> bool; 3] = [
        |one, other| one.name().is_some() && one.name() == other.name(),
        |one, other| one.keyword.is_some() == other.keyword.is_some(),
        |_, _| true,
    ];
    let mut found = Vec::new();
    for alike in alike {
        old.retain(|one| match new.iter().position(|other| alike(one, other)) {
            Some(index) => {
                found.push((*one, new.remove(index)));
                false
            }
            None => true,
        });
    }
    found
}
