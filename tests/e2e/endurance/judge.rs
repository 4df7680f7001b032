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
        self.figures.again = self.duplicates_are_flagged(&own);
        self.nothing_is_lost();
        let last = self.told.last().into_iter().flat_map(|told| &told.operations);
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
        // A program that was killed has not reported everything.
        if code == Some(0) || !told.operations.is_empty() && matches!(code, Some(1..=6)) {
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
                    "a job of which the report says that there is none",
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
                "not how the job has ended",
                &(path, record),
            );
        }
    }

    /// Checks that a path in more than one operation is in a request that is reported as a possible
    /// duplicate. Returns the number of such paths.
    fn duplicates_are_flagged(&self, own: &BTreeMap<&str, &Job>) -> usize {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for path in own.values().flat_map(|job| job.records.keys()) {
            *count.entry(path).or_default() += 1;
        }
        let again: BTreeSet<_> = count.into_iter().filter(|(_, jobs)| *jobs > 1).collect();
        // A program that was killed and never resumed has reported nothing.
        let Some(last) = self.told.last().filter(|told| !told.operations.is_empty()) else {
            return again.len();
        };
        let flagged = last.operations.iter().filter(|o| o["possible_duplicate"] == true);
        let flagged: BTreeSet<String> = flagged.flat_map(paths_of).collect();
        for (path, jobs) in &again {
            self.require(
                flagged.contains(*path),
                "a duplicate that is not reported",
                &(path, jobs),
            );
        }
        again.len()
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
        self.require(last.code == Some(0), "the last run has not succeeded", &last.code);
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
