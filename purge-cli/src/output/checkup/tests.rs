use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::*;
use crate::doctor::{Asked, Exchange, Query, Seen, findings};

/// A check of a service that mentions one member more, and that has no page.
fn checkup() -> Checkup {
    let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let record = json!({ "opID": "a|b", "url": "https://www.example.com/index.html", "status": 7 });
    let page = json!({ "page": 1, "total": 1, "limit": 100, "requests": [record], "<b>": 1 });
    let list = Exchange {
        asked: Asked::List(Query { page: 1, limit: 100, op_id: None }),
        status: 200,
        content_type: Some("application/json".to_owned()),
        limits: vec![("x-ratelimit-limit".to_owned(), "60".to_owned())],
        date: Some(at),
        sent: at,
        received: at,
        body: Some(json!({ "status": true, "data": page })),
    };
    let seen = Seen { exchanges: vec![list], ..Seen::default() };
    let setting = |name: &str, value: Option<&str>, source: Option<&str>| Setting {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        source: source.map(str::to_owned),
    };
    Checkup {
        time: at,
        settings: vec![
            setting("resource", Some("660f9511-f30c-52e5-b827-557766551111"), Some("--resource")),
            setting("token", None, Some("PURGE_TOKEN")),
            setting("base-url", Some("https://purge.example.org"), Some("PURGE_BASE_URL")),
            setting("rate", None, None),
            setting("timeout", Some("30s"), Some("/home/maya/purge.toml:2")),
        ],
        steps: vec![
            Step::failed("settings", Exit::Usage, "no organization: pass --organization UUID"),
            Step::well("name", "`purge.example.org` is 192.0.2.1").for_others("1 address"),
            Step::not_checked("sign-in", "the step `settings` failed"),
            Step::failed("resource", Exit::Failed, "nothing at purge.example.org for /campaign"),
        ],
        findings: findings(&seen),
        has_responses: true,
        exit: Exit::Usage,
        base_url: "https://purge.example.org".to_owned(),
        path: Some("/campaign".to_owned()),
        ..Checkup::new(None)
    }
}

fn shown(checkup: &Checkup) -> String {
    let mut out = Vec::new();
    text(&mut out, Screen::NONE, checkup).expect("a buffer takes everything");
    String::from_utf8(out).expect("text")
}

#[test]
fn text_ends_with_what_is_wrong() {
    insta::assert_snapshot!(shown(&checkup()));
}

#[test]
fn report_names_nothing_of_the_user() {
    let report = markdown::report(&checkup());
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let report = report.replace(&system, "SYSTEM").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(report);
}

#[test]
fn summary_counts_what_is_wrong() {
    let mut checkup = checkup();
    assert!(
        shown(&checkup)
            .ends_with("\nthe steps `settings` and `resource` failed; 4 facts are contradicted\n")
    );
    checkup.findings.retain(|finding| finding.outcome != Outcome::Contradicted);
    checkup.steps.retain(|step| step.name != "resource");
    assert!(shown(&checkup).ends_with("\nthe step `settings` failed\n"));
    checkup.steps.retain(|step| step.name != "settings");
    assert!(shown(&checkup).ends_with("\nall is well\n"));
    checkup.exit = Exit::Interrupted;
    assert!(shown(&checkup).ends_with("\nthe check was interrupted\n"));
    checkup.has_responses = false;
    assert!(shown(&checkup).contains("Facts: none was seen, since there was no response\n"));
}
