use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The key of each graded fact in a description, and its grade.
///
/// A grade applies to everything inside, so each property of a graded schema that has no grade of its own is a fact, too.
fn graded(
    file: &str,
    place: &str,
    value: &Value,
    inherited: Option<&str>,
    found: &mut BTreeMap<String, String>,
) {
    let key = |part: &str| format!("{file}#{place}{part}");
    let mut inherited = inherited.map(str::to_owned);
    match &value["x-provenance"] {
        Value::String(grade) => {
            found.insert(key(""), grade.clone());
            inherited = Some(grade.clone());
        }
        Value::Object(parts) => {
            for (part, grade) in parts {
                found.insert(
                    key(&format!(" · {part}")),
                    grade.as_str().expect("a grade").to_owned(),
                );
            }
            inherited = None;
        }
        _ => {
            let parent = place.rsplit('/').nth(1);
            if let Some(grade) = inherited.as_deref().filter(|_| parent == Some("properties")) {
                found.insert(key(""), grade.to_owned());
            }
        }
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (name.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, child)| (at.to_string(), child)).collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children.into_iter().filter(|(name, _)| name != "x-provenance") {
        graded(file, &format!("{place}/{name}"), child, inherited.as_deref(), found);
    }
}

#[test]
fn every_graded_fact_of_the_descriptions_has_a_check() {
    let mut described = BTreeMap::new();
    for description in purge_openapi::DESCRIPTIONS {
        let document = purge_openapi::parse(description.yaml).expect("YAML");
        graded(&format!("{}.yaml", description.name), "", &document, None, &mut described);
    }
    let checked =
        facts().filter_map(|fact| Some((fact.place?.to_owned(), fact.grade.word().to_owned())));
    let checked: BTreeMap<_, _> = checked.collect();
    assert_eq!(checked, described);
}

#[test]
fn names_are_unique_and_nothing_is_seen_in_nothing() {
    let names: std::collections::BTreeSet<_> = facts().map(|fact| fact.name).collect();
    assert_eq!(names.len(), facts().count());
    for finding in findings(&Seen::default()) {
        assert_eq!(finding.outcome, Outcome::NotSeen, "{}: {}", finding.fact.name, finding.seen);
    }
}

fn exchange(asked: Asked, body: Value) -> Exchange {
    Exchange {
        asked,
        status: 200,
        content_type: Some("application/json".to_owned()),
        limits: Vec::new(),
        date: None,
        sent: UNIX_EPOCH,
        received: UNIX_EPOCH,
        body: Some(body),
    }
}

/// A service as the descriptions say, whose list has this many records of operations with 3 paths.
struct Service {
    records: Vec<Value>,
    /// What the total is wrong by.
    wrong_by: i64,
}

impl Service {
    fn new(records: usize) -> Self {
        let record = |number: usize| {
            let time = humantime::format_rfc3339_seconds(
                UNIX_EPOCH + std::time::Duration::from_secs(9000 - number as u64 / 3),
            );
            json!({
                "opID": format!("00000000-0000-0000-0000-{:012}", number / 3), "url": format!("https://e.com/{number}"),
                "status": 1, "message": "", "createdAt": time.to_string(), "startedAt": time.to_string(),
                "completedAt": time.to_string(),
            })
        };
        Self { records: (0..records).map(record).collect(), wrong_by: 0 }
    }

    fn list(&self, page: u64, limit: u64, op_id: Option<&str>) -> Exchange {
        let of_it = |record: &&Value| op_id.is_none_or(|id| record["opID"] == id);
        let all: Vec<_> = self.records.iter().filter(of_it).collect();
        let start = (page - 1) * limit;
        let requests: Vec<_> = all.iter().skip(start as usize).take(limit as usize).collect();
        let total = all.len() as i64 + if op_id.is_none() { self.wrong_by } else { 0 };
        let data = json!({ "page": page, "total": total.max(0), "limit": limit, "search": null, "requests": requests });
        let op_id = op_id.map(str::to_owned);
        exchange(Asked::List(Query { page, limit, op_id }), json!({ "status": true, "data": data }))
    }

    /// What is seen by the requests of a check.
    fn seen(&self) -> Seen {
        let mut seen = Seen::default();
        for (page, limit) in [(1, 100), (1, 2), (2, 2)] {
            seen.exchanges.push(self.list(page, limit, None));
        }
        for page in seen.last_pages() {
            seen.exchanges.push(self.list(page, 100, None));
        }
        for op_id in seen.an_operation().iter().map(String::as_str).chain([UNKNOWN_OPERATION]) {
            seen.exchanges.push(self.list(1, 100, Some(op_id)));
        }
        seen
    }
}

fn contradicted(seen: &Seen) -> Vec<&'static str> {
    let all = findings(seen).into_iter();
    all.filter(|finding| finding.outcome == Outcome::Contradicted)
        .map(|finding| finding.fact.name)
        .collect()
}

/// Short lists, and those around a full page.
fn lengths() -> impl Iterator<Item = usize> {
    (0..9).chain(97..104).chain(198..204).chain([300, 350])
}

#[test]
fn list_of_any_length_is_as_described() {
    for records in lengths() {
        let seen = Service::new(records).seen();
        assert_eq!(contradicted(&seen), [""; 0], "{records}");
        let all = findings(&seen);
        let outcome = |name: &str| {
            all.iter().find(|finding| finding.fact.name == name).map(|finding| finding.outcome)
        };
        let expected =
            |is_seen: bool| Some(if is_seen { Outcome::Matched } else { Outcome::NotSeen });
        assert_eq!(outcome("list.data.total"), expected(records > 0), "{records}");
        assert_eq!(outcome("list.page-after-the-last"), expected(records > 0), "{records}");
        assert_eq!(outcome("list.page-length"), expected(records > 2), "{records}");
        assert_eq!(outcome("list.order"), expected(records > 3), "{records}");
        assert_eq!(outcome("list.operation"), expected(records > 3), "{records}");
    }
}

#[test]
fn wrong_total_is_found_in_a_list_of_any_length() {
    for records in lengths().filter(|records| *records > 0) {
        for wrong_by in [-3, -1, 1, 5, 200] {
            let service = Service { wrong_by, ..Service::new(records) };
            let found = contradicted(&service.seen());
            // A total that is too low also makes the last page one that must be empty.
            let is_other =
                |name: &&str| !["list.data.total", "list.page-after-the-last"].contains(name);
            assert!(found.contains(&"list.data.total"), "{records} {wrong_by}: {found:?}");
            assert!(!found.iter().any(is_other), "{records} {wrong_by}: {found:?}");
        }
    }
}

/// JSON with the names that the descriptions have, and others.
fn odd() -> impl Strategy<Value = Value> {
    const NAMES: &str = "status|data|page|total|limit|search|requests|opID|url|message|createdAt|completedAt|expire|\\PC{0,3}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}|2025-08-06T11:39:51(Z|[.]5|[+]99:99)?".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(NAMES, inner, 0..7)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_response_is_too_odd(
        bodies in proptest::collection::vec((0..3_usize, odd(), any::<u64>(), any::<u64>()), 0..6),
        wraps: bool,
    ) {
        let exchanges = bodies.into_iter().map(|(kind, body, page, limit)| {
            let body = if wraps { json!({ "status": true, "data": body }) } else { body };
            let op_id = page.is_multiple_of(2).then(|| "a".to_owned());
            let query = Query { page: page.max(1), limit: limit.max(1), op_id };
            exchange([Asked::Login, Asked::Create, Asked::List(query)][kind].clone(), body)
        });
        let purged = Some(Purged { path: "/a".to_owned(), op_id: Some("a".to_owned()) });
        let seen = Seen { exchanges: exchanges.collect(), purged, ..Seen::default() };
        prop_assert_eq!(findings(&seen).len(), facts().count());
        let _ = (story(&seen), seen.last_pages(), seen.an_operation(), Skew::of(&seen.exchanges));
    }
}

/// The outcome of a fact, and what was seen.
fn of(seen: &Seen, name: &str) -> (Outcome, String) {
    let finding = findings(seen).into_iter().find(|finding| finding.fact.name == name);
    finding.map(|finding| (finding.outcome, finding.seen)).expect(name)
}

/// The list of an operation that does not exist is responded to with this status and body.
fn unknown_operation(status: u16, body: Option<Value>) -> (Outcome, String) {
    let mut seen = Service::new(4).seen();
    let last = seen.exchanges.last_mut().expect("a list");
    (last.status, last.body) = (status, body);
    of(&seen, "list.unknown-operation")
}

#[test]
fn only_an_answer_of_the_service_says_that_an_operation_does_not_exist() {
    let silent = (Outcome::NotSeen, "no list of such an operation was answered".to_owned());
    let refusal = json!({ "status": false, "message": "no" });
    for status in [301, 401, 403, 407, 408, 421, 425, 429, 500, 502, 503, 504, 999] {
        assert_eq!(unknown_operation(status, Some(refusal.clone())), silent, "{status}");
    }
    for status in [400, 404, 410, 422] {
        let expected = (Outcome::Contradicted, status.to_string());
        assert_eq!(unknown_operation(status, Some(refusal.clone())), expected);
    }
    assert_eq!(unknown_operation(200, None), silent, "a broken or foreign body");
    assert_eq!(unknown_operation(200, Some(json!({ "login": "/" }))), silent);
    let refused = (Outcome::NotSeen, "the list was refused".to_owned());
    assert_eq!(unknown_operation(200, Some(refusal)), refused);
    let expected = (Outcome::Contradicted, "`data` is absent".to_owned());
    assert_eq!(unknown_operation(200, Some(json!({ "status": true }))), expected);
}

#[test]
fn page_of_a_gateway_says_nothing_about_the_service() {
    for body in [None, Some(json!("sign in")), Some(json!({ "error": "sign in", "token": "" }))] {
        let list = Asked::List(Query { page: 1, limit: 100, op_id: None });
        let exchanges = [Asked::Login, Asked::Create, list].map(|asked| Exchange {
            content_type: Some("text/html".to_owned()),
            body: body.clone(),
            ..exchange(asked, Value::Null)
        });
        let seen = Seen { exchanges: exchanges.to_vec(), ..Seen::default() };
        for finding in findings(&seen) {
            let Finding { fact, outcome, seen } = finding;
            assert_eq!(outcome, Outcome::NotSeen, "{}: {seen}", fact.name);
        }
    }
}

#[test]
fn refusal_contradicts_nothing_that_only_a_success_has() {
    let refusal = json!({
        "status": false, "message": "no", "data": [], "opID": "", "token": "", "session": false, "expire": 0,
    });
    let without = |names: &[&str]| {
        let mut body = refusal.clone();
        let members = body.as_object_mut().expect("an object");
        members.retain(|name, _| !names.contains(&name.as_str()));
        body
    };
    let list = Asked::List(Query { page: 1, limit: 100, op_id: None });
    let exchanges = vec![
        exchange(Asked::Login, refusal.clone()),
        exchange(Asked::Create, without(&["data", "token", "session", "expire"])),
        exchange(list, without(&["opID", "token", "session", "expire"])),
    ];
    let seen = Seen { exchanges, ..Seen::default() };
    assert_eq!(contradicted(&seen), [""; 0]);
    assert_eq!(of(&seen, "list.data"), (Outcome::NotSeen, "only refusals".to_owned()));
    for name in ["login.response", "login.response.token", "login.response.expire"] {
        let silent = (Outcome::NotSeen, "the login was not granted".to_owned());
        assert_eq!(of(&seen, name), silent, "{name}");
    }
}

#[test]
fn login_that_is_not_there_contradicts_only_the_server_of_the_descriptions() {
    let login = Exchange { status: 404, body: None, ..exchange(Asked::Login, Value::Null) };
    let mut seen = Seen { exchanges: vec![login], ..Seen::default() };
    assert_eq!(of(&seen, "login.operation").0, Outcome::NotSeen);
    seen.is_described_server = true;
    assert_eq!(of(&seen, "login.operation"), (Outcome::Contradicted, "404".to_owned()));
}

#[test]
fn operation_ids_may_be_integers() {
    let mut service = Service::new(6);
    for (place, record) in service.records.iter_mut().enumerate() {
        record["opID"] = (5 - place / 3).into();
    }
    let mut seen = service.seen();
    assert_eq!(seen.an_operation().as_deref(), Some("5"));
    // The service reads the filter, too.
    let page = json!({ "requests": &service.records[..3] });
    for exchange in &mut seen.exchanges {
        if matches!(&exchange.asked, Asked::List(query) if query.op_id.as_deref() == Some("5")) {
            exchange.body = Some(json!({ "status": true, "data": page }));
        }
    }
    let expected = (Outcome::Matched, "only records of the operation".to_owned());
    assert_eq!(of(&seen, "list.operation"), expected);
    assert_eq!(contradicted(&seen), ["record.opID"]);
    let op_id = Some("5".to_owned());
    seen.purged = Some(Purged { path: "/0".to_owned(), op_id });
    assert_eq!(of(&seen, "record.url.path").0, Outcome::Contradicted, "two records of other paths");
    assert!(story(&seen).starts_with("operation 5; status 1, finished"), "{}", story(&seen));
}

#[test]
fn list_with_one_operation_says_why_its_filter_was_not_seen() {
    let seen = Service::new(3).seen();
    let expected = (Outcome::NotSeen, "all records belong to one operation".to_owned());
    assert_eq!(of(&seen, "list.operation"), expected);
}
