//! Checks that fail: each step says what is wrong, and the exit code is that of the failure.

use std::fs;

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;
use serde_json::Value;

use super::{doctor, edit, facts, troubles};
use crate::output::check;
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// The message of a step.
fn said(ended: &Ended, name: &str) -> String {
    let object = ended.json();
    let mut steps = object["steps"].as_array().expect("steps").iter();
    let step = steps.find(|step| step["step"] == name).expect(name);
    step["message"].as_str().expect("a message").to_owned()
}

fn at(base: &str, token: &str) -> Run {
    let run = Run::new(PURGE, ["doctor", "--output", "json"]);
    run.account(base, token, ORGANIZATION, RESOURCE)
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_step_has_its_exit_code_and_leaves_out_what_depends_on_it() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let base = sandbox.base_url();
    let other = "00000000-0000-4000-8000-000000000000";
    let with = |run: Run, name: &str, value: &str| run.env(name, value);
    let key = || doctor(&sandbox, &["--output", "json"]);
    let cases: [(Run, i32, &str, &str, &[&str]); 10] = [
        (
            at(base, "wrong-t0ken"),
            3,
            "sign-in",
            "the token was refused (401): the token is not valid; get a new one",
            &["sign-in failed", "resource not_checked", "purge not_checked"],
        ),
        (
            with(key(), "PURGE_API_SECRET", "wrong-s3cret"),
            3,
            "sign-in",
            "the service refused the API key or its secret (401)",
            &["sign-in failed", "resource not_checked", "purge not_checked"],
        ),
        (
            with(at(base, sandbox.token()), "PURGE_RESOURCE", other),
            1,
            "resource",
            "check the organization and the resource",
            &["sign-in not_checked", "resource failed", "purge not_checked"],
        ),
        (
            with(key(), "PURGE_ORGANIZATION", other),
            1,
            "resource",
            "there is no organization",
            &["resource failed", "purge not_checked"],
        ),
        (
            with(key(), "PURGE_RESOURCE", ""),
            2,
            "settings",
            "no resource: PURGE_RESOURCE is empty; pass --resource UUID",
            &["settings failed", "resource not_checked", "purge not_checked"],
        ),
        (
            with(at(base, sandbox.token()), "PURGE_TOKEN", ""),
            2,
            "settings",
            "no token: PURGE_TOKEN is empty",
            &[
                "settings failed",
                "sign-in not_checked",
                "resource not_checked",
                "clock not_checked",
                "purge not_checked",
            ],
        ),
        (
            with(key(), "PURGE_RESOURCE", "not-a-uuid"),
            2,
            "settings",
            "PURGE_RESOURCE: ",
            &["settings failed", "resource not_checked", "purge not_checked"],
        ),
        (
            with(key(), "PURGE_BASE_URL", &format!("{base}/stem")),
            3,
            "sign-in",
            "there may be no login at this address (404); check the base URL, then the API key",
            &["sign-in failed", "resource not_checked", "purge not_checked"],
        ),
        (
            at("http://127.0.0.1:1", "t0ken-abc"),
            4,
            "connection",
            "cannot connect to the service at `127.0.0.1`, port 1",
            &[
                "connection failed",
                "sign-in not_checked",
                "resource not_checked",
                "clock not_checked",
                "purge not_checked",
            ],
        ),
        (
            at("https://cdn.invalid", "t0ken-abc"),
            4,
            "name",
            "`cdn.invalid` cannot be resolved: ",
            &[
                "name failed",
                "connection not_checked",
                "sign-in not_checked",
                "resource not_checked",
                "clock not_checked",
                "purge not_checked",
            ],
        ),
    ];
    for (run, code, step, message, expected) in cases {
        let ended = run.end().await;
        assert_eq!((ended.code, ended.err.as_str()), (Some(code), ""), "{step}: {ended:?}");
        check("doctor", &ended.json());
        assert!(said(&ended, step).contains(message), "{}", said(&ended, step));
        assert_eq!(troubles(&ended), expected, "{step} {message}");
        assert!(facts(&ended).values().all(|(outcome, _)| outcome != "contradicted"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_of_every_list_is_no_contradiction() {
    let sandbox = Sandbox::builder().rewrite(|request, reply| {
        if request.method == "GET" {
            edit(&mut reply.body, |body| {
                *body = serde_json::json!({ "status": false, "message": "no" })
            });
        }
    });
    let sandbox = sandbox.start().await.expect("a sandbox");
    let ended = doctor(&sandbox, &["--output", "json"]).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(said(&ended, "resource"), "the service refused the request (status: false): no");
    let facts = facts(&ended);
    assert_eq!(facts["list.data"], ("not_seen".to_owned(), "only refusals".to_owned()));
    assert_eq!(facts["list.response.status"], ("matched".to_owned(), "false".to_owned()));
    assert_eq!(facts["list.unknown-operation"].1, "the list was refused");
    assert!(facts.values().all(|(outcome, _)| outcome != "contradicted"), "{facts:#?}");
}

/// A run that purges a path if it can, with the token of a sandbox that has this fault.
async fn with_fault(fault: Fault) -> (Ended, Sandbox) {
    let sandbox = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let run = Run::new(PURGE, ["doctor", "--path", "/index.html", "--output", "json"]);
    let run = run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE);
    (run.end().await, sandbox)
}

#[tokio::test(flavor = "multi_thread")]
async fn success_that_is_not_a_page_proves_nothing_and_nothing_is_purged() {
    let page = |kind: &str, body: &str| Fault::status(200).header("content-type", kind).body(body);
    let refused = r#"{"status":false,"message":"Unauthenticated: the access token is invalid"}"#;
    let foreign = "a 200 response that is not one of the service";
    for (fault, what) in [
        (page("application/json", refused), "a 200 response without `status: true`"),
        (page("text/html", "<html>Please log in to Hotel Wi-Fi</html>"), foreign),
        (page("application/json", r#"{"error":"log in"}"#), foreign),
        (Fault::truncated(), foreign),
    ] {
        let (ended, sandbox) = with_fault(fault.on_get().times(50)).await;
        let mut troubles = troubles(&ended);
        // A response that is cut off has no `Date` here.
        troubles.retain(|step| step != "clock not_checked");
        let expected = ["sign-in not_checked", "resource failed", "purge not_checked"];
        assert_eq!(troubles, expected, "{what}: {ended:?}");
        let expected = format!("{what} does not show whether the token is accepted");
        assert_eq!(said(&ended, "sign-in"), expected);
        assert_eq!(said(&ended, "purge"), "the step `resource` failed");
        let facts = facts(&ended);
        assert!(facts.values().all(|(outcome, _)| outcome != "contradicted"), "{facts:#?}");
        assert!(sandbox.requests().iter().all(|request| request.method == "GET"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_refused_for_a_while_are_mentioned_and_contradict_nothing() {
    // The fifth list is that of an operation that does not exist.
    let sandbox = Sandbox::builder().rate_limit(4, std::time::Duration::from_secs(3600));
    let sandbox = sandbox.start().await.expect("a sandbox");
    let ended = at(sandbox.base_url(), sandbox.token()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let resource = said(&ended, "resource");
    let expected = "; a later list failed with a 429 response";
    assert!(resource.ends_with(expected), "{resource}");
    let facts = facts(&ended);
    let silent = "no list of such an operation was answered";
    assert_eq!(facts["list.unknown-operation"], ("not_seen".to_owned(), silent.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_that_is_refused_at_the_renewal_is_a_failure_to_sign_in() {
    let refused = Fault::status(200).header("content-type", "application/json");
    let sandbox = Sandbox::builder()
        .fault(Fault::status(401).on_get())
        .fault(Fault::answer().on_login())
        .fault(refused.body(r#"{"status":false,"token":false}"#).on_login());
    let sandbox = sandbox.start().await.expect("a sandbox");
    let ended = doctor(&sandbox, &["--output", "json"]).end().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_eq!(troubles(&ended), ["sign-in failed", "resource not_checked", "purge not_checked"]);
    let sign_in = said(&ended, "sign-in");
    assert!(sign_in.contains("the service refused the API key or its secret"), "{sign_in}");
    assert_eq!(said(&ended, "resource"), "the token was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_that_no_purge_needs_stops_no_other_step() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for (name, value) in
        [("PURGE_QUEUE_LANE", "no lane!"), ("PURGE_QUEUE_URL", "nats://user:c4nary@127.0.0.1")]
    {
        let ended = doctor(&sandbox, &["--output", "json"]).env(name, value).end().await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert_eq!(troubles(&ended), ["settings failed", "purge not_checked"]);
        assert!(said(&ended, "settings").starts_with(&format!("{name}: ")), "{ended:?}");
        assert!(!ended.out.contains("c4nary"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn response_that_cannot_be_decoded_is_compared_nevertheless() {
    let sandbox = Sandbox::builder().rewrite(|request, reply| {
        if request.path.ends_with("/login/token") {
            edit(&mut reply.body, |body| body["token"] = 7.into());
        }
    });
    let sandbox = sandbox.start().await.expect("a sandbox");
    let ended = doctor(&sandbox, &["--output", "json"]).end().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert_eq!(troubles(&ended), ["sign-in failed", "resource not_checked", "purge not_checked"]);
    let facts = facts(&ended);
    let contradicted = facts.iter().filter(|(_, (outcome, _))| outcome == "contradicted");
    let contradicted: Vec<_> =
        contradicted.map(|(fact, (_, seen))| (fact.as_str(), seen.as_str())).collect();
    assert_eq!(contradicted, [("login.response.token", "an integer")]);
    assert_eq!(facts["login.response.session"].0, "matched");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn issuer_of_the_certificate_is_named() {
    let page =
        r#"{"status":true,"data":{"page":1,"total":0,"limit":100,"search":null,"requests":[]}}"#;
    let (server, authority) = ScriptServer::vouched_for("127.0.0.1", answer("200 OK", page)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("company.pem");
    fs::write(&file, &authority).expect("a file");
    let run =
        at(server.base_url(), "t0ken-abc").env("SSL_CERT_FILE", file.to_str().expect("a name"));
    let ended = run.end().await;
    let connection = said(&ended, "connection");
    assert!(
        connection.starts_with("TLS; the certificate was issued by `authority` and ends on "),
        "{ended:?}"
    );

    let ended = at(server.base_url(), "t0ken-abc").end().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert!(said(&ended, "connection").contains("UnknownIssuer"), "{ended:?}");
    assert_eq!(
        troubles(&ended),
        [
            "connection failed",
            "sign-in not_checked",
            "resource not_checked",
            "clock not_checked",
            "purge not_checked"
        ]
    );
    // Without a token, the connection is checked by a request that has none.
    let run = Run::new(PURGE, ["doctor", "--output", "json", "--base-url", server.base_url()]);
    let ended = run.env("SSL_CERT_FILE", file.to_str().expect("a name")).end().await;
    assert_eq!(said(&ended, "connection"), connection, "{ended:?}");
    assert!(
        server.requests().iter().any(|sent| sent.starts_with("HEAD / ")),
        "{:?}",
        server.requests()
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_the_check_with_what_is_known() {
    use std::time::Duration;

    let stall = Fault::stall(Duration::from_secs(30)).on_get();
    let sandbox = Sandbox::builder().fault(stall).start().await.expect("a sandbox");
    let mut running = doctor(&sandbox, &["--output", "json", "-v"]).start();
    assert!(running.says("login: 200").await, "it has signed in");
    while !sandbox.requests().iter().any(|request| request.method == "GET") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.signal("INT").await;
    let ended = running.end().await;
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(said(&ended, "purge"), "the check was interrupted");
    assert_eq!(facts(&ended)["login.response.token"].0, "matched");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn signal_during_the_purge_keeps_its_operation() {
    use std::time::Duration;

    let sandbox = Sandbox::builder().purge_delay(Duration::MAX).start().await.expect("a sandbox");
    let mut running = doctor(&sandbox, &["--path", "/a", "--output", "json", "-v"]).start();
    assert!(running.says("accepted as").await, "it is accepted");
    running.signal("TERM").await;
    let ended = running.end().await;
    assert_eq!(ended.code, Some(143), "{ended:?}");
    let op_id = sandbox.jobs()[0].op_id.clone();
    assert!(said(&ended, "purge").contains(&op_id), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_are_checked_before_anything_is_sent() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let notes = folder.path().join("notes.md");
    fs::write(&notes, "# Notes").expect("a file");
    for (arguments, says) in [
        (&["--path", "/*"][..], "this would purge everything; name one file"),
        (&["--path", "index.html"], "--path"),
        (&["--wait", "5s"], "--path"),
        (&["--report", notes.to_str().expect("a name")], "it exists, and is not a report"),
    ] {
        let ended = doctor(&sandbox, arguments).end().await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(says), "{arguments:?}: {}", ended.err);
    }
    assert!(sandbox.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_the_steps_and_then_the_facts() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let ended = doctor(&sandbox, &["--output", "ndjson"]).end().await;
    let lines: Vec<Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let object = doctor(&sandbox, &["--output", "json"]).end().await.json();
    let names = |lines: &[Value]| -> Vec<Value> {
        lines
            .iter()
            .map(|line| line.get("step").or(line.get("fact")).cloned().expect("a name"))
            .collect()
    };
    let all =
        [&object["steps"], &object["facts"]].map(|list| list.as_array().expect("a list").clone());
    assert_eq!(names(&lines), names(&all.concat()));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_show_the_profile_and_the_command_line() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let profile = format!(
        "rate = '3/s'\n[profile.shop]\nresource = '{RESOURCE}'\nrate = '5/s'\n[profile.blog]\n"
    );
    fs::write(folder.path().join("purge.toml"), profile).expect("a file");
    let arguments = ["--profile", "shop", "--timeout", "9s", "--output", "json"];
    let run = doctor(&sandbox, &arguments).env("PURGE_RESOURCE", "").folder(folder.path());
    let ended = run.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let object = ended.json();
    let settings = object["settings"].as_array().expect("settings");
    let check = |name: &str, value: &str, source: &str| {
        let mut found = settings.iter().filter(|setting| setting["name"] == name);
        let setting = found.next().expect(name);
        assert!(found.next().is_none(), "{name} is there once: {settings:#?}");
        let from = setting["source"].as_str().unwrap_or_default();
        assert_eq!(setting["value"].as_str().unwrap_or_default(), value, "{name}");
        assert!(from.ends_with(source), "{name}: {from}");
    };
    check("profile", "shop", "");
    check("resource", RESOURCE, "purge.toml:3");
    check("rate", "5/s", "purge.toml:4");
    check("timeout", "9s", "--timeout");
    check("organization", ORGANIZATION, "PURGE_ORGANIZATION");
    check("api-key", "", "PURGE_API_KEY");
    assert!(settings.iter().all(|setting| setting["name"] != "token-file"), "{settings:#?}");
    let unknown =
        doctor(&sandbox, &["--profile", "news", "--output", "json"]).folder(folder.path());
    let unknown = unknown.end().await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(said(&unknown, "settings").contains("there is no profile `news`"), "{unknown:?}");
}
