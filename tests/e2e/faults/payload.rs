//! Faults in response bodies.

use purge_tests::raw::gzip;
use purge_tests::script::Step;

use super::row::{ACCEPTED, NEW, NOTHING, Row, ok, page_of_1994, status};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = unreadable();
    rows.extend(tolerated());
    rows.extend(escaped());
    rows.extend(records());
    rows
}

fn raw(head: &str, body: &[u8]) -> Step {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close{head}\r\n\r\n");
    Step::Send([head.as_bytes(), body].concat())
}

fn packed(part: &[u8], times: usize) -> Step {
    raw("\r\ncontent-encoding: gzip", &gzip(part, times))
}

fn unreadable() -> Vec<Row> {
    let cut = |head: &str| {
        Step::Send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{\"status\":true,").into())
    };
    let long =
        |prefix: &str, unit: &str| format!("{prefix}{}", unit.repeat((1 << 20) / unit.len() + 1));
    let nested = |prefix: &str| format!("{prefix}{}", "[".repeat(200_000));
    let mut rows = Vec::new();
    for (name, step) in [
        ("P1 truncated, with Content-Length", cut("content-length: 99")),
        ("P1 truncated, without Content-Length", cut("connection: close")),
        ("P1 truncated, in chunks", cut("transfer-encoding: chunked")),
        (
            "P1 truncated by a reset",
            Step::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"s".into()),
        ),
        ("P2 200 with HTML", ok("<html><h1>Welcome</h1></html>")),
        ("P2 200 without a body", ok("")),
        ("P2 200 with null", ok("null")),
        ("P2 200 with a list", ok(r#"["a message","a",true]"#)),
        ("P4 status as text", ok(r#"{"status":"true","opID":"a"}"#)),
        ("P4 status as a number", ok(r#"{"status":1,"opID":"a"}"#)),
        ("P4 status of null", ok(r#"{"status":null,"opID":"a"}"#)),
        ("P4 no status", ok(r#"{"opID":"a"}"#)),
        ("P6 status twice", ok(r#"{"status":false,"status":true,"opID":"a"}"#)),
        ("P6 operation ID twice", ok(r#"{"status":true,"opID":"a","opID":"b"}"#)),
        ("P6 bytes after the JSON", ok(r#"{"status":true,"opID":"a"}{}"#)),
        ("P6 byte order mark", ok("\u{feff}{\"status\":true,\"opID\":\"a\"}")),
        ("P7 body over 1 MiB", ok(&long(r#"{"status":true,"opID":"a","message":""#, "a"))),
        ("P7 body over 1 MiB of blanks", ok(&long(ACCEPTED, " "))),
        ("P7 compressed without being requested", packed(ACCEPTED.as_bytes(), 1)),
        ("P7 compressed bomb", packed(&vec![b' '; 1 << 20], 64)),
        ("P8 200,000 nested brackets", ok(&nested(""))),
        ("P8 200,000 nested brackets in an unknown field", ok(&nested(r#"{"status":true,"x":"#))),
        ("P8 invalid UTF-8", raw("", b"{\"status\":true,\"opID\":\"a\",\"message\":\"\xff\"}")),
        ("P5 operation ID of an impossible type", ok(r#"{"status":true,"opID":["a"]}"#)),
    ] {
        let row = Row::new(name).post([step]).ends(6, "1 unconfirmed");
        rows.push(row.seen(3, 3).possible_duplicate().takes(0.0..=3.0));
    }
    // A refusal is recognized by its status, whatever its body.
    for (name, body) in [
        ("P7 refusal over 1 MiB", long("", "a")),
        ("P8 refusal of 200,000 nested brackets", nested("")),
        ("P8 refusal with nested brackets in its message", nested(r#"{"message":"#)),
    ] {
        let row = Row::new(name).post([status("400 Bad Request", &body)]);
        rows.push(row.ends(1, "1 failed").seen(1, 0));
    }
    rows
}

fn tolerated() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, body) in [
        ("P3 unknown fields", r#"{"status":true,"opID":"a","new":{"field":[1]}}"#),
        ("P3 message of null", r#"{"status":true,"opID":"a","message":null}"#),
        ("P3 no message", ACCEPTED),
        ("P3 empty message", r#"{"status":true,"opID":"a","message":""}"#),
        ("P5 operation ID as a number", r#"{"status":true,"opID":17}"#),
        ("P5 operation ID as a large number", r#"{"status":true,"opID":18446744073709551615}"#),
        ("P5 message that is an object", r#"{"status":true,"opID":"a","message":{"a":["b"]}}"#),
    ] {
        let row = Row::new(name).post([ok(body)]).ends(0, "1 accepted");
        rows.push(row.seen(1, 0));
    }
    for (name, body, said) in [
        (
            "P5 refusal with an object for a message",
            r#"{"status":false,"message":{"file_path":["bad path"]}}"#,
            "bad path",
        ),
        (
            "P5 refusal with an operation ID of an impossible type",
            r#"{"status":false,"message":"bad path","opID":[]}"#,
            "the service refused the request (status: false): bad path",
        ),
    ] {
        let row = Row::new(name).post([ok(body)]).ends(1, "1 failed").seen(1, 0);
        rows.push(row.says(said));
    }
    let odd = r#"{"status":true,"data":{"page":"1","total":"1","limit":{},"search":{"value":null},
        "requests":[{"opID":"job-0000","url":"/a","status":1,"message":[],"createdAt":1754480391,
        "startedAt":false,"completedAt":"2025-08-06T11:39:53Z"}]}}"#;
    rows.push(
        Row::new("P5 page with unused members of other types")
            .call(["create", "/a", "--wait=60s"])
            .get([ok(odd)])
            .ends(0, "1 accepted, 1 purged")
            // Without a total, only an empty page would be the last.
            .seen(1, 2),
    );
    for (name, body) in [
        ("P5 no operation ID", r#"{"status":true}"#),
        ("P5 operation ID of null", r#"{"status":true,"opID":null}"#),
        ("P5 empty operation ID", r#"{"status":true,"opID":" "}"#),
    ] {
        let row = Row::new(name).post([ok(body)]).ends(6, "1 unconfirmed").seen(1, 1);
        rows.push(row.says("names no operation"));
    }
    rows.push(
        Row::new("P5 no operation ID, but found in the list")
            .post([ok(r#"{"status":true}"#)])
            .get([page_of_1994("lost", &["/a"], NEW)])
            .ends(0, "1 accepted")
            .seen(1, 1)
            .shows("lost"),
    );
    rows
}

fn escaped() -> Vec<Row> {
    let nasty = r#"::error::no\n::set-output name=x::y\r\n##[error]no\u001b[2J\u009b31m\u202e##vso[task.complete]"#;
    let message = |status: &str| format!(r#"{{"status":{status},"opID":"a","message":"{nasty}"}}"#);
    let record = format!(
        r#"{{"status":true,"data":{{"total":1,"requests":[{{"opID":"{nasty}","url":"{nasty}","status":7,
            "message":"{nasty}","createdAt":"{nasty}","completedAt":"{nasty}"}}]}}}}"#
    );
    let finished = format!(
        r#"{{"status":true,"data":{{"total":1,"requests":[{{"opID":"job-0000","url":"/a","status":7,
            "message":"{nasty}","completedAt":"now"}}]}}}}"#
    );
    let strange = format!(r#"{{"status":true,"opID":"{nasty}"}}"#);
    let mut rows = vec![
        Row::new("P9 commands in a refusal")
            .post([status("400 Bad Request", &message("false"))])
            .ends(1, "1 failed")
            .seen(1, 0),
        Row::new("P9 commands in a page")
            .post([status(
                "403 Forbidden",
                &nasty.replace("\\n", "\n").replace("\\u001b", "\u{1b}"),
            )])
            .ends(3, "1 failed")
            .seen(1, 0),
        Row::new("P9 commands in a page of status 200")
            .post([ok(&nasty.replace("\\n", "\n").replace("\\u001b", "\u{1b}"))])
            .ends(6, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
        Row::new("P9 commands in a refusal inside a success")
            .post([ok(&message("false"))])
            .ends(1, "1 failed")
            .seen(1, 0),
        Row::new("P9 commands in an acceptance")
            .post([ok(&message("true"))])
            .ends(0, "1 accepted")
            .seen(1, 0),
        Row::new("P9 commands in an operation ID")
            .post([ok(&strange)])
            .ends(6, "1 unconfirmed")
            .seen(1, 1)
            .says("names no operation"),
        Row::new("P9 commands in a redirect")
            .post([status("302 Found\r\nlocation: ::error::no##vso[x]\x1b[2J", "")])
            .ends(6, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
        Row::new("P9 commands in a list").call(["list"]).get([ok(&record)]).seen(0, 1),
        Row::new("P9 commands in a refusal of the list")
            .call(["list"])
            .get([ok(&message("false"))])
            .ends(1, "")
            .seen(0, 1),
        Row::new("P9 commands in the records of a wait")
            .call(["create", "/a", "--wait=60s"])
            .get([ok(&finished)])
            .ends(6, "1 unconfirmed")
            .seen(1, 1),
        Row::new("P9 commands in the records of another client's job")
            .call(["wait", "job-0000", "--wait", "60s"])
            .get([ok(&finished.replace("\"/a\"", &format!("\"{nasty}\"")))])
            .ends(6, "")
            .seen(0, 1),
    ];
    const EVIL: &str = "x\n::error::no\n##[error]no##vso[x]\u{1b}[2J";
    let base = format!("https://{EVIL}");
    for call in [
        &["create", "/a", EVIL][..],
        &["create", "/a", "--resource", EVIL],
        &["create", "/a", "--base-url", &base],
        &["plan", "--from", EVIL],
        &["wait", EVIL],
    ] {
        rows.push(Row::new(format!("P9 commands in {call:?}")).call(call).ends(2, ""));
    }
    // An operation ID is shown unescaped, so each line of this output has a form of its own.
    let call = ["list", "--output", "ndjson"];
    rows.push(Row::new("P9 commands in lines of records").call(call).get([ok(&record)]).seen(0, 1));
    let call = ["create", "/a", "--output", "ndjson"];
    rows.push(
        Row::new("P9 commands in a line of an operation")
            .call(call)
            .post([status("400 Bad Request", &message("false"))])
            .ends(1, "")
            .seen(1, 0),
    );
    rows
}

fn records() -> Vec<Row> {
    let list = |records: &str| {
        ok(&format!(r#"{{"status":true,"data":{{"total":1,"requests":[{records}]}}}}"#))
    };
    let mut rows = Vec::new();
    for (name, time, finished) in [
        ("null", "null", false),
        ("zero time", r#""0001-01-01T00:00:00Z""#, false),
        ("zero time with microseconds", r#""0001-01-01T00:00:00.000000Z""#, false),
        ("empty text", r#""""#, false),
        ("microseconds", r#""2025-08-06T11:39:51.000000Z""#, true),
        ("offset", r#""2025-08-06T13:39:51+02:00""#, true),
        ("nonsense", r#""yesterday""#, true),
    ] {
        let record = format!(r#"{{"opID":"job-0000","url":"/a","status":1,"completedAt":{time}}}"#);
        let row = Row::new(format!("P10 time of completion: {name}")).get([list(&record)]);
        let row = row.call(["create", "/a", "--wait=10s"]);
        rows.push(if finished {
            row.ends(0, "1 accepted, 1 purged").seen(1, 1)
        } else {
            row.ends(5, "1 accepted, 1 pending").seen(1, 0).asked(8..=14).takes(10.0..=10.1)
        });
    }
    rows.extend([
        Row::new("P10 nonsensical time of creation is kept as it is")
            .call(["list"])
            .get([list(r#"{"opID":"job-0000","url":"/a","status":2,"createdAt":"yesterday"}"#)])
            .seen(0, 1)
            .shows("yesterday"),
        Row::new("P11 unknown status of a finished record")
            .call(["create", "/a", "--wait=10s"])
            .get([list(r#"{"opID":"job-0000","url":"/a","status":-7,"completedAt":"now"}"#)])
            .ends(6, "1 unconfirmed")
            .seen(1, 1),
        Row::new("P11 unknown status of an unfinished record")
            .call(["create", "/a", "--wait=10s"])
            .get([list(r#"{"opID":"job-0000","url":"/a","status":99}"#)])
            .ends(5, "1 accepted, 1 pending")
            .seen(1, 0)
            .asked(8..=14)
            .takes(10.0..=10.1),
        Row::new("P5 operation ID of a record as a number")
            .call(["create", "/a", "--wait=10s"])
            .post([ok(r#"{"status":true,"opID":17}"#)])
            .get([list(r#"{"opID":17,"url":"/a","status":1,"completedAt":"now"}"#)])
            .ends(0, "1 accepted, 1 purged")
            .seen(1, 1),
        Row::new("P5 list with operation IDs of all types")
            .call(["list"])
            .get([list(r#"{"opID":17},{"opID":"b"},{"opID":null},{"opID":""},{}"#)])
            .seen(0, 1)
            .shows("17"),
        Row::new("P7 list over 1 MiB")
            .call(["list"])
            .get([ok(&format!("{NOTHING}{}", " ".repeat(1 << 20)))])
            .ends(6, "")
            .seen(0, 1),
    ]);
    for (body, code, says) in [
        (r#"{"status":true,"data":{}}"#, 0, ""),
        (r#"{"status":true,"data":[]}"#, 0, ""),
        (r#"{"status":true}"#, 6, "no page"),
        (r#"{"status":true,"data":null}"#, 6, ""),
        (r#"{"status":true,"data":[{"opID":"a"}]}"#, 6, ""),
        (r#"{"status":true,"data":[10,1,[],null,0]}"#, 6, ""),
        (r#"[{"requests":[]},null,true]"#, 6, ""),
        ("<html>", 6, ""),
    ] {
        let row = Row::new(format!("P2 list: {body}")).call(["list"]).get([ok(body)]);
        rows.push(row.ends(code, "").seen(0, 1).says(says));
    }
    rows
}
