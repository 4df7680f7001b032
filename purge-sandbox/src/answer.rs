//! What a request is answered: a function of the request, the state and the time.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::state::State;

/// The most bytes of a request body.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// What is needed of a request to answer it.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    /// The body, or nothing if it is longer than [`MAX_BODY`].
    pub(crate) body: Option<&'a [u8]>,
}

/// A status code and a body.
pub(crate) type Answer = (u16, Value);

/// A refusal: its status code, and what to tell.
type Refusal = (u16, String);

pub(crate) fn answer(state: &mut State, request: &Request<'_>, now: SystemTime) -> Answer {
    route(state, request, now)
        .map(|body| (200, body))
        .unwrap_or_else(|(code, why)| (code, json!({ "status": false, "message": why })))
}

fn route(state: &mut State, request: &Request<'_>, now: SystemTime) -> Result<Value, Refusal> {
    let refuse = |code: u16, why: &str| Err((code, why.to_owned()));
    let segments: Vec<&str> = request.path.split('/').collect();
    let ["", "api", "v1", "cdn", organization, "job", resource, "purge"] = segments[..] else {
        return refuse(404, "There is nothing under this path.");
    };
    if !matches!(request.method, "GET" | "POST") {
        return refuse(405, "Only GET and POST are allowed here.");
    }
    let token = request.authorization.and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
    });
    if token != Some(&*state.token) {
        return refuse(401, "The bearer token is missing or wrong.");
    }
    if !organization.eq_ignore_ascii_case(&state.organization) {
        return refuse(404, "There is no such organization.");
    }
    let id = resource.to_ascii_lowercase();
    let delay = state.purge_delay;
    let Some(resource) = state.resources.get_mut(&id) else {
        return refuse(404, "There is no such resource.");
    };
    resource.advance(now);
    if request.method == "POST" {
        let paths = paths_of(request, &id)?;
        let operation = resource.create(paths, now, delay);
        // A job without delay is finished before anybody can ask for it.
        resource.advance(now);
        return Ok(json!({
            "status": true, "opID": operation, "message": "Purge request successfully created.",
        }));
    }
    let page = number(request.query, "page", u64::MAX)?;
    let limit = number(request.query, "limit", 100)?;
    let operation = parameter(request.query, "opID").filter(|operation| !operation.is_empty());
    let (requests, total) = resource.list(operation.as_deref(), page, limit, now);
    Ok(json!({
        "status": true,
        "data": {
            "page": page, "total": total, "limit": limit, "search": null, "requests": requests,
        },
    }))
}

fn paths_of(request: &Request<'_>, resource: &str) -> Result<Vec<String>, Refusal> {
    #[derive(Deserialize)]
    struct Body {
        resource_uuid: String,
        file_path: Vec<String>,
    }
    let invalid = |why: String| Err((422, why));
    let Some(body) = request.body else {
        return Err((413, format!("The body is longer than {MAX_BODY} bytes.")));
    };
    let content_type = request.content_type.unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err((415, "The body must be application/json.".to_owned()));
    }
    let json: Value = serde_json::from_slice(body)
        .map_err(|error| (400, format!("The body is not JSON: {error}.")))?;
    let body: Body = serde_json::from_value(json)
        .map_err(|error| (422, format!("The body is not a purge request: {error}.")))?;
    if !body.resource_uuid.eq_ignore_ascii_case(resource) {
        return invalid("resource_uuid must be the resource_uuid of the path.".to_owned());
    }
    if body.file_path.is_empty() || body.file_path.len() > 100 {
        return invalid(format!(
            "file_path must hold 1 to 100 paths, not {}.",
            body.file_path.len()
        ));
    }
    if let Some(path) = body.file_path.iter().find(|path| !path.starts_with('/')) {
        return invalid(format!(
            "file_path must hold absolute paths; {path:?} has no leading slash."
        ));
    }
    Ok(body.file_path)
}

fn number(query: &str, name: &str, max: u64) -> Result<u64, Refusal> {
    let Some(text) = parameter(query, name) else {
        return Err((422, format!("{name} is missing.")));
    };
    let number = text.parse().ok().filter(|number| (1..=max).contains(number));
    let range = if max == u64::MAX { "at least 1".to_owned() } else { format!("1 to {max}") };
    number.ok_or_else(|| (422, format!("{name} must be {range}, not {text:?}.")))
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| decode(value))
}

/// Form decoding: `+` is a space, `%` an escape.
fn decode(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = value.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{DEFAULT_RESOURCE, defaults};

    const PATH: &str = "/api/v1/cdn/550e8400-e29b-41d4-a716-446655440000/job/660f9511-f30c-52e5-b827-557766551111/purge";

    fn get(query: &'static str) -> Request<'static> {
        Request {
            method: "GET",
            path: PATH,
            query,
            authorization: Some("Bearer sandbox-token"),
            content_type: None,
            body: Some(b""),
        }
    }

    fn post(body: &[u8]) -> Request<'_> {
        let content_type = Some("application/json; charset=utf-8");
        Request { method: "POST", content_type, body: Some(body), ..get("") }
    }

    fn check(request: &Request<'_>, status: u16, part: &str) {
        let (found, body) = answer(&mut defaults(), request, SystemTime::UNIX_EPOCH);
        assert_eq!(found, status, "{body}");
        assert_eq!(body["status"], status == 200);
        assert!(body.to_string().contains(part), "{body}");
    }

    fn body(resource: &str, paths: &[&str]) -> Vec<u8> {
        json!({ "resource_uuid": resource, "file_path": paths }).to_string().into_bytes()
    }

    #[test]
    fn lists() {
        check(&get("page=1&limit=100"), 200, r#""total":0"#);
        check(
            &get("limit=1&page=18446744073709551615&opID=a%20b&other=1"),
            200,
            r#""requests":[]"#,
        );
        check(&get("limit=10"), 422, "page is missing");
        check(&get("page=1"), 422, "limit is missing");
        check(&get("page=0&limit=10"), 422, "page must be at least 1");
        check(&get("page=1&limit=0"), 422, "limit must be 1 to 100");
        check(&get("page=1&limit=101"), 422, "limit must be 1 to 100");
        check(&get("page=-1&limit=1"), 422, "page must be at least 1");
        check(&get("page=x&limit=1"), 422, "page must be at least 1");
    }

    #[test]
    fn creates() {
        let r = DEFAULT_RESOURCE;
        check(&post(&body(r, &["/a", "/b/*"])), 200, "opID");
        check(&post(&body(&r.to_uppercase(), &["/a"])), 200, "opID");
        check(&post(&body(r, &["/a"; 100])), 200, "opID");
        check(&post(&body(r, &["/a"; 101])), 422, "1 to 100 paths, not 101");
        check(&post(&body(r, &[])), 422, "1 to 100 paths, not 0");
        check(&post(&body(r, &["/a", "b"])), 422, "no leading slash");
        check(&post(&body("x", &["/a"])), 422, "resource_uuid must be");
        check(&post(b"{"), 400, "not JSON");
        check(&post(b"[]"), 422, "not a purge request");
        check(
            &Request { content_type: Some("text/plain"), ..post(b"{}") },
            415,
            "application/json",
        );
        check(&Request { content_type: None, ..post(b"{}") }, 415, "application/json");
        check(&Request { body: None, ..post(b"") }, 413, "longer than 1048576");
    }

    #[test]
    fn refuses_strangers() {
        let query = "page=1&limit=1";
        check(&Request { authorization: None, ..get(query) }, 401, "token");
        check(&Request { authorization: Some("Bearer x"), ..get(query) }, 401, "token");
        check(&Request { authorization: Some("Basic sandbox-token"), ..get(query) }, 401, "token");
        check(&Request { authorization: Some("bearer  sandbox-token"), ..get(query) }, 200, "");
        check(&Request { method: "DELETE", ..get(query) }, 405, "GET and POST");
        check(&Request { path: "/", ..get(query) }, 404, "nothing");
        check(&Request { path: &PATH.replace("550e", "550f"), ..get(query) }, 404, "organization");
        check(&Request { path: &PATH.replace("660f", "660e"), ..get(query) }, 404, "resource");
    }
}
