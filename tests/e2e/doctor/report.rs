//! No output contains a secret, and no report contains a name.

use std::fs;

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::Run;
use serde_json::Value;

use super::{doctor, edit, sandbox};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// A server that responds with what it was sent, wherever a response can hold a text.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_output_or_the_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.md");
    let path = report.to_str().expect("a name");
    for with_key in [false, true] {
        let builder =
            Sandbox::builder().token("c4nary-t0ken").api_key("c4nary-key-1", "c4nary-secret-1");
        let builder = builder.rewrite(|request, reply| {
            let issued = serde_json::from_slice::<Value>(&reply.body).expect("JSON");
            let issued = issued["token"].as_str().map(|token| format!("Bearer {token}"));
            let sent = request.header("authorization").map(str::to_owned);
            let said = sent.or(issued).unwrap_or_default();
            let word = said.trim_start_matches("Bearer ").to_owned();
            reply.headers.push(("x-ratelimit-policy".to_owned(), said.clone()));
            reply.headers.push(("content-type".to_owned(), format!("text/{word}")));
            let is_login = request.path.ends_with("/login/token");
            edit(&mut reply.body, |body| {
                let told = String::from_utf8_lossy(&request.body).into_owned();
                body[word.as_str()] = said.clone().into();
                if is_login {
                    body["c4nary-secret-1"] = told.into();
                    return;
                }
                body["message"] = said.clone().into();
                let record = serde_json::json!({
                    word.as_str(): said, "opID": word, "url": word, "status": 1, "message": said,
                    "createdAt": word, "startedAt": said, "completedAt": word,
                });
                body["data"]["requests"] = serde_json::json!([record]);
                body["data"][word.as_str()] = 1.into();
            });
        });
        let sandbox = builder.start().await.expect("a sandbox");
        for arguments in
            [&["--report", path][..], &["--path", "/a", "--wait", "1s", "-v", "--output", "json"]]
        {
            let run = match with_key {
                true => doctor(&sandbox, arguments),
                false => Run::new(PURGE, [&["doctor"], arguments].concat()).account(
                    sandbox.base_url(),
                    sandbox.token(),
                    ORGANIZATION,
                    RESOURCE,
                ),
            };
            let ended = run.end().await;
            let report = fs::read_to_string(&report).expect("a report");
            assert!(report.contains("## Facts") && !ended.out.is_empty(), "{ended:?}");
            for text in [&ended.out, &ended.err, &report] {
                assert!(!text.contains("c4nary"), "{text}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn command_that_contains_the_token_is_shown_without_it() {
    let sandbox = sandbox(Sandbox::builder().token("c4nary-t0ken")).await;
    for output in ["text", "json"] {
        let command = ["--token-command", "printf c4nary-t0ken", "--output", output];
        let run = Run::new(PURGE, [&["doctor"], &command[..]].concat())
            .env("PURGE_BASE_URL", sandbox.base_url())
            .env("PURGE_ORGANIZATION", ORGANIZATION)
            .env("PURGE_RESOURCE", RESOURCE);
        let ended = run.end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.out.contains("printf ") && !ended.out.contains("c4nary"), "{}", ended.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_quotes_no_page_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.md");
    let page = r#"{"status":true,"data":{"requests":{"`url":"https:\/\/www.acme.example\/secret-campaign.html"}}}"#;
    let fault = Fault::status(200).header("content-type", "application/json").body(page);
    let sandbox = Sandbox::builder().fault(fault.on_get().times(50)).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let ended = doctor(&sandbox, &["--report", report.to_str().expect("a name")]).end().await;
    assert!(ended.out.contains("secret-campaign"), "it is shown to the user: {}", ended.out);
    let report = fs::read_to_string(&report).expect("a report");
    assert!(
        report.contains("not a response from the service&#58; &#40;not shown&#41; |"),
        "{report}"
    );
    assert!(!report.contains("acme") && !report.contains("campaign"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn report_names_neither_the_resource_nor_hosts() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("acme-token");
    fs::write(&token, "c4nary-t0ken").expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("a file");
    }
    let sandbox = sandbox(Sandbox::builder().token("c4nary-t0ken")).await;
    let report = folder.path().join("report.md");
    let arguments =
        ["doctor", "--report", report.to_str().expect("a name"), "--path", "/acme-secret.html"];
    let run = Run::new(PURGE, arguments)
        .env("PURGE_BASE_URL", sandbox.base_url())
        .env("PURGE_ORGANIZATION", ORGANIZATION)
        .env("PURGE_RESOURCE", RESOURCE);
    let ended = run.folder(folder.path()).env("HOME", "/home/maya").end().await;
    assert_eq!(ended.code, Some(2), "no token: {ended:?}");
    let mut texts = vec![fs::read_to_string(&report).expect("a report")];
    let run = Run::new(
        PURGE,
        [&arguments[..], &["--token-file", token.to_str().expect("a name")]].concat(),
    )
    .env("PURGE_BASE_URL", sandbox.base_url())
    .env("PURGE_ORGANIZATION", ORGANIZATION)
    .env("PURGE_RESOURCE", RESOURCE);
    let ended = run.folder(folder.path()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains(RESOURCE), "{}", ended.out);
    texts.push(fs::read_to_string(&report).expect("a report"));
    for text in texts {
        let port = sandbox.address().port().to_string();
        for name in [
            "acme",
            "c4nary",
            RESOURCE,
            ORGANIZATION,
            "127.0.0.1",
            &port,
            "cdn.example.com",
            "maya",
        ] {
            assert!(!text.contains(name), "{name}: {text}");
        }
        assert!(text.contains("| organization | 550e8400… | PURGE&#95;ORGANIZATION |"), "{text}");
    }
}
