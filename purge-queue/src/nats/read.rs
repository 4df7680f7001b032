//! Reads a stream by requests, many messages at a time.

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::time::timeout;

use super::{NatsEngine, PATIENCE};
use crate::engine::{EngineError, Message, Stream};
use crate::time;

/// The maximum number of messages and bytes per request.
const AT_ONCE: usize = 512;
const BYTES: usize = 8 * 1024 * 1024;
/// How many messages are requested from the leader concurrently.
const CONCURRENTLY: u64 = 16;

impl NatsEngine {
    /// Reads the next messages from any node, and has the leader confirm every gap in the sequences. A node that lost
    /// a message, or never received it, must not make us skip a path that was acknowledged.
    pub(super) async fn read_checked(
        &self,
        stream: Stream,
        filter: &str,
        from: u64,
    ) -> Result<Vec<Message>, EngineError> {
        let messages = self.read_some(stream, filter, from).await?;
        let mut expected = from;
        for message in &messages {
            if message.sequence != expected {
                let which = json!({ "seq": expected, "next_by_subj": filter });
                let next = self.get(stream, &which).await?.map(|next| next.sequence);
                // A message that the leader has removed since is not missing.
                if next.is_some_and(|next| next < message.sequence) {
                    return Err(EngineError::Unavailable(
                        "a node of the engine does not have all messages yet".to_owned(),
                    ));
                }
            }
            expected = message.sequence + 1;
        }
        Ok(messages)
    }

    /// Reads the next messages from the leader, one per request, as JSON. This is for what producers store: in a
    /// direct response, the headers of a message are those of the response, and the client ends the connection if it
    /// cannot read them.
    pub(super) async fn read_from_leader(
        &self,
        stream: Stream,
        filter: &str,
        from: u64,
    ) -> Result<Vec<Message>, EngineError> {
        let (mut messages, mut bytes) = (Vec::<Message>::new(), 0);
        let (mut next, mut width) = (from.max(1), 1);
        while messages.len() < AT_ONCE && bytes < BYTES {
            let get = |sequence: u64| async move {
                self.get(stream, &json!({ "seq": sequence, "next_by_subj": filter })).await
            };
            let mut found =
                stream::iter(next..next + width).map(get).buffered(CONCURRENTLY as usize);
            while let Some(message) = found.next().await {
                // What a later request finds may have been stored after this one found nothing, and there may be more
                // before it.
                let Some(message) = message? else { return Ok(messages) };
                // Several requests find the message after a gap.
                if message.sequence >= next {
                    next = message.sequence + 1;
                    bytes += message.body.len();
                    messages.push(message);
                }
            }
            width = (width * 2).min(CONCURRENTLY);
        }
        Ok(messages)
    }

    async fn read_some(
        &self,
        stream: Stream,
        filter: &str,
        from: u64,
    ) -> Result<Vec<Message>, EngineError> {
        let unavailable = |why: &str| EngineError::Unavailable(why.to_owned());
        let inbox = self.0.client.new_inbox();
        let subscribed = self.0.client.subscribe(inbox.clone()).await;
        let mut answers = subscribed.map_err(|error| unavailable(&error.to_string()))?;
        let which = json!({
            "seq": from.max(1), "batch": AT_ONCE, "max_bytes": BYTES, "next_by_subj": filter,
        });
        let subject = format!("$JS.API.DIRECT.GET.{stream}");
        let asked =
            self.0.client.publish_with_reply(subject, inbox, which.to_string().into()).await;
        asked.map_err(|error| unavailable(&error.to_string()))?;
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let answer = match timeout(PATIENCE, answers.next()).await {
                Ok(Some(answer)) => answer,
                Ok(None) | Err(_) => return Err(unavailable("no response from the engine")),
            };
            // A stored message has a sequence, whatever its first line says: a client can have a response stored. The
            // servers that were tried remove its status.
            let status = answer.status.filter(|_| header(&answer, "Nats-Sequence").is_none());
            let Some(status) = status.map(|status| status.as_u16()) else {
                let before = header(&answer, "Nats-Last-Sequence");
                let message = direct(answer)?;
                // Each message names the one before it, so a message dropped on the way is noticed.
                if messages.last().is_some_and(|last| before != Some(last.sequence)) {
                    return Err(unavailable("messages from the engine were lost on the way"));
                }
                messages.push(message);
                continue;
            };
            let last = header(&answer, "Nats-Last-Sequence");
            return match status {
                404 => Ok(Vec::new()),
                204 if last
                    .is_none_or(|last| messages.last().is_some_and(|m| m.sequence == last)) =>
                {
                    Ok(messages)
                }
                204 => Err(unavailable("messages from the engine were lost on the way")),
                503 => Err(unavailable("no node of the engine responds")),
                _ => {
                    let why = answer.description.unwrap_or_default();
                    Err(unavailable(&format!("the engine responded with {status} {why}")))
                }
            };
        }
    }
}

pub(super) fn header(message: &async_nats::Message, name: &str) -> Option<u64> {
    message.headers.as_ref()?.get_last(name)?.as_str().parse().ok()
}

/// Builds a message from a direct response: the stream's own fields are in headers, which the server appends to those
/// that were stored.
pub(super) fn direct(answer: async_nats::Message) -> Result<Message, EngineError> {
    let foreign =
        || EngineError::Unavailable("the engine sent a message that cannot be read".to_owned());
    let headers = answer.headers.unwrap_or_default();
    let text = |name: &str| headers.get_last(name).map(|value| value.as_str().to_owned());
    let sequence = text("Nats-Sequence").and_then(|text| text.parse().ok()).ok_or_else(foreign)?;
    let stored = text("Nats-Time-Stamp").and_then(|text| time::parse(&text)).ok_or_else(foreign)?;
    let own = headers.iter().flat_map(|(name, values)| {
        values.iter().map(|value| (name.to_string(), value.as_str().to_owned()))
    });
    Ok(Message {
        subject: text("Nats-Subject").ok_or_else(foreign)?,
        sequence,
        stored,
        headers: own.collect(),
        body: answer.payload.to_vec(),
    })
}
