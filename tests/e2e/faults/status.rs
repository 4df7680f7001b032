//! Faulty statuses and lists.

use purge_tests::script::Step;

use super::row::{ACCEPTED, NEW, NOTHING, Row, list_of, ok, page_of_1994, records_of_1994, status};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = refused();
    rows.extend(ambiguous());
    rows.extend(unavailable());
    rows.extend(not_applied());
    rows.extend(redirected());
    rows.extend(accepted());
    rows.extend(listed());
    rows.extend(contradictory());
    rows
}

fn refused() -> Vec<Row> {
    let said = r#"{"status":false,"message":"no \u001b[31msuch\nthing"}"#;
    let mut rows = Vec::new();
    for code in [400, 404, 405, 422] {
        let row = Row::new(format!("A1 {code}")).post([status(&format!("{code} No"), said)]);
        rows.push(row.ends(1, "1 failed").seen(1, 0).says(r"\nthing").says(&code.to_string()));
    }
    let forbidden = status("403 Forbidden", "<html><h1>blocked</h1></html>");
    let many: Vec<String> = (0..300).map(|i| format!("/{i}")).collect();
    let many = [&["create".to_owned(), "--concurrency".to_owned(), "1".to_owned()][..], &many];
    rows.extend([
        Row::new("A2 401")
            .post([status("401 Unauthorized", "")])
            .ends(3, "1 failed")
            .seen(1, 0)
            .says("get a new one"),
        Row::new("A2 401 stops the whole run")
            .call(many.concat())
            .post([status("401 Unauthorized", "")])
            .ends(3, "100 failed, 200 not_sent")
            .seen(1, 0),
        Row::new("A3 403 with a page of HTML")
            .post([forbidden])
            .ends(3, "1 failed")
            .seen(1, 0)
            .says("forbidden (403), by the service or by a proxy or gateway")
            .hides("<h1>"),
        Row::new("A3 403 of one request does not end the run")
            .call(many.concat())
            .post([status("403 Forbidden", ""), ok(ACCEPTED)])
            .ends(3, "200 accepted, 100 failed")
            .seen(3, 0),
        Row::new("A17 200 with status false")
            .post([ok(r#"{"status":false,"message":"quota\u2028reached"}"#)])
            .ends(1, "1 failed")
            .seen(1, 0)
            .says("quota"),
    ]);
    let large = || status("413 Content Too Large", "");
    rows.extend([
        Row::new("A6 413 for two paths, which are accepted one by one")
            .call(["create", "/a", "/b"])
            .post([large(), ok(ACCEPTED)])
            .ends(0, "2 accepted")
            .seen(3, 0),
        Row::new("A6 413 for a single path")
            .post([large()])
            .ends(1, "1 failed")
            .seen(1, 0)
            .says("(413)"),
        Row::new("A6 413 after a lost response")
            .call(["create", "/a", "/b"])
            .post([status("500 Oops", ""), large(), status("400 No", "")])
            .ends(1, "2 unconfirmed")
            .seen(4, 1)
            .takes(0.0..=1.0),
        Row::new("A6 413 for every request")
            .call(["create", "/a", "/b", "/c", "/d"])
            .post([large()])
            .ends(1, "4 failed")
            .seen(7, 0),
    ]);
    for code in [501, 505, 511] {
        let row = Row::new(format!("A14 {code}")).post([status(&format!("{code} No"), "")]);
        rows.push(row.ends(1, "1 failed").seen(1, 0));
    }
    rows
}

fn ambiguous() -> Vec<Row> {
    let mut rows = Vec::new();
    let codes = [500, 502, 504, 507, 508, 520, 522, 524, 529, 530, 599].map(|code| ("A12", code));
    for (case, code) in codes.into_iter().chain([("A4", 408)]) {
        let failed = status(&format!("{code} Oops"), "<html>");
        let row = Row::new(format!("{case} {code} forever")).post([failed.clone()]);
        rows.push(row.ends(4, "1 unconfirmed").seen(3, 3).possible_duplicate().takes(0.0..=3.0));
        let row = Row::new(format!("{case} {code}, then accepted")).post([failed, ok(ACCEPTED)]);
        rows.push(row.ends(0, "1 accepted").seen(2, 1).possible_duplicate().takes(0.0..=1.0));
    }
    let conflict = || status("409 Conflict", r#"{"message":"already there"}"#);
    let lost = || page_of_1994("lost", &["/a"], NEW);
    let aged = || {
        let head = "200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nage: 30";
        status(head, &list_of(&[("old", "/a", NEW)]))
    };
    rows.extend([
        Row::new("A5 409, and not in the list")
            .post([conflict()])
            .ends(1, "1 unconfirmed")
            .seen(1, 1)
            .says("already there"),
        Row::new("A5 409, and in the list")
            .post([conflict()])
            .get([lost()])
            .ends(0, "1 accepted")
            .seen(1, 1)
            .shows("lost"),
        Row::new("A12 500, and the list fails too")
            .post([status("500 Oops", "")])
            .get([status("500 Oops", "")])
            .ends(4, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
        Row::new("A12 500, and two operations that match")
            .post([status("500 Oops", ""), ok(ACCEPTED)])
            .get([records_of_1994(&[("x", "/a", NEW), ("y", "/a", NEW)])])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0),
        Row::new("A12 500, and a job from the future, by another server's clock")
            .post([status("500 Oops", ""), ok(ACCEPTED)])
            .get([page_of_1994("x", &["/a"], "1994-11-06T11:49:37Z")])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0),
        Row::new("A12 500, and a cached list with an old `Date`")
            .post([status("500 Oops", ""), ok(ACCEPTED)])
            .get([aged()])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0),
        Row::new("A12 500, then 401")
            .post([status("500 Oops", ""), status("401 Unauthorized", "")])
            .ends(3, "1 unconfirmed")
            .seen(2, 1)
            .takes(0.0..=1.0),
    ]);
    rows
}

/// A gateway may send a 503 although it has passed the request on.
fn unavailable() -> Vec<Row> {
    let after = |code: &str, seconds: u32| status(&format!("{code}\r\nretry-after: {seconds}"), "");
    let with_a_pause = |name: &str, code: &str| {
        let row = Row::new(format!("{name} with a pause")).post([after(code, 9), ok(ACCEPTED)]);
        // The look-up waits out the pause, and the request does not wait again.
        row.ends(0, "1 accepted").seen(2, 1).possible_duplicate().takes(9.0..=10.0)
    };
    vec![
        Row::new("A13 503, then accepted")
            .post([status("503 Busy", "<html>"), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0),
        Row::new("A13 503 of a request that was applied")
            .post([after("503 Busy", 5), ok(ACCEPTED)])
            .get([page_of_1994("lost", &["/a"], NEW)])
            .ends(0, "1 accepted")
            .seen(1, 1)
            .takes(5.0..=5.0)
            .shows("lost"),
        with_a_pause("A13 503", "503 Busy"),
        with_a_pause("A12 500", "500 Oops"),
        Row::new("A13 503 with a pause of an hour ends the run")
            .call(three_requests())
            .post([after("503 Busy", 3600)])
            .ends(4, "100 unconfirmed, 200 not_sent")
            .seen(1, 0)
            .says("(503)"),
        Row::new("A13 503 from the second request on")
            .call(three_requests())
            .post([ok(ACCEPTED), status("503 Busy", "")])
            .ends(4, "100 accepted, 200 unconfirmed")
            .seen(7, 6)
            .possible_duplicate()
            .takes(0.0..=6.0)
            .says("200 of 300 paths are unconfirmed: run the command again; with --journal"),
        Row::new("A13 503 forever")
            .post([status("503 Busy", "<html>busy</html>")])
            .ends(4, "1 unconfirmed")
            .says("(503)")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
    ]
}

fn not_applied() -> Vec<Row> {
    let busy = |header: &str| status(&format!("429 Too Many Requests{header}"), "");
    let after = |value: &str| busy(&format!("\r\nretry-after: {value}"));
    let mut rows = vec![
        Row::new("A7 429 with seconds")
            .post([after("7"), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 0)
            .takes(7.0..=8.0),
        Row::new("A7 429 with seconds pauses all workers")
            .call(three_requests())
            .post([after("7"), ok(ACCEPTED)])
            .ends(0, "300 accepted")
            .seen(4, 0)
            .takes(7.0..=8.0),
        Row::new("A7 429 with 0 seconds")
            .post([after("0"), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 0)
            .takes(0.0..=1.0),
        Row::new("A7 429 with the longest pause that is honored")
            .post([after("60"), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 0)
            .takes(60.0..=61.0),
        Row::new("A8 429 without a hint")
            .post([busy(""), busy(""), busy(""), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(4, 0)
            .takes(0.0..=7.0),
        Row::new("A8 429 forever")
            .post([busy("")])
            .ends(4, "1 not_sent")
            .seen(4, 0)
            .takes(0.0..=7.0),
        Row::new("A11 Retry-After beyond the cap")
            .post([after("61")])
            .ends(4, "1 not_sent")
            .seen(1, 0),
        Row::new("A11 Retry-After of an hour ends the run")
            .call(three_requests())
            .post([after("3600")])
            .ends(4, "300 not_sent")
            .seen(1, 0)
            .says("too many requests (429); the service asked for a pause of 1h"),
        Row::new("A11 Retry-After of an hour on a page of the list")
            .post([status("500 Oops", ""), ok(ACCEPTED)])
            .get([after("3600")])
            .ends(4, "1 unconfirmed")
            .seen(1, 1)
            .takes(0.0..=1.0)
            .says("asked for a pause"),
        Row::new("A7 429 with seconds on a page of the list pauses POSTs too")
            .post([status("500 Oops", ""), ok(ACCEPTED)])
            .get([after("7"), ok(NOTHING)])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(7.0..=8.0),
        Row::new("421, then accepted")
            .post([status("421 Misdirected Request", ""), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 0)
            .takes(0.0..=1.0),
        Row::new("425, then accepted")
            .post([status("425 Too Early", ""), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 0)
            .takes(0.0..=1.0),
    ];
    for value in ["-1", "1.5", "+5", "", "99999999999999999999", "soon", "1, 2", "0x10", "\u{663}"]
    {
        let row = Row::new(format!("A10 Retry-After `{value}`")).post([after(value), ok(ACCEPTED)]);
        rows.push(row.ends(0, "1 accepted").seen(2, 0).takes(0.0..=1.0));
    }
    let twice = busy("\r\nretry-after: 50\r\nretry-after: 50");
    let row = Row::new("A10 Retry-After twice").post([twice, ok(ACCEPTED)]);
    rows.push(row.ends(0, "1 accepted").seen(2, 0).takes(0.0..=1.0));

    // An HTTP date has whole seconds, and some time passes before it is parsed.
    for (what, takes) in [("ahead", 20.0..=41.0), ("past", 0.0..=1.0)] {
        for form in ["HTTP", "RFC 850", "asctime"] {
            let row = Row::new(format!("A9 Retry-After as an {form} date, {what}"));
            let row = row.post([after(&format!("{{{what} {form}}}")), ok(ACCEPTED)]);
            rows.push(row.ends(0, "1 accepted").seen(2, 0).takes(takes.clone()));
        }
    }
    rows
}

fn three_requests() -> Vec<String> {
    let paths = (0..300).map(|i| format!("/{i}"));
    ["create", "--concurrency", "1"].map(str::to_owned).into_iter().chain(paths).collect()
}

fn redirected() -> Vec<Row> {
    let mut rows = Vec::new();
    let path = "/api/v1/cdn/x/job/y/purge";
    rows.push(
        Row::new("A15 303, which implies that the request was applied")
            .post([status(&format!("303 See Other\r\nlocation: {path}"), "")])
            .ends(6, "1 unconfirmed")
            .seen(1, 1)
            .says(path),
    );
    for code in [301, 302, 307, 308] {
        let same = status(&format!("{code} Moved\r\nlocation: {path}"), "");
        let row = Row::new(format!("A15 {code} to the same path")).post([same]);
        rows.push(row.ends(6, "1 failed").seen(1, 0).says(path));
        let other = status(&format!("{code} Moved\r\nlocation: {{other}}{path}"), "");
        let row = Row::new(format!("A16 {code} to another host")).post([other]);
        rows.push(row.ends(6, "1 failed").seen(1, 0).says("was not followed"));
    }
    rows.push(
        Row::new("A16 308 of the list to another host")
            .call(["list"])
            .get([status("308 Moved\r\nlocation: {other}/x", "")])
            .ends(6, "")
            .seen(0, 1)
            .says("was not followed"),
    );
    rows
}

fn accepted() -> Vec<Row> {
    let created = |line: &str| status(line, ACCEPTED);
    vec![
        Row::new("A18 201").post([created("201 Created")]).ends(0, "1 accepted").seen(1, 0),
        Row::new("A18 202").post([created("202 Accepted")]).ends(0, "1 accepted").seen(1, 0),
        Row::new("A18 202 that refuses")
            .post([status("202 Accepted", r#"{"status":false}"#)])
            .ends(1, "1 failed")
            .seen(1, 0),
        Row::new("A18 204")
            .post([Step::Send(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".into())])
            .ends(6, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
        Row::new("A18 206")
            .post([status("206 Partial Content", ACCEPTED)])
            .ends(6, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
    ]
}

/// Lists that contradict themselves.
fn contradictory() -> Vec<Row> {
    let announced = |requests: &str| {
        ok(&format!(r#"{{"status":true,"data":{{"page":1,"total":1{requests}}}}}"#))
    };
    let mut rows = Vec::new();
    for (what, requests) in
        [("no member", ""), ("null", r#","requests":null"#), ("an empty list", r#","requests":[]"#)]
    {
        let row = Row::new(format!("total of 1, with {what} for the records")).call(["list"]);
        let row = row.get([announced(requests)]).ends(6, "").seen(0, 1);
        rows.push(row.says("page 1 has no records, but the service announced 1"));
    }
    let first = r#"{"opID":"a","url":"/a","status":2},{"opID":"b","url":"/b","status":2}"#;
    for (what, second) in [
        ("[]", r#"{"status":true,"data":[]}"#),
        ("{}", r#"{"status":true,"data":{}}"#),
        ("no total", r#"{"status":true,"data":{"total":null,"requests":[]}}"#),
    ] {
        let row = Row::new(format!("total of 4, then a second page that is {what}"));
        let first = format!(r#"{{"status":true,"data":{{"total":4,"requests":[{first}]}}}}"#);
        let row = row.call(["list", "--all", "--limit", "2"]).get([ok(&first), ok(second)]);
        let row = row.ends(6, "").seen(0, 2);
        rows.push(
            row.says("page 2 has no records, but the service announced 4 and sent only 2 before"),
        );
    }
    // The total may also count records outside the filter.
    rows.push(
        Row::new("total of 1, and no records of one operation")
            .call(["list", "--op-id", "x"])
            .get([announced(r#","requests":[]"#)])
            .seen(0, 1),
    );
    rows.push(
        Row::new("one operation for two requests")
            .call(
                ["create", "--concurrency", "1"]
                    .into_iter()
                    .map(str::to_owned)
                    .chain(two_requests()),
            )
            .post([ok(r#"{"status":true,"opID":"same"}"#)])
            .ends(6, "100 accepted, 100 unconfirmed")
            .seen(2, 1)
            .says("belongs to another request of this run"),
    );
    rows
}

fn two_requests() -> impl Iterator<Item = String> {
    (0..200).map(|i| format!("/{i}"))
}

fn listed() -> Vec<Row> {
    let all = || ["list", "--all", "--limit", "2"];
    let record = |id: &str| format!(r#"{{"opID":"{id}","url":"/{id}","status":2}}"#);
    let page = |total: &str, ids: [&str; 2]| {
        let records = ids.map(record).join(",");
        ok(&format!(r#"{{"status":true,"data":{{"total":{total},"requests":[{records}]}}}}"#))
    };
    vec![
        Row::new("A20 same page every time")
            .call(all())
            .get([page("null", ["a", "b"])])
            .ends(6, "")
            .seen(0, 2)
            .says("page 2 of the list repeats"),
        Row::new("A20 two alternating pages")
            .call(all())
            .get((0..1000).flat_map(|_| [page("null", ["a", "b"]), page("null", ["c", "d"])]))
            .ends(6, "")
            .seen(0, 4)
            .says("repeats"),
        Row::new("A20 list that loops after a few pages")
            .call(all())
            .get((0..1000).map(|i| {
                let id = ["a", "b", "c", "d", "e", "f", "g"][if i < 3 { i } else { 3 + i % 4 }];
                page("null", [id, "x"])
            }))
            .ends(6, "")
            .seen(0, 8)
            .says("repeats"),
        Row::new("A20 pages that overlap")
            .call(["list", "--all", "--limit", "3"])
            .get((0..9).map(|i| {
                let ids: Vec<_> = (i..i + 3).map(|id| record(&id.to_string())).collect();
                let records = ids.join(",");
                ok(&format!(r#"{{"status":true,"data":{{"total":27,"requests":[{records}]}}}}"#))
            }))
            .ends(6, "")
            .seen(0, 2)
            .says("page 2 of the list repeats"),
        Row::new("A20 page with more records than requested")
            .call(["list", "--all", "--limit", "1"])
            .get([page("2", ["a", "b"])])
            .ends(6, "")
            .seen(0, 1)
            .says("more than the requested"),
        Row::new("A20 short pages, up to the total")
            .call(["list", "--all", "--limit", "4"])
            .get([page("4", ["a", "b"]), page("4", ["c", "d"])])
            .seen(0, 2)
            .shows("/d"),
        Row::new("A20 short pages, up to an empty one")
            .call(["list", "--all", "--limit", "4"])
            .get([page("null", ["a", "b"]), page("null", ["c", "d"]), ok(NOTHING)])
            .seen(0, 3)
            .shows("/d"),
        Row::new("A20 list that ends before its total")
            .call(["list", "--all", "--limit", "4"])
            .get([page("7", ["a", "b"]), ok(r#"{"status":true,"data":{"total":7,"requests":[]}}"#)])
            .ends(6, "")
            .seen(0, 2)
            .says("page 2 has no records, but the service announced 7 and sent only 2 before"),
        Row::new("A20 wait for an operation with short pages")
            .call(["create", "/a", "/b", "/c", "--wait=90s"])
            .get(["/a", "/b", "/c"].map(|path| {
                ok(&format!(
                    r#"{{"status":true,"data":{{"total":3,"requests":[{{"opID":"job-0000","url":"{path}",
                    "status":1,"completedAt":"2025-08-06T11:39:53Z"}}]}}}}"#
                ))
            }))
            .ends(0, "3 accepted, 3 purged")
            .seen(1, 3),
        Row::new("A20 list that loops during a look-up")
            .post([status("500 Oops", ""), ok(ACCEPTED)])
            .get([status(
                "200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT",
                r#"{"status":true,"data":{"requests":[{"opID":"x","url":"/x","status":2}]}}"#,
            )])
            .ends(0, "1 accepted")
            .seen(2, 2)
            .possible_duplicate()
            .takes(0.0..=1.0),
        Row::new("A20 list that repeats its last page and counts records that it does not show")
            .call(["create", "/a", "--wait=90s"])
            .get([ok(r#"{"status":true,"data":{"total":5000,"requests":[{"opID":"job-0000","url":"/a",
                "status":1,"completedAt":"2025-08-06T11:39:53Z"}]}}"#)])
            .ends(0, "1 accepted, 1 purged")
            .seen(1, 2),
        Row::new("A20 looping list of another client's operation is incomplete")
            .call(["wait", "x", "--wait", "5s"])
            .get([ok(r#"{"status":true,"data":{"total":4,"requests":[
                {"opID":"x","url":"/1","status":1,"completedAt":"2025-08-06T11:39:53Z"},
                {"opID":"x","url":"/2","status":1,"completedAt":"2025-08-06T11:39:53Z"}]}}"#)])
            .ends(5, "2 purged, 2 accepted")
            .asked(1..=60)
            .takes(5.0..=5.1),
        Row::new("A19 record without an operation ID may belong to another client")
            .call(["wait", "x", "--wait", "5s"])
            .get([ok(r#"{"status":true,"data":{"total":2,"requests":[
                {"opID":"x","url":"/1","status":1,"completedAt":"2025-08-06T11:39:53Z"},
                {"url":"/2","status":2}]}}"#)])
            .ends(5, "1 purged, 1 accepted")
            .asked(1..=60)
            .takes(5.0..=5.1),
        Row::new("A19 record without an operation ID is not evidence")
            .call(["create", "/a", "--wait=5s"])
            .get([ok(r#"{"status":true,"data":{"total":1,"requests":[{"url":"/a",
                "status":1,"completedAt":"2001-08-06T11:39:53Z"}]}}"#)])
            .ends(5, "1 accepted, 1 pending")
            .seen(1, 0)
            .asked(1..=20)
            .takes(5.0..=5.1),
        Row::new("A19 pause longer than the wait")
            .call(["create", "/a", "--wait=10s"])
            .get([status("429 Too Many Requests\r\nretry-after: 3600", "")])
            .ends(5, "1 accepted, 1 pending")
            .seen(1, 1)
            .takes(10.0..=10.1)
            .says("not finished within 10s: the service asked for a pause, which ends in 59m 50s"),
        Row::new("A20 list may grow while it is read")
            .call(all())
            .get([page("4", ["a", "b"]), page("6", ["a", "b"]), page("6", ["c", "d"])])
            .seen(0, 3)
            .shows("6"),
        Row::new("A19 operation is not in the list yet")
            .call(["create", "/a", "--wait=90s"])
            .ends(5, "1 accepted, 1 pending")
            .seen(1, 0)
            .asked(15..=25)
            .takes(90.0..=90.1)
            .says("not finished within 1m 30s"),
        Row::new("A19 operation appears in the list late")
            .call(["create", "/a", "--wait=90s"])
            .get([
                ok(NOTHING),
                ok(NOTHING),
                ok(r#"{"status":true,"data":{"total":1,"requests":[{"opID":"job-0000","url":"/a","status":1,
                    "completedAt":"2025-08-06T11:39:53Z"}]}}"#),
            ])
            .ends(0, "1 accepted, 1 purged")
            .seen(1, 3)
            .takes(0.4..=1.2),
        Row::new("A19 404 while waiting")
            .call(["wait", "x"])
            .get([status("404 Not Found", "")])
            .ends(1, "")
            .seen(0, 1)
            .says("(404)"),
        Row::new("A19 unreadable page while waiting")
            .call(["wait", "x"])
            .get([
                ok("<html>"),
                ok(r#"{"status":true,"data":{"total":1,"requests":[{"opID":"x","url":"/a","status":1,
                    "completedAt":"2025-08-06T11:39:53Z"}]}}"#),
            ])
            .seen(0, 2)
            .takes(0.0..=1.2),
        Row::new("A19 record of an older operation, although one operation was requested")
            .call(["create", "/a", "--wait=5s"])
            .get([ok(r#"{"status":true,"data":{"total":1,"requests":[{"opID":"old","url":"/a",
                "status":1,"completedAt":"2025-08-06T11:39:53Z"}]}}"#)])
            .ends(5, "1 accepted, 1 pending")
            .seen(1, 0)
            .asked(1..=20)
            .takes(5.0..=5.1)
            .says("cdn-purge wait job-0000"),
        Row::new("A19 401 while waiting")
            .call(["create", "/a", "--wait=90s"])
            .get([status("401 Unauthorized", "")])
            .ends(3, "1 accepted, 1 pending")
            .seen(1, 1),
        Row::new("A19 503 with a pause while waiting")
            .call(["create", "/a", "--wait=90s"])
            .get([
                status("503 Busy\r\nretry-after: 20", ""),
                ok(r#"{"status":true,"data":{"total":1,"requests":[{"opID":"job-0000","url":"/a","status":0,
                    "completedAt":"2025-08-06T11:39:53Z"}]}}"#),
            ])
            .ends(0, "1 accepted, 1 not_cached")
            .seen(1, 2)
            .takes(20.0..=20.0),
    ]
}
