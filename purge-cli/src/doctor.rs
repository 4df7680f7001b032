//! The conclusions of `cdn-purge doctor`: which facts of the descriptions match the responses of the service.
//!
//! Nothing here sends a request or reads a clock.

mod certificate;
mod time;
mod evidence;
mod seen;
mod checks;
mod facts;
mod clock;
mod follow;
mod step;

pub(crate) use certificate::Certificate;
pub(crate) use clock::Skew;
pub(crate) use evidence::Outcome;
pub(crate) use facts::{Fact, facts};
pub(crate) use follow::story;
pub(crate) use seen::{Asked, Exchange, Purged, Query, Seen, UNKNOWN_OPERATION, masked};
pub(crate) use step::{Ended, Step};

/// A fact, and whether it was seen to hold.
pub(crate) struct Finding {
    pub(crate) fact: &'static Fact,
    pub(crate) outcome: Outcome,
    /// What was seen; for a fact that was not, what it would take.
    pub(crate) seen: String,
}

/// Compares every fact with what was seen.
pub(crate) fn findings(seen: &Seen) -> Vec<Finding> {
    let finding = |fact: &'static Fact| {
        let (outcome, seen) = (fact.check)(seen).conclusion(fact.needs);
        Finding { fact, outcome, seen }
    };
    facts().map(finding).collect()
}

#[cfg(test)]
mod tests;
