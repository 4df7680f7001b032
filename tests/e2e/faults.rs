//! The faults that the client must survive, as one table: what the server does, and what must result.
//!
//! Every case runs on a paused clock over real connections: as a command with text output, as one with JSON
//! output, and, where it purges `/a` without options, also as a library call. In every row, the token is
//! never shown, no other host is contacted, and nothing in the output is a command to a terminal or to a CI
//! system. To add a case, add a row.

mod input;
mod payload;
mod place;
mod play;
mod row;
mod secret;
mod sign_in;
mod status;
mod transport;

use play::By;
use row::Row;

pub(crate) use play::{CANARY, assert_no_secret, token_file};

fn rows() -> Vec<Row> {
    [status::rows(), transport::rows(), payload::rows(), input::rows(), secret::rows()].concat()
}

#[test]
fn every_fault_has_its_outcome() {
    // Messages of the `log` crate are checked too. Another test may have installed the tracer already.
    let _ = tracing_log::LogTracer::init();
    let rows = rows();
    let mut plays = 0;
    let mut failed = Vec::new();
    let mut silent = vec!["purge_api_ext", "reqwest::", "hyper_util::", "h2::", "rustls::"];
    for row in &rows {
        let plain = row.arguments == ["create", "/a"];
        let command = [By::Text, By::Json].map(|by| (by, !row.place.is_for_the_library()));
        for (by, _) in [command[0], command[1], (By::Library, plain)].iter().filter(|(_, is)| *is) {
            plays += 1;
            let Ok(played) = std::panic::catch_unwind(|| play::play(row, *by)) else {
                failed.push(format!("{} ({by:?})\n  a panic", row.name));
                continue;
            };
            silent.retain(|library| !played.log.contains(library));
            let faults = played.faults(row, *by);
            if !faults.is_empty() {
                let faults = faults.join("\n  ");
                let play::Played { out, err, seen, code, took, .. } = &played;
                failed.push(format!(
                    "{} ({by:?})\n  {faults}\n  code {code}, {took:?}\n  out: {out}\n  err: {err}\n  \
                     requests: {seen:#?}",
                    row.name
                ));
            }
        }
    }
    let summary = format!("{} cases, {plays} plays, {} failed", rows.len(), failed.len());
    assert!(failed.is_empty(), "{}\n\n{summary}", failed.join("\n\n"));
    assert!(rows.len() >= 60, "{summary}");
    assert!(silent.is_empty(), "{silent:?} logged nothing, so their logs were not checked");
    println!("{summary}");
}
