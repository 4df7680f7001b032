//! `docs/ci/gitlab.yml`: the job, with the cache that the CI system keeps for it.

use std::fs;

use purge_sandbox::Fault;
use purge_tests::cli::Ended;

use super::{Bench, yaml};

/// A project whose first site was purged.
struct Project(Bench);

impl Project {
    async fn new() -> Self {
        let bench = Bench::in_ci().await;
        for name in ["index.html", "docs/index.html", "img/logo.png"] {
            bench.write(name, &format!("the first version of {name}"));
        }
        let project = Self(bench);
        let ended = project.job(&[("PURGE_FALLBACK", "nothing")]).await;
        assert_eq!((ended.code, project.0.posted().len()), (Some(0), 0), "{ended:?}");
        project
    }

    async fn job(&self, variables: &[(&str, &str)]) -> Ended {
        job(&self.0, variables).await
    }
}

/// Runs the job in a folder that holds what is cached.
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
    bench.bash(&lines.join("\n"), &all).await
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
    // Whatever it leaves is in the folder that is cached.
    assert_eq!(
        (&job["cache"]["paths"][0], &job["cache"]["when"]),
        (&".cdn-purge/".into(), &"always".into())
    );
    assert!(bench.path(".cdn-purge/site.sha256").exists());

    let ended = project.job(&[]).await;
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "nothing changed; nothing was sent\n"),
        "{ended:?}"
    );

    bench.write("index.html", "the second version");
    bench.sandbox.fault(Fault::status(429).header("retry-after", "3600"));
    let ended = project.job(&[]).await;
    let retried = job["retry"]["exit_codes"].as_array().expect("codes");
    assert!(retried.iter().any(|code| code.as_i64() == ended.code.map(Into::into)), "{ended:?}");

    // Built without the account, each time in a folder of its own; the version is pinned.
    let calls = bench.cargo_calls();
    let pinned = "install --git https://github.com/purge-rs/purge --tag v";
    assert!(calls.lines().all(|call| call.contains(pinned) && call.contains(" --locked ")));
    let roots: std::collections::BTreeSet<_> = calls.lines().collect();
    assert_eq!(roots.len(), 4, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_unknown_without_the_cache() {
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
    // What was meant for one run does not hide what changes later.
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
async fn a_folder_that_is_not_there_is_not_a_site_without_files() {
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
