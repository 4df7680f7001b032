//! `purge-sandbox/README.md`: its blocks for other languages, against a server like the one that they name.

use std::io::Write as _;

use super::{Bench, text};

/// The first block of a language, with this server's address instead of the page's.
fn block(kind: &str, base: &str) -> String {
    let page = text("purge-sandbox/README.md");
    let block =
        page.split(&format!("```{kind}\n")).nth(1).and_then(|rest| rest.split("```").next());
    let block = block.expect(kind);
    assert!(block.contains("http://127.0.0.1:8080"), "{block}");
    block.replace("http://127.0.0.1:8080", base)
}

async fn has(bench: &Bench, program: &str) -> bool {
    let is_there = bench.bash(&format!("command -v {program}"), &[]).await.code == Some(0);
    if !is_there {
        let _ = writeln!(std::io::stderr(), "{program} is not installed: its block is not run");
    }
    is_there
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_example_prints_what_its_comments_say() {
    let bench = Bench::new().await;
    if !has(&bench, "curl").await {
        return;
    }
    bench.sandbox.fill(["/index.html"]);
    bench.write("index.html", "a page");
    let script = block("sh", bench.sandbox.base_url());
    let comments: Vec<_> = script.lines().filter_map(|line| line.split_once("# ")).collect();
    let seen = comments.iter().map(|(_, seen)| *seen).filter(|seen| !seen.contains(' '));
    let seen: Vec<_> = seen.collect();
    assert_eq!(seen, ["HIT", "MISS"]);
    let ended = bench.bash(&script, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let printed = ended.out.lines().filter_map(|line| line.trim().strip_prefix("x-cache: "));
    assert_eq!(printed.collect::<Vec<_>>(), seen, "{ended:?}");
    assert!(ended.out.contains("\"message\":\"Purged.\""), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn python_example_passes_its_assertions() {
    let bench = Bench::new().await;
    if !has(&bench, "python3").await {
        return;
    }
    let script = block("python", bench.sandbox.base_url());
    let ended = bench.bash("printf '%s' \"$SCRIPT\" | python3 -", &[("SCRIPT", &script)]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(bench.posted(), ["/index.html", "/index.html"]);
}
