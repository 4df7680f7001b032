use std::num::IntErrorKind;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use purge_api_ext::Rate;

use super::{AddressArgs, InputArgs, MessageArgs, ReportArgs};

#[derive(clap::Args)]
#[command(mut_arg("edge", |arg| arg.required(true)))]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) edges: EdgeArgs,
    /// When the purge was sent: how long ago, such as 10m, or a time, such as 2026-01-31T12:00:00Z
    ///
    /// Without it, `Age` cannot show whether a copy is older than the purge, and only contents are compared.
    #[arg(long, help_heading = "Verifying", value_name = "10m|TIME", value_parser = since)]
    pub(crate) since: Option<Duration>,
    /// Ask again until everything is fresh, for at most this long [without a value: 2m]
    #[arg(
        long, help_heading = "Verifying", value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "2m", value_parser = humantime::parse_duration
    )]
    pub(crate) wait: Option<Duration>,
    /// The new build, to compare with: a folder, a tar archive or a manifest
    #[arg(long, help_heading = "Comparing", value_name = "DIR")]
    pub(crate) site: Option<PathBuf>,
    /// The old build, in any of these forms: with `--site`, it shows whether a copy is the old file
    #[arg(long, help_heading = "Comparing", value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Read all paths of the site from a file, like `--from`: a wildcard is verified by the paths that it matches
    #[arg(long, help_heading = "Comparing", value_name = "FILE")]
    pub(crate) inventory: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) addresses: AddressArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

/// Which hosts to ask, and how fast.
#[derive(clap::Args)]
#[command(next_help_heading = "Verifying")]
pub(crate) struct EdgeArgs {
    /// An edge to ask, such as https://www.example.com; the option may be given several times
    // Parsed later: clap's errors repeat the value, and a URL may hold a password.
    #[arg(long, value_name = "URL")]
    pub(crate) edge: Vec<String>,
    /// Ask the edge of this host and port at each of these addresses, as `curl --resolve` does
    ///
    /// The addresses are points of presence: `www.example.com:443:192.0.2.1,192.0.2.2`. The option may be given
    /// several times.
    #[arg(long, value_name = "HOST:PORT:ADDRESS", requires = "edge")]
    pub(crate) resolve: Vec<String>,
    /// URL of the origin, to compare with what it serves. This also shows whether the origin's clock or a cache in
    /// front of it explains an `Age`
    #[arg(long, value_name = "URL")]
    pub(crate) origin: Option<String>,
    /// Maximum size of a body that is compared, such as 10MiB [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) verify_bytes: Option<u64>,
    /// Maximum rate of requests to each host [default: 100/s]
    #[arg(long, value_name = "N/s")]
    pub(crate) verify_rate: Option<Rate>,
    /// Maximum number of concurrent requests to each host [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) verify_concurrency: Option<u16>,
    /// Verify the same sample of a wildcard's paths as the run that printed this seed
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
}

/// How long ago the purge was sent.
fn since(text: &str) -> Result<Duration, String> {
    if let Ok(duration) = humantime::parse_duration(text) {
        return Ok(duration);
    }
    let time = humantime::parse_rfc3339_weak(text).map_err(|_| {
        "write how long ago, such as `10m`, or a time in UTC, such as `2026-01-31T12:00:00Z`"
            .to_owned()
    })?;
    let ago = SystemTime::now().duration_since(time);
    ago.map_err(|_| "this time is in the future".to_owned())
}

fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 4] =
        [("GiB", 1024 * 1024 * 1024), ("MiB", 1024 * 1024), ("KiB", 1024), ("B", 1)];
    let unit = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((text, 1));
    let number: u64 =
        number.trim().parse().map_err(|error: std::num::ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => "too large".to_owned(),
            _ => "write a number of bytes, or a size such as `64MiB`".to_owned(),
        })?;
    number.checked_mul(bytes).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("1"), Ok(1));
        assert_eq!(size("64MiB"), Ok(64 * 1024 * 1024));
        assert_eq!(size("2 KiB"), Ok(2048));
        for odd in ["", "MiB", "1MB", "-1", "1.5MiB", "99999999999GiB"] {
            size(odd).expect_err(odd);
        }
    }

    #[test]
    fn since_is_a_duration_or_a_time() {
        assert_eq!(since("10m"), Ok(Duration::from_secs(600)));
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        assert!(since("2020-01-31T12:00:00Z").expect("a time") > year);
        assert_eq!(since("2999-01-31 12:00:00").expect_err("later"), "this time is in the future");
        assert!(since("yesterday").expect_err("a word").contains("such as `10m`"));
    }
}
