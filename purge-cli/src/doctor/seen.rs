//! What was seen: requests and the responses to them, as plain values.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};

/// The ID of an operation that does not exist: the last of all UUIDs.
pub(crate) const UNKNOWN_OPERATION: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/// Everything that was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Whether the base URL is the server that the descriptions name.
    pub(crate) is_described_server: bool,
    pub(crate) exchanges: Vec<Exchange>,
    /// The path that was purged.
    pub(crate) purged: Option<Purged>,
}

/// A path that was purged for this check.
#[derive(Clone, Debug)]
pub(crate) struct Purged {
    pub(crate) path: String,
    /// None if the purge was not accepted.
    pub(crate) op_id: Option<String>,
}

/// A request and its response.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) asked: Asked,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// The headers that state a rate limit.
    pub(crate) limits: Vec<(String, String)>,
    /// The time in `Date`, unless a cache may have stored it.
    pub(crate) date: Option<SystemTime>,
    /// When the request was sent and the response arrived, by the clock of this machine.
    pub(crate) sent: SystemTime,
    pub(crate) received: SystemTime,
    /// None if the body is not JSON.
    pub(crate) body: Option<Value>,
}

/// What was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Login,
    Create,
    List(Query),
}

/// The parameters of a list request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) page: u64,
    pub(crate) limit: u64,
    pub(crate) op_id: Option<String>,
}

/// An object of JSON.
pub(super) type Object = Map<String, Value>;

/// An operation of the descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Login,
    Create,
    List,
}

/// A page of the list.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) query: &'a Query,
    pub(super) data: &'a Object,
    pub(super) records: &'a [Value],
}

impl Exchange {
    pub(super) fn operation(&self) -> Operation {
        match self.asked {
            Asked::Login => Operation::Login,
            Asked::Create => Operation::Create,
            Asked::List(_) => Operation::List,
        }
    }

    /// Whether its status is a success.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it is a success of the service. A proxy or a gateway also responds with 200, to show a page of its own.
    pub(crate) fn is_of_service(&self) -> bool {
        self.object().is_some()
    }

    /// Whether the service did what was requested.
    pub(crate) fn is_granted(&self) -> bool {
        self.is_success()
            && self.object().is_some_and(|body| body.get("status") == Some(&true.into()))
    }

    /// The body of a success, if it has the member that each of them has. That of a failure is not described.
    pub(super) fn object(&self) -> Option<&Object> {
        let body = self.body.as_ref().filter(|_| self.is_success())?.as_object();
        body.filter(|body| body.contains_key("status"))
    }
}

impl Seen {
    pub(super) fn of(&self, operation: Operation) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.operation() == operation)
    }

    /// The bodies of the successes of an operation.
    pub(super) fn bodies(&self, operation: Operation) -> impl Iterator<Item = &Object> {
        self.of(operation).filter_map(Exchange::object)
    }

    /// All pages, those of one operation, too.
    pub(super) fn pages(&self) -> impl Iterator<Item = Page<'_>> {
        self.exchanges.iter().filter_map(|exchange| {
            let Asked::List(query) = &exchange.asked else { return None };
            let data = exchange.object()?.get("data")?.as_object()?;
            let records = data.get("requests").and_then(Value::as_array);
            Some(Page { query, data, records: records.map(Vec::as_slice).unwrap_or_default() })
        })
    }

    /// The bodies of the responses with which the service did what was requested.
    pub(super) fn granted(&self, operation: Operation) -> impl Iterator<Item = &Object> {
        self.of(operation).filter(|exchange| exchange.is_granted()).filter_map(Exchange::object)
    }

    /// The pages of the list of all operations.
    pub(super) fn whole_pages(&self) -> impl Iterator<Item = Page<'_>> {
        self.pages().filter(|page| page.query.op_id.is_none())
    }

    /// The records of all pages; one that is on several pages is there several times.
    pub(super) fn records(&self) -> impl Iterator<Item = &Object> {
        self.pages().flat_map(|page| page.records.iter().filter_map(Value::as_object))
    }

    /// Whether a record of a list of all operations belongs to another operation.
    pub(super) fn knows_other_than(&self, wanted: &str) -> bool {
        self.whole_pages().any(|page| page.operations().any(|id| id != wanted))
    }
}

impl Seen {
    /// The pages at the end of the list that have not been read, at the largest size: the last, and the one after it.
    pub(crate) fn last_pages(&self) -> Vec<u64> {
        let limit = self.whole_pages().map(|page| page.query.limit).max().unwrap_or(1);
        let pages = self.whole_pages().filter(|page| page.query.limit == limit);
        let Some(first) = pages.filter(|page| page.query.page == 1).last() else {
            return Vec::new();
        };
        if first.count() != first.size() {
            // The next page shows whether pages are short or the total is wrong.
            return vec![2];
        }
        // The service need not accept the largest of all numbers.
        let last = first.total().unwrap_or(first.count()).div_ceil(first.size()).min(1_000_000);
        [last, last + 1].into_iter().filter(|page| *page > 1).collect()
    }

    /// The ID of an operation in the list.
    pub(crate) fn an_operation(&self) -> Option<String> {
        let own = self.purged.as_ref().and_then(|purged| purged.op_id.clone());
        own.or_else(|| {
            self.whole_pages().find_map(|page| page.operations().next().map(Cow::into_owned))
        })
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.asked {
            Asked::Login => f.write_str("login")?,
            Asked::Create => f.write_str("purge")?,
            Asked::List(Query { page, limit, op_id }) => {
                write!(f, "list, page {page}, limit {limit}")?;
                if let Some(op_id) = op_id {
                    write!(f, ", operation {}", super::evidence::quoted(op_id))?;
                }
            }
        }
        let took = self.received.duration_since(self.sent).unwrap_or_default().as_millis();
        write!(f, ": {} in {took}ms", self.status)
    }
}

impl<'a> Page<'a> {
    /// The operation ID of each record that has one.
    pub(super) fn operations(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.records.iter().filter_map(|record| op_id(record.as_object()?))
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.data.get("total")?.as_u64()
    }

    /// The number of records on a full page: as the response says, or as requested.
    pub(super) fn size(&self) -> u64 {
        let said = self.data.get("limit").and_then(Value::as_u64);
        said.filter(|said| (1..=self.query.limit).contains(said)).unwrap_or(self.query.limit)
    }

    pub(super) fn count(&self) -> u64 {
        self.records.len() as u64
    }

    /// Whether both belong to the list of the same length.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        self.total() == other.total() && self.query.limit == other.query.limit
    }
}

/// The operation ID of a record. The client also reads it from an integer.
pub(super) fn op_id(record: &Object) -> Option<Cow<'_, str>> {
    match record.get("opID")? {
        Value::String(id) => Some(id.into()),
        Value::Number(id) if !id.is_f64() => Some(id.to_string().into()),
        _ => None,
    }
}

/// JSON without its texts, which may be secrets: of each, only whether it is empty.
pub(crate) fn masked(value: Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::String(text),
        Value::String(_) => "hidden".into(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, masked(value))).collect()
        }
        other => other,
    }
}
