//! The JSON of the JetStream API.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::engine::{EngineError, Message};
use crate::time;

/// The response to a JetStream request.
pub(super) enum Answer<T> {
    Done(T),
    Failed(ApiError),
}

#[derive(Debug, Deserialize)]
pub(super) struct ApiError {
    #[serde(default)]
    pub(super) code: u64,
    #[serde(default)]
    pub(super) err_code: u64,
    #[serde(default)]
    pub(super) description: String,
}

/// The acknowledgement of a message.
#[derive(Deserialize)]
pub(super) struct Stored {
    pub(super) seq: u64,
}

#[derive(Deserialize)]
pub(super) struct Got {
    pub(super) message: GotMessage,
}

#[derive(Deserialize)]
pub(super) struct GotMessage {
    subject: String,
    seq: u64,
    time: String,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl GotMessage {
    pub(super) fn read(self) -> Result<Message, EngineError> {
        let foreign =
            || EngineError::Unavailable("the engine sent a message that cannot be read".to_owned());
        let headers = decoded(&self.hdrs).ok_or_else(foreign)?;
        Ok(Message {
            stored: time::parse(&self.time).ok_or_else(foreign)?,
            headers: header_lines(&headers),
            body: decoded(&self.data).ok_or_else(foreign)?,
            subject: self.subject,
            sequence: self.seq,
        })
    }
}

/// Reads a response, and turns a refusal into an error.
pub(super) fn answer<T: DeserializeOwned>(body: &[u8]) -> Result<T, EngineError> {
    match parse(body)? {
        Answer::Done(done) => Ok(done),
        Answer::Failed(error) => Err(error.into()),
    }
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Answer<T>, EngineError> {
    #[derive(Deserialize)]
    struct Failed {
        error: ApiError,
    }
    if let Ok(Failed { error }) = serde_json::from_slice(body) {
        return Ok(Answer::Failed(error));
    }
    let foreign =
        |error| EngineError::Unavailable(format!("the engine's response cannot be read: {error}"));
    serde_json::from_slice(body).map(Answer::Done).map_err(foreign)
}

impl From<ApiError> for EngineError {
    fn from(error: ApiError) -> Self {
        let why = match error.description.is_empty() {
            true => format!("the engine responded with {} ({})", error.code, error.err_code),
            false => format!(
                "the engine: {} ({})",
                purge_api_ext::escape(&error.description),
                error.err_code
            ),
        };
        match error.err_code {
            // The subject's last message is a different one, or another message is being stored.
            10071 | 10164 => Self::Conflict,
            // Both have this code; only the text differs.
            10077 if error.description.contains("per subject") => Self::Full(format!(
                "the quota of this producer is used up: too many of its messages are waiting ({why})"
            )),
            10077 => Self::Full(format!("the queue is full ({why})")),
            10047 => Self::Full(why),
            10059 => Self::Missing(format!("{why}; set the queue up with `cdn-purge queue init`")),
            // This includes 10158: the same message is already being stored.
            _ if matches!(error.code, 408 | 409 | 429 | 500..=599) => Self::Unavailable(why),
            _ => Self::Refused(why),
        }
    }
}

/// The header lines of a message.
fn header_lines(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// Decodes base64.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let value = |byte: u8| -> Option<u32> {
        Some(u32::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        }))
    };
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.chunks(4) {
        let mut bits = 0;
        for byte in group {
            bits = bits << 6 | value(*byte)?;
        }
        let missing = 4 - group.len();
        let whole = (bits << (6 * missing)).to_be_bytes();
        bytes.extend_from_slice(whole.get(1..4 - missing)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("TQ==", b"M"),
            ("TWE=", b"Ma"),
            ("TWFu", b"Man"),
            ("+/8A", b"\xfb\xff\x00"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(decoded("a b"), None);
    }

    #[test]
    fn refusals_are_distinguished() {
        let refusal = |code: u64, err_code, text: &str| {
            let body = serde_json::json!({
                "error": { "code": code, "err_code": err_code, "description": text }
            });
            answer::<Stored>(body.to_string().as_bytes()).map(|stored| stored.seq).expect_err(text)
        };
        assert_eq!(refusal(400, 10071, "wrong last sequence: 7"), EngineError::Conflict);
        assert_eq!(refusal(400, 10164, "wrong last sequence"), EngineError::Conflict);
        let full = |text| match refusal(503, 10077, text) {
            EngineError::Full(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(full("maximum bytes exceeded").starts_with("the queue is full"));
        assert!(full("maximum messages per subject exceeded").starts_with("the quota of this"));
        assert!(matches!(refusal(503, 10008, "no leader"), EngineError::Unavailable(_)));
        let twice = refusal(409, 10158, "duplicate message id is in process");
        assert!(matches!(twice, EngineError::Unavailable(_)));
        assert!(matches!(refusal(404, 10059, "stream not found"), EngineError::Missing(_)));
        assert_eq!(answer::<Stored>(br#"{"stream":"S","seq":9}"#).map(|s| s.seq), Ok(9));
    }
}
