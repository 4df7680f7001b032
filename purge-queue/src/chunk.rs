//! A chunk: some paths of a request, stored as one message.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use foldhash::HashSetExt as _;
use purge_api_ext::{PurgePath, ResourceId, escape};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;

use crate::engine::{Message, NewMessage};
use crate::names::RequestId;
use crate::subject::Address;
use crate::time;

/// The maximum number of paths in one message: a million paths take 2,000 messages.
pub const MAX_PATHS: usize = 500;
/// The maximum size of the paths in one message in bytes, line feeds included. It is a quarter of what a NATS server
/// accepts by default.
pub const MAX_TEXT: usize = 256 * 1024;
/// The maximum size of a chunk's message in bytes: the text and 4 KiB for the headers.
#[cfg(any(feature = "nats", test))]
pub(crate) const MAX_MESSAGE_BYTES: usize = MAX_TEXT + 4 * 1024;
/// The maximum number of messages of one request: the quota of a producer.
pub(crate) const MAX_CHUNKS: u32 = 20_000;
/// How long a path may wait by default.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 3600);

const REQUEST: &str = "Purge-Request";
const CHUNK: &str = "Purge-Chunk";
const URGENCY: &str = "Purge-Urgency";
const EXPIRES: &str = "Purge-Expires";
const EVERYTHING: &str = "Purge-Everything";
const PATHS: &str = "Purge-Paths";
/// The paths are those of files: a comma at the end, for example, is not a mistake.
const EXACT: &str = "exact";

/// Whether a person is waiting for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// It is sent first.
    #[default]
    Now,
    /// It is sent when nothing else is waiting, but always gets one batch in ten.
    Bulk,
}

impl Urgency {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Bulk => "bulk",
        }
    }
}

/// What a request says about all its chunks.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) request: RequestId,
    pub(crate) urgency: Urgency,
    pub(crate) expires: Option<SystemTime>,
    pub(crate) everything: bool,
}

/// Splits paths into the bodies of chunks. Each path appears once.
pub(crate) fn bodies<'a>(paths: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = foldhash::HashSet::new();
    let mut bodies: Vec<(usize, String)> = Vec::new();
    for path in paths.into_iter().filter(|path| seen.insert(*path)) {
        match bodies.last_mut() {
            Some((count, body)) if *count < MAX_PATHS && body.len() + path.len() < MAX_TEXT => {
                body.push_str(path);
                body.push('\n');
                *count += 1;
            }
            _ => bodies.push((1, format!("{path}\n"))),
        }
    }
    bodies.into_iter().map(|(_, body)| body).collect()
}

/// The message of one chunk. `nonce` is unique to the request and cannot be guessed. The engine drops a message whose
/// ID it has already seen, so an ID that names the paths, or that another producer could write, would drop purges
/// that were never sent.
pub(crate) fn message(
    address: &Address,
    terms: &Terms,
    nonce: &str,
    place: (u32, u32),
    body: String,
) -> NewMessage {
    let (chunk, chunks) = place;
    let mut headers = vec![
        (REQUEST.to_owned(), terms.request.to_string()),
        (CHUNK.to_owned(), format!("{chunk}/{chunks}")),
        (URGENCY.to_owned(), terms.urgency.as_str().to_owned()),
        // A `PurgePath` has been checked, by the rules for where it came from.
        (PATHS.to_owned(), EXACT.to_owned()),
    ];
    if let Some(expires) = terms.expires {
        let expires = humantime::format_rfc3339_nanos(expires).to_string();
        headers.push((EXPIRES.to_owned(), expires));
    }
    if terms.everything {
        headers.push((EVERYTHING.to_owned(), "yes".to_owned()));
    }
    NewMessage {
        subject: address.input(),
        headers,
        body: body.into_bytes(),
        id: Some(format!("{nonce}.{chunk}")),
        after: None,
    }
}

/// A chunk as the worker reads it. It may have been written by something other than this crate, so nothing in it is
/// trusted.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) sequence: u64,
    pub(crate) stored: SystemTime,
    pub(crate) address: Address,
    /// `None` if there is no usable name: its paths are purged, but their outcome cannot be asked for.
    pub(crate) request: Option<RequestId>,
    pub(crate) chunk: u32,
    pub(crate) chunks: u32,
    pub(crate) urgency: Urgency,
    pub(crate) expires: SystemTime,
    pub(crate) good: Vec<Arc<str>>,
    /// Paths that can never be purged, and why; safe to show.
    pub(crate) bad: Vec<(String, String)>,
}

/// What the worker knows about what may be purged.
pub(crate) struct Rules<'a> {
    /// The resources that the worker purges.
    pub(crate) resources: &'a [ResourceId],
    /// The producers that may purge a whole resource.
    pub(crate) everything_from: &'a [crate::names::Producer],
}

impl Chunk {
    /// Reads a message of the input, or `None` if its subject is not a producer's subject.
    pub(crate) fn read(message: &Message, rules: &Rules<'_>) -> Option<Self> {
        let address = Address::of_input(&message.subject)?;
        let request = message.header(REQUEST).and_then(|id| id.parse().ok());
        let place = message.header(CHUNK).and_then(|text| {
            let (chunk, chunks) = text.split_once('/')?;
            let (chunk, chunks): (u32, u32) = (chunk.parse().ok()?, chunks.parse().ok()?);
            (1..=chunks).contains(&chunk).then_some((chunk, chunks))
        });
        let is_too_many = place.is_some_and(|(_, chunks)| chunks > MAX_CHUNKS);
        let (chunk, chunks) = place.filter(|_| !is_too_many).unwrap_or((1, 1));
        let urgency = match message.header(URGENCY) {
            Some("bulk") => Urgency::Bulk,
            _ => Urgency::Now,
        };
        let expires = message.header(EXPIRES).map(|at| time::parse(at).ok_or(at)).transpose();
        let consent = message.header(EVERYTHING) == Some("yes")
            && rules.everything_from.contains(&address.producer);
        let is_exact = message.header(PATHS) == Some(EXACT);
        let is_served = rules.resources.iter().any(|id| id.to_string() == address.resource);
        let refusal = if !is_served {
            Some(format!(
                "no worker of this queue purges the resource {}; check the subject",
                address.resource
            ))
        } else if is_too_many {
            Some(format!(
                "a request has at most {MAX_CHUNKS} messages; correct the header `Purge-Chunk`, or enqueue the paths as \
                 several requests"
            ))
        } else if let Err(at) = expires {
            Some(format!(
                "`{}` is not a time of RFC 3339, such as 2026-01-01T12:00:00+01:00; correct the header \
                 `Purge-Expires`, and enqueue the paths again",
                shown(at.as_bytes())
            ))
        } else {
            None
        };
        let mut read = Self {
            sequence: message.sequence,
            stored: message.stored,
            address,
            request,
            chunk,
            chunks,
            urgency,
            expires: expires.ok().flatten().unwrap_or(message.stored + LIFETIME),
            good: Vec::new(),
            bad: Vec::new(),
        };
        read.paths(&message.body, refusal.as_deref(), |line| checked(line, is_exact, consent));
        Some(read)
    }

    /// Reads the paths. With a `refusal`, all of them fail for that reason.
    fn paths(
        &mut self,
        body: &[u8],
        refusal: Option<&str>,
        checked: impl Fn(&[u8]) -> Result<Arc<str>, String>,
    ) {
        let mut seen = foldhash::HashSet::new();
        let lines = body.split(|byte| *byte == b'\n').map(|line| line.trim_ascii());
        let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
        for line in lines.by_ref().take(MAX_PATHS) {
            if !seen.insert(line) {
                continue;
            }
            let checked = match refusal {
                Some(why) => Err(why.to_owned()),
                None => checked(line),
            };
            match checked {
                Ok(path) => self.good.push(path),
                Err(why) => self.bad.push((shown(line), why)),
            }
        }
        // They share one outcome: an outcome for each of a hundred thousand lines would not fit into a message.
        let more = lines.filter(|line| !seen.contains(line)).count();
        if more > 0 {
            let why = format!(
                "a message holds at most {MAX_PATHS} paths; put the others into another message"
            );
            self.bad.push((format!("({more} more lines)"), why));
        }
    }
}

/// Parses a path that was checked before.
pub(crate) fn read_back(path: &str) -> Result<PurgePath, String> {
    let path: Result<_, ValueError> = PurgePath::deserialize(path.into_deserializer());
    path.map_err(|error| error.to_string())
}

fn checked(line: &[u8], is_exact: bool, consent: bool) -> Result<Arc<str>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let path = match is_exact {
        true => read_back(text)?,
        false => PurgePath::with_query(text).map_err(|error| error.to_string())?,
    };
    if path.is_full_purge() && !consent {
        return Err(
            "it purges the whole resource; only a producer with that right can enqueue it, with the header \
             `Purge-Everything: yes`"
                .to_owned(),
        );
    }
    Ok(text.into())
}

fn shown(line: &[u8]) -> String {
    /// Nobody reads more than this.
    const CHARACTERS: usize = 200;
    escape(&String::from_utf8_lossy(line)).chars().take(CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

    fn stored(subject: &str, headers: &[(&str, &str)], body: &[u8]) -> Message {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Message {
            subject: subject.to_owned(),
            sequence: 7,
            stored: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
            headers: headers.collect(),
            body: body.to_vec(),
        }
    }

    fn texts(paths: &[Arc<str>]) -> Vec<&str> {
        paths.iter().map(|path| &**path).collect()
    }

    fn read(headers: &[(&str, &str)], body: &[u8]) -> Chunk {
        let resources = [RESOURCE.parse().expect("a resource")];
        let everything_from = ["ops".parse().expect("a producer")];
        let rules = Rules { resources: &resources, everything_from: &everything_from };
        let producer = headers.iter().find(|(name, _)| *name == "by").map_or("cms", |(_, v)| v);
        let subject = format!("purge.in.shop.{RESOURCE}.{producer}");
        Chunk::read(&stored(&subject, headers, body), &rules).expect("an address")
    }

    #[test]
    fn what_is_written_is_read() {
        let address = Address::new(
            "shop".parse().expect("a lane"),
            RESOURCE.parse().expect("a resource"),
            "cms".parse().expect("a producer"),
        );
        let expires = SystemTime::UNIX_EPOCH + Duration::new(2_000_000, 100);
        let terms = Terms {
            request: "post-1".parse().expect("a request"),
            urgency: Urgency::Bulk,
            expires: Some(expires),
            everything: false,
        };
        let bodies = bodies(["/a", "/b*", "/a"]);
        let new = message(&address, &terms, "nonce", (2, 3), bodies[0].clone());
        assert_eq!(new.id.as_deref(), Some("nonce.2"));
        let headers: Vec<_> = new.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let chunk = read(&headers, &new.body);
        assert_eq!((chunk.chunk, chunk.chunks, chunk.urgency), (2, 3, Urgency::Bulk));
        assert_eq!((texts(&chunk.good), chunk.expires), (vec!["/a", "/b*"], expires));
        assert_eq!(chunk.request, Some(terms.request));
    }

    #[test]
    fn names_of_files_are_not_mistaken_for_remains_of_a_list() {
        let names = b"/a,\n/it's'\n/line%0Abreak\n";
        let exact = read(&[("Purge-Paths", "exact")], names);
        assert_eq!(
            (texts(&exact.good), exact.bad),
            (vec!["/a,", "/it's'", "/line%0Abreak"], vec![])
        );
        assert_eq!(read(&[], names).bad.len(), 3, "paths that people write");
        assert_eq!(read(&[("Purge-Paths", "exact")], b"no path\n/*\n").bad.len(), 2);
    }

    #[test]
    fn expiry_is_read_with_its_offset_or_refused() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_268_800);
        for text in ["2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00"] {
            assert_eq!(read(&[("Purge-Expires", text)], b"/a").expires, at, "{text}");
        }
        for text in ["soon", "", "2026-01-01T12:00:00"] {
            let chunk = read(&[("Purge-Expires", text)], b"/a");
            assert_eq!((chunk.good.len(), chunk.bad.len()), (0, 1), "{text}");
            let why = &chunk.bad[0].1;
            assert!(why.starts_with(&format!("`{text}` is not a time of RFC 3339")), "{why}");
        }
    }

    #[test]
    fn chunks_are_bounded() {
        let many: Vec<_> = (0..1_201).map(|n| format!("/{n}")).collect();
        let cut = bodies(many.iter().map(String::as_str));
        let counts: Vec<_> = cut.iter().map(|body| body.lines().count()).collect();
        assert_eq!(counts, [500, 500, 201]);
        let long: Vec<_> = (0..100).map(|n| format!("/{n:08000}")).collect();
        let cut = bodies(long.iter().map(String::as_str));
        assert!(cut.iter().all(|body| body.len() <= MAX_TEXT), "{}", cut.len());
        assert_eq!(cut.iter().map(|body| body.lines().count()).sum::<usize>(), 100);
    }

    #[test]
    fn bad_lines_do_not_spoil_good_ones() {
        let chunk =
            read(&[("Purge-Request", "a")], b"/good\nno path\n\xff\n\n# comment\n/*\n/good\n");
        assert_eq!(texts(&chunk.good), ["/good"]);
        let whys: Vec<_> = chunk.bad.iter().map(|(_, why)| why.split(';').next()).collect();
        assert_eq!(whys.len(), 3, "{whys:?}");
        assert_eq!(whys[1..], [Some("it is not UTF-8"), Some("it purges the whole resource")]);
        let many: Vec<_> = (0..502).flat_map(|n| format!("/{n}\n").into_bytes()).collect();
        let chunk = read(&[], &many);
        assert_eq!((chunk.good.len(), chunk.bad.len(), chunk.request), (500, 1, None));
        let (lines, why) = &chunk.bad[0];
        assert_eq!(lines, "(2 more lines)");
        assert!(why.starts_with("a message holds at most 500 paths"), "{why}");
    }

    #[test]
    fn full_purge_requires_the_header_and_permission() {
        let yes = ("Purge-Everything", "yes");
        assert_eq!(read(&[yes], b"/*").good.len(), 0);
        assert_eq!(read(&[("by", "ops")], b"/*").good.len(), 0);
        assert_eq!(texts(&read(&[("by", "ops"), yes], b"/*").good), ["/*"]);
    }

    #[test]
    fn foreign_resources_and_headers_are_distinguished() {
        let rules = Rules { resources: &[], everything_from: &[] };
        let subject = format!("purge.in.shop.{RESOURCE}.cms");
        let chunk = Chunk::read(&stored(&subject, &[], b"/a"), &rules).expect("an address");
        assert!(chunk.bad[0].1.starts_with("no worker of this queue purges the resource 660f"));
        assert!(Chunk::read(&stored("purge.in.x", &[], b"/a"), &rules).is_none());
        let odd = [("Purge-Chunk", "9/3"), ("Purge-Request", "a b")];
        let chunk = read(&odd, b"/a");
        assert_eq!((chunk.chunk, chunk.chunks, chunk.request), (1, 1, None));
        assert_eq!(chunk.expires, chunk.stored + LIFETIME);
        let chunk = read(&[("Purge-Chunk", "9/20000")], b"/a");
        assert_eq!((chunk.chunk, chunk.chunks, chunk.good.len()), (9, 20_000, 1));
        let chunk = read(&[("Purge-Chunk", "2/4294967295")], b"/a\n/b");
        assert_eq!((chunk.chunk, chunk.chunks, chunk.good.len(), chunk.bad.len()), (1, 1, 0, 2));
        let why = &chunk.bad[0].1;
        assert!(why.starts_with("a request has at most 20000 messages"), "{why}");
    }
}
