//! `docs/ci/gitlab.yml` and the recipe that it is made of, in the checkouts that CI systems make.

use std::fs;

use purge_sandbox::Fault;
use purge_tests::cli::Ended;

use super::page::Page;
use super::{Bench, yaml};
use crate::PURGE;

/// A server with a repository, whose first commit has a site.
struct Project {
    bench: Bench,
    first: String,
}

impl Project {
    async fn new() -> Self {
        let bench = Bench::in_ci().await;
        for name in ["index.html", "docs/index.html", "img/logo.png"] {
            bench.write(name, &format!("the first version of {name}"));
        }
        let server = "git init -q --bare server.git; git init -q; git remote add origin \"file://$PWD/server.git\"";
        bench.git(server).await;
        let first = Self::commit(&bench, "").await;
        Self { bench, first }
    }

    /// Commits what is in `public`, pushes it, and makes the checkout of the job.
    async fn commit(bench: &Bench, options: &str) -> String {
        let push = "git push -q --force origin HEAD:main; git rev-parse HEAD";
        bench.git(&format!("git add -A public; git commit -qm change {options}; {push}")).await
    }

    /// Pushes the second version of a page.
    async fn change(&self, options: &str) -> String {
        self.bench.write("docs/index.html", "the second version");
        Self::commit(&self.bench, options).await
    }

    /// Runs the job in a fresh clone, made with some options.
    async fn job(&self, clone: &str, before: &str, variables: &[(&str, &str)]) -> Ended {
        let job = &yaml("docs/ci/gitlab.yml")["purge"];
        let lines = ["before_script", "script"].map(|key| job[key].as_array().expect("lines"));
        let lines: Vec<_> =
            lines.into_iter().flatten().map(|line| line.as_str().expect("a line")).collect();
        let checkout = format!(
            "rm -rf checkout; command git clone -q {clone} \"file://$PWD/server.git\" checkout; cd checkout"
        );
        let mut all: Vec<_> = job["variables"].as_object().expect("variables").iter().collect();
        all.retain(|(name, _)| variables.iter().all(|(given, _)| given != name));
        let mut all: Vec<_> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().expect("a text")))
            .collect();
        all.extend(variables);
        all.push(("CI_COMMIT_BEFORE_SHA", before));
        self.bench.bash(&format!("{checkout}\n{}", lines.join("\n")), &all).await
    }

    /// What was posted since the last look.
    fn posted(&self, before: usize) -> Vec<String> {
        self.bench.posted().split_off(before)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn job_purges_what_a_push_changed() {
    let project = Project::new().await;
    let second = project.change("").await;
    let ended = project.job("", &project.first, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.posted(0), ["/docs/index.html", "/docs/"]);
    let job = &yaml("docs/ci/gitlab.yml")["purge"];
    assert_eq!(job["artifacts"]["paths"][0], "purge-summary.md");
    let summary = fs::read_to_string(project.bench.path("checkout/purge-summary.md"));
    assert!(summary.expect("a file").contains("### CDN purge"));

    let ended = project.job("", &second, &[]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "nothing changed\n"), "{ended:?}");

    project.bench.sandbox.fault(Fault::status(429).header("retry-after", "3600"));
    let ended = project.job("", &project.first, &[]).await;
    let retried = job["retry"]["exit_codes"].as_array().expect("codes");
    assert!(retried.iter().any(|code| code.as_i64() == ended.code.map(Into::into)), "{ended:?}");

    // Built without the account, each time into a folder of its own; the version is pinned.
    let calls = project.bench.cargo_calls();
    let pinned = "install --git https://github.com/purge-rs/purge --tag v";
    assert!(calls.lines().all(|call| call.contains(pinned) && call.contains(" --locked ")));
    let roots: std::collections::BTreeSet<_> = calls.lines().collect();
    assert_eq!(roots.len(), 3, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_and_deleted_files_are_purged_under_their_old_names() {
    let project = Project::new().await;
    project.bench.git("git mv public/img/logo.png public/img/new.png; rm public/index.html").await;
    let second = Project::commit(&project.bench, "").await;
    let ended = project.job("", &project.first, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.posted(0), ["/img/logo.png", "/img/new.png", "/index.html", "/"]);

    // A site that is gone altogether, and with it the folder.
    project.bench.git("rm -r public/*").await;
    Project::commit(&project.bench, "").await;
    let ended = project.job("", &second, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.posted(4), ["/docs/index.html", "/docs/", "/img/new.png"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_clone_lacks_is_fetched() {
    let project = Project::new().await;
    project.change("").await;
    let ended = project.job("--depth 1", &project.first, &[]).await;
    assert_eq!(ended.code, Some(0), "a shallow clone: {ended:?}");
    assert_eq!(project.posted(0), ["/docs/index.html", "/docs/"]);

    // A push by force: the commit before it is in no branch any more.
    let project = Project::new().await;
    project.change("--amend").await;
    let ended = project.job("", &project.first, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.posted(0), ["/docs/index.html", "/docs/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_unknown_after_a_force_push_that_was_tidied_up() {
    let project = Project::new().await;
    project.change("--amend").await;
    project.bench.git("git -C server.git gc -q --prune=now").await;
    let ended = project.job("", &project.first, &[]).await;
    assert_eq!((ended.code, project.bench.posted().len()), (Some(1), 0), "{ended:?}");
    let what = format!("nothing was purged: commit {}, from before this push, is", project.first);
    assert!(ended.err.contains(&what), "{ended:?}");
    assert!(ended.err.contains("PURGE_FALLBACK=all"), "{ended:?}");

    let ended = project.job("", &project.first, &[("PURGE_FALLBACK", "all")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with("the whole resource is purged (PURGE_FALLBACK=all): commit "));
    assert_eq!(project.posted(0), ["/*"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_unknown_without_a_commit_before_it() {
    let project = Project::new().await;
    for before in ["", "0", &"0".repeat(40), &"0".repeat(64)] {
        let ended = project.job("", before, &[]).await;
        assert_eq!((ended.code, project.bench.posted().len()), (Some(1), 0), "{ended:?}");
        let what = "nothing was purged: there is no commit from before this push";
        assert!(ended.err.contains(what), "{ended:?}");
    }
    let ended = project.job("", &"0".repeat(40), &[("PURGE_FALLBACK", "all")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.posted(0), ["/*"]);

    // Consent is given in one spelling; nothing else is taken for it.
    for other in ["ALL", "yes", " all", "files"] {
        let ended = project.job("", &"0".repeat(40), &[("PURGE_FALLBACK", other)]).await;
        assert_eq!((ended.code, project.bench.posted().len()), (Some(2), 1), "{ended:?}");
        assert!(ended.err.contains("set it to 'fail' or 'all'"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_git_does_not_track_is_not_one_without_changes() {
    let project = Project::new().await;
    project.change("").await;
    for site in ["publik", "public/index.htm", "/srv/public", "../public"] {
        let ended = project.job("", &project.first, &[("SITE", site)]).await;
        assert_eq!((ended.code, project.bench.posted().len()), (Some(1), 0), "{site}: {ended:?}");
        let what = format!("nothing was purged: git tracks no file in '{site}'");
        assert!(ended.err.contains(&what), "{ended:?}");
    }
    for (known, site) in ["./public", "public/", "public"].into_iter().enumerate() {
        let ended = project.job("", &project.first, &[("SITE", site)]).await;
        assert_eq!(ended.code, Some(0), "{site}: {ended:?}");
        assert_eq!(project.posted(2 * known), ["/docs/index.html", "/docs/"], "{site}");
    }
    let ended = project.job("", &project.first, &[("SITE", ".")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.posted(6), ["/public/docs/index.html", "/public/docs/"]);
}

/// The recipe and the job are one text, so that what holds for the one holds for the other.
#[test]
fn job_is_the_recipe() {
    let job = &yaml("docs/ci/gitlab.yml")["purge"]["script"][0];
    let recipe = Page::read("recipes.md").example("Purge what this commit changed").script;
    let job = job.as_str().expect("a script").replace(" --summary purge-summary.md", "");
    let job = job.replace("BEFORE=$CI_COMMIT_BEFORE_SHA\n", "\n");
    assert_eq!(job, recipe);
}

/// The steps for GitHub that the page shows, around the recipe.
#[tokio::test(flavor = "multi_thread")]
async fn steps_for_github_run_the_recipe() {
    let project = Project::new().await;
    project.change("").await;
    let bench = &project.bench;
    let page = Page::read("recipes.md");
    let recipe = page.example("Purge what this commit changed").script;
    fs::write(bench.path("purge-changed.sh"), recipe).expect("a file");
    let steps = page.block("Purge what this commit changed", "yaml");
    let steps = purge_openapi::parse(&steps).expect("YAML");
    let output = bench.path("output").display().to_string();
    let script = steps[0]["run"].as_str().expect("a script");
    let ended = bench.bash(script, &[("GITHUB_OUTPUT", &output)]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let outputs = fs::read_to_string(&output).expect("outputs");
    let folder = outputs.trim().strip_prefix("folder=").expect("an output");
    let variables: Vec<_> = steps[1]["env"].as_object().expect("variables").iter().collect();
    let value = |expression: &str| {
        let known = [
            ("${{ steps.install.outputs.folder }}", folder),
            ("${{ github.event.before }}", project.first.as_str()),
        ];
        known.iter().fold(expression.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let variables: Vec<_> = variables
        .into_iter()
        .map(|(name, expression)| (name.as_str(), value(expression.as_str().expect("a text"))))
        // The account is that of the bench.
        .filter(|(_, value)| !value.contains("${{"))
        .collect();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let ended = bench.bash(steps[1]["run"].as_str().expect("a script"), &variables).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.posted(0), ["/docs/index.html", "/docs/"]);
    assert!(bench.cargo_calls().contains(" --tag v") && folder != PURGE);
}
