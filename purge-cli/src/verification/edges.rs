//! The edges and the origin to ask.

use std::str::FromStr;
use std::time::Duration;

use purge_verify::{Edge, EdgeError, Resolve, Verifier, VerifierBuilder};

use crate::args::EdgeArgs;
use crate::exit::Failure;

/// Builds the verifier that asks the edges.
pub(crate) fn verifier(args: &EdgeArgs) -> Result<Verifier, Failure> {
    let edges: Vec<Edge> = parsed("--edge", &args.edge)?;
    let resolves: Vec<Resolve> = parsed("--resolve", &args.resolve)?;
    for (resolve, text) in resolves.iter().zip(&args.resolve) {
        if !edges.iter().any(|edge| resolve.is_for(edge)) {
            let host = text.split(':').take(2).collect::<Vec<_>>().join(":");
            let message = format!("--resolve: no --edge has the host and port `{host}`");
            return Err(Failure::usage(message));
        }
    }
    let mut builder = settings(args);
    for edge in edges.iter().flat_map(|edge| edge.pinned(&resolves)) {
        builder = builder.edge(edge);
    }
    if let Some(origin) = &args.origin {
        builder = builder.origin(one("--origin", origin)?);
    }
    built(builder)
}

/// Builds a verifier that asks only the origin; none if no origin is named. If files are gone, it must know that what it
/// gets is what the origin serves: an origin may have another page in place of what is missing.
pub(crate) fn origin(args: &EdgeArgs, are_gone: bool) -> Result<Option<Verifier>, Failure> {
    let Some(origin) = &args.origin else { return Ok(None) };
    let origin: Edge = one("--origin", origin)?;
    let mut builder = settings(args).edge(origin.clone()).identity_only();
    if are_gone {
        builder = builder.origin(origin);
    }
    built(builder).map(Some)
}

fn settings(args: &EdgeArgs) -> VerifierBuilder {
    let mut builder =
        Verifier::builder().user_agent(concat!("cdn-purge/", env!("CARGO_PKG_VERSION")));
    if let Some(bytes) = args.verify_bytes {
        builder = builder.body_limit(bytes);
    }
    if let Some(requests) = args.verify_concurrency {
        builder = builder.concurrency(requests.into());
    }
    let interval = args.verify_rate.map_or(Duration::from_millis(10), |rate| rate.interval());
    builder.interval(interval)
}

fn built(builder: VerifierBuilder) -> Result<Verifier, Failure> {
    builder.build().map_err(|error| Failure::usage(error.to_string()))
}

fn parsed<T: FromStr<Err = EdgeError>>(option: &str, texts: &[String]) -> Result<Vec<T>, Failure> {
    texts.iter().map(|text| one(option, text)).collect()
}

fn one<T: FromStr<Err = EdgeError>>(option: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error| Failure::usage(format!("{option}: {error}")))
}
