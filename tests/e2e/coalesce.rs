//! Coalescing into directories, as a pipeline uses it. Most tests send nothing: a dry run shows everything.

use std::io::Write as _;

use purge_sandbox::{Sandbox, Star};
use purge_tests::cli::{Ended, Run};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempPath};

use crate::PURGE;

/// A file with these lines, deleted when the test ends.
fn listing(lines: &[impl AsRef<str>]) -> TempPath {
    let mut file = NamedTempFile::new().expect("a temporary file");
    for line in lines {
        writeln!(file, "{}", line.as_ref()).expect("a temporary file");
    }
    file.into_temp_path()
}

fn name(file: &TempPath) -> &str {
    file.to_str().expect("UTF-8")
}

/// A site with 3 directories of 10 files each, and 2 other files.
fn site() -> Vec<String> {
    let files = (0..30).map(|i| format!("/{}/{}.html", ["a", "b", "b/c"][i / 10], i % 10));
    files.chain(["/index.html".to_owned(), "/about.html".to_owned()]).collect()
}

async fn plan(arguments: &[&str], input: &str) -> Ended {
    Run::new(PURGE, arguments).input(input).end().await
}

fn paths(report: &Value) -> Vec<&str> {
    let operations = report["operations"].as_array().expect("operations");
    let paths = operations.iter().flat_map(|o| o["paths"].as_array().expect("paths"));
    paths.map(|path| path["path"].as_str().expect("a text")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn inventory_turns_whole_directories_into_wildcards() {
    let inventory = listing(&site());
    let asked: String = site()
        .iter()
        .filter(|path| !path.ends_with("/b/3.html"))
        .map(|p| format!("{p}\n"))
        .collect();
    for command in [&["plan"][..], &["create", "--dry-run"]] {
        let options = ["--from", "-", "--inventory", name(&inventory), "--output", "json"];
        let ended = plan(&[command, &options].concat(), &asked).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let report = ended.json();
        let sent = paths(&report);
        assert_eq!((sent[0], sent.len()), ("/a/*", 1 + 9 + 1 + 2), "{sent:?}");
        assert_eq!((sent[1], sent[10], sent[12]), ("/b/0.html", "/b/c/*", "/about.html"));
        assert_eq!(report["summary"]["extra"], 0);
        assert_eq!(report["summary"]["covered"], 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn extra_purges_are_limited_and_reported() {
    let inventory = listing(&site());
    let asked: String =
        site().iter().filter(|path| !path.ends_with("3.html")).map(|p| format!("{p}\n")).collect();
    let with = async |options: &[&str]| {
        let base = ["plan", "--from", "-", "--inventory", name(&inventory)];
        plan(&[&base, options].concat(), &asked).await
    };

    let ended = with(&["--max-extra", "1", "--output", "json"]).await;
    let report = ended.json();
    assert_eq!(report["summary"]["extra"], 1);
    assert_eq!(report["summary"]["paths"], 29 - 9 + 1);

    let ended = with(&["--max-extra", "3"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    insta::assert_snapshot!(ended.out, @r"
      planned     /a/*
      planned     /b/*
      planned     /index.html
      planned     /about.html
    4 paths in 1 request; nothing was sent
      3 other paths of the inventory are purged as well
      27 of 29 given paths are covered by a wildcard
    ");

    let ended = with(&["--max-requests", "1", "--output", "json"]).await;
    assert_eq!(ended.json()["summary"]["extra"], 0, "29 paths fit as they are");
}

#[tokio::test(flavor = "multi_thread")]
async fn request_limit_works_without_an_inventory() {
    let asked: String =
        (0..300).map(|i| format!("/{}/{i}.html", i % 7)).collect::<Vec<_>>().join("\n");
    let ended =
        plan(&["plan", "--from", "-", "--max-requests", "2", "--output", "json"], &asked).await;
    let report = ended.json();
    assert_eq!(
        (&report["summary"]["requests"], &report["summary"]["extra"]),
        (&json!(2), &Value::Null)
    );
    let ended = plan(&["plan", "--from", "-", "--max-requests", "2"], &asked).await;
    insta::assert_snapshot!(ended.out, @r"
      request 1  100 paths  /0/* … /1/169.html
      request 2   75 paths  /2/170.html … /4/298.html
    175 paths in 2 requests; nothing was sent
      without an inventory, it is unknown what else the wildcards purge
      128 of 300 given paths are covered by a wildcard
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_inventories_and_limits_are_reported_with_line_and_value() {
    let bad = listing(&["/a", "# a comment", "b", "/c/*"]);
    let empty = listing(&["# nothing"]);
    let one = listing(&["/a/1", "/a/2", "/a/3"]);
    let check = async |arguments: &[&str], expected: &str| {
        let ended = plan(&[&["plan", "/a/1", "/a/2"], arguments].concat(), "").await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "", "{arguments:?}");
    };
    let lines = format!("{}:3: `b`: it does not begin with `/`", name(&bad));
    check(&["--inventory", name(&bad)], &lines).await;
    let lines =
        format!("{}:4: `/c/*`: a `*`, at byte 3: an inventory has no wildcards", name(&bad));
    check(&["--inventory", name(&bad)], &lines).await;
    check(&["--inventory", name(&empty)], "the inventory is empty").await;
    check(&["--inventory", "/not/there"], "/not/there cannot be read").await;
    check(&["--from", "-", "--inventory", "-"], "standard input can be read only once").await;
    check(&["--max-extra", "1"], "--inventory").await;
    check(&["--inventory", name(&one), "--max-requests", "0"], "--max-requests").await;
    check(&["--inventory", name(&one), "--max-extra=-1"], "--max-extra").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_site_still_needs_its_flag() {
    let paths: Vec<String> = (0..101).map(|i| format!("/{i}")).collect();
    let inventory = listing(&paths);
    let from = ["plan", "--output", "json", "--from", name(&inventory)];
    let limited = [&from[..], &["--inventory", name(&inventory), "--max-requests", "1"]].concat();
    let ended = plan(&limited, "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("do not fit in 1 request; allow at least 2"), "{}", ended.err);
    let ended = plan(&[&limited[..], &["--allow-full-purge"]].concat(), "").await;
    assert_eq!(self::paths(&ended.json()), ["/*"]);
}

/// Purges through a sandbox. Returns what was sent, and which paths of the site are still cached.
async fn purge(star: Star, site: &[&str], asked: &[&str], options: &[&str]) -> [Vec<String>; 2] {
    let sandbox = Sandbox::builder().star(star).start().await.expect("a sandbox");
    sandbox.fill(site);
    let resource = sandbox.resource();
    let cached = sandbox.cached(resource);
    assert!(site.iter().all(|path| cached.iter().any(|cached| cached == path)), "{cached:?}");
    let options = [&["create", "--wait", "--output", "json", "--from", "-"], options].concat();
    let run = Run::new(PURGE, options)
        .account(sandbox.base_url(), sandbox.token(), sandbox.organization(), resource)
        .input(asked.join("\n"));
    let ended = run.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sent = paths(&ended.json()).into_iter().map(str::to_owned).collect();
    [sent, sandbox.cached(resource)]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_requested_path_stays_cached_under_either_reading_of_a_star() {
    let blog = ["/blog/", "/blog/1.html", "/blog/2.html", "/blog/2025/", "/blog/2025/caf%C3%A9"];
    let others = ["/", "/img/.jpg", "/img/a.jpg", "/p/caf%C3%A9", "/a", "/a1", "/a12"];
    let stays = ["/stays/", "/stays/1.html"];
    let site = [&blog[..], &others, &stays].concat();
    let inventory = listing(&site);
    let by_inventory = ["--inventory", name(&inventory)];
    let given = ["/blog/*", "/blog/", "/blog/1.html", "/img/*.jpg", "/img/.jpg", "/img/a.jpg"];
    let given = [&given[..], &["/a**", "/a", "/a1", "/a12", "/p/*9", "/p/caf%C3%A9"]].concat();
    for star in [Star::OneOrMore, Star::ZeroOrMore] {
        // The requested paths, the options, what is sent, what must be purged.
        let check = async |asked: &[&str], options: &[&str], expected: &[&str], gone: &[&str]| {
            let [sent, cached] = purge(star, &site, asked, options).await;
            assert_eq!(sent, expected, "{star:?}");
            let stale: Vec<_> =
                cached.iter().filter(|path| gone.contains(&path.as_str())).collect();
            assert!(stale.is_empty(), "{stale:?} are stale under {star:?}, {sent:?} was sent");
            let all = gone.len() == site.len();
            assert!(all || stays.iter().all(|path| cached.iter().any(|cached| cached == path)));
        };
        let sent = ["/blog/*", "/blog/", "/img/*.jpg", "/img/.jpg", "/a**", "/a", "/a1"];
        let sent = [&sent[..], &["/p/*9", "/p/caf%C3%A9"]].concat();
        check(&given, &[], &sent, &given).await;
        check(&blog, &by_inventory, &["/blog/", "/blog/*"], &blog).await;
        let extra = [&by_inventory[..], &["--max-extra", "1"]].concat();
        check(&blog[1..], &extra, &["/blog/*", "/blog/"], &blog).await;
        let everything = [&by_inventory[..], &["--allow-full-purge"]].concat();
        check(&site, &everything, &["/*", "/"], &site).await;
    }
}
