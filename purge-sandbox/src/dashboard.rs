//! The page at `/`: resources, jobs, caches and the last requests, and its live updates.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::history::RecordState;
use crate::html::{self, Text};
use crate::jobs::{JobView, RecordView};
use crate::lock::lock;
use crate::log::LoggedRequest;
use crate::resource::Resource;
use crate::state::Shared;
use crate::text::short;

const JOBS: usize = 20;
/// The maximum number of rows for a job or a cache. More would push the rest of the page out of sight.
const ROWS: usize = 10;
const REQUESTS: usize = 50;

/// The characters that end a link or are not allowed in one. All others in a cached path are kept as requested.
const NOT_IN_LINKS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`');

/// How often an open page is compared with the state.
const TICK: Duration = Duration::from_millis(250);

/// The longest time after which something is written to an open page.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The changing parts of the page, by the ID of their element.
type Parts = BTreeMap<&'static str, String>;

pub(crate) async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let mut main = String::from(
        "<p id=\"live\" role=\"status\">This is the state when the page was loaded; reload it to see changes.</p>\n",
    );
    // Writing to a string cannot fail.
    let _ = write_account(&mut main, &shared);
    let parts = parts(&shared);
    for (id, title) in [
        ("resources", "Resources"),
        ("jobs", "Purge jobs"),
        ("caches", "Caches"),
        ("requests", "Last requests"),
    ] {
        let part = &parts[id];
        let _ = write!(
            main,
            "<section aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n\
             <div id=\"{id}\">\n{part}</div>\n</section>\n"
        );
    }
    html::page("State", "/", "dashboard.js", &main)
}

/// What a client needs to know to call this server.
fn write_account(out: &mut String, shared: &Shared) -> fmt::Result {
    let account = lock(&shared.account);
    writeln!(
        out,
        "<section aria-labelledby=\"account-title\">\n<h2 id=\"account-title\">Account</h2>\n\
         <dl class=\"account\"><dt>Bearer token</dt><dd><code>{}</code></dd>\n\
         <dt>API key</dt><dd><code>{}</code></dd>\n\
         <dt>API secret</dt><dd><code>{}</code></dd>\n\
         <dt>Organization</dt><dd><code>{}</code></dd></dl>\n\
         <p>The page <a href=\"/docs\">API documentation</a> sends requests with them.</p>\n</section>",
        Text(account.fixed_token()),
        Text(&account.key),
        Text(&account.secret),
        shared.organization,
    )
}

/// A stream of the parts that changed, as JSON.
pub(crate) async fn events(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let changes = stream::unfold((shared, Parts::new()), async |(shared, mut seen)| {
        let quiet = Instant::now();
        loop {
            let mut now = parts(&shared);
            now.retain(|id, part| seen.get(id) != Some(part));
            if !now.is_empty() {
                let event = Event::default().data(serde_json::to_string(&now).unwrap_or_default());
                seen.append(&mut now);
                return Some((Ok::<_, Infallible>(event), (shared, seen)));
            }
            tokio::time::sleep(TICK).await;
            // Only writing shows that a page has been closed.
            if quiet.elapsed() >= KEEP_ALIVE.min(shared.read_timeout / 4) {
                return Some((Ok(Event::default().comment("no change")), (shared, seen)));
            }
        }
    });
    Sse::new(changes)
}

fn parts(shared: &Shared) -> Parts {
    let mut parts: Parts = shared.with_all(|resources, now| {
        Parts::from([
            ("resources", to_string(|out| show_resources(out, resources))),
            ("jobs", to_string(|out| show_jobs(out, shared, resources, now))),
            ("caches", to_string(|out| show_caches(out, resources))),
        ])
    });
    parts.insert("requests", to_string(|out| show_requests(out, shared)));
    parts
}

/// Writing to a string cannot fail.
fn to_string(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    let _ = write(&mut text);
    text
}

/// A table that scrolls by itself if it is wide, and can be scrolled with the keyboard.
fn table(
    out: &mut String,
    label: &str,
    columns: &[&str],
    rows: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    write!(
        out,
        "<div class=\"wide\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">",
        Text(label)
    )?;
    out.write_str("<table><thead><tr>")?;
    for column in columns {
        write!(out, "<th scope=\"col\">{column}</th>")?;
    }
    out.write_str("</tr></thead>\n<tbody>\n")?;
    rows(out)?;
    out.write_str("</tbody></table></div>\n")
}

fn show_resources(out: &mut String, resources: &[Resource]) -> fmt::Result {
    let columns = ["Type", "UUID", "Records", "Cached objects", "Cached bytes"];
    table(out, "Resources", &columns, |out| {
        for resource in resources {
            let forgotten = match resource.work.forgotten() {
                0 => String::new(),
                count => format!(" ({count} older ones are no longer kept)"),
            };
            let purge = if resource.kind.can_purge() { "" } else { " (purging is refused)" };
            writeln!(
                out,
                "<tr><th scope=\"row\">{}{purge}</th><td data-name=\"UUID\"><code>{}</code></td>\
                 <td data-name=\"Records\">{}{forgotten}</td><td data-name=\"Cached objects\">{}</td>\
                 <td data-name=\"Cached bytes\">{}</td></tr>",
                resource.kind,
                resource.id,
                resource.work.len(),
                resource.edges.main.len(),
                resource.edges.main.bytes(),
            )?;
        }
        Ok(())
    })
}

fn show_jobs(
    out: &mut String,
    shared: &Shared,
    resources: &[Resource],
    now: Duration,
) -> fmt::Result {
    let mut jobs: Vec<(&Resource, JobView<'_>)> = resources
        .iter()
        .flat_map(|resource| resource.work.newest(JOBS).map(move |job| (resource, job)))
        .collect();
    jobs.sort_by_key(|(_, job)| std::cmp::Reverse(job.created));
    if jobs.is_empty() {
        return out.write_str(
            "<p>No job yet. Create one on the page <a href=\"/docs\">API documentation</a>.</p>\n",
        );
    }
    for (place, (resource, job)) in jobs.iter().take(JOBS).enumerate() {
        let open = if place == 0 { " open" } else { "" };
        writeln!(
            out,
            "<details id=\"job-{id}\"{open}><summary><code>{id}</code> {kind}, {created}: {finished} of {count} finished{bar}</summary>",
            id = Text(job.id),
            kind = resource.kind,
            created = humantime::format_rfc3339_seconds(shared.date(job.created)),
            finished = job.finished,
            count = job.count,
            bar = bar(job),
        )?;
        show_paths(out, resource, job, now)?;
        out.write_str("</details>\n")?;
    }
    Ok(())
}

/// The progress bar of a job; empty once the job has finished.
fn bar(job: &JobView<'_>) -> String {
    let JobView { finished, count, .. } = job;
    if finished == count {
        return String::new();
    }
    format!(
        " <progress value=\"{finished}\" max=\"{count}\" aria-label=\"finished paths\"></progress>"
    )
}

fn show_paths(
    out: &mut String,
    resource: &Resource,
    job: &JobView<'_>,
    now: Duration,
) -> fmt::Result {
    let (count, records) = resource.work.list(Some(job.id), 1, ROWS as u64, now);
    let label = format!("Paths of job {}", job.id);
    table(out, &label, &["Path", "State"], |out| {
        for record in &records {
            let state = state(record);
            writeln!(
                out,
                "<tr><td><code>{}</code></td><td class=\"{}\">{state}</td></tr>",
                Text(&short(record.path)),
                state.replace(' ', "-"),
            )?;
        }
        Ok(())
    })?;
    and_more(out, count - records.len())
}

/// The number of rows that are left out.
fn and_more(out: &mut String, count: usize) -> fmt::Result {
    if count == 0 { Ok(()) } else { writeln!(out, "<p>and {count} more</p>") }
}

fn state(record: &RecordView<'_>) -> &'static str {
    match RecordState::new(record) {
        RecordState::Purged => "purged",
        RecordState::NotCached => "not in cache",
        RecordState::Running => "running",
        RecordState::Pending => "pending",
    }
}

fn show_caches(out: &mut String, resources: &[Resource]) -> fmt::Result {
    for (place, resource) in resources.iter().enumerate() {
        let open = if place == 0 { " open" } else { "" };
        let (cache, count) = (&resource.edges.main, resource.edges.main.len());
        writeln!(
            out,
            "<details id=\"cache-{}\"{open}><summary>{}: {count} objects</summary>",
            resource.id, resource.kind,
        )?;
        if count == 0 {
            out.write_str("<p>Nothing is cached.</p>")?;
        } else {
            out.write_str("<ul>\n")?;
            for path in cache.paths().take(ROWS) {
                let link = utf8_percent_encode(path, NOT_IN_LINKS).to_string();
                let (shown, id) = (short(path), resource.id);
                // A shortened path gets no link, which could be 64 KiB long.
                if shown == path {
                    write!(out, "<li><a href=\"/edge/{id}{}\">", Text(&link))?;
                    writeln!(out, "<code>{}</code></a></li>", Text(&shown))?;
                } else {
                    writeln!(out, "<li><code>{}</code></li>", Text(&shown))?;
                }
            }
            out.write_str("</ul>\n")?;
            and_more(out, count.saturating_sub(ROWS))?;
        }
        out.write_str("</details>\n")?;
    }
    Ok(())
}

fn show_requests(out: &mut String, shared: &Shared) -> fmt::Result {
    let requests = shared.log.last(REQUESTS);
    if requests.is_empty() {
        return out.write_str("<p>No request yet.</p>\n");
    }
    table(out, "Last requests, newest first", &["Time", "Method", "Path", "Response"], |out| {
        for LoggedRequest { at, method, target, status } in &requests {
            let status = status.map_or("none".to_owned(), |status| status.to_string());
            let date = humantime::format_rfc3339_millis(shared.date(*at)).to_string();
            // The date is left out, since it is almost always today's.
            let time = date.get(11..).unwrap_or_default();
            writeln!(
                out,
                "<tr><td><time datetime=\"{date}\">{time}</time></td><td>{}</td><td><code>{}</code></td><td>{status}</td></tr>",
                Text(method),
                Text(&short(target)),
            )?;
        }
        Ok(())
    })?;
    match shared.log.dropped() {
        0 => Ok(()),
        count => writeln!(out, "<p>{count} earlier requests are no longer kept.</p>"),
    }
}
