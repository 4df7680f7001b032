//! The body of a request, read to its end within limits of size and time.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::text::short;

/// The largest body that is read.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// How much of an oversized body is read and dropped, so that a client that reads only after writing everything sees
/// the refusal instead of a reset.
const MAX_DRAIN: usize = 64 * MAX_BODY;

/// The largest body of a request without the sandbox's token, which is read only to be recorded: a program
/// that has nothing to do with the sandbox must not fill its memory.
const MAX_UNKNOWN_BODY: usize = 4 * 1024;

/// The body of a request, read to its end.
#[derive(Clone)]
pub(crate) enum Payload {
    Whole(Bytes),
    /// Larger than this many bytes.
    TooLarge(usize),
}

/// Reads the body of a request, and returns it with its length. `is_known` says whether the request has the
/// sandbox's token.
pub(crate) async fn receive(
    headers: &HeaderMap,
    body: Body,
    is_known: bool,
    timeout: Duration,
) -> Result<(Payload, u64), Refusal> {
    let most = if is_known { MAX_BODY } else { MAX_UNKNOWN_BODY };
    match tokio::time::timeout(timeout, read(headers, body, most)).await {
        Ok(read) => read.map_err(|error| {
            let message = format!("the body cannot be read: {error}");
            Refusal::new(StatusCode::BAD_REQUEST, message)
        }),
        Err(_) => {
            let message = format!("the body did not arrive within {timeout:?}");
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, message))
        }
    }
}

/// The body, unless it is larger than `most`, and its length.
async fn read(
    headers: &HeaderMap,
    mut body: Body,
    most: usize,
) -> Result<(Payload, u64), axum::Error> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > most) && headers.contains_key(header::EXPECT) {
        // A client that waits for `100 Continue` has not uploaded the body, and there is nothing to drop.
        return Ok((Payload::TooLarge(most), 0));
    }
    let mut bytes = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= most {
            bytes.extend_from_slice(&data);
        } else if length > MAX_DRAIN {
            break;
        }
    }
    let whole = length <= most;
    let payload = if whole { Payload::Whole(bytes.freeze()) } else { Payload::TooLarge(most) };
    Ok((payload, length as u64))
}

/// The JSON object in the body of a request.
pub(crate) fn object(
    headers: &HeaderMap,
    payload: &Payload,
) -> Result<Map<String, Value>, Refusal> {
    is_json(headers)?;
    let body = match payload {
        Payload::Whole(body) => body,
        Payload::TooLarge(most) => {
            let message = format!("the body is larger than {most} bytes; send less per request");
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
    };
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::unprocessable("the body is not a JSON object")),
        Err(error) => {
            Err(Refusal::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {error}")))
        }
    }
}

fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message| Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return refuse("the body has a content coding; send it without one".to_owned());
    }
    let value = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    match value.map(|value| value.split(';').next().unwrap_or_default().trim()) {
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        Some(media_type) => {
            refuse(format!("the body is {:?}; send it as application/json", short(media_type)))
        }
        None => refuse("there is no Content-Type; send the body as application/json".to_owned()),
    }
}
