//! The edge: what a visitor of the site would see, cached according to RFC 9111.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use uuid::Uuid;

use crate::cache::{Cache, Fetched, Object};
use crate::coding::Coding;
use crate::origin::Origin;
use crate::pop::PopResponse;
use crate::refusal::Refusal;
use crate::resource::parse_uuid;
use crate::state::Shared;
use crate::text::short;

pub(crate) async fn serve(State(shared): State<Arc<Shared>>, head: Parts) -> Response {
    let (visit, pop) = match visit(&shared, &head) {
        Ok(visit) => visit,
        Err(refusal) => return refusal.into_response(),
    };
    match pop.map(|pop| shared.pops[pop].response) {
        Some(PopResponse::Forbidden) => return forbidden(),
        Some(PopResponse::Challenge) => return challenge(),
        Some(PopResponse::File) | None => {}
    }
    let Visit { id, path, request } = &visit;
    // The coding is a part of the key, and `Accept-Encoding` is not: visitors spell it in many ways.
    let coding = match shared.compresses {
        true => Coding::accepted(&head.headers),
        false => Coding::Identity,
    };
    let looked_up = shared.with_resource(*id, |resource, now| {
        let cache = resource.edges.place(pop).cache(coding);
        (cache.get(path), cache.purges(), shared.date(now))
    });
    let Some((object, purges, now)) = looked_up else {
        return Refusal::new(StatusCode::NOT_FOUND, format!("there is no resource {id}"))
            .into_response();
    };
    match object {
        Some(Object::Placeholder) => {
            let text = format!("{path} was put into the cache without content\n");
            let kind = HeaderValue::from_static("text/plain; charset=utf-8");
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
            return answer(headers, StatusCode::OK, text.into(), "HIT", &head.headers);
        }
        Some(Object::Fetched(fetched)) => {
            if let BeforeRequest::Fresh(mut cached) = fetched.policy.before_request(request, now) {
                // The policy sets `Date` to now. A cache keeps the one of the origin.
                cached.headers.remove(header::DATE);
                cached.headers.extend(fetched.date.clone().map(|date| (header::DATE, date)));
                let body = fetched.body.clone();
                return answer(cached.headers, cached.status, body, "HIT", &head.headers);
            }
        }
        None => {}
    }
    let fetched = shared.origin.fetch(path, &shared.cache_control, shared.read_timeout).await;
    let (fetched, body) = coded(&shared, coding, dated(fetched, now)).into_parts();
    shared.with_resource(*id, |resource, now| {
        let cache = resource.edges.place(pop).cache(coding);
        // An object that was fetched before a purge may be outdated, so it is not stored after the purge.
        if cache.purges() == purges {
            store(cache, path, request, &fetched, body.clone(), shared.date(now));
        }
    });
    answer(fetched.headers, fetched.status, body, "MISS", &head.headers)
}

/// The origin itself, without an edge in front of it.
pub(crate) async fn origin(State(shared): State<Arc<Shared>>, head: Parts) -> Response {
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let path = path.strip_prefix("/origin").unwrap_or_default();
    let fetched = shared.origin.fetch(path, &shared.cache_control, shared.read_timeout).await;
    let (fetched, body) = fetched.into_parts();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = fetched.status;
    response.headers_mut().extend(fetched.headers);
    response
}

/// What a visitor requests: a path of a resource.
struct Visit {
    id: Uuid,
    path: String,
    request: http::Request<()>,
}

/// Parses the request of a visitor: the path, and the point of presence.
fn visit(shared: &Shared, head: &Parts) -> Result<(Visit, Option<usize>), Refusal> {
    if head.method != Method::GET && head.method != Method::HEAD {
        return Err(Refusal::method(&head.method, "GET, HEAD"));
    }
    let not_found = |message| Refusal::new(StatusCode::NOT_FOUND, message);
    let (route, pop) = match head.uri.path().strip_prefix("/pop/") {
        None => (head.uri.path().strip_prefix("/edge/"), None),
        Some(rest) => {
            let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let place = shared.pops.iter().position(|pop| pop.name == name);
            let place = place.ok_or_else(|| {
                not_found(format!("there is no point of presence {:?}", short(name)))
            })?;
            (Some(rest), Some(place))
        }
    };
    let Some((id, path)) = route.and_then(|route| split(route, head.uri.query())) else {
        let message =
            format!("{} does not have the form /edge/{{resource_uuid}}/…", head.uri.path());
        return Err(not_found(message));
    };
    let request = as_asked(&path).ok_or_else(|| {
        let message = format!("{path} is not a valid request path");
        Refusal::new(StatusCode::BAD_REQUEST, message)
    })?;
    Ok((Visit { id, path, request }, pop))
}

fn forbidden() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (StatusCode::FORBIDDEN, kind, "403 forbidden\n").into_response()
}

fn challenge() -> Response {
    const PAGE: &str =
        "<!doctype html><title>Just a moment...</title><p>Checking your browser.</p>\n";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "private, no-store"),
        (HeaderName::from_static("cf-mitigated"), "challenge"),
    ];
    (StatusCode::FORBIDDEN, headers, PAGE).into_response()
}

/// Adds `Date` to a response that has none, as every cache does.
fn dated(mut response: http::Response<Bytes>, now: SystemTime) -> http::Response<Bytes> {
    if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(now)) {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    response
}

/// Compresses a response if edges do that and the visitor accepts it.
fn coded(
    shared: &Shared,
    coding: Coding,
    response: http::Response<Bytes>,
) -> http::Response<Bytes> {
    if !shared.compresses || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(name) = coding.name() {
        head.headers.remove(header::CONTENT_LENGTH);
        head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        if let Some(tag) = head.headers.get_mut(header::ETAG) {
            *tag = weakened(tag);
        }
    }
    http::Response::from_parts(head, coding.encode(body))
}

/// Puts a file of the built-in site into a cache, as if a visitor had requested it.
pub(crate) async fn warm(cache: &mut Cache, path: &str, cache_control: &HeaderValue) {
    let Some(request) = as_asked(path) else { return };
    let now = SystemTime::now();
    let response = Origin::Site.fetch(path, cache_control, Duration::MAX).await;
    let (fetched, body) = dated(response, now).into_parts();
    store(cache, path, &request, &fetched, body, now);
}

fn store(
    cache: &mut Cache,
    path: &str,
    request: &http::Request<()>,
    fetched: &http::response::Parts,
    body: Bytes,
    now: SystemTime,
) {
    let policy = CachePolicy::new_options(request, fetched, now, CacheOptions::default());
    // An object that must be fetched again each time would only take up space.
    if policy.is_storable() && !policy.is_stale(now) {
        let headers = kept(request.headers()) + kept(&fetched.headers);
        let date = fetched.headers.get(header::DATE).cloned();
        let fetched = Fetched { policy, body, date, headers };
        cache.insert(path, Object::Fetched(Arc::new(fetched)));
    }
}

/// The approximate size of a header map.
fn kept(headers: &HeaderMap) -> usize {
    let entry = size_of::<(HeaderName, HeaderValue)>() + 4 * size_of::<usize>();
    headers.iter().map(|(name, value)| entry + name.as_str().len() + value.len()).sum()
}

fn split(route: &str, query: Option<&str>) -> Option<(Uuid, String)> {
    let (id, path) = route.split_once('/')?;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Some((parse_uuid(id)?, format!("/{path}{query}")))
}

/// The request as the cache sees it: the one that the origin gets, which has no header of the visitor. So visitors share
/// one copy whatever the origin varies by, and as with a CDN, their cache directives are ignored: a reload in the browser
/// shows the cached object.
fn as_asked(path: &str) -> Option<http::Request<()>> {
    http::Request::get(path).body(()).ok()
}

fn answer(
    mut headers: HeaderMap,
    status: StatusCode,
    body: Bytes,
    cache: &'static str,
    asked: &HeaderMap,
) -> Response {
    // The server writes the length of the body itself.
    headers.remove(header::CONTENT_LENGTH);
    headers.insert("x-cache", HeaderValue::from_static(cache));
    let tag = headers.get(header::ETAG);
    let known = tag.is_some_and(|tag| {
        asked.get_all(header::IF_NONE_MATCH).iter().any(|list| {
            let (list, tag) = (list.as_bytes(), tag.as_bytes());
            list == b"*" || list.split(|&byte| byte == b',').any(|one| weak(one) == weak(tag))
        })
    });
    if known && status == StatusCode::OK {
        headers.remove(header::CONTENT_TYPE);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The entity tag of an encoded variant, whose bytes are not those of the tag (RFC 9110, section 8.8.3.3).
fn weakened(tag: &HeaderValue) -> HeaderValue {
    let text = [b"W/", weak(tag.as_bytes())].concat();
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| tag.clone())
}

/// An entity tag without its weakness mark, which is ignored in this comparison.
fn weak(tag: &[u8]) -> &[u8] {
    let tag = tag.trim_ascii();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
