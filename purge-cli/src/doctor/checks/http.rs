//! What every response has: a status and headers.

use crate::doctor::evidence::{Evidence, quoted};
use crate::doctor::seen::{Exchange, Operation, Seen};

/// Why the page of a proxy or a gateway shows nothing, and neither does a failure.
const FOREIGN: &str = "no success of the service";

/// A success has the status 200. What a failure has is not described.
pub(crate) fn status(seen: &Seen, operation: Operation) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(operation) {
        match exchange.status {
            _ if !exchange.is_of_service() => evidence.is_silent(FOREIGN),
            200 => evidence.matches("200"),
            other => evidence.contradicts(other.to_string()),
        }
    }
    evidence
}

pub(crate) fn content_type(seen: &Seen, operation: Operation) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(operation) {
        if !exchange.is_of_service() {
            evidence.is_silent(FOREIGN);
            continue;
        }
        let Some(text) = &exchange.content_type else {
            evidence.contradicts("no content type");
            continue;
        };
        let essence = text.split(';').next().unwrap_or_default().trim();
        match essence.eq_ignore_ascii_case("application/json") {
            true => evidence.matches(quoted(text)),
            false => evidence.contradicts(quoted(text)),
        }
    }
    evidence
}

/// No header states a rate limit, since none is described.
pub(crate) fn no_limits(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in &seen.exchanges {
        for (name, value) in &exchange.limits {
            evidence.contradicts(quoted(&format!("{name}: {value}")));
        }
        match exchange.is_of_service() {
            true => evidence.matches("no such header"),
            false => evidence.is_silent(FOREIGN),
        }
    }
    evidence
}

/// The server that the descriptions name responds to the operation.
pub(crate) fn server(seen: &Seen, operation: Operation) -> Evidence {
    let mut evidence = Evidence::default();
    if !seen.is_described_server {
        evidence.is_silent("another base URL is set");
    } else if seen.of(operation).any(Exchange::is_granted) {
        evidence.matches("it responds");
    }
    evidence
}
