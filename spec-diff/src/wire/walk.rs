//! The walk through both documents in parallel, and the rule that every difference is reported.
//!
//! Schemas are not compared where they are used: each pair of them becomes a unit, which is compared once for each
//! direction, however many operations lead to it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;

use super::direction::Direction;
use super::docs;
use super::pair::{Pair, follow};
use super::same::Sameness;
use super::shape::{Conjunctions, Job};
use super::subtypes::Subtypes;
use crate::message::{between, quote};
use crate::rules::Rule;

/// A part of the comparison whose changes belong to the operations that lead to it.
pub(super) type Unit = usize;

/// The identity of a difference: what is said about which place.
type Said = (Rule, (usize, usize), Option<Direction>, String);

/// The unit of the document itself.
const DOCUMENT: Unit = 0;

/// A difference, before its place and the operations that it reaches are known.
pub(super) struct Found<'a> {
    pub(super) rule: Rule,
    pub(super) place: Pair<'a>,
    pub(super) direction: Option<Direction>,
    pub(super) text: String,
}

pub(super) struct Walk<'a> {
    pub(super) root: Pair<'a>,
    pub(super) subtypes: [&'a Subtypes<'a>; 2],
    sameness: Sameness,
    pub(super) conjunctions: Conjunctions<'a>,
    /// Each difference once, with the units in which it was found.
    pub(super) found: Vec<(Found<'a>, Vec<Unit>)>,
    known: HashMap<Said, usize>,
    pub(super) operations: BTreeMap<Unit, String>,
    /// For each unit, those that it leads to.
    pub(super) leads: Vec<Vec<Unit>>,
    units: HashMap<Job<'a>, Unit>,
    open: VecDeque<(Unit, Job<'a>)>,
    unit: Unit,
    pub(super) direction: Option<Direction>,
    /// For how many levels the values of the schemas that are being compared are serialized as texts.
    pub(super) texts: u8,
    /// What is being compared.
    here: Pair<'a>,
    /// Rises with every decision, including the decision that there is nothing to report.
    decisions: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(root: Pair<'a>, subtypes: [&'a Subtypes<'a>; 2]) -> Self {
        Self {
            root,
            subtypes,
            sameness: Sameness::new(root, subtypes),
            conjunctions: Conjunctions::default(),
            found: Vec::new(),
            known: HashMap::new(),
            operations: BTreeMap::new(),
            leads: vec![Vec::new()],
            units: HashMap::new(),
            open: VecDeque::new(),
            unit: DOCUMENT,
            direction: None,
            texts: 0,
            here: root,
            decisions: 0,
        }
    }

    /// Compares the schemas that were found on the way, and those that they lead to.
    pub(super) fn schemas(&mut self) {
        while let Some((unit, job)) = self.open.pop_front() {
            self.unit = unit;
            (self.direction, self.texts) = (Some(job.direction), job.texts);
            self.job(&job);
        }
        (self.unit, self.direction) = (DOCUMENT, None);
    }

    /// Compares two schemas later, which counts as a decision.
    pub(super) fn later(&mut self, job: Job<'a>) {
        self.settle();
        self.aside(job);
    }

    /// Like [`Self::later`], but does not count as a decision.
    pub(super) fn aside(&mut self, job: Job<'a>) {
        let unit = match self.units.get(&job) {
            Some(unit) => *unit,
            None => {
                self.leads.push(Vec::new());
                let unit = self.leads.len() - 1;
                self.units.insert(job.clone(), unit);
                self.open.push_back((unit, job));
                unit
            }
        };
        if let Some(leads) = self.leads.get_mut(self.unit) {
            leads.push(unit);
        }
    }

    /// Runs `f` for an operation. Everything that is found there belongs to it.
    pub(super) fn in_operation(&mut self, name: String, f: impl FnOnce(&mut Self)) {
        self.leads.push(Vec::new());
        let outer = std::mem::replace(&mut self.unit, self.leads.len() - 1);
        self.operations.insert(self.unit, name);
        f(self);
        self.unit = outer;
    }

    /// Visits the fields of an object. A difference that the handler does not decide is `unclassified`.
    pub(super) fn fields(
        &mut self,
        kind: docs::Kind,
        pair: Pair<'a>,
        mut handle: impl FnMut(&mut Self, &str, Pair<'a>),
    ) {
        self.entries(pair, |walk, key, field| {
            if key.starts_with("x-") {
                walk.extension(key, field);
            } else if docs::holds(kind, key) {
                walk.changed(Rule::DocumentationChanged, key, field);
            } else {
                handle(walk, key, field);
            }
        });
    }

    /// Visits the entries of a map, whose keys are names and not fields.
    pub(super) fn entries(
        &mut self,
        pair: Pair<'a>,
        handle: impl FnMut(&mut Self, &str, Pair<'a>),
    ) {
        self.entries_by(pair, str::to_owned, handle);
    }

    /// Visits the entries of a map. Two keys are the same name if `meaning` makes the same of them.
    pub(super) fn entries_by(
        &mut self,
        pair: Pair<'a>,
        meaning: impl Fn(&str) -> String,
        mut handle: impl FnMut(&mut Self, &str, Pair<'a>),
    ) {
        for entry in entries(self.resolve(pair), meaning) {
            let (key, values) = (entry.key(), entry.values);
            let before = self.decisions;
            if !self.same(values) {
                self.at(values, |walk| walk.decide(key, values, |walk| handle(walk, key, values)));
            }
            if let (Some(old), Some(new)) = (entry.old, entry.new)
                && old != new
                && self.decisions == before
            {
                let message = format!("{} is written {}", quote(old), quote(new));
                self.report_at(values, Rule::SameMeaning, &message);
            }
        }
    }

    /// Runs a handler for a difference. If it decides nothing, the difference is `unclassified`.
    pub(super) fn decide(&mut self, key: &str, pair: Pair<'a>, handle: impl FnOnce(&mut Self)) {
        let before = self.decisions;
        handle(self);
        if self.decisions == before {
            self.changed(Rule::Unclassified, key, pair);
        }
    }

    /// Reports a difference as `SameMeaning`, unless something was decided since `before`.
    pub(super) fn same_meaning_unless(&mut self, before: usize, what: &str) {
        if self.decisions == before {
            self.report(Rule::SameMeaning, what);
        }
    }

    pub(super) fn decisions(&self) -> usize {
        self.decisions
    }

    /// Decides that a difference has been judged elsewhere.
    pub(super) fn settle(&mut self) {
        self.decisions += 1;
    }

    /// Runs `f` for another place.
    pub(super) fn at<T>(&mut self, place: Pair<'a>, f: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.here, place);
        let result = f(self);
        self.here = outer;
        result
    }

    /// Reports something at the place that is being compared.
    pub(super) fn report(&mut self, rule: Rule, text: &str) {
        self.report_at(self.here, rule, text);
    }

    pub(super) fn report_at(&mut self, place: Pair<'a>, rule: Rule, text: &str) {
        self.settle();
        let key = (rule, place.addresses(), self.direction, text.to_owned());
        let index = *self.known.entry(key).or_insert_with(|| {
            let found = Found { rule, place, direction: self.direction, text: text.to_owned() };
            self.found.push((found, Vec::new()));
            self.found.len() - 1
        });
        if let Some((_, units)) = self.found.get_mut(index)
            && units.last() != Some(&self.unit)
        {
            units.push(self.unit);
        }
    }

    /// Reports a value that changed.
    pub(super) fn changed(&mut self, rule: Rule, what: &str, pair: Pair<'a>) {
        self.report_at(pair, rule, &change_of(what, pair));
    }

    pub(super) fn extension(&mut self, key: &str, pair: Pair<'a>) {
        let rule =
            if docs::generator_reads(key) { Rule::Unclassified } else { Rule::ExtensionChanged };
        self.changed(rule, key, pair);
    }

    /// Follows references on both sides.
    pub(super) fn resolve(&self, pair: Pair<'a>) -> Pair<'a> {
        Pair {
            old: pair.old.map(|value| follow(self.root.old, value)),
            new: pair.new.map(|value| follow(self.root.new, value)),
        }
    }

    /// Whether both sides mean the same. References are followed, and sets have no order.
    pub(super) fn same(&self, pair: Pair<'_>) -> bool {
        self.sameness.same(pair)
    }

    pub(super) fn hash(&self, value: &Value) -> u64 {
        self.sameness.hash(value)
    }
}

/// An entry of a map, with its key on each side.
struct Entry<'a> {
    old: Option<&'a str>,
    new: Option<&'a str>,
    values: Pair<'a>,
}

impl<'a> Entry<'a> {
    fn key(&self) -> &'a str {
        self.new.or(self.old).unwrap_or_default()
    }
}

type Named<'a> = (&'a str, &'a Value);

/// The entries of both sides by the meaning of their keys. If keys of one side mean the same, each of them is matched.
fn entries(pair: Pair<'_>, meaning: impl Fn(&str) -> String) -> Vec<Entry<'_>> {
    fn of(side: Option<&Value>) -> impl Iterator<Item = Named<'_>> {
        let map = side.and_then(Value::as_object).into_iter().flatten();
        map.map(|(key, value)| (key.as_str(), value))
    }
    let mut found: BTreeMap<String, (Vec<Named<'_>>, Vec<Named<'_>>)> = BTreeMap::new();
    for (key, value) in of(pair.old) {
        found.entry(meaning(key)).or_default().0.push((key, value));
    }
    for (key, value) in of(pair.new) {
        found.entry(meaning(key)).or_default().1.push((key, value));
    }
    found.into_values().flat_map(|(old, new)| matched(&old, &new)).collect()
}

/// Matches entries whose keys mean the same: those with equal keys, and then the others in their order. One that is left
/// over is matched with the first of the other side.
fn matched<'a>(old: &[Named<'a>], new: &[Named<'a>]) -> Vec<Entry<'a>> {
    let entry = |old: Option<&Named<'a>>, new: Option<&Named<'a>>| Entry {
        old: old.map(|(key, _)| *key),
        new: new.map(|(key, _)| *key),
        values: Pair { old: old.map(|(_, value)| *value), new: new.map(|(_, value)| *value) },
    };
    let find = |list: &'_ [Named<'a>], key: &str| list.iter().position(|(other, _)| *other == key);
    let is_in = |list: &'_ [Named<'a>], key: &str| find(list, key).is_some();
    let both = old.iter().filter_map(|one| Some(entry(Some(one), new.get(find(new, one.0)?))));
    let mut entries: Vec<_> = both.collect();
    let old_rest: Vec<_> = old.iter().filter(|(key, _)| !is_in(new, key)).collect();
    let new_rest: Vec<_> = new.iter().filter(|(key, _)| !is_in(old, key)).collect();
    for index in 0..old_rest.len().max(new_rest.len()) {
        let one = old_rest.get(index).copied().or(old.first());
        let other = new_rest.get(index).copied().or(new.first());
        entries.push(entry(one, other));
    }
    entries
}

/// How a value changed, as a message.
pub(super) fn change_of(what: &str, pair: Pair<'_>) -> String {
    let what = quote(what);
    match (pair.old, pair.new) {
        (None, Some(new)) => format!("{what} added: {}", between(new, None)),
        (Some(old), None) => format!("{what} removed: {}", between(old, None)),
        (Some(old), Some(new)) => {
            format!("{what}: {} → {}", between(old, Some(new)), between(new, Some(old)))
        }
        (None, None) => format!("{what} changed"),
    }
}
