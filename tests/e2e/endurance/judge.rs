//! Compares what the program reports with what the server has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use purge_sandbox::Star;
use serde_json::Value;

use super::others::Job;
use super::scene::{Scene, Told, paths_of};

/// The sandbox's clock counts from its start, while this machine's may be adjusted.
const CLOCKS: Duration = Duration::from_millis(500);

impl Scene {
    /// Fills the cache with objects that the paths purge, and with similar ones that must stay.
    pub(super) fn fill_cache(&mut self) {
        let mut objects = BTreeSet::from(["/bystander".to_owned()]);
        for path in &self.given {
            objects.extend(["", "q", "a/b*"].map(|part| path.replace('*', part)));
            objects.extend([format!("{path}~"), path.trim_end_matches('/').to_owned()]);
        }
        objects.remove("");
        let (patterns, exact): (BTreeSet<&String>, BTreeSet<&String>) =
            self.given.iter().partition(|path| path.contains('*'));
        let is_meant = |object: &String, star| {
            exact.contains(object) || patterns.iter().any(|pattern| matches(pattern, object, star))
        };
        self.cached = objects.iter().filter(|o| is_meant(o, self.star)).cloned().collect();
        let stays = |object: &&String| !is_meant(object, Star::ZeroOrMore);
        self.bystanders = objects.iter().filter(stays).cloned().collect();
        self.sandbox.fill(self.cached.iter().chain(&self.bystanders));
    }

    /// Checks the result of all runs.
    pub(super) async fn judge(&mut self) {
        let all = self.others.jobs(&self.sandbox).await;
        let foreign = &self.others.operations;
        let own = all.iter().filter(|(id, _)| !foreign.contains(id));
        let own: BTreeMap<&str, &Job> = own.map(|(id, job)| (id.as_str(), job)).collect();
        for told in &self.told {
            self.is_true(told, &own);
        }
        let last = self.told.last().expect("a run");
        let again = in_several(own.values().copied());
        let unflagged = unflagged(&again, last);
        self.require(unflagged.is_empty(), "a duplicate that is not reported", &unflagged);
        self.nothing_is_lost();
        let last = last.operations.iter();
        self.figures.again = again.len();
        let is_found = |operation: &&Value| {
            let message = operation["message"].as_str();
            message.is_some_and(|message| message.ends_with("found in the list"))
        };
        self.figures.found = last.clone().filter(is_found).count();
        self.figures.flagged = last.filter(|o| o["possible_duplicate"] == true).count();
        self.figures.jobs = all.len() - self.others.operations.len();
        self.figures.posts = self.requests("POST");
        self.figures.gets = self.requests("GET");
    }

    fn require(&self, holds: bool, what: &str, of: &dyn Debug) {
        assert!(holds, "{}\n{what}: {of:?}", self.history);
    }

    /// Checks that everything one run has reported is true.
    fn is_true(&self, told: &Told, own: &BTreeMap<&str, &Job>) {
        let codes = [0, 1, 3, 4, 5, 6, 130, 143];
        let code = told.code;
        self.require(
            code.is_none_or(|code| codes.contains(&code)),
            "an undocumented exit code",
            &code,
        );
        let mut names = BTreeSet::new();
        let mut paths = Vec::new();
        for operation in &told.operations {
            paths.extend(paths_of(operation));
            let name = operation["op_id"].as_str();
            self.require(
                name.is_none_or(|name| names.insert(name)),
                "one operation for two requests",
                &name,
            );
            self.operation_is_true(told, operation, name.and_then(|name| own.get(name)), own);
        }
        paths.sort();
        let mut planned = self.planned.concat();
        planned.sort();
        let reports = code == Some(0) || !told.operations.is_empty();
        if reports && !told.is_cut_off {
            self.require(paths == planned, "not all paths are in the report once", &paths);
        }
    }

    fn operation_is_true(
        &self,
        told: &Told,
        operation: &Value,
        job: Option<&&Job>,
        own: &BTreeMap<&str, &Job>,
    ) {
        let held: BTreeSet<_> = job.iter().flat_map(|job| job.records.keys()).cloned().collect();
        let sent = BTreeSet::from_iter(paths_of(operation));
        for path in operation["paths"].as_array().expect("paths") {
            let (name, state) = (path["path"].as_str().expect("a path"), &path["state"]);
            let state = state.as_str().expect("a state");
            let is_failure = matches!(state, "failed" | "unconfirmed" | "not_sent");
            if is_failure {
                self.require(told.code != Some(0), "exit code 0 with a failed path", operation);
            } else {
                self.require(job.is_some(), "a false success", operation);
                self.require(held == sent, "a job of other paths", operation);
            }
            if matches!(state, "failed" | "not_sent") {
                let created = |job: &&&Job| job.created + CLOCKS < told.ended;
                let jobs = own.values().filter(created);
                let reached = jobs.filter(|job| job.records.contains_key(name)).count();
                self.require(
                    reached == 0,
                    "a job that the report says does not exist",
                    &(name, operation),
                );
            }
            let purged = match state {
                "purged" => 1,
                "not_cached" => 0,
                _ => {
                    let waited = told.code == Some(0) && told.options.waits;
                    self.require(!waited, "exit code 0 before the job has finished", operation);
                    continue;
                }
            };
            let Some(record) = job.and_then(|job| job.records.get(name)) else { continue };
            let is_over = record.completed.is_some_and(|at| at < told.ended + CLOCKS);
            self.require(
                is_over && record.status == purged,
                "not how the job ended",
                &(path, record),
            );
        }
    }

    /// Checks that in the end all paths are purged, and nothing else.
    fn nothing_is_lost(&self) {
        let cached = BTreeSet::from_iter(self.sandbox.cached(self.sandbox.resource()));
        let told = self.told.iter().flat_map(|told| &told.operations);
        for path in told.flat_map(|operation| operation["paths"].as_array().expect("paths")) {
            let is_over = path["state"] == "purged" || path["state"] == "not_cached";
            let kept = path["path"].as_str().is_some_and(|path| cached.contains(path));
            self.require(!(is_over && kept), "reported as purged, and still cached", path);
        }
        let gone: Vec<_> = self.bystanders.difference(&cached).collect();
        self.require(gone.is_empty(), "purged without being requested", &gone);
        let Some(last) = self.told.last() else { return };
        if !self.has_journal {
            return;
        }
        self.require(last.code == Some(0), "the last run did not succeed", &last.code);
        let stale: Vec<_> = self.cached.intersection(&cached).collect();
        self.require(stale.is_empty(), "a path is lost: still cached", &stale);
        let sent: BTreeSet<String> = last.operations.iter().flat_map(paths_of).collect();
        let covers = |path: &String| {
            sent.contains(path)
                || sent
                    .iter()
                    .any(|sent| sent.contains('*') && matches(sent, path, Star::OneOrMore))
        };
        let lost: Vec<_> = self.given.iter().filter(|path| !covers(path)).collect();
        self.require(lost.is_empty(), "a path is lost: not in the report", &lost);
    }
}

/// The paths that are in more than one operation.
fn in_several<'a>(jobs: impl Iterator<Item = &'a Job>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let paths = jobs.flat_map(|job| job.records.keys());
    paths.map(String::as_str).filter(|path| !seen.insert(*path)).collect()
}

/// The paths in more than one operation that the last run should have reported as possible duplicates, but did not. A
/// run that was cut off is judged only by the paths that it has reported.
fn unflagged<'a>(again: &BTreeSet<&'a str>, last: &Told) -> Vec<&'a str> {
    let flagged = last.operations.iter().filter(|o| o["possible_duplicate"] == true);
    let flagged: BTreeSet<String> = flagged.flat_map(paths_of).collect();
    let reported: BTreeSet<String> = last.operations.iter().flat_map(paths_of).collect();
    let is_due = |path: &str| !last.is_cut_off || reported.contains(path);
    let missing = |path: &&str| is_due(path) && !flagged.contains(*path);
    again.iter().copied().filter(missing).collect()
}

/// Whether a pattern matches a path, trying every length for each `*`.
fn matches(pattern: &str, path: &str, star: Star) -> bool {
    fn slow(pattern: &[u8], path: &[u8], least: usize) -> bool {
        match pattern.split_first() {
            None => path.is_empty(),
            Some((b'*', rest)) => (least..=path.len()).any(|n| slow(rest, &path[n..], least)),
            Some((byte, rest)) => path.first() == Some(byte) && slow(rest, &path[1..], least),
        }
    }
    let least = usize::from(star == Star::OneOrMore);
    slow(pattern.as_bytes(), path.as_bytes(), least)
}

mod tests {
    use std::time::SystemTime;

    use fastrand::Rng;
    use purge_tests::cli::Ended;
    use serde_json::json;

    use super::super::chance::Options;
    use super::super::others::Record;
    use super::{BTreeMap, Job, Told, in_several, unflagged};

    const KILLED: (Option<i32>, &str) = (None, "");
    const SIGNALLED_TWICE: (Option<i32>, &str) = (Some(130), "{\"message\":\"interrupted\"}\n");
    const SIGNALLED_ONCE: (Option<i32>, &str) = (Some(130), "{\"error\":{\"exit_code\":130}}\n");
    const FAILED: (Option<i32>, &str) = (Some(1), "{\"error\":{\"exit_code\":1}}\n");

    fn job(paths: &[&str]) -> Job {
        let record = || Record { status: 1, completed: None };
        let records = paths.iter().map(|path| ((*path).to_owned(), record()));
        Job { created: SystemTime::UNIX_EPOCH, records: records.collect() }
    }

    /// The output of a run that writes a line for each request: complete for `/a`, cut off for `/b`.
    fn told((code, err): (Option<i32>, &str), is_flagged: bool) -> Told {
        let line = json!({ "possible_duplicate": is_flagged, "paths": [{ "path": "/a" }] });
        let out = format!("{line}\n{{\"possible_dup");
        let ended = Ended { code, out, err: err.to_owned() };
        Told::new(Options::last(&mut Rng::with_seed(0)), &ended)
    }

    #[test]
    fn duplicate_must_be_flagged_if_its_path_was_reported_or_the_run_was_not_cut_off() {
        let jobs = BTreeMap::from([
            ("1", job(&["/a"])),
            ("2", job(&["/b", "/c"])),
            ("3", job(&["/a", "/b"])),
        ]);
        let again = in_several(jobs.values());
        assert_eq!(Vec::from_iter(&again), [&"/a", &"/b"]);
        for run in [KILLED, SIGNALLED_TWICE] {
            assert_eq!(unflagged(&again, &told(run, true)), [""; 0], "{run:?}");
            assert_eq!(unflagged(&again, &told(run, false)), ["/a"], "{run:?}");
        }
        for run in [SIGNALLED_ONCE, FAILED] {
            assert_eq!(unflagged(&again, &told(run, true)), ["/b"], "{run:?}");
            assert_eq!(unflagged(&again, &told(run, false)), ["/a", "/b"], "{run:?}");
        }
    }
}
