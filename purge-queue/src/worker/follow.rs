//! Follows the operations of a round until they finish.

use purge_api_ext::{Journal, PurgeEverything, Resource, Shutdown};

use super::Options;
use super::under_way::{Followed, UnderWay};
use crate::history::Round;
use crate::sink::Closed;

/// The resource of a round.
pub(super) fn site(options: &Options, round: &Round) -> Option<Resource> {
    let resource = round.begun.resource.parse().ok()?;
    Some(options.client.resource(options.organization, resource))
}

/// Follows the operations of a round: a run of its journal that is not allowed to send.
pub(super) fn follow(
    options: &Options,
    round: &Round,
    number: u64,
    text: &[u8],
    shutdown: &Shutdown,
) -> UnderWay<Followed> {
    let journal = Journal::in_sink("the round that is followed", Closed, text).ok();
    let journal = journal.map(|journal| match round.begun.everything {
        true => journal.allow_full_purge(PurgeEverything),
        false => journal,
    });
    let resumed = site(options, round).zip(journal).and_then(|(s, journal)| s.resume(journal).ok());
    let (deadline, shutdown) = (options.follow, shutdown.clone());
    Box::pin(async move {
        let report = match resumed {
            Some(purge) => Some(purge.wait_for(deadline).shutdown(shutdown).await),
            None => None,
        };
        Followed { number, report }
    })
}
