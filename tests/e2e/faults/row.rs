//! One case of the table.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use purge_tests::http2::Frame;
use purge_tests::raw::answer;
use purge_tests::script::{Script, Step};

/// A case: what the server does, what is called, and the expected result.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The ID of the case in the list of faults, and what is special about it.
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) place: Place,
    posts_get: Vec<Step>,
    gets_get: Vec<Step>,
    /// The responses to logins; none if the row has a token already.
    logins_get: Vec<Step>,
    pub(crate) code: u8,
    /// The non-zero counts of the report.
    pub(crate) counts: String,
    /// How many requests the server receives.
    pub(crate) posts: RangeInclusive<usize>,
    pub(crate) gets: RangeInclusive<usize>,
    pub(crate) possible_duplicate: bool,
    /// The time that passes on the paused clock, in seconds.
    pub(crate) takes: RangeInclusive<f64>,
    /// What standard output must contain, whatever the form.
    pub(crate) shows: Vec<String>,
    /// What standard error must contain.
    pub(crate) says: Vec<String>,
    /// What no output may contain.
    pub(crate) hides: Vec<String>,
}

/// Where the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On loopback, without TLS.
    Plain,
    /// Behind TLS, with this certificate.
    Tls(Certificate),
    /// Behind TLS, with HTTP/2: one frame per request; the last one repeats.
    Http2(&'static [Frame]),
    /// Sends these bytes where the client expects TLS.
    Speaks(&'static [u8]),
    /// Behind a proxy that asks for credentials.
    Proxy,
    /// Nowhere: the connection is refused.
    Dead,
    /// At an address that accepts no connections.
    Deaf,
    /// At a name that does not resolve.
    Nameless,
}

impl Place {
    /// Whether the client needs a setting that the command line has no option for.
    pub(crate) fn is_for_the_library(self) -> bool {
        matches!(self, Self::Tls(_) | Self::Http2(_) | Self::Proxy)
    }
}

/// The certificate that a server presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Valid,
    Expired,
    SelfSigned,
    OfItsAuthority,
    OfAnotherHost,
    OfAnotherAuthority,
}

/// A body that accepts a request as a new operation.
pub(crate) const ACCEPTED: &str = r#"{"status":true,"opID":"job-NNNN"}"#;

/// A page without records.
pub(crate) const NOTHING: &str = r#"{"status":true,"data":{"total":0,"requests":[]}}"#;

/// A response with status 200.
pub(crate) fn ok(body: &str) -> Step {
    status("200 OK", body)
}

/// A response with a status line, which may include further header lines, and a body.
pub(crate) fn status(line: &str, body: &str) -> Step {
    Step::Send(answer(line, body))
}

/// A page with one record for each path, all of one operation, from a service whose clock shows 6 November
/// 1994, 08:49:37.
pub(crate) fn page_of_1994(id: &str, paths: &[&str], created: &str) -> Step {
    let records: Vec<_> = paths.iter().map(|path| (id, *path, created)).collect();
    records_of_1994(&records)
}

/// A time at which a record of [`records_of_1994`] counts as new.
pub(crate) const NEW: &str = "1994-11-06T08:49:37Z";

/// A page with these records (operation, path, time) from a service with the same clock.
pub(crate) fn records_of_1994(records: &[(&str, &str, &str)]) -> Step {
    status("200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT", &list_of(records))
}

/// The body of a page with these records.
pub(crate) fn list_of(records: &[(&str, &str, &str)]) -> String {
    let record = |(id, path, created): &(&str, &str, &str)| {
        format!(
            r#"{{"opID":"{id}","url":"https://e.com{path}","status":2,"createdAt":"{created}"}}"#
        )
    };
    let total = records.len();
    let records: Vec<_> = records.iter().map(record).collect();
    let records = records.join(",");
    format!(r#"{{"status":true,"data":{{"total":{total},"requests":[{records}]}}}}"#)
}

impl Row {
    /// A case that purges `/a` at a service that accepts everything and has an empty list.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            arguments: ["create", "/a"].map(str::to_owned).into(),
            place: Place::Plain,
            posts_get: vec![ok(ACCEPTED)],
            gets_get: vec![ok(NOTHING)],
            logins_get: Vec::new(),
            code: 0,
            counts: String::new(),
            posts: 0..=0,
            gets: 0..=0,
            possible_duplicate: false,
            takes: 0.0..=0.0,
            shows: Vec::new(),
            says: Vec::new(),
            hides: Vec::new(),
        }
    }

    /// Sets the arguments. `{base}`, `{other}` and `{token}` are replaced by the address of the service,
    /// the address of a server that must never be contacted, and the token file.
    pub(crate) fn call<S: AsRef<str>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments = arguments.into_iter().map(|a| a.as_ref().to_owned()).collect();
        self
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The responses to POSTs, in order; the last one repeats.
    pub(crate) fn post(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.posts_get = steps.into_iter().collect();
        self
    }

    /// The responses to requests for the list, in the same way.
    pub(crate) fn get(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.gets_get = steps.into_iter().collect();
        self
    }

    /// Expects this exit code and these non-zero counts of the report.
    pub(crate) fn ends(mut self, code: u8, counts: &str) -> Self {
        self.code = code;
        self.counts = counts.to_owned();
        self
    }

    /// Expects exactly these numbers of requests of each method.
    pub(crate) fn seen(mut self, posts: usize, gets: usize) -> Self {
        (self.posts, self.gets) = (posts..=posts, gets..=gets);
        self
    }

    /// Expects a number of list requests within a range, where it depends on chance.
    pub(crate) fn asked(mut self, gets: RangeInclusive<usize>) -> Self {
        self.gets = gets;
        self
    }

    pub(crate) fn possible_duplicate(mut self) -> Self {
        self.possible_duplicate = true;
        self
    }

    /// Expects a duration within a range, in seconds.
    pub(crate) fn takes(mut self, seconds: RangeInclusive<f64>) -> Self {
        self.takes = seconds;
        self
    }

    pub(crate) fn shows(mut self, text: &str) -> Self {
        self.shows.push(text.to_owned());
        self
    }

    pub(crate) fn says(mut self, text: &str) -> Self {
        self.says.push(text.to_owned());
        self
    }

    pub(crate) fn hides(mut self, text: &str) -> Self {
        self.hides.push(text.to_owned());
        self
    }

    /// The server's script, with the address for `{other}` filled in.
    pub(crate) fn script(&self, other: &str) -> Script {
        let named =
            |steps: &[Step]| steps.iter().map(|step| named(step, other)).collect::<Vec<_>>();
        let script = Script::new(named(&self.posts_get), named(&self.gets_get));
        match self.signs_in() {
            true => script.signing_in(named(&self.logins_get)),
            false => script,
        }
    }

    /// Whether the client has an API key and not a token.
    pub(crate) fn signs_in(&self) -> bool {
        !self.logins_get.is_empty()
    }

    /// The same case for a client that has an API key, at a service that signs it in.
    pub(crate) fn signing_in(mut self, login: Step) -> Self {
        self.logins_get = vec![login];
        self
    }

    /// A case in which logins get the responses that POSTs get in this one.
    pub(crate) fn failing_to_sign_in(mut self) -> Self {
        self.logins_get = std::mem::replace(&mut self.posts_get, vec![ok(ACCEPTED)]);
        self
    }
}

/// Fills in what is known only when a case runs: the address of the other server, and dates.
fn named(step: &Step, other: &str) -> Step {
    let Step::Send(bytes) = step else { return step.clone() };
    let Some(bytes) = Some(bytes).filter(|bytes| bytes.len() < 4096 && bytes.contains(&b'{'))
    else {
        return step.clone();
    };
    let Ok(mut text) = String::from_utf8(bytes.clone()) else { return step.clone() };
    text = text.replace("{other}", other);
    let now = SystemTime::now();
    for (what, time) in
        [("ahead", now + Duration::from_secs(40)), ("past", now - Duration::from_secs(3600))]
    {
        for (form, date) in date_forms(time) {
            text = text.replace(&format!("{{{what} {form}}}"), &date);
        }
    }
    Step::Send(text.into())
}

/// The current form and the two obsolete ones (RFC 9110, section 5.6.7).
fn date_forms(time: SystemTime) -> [(&'static str, String); 3] {
    let date = httpdate::fmt_http_date(time);
    let words: Vec<&str> = date.split(' ').collect();
    let [weekday, day, month, year, clock, _] = words[..] else { panic!("a date: {date}") };
    let weekday = weekday.trim_end_matches(',');
    let long = match weekday {
        "Tue" => "Tuesday".to_owned(),
        "Wed" => "Wednesday".to_owned(),
        "Thu" => "Thursday".to_owned(),
        "Sat" => "Saturday".to_owned(),
        other => format!("{other}day"),
    };
    let short_year = &year[2..];
    let day_of_month: u32 = day.parse().expect("a number");
    [
        ("HTTP", date.clone()),
        ("RFC 850", format!("{long}, {day}-{month}-{short_year} {clock} GMT")),
        ("asctime", format!("{weekday} {month} {day_of_month:>2} {clock} {year}")),
    ]
}
