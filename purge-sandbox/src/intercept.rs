//! What happens to every request before and after its handler: it is recorded, its body is read, and a fault
//! may apply.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt;

use crate::admission::bearer;
use crate::body::{self, Payload};
use crate::fault::json;
use crate::fault::{Ending, Fault, KeepsObjects, Target};
use crate::lock::lock;
use crate::log::{Arrival, Created, RecordedRequest};
use crate::refusal::Refusal;
use crate::rewrite::rewritten;
use crate::server::{Step, Wire};
use crate::state::Shared;

/// A request in the log, until its response is known.
struct Visit<'a> {
    shared: &'a Shared,
    arrival: Arrival,
    /// A copy for the observer, which gets every request, including those that the log has dropped.
    observed: Option<RecordedRequest>,
}

impl<'a> Visit<'a> {
    fn begin(shared: &'a Shared, head: &Parts) -> Self {
        let request = RecordedRequest::new(head);
        let observed = shared.observer.is_some().then(|| request.clone());
        Self { shared, arrival: shared.log.arrived(request, shared.now()), observed }
    }

    fn change(&mut self, change: impl Fn(&mut RecordedRequest)) {
        self.shared.log.change(self.arrival, &change);
        self.observed.iter_mut().for_each(change);
    }

    /// Passes the request to its handler, and records whether that created a job.
    async fn handle(&mut self, head: Parts, next: Next) -> Response {
        let rewrite = self.shared.rewrite.as_ref().filter(|_| is_api(&head));
        let request = rewrite.map(|rewrite| (rewrite, Self::request(&head)));
        let mut response = next.run(Request::from_parts(head, Body::empty())).await;
        if let Some(Created(op_id)) = response.extensions_mut().remove() {
            self.change(|request| request.op_id = Some(op_id.clone()));
        }
        match request {
            Some((rewrite, request)) => rewritten(rewrite, &request, response).await,
            None => response,
        }
    }

    /// The request as it is recorded.
    fn request(head: &Parts) -> RecordedRequest {
        let mut request = RecordedRequest::new(head);
        if let Some(Payload::Whole(bytes)) = head.extensions.get() {
            request.body = bytes.to_vec();
            request.body_length = bytes.len() as u64;
        }
        request
    }

    /// The status is `None` when a fault breaks the connection instead.
    fn answered(&mut self, status: Option<u16>) {
        self.change(|request| request.status = status);
        if let (Some(observer), Some(request)) = (&self.shared.observer, &self.observed) {
            observer(request);
        }
    }
}

pub(crate) async fn intercept(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut head, body) = request.into_parts();
    let mut visit = Visit::begin(&shared, &head);
    let known = bearer(&head.headers).is_ok_and(|token| lock(&shared.account).is_known(token));
    let received = body::receive(&head.headers, body, known, shared.read_timeout).await;
    let (payload, length) = match received {
        Ok(received) => received,
        Err(refusal) => {
            let response = refusal.into_response();
            visit.answered(Some(response.status().as_u16()));
            return response;
        }
    };
    visit.change(|request| {
        request.body_length = length;
        if let Payload::Whole(bytes) = &payload {
            request.body = bytes.to_vec();
        }
    });
    let fault = if is_api(&head) {
        let target = Target::of(&head.method, head.uri.path());
        match json::requested(&head.headers, target) {
            Ok(requested) => requested.or_else(|| shared.faults.take(target)),
            Err(error) => {
                let message = format!("in the header {}: {error}", json::HEADER);
                let response = Refusal::new(StatusCode::BAD_REQUEST, message).into_response();
                visit.answered(Some(response.status().as_u16()));
                return response;
            }
        }
    } else {
        None
    };
    let wire = head.extensions.remove::<Wire>();
    head.extensions.insert(payload);
    let response = match (fault, wire) {
        (Some(fault), Some(wire)) => misbehave(&mut visit, fault, &wire, head, next).await,
        _ => visit.handle(head, next).await,
    };
    visit.answered(Some(response.status().as_u16()));
    response
}

fn is_api(head: &Parts) -> bool {
    head.uri.path().starts_with("/api/")
}

async fn misbehave(
    visit: &mut Visit<'_>,
    fault: Fault,
    wire: &Wire,
    mut head: Parts,
    next: Next,
) -> Response {
    let is_head = head.method == Method::HEAD;
    if fault.keeps {
        head.extensions.insert(KeepsObjects);
    }
    let mut response =
        if fault.applies() { visit.handle(head, next).await } else { Response::default() };
    tokio::time::sleep(fault.delay).await;
    if let Some(status) = fault.status {
        if fault.applies() {
            // Discards the real response.
            response = Response::default();
        }
        *response.status_mut() = status;
    }
    for name in fault.headers.keys() {
        response.headers_mut().remove(name);
    }
    response.headers_mut().extend(fault.headers);
    let (mut parts, body) = response.into_parts();
    let body = match fault.body {
        Some(body) => body,
        // The responses of the API are in memory; reading them cannot fail.
        None => body.collect().await.map(|body| body.to_bytes()).unwrap_or_default(),
    };
    let steps = match fault.ending {
        Ending::Whole => {
            // The handler set it for its own body, which the fault may have replaced.
            parts.headers.remove(header::CONTENT_LENGTH);
            return Response::from_parts(parts, Body::from(body));
        }
        Ending::Truncated => vec![Step::Send(half(&parts, &body, is_head)), Step::End],
        Ending::Stalled(duration) => {
            vec![Step::Send(half(&parts, &body, is_head)), Step::Wait(duration), Step::Reset]
        }
        Ending::Reset => vec![Step::Reset],
        Ending::Raw(bytes) => vec![Step::Send(bytes), Step::End],
    };
    visit.answered(steps.first().and_then(status));
    wire.take_over(steps).await
}

/// The status that a client sees in the first bytes, if they are HTTP.
fn status(step: &Step) -> Option<u16> {
    let Step::Send(bytes) = step else { return None };
    let digits = bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The head, with the length of the whole body, and the first half of the body, which the response to a HEAD has not.
fn half(parts: &http::response::Parts, body: &[u8], is_head: bool) -> Bytes {
    let mut text = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len().max(2)).as_bytes());
    text.extend_from_slice(if is_head { &[] } else { &body[..body.len() / 2] });
    text.into()
}
