//! What became of the path that was purged.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::checks::record::{at, is_finished};
use super::seen::{Asked, Object, Operation, Seen, op_id};

/// How a purge went: its states, and its times.
pub(crate) fn story(seen: &Seen) -> String {
    let Some(own) = seen.purged.as_ref().and_then(|purged| purged.op_id.as_deref()) else {
        return "no operation ID is known".to_owned();
    };
    let sent = seen.of(Operation::Create).last().map(|create| create.sent);
    let mut said = vec![format!("operation {own}")];
    let mut last = None;
    for exchange in &seen.exchanges {
        let Asked::List(_) = exchange.asked else { continue };
        let Some(record) = record_of(exchange.object(), own) else { continue };
        let state = (record.get("status").and_then(Value::as_i64), is_finished(record));
        if last == Some(state) {
            continue;
        }
        last = Some(state);
        let status = state.0.map_or("no status".to_owned(), |status| format!("status {status}"));
        let finished = if state.1 { ", finished" } else { "" };
        let after = sent.map(|sent| after(exchange.received, sent)).unwrap_or_default();
        said.push(format!("{status}{finished}{after}"));
    }
    let records = seen.records().filter(|record| is_of(record, own));
    said.extend(records.filter(|record| is_finished(record)).last().and_then(by_its_times));
    said.join("; ")
}

fn is_of(record: &Object, own: &str) -> bool {
    op_id(record).as_deref() == Some(own)
}

fn record_of<'a>(body: Option<&'a Object>, own: &str) -> Option<&'a Object> {
    let records = body?.get("data")?.get("requests")?.as_array()?;
    records.iter().filter_map(Value::as_object).find(|record| is_of(record, own))
}

fn after(time: SystemTime, sent: SystemTime) -> String {
    let passed = time.duration_since(sent).unwrap_or_default();
    format!(" after {}", rounded(passed))
}

fn rounded(duration: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_millis(duration.as_millis().try_into().unwrap_or(0)))
}

/// What the times of the record say, by the clock of the service.
fn by_its_times(record: &Object) -> Option<String> {
    let [created, completed] = ["createdAt", "completedAt"].map(|name| at(record, name));
    let between = |from: i128, to: i128| {
        u64::try_from(to - from).map(|nanos| rounded(Duration::from_nanos(nanos)).to_string())
    };
    let started = at(record, "startedAt").and_then(|started| between(created?, started).ok());
    let started = started.map(|took| format!("started {took}, ")).unwrap_or_default();
    let completed = between(created?, completed?).ok()?;
    Some(format!("by its times, {started}completed {completed} after it was created"))
}
