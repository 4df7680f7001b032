use std::path::{Path, PathBuf};
use std::process::Command;

use super::run::{Usage, measured, ratios};
use super::server::Server;
use super::{Bench, Figure};
use crate::Error;
use crate::workspace::read;

/// Calls are short, so it takes many for a meaningful median.
const CALLS: u32 = 20;
const HTTP: &str = "`cdn-purge create --quiet /a` over http";
const ONE: &str = "the same over https, with one authority that both trust";
const ALL: &str = "the same over https, with that authority among the system's";
/// Where most systems keep their trusted authorities.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.build_baseline()?;
    let one = bench.tree.path("target/bench/authority.pem");
    let plain = Server::minimal(bench, None)?;
    let encrypted = Server::minimal(bench, Some(&one))?;
    let all = with_system(bench, &one)?;
    let mut figures = Vec::new();
    for (server, trusted, work, names, at_most) in [
        (&plain, None, HTTP, ["wall time", "peak memory"], 0.75),
        (&encrypted, Some(&*one), ONE, ["wall time, https", "peak memory, https"], 1.0),
        (&encrypted, Some(&*all), ALL, ["wall time, all roots", "peak memory, all roots"], 1.0),
    ] {
        let calls = Calls { bench, server, trusted };
        let figure = |figure, at_most, ratios| Figure {
            work,
            against: "`curl` with the same POST",
            figure,
            at_most: Some(at_most),
            ratios,
        };
        let [wall, peak] = names;
        figures.push(figure(wall, at_most, calls.walls()?));
        figures.push(figure(peak, 1.0, calls.peaks()?));
    }
    Ok(figures)
}

/// Calls to one server, with a file of trusted authorities.
struct Calls<'a> {
    bench: &'a Bench<'a>,
    server: &'a Server,
    trusted: Option<&'a Path>,
}

impl Calls<'_> {
    fn ours(&self) -> Command {
        self.known_to(self.bench.purge(["create", "--quiet", "/a"]))
    }

    fn curl(&self) -> Command {
        let Server { token, resource, .. } = self.server;
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail"]);
        command.args(["--header", &format!("authorization: Bearer {token}")]);
        command.args(["--header", "content-type: application/json", "--data-raw"]);
        command.arg(format!(r#"{{"resource_uuid":"{resource}","file_path":["/a"]}}"#));
        command.arg(self.server.url());
        self.known_to(command)
    }

    fn known_to(&self, command: Command) -> Command {
        let mut command = self.server.known_to(command);
        if let Some(trusted) = self.trusted {
            command.env("SSL_CERT_FILE", trusted).env("CURL_CA_BUNDLE", trusted);
        }
        command
    }

    fn walls(&self) -> Result<Vec<f64>, Error> {
        let bench = Bench { runs: self.bench.runs * CALLS, ..*self.bench };
        let pairs = bench.pairs(|| measured(self.ours()), || measured(self.curl()))?;
        let accepted = |(ours, curl): &(Usage, Usage)| {
            ours.output.contains("1 accepted") && curl.output.contains(r#""status":true"#)
        };
        if !pairs.iter().all(accepted) {
            return Err(Error::new("a call was not accepted"));
        }
        Ok(ratios(&pairs, |usage| usage.wall.as_secs_f64()))
    }

    fn peaks(&self) -> Result<Vec<f64>, Error> {
        let (ours, curl) = (self.ours(), self.curl());
        (0..self.bench.runs)
            .map(|_| Ok(self.bench.peak(&ours)? / self.bench.peak(&curl)?))
            .collect()
    }
}

/// The system's authorities and one more.
fn with_system(bench: &Bench<'_>, one: &Path) -> Result<PathBuf, Error> {
    let all = read(Path::new(SYSTEM))? + &read(one)?;
    bench.tree.write("target/bench/authorities.pem", &all)?;
    Ok(bench.tree.path("target/bench/authorities.pem"))
}
