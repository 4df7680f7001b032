//! The settings of a verifier.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Asked, Verifier};
use crate::answer::Coding;
use crate::client::Client;
use crate::edge::{Edge, EdgeError};
use crate::pace::Pace;

/// The settings of a [`Verifier`].
#[derive(Clone, Debug)]
#[must_use]
pub struct VerifierBuilder {
    edges: Vec<Edge>,
    origin: Option<Edge>,
    codings: Vec<Coding>,
    body_limit: u64,
    concurrency: usize,
    interval: Duration,
    user_agent: String,
}

impl Default for VerifierBuilder {
    fn default() -> Self {
        Self {
            edges: Vec::new(),
            origin: None,
            codings: Coding::ALL.to_vec(),
            body_limit: 64 * 1024 * 1024,
            concurrency: 8,
            interval: Duration::from_millis(10),
            user_agent: concat!("purge-verify/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl VerifierBuilder {
    /// Adds an edge to ask. At least one is needed.
    pub fn edge(mut self, edge: Edge) -> Self {
        self.edges.push(edge);
        self
    }

    /// The origin, to compare with what it serves. It also shows whether a cache in front of it sends `Age`, and what its
    /// clock shows, so that neither is taken for a stale copy. Default: none.
    pub fn origin(mut self, origin: Edge) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Asks without content coding only, even if an edge varies by it.
    pub fn identity_only(mut self) -> Self {
        self.codings = vec![Coding::Identity];
        self
    }

    /// The largest body that is compared, in bytes, before and after decoding. Default: 64 MiB.
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How many requests to one host are in flight at most. Default: 8.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// The time between two requests to one host. Default: 10 ms.
    pub fn interval(mut self, time: Duration) -> Self {
        self.interval = time;
        self
    }

    /// The name of this program in the `User-Agent` header. Default: the name and version of this crate.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Checks the settings. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When there is no edge, when the user agent is not valid in a header, or when TLS cannot start.
    pub fn build(self) -> Result<Verifier, EdgeError> {
        if self.edges.is_empty() {
            return Err(EdgeError::new("there is no edge to ask"));
        }
        // One for each host: limits apply to a host, however often it is named.
        let mut paces: HashMap<(String, u16, Option<IpAddr>), Arc<Pace>> = HashMap::new();
        let mut client = |edge: &Edge| {
            let (host, port) = edge.host();
            let pace = paces
                .entry((host.to_owned(), port, edge.address()))
                .or_insert_with(|| Arc::new(Pace::new(self.interval, self.concurrency)));
            Client::new(edge.clone(), &self.user_agent, Arc::clone(pace), self.body_limit)
        };
        let edges = self
            .edges
            .iter()
            .map(|edge| Ok(Asked { client: client(edge)?, variants: Arc::default() }));
        let edges: Vec<_> = edges.collect::<Result<_, EdgeError>>()?;
        let origin = self.origin.as_ref().map(&mut client).transpose()?;
        // A path waits for one host at a time.
        let flights = self.concurrency.saturating_mul(edges.len() + usize::from(origin.is_some()));
        Ok(Verifier { edges, origin, codings: self.codings, flights, folders: Arc::default() })
    }
}
