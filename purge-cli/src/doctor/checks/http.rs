//! What every response has: a status and headers.

use crate::doctor::evidence::{Evidence, quoted};
use crate::doctor::seen::{Exchange, Operation, Seen};

/// A success has the status 200. What a failure has is not described.
pub(crate) fn status(seen: &Seen, operation: Operation) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(operation) {
        match exchange.status {
            200 => evidence.matches("200"),
            other if exchange.is_success() => evidence.contradicts(other.to_string()),
            _ => evidence.is_silent("no success"),
        }
    }
    evidence
}

pub(crate) fn content_type(seen: &Seen, operation: Operation) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(operation).filter(|exchange| exchange.is_success()) {
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
        evidence.matches("no such header");
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
