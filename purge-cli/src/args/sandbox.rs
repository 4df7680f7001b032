use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use purge_api_ext::Rate;
use purge_sandbox::Pop;

/// The help below the options. It has a table, which a terminal must not wrap.
pub(super) const HELP: &str = r#"Faults:
  A faults file is a JSON array of objects. Each request gets the first fault
  that matches it; a fault is dropped after `times` uses. Every member is
  optional:
    on        "POST", "GET" or "LOGIN": which requests it matches [all]
    times     how many requests get it [1]
    status    status of the response, 200 to 999 [the sandbox's own, or 200]
    headers   headers of the response: an object of strings
    body      body of the response: a string
    delay     delay before the response, such as "200ms"
    ending    how the response ends:
                "truncated"           cut off in the middle
                "reset"               connection reset before the first byte
                "garbage"             not HTTP at all
                {"stalled": "5s"}     silence in the middle, then a reset
                {"raw": "text"}       these bytes, and nothing else
    keeps     true: the job reports its paths as purged, but they stay cached
    applies   whether the request takes effect [false with `status`, `reset`,
              `garbage` or `raw`, otherwise true]
  A request can also carry one such object in its X-Sandbox-Fault header.

Example of a faults file:
  [ { "on": "POST", "status": 429, "headers": { "Retry-After": "1" } },
    { "on": "POST", "ending": "reset", "applies": true } ]

Example:
  cdn-purge sandbox --listen 127.0.0.1:8080 &
  export PURGE_BASE_URL=http://127.0.0.1:8080 PURGE_TOKEN=sandbox-token
  export PURGE_ORGANIZATION=550e8400-e29b-41d4-a716-446655440000
  export PURGE_RESOURCE=660f9511-f30c-52e5-b827-557766551111
  cdn-purge create --wait /index.html"#;

#[derive(clap::Args)]
pub(crate) struct SandboxArgs {
    /// Address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Allow an address that other machines can reach, and requests whose Host header does not name this
    /// machine; traffic is not encrypted
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
    /// Where the edge gets the files that it caches: a folder, or an HTTP server on this machine
    /// (http://127.0.0.1:PORT) [default: a small built-in site]
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) origin: Option<Origin>,
    /// Replace the origin's folder with this one after a delay, to simulate an upload that arrives late
    #[arg(long, value_name = "DURATION=DIR", value_parser = later, requires = "origin")]
    pub(crate) origin_later: Option<(Duration, PathBuf)>,
    /// Add a point of presence at /pop/NAME/, which purges a path this much later than the others, or responds with
    /// 403 or with a challenge for browsers; the option may be given several times
    #[arg(long, value_name = "NAME[=DURATION|403|challenge]", value_parser = pop)]
    pub(crate) pop: Vec<Pop>,
    /// Encode files with gzip or Brotli for visitors that accept it, and cache each variant separately
    #[arg(long)]
    pub(crate) compress: bool,
    /// How long a purge job takes
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = humantime::parse_duration)]
    pub(crate) purge_delay: Duration,
    /// The minimum that a `*` matches; what the real service does is unknown
    #[arg(long, value_name = "HOW", default_value = "one-or-more")]
    pub(crate) star: Star,
    /// JSON file of faults: what the server does wrong, and when
    ///
    /// The format is described below, under "Faults".
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Respond with 429 to requests above this rate, such as 5/s or 30/m. 5/s allows a burst of 5 requests, then
    /// one every 200 ms
    #[arg(long, value_name = "N/s")]
    pub(crate) rate_limit: Option<Rate>,
    /// How long a token is valid [default: 4h for a token from a login; PURGE_TOKEN does not expire]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) token_lifetime: Option<Duration>,
    /// Do not log requests to standard error
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

fn later(text: &str) -> Result<(Duration, PathBuf), String> {
    let form = || "write it as DURATION=DIR, such as `10s=new`".to_owned();
    let (delay, folder) = text.split_once('=').ok_or_else(form)?;
    let delay = humantime::parse_duration(delay).map_err(|_| form())?;
    Ok((delay, folder.into()))
}

fn pop(text: &str) -> Result<Pop, String> {
    let Some((name, how)) = text.split_once('=') else { return Ok(Pop::new(text)) };
    let pop = Pop::new(name);
    match how {
        "403" => Ok(pop.forbidding()),
        "challenge" => Ok(pop.challenging()),
        lag => humantime::parse_duration(lag).map(|lag| pop.lag(lag)).map_err(|_| {
            "write a lag such as `5s`, or `403` or `challenge`, after the `=`".to_owned()
        }),
    }
}

/// The minimum that a `*` in a purged path matches.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Star {
    /// `/blog/*` leaves `/blog/` cached
    OneOrMore,
    /// `/blog/*` also purges `/blog/`
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
        let Some((scheme, authority)) = text.split_once("://") else {
            return Ok(Self::Folder(text.into()));
        };
        let address = authority.trim_end_matches('/').parse();
        let is_plain = scheme.eq_ignore_ascii_case("http");
        let address = address.ok().filter(|_| is_plain).map(Self::Server);
        address.ok_or_else(|| {
            "pass a folder, or an HTTP server on this machine as http://127.0.0.1:PORT".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use purge_sandbox::Fault;

    use super::*;

    #[test]
    fn help_names_every_member_of_a_fault() {
        let named = |text: &str| {
            let error = Fault::from_json(text).expect_err(text).to_string();
            let (_, names) = error.split_once("expected one of ").expect("a list of names");
            let names = names.split(" at line").next().expect("names").split(", ");
            names.map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>()
        };
        let members = named(r#"[{ "no": 1 }]"#);
        assert_eq!(members.len(), 9, "{members:?}");
        for member in members {
            assert!(HELP.contains(&format!("\n    {member:<9} ")), "{member}");
        }
        for ending in named(r#"[{ "ending": "no" }]"#) {
            assert!(HELP.contains(&format!("\"{ending}\"")), "{ending}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80), "a terminal wraps it");
        let (_, example) = HELP.split_once("Example of a faults file:\n").expect("an example");
        let example = example.split("\n\n").next().expect("an example");
        assert_eq!(Fault::from_json(example).map(|faults| faults.len()).ok(), Some(2));
    }

    #[test]
    fn origin_with_a_scheme_is_a_server_on_this_machine() {
        let read = |text: &str| text.parse::<Origin>();
        for text in ["http://127.0.0.1:80", "HTTP://127.0.0.1:80/"] {
            assert!(matches!(read(text), Ok(Origin::Server(_))), "{text}");
        }
        for text in ["https://127.0.0.1:80", "https://example.com", "http://example.com", "ftp://a"]
        {
            assert!(read(text).expect_err(text).contains("http://127.0.0.1:PORT"), "{text}");
        }
        assert!(matches!(read("site/public"), Ok(Origin::Folder(_))));
    }

    #[test]
    fn refused_address_suggests_a_valid_one() {
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
