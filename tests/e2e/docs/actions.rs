//! `action.yml` and the GitLab template: their scripts, run as the vendors' runners run them.

use std::fs;

use purge_sandbox::Fault;
use purge_tests::cli::Ended;
use serde_json::Value;

use super::{Bench, text};
use crate::{ORGANIZATION, RESOURCE};

fn yaml(name: &str) -> Value {
    purge_openapi::parse(&text(name)).expect("YAML")
}

/// Runs the step of `action.yml` that purges, with some inputs and the defaults of the others.
async fn purge(bench: &Bench, inputs: &[(&str, &str)]) -> (Ended, String, String) {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["id"] == "purge").expect("the step");
    let (output, summary) = (bench.path("output"), bench.path("summary"));
    fs::write(&output, "").expect("a file");
    fs::write(&summary, "").expect("a file");
    let own = [
        ("base-url", bench.sandbox.base_url()),
        ("organization", ORGANIZATION),
        ("resource", RESOURCE),
        ("token", bench.sandbox.token()),
    ];
    let mut variables: Vec<(String, String)> = Vec::new();
    for (name, value) in step["env"].as_object().expect("variables") {
        let value = value.as_str().expect("an expression");
        let input = value.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}"));
        let input = input.unwrap_or_else(|| panic!("{name} is no input: {value}"));
        let declared = action["inputs"].get(input).unwrap_or_else(|| panic!("no input {input}"));
        let given = inputs.iter().chain(&own).find(|(name, _)| *name == input);
        let value = given.map(|(_, value)| *value).or(declared["default"].as_str());
        variables.push((name.clone(), value.expect("a value or a default").to_owned()));
    }
    for (name, file) in [
        ("GITHUB_OUTPUT", output.clone()),
        ("GITHUB_STEP_SUMMARY", summary.clone()),
        ("RUNNER_TEMP", bench.path("")),
    ] {
        variables
            .push((name.to_owned(), file.display().to_string().trim_end_matches('/').to_owned()));
    }
    let variables: Vec<_> = variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let ended = bench.bash(step["run"].as_str().expect("a script"), &variables).await;
    let read = |file| fs::read_to_string(file).expect("a file");
    (ended, read(output), read(summary))
}

#[tokio::test(flavor = "multi_thread")]
async fn action_purges_paths_and_files_and_tells_the_outcome() {
    let bench = Bench::new().await;
    bench.write("index.html", "a page");
    bench.sandbox.fill(["/index.html"]);
    let (ended, output, summary) =
        purge(&bench, &[("paths", "/index.html\n/images/*\n"), ("rate", "100/s")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = bench.path("purge-report.json").display().to_string();
    assert_eq!(output, format!("exit-code=0\nreport={report}\n"));
    assert!(summary.contains("### CDN purge: 2 paths: 1 purged, 1 not cached"), "{summary}");
    let report: Value =
        serde_json::from_str(&fs::read_to_string(report).expect("a file")).expect("JSON");
    assert_eq!(report["summary"]["purged"], 1);

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
    let (ended, ..) = purge(&bench, &inputs).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut posted = bench.posted().split_off(before);
    posted.sort();
    assert_eq!(posted, ["/assets/a%20b.png", "/assets/c%0Ad.png", "/assets/e%20f.png"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn action_fails_with_the_exit_code_and_without_input() {
    let bench = Bench::new().await;
    bench.sandbox.fault(Fault::status(404).on_post());
    let (ended, output, summary) = purge(&bench, &[("paths", "/a")]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(output.starts_with("exit-code=1\n"), "{output}");
    assert!(summary.contains("### CDN purge: 1 path: 1 failed"), "{summary}");
    let (ended, output, _) = purge(&bench, &[]).await;
    assert_eq!(ended.code, Some(2), "nothing is not everything: {ended:?}");
    assert!(output.starts_with("exit-code=2\n"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_input_of_the_action_is_run_as_a_script() {
    let bench = Bench::new().await;
    let evil = "$(touch pwned)`touch pwned`\"; touch pwned; '\n--allow-full-purge";
    for input in
        ["paths", "from", "prefix", "wait", "rate", "base-url", "organization", "token", "raw"]
    {
        purge(&bench, &[("paths", "/a"), (input, evil)]).await;
        assert!(!bench.path("pwned").exists(), "{input}");
    }
    let action = yaml("action.yml");
    for step in action["runs"]["steps"].as_array().expect("steps") {
        let script = step["run"].as_str().expect("a script");
        assert!(!script.contains("${{"), "an expression in a script: {script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn action_installs_only_what_is_missing() {
    let bench = Bench::new().await;
    let action = yaml("action.yml");
    let install = action["runs"]["steps"][0]["run"].as_str().expect("a script");
    let path = bench.path("path").display().to_string();
    let temp = bench.path("temp").display().to_string();
    let cargo = format!("cargo() {{ echo \"cargo $*\"; }}\n{install}");
    let variables =
        [("GITHUB_PATH", path.as_str()), ("RUNNER_TEMP", &temp), ("ACTION_PATH", "/action")];
    let ended = bench.bash(&cargo, &variables).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{ended:?}");
    fs::remove_file(bench.path("bin/purge")).expect("it was there");
    let ended = bench.bash(&cargo, &variables).await;
    assert_eq!(
        ended.out,
        format!("cargo install --path /action/purge-cli --locked --root {temp}/purge-cli\n")
    );
    assert_eq!(fs::read_to_string(&path).expect("a file"), format!("{temp}/purge-cli/bin\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_template_purges_what_a_push_changed() {
    let bench = Bench::new().await;
    bench.write("index.html", "the first version");
    bench.write("docs/index.html", "the first version");
    let first =
        bench.git("git init -q; git add public; git commit -qm one; git rev-parse HEAD").await;
    bench.write("docs/index.html", "the second version");
    let second = bench.git("git add public; git commit -qm two; git rev-parse HEAD").await;

    let job = &yaml("docs/ci/gitlab.yml")["purge"];
    let script: Vec<_> = job["script"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|l| l.as_str().expect("a line"))
        .collect();
    let script = script.join("\n");
    let run = async |before: &str, after: &str| {
        let site = job["variables"]["SITE"].as_str().expect("a folder");
        let variables =
            [("SITE", site), ("CI_COMMIT_BEFORE_SHA", before), ("CI_COMMIT_SHA", after)];
        let (ended, known) = (bench.bash(&script, &variables).await, bench.posted().len());
        (ended, known)
    };
    let (ended, sent) = run(&first, &second).await;
    assert_eq!((ended.code, sent), (Some(0), 2), "{ended:?}");
    assert_eq!(bench.posted(), ["/docs/index.html", "/docs/"]);
    let (ended, sent) = run(&"0".repeat(40), &second).await;
    assert_eq!((ended.code, sent), (Some(0), 2 + 4), "{ended:?}");
    let (ended, _) = run(&second, &second).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "nothing changed\n"), "{ended:?}");
    let summary = fs::read_to_string(bench.path("purge-summary.md")).expect("a file");
    assert!(
        job["artifacts"]["paths"][0] == "purge-summary.md" && summary.contains("### CDN purge")
    );

    bench.sandbox.fault(Fault::status(429).header("retry-after", "3600"));
    let (ended, _) = run(&first, &second).await;
    let retried = job["retry"]["exit_codes"].as_array().expect("codes");
    assert!(retried.iter().any(|code| code.as_i64() == ended.code.map(Into::into)), "{ended:?}");
}
