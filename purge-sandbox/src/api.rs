//! The two operations on purge requests, as the published reference describes them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::admission::{Verdict, bearer};
use crate::body::{self, Payload};
use crate::fault::KeepsObjects;
use crate::jobs::{Full, RecordView};
use crate::lock::lock;
use crate::log::Created;
use crate::refusal::{Refusal, json};
use crate::resource::{Resource, parse_uuid};
use crate::state::Shared;
use crate::text::short;

pub(crate) const ROUTE: &str = "/api/v1/cdn/{organization_uuid}/job/{resource_uuid}/purge";

const MAX_PATHS: usize = 100;
const MAX_PAGE_SIZE: u64 = 100;

pub(crate) async fn purge(
    State(shared): State<Arc<Shared>>,
    Path((organization, resource)): Path<(String, String)>,
    Extension(payload): Extension<Payload>,
    head: Parts,
) -> Response {
    let answer = || {
        if head.method != Method::GET && head.method != Method::POST {
            return Err(Refusal::method(&head.method, "GET, POST"));
        }
        let resource = admit(&shared, &head.headers, &organization, &resource)?;
        if head.method == Method::GET {
            list(&shared, resource, head.uri.query().unwrap_or_default())
        } else {
            create(&shared, resource, &head, &payload)
        }
    };
    answer().unwrap_or_else(IntoResponse::into_response)
}

/// The checks that come first in every operation: the token, the rate limit, and a resource that can be purged.
fn admit(
    shared: &Shared,
    headers: &HeaderMap,
    organization: &str,
    resource: &str,
) -> Result<Uuid, Refusal> {
    authorize(headers, shared)?;
    limit(shared)?;
    find(shared, organization, resource)
}

/// Counts a request against the rate limit.
pub(crate) fn limit(shared: &Shared) -> Result<(), Refusal> {
    match &shared.bucket {
        Some(bucket) => lock(bucket).take(shared.now()).map_err(Refusal::too_often),
        None => Ok(()),
    }
}

fn authorize(headers: &HeaderMap, shared: &Shared) -> Result<(), Refusal> {
    let refuse = |message| Err(Refusal::new(StatusCode::UNAUTHORIZED, message));
    match bearer(headers).map(|token| lock(&shared.account).judge(token, shared.now())) {
        Ok(Verdict::Valid) => Ok(()),
        Ok(Verdict::Expired) => refuse("the token has expired"),
        Ok(Verdict::Wrong) => refuse("the token is not valid"),
        Err(message) => refuse(message),
    }
}

fn find(shared: &Shared, organization: &str, resource: &str) -> Result<Uuid, Refusal> {
    let refuse = |what, id| {
        Err(Refusal::new(StatusCode::NOT_FOUND, format!("there is no {what} {:?}", short(id))))
    };
    if parse_uuid(organization) != Some(shared.organization) {
        return refuse("organization", organization);
    }
    let found = parse_uuid(resource)
        .and_then(|id| shared.with_resource(id, |resource, _| (id, resource.kind)));
    match found {
        None => refuse("resource", resource),
        Some((_, kind)) if !kind.can_purge() => Err(Refusal::unprocessable(format!(
            "purging is not available for a resource of type {kind}; use one of type Small, Large, VOD or Dynamic"
        ))),
        Some((id, _)) => Ok(id),
    }
}

fn create(
    shared: &Shared,
    resource: Uuid,
    head: &Parts,
    payload: &Payload,
) -> Result<Response, Refusal> {
    let paths = paths(&body::object(&head.headers, payload)?, resource)?;
    let op_id = Uuid::new_v4().to_string();
    let created = shared.with_resource(resource, |resource, now| {
        let created = resource.work.create(op_id.clone(), paths, now, shared.purge_delay);
        if created.is_ok() && head.extensions.get::<KeepsObjects>().is_some() {
            resource.work.keep_newest();
        }
        created
    });
    if created == Some(Err(Full)) {
        return Err(Refusal::full());
    }
    #[derive(Serialize)]
    struct Answer<'a> {
        status: bool,
        #[serde(rename = "opID")]
        op_id: &'a str,
        message: &'static str,
    }
    let message = "Purge request successfully created.";
    let mut answer = json(StatusCode::OK, &Answer { status: true, op_id: &op_id, message });
    answer.extensions_mut().insert(Created(op_id));
    Ok(answer)
}

fn paths(body: &Map<String, Value>, resource: Uuid) -> Result<Vec<String>, Refusal> {
    let refuse = |message: String| Err(Refusal::unprocessable(message));
    match body.get("resource_uuid") {
        Some(Value::String(id)) if parse_uuid(id) == Some(resource) => {}
        Some(id) => {
            return refuse(format!(
                "resource_uuid is {id} in the body but {resource} in the path; send the same in both",
                id = short(&id.to_string())
            ));
        }
        None => return refuse("resource_uuid is missing".to_owned()),
    }
    let Some(Value::Array(list)) = body.get("file_path") else {
        return refuse("file_path is missing or not a list".to_owned());
    };
    if list.is_empty() || list.len() > MAX_PATHS {
        return refuse(format!("file_path has {} paths; send 1 to {MAX_PATHS}", list.len()));
    }
    list.iter()
        .enumerate()
        .map(|(index, path)| match path {
            Value::String(path) if path.starts_with('/') => Ok(path.clone()),
            other => Err(Refusal::unprocessable(format!(
                "file_path[{index}] is {}; a path is a string that starts with /",
                short(&other.to_string())
            ))),
        })
        .collect()
}

fn list(shared: &Shared, resource: Uuid, query: &str) -> Result<Response, Refusal> {
    let page = number(query, "page", u64::MAX)?;
    let limit = number(query, "limit", MAX_PAGE_SIZE)?;
    let limit = shared.page_limit.map_or(limit, |most| limit.min(most.into()));
    let op_id = one(query, "opID")?.filter(|id| !id.is_empty());
    let list = shared.with_resource(resource, |resource, now| {
        let (total, records) = resource.work.list(op_id.as_deref(), page, limit, now);
        let requests = records.iter().map(|record| entry(shared, resource, record)).collect();
        Page { page, total, limit, search: None, requests }
    });
    #[derive(Serialize)]
    struct Listed {
        status: bool,
        data: Option<Page>,
    }
    Ok(json(StatusCode::OK, &Listed { status: true, data: list }))
}

#[derive(Serialize)]
struct Page {
    page: u64,
    total: usize,
    limit: u64,
    search: Option<String>,
    requests: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "opID")]
    op_id: String,
    url: String,
    status: u8,
    message: &'static str,
    created_at: String,
    started_at: Option<String>,
    completed_at: Option<String>,
}

fn entry(shared: &Shared, resource: &Resource, record: &RecordView<'_>) -> Entry {
    let stamp = |at: Duration| humantime::format_rfc3339_micros(shared.date(at)).to_string();
    let (status, message) = match (record.started, record.completed) {
        (_, Some((_, true))) => (1, "Purged."),
        (_, Some((_, false))) => (0, "There is no file in cache."),
        (Some(_), None) => (2, "Being processed."),
        (None, None) => (2, "Waiting to be processed."),
    };
    Entry {
        op_id: record.op_id.to_owned(),
        url: format!("{}{}", resource.site, record.path),
        status,
        message,
        created_at: stamp(record.created),
        started_at: record.started.map(stamp),
        completed_at: record.completed.map(|(at, _)| stamp(at)),
    }
}

/// The value of a parameter, which may be given at most once.
fn one<'a>(query: &'a str, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let value = values.next().map(|(_, value)| value);
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Refusal::unprocessable(format!("{name} is given more than once"))),
    }
}

fn number(query: &str, name: &str, max: u64) -> Result<u64, Refusal> {
    let Some(text) = one(query, name)? else {
        return Err(Refusal::unprocessable(format!("the parameter {name} is missing")));
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A page number too large for `u64` is beyond the last page anyway.
    let value = if digits { text.parse().unwrap_or(u64::MAX) } else { 0 };
    if (1..=max).contains(&value) {
        return Ok(value);
    }
    let range = if max == u64::MAX { "from 1".to_owned() } else { format!("from 1 to {max}") };
    Err(Refusal::unprocessable(format!(
        "{name} is {:?}; send a whole number {range}",
        short(&text)
    )))
}
