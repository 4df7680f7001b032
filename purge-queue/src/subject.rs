//! The subjects of the queue: who stores what where.

use purge_api_ext::ResourceId;

use crate::names::{Lane, Producer, RequestId};

/// Whose paths, and of what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) lane: Lane,
    pub(crate) resource: String,
    pub(crate) producer: Producer,
}

impl Address {
    pub(crate) fn new(lane: Lane, resource: ResourceId, producer: Producer) -> Self {
        Self { lane, resource: resource.to_string(), producer }
    }

    pub(crate) fn input(&self) -> String {
        format!("purge.in.{}.{}.{}", self.lane, self.resource, self.producer)
    }

    /// The outcome of one chunk of a request.
    pub(crate) fn outcome(&self, request: &RequestId, chunk: u32) -> String {
        format!("{}.{chunk}", self.outcomes(request))
    }

    /// All outcomes of a request.
    pub(crate) fn outcomes(&self, request: &RequestId) -> String {
        format!("purge.out.{}.{}.{}.{request}", self.lane, self.resource, self.producer)
    }

    /// The order to drop what still waits of a request.
    pub(crate) fn dropping(&self, request: &RequestId) -> String {
        let Self { lane, resource, producer } = self;
        format!("purge.control.{lane}.drop.{resource}.{producer}.{request}")
    }

    /// The address of an input subject; none if nobody can have stored it by these rules.
    pub(crate) fn of_input(subject: &str) -> Option<Self> {
        Self::of_tokens(subject.strip_prefix("purge.in.")?)
    }

    fn of_tokens(tokens: &str) -> Option<Self> {
        let [lane, resource, producer] = tokens.split('.').collect::<Vec<_>>().try_into().ok()?;
        let id: ResourceId = resource.parse().ok()?;
        // Spelled in another way, it would be another subject.
        (id.to_string() == resource).then_some(())?;
        let (lane, producer) = (lane.parse().ok()?, producer.parse().ok()?);
        Some(Self { lane, resource: resource.to_owned(), producer })
    }

    /// What an order to drop names.
    pub(crate) fn of_dropping(subject: &str, lane: &Lane) -> Option<(Self, RequestId)> {
        let tokens = subject.strip_prefix(&format!("purge.control.{lane}.drop."))?;
        let (address, request) = tokens.rsplit_once('.')?;
        let address = Self::of_tokens(&format!("{lane}.{address}"))?;
        Some((address, request.parse().ok()?))
    }
}

/// All that is enqueued for a lane.
pub(crate) fn inputs(lane: &Lane) -> String {
    format!("purge.in.{lane}.>")
}

pub(crate) fn journal(lane: &Lane) -> String {
    format!("purge.journal.{lane}")
}

pub(crate) fn lease(lane: &Lane) -> String {
    format!("purge.lease.{lane}")
}

/// Whether the lane is paused by an operator.
pub(crate) fn paused(lane: &Lane) -> String {
    format!("purge.control.{lane}.paused")
}

/// All orders of operators to a lane.
pub(crate) fn controls(lane: &Lane) -> String {
    format!("purge.control.{lane}.>")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

    #[test]
    fn subjects_are_read_as_they_are_written() {
        let address = Address {
            lane: "shop".parse().expect("a lane"),
            resource: RESOURCE.to_owned(),
            producer: "cms".parse().expect("a producer"),
        };
        let subject = address.input();
        assert_eq!(subject, format!("purge.in.shop.{RESOURCE}.cms"));
        assert_eq!(Address::of_input(&subject), Some(address.clone()));
        let request: RequestId = "post-4711".parse().expect("a request");
        let outcome = address.outcome(&request, 3);
        assert_eq!(outcome, format!("purge.out.shop.{RESOURCE}.cms.post-4711.3"));
        let dropping = address.dropping(&request);
        let read = Address::of_dropping(&dropping, &address.lane);
        assert_eq!(read, Some((address.clone(), request)));
        assert_eq!(Address::of_dropping(&paused(&address.lane), &address.lane), None);
    }

    #[test]
    fn foreign_subjects_have_no_address() {
        let upper = RESOURCE.to_uppercase();
        for subject in [
            "purge.in.shop.cms".to_owned(),
            format!("purge.in.shop.{RESOURCE}"),
            format!("purge.in.shop.{RESOURCE}.cms.more"),
            format!("purge.in.Shop.{RESOURCE}.cms"),
            format!("purge.in.shop.{upper}.cms"),
            format!("purge.out.shop.{RESOURCE}.cms"),
        ] {
            assert_eq!(Address::of_input(&subject), None, "{subject}");
        }
    }
}
