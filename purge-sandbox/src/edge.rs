//! The edge: what a visitor of the site would see, cached according to RFC 9111.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use uuid::Uuid;

use crate::cache::{Fetched, Object};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::resource::{Resource, parse_uuid};
use crate::state::Shared;

pub(crate) async fn serve(State(shared): State<Arc<Shared>>, head: Parts) -> Response {
    if head.method != Method::GET && head.method != Method::HEAD {
        let message = format!("{} is not allowed here; use GET", head.method);
        return Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message).into_response();
    }
    let Some((id, path)) = split(&head.uri) else {
        let message =
            format!("{} does not have the form /edge/{{resource_uuid}}/…", head.uri.path());
        return Refusal::new(StatusCode::NOT_FOUND, message).into_response();
    };
    let Some(request) = as_visitor(&path, &head.headers) else {
        let message = format!("{path} is not a valid request path");
        return Refusal::new(StatusCode::BAD_REQUEST, message).into_response();
    };
    let looked_up = shared.with_resource(id, |resource, now| {
        (resource.cache.get(&path), resource.cache.purges(), shared.date(now))
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
            if let BeforeRequest::Fresh(mut cached) = fetched.policy.before_request(&request, now) {
                // The policy sets `Date` to now, in the e-mail format (`+0000`). The server sets it in the
                // HTTP format (`GMT`).
                cached.headers.remove(header::DATE);
                let body = fetched.body.clone();
                return answer(cached.headers, cached.status, body, "HIT", &head.headers);
            }
        }
        None => {}
    }
    let (fetched, body) =
        shared.origin.fetch(&path, &shared.cache_control, shared.read_timeout).await.into_parts();
    shared.with_resource(id, |resource, now| {
        // An object that was fetched before a purge may be the one to purge.
        if resource.cache.purges() == purges {
            store(resource, &path, &request, &fetched, body.clone(), shared.date(now));
        }
    });
    answer(fetched.headers, fetched.status, body, "MISS", &head.headers)
}

/// Puts a file of the built-in site into a cache, as if a visitor had requested it.
pub(crate) async fn warm(resource: &mut Resource, path: &str, cache_control: &HeaderValue) {
    let Some(request) = as_visitor(path, &HeaderMap::new()) else { return };
    let response = Origin::Site.fetch(path, cache_control, Duration::MAX).await;
    let (fetched, body) = response.into_parts();
    store(resource, path, &request, &fetched, body, SystemTime::now());
}

fn store(
    resource: &mut Resource,
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
        resource.cache.insert(path, Object::Fetched(Arc::new(Fetched { policy, body, headers })));
    }
}

/// The approximate size of a header map.
fn kept(headers: &HeaderMap) -> usize {
    let entry = size_of::<(HeaderName, HeaderValue)>() + 4 * size_of::<usize>();
    headers.iter().map(|(name, value)| entry + name.as_str().len() + value.len()).sum()
}

fn split(uri: &Uri) -> Option<(Uuid, String)> {
    let (id, path) = uri.path().strip_prefix("/edge/")?.split_once('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some((parse_uuid(id)?, format!("/{path}{query}")))
}

/// The request as the cache sees it: a GET of the path at the site. As with a CDN, a visitor's cache directives are
/// ignored: a reload in the browser shows the cached object.
fn as_visitor(path: &str, headers: &HeaderMap) -> Option<http::Request<()>> {
    let mut request = http::Request::get(path).body(()).ok()?;
    for name in [header::ACCEPT, header::ACCEPT_ENCODING, header::ACCEPT_LANGUAGE] {
        if let Some(value) = headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    Some(request)
}

fn answer(
    mut headers: HeaderMap,
    status: StatusCode,
    body: Bytes,
    cache: &'static str,
    asked: &HeaderMap,
) -> Response {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
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

/// An entity tag without its weakness mark, which is ignored in this comparison.
fn weak(tag: &[u8]) -> &[u8] {
    let tag = tag.trim_ascii();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
