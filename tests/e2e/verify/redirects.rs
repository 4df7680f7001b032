//! Redirects in place of files.

use purge_sandbox::Sandbox;
use purge_tests::cli::Run;
use purge_tests::script::{Script, ScriptServer, Step};

use super::Bench;
use super::create::{bench, json};
use crate::PURGE;
use crate::account::posts;

/// A response that keeps the connection open.
fn answer(status: &str, headers: &str, body: &str) -> Step {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
    Step::Keep(head.into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_the_old_build_at_the_origin_is_waited_for() {
    let bench = bench(Sandbox::builder()).await;
    let redirect = answer("301 Moved", "location: /b.html\r\n", "");
    let script = Script::new([], [redirect.clone(), answer("200 OK", "", "new")]);
    let origin = ScriptServer::playing(script).await;
    let ended = json(&bench, &["--origin-ready=60s", "--origin", origin.base_url()]).await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 1), "{ended:?}");
    // The new file is there, whatever else the response depends on.
    bench.write("new/a.html", "newer");
    let newer = answer("200 OK", "vary: *\r\n", "newer");
    let origin = ScriptServer::playing(Script::new([], [newer])).await;
    let ended = json(&bench, &["--origin-ready=60s", "--origin", origin.base_url()]).await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 2), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirect_to_the_folder_of_an_index_file_is_fresh() {
    let bench = Bench::new(Sandbox::builder()).await;
    bench.write("new/docs/index.html", "new");
    let redirect = answer("301 Moved", "location: /docs/\r\n", "");
    let edge = ScriptServer::playing(Script::new([], [redirect])).await;
    let options = ["--site", "new", "--index", "index.html", "--output", "ndjson", "--edge"];
    let arguments = [&["verify", "/docs/index.html"], &options[..], &[edge.base_url()]].concat();
    let ended = Run::new(PURGE, arguments).folder(bench.folder.path()).end().await;
    let lines = ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Vec<serde_json::Value> = lines.collect();
    let reason = |path: &str| {
        let line = lines.iter().find(|line| line["path"] == path);
        line.and_then(|line| line["reason"].as_str()).expect("a reason").to_owned()
    };
    assert_eq!(reason("/docs"), "to_folder", "{ended:?}");
    assert_eq!(
        (reason("/docs/"), reason("/docs/index.html")),
        ("redirect".into(), "redirect".into())
    );
}
