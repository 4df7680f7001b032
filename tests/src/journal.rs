//! Reads a journal without the code under test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// The contents of a journal, by request number.
#[derive(Debug, Default)]
pub struct Told {
    /// The accepted requests and their operation IDs.
    pub accepted: BTreeMap<u64, String>,
    /// How often each request was sent.
    pub sent: BTreeMap<u64, u64>,
    /// Requests whose last response is missing.
    pub open: BTreeSet<u64>,
    /// The paths of each request.
    pub paths: BTreeMap<u64, Vec<String>>,
}

impl Told {
    /// Reads a file. The only check is that nothing but its last line may be torn.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        Self::from_bytes(&std::fs::read(path).unwrap_or_default())
    }

    /// Reads the contents of a file.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::of_lines(bytes, |_| true)
    }

    /// How many requests of a file are in flight. Reads nothing else, because it is called a thousand
    /// times.
    #[must_use]
    pub fn under_way(path: &Path) -> usize {
        let bytes = std::fs::read(path).unwrap_or_default();
        let events = |line: &[u8]| line.windows(10).take(20).any(|part| part == br#"","events""#);
        Self::of_lines(&bytes, events).open.len()
    }

    fn of_lines(bytes: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Self {
        let mut told = Self::default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines = bytes[..whole].split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty() && wanted(line)) {
            told.line(&serde_json::from_slice(line).expect("a JSON object per line"));
        }
        told
    }

    fn line(&mut self, line: &Value) {
        if let Some(request) = line.get("request") {
            let paths = serde_json::from_value(request["paths"].clone()).expect("paths");
            self.paths.insert(number(&request["number"]), paths);
        }
        for event in line["events"].as_array().into_iter().flatten() {
            let (what, event) = event.as_object().and_then(|e| e.iter().next()).expect("an event");
            let request = || number(&event["request"]);
            match what.as_str() {
                "sending" => {
                    *self.sent.entry(request()).or_default() += 1;
                    self.open.insert(request());
                }
                "accepted" => {
                    let op_id = event["op_id"].as_str().expect("an operation").to_owned();
                    self.accepted.insert(request(), op_id);
                    self.open.remove(&request());
                }
                "failed" => {
                    self.open.remove(&request());
                }
                "split" => {
                    self.open.remove(&request());
                    let mut first = self.paths.remove(&request()).expect("a request");
                    let rest = first.split_off(number(&event["at"]) as usize);
                    self.paths.insert(number(&event["into"][0]), first);
                    self.paths.insert(number(&event["into"][1]), rest);
                }
                "ended" => {}
                other => panic!("an event {other}"),
            }
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
