use std::time::Duration;

use purge_sandbox::Sandbox;
use reqwest::Response;
use serde_json::Value;

use crate::support::{created, get};

async fn open(sandbox: &Sandbox, path: &str) -> Response {
    let response = crate::support::http().get(format!("{}{path}", sandbox.base_url())).send().await;
    let response = response.expect("a response");
    assert_eq!(response.status(), 200, "{path}");
    response
}

async fn text(sandbox: &Sandbox, path: &str) -> String {
    open(sandbox, path).await.text().await.expect("a body")
}

#[tokio::test]
async fn the_page_shows_resources_jobs_caches_and_requests_without_a_script() {
    let sandbox = Sandbox::builder().purge_delay(Duration::ZERO).start().await.expect("a sandbox");
    let empty = text(&sandbox, "/").await;
    assert!(empty.contains("No job yet") && empty.contains("No request yet"), "{empty}");
    let id = created(&sandbox, &["/index.html", "/<script>alert(1)</script>"]).await;
    get(&sandbox, "page=1&limit=2").send().await.expect("a response");
    let page = text(&sandbox, "/").await;
    for expected in [
        sandbox.resource(),
        &format!("<dt>Bearer token</dt><dd><code>{}</code></dd>", sandbox.token()),
        "<dt>API key</dt><dd><code>sandbox-key</code></dd>",
        "<dt>API secret</dt><dd><code>sandbox-secret</code></dd>",
        &format!("<dt>Organization</dt><dd><code>{}</code></dd>", sandbox.organization()),
        &format!("<details id=\"job-{id}\" open>"),
        "2 of 2 finished",
        "<td><code>/index.html</code></td><td class=\"purged\">purged</td>",
        "&lt;script&gt;alert(1)&lt;/script&gt;</code></td><td class=\"not-in-cache\">not in cache</td>",
        &format!("<a href=\"/edge/{}/about.html\">", sandbox.resource()),
        "purge?page=1&amp;limit=2</code></td><td>200</td>",
    ] {
        assert!(page.contains(expected), "{expected} is not in\n{page}");
    }
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("<progress"), "the job has finished\n{page}");
    assert_eq!(sandbox.requests().len(), 2, "requests for the pages are not recorded");
}

#[tokio::test]
async fn the_page_shortens_long_text_and_escapes_misleading_text() {
    let sandbox = Sandbox::builder().purge_delay(Duration::MAX).start().await.expect("a sandbox");
    let long = format!("/{}", "x".repeat(10_000));
    created(&sandbox, &[&long, "/\u{202e}gnp.exe\u{1b}[2J"]).await;
    get(&sandbox, &format!("page=1&limit=1&opID={}", "y".repeat(10_000)))
        .send()
        .await
        .expect("a response");
    sandbox.fill(["/%20 #\"<?a&b", &long]);
    let page = text(&sandbox, "/").await;
    for expected in [
        r"<td><code>/\u{202e}gnp.exe\u{1b}[2J</code></td>".to_owned(),
        format!("<td><code>/{}…</code></td>", "x".repeat(299)),
        format!("<li><code>/{}…</code></li>", "x".repeat(299)),
        "/%20%20%23%22%3C?a&amp;b\"><code>/%20 #&quot;&lt;?a&amp;b</code></a>".to_owned(),
    ] {
        assert!(page.contains(&expected), "{expected} is not in\n{page}");
    }
    for long in ["x".repeat(300), "y".repeat(300), "\u{202e}".into(), "\u{1b}".into()] {
        assert!(!page.contains(&long), "{page}");
    }
}

#[tokio::test]
async fn the_page_shows_the_beginning_of_a_long_job_and_of_a_full_cache() {
    let sandbox = Sandbox::builder().purge_delay(Duration::MAX).start().await.expect("a sandbox");
    let paths: Vec<_> = (0..100).map(|i| format!("/{i}.html")).collect();
    created(&sandbox, &paths.iter().map(String::as_str).collect::<Vec<_>>()).await;
    sandbox.fill(paths.iter().map(String::as_str));
    let page = text(&sandbox, "/").await;
    assert!(page.contains("<progress value=\"0\" max=\"100\""), "{page}");
    let part = |id: &str| page.split(&format!("<div id=\"{id}\">")).nth(1).expect(id);
    let jobs = part("jobs").split("</section>").next().expect("a section");
    assert_eq!(jobs.matches("<td><code>/").count(), 10, "{jobs}");
    assert!(jobs.contains("<p>and 90 more</p>"), "{jobs}");
    let caches = part("caches").split("</details>").next().expect("a cache");
    assert_eq!(caches.matches("<li>").count(), 10, "{caches}");
    assert!(caches.contains("more</p>"), "{caches}");
}

#[tokio::test]
async fn a_change_reaches_the_page_as_an_event() {
    let sandbox = Sandbox::builder().purge_delay(Duration::ZERO).start().await.expect("a sandbox");
    let mut events = open(&sandbox, "/events").await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let mut unread = String::new();
    let mut next = async || loop {
        if let Some((event, rest)) = unread.split_once("\n\n") {
            let data = event.strip_prefix("data: ").expect("an event with data");
            let data: Value = serde_json::from_str(data).expect("JSON");
            unread = rest.to_owned();
            return data;
        }
        let chunk = events.chunk().await.expect("an open stream").expect("more");
        unread.push_str(std::str::from_utf8(&chunk).expect("text"));
    };
    let all = next().await;
    let ids: Vec<&String> = all.as_object().expect("an object").keys().collect();
    assert_eq!(ids, ["caches", "jobs", "requests", "resources"]);
    let id = created(&sandbox, &["/index.html"]).await;
    // The request may be seen before the job, and the job before its response.
    loop {
        let change = next().await;
        if change["jobs"].as_str().is_some_and(|jobs| jobs.contains(&id)) {
            break;
        }
    }
}

#[tokio::test]
async fn the_documentation_has_a_form_for_each_operation() {
    let sandbox = Sandbox::builder().token("other-token").start().await.expect("a sandbox");
    for description in purge_openapi::DESCRIPTIONS {
        let name = description.name;
        assert_eq!(text(&sandbox, &format!("/docs/{name}.yaml")).await, description.yaml);
        let spec = text(&sandbox, &format!("/docs/{name}.json")).await;
        let spec: Value = serde_json::from_str(&spec).expect("JSON");
        assert_eq!(spec["openapi"], "3.0.3");
        assert_eq!(spec["servers"][0]["url"], "/", "a tool must not talk to the real service");
    }
    for name in ["/docs/purge.txt", "/docs/openapi.yaml", "/docs/purge"] {
        let response = crate::support::http().get(format!("{}{name}", sandbox.base_url())).send();
        assert_eq!(response.await.expect("a response").status(), 404, "{name}");
    }
    let spec = text(&sandbox, "/docs/purge.json").await;
    let spec: Value = serde_json::from_str(&spec).expect("JSON");
    let page = text(&sandbox, "/docs").await;
    // The test does not depend on the limits in the description.
    let parameter = &spec["components"]["parameters"]["limit"]["schema"];
    let limit = format!(
        "<code>limit</code> in query, required, integer, {} to {}: ",
        parameter["minimum"], parameter["maximum"]
    );
    for expected in [
        "<form novalidate data-method=\"POST\" data-path=\"/api/v1/cdn/{organization_uuid}/job/{resource_uuid}/purge\">",
        "<form novalidate data-method=\"GET\"",
        "data-path=\"/api/v1/auth/login/token\" data-public>",
        "&quot;api_secret&quot;: &quot;sandbox-secret&quot;",
        "value=\"other-token\"",
        "<input id=\"listPurgeRequests-limit\" name=\"limit\" data-in=\"query\" inputmode=\"numeric\" value=\"10\" required",
        &*limit,
        "<summary>Example: A refusal with a success status</summary>",
        "<th scope=\"row\"><code>data.requests</code></th><td>array of <a href=\"#schema-PurgeRequest\">",
        "<th scope=\"row\">429</th><td>The rate limit (--rate-limit) is exceeded.</td><td><code>Retry-After: SECONDS</code></td>",
        "<th scope=\"row\">401</th><td>The token is missing, wrong or expired; or the API key or its secret is wrong.</td><td><code>WWW-Authenticate: Bearer</code></td>",
        "&quot;/images/*&quot;",
        "Paths may contain <code>*</code> to match multiple objects",
        "<details id=\"schema-PurgeRequest\">",
        "Purge request data retrieved successfully.",
    ] {
        assert!(page.contains(expected), "{expected} is not in\n{page}");
    }
}

#[tokio::test]
async fn the_pages_load_nothing_from_other_servers() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for path in ["/", "/docs"] {
        let response = open(&sandbox, path).await;
        let policy = response.headers()["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let page = response.text().await.expect("a body");
        for link in page.split("src=\"").chain(page.split("<link ")).skip(1) {
            assert!(!link.starts_with("http"), "{link}");
        }
        for asset in page.split("\"/ui/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!text(&sandbox, &format!("/ui/{asset}")).await.is_empty());
        }
    }
}

#[tokio::test]
async fn an_open_page_does_not_delay_shutdown() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let mut events = open(&sandbox, "/events").await;
    events.chunk().await.expect("an open stream").expect("a first event");
    let end = tokio::time::timeout(Duration::from_secs(1), sandbox.shutdown());
    assert!(end.await.is_ok(), "still running after a second");
}
