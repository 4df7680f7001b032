//! What a run reports through `tracing`.

use std::time::Duration;

use purge_api_ext::{Client, ErrorKind, Plan};
use purge_tests::logs::{Log, listen};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;

use crate::account::resource_of;

#[tokio::test]
async fn logs_show_the_attempts_and_never_the_token() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _guard = listen(subscriber);

    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let script = [answer("429 Too Many Requests", ""), accepted, answer("401 Unauthorized", "")];
    let server = ScriptServer::sending(script).await;
    let canary = "c4nary-t0ken";
    let client = Client::builder(canary).base_url(server.base_url()).build().expect("a client");
    let site = resource_of(&client);
    let plan = Plan::planner().batch_size(1).plan(["/a", "/b"].map(|p| p.parse().expect(p)));
    let purge = site.purge(plan.expect("a plan")).concurrency(1);
    let report = purge.backoff(Duration::ZERO, Duration::ZERO).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Unauthorized));

    let log = log.text();
    for part in ["request=0", "attempt=2", "trying again", "accepted", "401"] {
        assert!(log.contains(part), "{part} is not in {log}");
    }
    let shown = format!("{client:?} {site:?} {report:?} {log}");
    assert!(server.requests()[0].contains(canary), "the token is sent");
    assert!(!shown.contains("c4nary"), "the token is shown: {shown}");
}
