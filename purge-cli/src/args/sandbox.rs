use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use purge_api_ext::Rate;

#[derive(clap::Args)]
pub(crate) struct SandboxArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Allow an address that other machines can reach, and requests whose Host is not this machine: what is
    /// sent there is not encrypted
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
    /// Folder whose files the edge serves and caches, or an http server on this machine
    /// (http://127.0.0.1:PORT) [default: a small built-in site]
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) origin: Option<Origin>,
    /// How long a purge job takes
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = humantime::parse_duration)]
    pub(crate) purge_delay: Duration,
    /// How much a `*` matches at least; what the real service does is unknown
    #[arg(long, value_name = "HOW", default_value = "one-or-more")]
    pub(crate) star: Star,
    /// JSON file of faults: what the server does wrong, and when
    ///
    /// A list of objects with any of the members `on`, `status`, `headers`, `body`, `delay`, `ending`, `applies`
    /// and `times`, such as `[{"on": "POST", "status": 503, "headers": {"retry-after": "1"}, "times": 2}]`.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Answer 429 to what comes faster, such as 5/s or 30/m. 5/s allows 5 requests at once, then one more
    /// every 200 ms
    #[arg(long, value_name = "N/s")]
    pub(crate) rate_limit: Option<Rate>,
    /// Do not log requests on standard error
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let host = text.rsplit_once(':').map_or("", |(host, _)| host);
        let loopback = matches!(host, "" | "localhost" | "::1");
        match port.filter(|_| loopback) {
            Some(port) => format!("write `127.0.0.1:{port}`"),
            None => "write an IP address and a port, such as `127.0.0.1:8080`".to_owned(),
        }
    })
}

/// How much a `*` of a purged path matches.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Star {
    /// `/blog/*` leaves `/blog/` cached
    OneOrMore,
    /// `/blog/*` purges `/blog/`, too
    ZeroOrMore,
}

impl From<Star> for purge_sandbox::Star {
    fn from(star: Star) -> Self {
        match star {
            Star::OneOrMore => Self::OneOrMore,
            Star::ZeroOrMore => Self::ZeroOrMore,
        }
    }
}

/// Where the edge of the sandbox gets its files.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Folder(PathBuf),
    Server(SocketAddr),
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(authority) = text.strip_prefix("http://") else {
            return Ok(Self::Folder(text.into()));
        };
        let address = authority.trim_end_matches('/').parse();
        address.map(Self::Server).map_err(|_| "write it as http://127.0.0.1:PORT".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_names_lead_to_numbers() {
        let check = |text: &str, expected: &str| {
            assert_eq!(address(text).expect_err(text), expected, "{text}");
        };
        check("localhost:8499", "write `127.0.0.1:8499`");
        check(":8499", "write `127.0.0.1:8499`");
        check("8499", "write `127.0.0.1:8499`");
        let general = "write an IP address and a port, such as `127.0.0.1:8080`";
        for text in ["", "localhost", "127.0.0.1", "example.com:80", "localhost:99999"] {
            check(text, general);
        }
        assert!(address("[::1]:0").is_ok());
    }
}
