//! Ways in which a service may differ from its descriptions, and what is found in each.

mod table;

use std::sync::Arc;

use purge_sandbox::{RecordedRequest, Reply, SandboxBuilder};
use serde_json::Value;

pub(super) use self::table::ways;
use super::{PATH, edit};

type Rewrite = dyn Fn(&RecordedRequest, &mut Reply) + Send + Sync;

/// One way to differ.
pub(super) struct Way {
    pub(super) name: &'static str,
    /// Whether a path is purged.
    pub(super) purges: bool,
    /// The settings of the server.
    pub(super) server: fn(SandboxBuilder) -> SandboxBuilder,
    /// What it does to each response.
    pub(super) rewrite: Arc<Rewrite>,
    /// The findings that differ from those of a service as described.
    pub(super) facts: Vec<(&'static str, &'static str, &'static str)>,
    /// The steps that do not end well.
    pub(super) troubles: Vec<&'static str>,
    pub(super) code: i32,
}

const BAD: &str = "contradicted";
const UNSEEN: &str = "not_seen";
const GOOD: &str = "matched";

impl Way {
    fn new(
        name: &'static str,
        rewrite: impl Fn(&RecordedRequest, &mut Reply) + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            purges: true,
            server: |builder| builder,
            rewrite: Arc::new(rewrite),
            facts: Vec::new(),
            troubles: Vec::new(),
            code: 1,
        }
    }

    /// One that changes the JSON of logins.
    fn login(name: &'static str, change: fn(&mut Value)) -> Self {
        Self::new(name, move |request, reply| {
            if is_login(request) {
                edit(&mut reply.body, change);
            }
        })
    }

    /// One that changes the JSON of purges that are accepted.
    fn create(name: &'static str, change: fn(&mut Value)) -> Self {
        Self::new(name, move |request, reply| {
            if request.method == "POST" && !is_login(request) {
                edit(&mut reply.body, change);
            }
        })
    }

    /// One that changes the JSON of lists.
    fn list(name: &'static str, change: fn(&Query, &mut Value)) -> Self {
        Self::new(name, move |request, reply| {
            if let Some(query) = Query::of(request) {
                edit(&mut reply.body, |body| change(&query, body));
            }
        })
    }

    /// One that changes each record, but not that of the purged path.
    fn record(name: &'static str, change: fn(&mut Value)) -> Self {
        Self::new(name, move |request, reply| {
            if Query::of(request).is_none() {
                return;
            }
            edit(&mut reply.body, |body| {
                let is_own =
                    |record: &Value| record["url"].as_str().is_some_and(|url| url.ends_with(PATH));
                records(body).iter_mut().filter(|record| !is_own(record)).for_each(change);
            });
        })
    }

    fn finds(mut self, fact: &'static str, outcome: &'static str, seen: &'static str) -> Self {
        self.facts.push((fact, outcome, seen));
        self
    }

    fn fails(self, step: &'static str, code: i32) -> Self {
        Self { troubles: vec![step], code, ..self }
    }

    fn exits(self, code: i32) -> Self {
        Self { code, ..self }
    }

    fn only_reads(self) -> Self {
        Self { purges: false, ..self }
    }

    fn server(self, server: fn(SandboxBuilder) -> SandboxBuilder) -> Self {
        Self { server, ..self }
    }
}

/// The parameters of a list.
struct Query {
    page: u64,
    limit: u64,
    op_id: Option<String>,
}

impl Query {
    fn of(request: &RecordedRequest) -> Option<Self> {
        let query = request.query.as_deref().filter(|_| request.method == "GET")?;
        let value = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        let number = |name: &str| value(name)?.parse().ok();
        Some(Self { page: number("page")?, limit: number("limit")?, op_id: value("opID") })
    }

    fn is_of_unknown(&self) -> bool {
        self.op_id.as_deref().is_some_and(|id| id.starts_with("ffffffff"))
    }
}

fn is_login(request: &RecordedRequest) -> bool {
    request.path.ends_with("/login/token")
}

fn records(body: &mut Value) -> &mut [Value] {
    body["data"]["requests"].as_array_mut().map(Vec::as_mut_slice).unwrap_or_default()
}

fn set_header(reply: &mut Reply, name: &str, value: &str) {
    reply.headers.retain(|(other, _)| other != name);
    reply.headers.push((name.to_owned(), value.to_owned()));
}
