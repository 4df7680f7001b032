//! Journals with valid checksums that no run can have written.

use proptest::prelude::*;

use super::*;

fn sending(request: usize, attempt: u32) -> Entry {
    Entry::Sending { request, attempt, at: 1, service_time: None }
}

fn failed(request: usize) -> Entry {
    let (applied, message) = (Applied::No, Shown::default());
    Entry::Failed { request, applied, message, service_time: None, unsent: false }
}

fn accepted(request: usize, op_id: &str) -> Entry {
    let op_id = op_id.parse().expect("an ID");
    Entry::Accepted { request, op_id, message: None, possible_duplicate: false }
}

fn split(request: usize, at: usize, into: [usize; 2]) -> Entry {
    Entry::Split { request, at, into }
}

/// Reads a journal of two requests, the first of which was sent, followed by these events.
fn read_with(events: Vec<Entry>) -> Result<Contents, Unreadable> {
    let lines = [vec![sending(0, 1)], events, vec![Entry::Ended { at: 1 }]];
    read(&written(&requests(&[2, 1]), &lines)[..])
}

fn refuse(bytes: &[u8], expected: &str) {
    let error = read(bytes).expect_err(expected).to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn impossible_events_are_reported_as_damage() {
    let check = |events: Vec<Entry>, expected: &str| {
        let error = read_with(events).expect_err(expected).to_string();
        assert!(error.contains(&format!("damaged at line 5: {expected}")), "{error}");
    };
    check(vec![failed(2)], "it names a request that does not exist");
    check(vec![failed(usize::MAX)], "it names a request that does not exist");
    check(vec![split(9, 1, [2, 3])], "it names a request that does not exist");
    check(vec![failed(1)], "a response comes before its attempt");
    check(vec![failed(0), failed(0)], "a response comes before its attempt");
    check(vec![accepted(1, "a")], "a response comes before its attempt");
    check(vec![failed(0), accepted(0, "a")], "a response comes before its attempt");
    check(vec![accepted(0, "a"), accepted(0, "b")], "it names a request that has already ended");
    check(vec![accepted(0, "a"), sending(0, 2)], "it names a request that has already ended");
    check(vec![accepted(0, "a"), split(0, 1, [2, 3])], "it names a request that has already ended");
    for (request, at, into) in [(0, 0, [2, 3]), (0, 2, [2, 3]), (0, 1, [3, 4]), (1, 1, [2, 3])] {
        check(vec![split(request, at, into)], "a request is split into impossible parts");
    }
    check(vec![failed(0), split(0, 1, [2, 3])], "a request is split into impossible parts");
    let halves = vec![split(0, 1, [2, 3]), sending(3, 1), accepted(3, "a")];
    assert!(read_with(halves).is_ok());
}

#[test]
fn attempts_are_numbered_consecutively() {
    for attempt in [0, 1, 3, u32::MAX - 1, u32::MAX] {
        let error = read_with(vec![sending(0, attempt)]).expect_err("a count").to_string();
        assert!(error.contains("line 5: its attempts are not numbered consecutively"), "{error}");
    }
    let contents = read_with(vec![sending(0, 2), failed(0), sending(0, 3)]).expect("a journal");
    assert_eq!(
        (contents.ledger.stories()[0].attempts, contents.ledger.stories()[0].ambiguous),
        (3, 2)
    );
}

#[test]
fn operation_belongs_to_one_request() {
    let twice = vec![accepted(0, "a"), sending(1, 1), accepted(1, "a")];
    let error = read_with(twice).expect_err("one for two").to_string();
    assert!(error.contains("line 5: two requests have the same operation"), "{error}");
    let each = vec![accepted(0, "a"), sending(1, 1), accepted(1, "b")];
    assert!(read_with(each).is_ok());
    for op_id in ["a\u{1b}[31m", "::error::a", "a\u{202e}b", "a\nb"] {
        let journal = written(&requests(&[1]), &[vec![sending(0, 1), accepted(0, "ID")]]);
        let journal = String::from_utf8(journal).expect("JSON");
        let json = serde_json::to_string(op_id).expect("JSON");
        let journal = sealed(journal.replace("\"ID\"", &json).as_bytes());
        let error = read(&journal[..]).expect_err("a sequence").to_string();
        assert!(error.contains("it has no events"), "{error}");
    }
}

#[test]
fn messages_are_harmless_and_short() {
    let read = |message: &str| {
        let op_id = "a".parse().expect("an ID");
        let (message, possible_duplicate) = (Some(Shown::hostile(message)), false);
        let events = vec![Entry::Accepted { request: 0, op_id, message, possible_duplicate }];
        match read_with(events).expect("a journal").ledger.stories()[0].end.clone() {
            End::Accepted { message, .. } => message.expect("a message"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(read("::error::\u{1b}[2J\n##[x]"), r"\u{3a}:error::\u{1b}[2J\n#\u{23}[x]");
    assert_eq!(read(&"\u{1b}".repeat(100_000)).chars().count(), 2000);
    // A run writes only harmless messages, and these are read back unchanged.
    for message in ["Ok.", r"the response: \u{1b}[2J…; found in the list", "caf\u{e9}"] {
        assert_eq!(read(message), message);
    }
}

#[test]
fn halves_are_split_by_their_own_number_of_paths() {
    let is_read = |events: Vec<Entry>| {
        let sent = vec![sending(0, 1), split(0, 2, [1, 2]), sending(1, 1), sending(2, 1)];
        read(&written(&requests(&[5]), &[sent, events])[..]).is_ok()
    };
    assert!(is_read(vec![split(1, 1, [3, 4])]), "2 paths");
    assert!(!is_read(vec![split(1, 2, [3, 4])]), "2 paths");
    assert!(is_read(vec![split(2, 2, [3, 4])]), "3 paths");
    assert!(!is_read(vec![split(2, 3, [3, 4])]), "3 paths");
}

/// A journal of one request with these paths and a modified header.
fn one_request(number: usize, paths: &[String], change: impl Fn(&mut Header)) -> Vec<u8> {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add(paths.iter().map(String::as_str));
    let mut header = read(&written(&requests(&[1]), &[])[..]).expect("a journal").header;
    header.plan = fingerprint.finish();
    (header.input, header.duplicates, header.covered) = (paths.len(), 0, 0);
    change(&mut header);
    let paths = paths.iter().map(|path| path.as_str().into()).collect();
    joined([Line::Header(header), Line::Request { number, paths }])
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("/{i}")).collect()
}

#[test]
fn requests_are_in_order_with_1_to_100_paths() {
    for (number, paths) in [(1, 1), (usize::MAX, 1), (0, 0), (0, 101), (0, 150)] {
        let bytes = one_request(number, &numbered(paths), |_| ());
        refuse(&bytes, "damaged at line 2: it is not the next request");
    }
    let contents = read(&one_request(0, &numbered(100), |_| ())[..]).expect("a journal");
    assert_eq!(contents.requests[0].paths().len(), 100);
}

#[test]
fn paths_are_valid_and_unique() {
    let of = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        one_request(0, &paths, |_| ())
    };
    refuse(&of(&["/a", "/b", "/a"]), "line 2: the path `/a` appears in the requests twice");
    refuse(&of(&["/a\nb"]), "line 2: a path is not valid");
    refuse(&of(&["https://evil.example/"]), "line 2: a path is not valid");
    assert!(read(&of(&["/a", "/b", "/a?b"])[..]).is_ok());
}

#[test]
fn requests_of_another_plan_are_reported_as_damage() {
    let paths = numbered(3);
    let check = |change: &dyn Fn(&mut Header)| {
        let bytes = one_request(0, &paths, change);
        refuse(&bytes, "line 2: the requests do not match the plan");
    };
    check(&|header| header.plan ^= 1);
    check(&|header| header.input = 0);
    check(&|header| header.input = 4);
    check(&|header| header.duplicates = 4);
    check(&|header| header.covered = usize::MAX);
    check(&|header| (header.duplicates, header.covered) = (usize::MAX, usize::MAX));
    // A plan without requests, and one with more than fit in memory.
    let header = |requests| one_request(0, &paths, move |header| header.requests = requests);
    refuse(&header(0), "line 1: the requests do not match the plan");
    refuse(&header(usize::MAX), "is incomplete: the run ended before anything was sent");
    // Of the three paths that are sent, two are wildcards that the plan added.
    let made = |header: &mut Header| (header.input, header.covered) = (9, 8);
    assert!(read(&one_request(0, &paths, made)[..]).is_ok());
}

#[test]
fn service_must_be_an_address_that_a_token_may_be_sent_to() {
    let of = |service: &str| {
        one_request(0, &numbered(1), |header| service.clone_into(&mut header.service))
    };
    refuse(&of(""), "damaged at line 1: the base URL is empty");
    for service in [
        "evil",
        "http://example.com",
        "file:///etc",
        "https://u:p@example.com",
        "https://example.com/\u{1b}[2J\n::error::x",
    ] {
        refuse(&of(service), "damaged at line 1: the base URL `");
    }
    for (service, expected) in [
        ("https://example.com", "https://example.com"),
        (" https://EXAMPLE.com/ ", "https://example.com"),
    ] {
        let header = read(&of(service)[..]).expect("a journal").header;
        assert_eq!(header.service, expected);
    }
    let error = read(&of("\u{1b}[2J\n::error::x")[..]).expect_err("no address").to_string();
    assert!(!error.contains(char::is_control), "{error:?}");
    assert!(read(&of(&"x".repeat(100_000))[..]).expect_err("long").to_string().len() < 1000);
}

#[test]
fn unknown_members_are_ignored() {
    let whole = String::from_utf8(written(&requests(&[1]), &[vec![sending(0, 1)]])).expect("text");
    let more = whole.replace("\"attempt\":1", "\"attempt\":1,\"later\":[1]");
    assert_ne!(more, whole);
    let read = |bytes: &[u8]| read(bytes).expect("a journal");
    assert_eq!(read(&sealed(more.as_bytes())).ledger, read(whole.as_bytes()).ledger);
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let request = || prop_oneof![9 => 0_usize..6, 1 => any::<usize>()];
    let count = || prop_oneof![9 => 0_usize..6, 1 => any::<usize>()];
    let applied = prop::sample::select(vec![Applied::No, Applied::Maybe, Applied::Yes]);
    let text = || prop_oneof!["[a-c]", ".{0,9}", "::[a\u{1b}\n#]{0,9}"];
    prop_oneof![
        4 => (request(), prop_oneof![9 => 0_u32..5, 1 => any::<u32>()], any::<u64>())
            .prop_map(|(request, attempt, at)| {
                let service_time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at));
                Entry::Sending { request, attempt, at, service_time }
            }),
        1 => (request(), applied, text(), any::<bool>())
            .prop_map(|(request, applied, message, unsent)| Entry::Failed { request, applied, message: Shown::hostile(&message), service_time: None, unsent }),
        2 => (request(), text(), text(), any::<bool>()).prop_map(|(request, id, said, flag)| {
            let op_id = id.parse().unwrap_or_else(|_| "x".parse().expect("an ID"));
            let message = Some(Shown::hostile(&said));
            Entry::Accepted { request, op_id, message, possible_duplicate: flag }
        }),
        2 => (request(), count(), count())
            .prop_map(|(request, at, i)| split(request, at, [i, i.wrapping_add(1)])),
        1 => any::<u64>().prop_map(|at| Entry::Ended { at }),
    ]
}

proptest! {
    /// The property of the fuzz target: whatever can be read is consistent.
    #[test]
    fn any_events_are_read_or_refused(
        sizes in prop::collection::vec(1_usize..4, 1..4),
        mut events in prop::collection::vec(any_entry(), 0..8),
    ) {
        let requests = requests(&sizes);
        // Most journals are refused; drop events until one is read.
        while let Err(error) = read(&written(&requests, &[events.clone()])[..]) {
            let error = error.to_string();
            prop_assert!(error.contains("is damaged at line") && !error.contains(char::is_control));
            events.pop();
        }
        crate::fuzz::journal(&written(&requests, &[events]));
    }
}
