//! What the holder of a lane writes into its journal: one message each.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::engine::{Message, NewMessage};
use crate::outcome::Judged;

const KIND: &str = "Purge-Kind";
const ROUND: &str = "Purge-Round";
const OFFSET: &str = "Purge-Offset";
/// Names one append, so that its writer recognizes it when the answer got lost.
pub(crate) const WRITER: &str = "Purge-Writer";

/// Something that the holder of a lane has done, or is about to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Note {
    /// A new holder begins. What an earlier one appends from now on is refused.
    Lead { holder: String },
    /// A round begins; its number is the sequence of this note.
    Round(Begun),
    /// Some bytes of the journal of the round's run, as `purge-api-ext` writes it, and where they belong.
    Lines { round: u64, offset: u64, bytes: Vec<u8> },
    /// What became of requests of the round; after `Sent`, how their operations ended.
    Judged { round: u64, judged: Vec<Judged> },
    /// All is said of the requests of the round: what is not judged by now waits again.
    Sent { round: u64 },
    /// All is said of the operations of the round.
    Settled { round: u64 },
    /// The service asked to be left alone until then, by the engine's clock.
    Pause { until: SystemTime },
}

/// What a round is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) resource: String,
    /// The last sequence of the input that was read before it.
    pub(crate) upto: u64,
    /// Whether one of its paths purges the whole resource, by consent of who may give it.
    pub(crate) everything: bool,
}

impl Note {
    pub(crate) fn message(&self, subject: &str, writer: &str, after: u64) -> NewMessage {
        let json = |value: &dyn erased::Json| value.bytes();
        let (kind, body) = match self {
            Self::Lead { holder } => ("lead", holder.clone().into_bytes()),
            Self::Round(begun) => ("round", json(begun)),
            Self::Lines { bytes, .. } => ("lines", bytes.clone()),
            Self::Judged { judged, .. } => ("judged", json(judged)),
            Self::Sent { .. } => ("sent", Vec::new()),
            Self::Settled { .. } => ("settled", Vec::new()),
            Self::Pause { until } => {
                ("pause", humantime::format_rfc3339_millis(*until).to_string().into_bytes())
            }
        };
        let mut headers =
            vec![(KIND.to_owned(), kind.to_owned()), (WRITER.to_owned(), writer.to_owned())];
        headers.extend(self.round().map(|round| (ROUND.to_owned(), round.to_string())));
        if let Self::Lines { offset, .. } = self {
            headers.push((OFFSET.to_owned(), offset.to_string()));
        }
        let subject = subject.to_owned();
        NewMessage { subject, headers, body, id: None, after: Some(after) }
    }

    /// The round that it is about; not that which it begins.
    pub(crate) fn round(&self) -> Option<u64> {
        match self {
            Self::Lines { round, .. }
            | Self::Judged { round, .. }
            | Self::Sent { round }
            | Self::Settled { round } => Some(*round),
            Self::Lead { .. } | Self::Round(_) | Self::Pause { .. } => None,
        }
    }

    /// Reads a note; none if it is not one of these, as a later version may write it.
    pub(crate) fn read(message: &Message) -> Option<Self> {
        let number = |name| message.header(name).and_then(|text| text.parse::<u64>().ok());
        let round = || number(ROUND);
        let text = || String::from_utf8(message.body.clone()).ok();
        Some(match message.header(KIND)? {
            "lead" => Self::Lead { holder: text()? },
            "round" => Self::Round(serde_json::from_slice(&message.body).ok()?),
            "lines" => {
                let (round, offset) = (round()?, number(OFFSET)?);
                Self::Lines { round, offset, bytes: message.body.clone() }
            }
            "judged" => {
                let judged = serde_json::from_slice(&message.body).ok()?;
                Self::Judged { round: round()?, judged }
            }
            "sent" => Self::Sent { round: round()? },
            "settled" => Self::Settled { round: round()? },
            "pause" => Self::Pause { until: humantime::parse_rfc3339(&text()?).ok()? },
            _ => return None,
        })
    }
}

/// JSON of what can always be JSON.
mod erased {
    pub(super) trait Json {
        fn bytes(&self) -> Vec<u8>;
    }

    impl<T: serde::Serialize> Json for T {
        fn bytes(&self) -> Vec<u8> {
            serde_json::to_vec(self).expect("texts and numbers are JSON")
        }
    }
}

/// The most bytes of paths that one note of verdicts holds: as JSON they are at most twice that.
const AT_ONCE: usize = 200 * 1024;

/// Verdicts in pieces that fit into a message each.
pub(crate) fn pieces(judged: Vec<Judged>) -> Vec<Vec<Judged>> {
    let mut pieces: Vec<Vec<Judged>> = Vec::new();
    let mut room = 0;
    for Judged { verdict, paths } in judged {
        for path in paths {
            let bytes = path.len() + 8;
            if room < bytes || pieces.is_empty() {
                pieces.push(Vec::new());
                room = AT_ONCE;
            }
            room = room.saturating_sub(bytes);
            let piece = pieces.last_mut().expect("there is one");
            match piece.last_mut() {
                Some(last) if last.verdict == verdict => last.paths.push(path),
                _ => {
                    // A verdict takes room, too.
                    room = room.saturating_sub(600);
                    piece.push(Judged { verdict: verdict.clone(), paths: vec![path] });
                }
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::{State, Verdict};

    #[test]
    fn what_is_written_is_read() {
        let judged = vec![Judged {
            verdict: Verdict::new(State::Accepted, None),
            paths: vec!["/a".to_owned()],
        }];
        let (resource, until) = ("r".to_owned(), SystemTime::UNIX_EPOCH + Duration::from_millis(1));
        for note in [
            Note::Lead { holder: "host/1".to_owned() },
            Note::Round(Begun { resource, upto: 9, everything: false }),
            Note::Lines { round: 7, offset: 3, bytes: b"{}\n".to_vec() },
            Note::Judged { round: 7, judged },
            Note::Sent { round: 7 },
            Note::Settled { round: 7 },
            Note::Pause { until },
        ] {
            let NewMessage { subject, headers, body, after, .. } = note.message("s", "w", 4);
            assert_eq!(after, Some(4));
            let stored = Message { subject, sequence: 5, stored: until, headers, body };
            assert_eq!((Note::read(&stored), stored.header(WRITER)), (Some(note), Some("w")));
        }
    }

    #[test]
    fn verdicts_fit_into_messages() {
        let paths: Vec<_> = (0..100).map(|n| format!("/{n:08000}")).collect();
        let judged = vec![
            Judged { verdict: Verdict::new(State::Accepted, None), paths: paths.clone() },
            Judged { verdict: Verdict::new(State::Failed, "no".to_owned()), paths: paths.clone() },
        ];
        let pieces = pieces(judged);
        let sizes: Vec<_> =
            pieces.iter().map(|piece| serde_json::to_vec(piece).expect("JSON").len()).collect();
        assert!(sizes.len() > 7 && sizes.iter().all(|size| *size < 2 * AT_ONCE), "{sizes:?}");
        let all: Vec<_> = pieces.into_iter().flatten().flat_map(|judged| judged.paths).collect();
        assert_eq!(all, [paths.clone(), paths].concat());
    }
}
