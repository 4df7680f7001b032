//! One line for each run, in a file that many runs append to.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::SystemTime;

use purge_api_ext::{OperationId, OrganizationId, Report, ResourceId};
use serde::Serialize;

use super::json;
use crate::exit::{Exit, Failure};
use crate::shown::{file_name, shown};

/// The file, opened before anything is sent.
pub(crate) struct Audit(Option<Open>);

struct Open {
    file: File,
    /// Its name, as messages show it.
    name: String,
    command: &'static str,
    reason: Option<String>,
}

/// What one run did.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Audit"))]
pub(super) struct Line<'a> {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    schema: u32,
    /// When the run ended: RFC 3339, in UTC.
    time: String,
    /// Who started it: the user that the CI system names, or else the user of the machine; null if neither is known.
    who: Option<String>,
    /// The name of the machine.
    host: Option<String>,
    /// The URL of the run in a CI system, if it is known.
    ci: Option<String>,
    /// The reason, as passed to `--reason`.
    reason: Option<&'a str>,
    /// `create` or `resume`.
    command: &'static str,
    /// The profile, if the run had several: each has its own line.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    /// The organization.
    organization: Option<OrganizationId>,
    /// The CDN resource.
    resource: Option<ResourceId>,
    /// How the run ended.
    exit_code: u8,
    /// The counts of the report, without those of `--again`.
    summary: &'a purge_api_ext::Summary,
    /// The IDs of the operations that the run created or found in the list, with those of `--again`.
    operations: Vec<&'a OperationId>,
}

impl Audit {
    /// Writes nothing.
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn open(
        file: Option<&Path>,
        reason: Option<&str>,
        command: &'static str,
    ) -> Result<Self, Failure> {
        let Some(path) = file else { return Ok(Self::NONE) };
        let name = file_name(path);
        let file = opened(path).map_err(|error| {
            Failure::usage(format!("the audit file `{name}` cannot be written: {error}"))
        })?;
        Ok(Self(Some(Open { file, name, command, reason: reason.map(shown) })))
    }

    /// Appends the line of a run, or of one of its profiles. `again` is the report of purging stale paths once more.
    pub(crate) fn write(
        &mut self,
        profile: Option<&str>,
        report: &Report,
        again: Option<&Report>,
        exit: Exit,
    ) -> Result<(), Failure> {
        let Some(Open { file, name, command, reason }) = &mut self.0 else { return Ok(()) };
        let all = report.operations.iter().chain(again.iter().flat_map(|again| &again.operations));
        let line = Line {
            schema: 1,
            time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            who: first(&["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME", "USERNAME"]),
            host: host(),
            ci: ci_run(),
            reason: reason.as_deref(),
            command,
            profile,
            organization: report.organization,
            resource: report.resource,
            exit_code: exit as u8,
            summary: &report.summary,
            operations: all.filter_map(|operation| operation.op_id.as_ref()).collect(),
        };
        let mut text = Vec::new();
        let written = json::line(&mut text, &line).and_then(|()| append(file, &text));
        written.map_err(|error| {
            Failure::new(
                Exit::Failed,
                format!("the audit file `{name}` cannot be written: {error}"),
            )
        })
    }
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).read(true).append(true).open(path)
}

/// Appends one line, whole and separate from others, even if other runs write at the same time.
fn append(file: &mut File, line: &[u8]) -> io::Result<()> {
    // Some file systems have no locks. There, a line is still appended in one write.
    let locked = file.lock().is_ok();
    let written = match ends_within_a_line(file) {
        // An earlier line may have been cut off by a full disk.
        true => file.write_all(&[b"\n", line].concat()),
        false => file.write_all(line),
    };
    let written = written.and_then(|()| file.sync_data());
    if locked { written.and(file.unlock()) } else { written }
}

fn ends_within_a_line(file: &mut File) -> bool {
    let mut last = [b'\n'];
    let is_read = file.seek(SeekFrom::End(-1)).is_ok() && file.read_exact(&mut last).is_ok();
    is_read && last != *b"\n"
}

/// The first of these variables that is set.
fn first(names: &[&str]) -> Option<String> {
    let mut values = names.iter().filter_map(|name| env::var(name).ok());
    values.find(|value| !value.trim().is_empty()).map(|value| shown(value.trim()))
}

fn ci_run() -> Option<String> {
    let github = || {
        let [server, repository, run] =
            ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|name| first(&[name]));
        Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
    };
    // GitLab, Jenkins and compatible systems, CircleCI.
    github().or_else(|| first(&["CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL"]))
}

fn host() -> Option<String> {
    #[cfg(unix)]
    {
        let system = rustix::system::uname();
        let name = system.nodename().to_string_lossy();
        (!name.is_empty()).then(|| shown(&name))
    }
    #[cfg(not(unix))]
    first(&["COMPUTERNAME"])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn lines_of_parallel_writers_stay_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        // A line that a full disk has cut off.
        fs::write(&path, "{\"torn\":").expect("a file");
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let path = &path;
                scope.spawn(move || {
                    for size in 0..50 {
                        let mut line = vec![b'a' + writer; 1 + size * 400];
                        line.push(b'\n');
                        append(&mut opened(path).expect("a file"), &line).expect("it is written");
                    }
                });
            }
        });
        let text = fs::read_to_string(&path).expect("a file");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("{\"torn\":"));
        let mut count = 0;
        for line in lines {
            let first = line.as_bytes()[0];
            assert!(line.bytes().all(|byte| byte == first), "a mixed line: {line}");
            assert_eq!((line.len() - 1) % 400, 0, "a torn line: {line}");
            count += 1;
        }
        assert_eq!(count, 400);
    }
}
