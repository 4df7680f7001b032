use purge_sandbox::Sandbox;

use crate::support::raw;

const ROUTES: [&str; 15] = [
    "/",
    "/events",
    "/docs",
    "/docs/purge.yaml",
    "/docs/purge.json",
    "/docs/login.yaml",
    "/docs/login.json",
    "/ui/style.css",
    "/ui/dashboard.js",
    "/ui/docs.js",
    "/healthz",
    "/edge/660f9511-f30c-52e5-b827-557766551111/index.html",
    "/api/v1/cdn/550e8400-e29b-41d4-a716-446655440000/job/660f9511-f30c-52e5-b827-557766551111/purge?page=1&limit=1",
    "/api/v1/auth/login/token",
    "/nothing",
];

async fn answer(sandbox: &Sandbox, method: &str, route: &str, lines: &str) -> String {
    let token = sandbox.token();
    let head =
        format!("{method} {route} HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer {token}");
    raw(sandbox, &format!("{head}\r\n{lines}\r\n")).await
}

#[tokio::test]
async fn no_route_accepts_a_name_that_is_not_this_machine() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for route in ROUTES {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            let answer =
                answer(&sandbox, method, route, "Host: rebound.example.com:8080\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 421 "), "{method} {route}: {answer}");
            let tells = answer.contains("rebound.example.com:8080 is not this machine");
            assert!(tells || method == "HEAD", "{answer}");
            assert!(!answer.contains(sandbox.token()), "{answer}");
        }
        for lines in ["", "Host: localhost\r\nHost: localhost\r\n", "Host: a b\r\n", "Host:\r\n"] {
            let answer = answer(&sandbox, "GET", route, lines).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{lines:?} {route}: {answer}");
        }
        for line in ["Origin: https://example.com\r\n", "Origin: null\r\n"] {
            let lines = format!("Host: localhost\r\n{line}");
            let answer = answer(&sandbox, "POST", route, &lines).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{route}: {answer}");
        }
    }
    assert!(sandbox.requests().is_empty(), "a refused request is in the log");
}

#[tokio::test]
async fn every_route_accepts_all_names_of_this_machine() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for route in ROUTES.iter().filter(|route| **route != "/events") {
        for host in ["localhost:1", "app.localhost", "127.0.0.2", "[::1]:8080"] {
            let answer = answer(&sandbox, "GET", route, &format!("Host: {host}\r\n")).await;
            let expected = match *route {
                "/nothing" => "HTTP/1.1 404 ",
                "/api/v1/auth/login/token" => "HTTP/1.1 405 ",
                _ => "HTTP/1.1 200 ",
            };
            assert!(answer.starts_with(expected), "{host} {route}: {answer}");
        }
    }
}

#[tokio::test]
async fn other_names_can_be_allowed() {
    let builder = Sandbox::builder().allow_non_loopback();
    let sandbox = builder.start().await.expect("a sandbox");
    let answer = answer(&sandbox, "GET", "/healthz", "Host: sandbox.internal\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
