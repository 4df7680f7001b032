use std::time::{Duration, SystemTime};

use purge_sandbox::{ResourceType, Sandbox, Star};
use serde_json::{Value, json};

use crate::schema;
use crate::support::{body, created, get, http, json_of, listed, post, raw, url};

async fn quick() -> Sandbox {
    Sandbox::builder().purge_delay(Duration::ZERO).start().await.expect("a sandbox")
}

/// `(path, status)` of every record.
fn outcomes(data: &Value) -> Vec<(String, i64)> {
    let records = data["requests"].as_array().expect("a list of records");
    records
        .iter()
        .map(|record| {
            let url = record["url"].as_str().expect("a url");
            let path = url.strip_prefix("https://cdn.example.com").expect("a full url");
            (path.to_owned(), record["status"].as_i64().expect("an integer"))
        })
        .collect()
}

fn outcome(path: &str, status: i64) -> (String, i64) {
    (path.to_owned(), status)
}

#[tokio::test]
async fn a_job_purges_cached_paths_and_reports_those_not_cached() {
    let sandbox = quick().await;
    let paths = ["/index.html", "/images/*", "/nothing.html"];
    schema::assert_valid("CreatePurgeRequest", &body(&sandbox, &paths));
    let (_, answer) = json_of(post(&sandbox, &paths)).await;
    schema::assert_valid("CreatePurgeResponse", &answer);

    let (_, answer) = json_of(get(&sandbox, "page=1&limit=10")).await;
    schema::assert_valid("ListPurgeRequestsResponse", &answer);
    let data = &answer["data"];
    assert_eq!(
        outcomes(data),
        [outcome("/index.html", 1), outcome("/images/*", 1), outcome("/nothing.html", 0)]
    );
    assert_eq!(data["page"], 1);
    assert_eq!(data["limit"], 10);
    assert_eq!(data["total"], 3);
    assert_eq!(data["search"], Value::Null);
    let cached = sandbox.cached(sandbox.resource());
    assert_eq!(cached, ["/about.html", "/assets/app.js", "/assets/style.css", "/robots.txt"]);
}

#[tokio::test]
async fn an_unfinished_job_has_null_times() {
    let sandbox = Sandbox::builder().purge_delay(Duration::MAX).start().await.expect("a sandbox");
    created(&sandbox, &["/index.html"]).await;
    let (_, answer) = json_of(get(&sandbox, "page=1&limit=1")).await;
    schema::assert_valid("ListPurgeRequestsResponse", &answer);
    let record = &answer["data"]["requests"][0];
    assert_eq!(record["status"], 2);
    assert_eq!(record["startedAt"], Value::Null);
    assert_eq!(record["completedAt"], Value::Null);
    assert!(sandbox.cached(sandbox.resource()).contains(&"/index.html".to_owned()));
}

#[tokio::test]
async fn the_times_of_a_record_are_dates_in_order() {
    let delay = Duration::from_millis(40);
    let sandbox = Sandbox::builder().purge_delay(delay).start().await.expect("a sandbox");
    let before = SystemTime::now();
    created(&sandbox, &["/index.html"]).await;
    let mut seen = Vec::new();
    let record = loop {
        let data = listed(&sandbox, "page=1&limit=1").await;
        let record = data["requests"][0].clone();
        let state = (!record["startedAt"].is_null(), !record["completedAt"].is_null());
        seen.push((state, record["status"].as_i64()));
        if state.1 {
            break record;
        }
    };
    assert!(
        seen.iter().all(|&(state, status)| status == Some(if state.1 { 1 } else { 2 })),
        "{seen:?}"
    );
    let time = |name: &str| {
        humantime::parse_rfc3339(record[name].as_str().expect("a time")).expect("RFC 3339")
    };
    assert!(before - Duration::from_millis(1) <= time("createdAt"));
    assert!(time("createdAt") < time("startedAt"));
    let took = time("completedAt").duration_since(time("createdAt")).expect("later");
    assert!((delay..delay + Duration::from_millis(1)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn pages_are_newest_first_and_empty_beyond_the_last() {
    let sandbox = quick().await;
    let old = created(&sandbox, &["/1", "/2"]).await;
    let new = created(&sandbox, &["/3"]).await;
    let page = async |query: &str| outcomes(&listed(&sandbox, query).await);
    assert_eq!(page("page=1&limit=2").await, [outcome("/3", 0), outcome("/1", 0)]);
    assert_eq!(page("limit=2&page=2&unknown=x").await, [outcome("/2", 0)]);
    for beyond in ["page=3&limit=2", "page=99999999999999999999999&limit=100"] {
        let data = listed(&sandbox, beyond).await;
        assert_eq!((&data["requests"], &data["total"]), (&json!([]), &json!(3)), "{beyond}");
    }
    assert_eq!(page(&format!("page=1&limit=100&opID={new}")).await, [outcome("/3", 0)]);
    let data = listed(&sandbox, &format!("page=2&limit=1&opID={old}")).await;
    assert_eq!((outcomes(&data), &data["total"]), (vec![outcome("/2", 0)], &json!(2)));
    assert_eq!(page("page=1&limit=1&opID=none").await, []);
}

#[tokio::test]
async fn pages_can_be_shorter_than_requested_and_lose_nothing() {
    let sandbox =
        Sandbox::builder().purge_delay(Duration::ZERO).page_limit(2).start().await.expect("one");
    let id = created(&sandbox, &["/1", "/2", "/3"]).await;
    for query in ["limit=100".to_owned(), format!("limit=3&opID={id}")] {
        let mut paths = Vec::new();
        for (page, count) in [(1, 2), (2, 1), (3, 0)] {
            let data = listed(&sandbox, &format!("page={page}&{query}")).await;
            assert_eq!((&data["limit"], &data["total"]), (&json!(2), &json!(3)));
            assert_eq!(data["requests"].as_array().map(Vec::len), Some(count));
            paths.extend(outcomes(&data));
        }
        assert_eq!(paths, [outcome("/1", 0), outcome("/2", 0), outcome("/3", 0)], "{query}");
    }
    assert_eq!(listed(&sandbox, "page=1&limit=1").await["limit"], 1);
}

#[tokio::test]
async fn whether_a_star_may_match_nothing_can_be_set() {
    for (star, status) in [(Star::OneOrMore, 0), (Star::ZeroOrMore, 1)] {
        let builder = Sandbox::builder().purge_delay(Duration::ZERO).star(star);
        let sandbox = builder.start().await.expect("a sandbox");
        sandbox.fill(["/blog/"]);
        created(&sandbox, &["/blog/*"]).await;
        assert_eq!(
            outcomes(&listed(&sandbox, "page=1&limit=1").await),
            [outcome("/blog/*", status)]
        );
        let cached = sandbox.cached(sandbox.resource()).contains(&"/blog/".to_owned());
        assert_eq!(cached, star == Star::OneOrMore);
    }
    assert_eq!(Star::default(), Star::OneOrMore);
}

#[tokio::test]
async fn each_type_in_the_reference_has_its_own_resource() {
    let sandbox = quick().await;
    let send = async |kind| {
        let id = sandbox.resource_of(kind);
        let request = http()
            .post(url(&sandbox).replace(sandbox.resource(), id))
            .bearer_auth(sandbox.token())
            .header("content-type", "application/json")
            .body(json!({ "resource_uuid": id, "file_path": ["/index.html"] }).to_string());
        json_of(request).await
    };
    for kind in [ResourceType::Large, ResourceType::Vod, ResourceType::Dynamic] {
        let (status, answer) = send(kind).await;
        assert_eq!(status, 200, "{kind}: {answer}");
        assert!(sandbox.cached(sandbox.resource_of(kind)).contains(&"/about.html".to_owned()));
    }
    assert_eq!(listed(&sandbox, "page=1&limit=1").await["total"], 0);
    let (status, answer) = send(ResourceType::Live).await;
    assert_eq!(status, 422, "{answer}");
}

#[tokio::test]
async fn filled_paths_are_cached_until_a_wildcard_purges_them() {
    let sandbox = quick().await;
    sandbox.fill(["/a/1", "/a/b/2", "/b"]);
    created(&sandbox, &["/a/*"]).await;
    assert_eq!(outcomes(&listed(&sandbox, "page=1&limit=1").await), [outcome("/a/*", 1)]);
    created(&sandbox, &["/*"]).await;
    assert_eq!(sandbox.cached(sandbox.resource()), Vec::<String>::new());
}

#[tokio::test]
async fn every_request_is_recorded_and_the_token_is_not_shown() {
    let sandbox = quick().await;
    created(&sandbox, &["/a"]).await;
    get(&sandbox, "page=0&limit=1").header("X-Extra", "1").send().await.expect("a response");
    let requests = sandbox.requests();
    let sent: Value = serde_json::from_slice(&requests[0].body).expect("the body as sent");
    assert_eq!(sent, body(&sandbox, &["/a"]));
    assert_eq!((requests[0].method.as_str(), requests[0].status), ("POST", Some(200)));
    assert_eq!(requests[1].query.as_deref(), Some("page=0&limit=1"));
    assert_eq!(requests[1].status, Some(422));
    assert_eq!(requests[1].header("x-extra"), Some("1"));
    assert!(!format!("{requests:?} {sandbox:?}").contains(sandbox.token()));
}

#[tokio::test]
async fn http_1_0_keep_alive_and_expect_continue_work() {
    let sandbox = quick().await;
    let head = format!("/api/v1/cdn/{}/job/{}", sandbox.organization(), sandbox.resource());
    let auth = format!("Authorization: bearer {}", sandbox.token());
    let kept = format!("GET {head}/purge?page=1&limit=1 HTTP/1.0\r\n{auth}\r\n");
    let answer = raw(&sandbox, &format!("{kept}Connection: keep-alive\r\n\r\n{kept}\r\n")).await;
    assert_eq!(answer.matches("200 OK").count(), 2, "{answer}");

    let body = body(&sandbox, &["/a"]).to_string();
    let answer = raw(
        &sandbox,
        &format!(
            "POST {head}/purge HTTP/1.1\r\nHost: localhost\r\n{auth}\r\nContent-Type: application/json\r\n\
             Expect: 100-continue\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn parallel_clients_lose_nothing() {
    let sandbox = quick().await;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..64 {
        let requests: Vec<_> =
            (0..5).map(|n| post(&sandbox, &[&format!("/{client}/{n}")])).collect();
        clients.spawn(async move {
            for request in requests {
                assert_eq!(request.send().await.expect("a response").status(), 200);
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.expect("no client failed");
    }
    let mut paths = Vec::new();
    for page in 1..=4 {
        paths.extend(outcomes(&listed(&sandbox, &format!("page={page}&limit=100")).await));
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 320);
}

#[tokio::test]
async fn rewritten_response_is_sent_instead_of_the_real_one() {
    let sandbox = Sandbox::builder().rewrite(|request, reply| {
        if request.method == "POST" && request.body.starts_with(b"{\"file_path\":[\"/a\"]") {
            reply.status = 202;
            reply.headers = vec![
                ("content-type".to_owned(), "text/plain".to_owned()),
                ("not valid".to_owned(), String::new()),
                ("x-more".to_owned(), "1".to_owned()),
                ("x-more".to_owned(), "2".to_owned()),
            ];
            reply.body.extend_from_slice(b" and more");
        }
    });
    let sandbox = sandbox.start().await.expect("a sandbox");
    let response = post(&sandbox, &["/a"]).send().await.expect("a response");
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].as_bytes()),
        (202, &b"text/plain"[..])
    );
    assert_eq!(response.headers().get_all("x-more").iter().count(), 2);
    assert!(response.text().await.expect("a body").ends_with("} and more"));
    assert_eq!(get(&sandbox, "page=1&limit=1").send().await.expect("a response").status(), 200);
    assert_eq!(sandbox.requests()[0].status, Some(202));
    let health = http().get(format!("{}/healthz", sandbox.base_url())).send().await;
    assert_eq!(health.expect("a response").text().await.expect("a body"), "ok\n", "not of the API");
}
