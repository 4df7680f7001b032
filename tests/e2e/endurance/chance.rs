//! What is decided at random: the paths, the faults of the server, the options, and what happens during a
//! run.

use std::time::Duration;

use fastrand::Rng;
use purge_sandbox::Fault;

/// Statuses that say that a request was not applied. Here that is always true: a server that lies about it
/// makes every client send something twice.
const NOT_APPLIED: [u16; 22] = [
    302, 307, 308, 400, 401, 403, 404, 410, 413, 413, 413, 415, 421, 421, 422, 425, 425, 429, 451,
    501, 505, 511,
];

/// Statuses after which the request may or may not have been applied.
const MAYBE_APPLIED: [u16; 16] =
    [201, 202, 204, 206, 408, 409, 500, 502, 503, 504, 507, 520, 522, 599, 600, 999];

/// Statuses for requests of the list.
const LIST: [u16; 13] = [202, 302, 401, 403, 404, 408, 422, 429, 500, 502, 503, 520, 999];

/// Bodies to send instead of a page of the list.
const PAGES: [&str; 7] = [
    "",
    "<html>a login page</html>",
    r#"{"status":false,"message":"not now"}"#,
    r#"{"status":true,"data":null}"#,
    r#"{"status":true,"data":[]}"#,
    r#"{"status":true,"data":{"total":1}}"#,
    r#"{"status":true,"data":{"total":0,"requests":[]}}"#,
];

/// How long a slow response takes: longer than every `--timeout` in use.
const SLOW: Duration = Duration::from_secs(2);

pub(super) fn one<T: Copy>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

/// True with a probability of one in `times`.
pub(super) fn once_in(random: &mut Rng, times: usize) -> bool {
    random.usize(..times) == 0
}

/// A token with characters that are escaped in URLs, JSON and HTML, and its part without any.
pub(super) fn token(random: &mut Rng) -> (String, String) {
    let core = format!("{:016x}", random.u64(1 << 60..));
    (format!("t/{core}+=="), core)
}

/// Paths as the user gives them: some twice, some as wildcards, and some covered by those wildcards.
pub(super) fn paths(random: &mut Rng) -> Vec<String> {
    let count = if once_in(random, 5) { random.usize(1..6) } else { random.usize(1..600) };
    let mut paths: Vec<String> = Vec::new();
    for number in 0..count {
        let folder = random.u8(..12);
        let path = match random.u8(..=40) {
            0 if !paths.is_empty() => paths[random.usize(..paths.len())].clone(),
            1 => format!("/folder-{folder}/img*"),
            2 => format!("/folder-{folder}/a*-{number}.css"),
            3 => format!("/deep/{number}/*"),
            4 => format!("/folder-{folder}/"),
            5 => format!("/folder-{folder}/%C3%BC%20{number}.html"),
            6..10 => format!("/folder-{folder}/img-{number}.png"),
            40 if once_in(random, 4) => format!("/folder-{folder}/*"),
            _ => format!("/folder-{folder}/{number}.html"),
        };
        paths.push(path);
    }
    paths
}

/// The body of a response, often one that quotes the token, as some gateways do.
fn quoting(random: &mut Rng, token: &str) -> String {
    let percent = token.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    match random.u8(..6) {
        0 => format!("<p>refused: Bearer {token}</p>"),
        1 => format!(r#"{{"status":false,"message":"refused: {token}"}}"#),
        2 => format!(r#"{{"message":"refused: {}"}}"#, token.replace('/', "\\/")),
        3 => format!("<p>/login?token={percent}</p>"),
        4 => format!("<p>{}</p>", token.replace('+', "&#43;").replace('=', "&#x3D;")),
        _ => "refused".to_owned(),
    }
}

fn retry_after(random: &mut Rng, fault: Fault) -> Fault {
    match random.u8(..20) {
        0..6 => fault.header("retry-after", "0"),
        6..10 => fault.header("retry-after", "1"),
        // Longer than the client is willing to wait.
        10 => fault.header("retry-after", "3600"),
        _ => fault,
    }
}

fn by_status(random: &mut Rng, status: u16, token: &str) -> Fault {
    let fault = Fault::status(status);
    let fault = match status {
        // The client reads the body of these, so the body must not claim that the request was refused.
        201 | 202 | 204 => fault,
        _ => fault.body(quoting(random, token)),
    };
    match status {
        429 | 503 => retry_after(random, fault),
        302 | 307 | 308 => fault.header("location", "/elsewhere"),
        _ => fault,
    }
}

fn by_connection(random: &mut Rng) -> Fault {
    match random.u8(..7) {
        0 | 1 => Fault::reset(),
        2 => Fault::truncated(),
        3 => Fault::garbage(),
        4 => Fault::raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
        5 => Fault::stall(SLOW),
        _ => Fault::slow(SLOW),
    }
}

/// A fault that creates no operation, or one that leaves the client uncertain.
pub(super) fn post_fault(random: &mut Rng, token: &str) -> Fault {
    let fault = match random.u8(..10) {
        0..4 => {
            let status = one(random, &NOT_APPLIED);
            return by_status(random, status, token).on_post();
        }
        4 => {
            let refusal = format!(r#"{{"status":false,"message":"refused: {token}"}}"#);
            return Fault::answer().body(refusal).without_applying().on_post();
        }
        5 => {
            let status = one(random, &MAYBE_APPLIED);
            by_status(random, status, token)
        }
        6 => Fault::answer().body(one(random, &["", "<html></html>", r#"{"status":true}"#])),
        _ => by_connection(random),
    };
    let fault = if random.bool() { fault.after_applying() } else { fault.without_applying() };
    fault.on_post()
}

pub(super) fn get_fault(random: &mut Rng, token: &str) -> Fault {
    let fault = match random.u8(..3) {
        0 => {
            let status = one(random, &LIST);
            by_status(random, status, token)
        }
        1 => Fault::answer().body(one(random, &PAGES)),
        _ => by_connection(random),
    };
    fault.on_get()
}

/// The options of one run.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) arguments: Vec<String>,
    pub(super) concurrency: usize,
    pub(super) waits: bool,
}

impl Options {
    /// Options of a run that may fail.
    pub(super) fn any(random: &mut Rng) -> Self {
        let mut options = Self::patient(random);
        let mut add = |text: &str| options.arguments.push(text.to_owned());
        add(one(random, &["--timeout=400ms", "--timeout=700ms", "--timeout=1s"]));
        add(&format!("--max-attempts={}", random.u8(1..6)));
        if once_in(random, 5) {
            add(one(random, &["--rate=15/s", "--rate=40/s", "--rate=900/m"]));
        }
        if options.waits {
            add(one(random, &["--wait=300ms", "--wait=2s", "--wait=10s"]));
        }
        options
    }

    /// Options of the last run, in which nothing goes wrong.
    pub(super) fn last(random: &mut Rng) -> Self {
        let mut options = Self::patient(random);
        options.arguments.extend(options.waits.then(|| "--wait=30s".to_owned()));
        options
    }

    fn patient(random: &mut Rng) -> Self {
        let concurrency = random.usize(1..9);
        let output = one(random, &["json", "json", "ndjson"]);
        let mut arguments = vec![format!("--output={output}")];
        // Four is the default.
        if concurrency != 4 {
            arguments.push(format!("--concurrency={concurrency}"));
        }
        Self { arguments, concurrency, waits: random.bool() }
    }
}

/// Something that happens while the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The program receives a signal.
    Signal(&'static str),
    Kill,
    /// The token expires and is replaced.
    NewToken,
    /// Another client creates an operation for other paths.
    OtherJob,
}

/// When: some time after the previous act, or after a number of responses.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    After(Duration),
    Answers(usize),
}

pub(super) fn acts(random: &mut Rng) -> Vec<(When, Act)> {
    let mut acts = vec![Act::OtherJob; random.usize(..3)];
    acts.extend(once_in(random, 4).then_some(Act::NewToken));
    random.shuffle(&mut acts);
    let signals = ["INT", "TERM"];
    match random.u8(..10) {
        0..3 => acts.push(Act::Signal(one(random, &signals))),
        3 => acts.extend([(); 2].map(|()| Act::Signal(one(random, &signals)))),
        4..7 => acts.push(Act::Kill),
        _ => {}
    }
    let when = |random: &mut Rng| match random.u8(..4) {
        0 => When::After(Duration::from_millis(random.u64(..40))),
        1 => When::After(Duration::from_millis(random.u64(..600))),
        _ => When::Answers(random.usize(1..6)),
    };
    acts.into_iter().map(|act| (when(random), act)).collect()
}
