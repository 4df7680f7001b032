//! What the holder of a lane writes to its journal: one message per note.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::engine::{Message, NewMessage};
use crate::outcome::{Judged, State, Verdict};

const KIND: &str = "Purge-Kind";
const ROUND: &str = "Purge-Round";
const OFFSET: &str = "Purge-Offset";
/// Identifies one append, so that its writer recognizes it if the response was lost.
pub(crate) const WRITER: &str = "Purge-Writer";

/// Something that the holder of a lane has done or is about to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Note {
    /// A new holder begins. Appends of earlier holders are refused from now on.
    Lead { holder: String },
    /// A round begins. The sequence of this note is the number of the round.
    Round(Begun),
    /// A later holder resumes the round.
    Resumed { round: u64 },
    /// A piece of the journal of the round's run, in the format of `purge-api-ext`, and its position.
    Lines { round: u64, offset: u64, bytes: Vec<u8> },
    /// Verdicts on requests of the round; after `Sent`, verdicts on their operations.
    Judged { round: u64, judged: Vec<Judged> },
    /// The verdicts on the requests of the round are complete: paths without a verdict wait again.
    Sent { round: u64 },
    /// The verdicts on the operations of the round are complete.
    Settled { round: u64 },
    /// The service asked for no requests until then, by the engine's clock.
    Pause { until: SystemTime },
    /// A part of a digest. Part 0 begins a new digest.
    Digest { part: u64, digest: Digest },
    /// The digest is complete: it replaces the settled rounds before it, except the most recent ones.
    Digested,
}

/// What a round is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) resource: String,
    /// The last sequence of the input that had been read when the round began.
    pub(crate) upto: u64,
    /// Whether one of its paths purges the whole resource, with valid consent.
    pub(crate) everything: bool,
    /// When the input was created that these sequences belong to; `None` if an earlier version wrote the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<String>,
}

/// How a note names an input.
pub(crate) fn input_of(created: SystemTime) -> String {
    humantime::format_rfc3339_nanos(created).to_string()
}

/// What a later holder needs of everything before it, or a part of that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Digest {
    /// When the input was created that these sequences belong to; `None` if an earlier version wrote the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<String>,
    /// The settled rounds that have taken paths of chunks that are still open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rounds: Vec<Kept>,
    /// The first and last sequences of the input between which no chunk is open, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) done: Vec<(u64, u64)>,
    /// The paths whose request may have been applied, although they waited again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) doubts: Vec<Doubts>,
    /// The first round that it does not replace, although it may be settled: a look-up may need its operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) below: Option<u64>,
}

/// Paths that were in doubt before a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doubts {
    pub(crate) before: u64,
    pub(crate) resource: String,
    /// They are in doubt if they were in a chunk up to this sequence.
    pub(crate) upto: u64,
    pub(crate) paths: Vec<String>,
}

/// What a settled round did for chunks that are still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) begun: Begun,
    /// The verdicts on paths whose request was accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) judged: Vec<Judged>,
    /// The verdicts on paths that were refused by themselves; they cover no other path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused: Vec<Judged>,
}

impl Kept {
    /// About how many bytes it takes up in the journal.
    pub(crate) fn bytes(&self) -> usize {
        OVERHEAD + judged_bytes(&self.judged) + judged_bytes(&self.refused)
    }

    /// The verdicts on its requests. Those on its operations are `judged`.
    pub(crate) fn requests(&self) -> Vec<Judged> {
        let accepted = self.judged.iter().map(|judged| Judged {
            verdict: Verdict::new(State::Accepted, None),
            paths: judged.paths.clone(),
        });
        accepted.chain(self.refused.iter().cloned()).collect()
    }
}

impl Doubts {
    fn bytes(&self) -> usize {
        OVERHEAD + paths_bytes(&self.paths)
    }
}

/// About how many bytes a message takes up besides its text, or a verdict besides its paths.
const OVERHEAD: usize = 200;

fn judged_bytes(judged: &[Judged]) -> usize {
    judged.iter().map(|judged| OVERHEAD + paths_bytes(&judged.paths)).sum()
}

fn paths_bytes(paths: &[String]) -> usize {
    paths.iter().map(|path| path.len() + 3).sum()
}

impl Note {
    /// About how many bytes it takes up in the journal.
    pub(crate) fn bytes(&self) -> usize {
        OVERHEAD
            + match self {
                Self::Lines { bytes, .. } => bytes.len(),
                Self::Judged { judged, .. } => judged_bytes(judged),
                Self::Digest { digest, .. } => {
                    let doubts = digest.doubts.iter().map(Doubts::bytes).sum::<usize>();
                    digest.rounds.iter().map(Kept::bytes).sum::<usize>() + doubts
                }
                _ => 0,
            }
    }

    pub(crate) fn message(&self, subject: &str, writer: &str, after: u64) -> NewMessage {
        let json = |value: &dyn erased::Json| value.bytes();
        let (kind, body) = match self {
            Self::Lead { holder } => ("lead", holder.clone().into_bytes()),
            Self::Round(begun) => ("round", json(begun)),
            Self::Lines { bytes, .. } => ("lines", bytes.clone()),
            Self::Judged { judged, .. } => ("judged", json(judged)),
            Self::Resumed { .. } => ("resumed", Vec::new()),
            Self::Sent { .. } => ("sent", Vec::new()),
            Self::Settled { .. } => ("settled", Vec::new()),
            Self::Digest { digest, .. } => ("digest", json(digest)),
            Self::Digested => ("digested", Vec::new()),
            Self::Pause { until } => {
                ("pause", humantime::format_rfc3339_millis(*until).to_string().into_bytes())
            }
        };
        let mut headers =
            vec![(KIND.to_owned(), kind.to_owned()), (WRITER.to_owned(), writer.to_owned())];
        headers.extend(self.round().map(|round| (ROUND.to_owned(), round.to_string())));
        if let Self::Lines { offset, .. } | Self::Digest { part: offset, .. } = self {
            headers.push((OFFSET.to_owned(), offset.to_string()));
        }
        let subject = subject.to_owned();
        NewMessage { subject, headers, body, id: None, after: Some(after) }
    }

    /// The round that the note belongs to. A note that begins a round belongs to none.
    pub(crate) fn round(&self) -> Option<u64> {
        match self {
            Self::Resumed { round }
            | Self::Lines { round, .. }
            | Self::Judged { round, .. }
            | Self::Sent { round }
            | Self::Settled { round } => Some(*round),
            Self::Lead { .. }
            | Self::Round(_)
            | Self::Pause { .. }
            | Self::Digest { .. }
            | Self::Digested => None,
        }
    }

    /// The note as it counts for the input that was created at a time. If the input was deleted and created again since,
    /// its messages have new sequences, so no earlier round can have taken a path of them.
    pub(crate) fn for_input(self, created: SystemTime, stored: SystemTime) -> Self {
        let named = match &self {
            Self::Round(begun) => begun.input.as_ref(),
            Self::Digest { digest, .. } => digest.input.as_ref(),
            _ => None,
        };
        let is_same = named.map_or(stored >= created, |input| *input == input_of(created));
        match self {
            _ if is_same => self,
            Self::Round(begun) => Self::Round(Begun { upto: 0, ..begun }),
            Self::Digest { part, .. } => Self::Digest { part, digest: Digest::default() },
            other => other,
        }
    }

    /// Reads a note, or `None` if no worker wrote it, or if it is of an unknown kind, which a later version may have
    /// written.
    pub(crate) fn read(message: &Message) -> Option<Self> {
        let number = |name| message.header(name).and_then(|text| text.parse::<u64>().ok());
        let round = || number(ROUND);
        let text = || String::from_utf8(message.body.clone()).ok();
        message.header(WRITER)?;
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
            "resumed" => Self::Resumed { round: round()? },
            "sent" => Self::Sent { round: round()? },
            "settled" => Self::Settled { round: round()? },
            "digest" => {
                let digest = serde_json::from_slice(&message.body).ok()?;
                Self::Digest { part: number(OFFSET)?, digest }
            }
            "digested" => Self::Digested,
            "pause" => Self::Pause { until: humantime::parse_rfc3339(&text()?).ok()? },
            _ => return None,
        })
    }
}

/// JSON of a value whose serialization cannot fail.
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

/// The maximum number of bytes of paths in one note of verdicts. As JSON they are at most twice as long.
const AT_ONCE: usize = 200 * 1024;

/// Verdicts, in pieces that each fit into a message.
pub(crate) fn pieces(judged: Vec<Judged>) -> Vec<Vec<Judged>> {
    let mut pieces: Vec<Vec<Judged>> = Vec::new();
    let mut room = 0;
    for Judged { verdict, paths } in judged {
        let mut is_new = true;
        for path in paths {
            let bytes = path.len() + 8;
            if room < bytes || pieces.is_empty() {
                pieces.push(Vec::new());
                (room, is_new) = (AT_ONCE, true);
            }
            room = room.saturating_sub(bytes);
            let piece = pieces.last_mut().expect("there is one");
            match piece.last_mut() {
                Some(last) if !is_new || last.verdict == verdict => last.paths.push(path),
                _ => {
                    // A verdict takes up space, too.
                    room = room.saturating_sub(600);
                    piece.push(Judged { verdict: verdict.clone(), paths: vec![path] });
                }
            }
            is_new = false;
        }
    }
    pieces
}

/// A digest, in parts that each fit into a message. There is at least one.
pub(crate) fn parts(digest: Digest) -> Vec<Digest> {
    /// At most 42 bytes each.
    const RANGES: usize = 8 * 1024;
    let done = digest.done.chunks(RANGES);
    let done = done.map(|done| Digest { done: done.to_vec(), ..Digest::default() });
    let mut parts: Vec<Digest> = done.collect();
    parts.push(Digest::default());
    let mut parts = Parts { parts, room: AT_ONCE };
    for Kept { number, begun, judged, refused } in digest.rounds {
        let new = |judged, refused| Kept { number, begun: begun.clone(), judged, refused };
        let kept = pieces(judged).into_iter().map(|judged| new(judged, Vec::new()));
        let kept = kept.chain(pieces(refused).into_iter().map(|refused| new(Vec::new(), refused)));
        kept.for_each(|kept| parts.with_room(kept.bytes()).rounds.push(kept));
    }
    for Doubts { before, resource, upto, paths } in digest.doubts {
        for Judged { paths, .. } in pieces(vec![Judged::in_doubt(paths)]).into_iter().flatten() {
            let doubts = Doubts { before, resource: resource.clone(), upto, paths };
            parts.with_room(doubts.bytes()).doubts.push(doubts);
        }
    }
    parts.parts
}

/// The parts of a digest, and how many bytes fit into the last one.
struct Parts {
    parts: Vec<Digest>,
    room: usize,
}

impl Parts {
    /// The last part, or a new one if it has no room for these bytes.
    fn with_room(&mut self, bytes: usize) -> &mut Digest {
        if self.room < bytes {
            self.parts.push(Digest::default());
            self.room = AT_ONCE;
        }
        self.room = self.room.saturating_sub(bytes);
        self.parts.last_mut().expect("there is one")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rounds_of_another_input_have_taken_nothing() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let round = |input: Option<u64>| {
            let input = input.map(|created| input_of(at(created)));
            Note::Round(Begun { resource: "r".to_owned(), upto: 9, everything: false, input })
        };
        // What names its input, and when it was stored; the input was created after 10 s.
        for (input, stored, upto) in
            [(Some(10), 11, 9), (Some(10), 9, 9), (Some(3), 11, 0), (None, 11, 9), (None, 9, 0)]
        {
            let Note::Round(begun) = round(input).for_input(at(10), at(stored)) else { panic!() };
            assert_eq!(begun.upto, upto, "{input:?} {stored}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let judged = vec![Judged {
            verdict: Verdict::new(State::Accepted, None),
            paths: vec!["/a".to_owned()],
        }];
        let until = SystemTime::UNIX_EPOCH + Duration::from_millis(1);
        let begun = Begun { resource: "r".to_owned(), upto: 9, everything: false, input: None };
        let (refused, begun_before) = (judged.clone(), begun.clone());
        let kept = Kept { number: 3, begun: begun_before, judged: judged.clone(), refused };
        let (resource, paths) = ("r".to_owned(), vec!["/d".to_owned()]);
        let doubts = vec![Doubts { before: 3, resource, upto: 8, paths }];
        let input = Some(input_of(SystemTime::UNIX_EPOCH));
        let (rounds, done, below) = (vec![kept], vec![(1, 9)], Some(4));
        let digest = Digest { input, rounds, done, doubts, below };
        for note in [
            Note::Lead { holder: "host/1".to_owned() },
            Note::Round(begun.clone()),
            Note::Lines { round: 7, offset: 3, bytes: b"{}\n".to_vec() },
            Note::Judged { round: 7, judged: judged.clone() },
            Note::Digest { part: 2, digest },
            Note::Digested,
            Note::Resumed { round: 7 },
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

    #[test]
    fn digests_fit_into_messages() {
        let kept = |number: u64| {
            let paths: Vec<_> = (0..100).map(|n| format!("/{n:07000}")).collect();
            let judged = |state, paths| vec![Judged { verdict: Verdict::new(state, None), paths }];
            let begun =
                Begun { resource: "r".to_owned(), upto: number, everything: false, input: None };
            let refused = judged(State::Failed, vec!["/refused".to_owned()]);
            Kept { number, begun, judged: judged(State::Purged, paths), refused }
        };
        let done: Vec<_> = (0..20_000).map(|n| (u64::MAX - 1 - n, u64::MAX)).collect();
        let paths: Vec<_> = (0..100).map(|n| format!("/doubtful/{n:07000}")).collect();
        let doubts = vec![Doubts { before: 2, resource: "r".to_owned(), upto: 1, paths }];
        let rounds = (1..=3).map(kept).collect();
        let done_before = done.clone();
        let digest = Digest { rounds, done: done_before, doubts, ..Digest::default() };
        let parts = parts(digest);
        let sizes = parts.iter().map(|part| serde_json::to_vec(part).expect("JSON").len());
        let sizes: Vec<_> = sizes.collect();
        assert!(sizes.len() > 8 && sizes.iter().all(|size| *size < 2 * AT_ONCE), "{sizes:?}");
        let ranges = parts.iter().flat_map(|part| &part.done);
        assert!(ranges.eq(&done));
        let doubts = parts.iter().flat_map(|part| &part.doubts);
        assert_eq!(doubts.map(|doubts| doubts.paths.len()).sum::<usize>(), 100);
        let rounds = || parts.iter().flat_map(|part| &part.rounds);
        let of = |number| rounds().filter(move |kept| kept.number == number);
        for number in 1..=3 {
            let paths = |judged: &[Judged]| judged.iter().map(|j| j.paths.len()).sum::<usize>();
            let counts = of(number).map(|kept| (paths(&kept.judged), paths(&kept.refused)));
            let counts = counts.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
            assert_eq!(counts, (100, 1));
        }
        assert_eq!(super::parts(Digest::default()), [Digest::default()]);
    }
}
