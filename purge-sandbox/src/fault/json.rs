//! Faults as JSON: in a file, or in a header of a single request.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Kind};
use crate::fault::{Fault, Target};

/// The header in which a request carries its own fault.
pub(crate) const HEADER: &str = "x-sandbox-fault";

impl Fault {
    /// Reads a list of faults, for [`SandboxBuilder::faults`](crate::SandboxBuilder::faults).
    ///
    /// Each fault is an object, whose members are all optional:
    ///
    /// | member | value | as in Rust |
    /// |---|---|---|
    /// | `on` | `"POST"`, `"GET"` or `"LOGIN"` | [`on_post`](Self::on_post), [`on_get`](Self::on_get), [`on_login`](Self::on_login) |
    /// | `times` | a number | [`times`](Self::times) |
    /// | `status` | 200 to 999 | [`status`](Self::status) |
    /// | `headers` | an object with strings; a name may be given more than once | [`header`](Self::header) |
    /// | `body` | a string | [`body`](Self::body) |
    /// | `delay` | a duration such as `"200ms"` | [`delay`](Self::delay) |
    /// | `ending` | `"truncated"`, `"reset"`, `"garbage"`, `{ "stalled": "5s" }` or `{ "raw": "…" }` | [`truncated`](Self::truncated), [`reset`](Self::reset), [`garbage`](Self::garbage), [`stall`](Self::stall), [`raw`](Self::raw) |
    /// | `keeps` | `true` or `false` | [`keeping_objects`](Self::keeping_objects) |
    /// | `applies` | `true` or `false` | [`after_applying`](Self::after_applying), [`without_applying`](Self::without_applying) |
    ///
    /// A request can also carry one such object in its header `X-Sandbox-Fault`. It takes precedence over the queue and
    /// removes nothing from it.
    ///
    /// # Errors
    ///
    /// When the text is not such a list, or contains a fault that cannot be sent, such as one with a body for
    /// status 204, with a `status` and a raw ending, or with its own `Content-Length`. The message names the member and the line.
    ///
    /// ```
    /// let faults = purge_sandbox::Fault::from_json(
    ///     r#"[
    ///         { "on": "POST", "status": 429, "headers": { "Retry-After": "1" }, "times": 2 },
    ///         { "on": "POST", "ending": "reset", "applies": true }
    ///     ]"#,
    /// )?;
    /// assert_eq!(faults.len(), 2);
    /// # Ok::<(), purge_sandbox::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Vec<Self>, Error> {
        // Some editors begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let entries: Vec<Entry> = serde_json::from_str(text).map_err(Kind::Faults)?;
        Ok(entries.into_iter().map(|entry| entry.0).collect())
    }
}

/// The fault in the header of a request.
pub(crate) fn requested(headers: &HeaderMap, target: Target) -> Result<Option<Fault>, Error> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Kind::Fault("there are several such headers; send one").into());
    }
    let Entry(fault) = serde_json::from_slice(value.as_bytes()).map_err(Kind::Faults)?;
    if fault.times.is_some() {
        return Err(Kind::Fault(
            "a fault in a header applies only to its own request; leave out `times`",
        )
        .into());
    }
    Ok(fault.on.is_none_or(|meant| meant == target).then_some(fault))
}

/// A fault that is checked while it is parsed, so that a refusal names the line.
#[derive(Deserialize)]
#[serde(try_from = "Members")]
struct Entry(Fault);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    on: Option<On>,
    times: Option<u32>,
    status: Option<i64>,
    #[serde(default, deserialize_with = "pairs")]
    headers: Vec<(String, String)>,
    body: Option<String>,
    #[serde(default, deserialize_with = "duration")]
    delay: Duration,
    ending: Option<Ending>,
    #[serde(default)]
    keeps: bool,
    applies: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum On {
    Get,
    Post,
    Login,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ending {
    Truncated,
    Reset,
    Garbage,
    Stalled(#[serde(deserialize_with = "duration")] Duration),
    Raw(String),
}

impl TryFrom<Members> for Entry {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let mut fault = match members.ending {
            None => Fault::answer(),
            Some(Ending::Truncated) => Fault::truncated(),
            Some(Ending::Reset) => Fault::reset(),
            Some(Ending::Garbage) => Fault::garbage(),
            Some(Ending::Stalled(duration)) => Fault::stall(duration),
            Some(Ending::Raw(text)) => Fault::raw(text),
        };
        if let Some(status) = members.status {
            fault = fault.try_status(status)?;
        }
        for (name, value) in &members.headers {
            fault = fault.try_header(name, value)?;
        }
        fault.body = members.body.map(Into::into);
        fault.times = members.times;
        fault.keeps = members.keeps;
        fault.check()?;
        fault = fault.delay(members.delay);
        fault = match members.on {
            None => fault,
            Some(On::Get) => fault.on_get(),
            Some(On::Post) => fault.on_post(),
            Some(On::Login) => fault.on_login(),
        };
        Ok(Self(match members.applies {
            None => fault,
            Some(true) => fault.after_applying(),
            Some(false) => fault.without_applying(),
        }))
    }
}

/// The members of an object in their order, including repeated names.
fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object with strings")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }

    deserializer.deserialize_map(Pairs)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map_err(|error| serde::de::Error::custom(format!("{text:?} is not a duration: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_setters_make_the_same_faults() {
        let read = Fault::from_json(
            r#"[
                { "on": "POST", "times": 2, "status": 429, "headers": { "retry-after": "1" }, "body": "x" },
                { "on": "GET", "ending": { "stalled": "5s" }, "delay": "200ms" },
                { "ending": "reset", "applies": true },
                { "ending": "truncated", "applies": false },
                { "ending": { "raw": "\u0000" } },
                { "keeps": true },
                { "on": "LOGIN", "status": 503 }
            ]"#,
        )
        .expect("a list of faults");
        let written = [
            Fault::status(429).on_post().times(2).header("retry-after", "1").body("x"),
            Fault::stall(Duration::from_secs(5)).on_get().delay(Duration::from_millis(200)),
            Fault::reset().after_applying(),
            Fault::truncated().without_applying(),
            Fault::raw([0]),
            Fault::answer().keeping_objects(),
            Fault::status(503).on_login(),
        ];
        for (read, written) in read.iter().zip(&written) {
            assert_eq!(format!("{read:?}"), format!("{written:?}"));
        }
        assert_eq!(read.len(), written.len());
    }

    #[test]
    fn byte_order_mark_is_not_a_part_of_the_list() {
        let read = Fault::from_json("\u{feff}[{}]").expect("a list of faults");
        assert_eq!(read.len(), 1);
    }

    #[test]
    fn a_header_can_be_sent_twice() {
        let text = r#"[{ "headers": { "Retry-After": "1", "retry-after": "2", "x": "" } }]"#;
        let read = Fault::from_json(text).expect("a list of faults");
        let values: Vec<_> = read[0].headers.get_all("retry-after").iter().collect();
        assert_eq!(values, ["1", "2"]);
    }

    #[test]
    fn a_refusal_names_the_mistake() {
        for (text, expected) in [
            ("[{ \"statsu\": 1 }]", "unknown field `statsu`"),
            (
                "[\n{ \"status\": 42 }]",
                "`status`: 42 is not the status of a response; use 200 to 999",
            ),
            ("[\n{ \"status\": 42 }]", "line 2"),
            ("[{ \"status\": 101 }]", "`status`: 101"),
            ("[{ \"status\": -1 }]", "`status`: -1"),
            ("[{ \"status\": 70000 }]", "`status`: 70000"),
            ("[{ \"headers\": { \"a b\": \"\" } }]", "`headers`: \"a b\" is not a header name"),
            (
                "[{ \"headers\": { \"a\": \"\\n\" } }]",
                "`headers`: \"a\" cannot have the value \"\\n\"",
            ),
            (
                "[{ \"headers\": { \"Content-Length\": \"1\" } }]",
                "`headers`: \"Content-Length\" is written",
            ),
            ("[{ \"headers\": { \"connection\": \"close\" } }]", "raw ending"),
            ("[{ \"headers\": [] }]", "an object with strings"),
            ("[{ \"status\": 204, \"body\": \"x\" }]", "`body`: a response with status 204"),
            (
                "[{ \"status\": 304, \"ending\": \"truncated\" }]",
                "`ending`: a response with status 304",
            ),
            ("[{ \"status\": 204, \"ending\": { \"stalled\": \"1s\" } }]", "`ending`: a response"),
            (
                "[{ \"status\": 503, \"ending\": { \"raw\": \"x\" } }]",
                "`status`: with this `ending`, no such response",
            ),
            ("[{ \"body\": \"\", \"ending\": \"reset\" }]", "`body`: with this `ending`"),
            ("[{ \"delay\": \"soon\" }]", "\"soon\" is not a duration"),
            ("[{ \"on\": \"PUT\" }]", "unknown variant `PUT`"),
            ("{}", "line 1"),
            ("[{ \"\\u001b[31m\": 1 }]", r"unknown field `\u{1b}[31m`"),
        ] {
            let message = Fault::from_json(text).expect_err(text).to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
