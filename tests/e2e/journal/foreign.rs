//! Journals that someone else wrote: they determine what is purged, but not where the token goes.

use std::path::Path;

use purge_api_ext::{Client, Journal, Plan, PurgeEverything};
use purge_sandbox::Sandbox;
use purge_tests::cli::Run;

use super::{Folder, changed, check, json, resume};
use crate::account::{posts, site};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// A journal of a run at a server that never responds, so that it is unknown whether its requests were
/// accepted.
async fn interrupted(folder: &Folder, base: &str, paths: &[&str]) {
    let nothing = || std::future::ready(Err::<String, _>(std::io::Error::other("no token")));
    let provider = purge_api_ext::TokenProvider::from_fn(nothing);
    let client = Client::builder(provider).base_url(base).build().expect("a client");
    let (organization, resource) = (ORGANIZATION.parse(), RESOURCE.parse());
    let site = client.resource(organization.expect("a UUID"), resource.expect("a UUID"));
    let paths: Vec<_> = paths.iter().map(|path| path.parse().expect("a path")).collect();
    let plan = Plan::planner().allow_full_purge(PurgeEverything).plan(paths).expect("a plan");
    let report = site.purge(plan).journal(Journal::create(folder.journal()).expect("a file")).await;
    assert_eq!(report.summary.not_sent, report.summary.paths, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn token_goes_where_the_user_says_and_not_where_a_journal_says() {
    let theirs = Sandbox::start().await.expect("a sandbox");
    let own = Sandbox::start().await.expect("a sandbox");
    let folder = Folder::new();
    interrupted(&folder, theirs.base_url(), &["/a"]).await;
    let journal = folder.text();
    let settings = folder.path().join("config/purge");
    std::fs::create_dir_all(&settings).expect("a folder");
    let settings_file = settings.join("purge.toml");
    let command = format!("touch {}", folder.path().join("asked").display());
    let run = |arguments: &[&str]| {
        let arguments = [&["resume", &journal], arguments].concat();
        Run::new(PURGE, arguments).env("PURGE_TOKEN", own.token())
    };
    let refused = async |run: Run, address: &str| {
        let expected = format!(
            "belongs to the service {0}, not to {address}; if you trust {0} with your token, pass \
             `--base-url {0}`\n",
            theirs.base_url()
        );
        check(&run.end().await, 2, &expected);
        assert!(theirs.requests().is_empty() && own.requests().is_empty());
    };
    // By default, from the environment, from an option, and from the user's file.
    refused(run(&[]), Client::BASE_URL).await;
    refused(run(&[]).env("PURGE_BASE_URL", own.base_url()), own.base_url()).await;
    refused(run(&["--base-url", own.base_url()]), own.base_url()).await;
    std::fs::write(&settings_file, format!("base-url = \"{}\"\n", own.base_url())).expect("a file");
    let config = folder.path().join("config");
    let configured =
        |arguments: &[&str]| run(arguments).env("XDG_CONFIG_HOME", config.to_str().expect("UTF-8"));
    refused(configured(&[]), own.base_url()).await;
    refused(configured(&["--token-command", &command]), own.base_url()).await;
    assert!(!Path::new(&folder.path().join("asked")).exists(), "the token was fetched");

    // The user may choose that server.
    std::fs::write(&settings_file, format!("base-url = \"{}\"\n", theirs.base_url()))
        .expect("file");
    check(&configured(&[]).end().await, 0, "resuming: 1 request left\n");
    assert_eq!(posts(&theirs), [["/a"]]);
    let ended = run(&["--base-url", theirs.base_url()]).end().await;
    check(&ended, 0, "resuming: 0 requests left\n");
    assert_eq!((posts(&theirs).len(), own.requests().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_purge_needs_consent_again() {
    for path in ["/*", "/**", "/%2A"] {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let (folder, site) = (Folder::new(), site(sandbox.base_url()));
        interrupted(&folder, sandbox.base_url(), &[path]).await;
        let journal = folder.text();
        let run = |arguments: &[&str]| {
            let run = Run::new(PURGE, [&["resume", &journal], arguments].concat());
            run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE).end()
        };
        let expected = format!(
            "holds `{path}`, which purges the whole resource; pass `--allow-full-purge` again if that is \
             what you want\n"
        );
        check(&run(&[]).await, 2, &expected);
        let open = || Journal::open(folder.journal()).expect("a journal");
        let error = site.resume(open()).expect_err("no consent").to_string();
        assert!(error.contains(expected.trim_end()), "{error}");
        assert!(sandbox.requests().is_empty());

        // The advice that the run prints is a complete command.
        sandbox.fault(purge_sandbox::Fault::status(422).on_post().times(1));
        let ended = run(&["--allow-full-purge"]).await;
        let next = format!("resume with: cdn-purge resume {journal} --allow-full-purge\n");
        check(&ended, 1, &next);

        let consented = open().allow_full_purge(PurgeEverything);
        drop(site.resume(consented).expect("with consent"));
        check(&run(&["--allow-full-purge"]).await, 0, "");
        assert_eq!(posts(&sandbox), [[path], [path]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_is_compared_by_its_paths() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    // Two lists of paths with the same CRC-32, which is the fingerprint of a plan.
    let (asked, other) = ("/plumless", "/buckeroo");
    interrupted(&folder, sandbox.base_url(), &[other]).await;
    let plan = Plan::parse([asked]).expect("a plan");
    let journal = Journal::open(folder.journal()).expect("a journal");
    let report = site.purge(plan).journal(journal).await;
    let error = report.error().expect("a refusal").to_string();
    assert!(error.contains("belongs to another list of paths"), "{error}");
    assert!(sandbox.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_a_journal_are_harmless() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    let plan = Plan::parse(["/a"]).expect("a plan");
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert!(site.purge(plan).journal(journal).await.is_success());
    let written = std::fs::read(folder.journal()).expect("a file");
    let text = String::from_utf8(written.clone()).expect("text");
    let said = text.split("\"message\":").nth(1).and_then(|rest| rest.split(',').next());
    let said = format!("\"message\":{}", said.expect("a message"));
    let hostile = r#""message":"\u001b[2J\n::error::stolen""#;
    std::fs::write(folder.journal(), changed(&written, &said, hostile)).expect("a file");
    let report = resume(&site, &folder.journal()).await;
    assert_eq!(json(&report)["operations"][0]["message"], r"\u{1b}[2J\n::error::stolen");

    let address = r"https://example.com/\u001b[2J\n::error::stolen";
    std::fs::write(folder.journal(), changed(&written, sandbox.base_url(), address)).expect("file");
    let run = Run::new(PURGE, ["resume", &folder.text()]).env("PURGE_TOKEN", sandbox.token());
    let ended = run.end().await;
    check(
        &ended,
        2,
        r"the base URL `https://example.com/\u{1b}[2J\n::error::stolen` cannot be used",
    );
    assert!(!ended.err.trim_end().contains(char::is_control), "{:?}", ended.err);
    assert_eq!(posts(&sandbox).len(), 1);
}
