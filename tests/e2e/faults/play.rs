//! Running one case and checking its result.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use purge_api_ext::{Client, Error, ErrorKind, Plan, Report};
use purge_tests::clock::Clock;
use purge_tests::logs::{Log, listen};
use purge_tests::raw::answer;
use purge_tests::script::{Script, ScriptServer, Step};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::time::Instant;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::place::Served;
use super::row::{Place, Row};
use crate::{ORGANIZATION, RESOURCE};

/// The token of every case, which must never be shown.
pub(crate) const CANARY: &str = "c4nary-t0ken-of-the-table";

/// Any seed must work; this one makes failures reproducible.
const SEED: u64 = 7;

/// Fails if the bytes contain any trace of the token.
pub(crate) fn assert_no_secret(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!leaks(&text), "the token is in {text}");
}

fn leaks(text: &str) -> bool {
    // Parts of the token count too, and so does its encoding in `Basic` credentials.
    text.contains("c4nary") || text.contains("t0ken") || text.contains("YzRuYXJ5")
}

/// How a case is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Text,
    Json,
    Library,
}

/// The result of a case.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) log: String,
    /// Everything about the result that a program could show.
    pub(crate) debug: String,
    pub(crate) seen: Vec<String>,
    pub(crate) other: Vec<String>,
    pub(crate) took: Duration,
}

/// Runs a case on a paused clock.
pub(crate) fn play(row: &Row, by: By) -> Played {
    // The same jitter each time, so that a failure is reproducible.
    fastrand::seed(SEED);
    let log = Log::default();
    let clock = Clock::default();
    let lines = log.clone();
    let shown =
        tracing_subscriber::fmt::layer().with_writer(move || lines.clone()).with_ansi(false);
    let subscriber =
        tracing_subscriber::registry().with(LevelFilter::TRACE).with(shown).with(clock.clone());
    let _guard = listen(subscriber);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
    let mut played = runtime.block_on(play_here(row, by, &clock));
    drop(runtime);
    played.log = log.text();
    played
}

async fn play_here(row: &Row, by: By, clock: &Clock) -> Played {
    let other = Script::new([], [Step::Send(answer("200 OK", super::row::NOTHING))]);
    let other = ScriptServer::playing(other).await;
    let other_base = format!("http://{}", other.authority());
    let served = Served::start(row, &other_base, clock).await;
    let (token, key) = (token_file(), key_file());
    let began = Instant::now();
    let mut played = match by {
        By::Library => by_library(&served).await,
        By::Text | By::Json => {
            let fill = |text: &String| {
                text.replace("{base}", &served.base)
                    .replace("{other}", &other_base)
                    .replace("{token}", token.path().to_str().expect("UTF-8"))
            };
            let mut arguments = vec!["purge".to_owned()];
            arguments.extend(row.arguments.iter().map(fill));
            let given = |option: &str| row.arguments.iter().any(|a| a == option);
            let mut add = |option: &str, value: &str| {
                if !given(option) {
                    arguments.extend([option.to_owned(), value.to_owned()]);
                }
            };
            add("--output", if by == By::Json { "json" } else { "text" });
            if row.arguments[0] != "plan" {
                add("--organization", ORGANIZATION);
                add("--resource", RESOURCE);
                add("--base-url", &served.base);
                if row.signs_in() {
                    add("--api-key-file", key.path().to_str().expect("UTF-8"));
                } else if !given("--token-command") {
                    add("--token-file", token.path().to_str().expect("UTF-8"));
                }
            }
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let code = purge_cli::run(arguments, &mut out, &mut err).await;
            let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
            Played::new(code, text(out), text(err), String::new())
        }
    };
    played.took = began.elapsed();
    // Leaves time for requests that are wrongly sent after the end.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    played.seen = served.seen.all();
    played.other = other.seen().all();
    played
}

/// A file that holds the token and that only its owner can read.
pub(crate) fn token_file() -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    write!(file, "{CANARY}\r\n").expect("a file");
    file
}

/// A file that holds an API key and its secret.
fn key_file() -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    // Some responses quote the token; they must quote the secret as well.
    write!(file, "api-key = 'c4nary-k3y'\napi-secret = '{CANARY}'\n").expect("a file");
    file
}

/// The response to a login that issues the token.
pub(crate) fn signed_in() -> Step {
    let body = format!(
        r#"{{"status":true,"token":"{CANARY}","session":"c4nary-s3ssion","expire":4102444800}}"#
    );
    Step::Send(answer("200 OK", &body))
}

async fn by_library(served: &Served) -> Played {
    let builder = Client::builder(CANARY).base_url(&served.base);
    let mut debug = format!("{builder:?}");
    let client = served.trusted_by(builder).build().expect("a client");
    let site =
        client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"));
    let purge = site.purge(Plan::parse(["/a"]).expect("a plan"));
    debug += &format!("{client:?} {site:?} {purge:?} {:?}", site.list());
    let report = purge.await;
    let out = serde_json::to_string(&report).expect("JSON");
    let err = report.error().map(ToString::to_string).unwrap_or_default();
    debug += &format!("{report:?}");
    for error in report.operations.iter().filter_map(|operation| operation.error.as_ref()) {
        debug += &chain(error);
        if let Some(source) = std::error::Error::source(error) {
            let (text, said) = (error.to_string(), source.to_string());
            assert!(!text.contains(&said), "`{text}` repeats its source");
        }
    }
    Played::new(exit_code(&report), out, err, debug)
}

/// Everything that an error can show.
fn chain(error: &Error) -> String {
    let mut shown = format!(" {error} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        // Writing to a `String` cannot fail.
        let _ = write!(shown, " {error} {error:?}");
        cause = error.source();
    }
    shown
}

/// The exit code of the command line for a report.
fn exit_code(report: &Report) -> u8 {
    match report.error().map(Error::kind) {
        None if report.is_success() => 0,
        None | Some(ErrorKind::Refused) => 1,
        Some(ErrorKind::InvalidInput) => 2,
        Some(ErrorKind::Unauthorized) => 3,
        Some(ErrorKind::Unavailable) => 4,
        Some(ErrorKind::Deadline) => 5,
        Some(_) => 6,
    }
}

impl Played {
    fn new(code: u8, out: String, err: String, debug: String) -> Self {
        let (seen, other) = (Vec::new(), Vec::new());
        Self { code, out, err, debug, seen, other, log: String::new(), took: Duration::ZERO }
    }

    /// Everything that differs from what the row expects.
    pub(crate) fn faults(&self, row: &Row, by: By) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, what: String| {
            if !holds {
                faults.push(what);
            }
        };
        check(self.code == row.code, format!("exit code {}, expected {}", self.code, row.code));
        let seen = |method: &str| self.seen.iter().filter(|r| r.starts_with(method)).count();
        let post = if row.place == Place::Proxy { "CONNECT" } else { "POST" };
        for (method, expected) in [(post, &row.posts), ("GET", &row.gets)] {
            let count = seen(method);
            check(expected.contains(&count), format!("{count} of {method}, expected {expected:?}"));
        }
        check(seen("") == seen(post) + seen("GET"), "another method".to_owned());
        let (took, takes) = (self.took.as_secs_f64(), &row.takes);
        check(takes.contains(&took), format!("took {took} s, expected {takes:?}"));
        for text in &row.says {
            check(self.err.contains(text), format!("standard error does not say `{text}`"));
        }
        for text in &row.shows {
            check(self.out.contains(text), format!("standard output does not show `{text}`"));
        }
        let both = self.both();
        for text in &row.hides {
            check(!both.contains(text), format!("`{text}` is shown"));
        }
        for request in &self.seen {
            check(well_formed(request), format!("unexpected request: {request}"));
        }
        let is_report = by != By::Text && !row.arguments.iter().any(|text| text == "ndjson");
        if is_report && row.arguments[0] == "create" && !self.out.is_empty() {
            self.check_report(row, &mut check);
        }
        faults.extend(self.shown(by));
        faults
    }

    fn both(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    /// What must not be shown to anyone or sent elsewhere, whatever the row expects.
    pub(crate) fn shown(&self, by: By) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, what: String| {
            if !holds {
                faults.push(what);
            }
        };
        check(self.other.is_empty(), format!("another host was sent {:?}", self.other));
        let both = self.both();
        for (name, text) in [("output", &both), ("log", &self.log), ("debug output", &self.debug)] {
            let line = text.lines().find(|line| leaks(line)).unwrap_or_default();
            check(line.is_empty(), format!("a secret is in the {name}: {line}"));
        }
        let logged = self.seen.is_empty() || self.log.contains("TRACE");
        check(logged, "nothing was logged".to_owned());
        // A program that calls the library decides itself how to write the report.
        let shown = if by == By::Library { &self.err } else { &both };
        check(harmless(shown), "the output has a command to a terminal or CI system".to_owned());
        faults
    }

    fn check_report(&self, row: &Row, check: &mut impl FnMut(bool, String)) {
        let report: Value = serde_json::from_str(&self.out).unwrap_or_default();
        let summary = &report["summary"];
        let states =
            ["accepted", "purged", "not_cached", "pending", "failed", "unconfirmed", "not_sent"];
        let count = |state: &str| summary[state].as_u64().unwrap_or_default();
        let counts: Vec<_> = states
            .iter()
            .filter(|state| count(state) > 0)
            .map(|state| format!("{} {state}", count(state)))
            .collect();
        let counts = counts.join(", ");
        check(counts == row.counts, format!("counts `{counts}`, expected `{}`", row.counts));
        let ended = count("accepted") + count("failed") + count("unconfirmed") + count("not_sent");
        check(summary["paths"] == ended, "not every path has exactly one outcome".to_owned());
        let operations = report["operations"].as_array().cloned().unwrap_or_default();
        let duplicate = operations.iter().any(|operation| operation["possible_duplicate"] == true);
        check(
            duplicate == row.possible_duplicate,
            format!("possible duplicate: {duplicate}, expected {}", row.possible_duplicate),
        );
        match serde_json::from_value::<Report>(report.clone()) {
            Ok(read) => {
                let is_success = read.is_success();
                check(is_success == (row.code == 0), format!("read as a success: {is_success}"));
                let written = serde_json::to_value(&read).unwrap_or_default();
                check(
                    written == report,
                    "the report changes when it is read and written again".to_owned(),
                );
            }
            Err(error) => check(false, format!("the report cannot be read: {error}")),
        }
    }
}

/// Whether a text contains no command to a terminal or to a system that reads a pipeline's log.
fn harmless(text: &str) -> bool {
    let command = |line: &str| line.trim_start().starts_with("::");
    let obeyed = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
    !text.chars().any(obeyed)
        && !text.lines().any(command)
        && !text.contains("##[")
        && !text.contains("##vso[")
}

/// Whether a request is documented, carries the token, and has a body exactly if it is a POST.
fn well_formed(request: &str) -> bool {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or_default();
    let head = head.to_lowercase();
    if head.starts_with("connect ") {
        // A proxy sees the host and nothing else.
        return head.starts_with("connect cdn.invalid:443 ") && !head.contains("bearer");
    }
    let paths = |body| {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        body["file_path"].as_array().map_or(0, Vec::len)
    };
    let body = if head.starts_with("post ") {
        (1..=100).contains(&paths(body))
    } else {
        head.starts_with("get ") && body.is_empty()
    };
    // The client does not accept compressed bodies, so it never has to unpack any.
    body && head.contains("authorization: bearer ") && !head.contains("accept-encoding")
}
