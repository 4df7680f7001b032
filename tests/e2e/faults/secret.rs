//! Where the token must not appear.

use std::fs;
use std::path::PathBuf;

use super::play::CANARY;
use super::row::{ACCEPTED, NOTHING, Row, ok, status};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = files();
    rows.extend(renewed());
    rows.extend(refused());
    rows.extend(spelled());
    rows
}

/// A file in Cargo's folder for test files.
fn file(name: &str, content: impl AsRef<[u8]>, mode: u32) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("secret-{name}"));
    fs::write(&path, content).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    }
    path.to_str().expect("UTF-8").to_owned()
}

fn files() -> Vec<Row> {
    let with = |file: &str| ["create", "/a", "--token-file", file].map(str::to_owned);
    let mut rows = Vec::new();
    for (name, content) in
        [("CRLF", format!("{CANARY}\r\n")), ("blanks around it", format!(" \t{CANARY} \n\n"))]
    {
        let row =
            Row::new(format!("S2 token file with {name}")).call(with(&file(name, content, 0o600)));
        rows.push(row.ends(0, "1 accepted").seen(1, 0));
    }
    for (name, content, mode, says) in [
        ("a control character", format!("{CANARY}\u{7}x"), 0o600, "it contains control characters"),
        ("two words", format!("Bearer {CANARY}"), 0o600, "it begins with `Bearer`: remove that"),
        ("nothing", String::new(), 0o600, "no usable token: it is empty"),
        ("a mode that lets the group read", CANARY.to_owned(), 0o640, "chmod 600"),
        ("a mode that lets everyone read", CANARY.to_owned(), 0o604, "chmod 600"),
        ("a mode that lets the group write", CANARY.to_owned(), 0o620, "chmod 600"),
    ] {
        let row =
            Row::new(format!("S2 token file with {name}")).call(with(&file(name, content, mode)));
        rows.push(row.ends(2, "").says(says));
    }
    let bytes = file("other bytes", [CANARY.as_bytes(), b"\xff"].concat(), 0o600);
    rows.push(Row::new("S2 token file that is not UTF-8").call(with(&bytes)).ends(2, ""));
    rows.push(
        Row::new("S2 missing token file")
            .call(with("/not/there"))
            .ends(2, "")
            .says("the token file `/not/there` cannot be read"),
    );
    rows
}

fn renewed() -> Vec<Row> {
    let with = |command: &str| ["create", "/a", "--token-command", command].map(str::to_owned);
    let refusal = || status("401 Unauthorized", r#"{"message":"expired"}"#);
    let other = file("changing", "", 0o600);
    // The token, with one more character each time.
    let changing = format!("sh -c 'printf x >> {other}; cat {{token}} {other} | tr -d \\\\r\\\\n'");
    vec![
        Row::new("S4 token expires, and the command prints a new one")
            .call(with(&changing))
            .post([refusal(), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 0),
        Row::new("S4 token expires, and the command prints the same one")
            .call(with("cat {token}"))
            .post([refusal()])
            .ends(3, "1 failed")
            .seen(1, 0),
        Row::new("S4 token expires while waiting")
            .call(["create", "/a", "--wait=60s"])
            .get([ok(NOTHING), refusal()])
            .ends(3, "1 accepted, 1 pending")
            .seen(1, 2)
            .takes(0.1..=0.4),
        Row::new("S4 command fails")
            .call(with("sh -c 'cat {token}; echo no login >&2; exit 3'"))
            .ends(3, "")
            .says("failed with exit status 3: no login"),
        Row::new("S4 command is missing")
            .call(with("/not/there"))
            .ends(2, "")
            .says("the token command `/not/there` cannot be started"),
        Row::new("S4 command prints nothing")
            .call(with("sh -c ':'"))
            .ends(2, "")
            .says("provided no usable token: it is empty"),
    ]
}

fn refused() -> Vec<Row> {
    let at = |base: &str| ["create", "/a", "--base-url", base].map(str::to_owned);
    let echo = format!("<html>GET / authorization: Bearer {CANARY}</html>");
    let said = format!(r#"{{"status":false,"message":"no such token: {CANARY}"}}"#);
    vec![
        Row::new("S3 plain http to another host")
            .call(at("http://example.com"))
            .ends(2, "")
            .says("use https"),
        Row::new("S3 plain http to an address in the network")
            .call(at("http://10.0.0.1"))
            .ends(2, "")
            .says("use https"),
        Row::new("S3 base URL with a password")
            .call(at(&format!("https://user:{CANARY}@example.com")))
            .ends(2, "")
            .says("user name or password"),
        Row::new("S3 base URL with a query")
            .call(at(&format!("https://example.com/?token={CANARY}")))
            .ends(2, "")
            .says("query string"),
        Row::new("S1 page that echoes the request")
            .post([ok(&echo)])
            .ends(6, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
        Row::new("S1 refusal that echoes the token")
            .post([status("401 No", &said)])
            .ends(3, "1 failed")
            .seen(1, 0),
        Row::new("S1 refusal in a success that echoes the token")
            .post([ok(&said)])
            .ends(1, "1 failed")
            .seen(1, 0),
        Row::new("S1 operation ID that is the token")
            .post([ok(&format!(r#"{{"status":true,"opID":"{CANARY}"}}"#))])
            .ends(6, "1 unconfirmed")
            .seen(1, 1)
            .says("names no operation"),
        Row::new("S1 redirect that echoes the token")
            .post([status(&format!("302 Found\r\nlocation: /login?token={CANARY}"), "")])
            .ends(6, "1 failed")
            .seen(1, 0),
    ]
}

/// The token as it may be spelled in JSON, HTML and URLs.
fn spelled() -> Vec<Row> {
    let mut rows = Vec::new();
    for (spelling, hyphen) in [
        ("plain", "-"),
        ("JSON", r"\u002d"),
        ("HTML", "&#45;"),
        ("percent", "%2D"),
        ("twice", "%252D"),
    ] {
        let token = CANARY.replace('-', hyphen);
        let record = |path: &str| {
            format!(
                r#"{{"status":true,"data":{{"total":1,"requests":[{{"opID":"job-0000","url":"{path}","status":7,
                "message":"{token}","createdAt":"{token}","startedAt":"{token}","completedAt":"{token}"}}]}}}}"#
            )
        };
        rows.extend([
            Row::new(format!("S1 refusal with the token, {spelling}"))
                .post([status("400 No", &format!(r#"{{"errors":["no {token}"]}}"#))])
                .ends(1, "1 failed")
                .seen(1, 0)
                .says("token"),
            Row::new(format!("S1 acceptance with the token, {spelling}"))
                .post([ok(&format!(r#"{{"status":true,"opID":"a","message":"{token}"}}"#))])
                .ends(0, "1 accepted")
                .seen(1, 0),
            Row::new(format!("S1 records with the token, {spelling}"))
                .call(["list"])
                .get([ok(&record(&format!("/a?token={token}")))])
                .seen(0, 1)
                .shows("token"),
            Row::new(format!("S1 records of a wait with the token, {spelling}"))
                .call(["create", "/a", "--wait=60s"])
                .get([ok(&record("/a"))])
                .ends(6, "1 unconfirmed")
                .seen(1, 1),
            Row::new(format!("S1 records of another client's job with the token, {spelling}"))
                .call(["wait", "job-0000", "--wait", "60s"])
                .get([ok(&record(&format!("/{token}")))])
                .ends(6, "")
                .seen(0, 1),
        ]);
    }
    rows
}
