//! `action.yml`: its steps, run as the vendor's runner runs them.

use std::fs;

use purge_sandbox::Fault;
use purge_tests::cli::Ended;
use serde_json::Value;

use super::mirror::Mirror;
use super::page::Page;
use super::{Bench, root, yaml};
use crate::{ORGANIZATION, RESOURCE};

/// The result of the purging step.
struct Used {
    ended: Ended,
    output: String,
    summary: String,
}

impl Used {
    /// The report that the outputs point to.
    fn report(&self) -> Value {
        let file = self.output.lines().find_map(|line| line.strip_prefix("report="));
        let text = fs::read_to_string(file.expect("an output")).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// Runs the action in a job, with these inputs and the defaults for the others.
async fn purge(bench: &Bench, inputs: &[(&str, &str)]) -> Used {
    let mirror = Mirror::start(bench.path("releases")).await;
    purge_from(bench, mirror.address(), inputs).await
}

/// Runs the action in a job that takes releases from this address.
async fn purge_from(bench: &Bench, releases: &str, inputs: &[(&str, &str)]) -> Used {
    let action = yaml("action.yml");
    fs::create_dir_all(bench.path("temp")).expect("a folder");
    fs::create_dir_all(bench.path("action")).expect("a folder");
    fs::copy(root().join("install.sh"), bench.path("action/install.sh")).expect("a file");
    let mut outputs = String::new();
    let mut used = None;
    // Other actions are not run: the files that they would cache are still there the next time.
    for step in action["runs"]["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter(|step| step["run"].is_string())
    {
        for name in ["output", "summary"] {
            fs::write(bench.path(name), "").expect("a file");
        }
        let mut variables: Vec<(String, String)> = Vec::new();
        for (name, value) in step["env"].as_object().expect("variables") {
            let value = value.as_str().expect("a text");
            let expression = value.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"));
            let value = expression.map_or_else(
                || value.to_owned(),
                |expression| evaluate(bench, &action, inputs, &outputs, expression),
            );
            variables.push((name.clone(), value));
        }
        for (name, file) in [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("RUNNER_TEMP", "temp"),
        ] {
            variables.push((name.to_owned(), bench.path(file).display().to_string()));
        }
        variables.push(("CDN_PURGE_MIRROR".to_owned(), releases.to_owned()));
        let variables: Vec<_> = variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let ended = bench.bash(step["run"].as_str().expect("a script"), &variables).await;
        let read = |name| fs::read_to_string(bench.path(name)).expect("a file");
        outputs = read("output");
        let failed = ended.code != Some(0);
        used = Some(Used { ended, output: outputs.clone(), summary: read("summary") });
        if failed {
            break;
        }
    }
    used.expect("a step")
}

/// The value of an expression in a step, after a step with these outputs.
fn evaluate(
    bench: &Bench,
    action: &Value,
    inputs: &[(&str, &str)],
    outputs: &str,
    expression: &str,
) -> String {
    let own = [
        ("base-url", bench.sandbox.base_url()),
        ("organization", ORGANIZATION),
        ("resource", RESOURCE),
        ("token", bench.sandbox.token()),
    ];
    if expression == "github.action_path" {
        return bench.path("action").display().to_string();
    }
    if let Some(name) = expression.strip_prefix("steps.install.outputs.") {
        let line = outputs.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        return line.unwrap_or_else(|| panic!("no output {name}: {outputs}")).to_owned();
    }
    let name = expression.strip_prefix("inputs.").unwrap_or_else(|| panic!("{expression}"));
    let declared = action["inputs"].get(name).unwrap_or_else(|| panic!("no input {name}"));
    let given = inputs.iter().chain(&own).find(|(given, _)| *given == name);
    let value = given.map(|(_, value)| *value).or(declared["default"].as_str());
    value.expect("a value or a default").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn action_purges_paths_and_files_and_reports_the_outcome() {
    let bench = Bench::in_ci().await;
    bench.write("index.html", "a page");
    bench.sandbox.fill(["/index.html"]);
    let used = purge(&bench, &[("paths", "/index.html\n/images/*\n"), ("rate", "100/s")]).await;
    assert_eq!(used.ended.code, Some(0), "{:?}", used.ended);
    assert!(used.output.starts_with("exit-code=0\n"), "{}", used.output);
    assert!(
        used.summary.contains("### CDN purge: 2 paths: 1 purged, 1 not cached"),
        "{}",
        used.summary
    );
    assert_eq!(used.report()["summary"]["purged"], 1);

    fs::write(bench.path("names"), "a b.png\0c\nd.png\0").expect("a file");
    let before = bench.posted().len();
    let inputs = [
        ("from", "names"),
        ("paths", "e f.png"),
        ("nul-separated", "true"),
        ("raw", "true"),
        ("prefix", "/assets"),
        ("wait", ""),
    ];
    let again = purge(&bench, &inputs).await;
    assert_eq!(again.ended.code, Some(0), "{:?}", again.ended);
    let mut posted = bench.posted().split_off(before);
    posted.sort();
    assert_eq!(posted, ["/assets/a%20b.png", "/assets/c%0Ad.png", "/assets/e%20f.png"]);

    // The second use in a job leaves the report of the first unchanged.
    assert_eq!(again.report()["summary"]["paths"], 3);
    assert_eq!(used.report()["summary"]["paths"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn action_purges_what_a_new_build_changed() {
    let bench = Bench::in_ci().await;
    bench.write("index.html", "the first version");
    let site =
        [("site", "public"), ("baseline", ".cdn-purge/site.sha256"), ("index", "index.html")];
    let with = |more: &'static str| [&site[..], &[("without-baseline", more)]].concat();
    let used = purge(&bench, &site).await;
    assert_eq!((used.ended.code, bench.posted().len()), (Some(2), 0), "{:?}", used.ended);
    assert!(used.ended.err.contains("there is no baseline"), "{:?}", used.ended);
    let used = purge(&bench, &with("nothing")).await;
    assert_eq!((used.ended.code, bench.posted().len()), (Some(0), 0), "{:?}", used.ended);
    bench.write("docs/index.html", "new");
    fs::write(bench.path("purge.toml"), "always = ['/feed.xml']\n").expect("a file");
    let used = purge(&bench, &site).await;
    assert_eq!(used.ended.code, Some(0), "{:?}", used.ended);
    assert_eq!(bench.posted(), ["/docs/index.html", "/docs/", "/docs", "/feed.xml"]);
    let used = purge(&bench, &site).await;
    assert_eq!((used.ended.code, bench.posted().len()), (Some(0), 4), "{:?}", used.ended);
    assert_eq!(used.report()["operations"], serde_json::json!([]));
    fs::remove_file(bench.path(".cdn-purge/site.sha256")).expect("a file");
    let used = purge(&bench, &with("everything")).await;
    assert_eq!((used.ended.code, bench.posted().len()), (Some(2), 4), "{:?}", used.ended);
    let used = purge(&bench, &with("all")).await;
    assert_eq!(used.ended.code, Some(0), "{:?}", used.ended);
    assert_eq!(bench.posted()[4..], ["/*", "/"]);
    bench.cargo_calls();
}

/// The steps for GitHub on the page use only inputs that the action declares, and cache the folder of the baseline.
#[test]
fn recipe_uses_only_declared_inputs_and_caches_the_baseline() {
    let steps = Page::read("recipes.md").block("Purge what a new build changed", "yaml");
    let steps = purge_openapi::parse(&steps).expect("YAML");
    let steps = steps["steps"].as_array().expect("steps");
    let action = yaml("action.yml");
    let step = steps.iter().find(|step| step["with"]["site"].is_string()).expect("the step");
    for input in step["with"].as_object().expect("inputs").keys() {
        assert!(action["inputs"].get(input).is_some(), "{input}");
    }
    let folder = step["with"]["baseline"].as_str().and_then(|file| file.split_once('/'));
    let cached = |step: &Value| step["with"]["path"].as_str().map(str::to_owned);
    let caches: Vec<_> = steps.iter().filter_map(cached).collect();
    assert!(caches.len() == 2 && caches.iter().all(|path| Some(&**path) == folder.map(|f| f.0)));
    assert_eq!(steps.last().expect("a step")["if"], "always()");
}

#[tokio::test(flavor = "multi_thread")]
async fn action_installs_the_release_once_and_runs_no_other_program() {
    let bench = Bench::in_ci().await;
    let mirror = Mirror::start(bench.path("releases")).await;
    for _ in 0..2 {
        let used = purge_from(&bench, mirror.address(), &[("paths", "/a")]).await;
        assert_eq!(used.ended.code, Some(0), "{:?}", used.ended);
    }
    assert_eq!(bench.posted(), ["/a", "/a"]);
    assert_eq!(bench.cargo_calls(), "", "nothing is built");
    // The archive is kept, and verified again.
    let requested = mirror.requested();
    let (sums, archives): (Vec<_>, Vec<_>) =
        requested.iter().partition(|name| *name == "SHA256SUMS");
    assert_eq!((sums.len(), archives.len()), (2, 1), "{requested:?}");
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let kept = steps.iter().find(|step| step["uses"].is_string()).expect("the step that keeps it");
    assert_eq!(kept["with"]["path"], "${{ steps.find.outputs.folder }}");
    assert_eq!(kept["with"]["key"], "${{ steps.find.outputs.archive }}");
    assert!(bench.path("temp/cdn-purge-archive").join(archives[0]).is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn action_builds_its_own_version_only_for_platforms_without_a_binary() {
    let bench = Bench::in_ci().await;
    bench.program("uname", "case $1 in -s) echo Linux ;; *) echo riscv64 ;; esac\n");
    for _ in 0..2 {
        let used = purge(&bench, &[("paths", "/a")]).await;
        assert_eq!(used.ended.code, Some(0), "{:?}", used.ended);
    }
    assert_eq!(bench.posted(), ["/a", "/a"]);
    // From the version of the action, in a folder of its own, where the checkout's toolchain file has no
    // effect.
    let calls = bench.cargo_calls();
    let action = bench.path("action").display().to_string();
    let temp = bench.path("temp").display().to_string();
    let expected =
        format!("{action}: cargo install --path purge-cli --locked --root {temp}/purge.");
    let folders: Vec<_> =
        calls.lines().map(|call| call.strip_prefix(&expected).expect(call)).collect();
    assert!(folders.len() == 2 && folders[0] != folders[1], "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn action_signs_in_with_a_key_instead_of_a_token() {
    let bench = Bench::in_ci().await;
    let (key, secret) = (bench.sandbox.api_key(), bench.sandbox.api_secret());
    let account =
        [("token", ""), ("api-key", key), ("api-secret", secret), ("paths", "/index.html")];
    let used = purge(&bench, &account).await;
    assert_eq!(used.ended.code, Some(0), "{:?}", used.ended);
    assert!(!format!("{:?}{}", used.ended, used.summary).contains(secret), "{:?}", used.ended);
    let wrong = [("token", ""), ("api-key", key), ("api-secret", "wrong-secret"), ("paths", "/a")];
    assert_eq!(purge(&bench, &wrong).await.ended.code, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn action_fails_if_the_release_cannot_be_verified() {
    let bench = Bench::in_ci().await;
    let mirror = Mirror::start(bench.path("releases")).await;
    for release in ["another checksum", "no release", "no network"] {
        match release {
            "another checksum" => mirror.tamper(),
            "no release" => fs::remove_file(mirror.file("SHA256SUMS")).expect("a file"),
            _ => {}
        }
        let address = if release == "no network" { "http://127.0.0.1:1" } else { mirror.address() };
        let used = purge_from(&bench, address, &[("paths", "/a")]).await;
        assert_eq!(used.ended.code, Some(1), "{release}: {:?}", used.ended);
        let said = "::error::purge could not be installed; see the log of this step";
        assert!(used.ended.out.contains(said), "{release}: {:?}", used.ended);
    }
    assert_eq!((bench.cargo_calls().as_str(), bench.posted().len()), ("", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn action_fails_with_the_exit_code_and_without_input() {
    let bench = Bench::in_ci().await;
    bench.sandbox.fault(Fault::status(404).on_post());
    let used = purge(&bench, &[("paths", "/a")]).await;
    assert_eq!(used.ended.code, Some(1), "{:?}", used.ended);
    assert!(used.output.starts_with("exit-code=1\n"), "{}", used.output);
    assert!(used.summary.contains("### CDN purge: 1 path: 1 failed"), "{}", used.summary);
    let used = purge(&bench, &[]).await;
    assert_eq!(used.ended.code, Some(2), "no input purges nothing: {:?}", used.ended);
    assert!(used.output.starts_with("exit-code=2\n"), "{}", used.output);
    for input in ["raw", "nul-separated"] {
        let used = purge(&bench, &[("paths", "/a"), (input, "yes")]).await;
        assert_eq!(used.ended.code, Some(2), "{input}: {:?}", used.ended);
        assert!(used.ended.out.contains("are true or false"), "{input}: {:?}", used.ended);
    }
    bench.cargo_calls();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_input_of_the_action_is_run_as_a_script() {
    let bench = Bench::in_ci().await;
    let evil = "$(touch pwned)`touch pwned`\"; touch pwned; '\n--allow-full-purge";
    let action = yaml("action.yml");
    for input in action["inputs"].as_object().expect("inputs").keys() {
        purge(&bench, &[(input, evil), ("paths", "/a")]).await;
        assert!(!bench.path("pwned").exists(), "{input}");
    }
    for step in action["runs"]["steps"].as_array().expect("steps") {
        let script = step["run"].as_str().unwrap_or_default();
        assert!(!script.contains("${{"), "an expression in a script: {script}");
    }
}

#[test]
fn git_bash_is_told_to_leave_arguments_and_variables_alone() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["id"] == "purge").expect("the step");
    assert_eq!(step["env"]["MSYS_NO_PATHCONV"], "1");
    assert_eq!(step["env"]["MSYS2_ARG_CONV_EXCL"], "*");
    assert_eq!(step["env"]["MSYS2_ENV_CONV_EXCL"], "PURGE_");
}
