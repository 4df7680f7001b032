use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use crate::cache::Cache;
use crate::jobs::{Evict, Work};
use crate::pattern::Star;
use crate::pop::{Owed, Place, Pop};

/// The type of a CDN resource. The reference offers purging for the first four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceType {
    /// Small files.
    Small,
    /// Large files.
    Large,
    /// Video on demand.
    Vod,
    /// Dynamic site acceleration (Aksela).
    Dynamic,
    /// Live streams: a type that cannot be purged, so that this refusal can be tested.
    Live,
}

impl ResourceType {
    /// All types; the sandbox has one resource of each.
    pub const ALL: [Self; 5] = [Self::Small, Self::Large, Self::Vod, Self::Dynamic, Self::Live];

    pub(crate) fn can_purge(self) -> bool {
        self != Self::Live
    }

    fn default_uuid(self) -> Uuid {
        Uuid::from_u128(match self {
            Self::Small => 0x660f9511_f30c_52e5_b827_557766551111,
            Self::Large => 0x660f9511_f30c_52e5_b827_557766551112,
            Self::Vod => 0x660f9511_f30c_52e5_b827_557766551113,
            Self::Dynamic => 0x660f9511_f30c_52e5_b827_557766551114,
            Self::Live => 0x660f9511_f30c_52e5_b827_557766551115,
        })
    }

    /// Where the CDN would serve the resource: the first part of every record's URL.
    fn site(self) -> &'static str {
        match self {
            Self::Small => "https://cdn.example.com",
            Self::Large => "https://large.example.com",
            Self::Vod => "https://vod.example.com",
            Self::Dynamic => "https://dynamic.example.com",
            Self::Live => "https://live.example.com",
        }
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Small => "Small",
            Self::Large => "Large",
            Self::Vod => "VOD",
            Self::Dynamic => "Dynamic",
            Self::Live => "Live",
        })
    }
}

/// One CDN resource: its jobs and its cache.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) id: Uuid,
    pub(crate) kind: ResourceType,
    pub(crate) site: &'static str,
    pub(crate) work: Work,
    pub(crate) edges: Edges,
}

/// The edges of a resource.
#[derive(Debug)]
pub(crate) struct Edges {
    pub(crate) main: Place,
    /// In the order in which they were configured.
    pub(crate) pops: Vec<Place>,
}

impl Edges {
    /// An edge: the main one without a number.
    pub(crate) fn place(&mut self, pop: Option<usize>) -> &mut Place {
        match pop {
            None => &mut self.main,
            Some(pop) => &mut self.pops[pop],
        }
    }
}

impl Evict for Edges {
    fn evict(&mut self, at: Duration, path: &str) -> bool {
        // What they owe from earlier purges comes first.
        self.pops.iter_mut().for_each(|pop| pop.settle(at));
        let is_at_pop = self.pops.iter().any(|pop| pop.has(path));
        self.pops.iter_mut().for_each(|pop| pop.purge_at(at, path));
        self.main.purge(path) || is_at_pop
    }

    fn has(&self, path: &str) -> bool {
        self.main.has(path) || self.pops.iter().any(|pop| pop.has(path))
    }
}

/// The memory limits of each resource, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) jobs: usize,
    pub(crate) cache: usize,
}

impl Resource {
    /// Applies every purge that is due, at every edge.
    pub(crate) fn settle(&mut self, now: Duration) {
        self.work.settle(&mut self.edges, now);
        self.edges.pops.iter_mut().for_each(|pop| pop.settle(now));
    }

    /// One resource of each type; the first has the given ID.
    pub(crate) fn one_of_each(first: Uuid, bounds: Bounds, star: Star, pops: &[Pop]) -> Vec<Self> {
        let place = |lag| Place::new(|| Cache::new(bounds.cache, star), lag);
        ResourceType::ALL
            .into_iter()
            .map(|kind| Self {
                id: if kind == ResourceType::Small { first } else { kind.default_uuid() },
                kind,
                site: kind.site(),
                work: Work::new(bounds.jobs, Owed::new(pops)),
                edges: Edges {
                    main: place(Duration::ZERO),
                    pops: pops.iter().map(|pop| place(pop.lag)).collect(),
                },
            })
            .collect()
    }
}

/// Parses only the UUID format in the reference, none of the other formats in the UUID specification.
pub(crate) fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}
