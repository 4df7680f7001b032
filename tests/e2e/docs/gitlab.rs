//! `docs/ci/gitlab.yml`: the job, with the cache that the CI system keeps for it.

use std::fs;

use purge_sandbox::Fault;
use purge_tests::cli::Ended;

use super::mirror::Mirror;
use super::{Bench, root, yaml};

/// A project whose first site was purged.
struct Project(Bench, Mirror);

impl Project {
    async fn new() -> Self {
        let bench = Bench::in_ci().await;
        for name in ["index.html", "docs/index.html", "img/logo.png"] {
            bench.write(name, &format!("the first version of {name}"));
        }
        // The one address outside this machine.
        let script = "https://raw.githubusercontent.com/purge-rs/purge/v0.1.0/install.sh";
        bench.program(
            "wget",
            &format!(
                "[ \"$3\" = {script} ] || exit 4\necho \"$*\" >> \"$HOME/wget-calls\"\ncp '{}' \"$2\"\n",
                root().join("install.sh").display()
            ),
        );
        let mirror = Mirror::start(bench.path("releases")).await;
        let project = Self(bench, mirror);
        let ended = project.job(&[("PURGE_FALLBACK", "nothing")]).await;
        assert_eq!((ended.code, project.0.posted().len()), (Some(0), 0), "{ended:?}");
        project
    }

    async fn job(&self, variables: &[(&str, &str)]) -> Ended {
        let mirror = [("CDN_PURGE_MIRROR", self.1.address())];
        job(&self.0, &[&mirror[..], variables].concat()).await
    }
}

/// Runs the job in a folder with the cached files.
async fn job(bench: &Bench, variables: &[(&str, &str)]) -> Ended {
    let job = &yaml("docs/ci/gitlab.yml")["purge"];
    let lines = ["before_script", "script"].map(|key| job[key].as_array().expect("lines"));
    let lines: Vec<_> =
        lines.into_iter().flatten().map(|line| line.as_str().expect("a line")).collect();
    let mut all: Vec<_> = job["variables"].as_object().expect("variables").iter().collect();
    all.retain(|(name, _)| variables.iter().all(|(given, _)| given != name));
    let mut all: Vec<_> =
        all.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect();
    all.extend(variables);
    // The image has no bash.
    bench.shell(&["sh", "-e", "-c"], &lines.join("\n"), &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn job_purges_what_a_new_build_changed() {
    let project = Project::new().await;
    let bench = &project.0;
    bench.write("docs/index.html", "the second version");
    fs::rename(bench.path("public/img/logo.png"), bench.path("public/img/new.png"))
        .expect("a file");
    let ended = project.job(&[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = ["/docs/index.html", "/docs/", "/docs", "/img/logo.png", "/img/new.png"];
    assert_eq!(bench.posted(), expected);
    let job = &yaml("docs/ci/gitlab.yml")["purge"];
    assert_eq!(job["artifacts"]["paths"][0], "purge-summary.md");
    let summary = fs::read_to_string(bench.path("purge-summary.md")).expect("a file");
    assert!(summary.contains("### CDN purge"), "{summary}");
    // It leaves files only in the cached folder.
    assert_eq!(
        (&job["cache"]["paths"][0], &job["cache"]["when"]),
        (&".cdn-purge/".into(), &"always".into())
    );
    assert!(bench.path(".cdn-purge/site.sha256").exists());

    let ended = project.job(&[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.ends_with("\nnothing changed; nothing was sent\n"), "{ended:?}");

    bench.write("index.html", "the second version");
    bench.sandbox.fault(Fault::status(429).header("retry-after", "3600"));
    let ended = project.job(&[]).await;
    let retried = job["retry"]["exit_codes"].as_array().expect("codes");
    assert!(retried.iter().any(|code| code.as_i64() == ended.code.map(Into::into)), "{ended:?}");

    // Installed without the account, each time into a folder of its own.
    assert_eq!(bench.cargo_calls(), "", "nothing is built");
    let calls = fs::read_to_string(bench.path("wget-calls")).expect("a file");
    let folders: std::collections::BTreeSet<_> = calls.lines().collect();
    assert_eq!(folders.len(), 4, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn job_fails_if_the_release_cannot_be_verified() {
    let project = Project::new().await;
    project.0.write("index.html", "the second version");
    project.1.tamper();
    let ended = project.job(&[]).await;
    assert_eq!((ended.code, project.0.posted().len()), (Some(1), 0), "{ended:?}");
    assert!(ended.err.contains("but SHA256SUMS says"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_unknown_without_the_cache() {
    let project = Project::new().await;
    let bench = &project.0;
    bench.write("docs/index.html", "the second version");
    fs::remove_dir_all(bench.path(".cdn-purge")).expect("a folder");
    let ended = project.job(&[]).await;
    assert_eq!((ended.code, bench.posted().len()), (Some(2), 0), "{ended:?}");
    assert!(ended.err.contains("there is no baseline `.cdn-purge/site.sha256`"), "{ended:?}");

    let ended = project.job(&[("PURGE_FALLBACK", "all")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(bench.posted(), ["/*", "/"]);
    // An option meant for one run does not hide later changes.
    bench.write("index.html", "the second version");
    let ended = project.job(&[("PURGE_FALLBACK", "nothing")]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("leave --first-run out"), "{ended:?}");

    // Consent has one spelling; nothing else counts.
    for other in ["ALL", "yes", " all", "files"] {
        let ended = project.job(&[("PURGE_FALLBACK", other)]).await;
        assert_eq!((ended.code, bench.posted().len()), (Some(2), 2), "{ended:?}");
        assert!(ended.err.contains("set it to 'fail', 'all' or 'nothing'"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_or_empty_folder_is_an_error() {
    let project = Project::new().await;
    for site in ["publik", "public/index.htm", "/srv/public"] {
        let ended = project.job(&[("SITE", site)]).await;
        assert_eq!((ended.code, project.0.posted().len()), (Some(2), 0), "{site}: {ended:?}");
        assert!(ended.err.contains(&format!("`{site}`: it cannot be read")), "{ended:?}");
    }
    fs::remove_dir_all(project.0.path("public")).expect("a folder");
    fs::create_dir(project.0.path("public")).expect("a folder");
    let ended = project.job(&[]).await;
    assert_eq!((ended.code, project.0.posted().len()), (Some(2), 0), "{ended:?}");
    assert!(ended.err.contains("has no files, as if the build had failed"), "{ended:?}");
}
