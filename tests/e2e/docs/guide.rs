//! The pages of the guide: what they show is one session in one shell, from the top to the end.

use std::collections::BTreeSet;
use std::fs;

use purge_sandbox::Sandbox;

use super::page::{Page, shown};
use super::{Bench, root};

/// What stands between the outputs of two examples: no text has it.
const NEXT: char = '\u{1e}';

/// Runs the examples of a page. Errors are a part of what is shown, and what was left in the background
/// is ended.
async fn check(name: &str) {
    let examples = Page::read(name).examples();
    assert!(!examples.is_empty(), "{name} shows no command");
    let mut script =
        "set +e +o pipefail; exec 2>&1; trap 'kill $(jobs -p) 2>/dev/null' EXIT\n".to_owned();
    for example in &examples {
        script.push_str(&example.script);
        script.push_str("printf '\\036'\n");
    }
    // The server that a reader starts has the built-in site.
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let bench = Bench { sandbox, ..Bench::new().await };
    let ended = bench.bash(&script, &[]).await;
    let printed: Vec<_> = ended.out.split(NEXT).collect();
    assert_eq!(printed.len(), examples.len() + 1, "{name}: the session ended early: {ended:?}");
    for (example, printed) in examples.iter().zip(printed) {
        let page = format!("{}{}", example.script, example.output);
        assert_eq!(shown(printed, &page), example.output, "{name}:\n{}", example.script);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths() {
    check("paths.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retries() {
    check("retries.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting() {
    check("waiting.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn journals() {
    check("journals.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings() {
    check("settings.md").await;
}

#[test]
fn every_page_is_run_and_is_in_the_table_of_contents() {
    let contents = fs::read_to_string(root().join("docs/README.md")).expect("a file");
    let files = fs::read_dir(root().join("docs")).expect("a folder");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let mut pages: BTreeSet<_> = names.filter(|name| name.ends_with(".md")).collect();
    for page in &pages {
        assert!(page == "README.md" || contents.contains(&format!("]({page})")), "{page}");
    }
    for run in ["paths.md", "retries.md", "waiting.md", "journals.md", "settings.md", "recipes.md"]
    {
        assert!(pages.remove(run), "{run}");
    }
    // Neither has commands of `purge` to compare.
    assert_eq!(pages.into_iter().collect::<Vec<_>>(), ["README.md", "benchmarks.md"]);
}
