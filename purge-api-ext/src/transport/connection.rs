//! Requests that got no response: whether they can have reached the service, and what failed.

use std::error::Error as StdError;

use super::{Failure, refusal_body};
use crate::connection::{Limits, Route};
use crate::error::{Error, ErrorKind};
use crate::proxy::Refusal;
use crate::retry::Applied;
use crate::sanitize::{Redactor, Shown, excerpt, shown};
use crate::tls;

pub(super) async fn from_connection(
    error: reqwest::Error,
    redactor: &Redactor,
    route: &Route,
) -> Failure {
    let error = error.without_url();
    let text = root(&error, redactor);
    if error.is_builder() {
        let message = shown!("the request cannot be built: {text}", text);
        return Failure::new(Applied::Refused, Error::new(ErrorKind::InvalidInput, message));
    }
    if error.is_connect() {
        return not_connected(&error, redactor, route).await;
    }
    let find = |wanted: fn(&(dyn StdError + 'static)) -> bool| chain(&error).any(wanted);
    let unavailable = ErrorKind::Unavailable;
    let (applied, kind, message) = if error.is_timeout() {
        let limit = route.limits.as_ref().map(Limits::attempt);
        match limit {
            // The time limit passed before the first connection was made.
            Some(limit) if route.connected.is_none_yet() => {
                (Applied::No, unavailable, no_connection(route, &limit))
            }
            Some(limit) => {
                (Applied::Maybe, unavailable, shown!("no response within {limit}", limit))
            }
            None => (Applied::Maybe, unavailable, "no response within the time limit".into()),
        }
    } else if find(is_not_processed) {
        let message = shown!("the service did not process the request: {text}", text);
        (Applied::No, unavailable, message)
    } else if find(is_no_http) {
        let message = shown!("the response is not valid HTTP: {text}", text);
        (Applied::Maybe, ErrorKind::Untrusted, message)
    } else {
        (Applied::Maybe, unavailable, shown!("the connection was lost: {text}", text))
    };
    Failure::new(applied, Error::new(kind, message).with_foreign_cause(&error, redactor))
}

fn no_connection(route: &Route, limit: &Shown) -> Shown {
    let through = route.proxy.as_ref().map(|proxy| shown!(" through {proxy}", proxy));
    let through = through.unwrap_or_default();
    shown!("no connection to the service{through} within {limit}", through, limit)
}

/// No connection was made, so nothing was sent: decides whether the service or the proxy is the cause.
async fn not_connected(error: &reqwest::Error, redactor: &Redactor, route: &Route) -> Failure {
    let proxy = route.proxy.as_ref();
    // The error type for the tunnel through a proxy is private, so its message is parsed.
    let tunnel = chain(error).map(ToString::to_string);
    let tunnel = tunnel.filter_map(|text| text.strip_prefix("tunnel error: ").map(str::to_owned));
    let tunnel = tunnel.last();
    let other = match (proxy, &tunnel) {
        (Some(proxy), _) => shown!("{proxy}", proxy),
        // The proxy of an HTTP client that the program supplies.
        (None, Some(_)) => "the proxy".into(),
        (None, None) => "the service".into(),
    };
    let through = match (proxy, &tunnel) {
        (Some(proxy), None) => shown!(" to the service through {proxy}", proxy),
        (_, Some(_)) => shown!(" to {other}", other),
        (None, None) => Shown::default(),
    };
    let text = root(error, redactor);
    let (applied, failure) = if let Some(why) = tls::distrust(chain(error)).map(tls::explain) {
        let message = shown!("no trusted connection{through}: {why}", through, why);
        (Applied::Unsent, Error::new(ErrorKind::Untrusted, message))
    } else if let Some(limits) = route.limits.as_ref().filter(|_| error.is_timeout()) {
        unavailable(no_connection(route, &limits.connection()))
    } else {
        match tunnel.as_deref() {
            None if proxy.is_none() => {
                unavailable(shown!("the service cannot be reached: {text}", text))
            }
            None => unavailable(shown!("no connection{through}: {text}", through, text)),
            Some(TUNNEL_CONNECT) => {
                unavailable(shown!("{other} cannot be reached: {text}", other, text))
            }
            Some(why) => no_tunnel(why, &other, redactor, route).await,
        }
    };
    Failure::new(applied, failure.with_foreign_cause(error, redactor))
}

fn unavailable(message: Shown) -> (Applied, Error) {
    (Applied::No, Error::new(ErrorKind::Unavailable, message))
}

/// What it means that the proxy made no connection to the service.
async fn no_tunnel(
    why: &str,
    proxy: &Shown,
    redactor: &Redactor,
    route: &Route,
) -> (Applied, Error) {
    match why {
        PROXY_AUTHORIZATION => refused_by_proxy(proxy, 407, None),
        "unsuccessful" => match asked_again(route).await {
            Some(Refusal { status, body }) => refused_by_proxy(
                proxy,
                status,
                match body {
                    Some(body) => refusal_body::message_of(&body, redactor),
                    None => {
                        Some("its response is not shown, since it quotes the credentials".into())
                    }
                },
            ),
            None => unavailable(shown!(
                "{proxy} refused to connect to the service; its log may say why",
                proxy
            )),
        },
        "unexpected end of file" => {
            unavailable(shown!("{proxy} closed the connection without a response", proxy))
        }
        why => unavailable(shown!(
            "{proxy} did not connect to the service: {why}",
            proxy,
            why = excerpt(why)
        )),
    }
}

/// Asks the proxy for its response, which the HTTP client does not pass on.
async fn asked_again(route: &Route) -> Option<Refusal> {
    let refusal = route.proxy.as_ref()?.refusal(&route.authority).await?;
    // The proxy may accept the second request.
    (refusal.status >= 300).then_some(refusal)
}

/// Classifies a proxy's refusal by whether a later attempt may succeed. Nothing reached the service.
fn refused_by_proxy(proxy: &Shown, status: u16, said: Option<Shown>) -> (Applied, Error) {
    let (applied, kind) = match status {
        401 | 403 | 407 | 451 => (Applied::Unsent, ErrorKind::Unauthorized),
        300..=399 => (Applied::Unsent, ErrorKind::Untrusted),
        408 | 429 | 500.. => (Applied::No, ErrorKind::Unavailable),
        _ => (Applied::Unsent, ErrorKind::Refused),
    };
    let said = Shown::after_colon(said);
    let message = match status {
        407 => shown!("{proxy} requires credentials (407); add them to the proxy URL", proxy),
        401 | 403 | 451 => shown!(
            "{proxy} does not allow a connection to the service ({status}){said}",
            proxy,
            status,
            said
        ),
        300..=399 => shown!(
            "{proxy} redirected ({status}) instead of connecting to the service, perhaps to a login page{said}",
            proxy,
            status,
            said
        ),
        408 | 429 | 500.. => {
            shown!("{proxy} failed to connect to the service ({status}){said}", proxy, status, said)
        }
        _ => shown!(
            "{proxy} refused to connect to the service ({status}){said}",
            proxy,
            status,
            said
        ),
    };
    (applied, Error::new(kind, message).with_status(status))
}

/// Whether the peer says that it has not processed the request (RFC 9113, section 8.7).
#[cfg(feature = "http2")]
fn is_not_processed(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<h2::Error>().is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        // A server that shuts down still responds to the requests it has accepted.
        let leaving = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        error.is_remote() && (refused || leaving)
    })
}

/// HTTP/1.1 cannot express this.
#[cfg(not(feature = "http2"))]
fn is_not_processed(_cause: &(dyn StdError + 'static)) -> bool {
    false
}

fn is_no_http(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

const PROXY_AUTHORIZATION: &str = "proxy authorization required";
const TUNNEL_CONNECT: &str = "failed to create underlying connection";

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> + Clone {
    // An I/O error exposes its inner error only through `get_ref`, not through `source`.
    std::iter::successors(Some(error), |&error: &&'a (dyn StdError + 'static)| {
        let carried = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        carried.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

/// The innermost cause. With HTTP/2, it may contain text from the peer.
pub(super) fn root(error: &reqwest::Error, redactor: &Redactor) -> Shown {
    chain(error).last().map(|cause| redactor.excerpt(&cause.to_string())).unwrap_or_default()
}
