//! Faults as JSON: in a file, or in a header of one request.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, Method};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Kind};
use crate::fault::Fault;

/// With this header a request brings its own fault.
pub(crate) const HEADER: &str = "x-sandbox-fault";

impl Fault {
    /// Reads a list of faults, for [`SandboxBuilder::faults`](crate::SandboxBuilder::faults).
    ///
    /// Each is an object; every member may be left out:
    ///
    /// | member | value | as in Rust |
    /// |---|---|---|
    /// | `on` | `"POST"` or `"GET"` | [`on_post`](Self::on_post), [`on_get`](Self::on_get) |
    /// | `times` | a number | [`times`](Self::times) |
    /// | `status` | 200 to 999 | [`status`](Self::status) |
    /// | `headers` | an object of texts | [`header`](Self::header) |
    /// | `body` | a text | [`body`](Self::body) |
    /// | `delay` | a duration such as `"200ms"` | [`delay`](Self::delay) |
    /// | `ending` | `"truncated"`, `"reset"`, `"garbage"`, `{ "stalled": "5s" }` or `{ "raw": "…" }` | [`truncated`](Self::truncated), [`reset`](Self::reset), [`garbage`](Self::garbage), [`stall`](Self::stall), [`raw`](Self::raw) |
    /// | `applies` | `true` or `false` | [`after_applying`](Self::after_applying), [`without_applying`](Self::without_applying) |
    ///
    /// A request can also bring one such object in its header `X-Sandbox-Fault`. It goes before the
    /// queue and takes nothing from it.
    ///
    /// # Errors
    ///
    /// When the text is not such a list; the message names the line.
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
        let entries: Vec<Entry> = serde_json::from_str(text).map_err(Kind::Faults)?;
        entries.into_iter().map(|entry| entry.fault().map_err(Error::from)).collect()
    }
}

/// The fault that a request asks for itself.
pub(crate) fn requested(headers: &HeaderMap, method: &Method) -> Result<Option<Fault>, Error> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let entry: Entry = serde_json::from_slice(value.as_bytes()).map_err(Kind::Faults)?;
    if entry.times.is_some() {
        return Err(Kind::Fault("a header holds for its own request alone; leave out times").into());
    }
    let fault = entry.fault()?;
    Ok(fault.method.as_ref().is_none_or(|meant| meant == method).then_some(fault))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    on: Option<On>,
    times: Option<u32>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    #[serde(default, deserialize_with = "duration")]
    delay: Duration,
    ending: Option<Ending>,
    applies: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum On {
    Get,
    Post,
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

impl Entry {
    fn fault(self) -> Result<Fault, Kind> {
        let mut fault = match self.ending {
            None => Fault::answer(),
            Some(Ending::Truncated) => Fault::truncated(),
            Some(Ending::Reset) => Fault::reset(),
            Some(Ending::Garbage) => Fault::garbage(),
            Some(Ending::Stalled(duration)) => Fault::stall(duration),
            Some(Ending::Raw(text)) => Fault::raw(text),
        };
        if let Some(status) = self.status {
            if !(200..=999).contains(&status) {
                return Err(Kind::Fault("a status is a number from 200 to 999"));
            }
            fault.status = Fault::status(status).status;
        }
        for (name, value) in &self.headers {
            fault = fault
                .try_header(name, value)
                .ok_or(Kind::Fault("a header has a name or a value that HTTP does not allow"))?;
        }
        fault.body = self.body.map(Into::into);
        fault.times = self.times;
        fault = fault.delay(self.delay);
        fault = match self.on {
            None => fault,
            Some(On::Get) => fault.on_get(),
            Some(On::Post) => fault.on_post(),
        };
        Ok(match self.applies {
            None => fault,
            Some(true) => fault.after_applying(),
            Some(false) => fault.without_applying(),
        })
    }
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
    fn json_means_what_the_setters_mean() {
        let read = Fault::from_json(
            r#"[
                { "on": "POST", "times": 2, "status": 429, "headers": { "retry-after": "1" }, "body": "x" },
                { "on": "GET", "ending": { "stalled": "5s" }, "delay": "200ms" },
                { "ending": "reset", "applies": true },
                { "ending": "truncated", "applies": false },
                { "ending": { "raw": "\u0000" } }
            ]"#,
        )
        .expect("a list of faults");
        let written = [
            Fault::status(429).on_post().times(2).header("retry-after", "1").body("x"),
            Fault::stall(Duration::from_secs(5)).on_get().delay(Duration::from_millis(200)),
            Fault::reset().after_applying(),
            Fault::truncated().without_applying(),
            Fault::raw([0]),
        ];
        for (read, written) in read.iter().zip(&written) {
            assert_eq!(format!("{read:?}"), format!("{written:?}"));
        }
        assert_eq!(read.len(), written.len());
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, expected) in [
            ("[{ \"statsu\": 1 }]", "unknown field `statsu`"),
            ("[{ \"status\": 42 }]", "200 to 999"),
            ("[{ \"headers\": { \"a b\": \"\" } }]", "a header has a name"),
            ("[{ \"delay\": \"soon\" }]", "\"soon\" is not a duration"),
            ("[{ \"on\": \"PUT\" }]", "unknown variant `PUT`"),
            ("{}", "line 1"),
        ] {
            let message = Fault::from_json(text).expect_err(text).to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
