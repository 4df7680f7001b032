//! Faulty connections.

use std::time::Duration;

use purge_tests::http2::{Frame, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use purge_tests::raw::answer;
use purge_tests::script::Step;

use super::row::{ACCEPTED, Certificate, NOTHING, Place, Row, ok, page_of_1994, status};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = unreachable();
    rows.extend(distrusted());
    rows.extend(broken());
    rows.extend(slow());
    rows.extend(http2());
    rows
}

fn unreachable() -> Vec<Row> {
    let never = |name: &str, place| Row::new(name).at(place).ends(4, "1 not_sent");
    vec![
        never("T1 name does not resolve", Place::Nameless).takes(0.0..=7.0),
        never("T1 connection is refused", Place::Dead).takes(0.0..=7.0).hides("http://"),
        never("T1 connection attempt gets no reply", Place::Deaf).takes(12.0..=19.0),
        Row::new("S5 list is unreachable")
            .call(["list", "--op-id", "an-operation"])
            .at(Place::Dead)
            .ends(4, "")
            .hides("page=")
            .hides("an-operation"),
    ]
}

fn distrusted() -> Vec<Row> {
    let mut rows = Vec::new();
    let alert = b"\x15\x03\x02\x00\x02\x02\x46";
    for (name, place, why) in [
        ("T2 expired certificate", Place::Tls(Certificate::Expired), "expired at 2001-01-01T"),
        ("T2 self-signed certificate", Place::Tls(Certificate::SelfSigned), "UnknownIssuer"),
        (
            "T2 certificate of an authority",
            Place::Tls(Certificate::OfItsAuthority),
            "(self-signed) authority certificate; issue one for the server",
        ),
        (
            "T2 certificate for another host",
            Place::Tls(Certificate::OfAnotherHost),
            "its certificate is for `other.example`, not for `127.0.0.1`; check the base URL",
        ),
        (
            "T2 certificate signed by another authority",
            Place::Tls(Certificate::OfAnotherAuthority),
            "is not signed by the authority",
        ),
        (
            "T2 TLS 1.1, reported by an alert",
            Place::Speaks(alert),
            "it aborted the handshake: protocol version",
        ),
        (
            "T2 TLS 1.1, chosen by the server",
            Place::Speaks(TLS_1_1_HELLO),
            "it supports neither TLS 1.2 nor TLS 1.3",
        ),
        ("T2 no TLS", Place::Speaks(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it does not speak TLS"),
    ] {
        let row = Row::new(name).at(place).ends(6, "1 not_sent");
        rows.push(row.says("no trusted connection").says(why));
    }
    rows.push(
        Row::new("T2 trusted certificate")
            .at(Place::Tls(Certificate::Valid))
            .ends(0, "1 accepted")
            .seen(1, 0),
    );
    let asks =
        status("407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"", "");
    rows.push(
        Row::new("T9 proxy that asks for credentials")
            .at(Place::Proxy)
            .get([asks])
            .ends(3, "1 not_sent")
            .seen(1, 0)
            .says("requires credentials (407)"),
    );
    rows.push(
        Row::new("T9 service that asks for a proxy's credentials")
            .post([status("407 Proxy Authentication Required", "")])
            .ends(3, "1 failed")
            .seen(1, 0)
            .says("(407)"),
    );
    rows
}

/// A handshake record with a `ServerHello` that chooses version 3.2 (TLS 1.1) and a cipher suite of that
/// version.
const TLS_1_1_HELLO: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
    0123456789abcdef0123456789abcdef\x00\x00\x2f\x00";

fn broken() -> Vec<Row> {
    let lost = || page_of_1994("lost", &["/a"], "1994-11-06T08:49:37Z");
    let old = || page_of_1994("old", &["/a"], "1994-11-06T08:00:00Z");
    let kept = || {
        let length = ACCEPTED.len();
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{ACCEPTED}").into_bytes()
    };
    let two = || {
        let paths = (0..101).map(|i| format!("/{i}"));
        let options = ["create", "--concurrency", "1", "--rate", "1/s"].map(str::to_owned);
        options.into_iter().chain(paths).collect::<Vec<_>>()
    };
    let two_lengths = b"HTTP/1.1 200 OK\r\ncontent-length: 26\r\ncontent-length: 27\r\n\r\n";
    let mut rows = vec![
        Row::new("T3 pooled connection dies while idle")
            .call(two())
            .post([Step::Send(kept()), ok(ACCEPTED)])
            .ends(0, "101 accepted")
            .seen(2, 0)
            .takes(1.0..=1.0),
        Row::new("T3 pooled connection dies when reused")
            .call(two())
            .post([Step::Keep(kept()), Step::Reset, ok(ACCEPTED)])
            .ends(0, "101 accepted")
            .seen(3, 1)
            .possible_duplicate()
            .takes(2.0..=4.0),
        Row::new("T4 applied, then reset")
            .post([Step::Reset])
            .get([lost()])
            .ends(0, "1 accepted")
            .seen(1, 1)
            .shows("lost"),
        Row::new("T4 applied, then reset; an older operation has the same path")
            .post([Step::Reset, ok(ACCEPTED)])
            .get([old()])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0)
            .hides("\"old\""),
        Row::new("T4 reset forever")
            .post([Step::Reset])
            .ends(4, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
        Row::new("T8 two content lengths")
            .post([Step::Send([&two_lengths[..], ACCEPTED.as_bytes()].concat())])
            .ends(6, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(0.0..=3.0),
    ];
    for (name, code, bytes) in [
        ("T8 empty response", 4, &b""[..]),
        ("T8 garbage", 6, b"\x00\xff\x1b[31mgarbage\r\n\r\n"),
        ("T8 another protocol", 6, b"220 mail.example.com ESMTP\r\n"),
        ("T8 truncated status line", 4, b"HTTP/1.1 20"),
    ] {
        let row = Row::new(name).post([Step::Send(bytes.into())]).ends(code, "1 unconfirmed");
        rows.push(row.seen(3, 3).possible_duplicate().takes(0.0..=3.0));
    }
    rows
}

fn slow() -> Vec<Row> {
    let second = Duration::from_secs(1);
    let drip = |bytes: Vec<u8>| Step::Drip(Duration::from_millis(100), bytes);
    let promise = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n ".to_vec();
    vec![
        Row::new("T5 headers that never arrive")
            .post([Step::Stall])
            .ends(4, "1 unconfirmed")
            .seen(3, 3)
            .possible_duplicate()
            .takes(90.0..=93.0)
            .says("no response within 30s"),
        Row::new("T5 headers that never arrive, although the operation exists")
            .post([Step::Stall])
            .get([page_of_1994("lost", &["/a"], "1994-11-06T08:49:20Z")])
            .ends(0, "1 accepted")
            .seen(1, 1)
            .takes(30.0..=30.1)
            .shows("lost"),
        Row::new("T5 shorter timeout per attempt")
            .call(["create", "/a", "--timeout", "2s", "--max-attempts", "2"])
            .post([Step::Stall])
            .ends(4, "1 unconfirmed")
            .seen(2, 2)
            .possible_duplicate()
            .takes(4.0..=5.1),
        Row::new("T5 response arrives just in time")
            .post([Step::Late(29 * second, answer("200 OK", ACCEPTED))])
            .ends(0, "1 accepted")
            .seen(1, 0)
            .takes(29.0..=29.1),
        Row::new("T5 response arrives just too late")
            .post([Step::Late(31 * second, answer("200 OK", ACCEPTED)), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(30.0..=31.1),
        Row::new("T6 head of one byte every 100 ms")
            .post([drip(b"HTTP/1.1 200 OK\r\nx-padding: ".to_vec()), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(30.0..=31.1),
        Row::new("T6 body of one byte every 100 ms")
            .post([drip(promise), ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(30.0..=31.1),
        Row::new("T6 refusal of one byte every 100 ms")
            .post([drip(b"HTTP/1.1 400 Bad\r\ncontent-length: 100000\r\n\r\n ".to_vec())])
            .ends(1, "1 failed")
            .seen(1, 0)
            .takes(30.0..=30.1),
        Row::new("T6 deadline holds for a list of one byte every 100 ms")
            .call(["create", "/a", "--wait=70s"])
            .get([drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n ".to_vec())])
            .ends(5, "1 accepted, 1 pending")
            .seen(1, 3)
            .takes(70.0..=70.1),
        Row::new("T11 deadline of an hour, not on the wall clock")
            .call(["create", "/a", "--wait=1h"])
            .get([ok(NOTHING), Step::Stall])
            .ends(5, "1 accepted, 1 pending")
            .seen(1, 0)
            .asked(90..=110)
            .takes(3600.0..=3600.1),
        Row::new("T11 service whose clock is years behind")
            .post([status("502 Bad Gateway", "")])
            .get([page_of_1994("lost", &["/a"], "1994-11-06T08:49:37.000000Z")])
            .ends(0, "1 accepted")
            .seen(1, 1)
            .shows("lost"),
    ]
}

fn http2() -> Vec<Row> {
    const TAKEN: Frame = Frame::Answer(ACCEPTED);
    const NONE: Frame = Frame::Answer(NOTHING);
    let at = |name: &str, frames| Row::new(name).at(Place::Http2(frames));
    vec![
        at("T7 HTTP/2", &[TAKEN]).ends(0, "1 accepted").seen(1, 0),
        at("T7 REFUSED_STREAM", &[Frame::Reset(REFUSED_STREAM), TAKEN])
            .ends(0, "1 accepted")
            .seen(2, 0)
            .takes(0.0..=1.0),
        at("T7 REFUSED_STREAM forever", &[Frame::Reset(REFUSED_STREAM)])
            .ends(4, "1 not_sent")
            .seen(4, 0)
            .takes(0.0..=7.0),
        at("T7 GOAWAY from a server that shuts down", &[Frame::GoAway(NO_ERROR), TAKEN])
            .ends(0, "1 accepted")
            .seen(2, 0)
            .takes(0.0..=1.0),
        at("T7 GOAWAY after the request was accepted", &[Frame::LastGoAway(NO_ERROR), NONE, TAKEN])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0),
        at("T7 GOAWAY forever", &[Frame::GoAway(NO_ERROR)])
            .ends(4, "1 not_sent")
            .seen(4, 0)
            .takes(0.0..=7.0),
        at("T7 stream reset in the middle", &[Frame::Reset(INTERNAL_ERROR), NONE, TAKEN])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0),
        at("T7 GOAWAY with an error", &[Frame::GoAway(INTERNAL_ERROR), NONE, TAKEN])
            .ends(0, "1 accepted")
            .seen(2, 1)
            .possible_duplicate()
            .takes(0.0..=1.0),
    ]
}
