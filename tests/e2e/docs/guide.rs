//! The pages of the guide: each page works as one session in one shell, and so do all pages in a row.

use std::collections::BTreeSet;
use std::fs;

use purge_tests::cli::{Ended, Run};

use super::page::{Page, shown};
use super::{Bench, root};

/// Separates the outputs of two examples; it occurs in no text.
pub(super) const NEXT: char = '\u{1e}';

/// The pages in the order of the table of contents.
const PAGES: [&str; 7] =
    ["paths.md", "sites.md", "retries.md", "waiting.md", "verify.md", "journals.md", "settings.md"];

/// Runs the examples of these pages in one shell without an account. Errors are part of the expected
/// output.
async fn check(names: &[&str]) {
    let mut script = String::from("set +e +o pipefail; exec 2>&1\n");
    let mut examples = Vec::new();
    for name in names {
        let page = Page::read(name).examples();
        assert!(!page.is_empty(), "{name} shows no command");
        examples.extend(page.into_iter().map(|example| (name, example)));
    }
    for (_, example) in &examples {
        script.push_str(&example.script);
        script.push_str("printf '\\036'\n");
    }
    // No job is left for the next page or the reader.
    script.push_str("for _ in {1..200}; do [ -z \"$(jobs -rp)\" ] && break; sleep 0.05; done\n");
    script.push_str("jobs -rp; env | grep PURGE_; [ \"$PWD\" = \"$HOME\" ] || pwd\n");
    let bench = Bench::new().await;
    let ended = session(&bench, &script).await;
    let printed: Vec<_> = ended.out.split(NEXT).collect();
    assert_eq!(printed.len(), examples.len() + 1, "the session ended early: {ended:?}");
    assert_eq!(printed[examples.len()], "", "a page leaves something behind");
    for ((name, example), printed) in examples.iter().zip(printed) {
        let page = format!("{}{}", example.script, example.output);
        assert_eq!(shown(printed, &page), example.output, "{name}:\n{}", example.script);
    }
}

/// Runs a script as a reader would, who has the program but no account.
pub(super) async fn session(bench: &Bench, script: &str) -> Ended {
    let path = std::env::var("PATH").expect("a search path");
    let path = format!("{}:{path}", bench.path("bin").display());
    let script = format!("trap 'kill $(jobs -p) 2>/dev/null' EXIT\n{script}");
    Run::new("bash", ["--noprofile", "--norc", "-c", &script])
        .folder(bench.folder.path())
        .env("PATH", &path)
        .env("HOME", bench.folder.path().to_str().expect("a name"))
        .end()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_works_in_a_shell_of_its_own() {
    for name in PAGES {
        check(&[name]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_work_in_one_shell() {
    check(&PAGES).await;
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
    let rows: Vec<_> = PAGES.iter().map(|page| contents.find(&format!("]({page})"))).collect();
    assert!(rows.is_sorted(), "the pages are not in the order of the table");
    for run in PAGES.into_iter().chain(["queue.md", "recipes.md"]) {
        assert!(pages.remove(run), "{run}");
    }
    // None of these has commands of `cdn-purge` to compare.
    assert_eq!(pages.into_iter().collect::<Vec<_>>(), ["README.md", "benchmarks.md", "install.md"]);
}
