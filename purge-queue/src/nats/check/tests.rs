use super::*;

fn info(stream: Stream, change: &[(&str, Value)]) -> Value {
    let mut config = config(stream, Layout::default());
    for (name, value) in change {
        config[*name] = value.clone();
    }
    json!({ "config": config })
}

#[test]
fn init_creates_streams_without_findings() {
    for stream in Stream::ALL {
        assert_eq!(findings(stream, Some(&info(stream, &[]))), [], "{stream}");
    }
}

#[test]
fn settings_that_could_lose_paths_are_found() {
    for (stream, name, value, expected) in [
        (Stream::Input, "num_replicas", json!(1), "has too few replicas (1)"),
        (Stream::Input, "discard", json!("old"), "drops the oldest"),
        (Stream::Journal, "discard", json!("old"), "drops the oldest"),
        (Stream::Input, "max_age", json!(1), "by their age"),
        (Stream::Input, "discard_new_per_subject", json!(false), "of a producer"),
        (Stream::Input, "allow_rollup_hdrs", json!(true), "remove all others"),
        (Stream::Input, "allow_msg_ttl", json!(true), "expire by itself"),
        (Stream::Journal, "storage", json!("memory"), "in memory only"),
        (Stream::Lease, "max_age", json!(0), "forever"),
        (Stream::Outcomes, "allow_direct", json!(false), "cannot be read"),
        (Stream::Input, "retention", json!("interest"), "`retention` is `interest`"),
        (Stream::Journal, "retention", json!("workqueue"), "`retention` is `workqueue`"),
        (Stream::Input, "persist_mode", json!("async"), "before they are written"),
        (
            Stream::Input,
            "subjects",
            json!(["purge.in.shop.>"]),
            "does not keep all of `purge.in.*.*.*`",
        ),
        (Stream::Input, "subject_transform", json!({ "src": ">" }), "under other subjects"),
        (Stream::Input, "deny_purge", json!(true), "keeps workers from removing"),
        (Stream::Control, "max_age", json!(3_000_000_000_u64), "by their age"),
        (Stream::Control, "max_msgs", json!(1), "only some orders"),
        (Stream::Journal, "max_msgs_per_subject", json!(3), "only some notes"),
        (Stream::Outcomes, "max_age", json!(3_600_000_000_000_u64), "less than 7 days old"),
    ] {
        let found = findings(stream, Some(&info(stream, &[(name, value)])));
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found[0].to_string().contains(expected), "{found:?}");
    }
    assert!(findings(Stream::Input, None)[0].text.starts_with("is missing"));
    let mut behind = info(Stream::Input, &[]);
    behind["cluster"] = json!({ "replicas": [{ "current": false }, { "current": true }] });
    assert_eq!(findings(Stream::Input, Some(&behind)).len(), 1);
    let mut full = info(Stream::Journal, &[("max_bytes", json!(1_000))]);
    full["state"] = json!({ "bytes": 799 });
    assert_eq!(findings(Stream::Journal, Some(&full)), []);
    full["state"] = json!({ "bytes": 800 });
    let found = findings(Stream::Journal, Some(&full));
    assert!(found[0].text.starts_with("is 80 % full"), "{found:?}");
    let mut full = info(Stream::Outcomes, &[("max_bytes", json!(1_000))]);
    full["state"] = json!({ "bytes": 1_000 });
    let found = findings(Stream::Outcomes, Some(&full));
    assert!(found[0].text.contains("drops the oldest outcomes"), "{found:?}");
}

#[test]
fn lanes_without_a_worker_are_found() {
    let counts = |subjects: &[(&str, u64)]| -> Counts {
        subjects.iter().map(|(subject, count)| ((*subject).to_owned(), *count)).collect()
    };
    let inputs = counts(&[
        ("purge.in.mics.a.cms", 2),
        ("purge.in.mics.b.cms", 1),
        ("purge.in.shop.a.cms", 9),
    ]);
    let served = counts(&[("purge.journal.shop", 1)]);
    let found = unserved(&inputs, &served);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].to_string().starts_with("PURGE_IN: has 3 messages for the lane `mics`"));
    assert_eq!(unserved(&Counts::new(), &served), []);
}

#[test]
fn node_without_sync_is_found() {
    let node = |config: Value| {
        let varz = json!({ "jetstream": { "config": config } }).to_string();
        NatsEngine::check_node("a", varz.as_bytes()).expect("a node").len()
    };
    assert_eq!(node(json!({ "sync_interval": 120_000_000_000_u64 })), 1);
    assert_eq!(node(json!({ "sync_always": true })), 0);
    NatsEngine::check_node("a", b"<html>").expect_err("another server");
}
