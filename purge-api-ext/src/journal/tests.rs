mod first_version;
mod hostile;

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::format::{Fingerprint, Header, Line, VERSION, encode, sealed};
use super::read::{Contents, Unreadable, read};
use crate::ledger::{End, Entry, Ledger, Lost, Story};
use crate::path::PurgePath;
use crate::retry::Applied;
use crate::sanitize::Shown;

/// A journal of these requests, followed by one line for each list of events.
fn written(requests: &[Vec<PurgePath>], lines: &[Vec<Entry>]) -> Vec<u8> {
    let mut fingerprint = Fingerprint::default();
    requests.iter().for_each(|request| fingerprint.add(request.iter().map(PurgePath::as_str)));
    let header = Header {
        version: VERSION,
        service: "https://example.com".to_owned(),
        organization: "550e8400-e29b-41d4-a716-446655440000".parse().expect("a UUID"),
        resource: "660f9511-f30c-52e5-b827-557766551111".parse().expect("a UUID"),
        plan: fingerprint.finish(),
        requests: requests.len(),
        input: requests.iter().map(Vec::len).sum::<usize>() + 3,
        duplicates: 1,
        covered: 2,
        extra: None,
    };
    let requests = requests.iter().enumerate().map(|(number, paths)| Line::Request {
        number,
        paths: paths.iter().map(|path| path.as_str().into()).collect(),
    });
    let events = lines.iter().map(|events| Line::Events(events.clone()));
    joined(std::iter::once(Line::Header(header)).chain(requests).chain(events))
}

fn joined<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> Vec<u8> {
    let mut checksum = 0;
    let encoded = lines.into_iter().flat_map(|line| {
        let (bytes, next) = encode(checksum, &line).expect("JSON");
        checksum = next;
        bytes
    });
    encoded.collect()
}

fn requests(sizes: &[usize]) -> Vec<Vec<PurgePath>> {
    let mut number = 0;
    let mut path = || {
        number += 1;
        PurgePath::accepted(format!("/\"{number}\"%0A?a={{*}}")).expect("a path")
    };
    sizes.iter().map(|&size| (0..size).map(|_| path()).collect()).collect()
}

/// Turns random numbers into a valid sequence of events; also returns the final number of paths of each request.
fn story(sizes: &[usize], chance: &[(usize, u8)]) -> (Vec<Entry>, Vec<usize>) {
    let mut sizes = sizes.to_vec();
    // For each request: whether it is in flight, and whether it has ended.
    let mut states = vec![(false, false); sizes.len()];
    let mut events = Vec::new();
    for (at, &(choice, kind)) in (1000..).zip(chance) {
        let request = choice % sizes.len();
        let (under_way, settled) = &mut states[request];
        if *settled {
            continue;
        }
        let failed = |applied| Entry::Failed {
            request,
            applied,
            message: Shown::hostile("a \"b\"\n"),
            service_time: None,
            unsent: applied == Applied::No && kind > 127,
        };
        let attempt = |e: &&Entry| matches!(e, Entry::Sending { request: r, .. } if *r == request);
        events.push(match (*under_way, kind % 8) {
            (false, 0) => Entry::Ended { at },
            (true, 1) if sizes[request] > 1 => {
                *settled = true;
                let half = sizes[request] / 2;
                let into = [sizes.len(), sizes.len() + 1];
                sizes.extend([half, sizes[request] - half]);
                states.extend([(false, false); 2]);
                events.push(Entry::Split { request, at: half, into });
                continue;
            }
            (true, 2) => failed(Applied::No),
            (true, 3) => failed(Applied::Refused),
            (true, 4) => failed(Applied::Maybe),
            (true, 5) => failed(Applied::Yes),
            (true, 6) => {
                *settled = true;
                let op_id = format!("op-{at}").parse().expect("an ID");
                let message = (kind > 99).then(|| "said".into());
                Entry::Accepted { request, op_id, message, possible_duplicate: kind > 127 }
            }
            (_, _) => {
                *under_way = true;
                let attempt = events.iter().filter(attempt).count() as u32 + 1;
                let service_time = (kind > 63).then(|| time(at));
                events.push(Entry::Sending { request, attempt, at, service_time });
                continue;
            }
        });
        *under_way = *under_way && matches!(events.last(), Some(Entry::Ended { .. }));
    }
    (events, sizes)
}

fn time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// What the events say of one request: a slow model that scans all of them for each question.
fn expected(events: &[Entry], request: usize) -> ([u32; 3], Option<Lost>, End) {
    let own = events.iter().filter(|event| match event {
        Entry::Sending { request: r, .. }
        | Entry::Failed { request: r, .. }
        | Entry::Accepted { request: r, .. }
        | Entry::Split { request: r, .. } => *r == request,
        Entry::Ended { .. } => false,
    });
    let own: Vec<&Entry> = own.collect();
    let sent = |event: &&&Entry| matches!(event, Entry::Sending { .. });
    let end = own.iter().find_map(|event| match event {
        Entry::Accepted { op_id, message, possible_duplicate, .. } => Some(End::Accepted {
            op_id: op_id.clone(),
            message: message.clone(),
            possible_duplicate: *possible_duplicate,
        }),
        Entry::Split { at, into, .. } => Some(End::Split { at: *at, into: *into }),
        _ => None,
    });
    let mut lost: Vec<Lost> = Vec::new();
    for (index, event) in own.iter().enumerate() {
        let Entry::Sending { service_time, .. } = event else { continue };
        let applied = match own.get(index + 1) {
            None | Some(Entry::Sending { .. }) => Applied::Maybe,
            Some(Entry::Failed { applied, .. }) => *applied,
            Some(_) => continue,
        };
        if matches!(applied, Applied::Maybe | Applied::Yes) {
            lost.push(Lost { on: *service_time, applied });
        }
    }
    // An attempt that may have been applied before the split may have been applied for both halves.
    let split = events
        .iter()
        .position(|e| matches!(e, Entry::Split { into, .. } if into.contains(&request)));
    let inherited = split.map(|at| {
        let Entry::Split { request: parent, .. } = events[at] else { unreachable!() };
        // The request that was split had a response.
        let mut before = events[..at].to_vec();
        let last = before
            .iter()
            .rposition(|e| matches!(e, Entry::Sending { request, .. } if *request == parent));
        before.remove(last.expect("it was sent"));
        expected(&before, parent)
    });
    let ([_, _, inherited], parent_lost, _) = inherited.unwrap_or(([0; 3], None, End::Open));
    let on = lost.iter().find_map(|lost| lost.on);
    let whole = lost.last().map(|last| Lost { on, applied: last.applied });
    let unsent = |event: &&&Entry| matches!(event, Entry::Failed { unsent: true, .. });
    let recorded = own.iter().filter(sent).count() as u32;
    let left = recorded - own.iter().filter(unsent).count() as u32;
    (
        [recorded, left, lost.len() as u32 + inherited],
        whole.or(parent_lost.map(|lost| Lost { on: None, ..lost })),
        end.unwrap_or_default(),
    )
}

fn outline(known: &Story) -> ([u32; 3], Option<Lost>, End) {
    let counts = [known.attempts, known.sent(), known.ambiguous];
    (counts, known.lost, known.end.clone())
}

fn story_strategy() -> impl Strategy<Value = (Vec<usize>, Vec<(usize, u8)>, usize)> {
    let sizes = prop::collection::vec(1_usize..5, 1..5);
    (sizes, prop::collection::vec((any::<usize>(), any::<u8>()), 0..40), 1_usize..4)
}

proptest! {
    #[test]
    fn what_is_written_is_read((sizes, chance, group) in story_strategy()) {
        let (events, all) = story(&sizes, &chance);
        let lines: Vec<_> = events.chunks(group).map(<[_]>::to_vec).collect();
        let requests = requests(&sizes);
        let bytes = written(&requests, &lines);
        let contents = read(&bytes[..]).expect("a journal");
        let texts = requests.iter().map(|request| request.iter().map(PurgePath::as_str).collect::<Vec<_>>());
        let found = contents.requests.iter().map(|batch| batch.paths().collect::<Vec<_>>());
        prop_assert!(found.eq(texts));
        prop_assert_eq!(contents.length, bytes.len() as u64);
        prop_assert_eq!(contents.ledger.stories().len(), all.len());
        for (request, known) in contents.ledger.stories().iter().enumerate() {
            prop_assert_eq!(outline(known), expected(&events, request), "request {} of {:?}", request, events);
        }
        // A resumed run knows the same.
        let mut live = Ledger::new(sizes);
        for event in &events {
            prop_assert_eq!(live.apply(event), Ok(()));
        }
        live.close();
        prop_assert_eq!(&contents.ledger, &live);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes[..]);
        let mut broken = br#"{"crc":""#.to_vec();
        broken.extend(bytes);
        prop_assert!(read(&broken[..]).is_err());
    }

    #[test]
    fn flipped_bit_is_found(
        (sizes, chance, group) in story_strategy(),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let (events, _) = story(&sizes, &chance);
        let lines: Vec<_> = events.chunks(group).map(<[_]>::to_vec).collect();
        let whole = written(&requests(&sizes), &lines);
        let mut bytes = whole.clone();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let last = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        match read(&bytes[..]) {
            Ok(contents) => prop_assert!(place >= last && contents.length == last as u64),
            Err(Unreadable::Damaged { line, .. }) => {
                prop_assert_eq!(line, 1 + whole[..place].iter().filter(|b| **b == b'\n').count());
            }
            Err(Unreadable::NoJournal) => prop_assert!(place < 8),
            Err(Unreadable::Unfinished) => prop_assert!(place >= last && lines.is_empty()),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}

/// A finished run of two requests, one of which was split.
fn finished() -> Vec<u8> {
    let sizes = [2, 2];
    let chance = [(0, 7), (1, 7), (1, 1), (0, 6), (2, 7), (3, 7), (2, 4), (2, 7), (3, 6), (2, 6)];
    let (events, _) = story(&sizes, &chance);
    assert!(matches!(events[2], Entry::Split { .. }), "{events:?}");
    assert_eq!(events.len(), chance.len());
    let lines: Vec<_> = events.chunks(2).map(<[_]>::to_vec).collect();
    written(&requests(&sizes), &lines)
}

#[test]
fn every_prefix_is_read_up_to_its_last_complete_line_or_refused() {
    let whole = finished();
    let plan = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(2).expect("a plan").0 + 1;
    for cut in 0..=whole.len() {
        let lines = whole[..cut].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        match read(&whole[..cut]) {
            Ok(Contents { length, .. }) => assert!(cut >= plan && length == lines as u64, "{cut}"),
            Err(Unreadable::Empty) => assert_eq!(cut, 0),
            Err(Unreadable::Unfinished) => assert!(cut < plan, "{cut}"),
            Err(other) => panic!("{cut}: {other:?}"),
        }
    }
}

#[test]
fn torn_last_line_is_dropped() {
    let whole = finished();
    for tail in [&b"\0\0\0\0"[..], b"{\"crc\":\"00000000\",\"events\":[]}\n", b"garbage\n", b"{"] {
        let contents = read(&[&whole[..], tail].concat()[..]).expect("a journal");
        assert_eq!(contents.length, whole.len() as u64, "{tail:?}");
    }
}

#[test]
fn every_damage_names_its_line() {
    let whole = finished();
    let lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
    let check = |lines: &[&[u8]], expected: &str| {
        let error = read(&lines.concat()[..]).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    // A line that is missing, repeated, or out of order.
    check(&[&lines[..4], &lines[5..]].concat(), "damaged at line 5: its checksum is wrong");
    check(&[&lines[..5], &lines[4..]].concat(), "damaged at line 6: its checksum is wrong");
    check(&[&lines[..1], &lines[2..3], &lines[1..2]].concat(), "damaged at line 2");
    check(&[b"garbage\n", lines[1]], "is not a purge journal");
    check(&[&vec![b' '; 3_000_000]], "is not a purge journal");
    let endless = [br#"{"crc":""#, &vec![b' '; 3_000_000][..]].concat();
    check(&[&endless], "damaged at line 1: it is longer than any valid line");
    check(&[&lines[..8], &[&endless]].concat(), "damaged at line 9: it is longer");
}

#[test]
fn later_format_version_is_refused() {
    let whole = String::from_utf8(finished()).expect("text");
    let header = whole.lines().next().expect("a header");
    let rest =
        header.split_at(r#"{"crc":"00000000","#.len()).1.replace("\"version\":1", "\"version\":2");
    let checksum = crc32fast::hash(rest.as_bytes());
    let bytes = format!("{{\"crc\":\"{checksum:08x}\",{rest}\n");
    let error = read(bytes.as_bytes()).expect_err("another version").to_string();
    assert!(error.starts_with("has format version 2, but this program reads version 1"), "{error}");
}

/// The contents of a sink in memory, and when it fails.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    synced: usize,
    /// How many more appends succeed.
    appends: Option<usize>,
}

struct Memory(std::sync::Arc<std::sync::Mutex<Kept>>);

impl super::JournalSink for Memory {
    fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        assert!(lines.ends_with(b"\n"), "whole lines");
        let mut kept = self.0.lock().expect("no panic");
        match &mut kept.appends {
            Some(0) => return Err(std::io::Error::other("another holder has it")),
            Some(left) => *left -= 1,
            None => {}
        }
        kept.bytes.extend_from_slice(lines);
        Ok(())
    }

    fn sync(&mut self) -> std::io::Result<()> {
        let mut kept = self.0.lock().expect("no panic");
        kept.synced = kept.bytes.len();
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> std::io::Result<()> {
        let mut kept = self.0.lock().expect("no panic");
        kept.bytes.truncate(usize::try_from(length).expect("a length"));
        Ok(())
    }
}

#[tokio::test]
async fn run_resumes_from_any_sink() {
    use std::sync::{Arc, Mutex};

    use super::Journal;

    let sandbox = purge_sandbox::Sandbox::start().await.expect("a sandbox");
    let client = crate::client::Client::builder(sandbox.token()).base_url(sandbox.base_url());
    let client = client.build().expect("a client");
    let organization = sandbox.organization().parse().expect("an organization");
    let site = client.resource(organization, sandbox.resource().parse().expect("a resource"));
    let plan = || crate::plan::Plan::parse((0..250).map(|n| format!("/{n}"))).expect("a plan");
    let kept = Arc::new(Mutex::new(Kept { appends: Some(2), ..Kept::default() }));
    let journal = Journal::in_sink("memory", Memory(kept.clone()), &[]).expect("new");
    let report = site.purge(plan()).concurrency(1).journal(journal).await;
    // Two appends succeeded: the plan, and the entry that the first request is about to be sent.
    let error = report.error().expect("an error");
    assert_eq!(error.kind(), crate::error::ErrorKind::Journal, "{error}");
    let message = error.to_string();
    assert!(
        message.contains("the journal `memory` cannot be written: another holder"),
        "{message}"
    );
    assert!(report.summary.accepted < 250);

    let past = {
        let mut kept = kept.lock().expect("no panic");
        assert_eq!(kept.synced, kept.bytes.len(), "everything appended is synced");
        kept.appends = None;
        // What a crash may leave.
        kept.bytes.extend_from_slice(b"{\"crc\":\"torn");
        kept.bytes.clone()
    };
    let journal = Journal::in_sink("memory", Memory(kept.clone()), &past).expect("a journal");
    assert_eq!(journal.requests(), 3);
    let report = site.resume(journal).expect("the same resource").await;
    assert_eq!(report.summary.accepted, 250, "{:?}", report.summary);
    let past = kept.lock().expect("no panic").bytes.clone();
    let journal = Journal::in_sink("memory", Memory(kept), &past).expect("whole again");
    assert_eq!(journal.accepted(), 3);
}

#[tokio::test]
async fn journal_that_replaces_that_of_a_resumed_run_has_the_same_plan() {
    use std::sync::{Arc, Mutex};

    use super::Journal;
    use crate::plan::Plan;
    use crate::report::PathState;

    let sandbox = purge_sandbox::Sandbox::start().await.expect("a sandbox");
    let client = crate::client::Client::builder(sandbox.token()).base_url(sandbox.base_url());
    let client = client.build().expect("a client");
    let organization = sandbox.organization().parse().expect("an organization");
    let site = client.resource(organization, sandbox.resource().parse().expect("a resource"));
    let begun = async |paths: &[&str]| {
        let memory = Arc::new(Mutex::new(Kept::default()));
        let journal = Journal::in_sink("memory", Memory(Arc::clone(&memory)), &[]).expect("new");
        let plan = Arc::new(Plan::parse(paths).expect("a plan"));
        journal.begin(&site, Some(plan)).await.0.expect("a writer").end().await.expect("an end");
        let past = memory.lock().expect("no panic").bytes.clone();
        Journal::in_sink("memory", Memory(memory), &past).expect("a journal")
    };
    let nothing = Memory(Arc::new(Mutex::new(Kept::default())));
    let new = Journal::in_sink("memory", nothing, &[]).expect("new");
    for (other, why) in [
        (begun(&["/b"]).await, "belongs to another list of paths than"),
        (new, "is new: there is nothing to resume"),
    ] {
        let purge = site.resume(begun(&["/a"]).await).expect("the same resource");
        let report = purge.journal(other).await;
        assert!(report.error().is_some_and(|error| error.to_string().contains(why)), "{report:?}");
        let paths: Vec<_> = report.paths().map(|path| (path.path, path.state)).collect();
        assert_eq!(paths, [("/a", PathState::NotSent)]);
    }
    assert!(sandbox.requests().is_empty());
    let purge = site.resume(begun(&["/a"]).await).expect("the same resource");
    let report = purge.journal(begun(&["/b"]).await).journal(begun(&["/a"]).await).await;
    assert!(report.is_success(), "{report:?}");
}

/// A sink that the service asks for a pause while it stores the first request.
struct Pausing {
    memory: Memory,
    throttle: crate::throttle::Throttle,
    has_paused: bool,
}

impl super::JournalSink for Pausing {
    fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        let is_request = lines.windows(9).any(|bytes| bytes == b"\"sending\"");
        if is_request && !std::mem::replace(&mut self.has_paused, true) {
            self.throttle.pause_for(Duration::from_millis(1200));
        }
        self.memory.append(lines)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.memory.sync()
    }

    fn truncate(&mut self, length: u64) -> std::io::Result<()> {
        self.memory.truncate(length)
    }
}

#[tokio::test]
async fn request_that_waits_after_it_was_recorded_is_recorded_again() {
    use std::sync::{Arc, Mutex};

    use super::Journal;

    let sandbox = purge_sandbox::Sandbox::start().await.expect("a sandbox");
    let throttle = crate::throttle::Throttle::default();
    let client = crate::client::Client::builder(sandbox.token()).base_url(sandbox.base_url());
    let client = client.throttle(throttle.clone()).build().expect("a client");
    let organization = sandbox.organization().parse().expect("an organization");
    let site = client.resource(organization, sandbox.resource().parse().expect("a resource"));
    let kept = Arc::new(Mutex::new(Kept::default()));
    let sink = Pausing { memory: Memory(Arc::clone(&kept)), throttle, has_paused: false };
    let journal = Journal::in_sink("memory", sink, &[]).expect("new");
    let plan = crate::plan::Plan::parse(["/a"]).expect("a plan");
    let report = site.purge(plan).journal(journal).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(
        (report.operations[0].attempts, report.operations[0].possible_duplicate),
        (1, false)
    );
    let bytes = kept.lock().expect("no panic").bytes.clone();
    let contents = read(&bytes[..]).expect("a journal");
    let story = &contents.ledger.stories()[0];
    assert_eq!((story.attempts, story.sent(), story.ambiguous), (2, 1, 0));
    let text = String::from_utf8(bytes).expect("text");
    let times = text.split("{\"sending\":").skip(1).map(|sending| {
        let (_, at) = sending.split_once("\"at\":").expect("a time");
        at.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number")
    });
    let times: Vec<u64> = times.collect();
    assert!(times.len() == 2 && times[1] >= times[0] + 1000, "{times:?}: {text}");
}
