//! Responses become plain values, without secrets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use purge_api_ext::Client;
use purge_api_ext::raw::certificate;
use purge_api_ext::raw::purge_api::ObservedResponse;
use purge_api_ext::raw::reqwest::Url;
use purge_api_ext::raw::reqwest::header::{AGE, CONTENT_TYPE, DATE, HeaderMap};
use serde_json::Value;

use crate::doctor::{Asked, Certificate, Exchange, Purged, Query, Seen, masked};
use crate::output::Setting;

/// How many characters of a text in a body are kept: enough for any URL.
const TEXT: usize = 16 * 1024;
/// How many characters of a header are kept.
const HEADER: usize = 100;

/// Collects the responses. Clones share them.
#[derive(Clone)]
pub(super) struct Watch {
    client: Client,
    collected: Arc<Mutex<Collected>>,
}

#[derive(Default)]
struct Collected {
    seen: Seen,
    certificate: Option<Certificate>,
}

impl Watch {
    pub(super) fn new(client: &Client, base_url: &str) -> Self {
        let collected = Collected::default();
        let watch = Self { client: client.clone(), collected: Arc::new(Mutex::new(collected)) };
        watch.change(|all| all.seen.is_described_server = is_described(base_url));
        watch
    }

    fn change<T>(&self, change: impl FnOnce(&mut Collected) -> T) -> T {
        change(&mut self.collected.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a response.
    pub(super) fn take(&self, response: &ObservedResponse) {
        let exchange = exchange(response, |text, most| self.client.show(text, most));
        let certificate = certificate(response).and_then(Certificate::parse);
        self.change(|all| {
            all.certificate = all.certificate.take().or(certificate);
            all.seen.exchanges.push(exchange);
        });
    }

    /// Removes the token from settings.
    pub(super) fn hide_token(&self, settings: &mut [Setting]) {
        for value in settings.iter_mut().filter_map(|setting| setting.value.as_mut()) {
            let shown = self.client.show(value, TEXT);
            if shown != purge_api_ext::escape(value) {
                *value = shown;
            }
        }
    }

    pub(super) fn certificate(&self) -> Option<Certificate> {
        self.change(|all| all.certificate.clone())
    }

    /// What is known from the responses so far.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        self.change(|all| look(&all.seen))
    }

    pub(super) fn purged(&self, path: &str, op_id: Option<String>) {
        self.change(|all| all.seen.purged = Some(Purged { path: path.to_owned(), op_id }));
    }

    /// All of it. When the response to a login arrived, its token was not known yet: it is removed from the rest of that
    /// response now.
    pub(super) fn into_seen(self) -> Seen {
        let mut seen = self.change(|all| std::mem::take(&mut all.seen));
        let show = |text: &str, most: usize| self.client.show(text, most);
        for exchange in seen.exchanges.iter_mut().filter(|exchange| exchange.asked == Asked::Login)
        {
            exchange.content_type = exchange.content_type.take().map(|text| show(&text, HEADER));
            exchange.limits.iter_mut().for_each(|(name, value)| {
                (*name, *value) = (show(name, HEADER), show(value, HEADER));
            });
            exchange.body = exchange.body.take().map(|body| shown(body, &show));
        }
        seen
    }
}

/// Whether a base URL is the server that the descriptions name.
pub(super) fn is_described(base_url: &str) -> bool {
    base_url == Client::BASE_URL
}

fn exchange(response: &ObservedResponse, show: impl Fn(&str, usize) -> String) -> Exchange {
    let asked = asked(response);
    let body = serde_json::from_slice::<Value>(&response.body).ok();
    let body = match asked {
        // The token in it is not known yet.
        Asked::Login => body.map(masked),
        _ => body,
    };
    Exchange {
        body: body.map(|body| shown(body, &show)),
        status: response.status.as_u16(),
        content_type: text(&response.headers, CONTENT_TYPE.as_str())
            .map(|text| show(&text, HEADER)),
        limits: limits(&response.headers, response.status.is_success(), &show),
        date: date(&response.headers),
        sent: response.sent,
        received: response.received,
        asked,
    }
}

fn asked(response: &ObservedResponse) -> Asked {
    if response.url.path().ends_with("/auth/login/token") {
        return Asked::Login;
    }
    match response.method.as_str() {
        "GET" => Asked::List(query(&response.url)),
        _ => Asked::Create,
    }
}

fn query(url: &Url) -> Query {
    let pairs: BTreeMap<_, _> = url.query_pairs().collect();
    let number = |name: &str| pairs.get(name).and_then(|text| text.parse().ok()).unwrap_or(1);
    let op_id = pairs.get("opID").map(|id| id.clone().into_owned());
    Query { page: number("page"), limit: number("limit"), op_id }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The headers that state how many requests are allowed, under any of the names in use.
fn limits(
    headers: &HeaderMap,
    is_success: bool,
    show: &impl Fn(&str, usize) -> String,
) -> Vec<(String, String)> {
    let states = |name: &str| {
        name.contains("ratelimit")
            || name.contains("rate-limit")
            || (name == "retry-after" && is_success)
    };
    let found = headers.keys().map(|name| name.as_str()).filter(|name| states(name));
    let value = |name: &str| show(&text(headers, name).unwrap_or_default(), HEADER);
    let mut found: Vec<_> = found.map(|name| (show(name, HEADER), value(name))).collect();
    found.sort();
    found
}

/// The time at which the response was made: none if a cache may have stored it.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let mut dates = headers.get_all(DATE).into_iter();
    let date = dates.next().filter(|_| dates.next().is_none() && !headers.contains_key(AGE))?;
    httpdate::parse_http_date(date.to_str().ok()?).ok()
}

/// JSON whose texts and names are safe to show.
fn shown(value: Value, show: &impl Fn(&str, usize) -> String) -> Value {
    match value {
        Value::String(text) => show(&text, TEXT).into(),
        Value::Array(items) => items.into_iter().map(|item| shown(item, show)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (show(&name, TEXT), shown(value, show)))
            .collect(),
        other => other,
    }
}
