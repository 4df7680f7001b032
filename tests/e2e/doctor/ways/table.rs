//! All ways.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use purge_sandbox::{RecordedRequest, Reply};
use serde_json::{Value, json};

use super::{BAD, GOOD, Query, UNSEEN, Way, is_login, records, set_header};
use crate::doctor::{PATH, edit};

pub(in crate::doctor) fn ways() -> Vec<Way> {
    [
        of_http(),
        of_login(),
        of_create(),
        of_envelopes(),
        of_pages(),
        of_filters(),
        of_records(),
        of_times(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_http() -> Vec<Way> {
    vec![
        Way::new("rate-limit headers", |_, reply| {
            set_header(reply, "x-ratelimit-limit", "60");
            set_header(reply, "ratelimit-policy", "60;w=60");
        })
        .finds(
            "rate-limit-headers",
            BAD,
            "`ratelimit-policy: 60;w=60`; `x-ratelimit-limit: 60`",
        ),
        Way::new("another content type of lists", |request, reply| {
            if Query::of(request).is_some() {
                set_header(reply, "content-type", "text/html; charset=utf-8");
            }
        })
        .finds("list.content-type", BAD, "`text/html; charset=utf-8`"),
        Way::new("a clock that is an hour late", |_, reply| {
            let date = SystemTime::now() - Duration::from_secs(3600);
            set_header(reply, "date", &httpdate::fmt_http_date(date));
        })
        .finds("login.response.expire", GOOD, "valid for 5h")
        .fails("clock failed", 1),
        Way::new("another success of short lists", |request, reply| {
            if Query::of(request).is_some_and(|query| query.limit == 2) {
                reply.status = 201;
            }
        })
        .finds("list.status-code", BAD, "201"),
        Way::new("an HTML page for an unknown operation", |request, reply| {
            if Query::of(request).is_some_and(|query| query.is_of_unknown()) {
                (reply.status, reply.body) = (404, b"<html>".to_vec());
            }
        })
        .finds("list.unknown-operation", BAD, "404"),
    ]
}

fn of_login() -> Vec<Way> {
    vec![
        Way::login("an unknown member of a login", |body| body["refresh"] = "a".into()).finds(
            "login.response",
            BAD,
            "the member `refresh`",
        ),
        Way::login("a login without `expire`", |body| {
            body.as_object_mut().expect("an object").remove("expire");
        })
        .finds("login.response.expire", UNSEEN, "the member is absent")
        .exits(0),
        Way::login("`expire` in milliseconds", |body| {
            body["expire"] = (body["expire"].as_u64().expect("a time") * 1000).into();
        })
        .finds("login.response.expire", BAD, "in milliseconds since 1970"),
        Way::login("`expire` as a duration", |body| body["expire"] = 14_400.into()).finds(
            "login.response.expire",
            BAD,
            "14400, which may be a duration",
        ),
    ]
}

fn of_create() -> Vec<Way> {
    vec![
        Way::create("an unknown member of a purge", |body| body["operation_id"] = "a".into())
            .finds("create.response", BAD, "the member `operation_id`"),
        Way::create("a purge without a message", |body| {
            body.as_object_mut().expect("an object").remove("message");
        })
        .finds("create.response.message", UNSEEN, "the member is absent")
        .finds("create.example.created", UNSEEN, "no response has all members of the example")
        .exits(0),
        Way::new("a refusal with a success status", refusing)
            .finds("create.request.resource_uuid", UNSEEN, "the purge was not accepted")
            .finds("create.response.opID", UNSEEN, "the purge was not accepted")
            .finds("create.operation", UNSEEN, "needs --path, which purges a path")
            .finds("create.example.created", UNSEEN, "no response has all members of the example")
            .finds("create.example.refused", GOOD, "such a response")
            .finds("create.asynchronous", UNSEEN, "needs --path, which purges a path")
            .finds("record.url.path", UNSEEN, "needs --path, which purges a path")
            .fails("purge failed", 1),
        Way::new("another success of purges", |request, reply| {
            if request.method == "POST" && !is_login(request) {
                reply.status = 202;
            }
        })
        .finds("create.status-code", BAD, "202"),
    ]
}

/// Refuses a purge. The sandbox lists it nevertheless: as finished, so that the time of the list does not matter.
fn refusing(request: &RecordedRequest, reply: &mut Reply) {
    if request.method == "POST" && !is_login(request) {
        reply.body = br#"{"status":false,"message":"no"}"#.to_vec();
    } else if Query::of(request).is_some() {
        edit(&mut reply.body, |body| {
            for record in records(body).iter_mut().filter(|record| record["completedAt"].is_null())
            {
                record["status"] = 1.into();
                record["completedAt"] = record["createdAt"].clone();
                record["startedAt"] = record["createdAt"].clone();
            }
        });
    }
}

fn of_envelopes() -> Vec<Way> {
    vec![
        Way::list("an unknown member of a list", |_, body| body["meta"] = json!({})).finds(
            "list.response",
            BAD,
            "the member `meta`",
        ),
        Way::list("an unknown member of a page", |_, body| body["data"]["pages"] = 1.into()).finds(
            "list.data.members",
            BAD,
            "the member `pages`",
        ),
        Way::list("an empty array in place of an object", |query, body| {
            if query.is_of_unknown() {
                body["data"] = json!([]);
            }
        })
        .finds("list.data", BAD, "an empty array")
        .finds("list.unknown-operation", BAD, "`data` is an empty array"),
        Way::list("a search that is an object", |_, body| body["data"]["search"] = json!({}))
            .finds("list.data.search", BAD, "an object"),
    ]
}

fn of_pages() -> Vec<Way> {
    vec![
        Way::list("oldest first", |_, body| records(body).reverse()).finds(
            "list.order",
            BAD,
            "oldest first",
        ),
        Way::new("a longer page than requested", longer_pages())
            .finds("list.page-limit", BAD, "5 records in place of 2")
            .finds("list.page-length", UNSEEN, "no page before the last was read")
            .finds("list.next-page", UNSEEN, "the list has one page")
            .only_reads(),
        Way::new("a shorter page than requested", |_, _| {})
            .server(|builder| builder.page_limit(3))
            .finds("list.data.limit", BAD, "3 in place of 100")
            .finds("list.page-length", BAD, "3 records in place of 100, and more on the next page"),
        Way::list("a wrong total", |query, body| {
            if query.op_id.is_none() {
                body["data"]["total"] = 13.into();
            }
        })
        .finds("list.data.total", BAD, "13, although there are 6 records")
        .finds("list.page-after-the-last", UNSEEN, "no page after the last was read"),
        Way::list("a total that is too low", |query, body| {
            if query.op_id.is_none() {
                body["data"]["total"] = 3.into();
            }
        })
        .finds(
            "list.data.total",
            BAD,
            "3, although there are at least 6 records; 3, although there are at least 4 records",
        ),
        Way::list("a page number that is always 1", |_, body| body["data"]["page"] = 1.into())
            .finds("list.data.page", BAD, "1 in place of 2"),
        Way::new("a page number that is ignored", ignored_page_number())
            .finds("list.next-page", BAD, "a page repeats the one before it")
            .finds("list.page-after-the-last", BAD, "5 records")
            .finds("list.page-length", UNSEEN, "no page before the last was read")
            .only_reads(),
    ]
}

/// Lists of 2 records have all of them on the first page.
fn longer_pages() -> impl Fn(&RecordedRequest, &mut Reply) + Send + Sync {
    remembering(|query, known, body| {
        if query.limit == 2 {
            let all = if query.page == 1 { known.clone() } else { json!([]) };
            body["data"]["requests"] = all;
        }
    })
}

/// Each page is the first.
fn ignored_page_number() -> impl Fn(&RecordedRequest, &mut Reply) + Send + Sync {
    remembering(|query, known, body| {
        if query.op_id.is_none() {
            let all = known.as_array().cloned().unwrap_or_default();
            let first = all.into_iter().take(query.limit.try_into().unwrap_or(100));
            body["data"]["requests"] = first.collect();
        }
    })
}

/// Remembers the records of the whole list.
fn remembering(
    change: fn(&Query, &Value, &mut Value),
) -> impl Fn(&RecordedRequest, &mut Reply) + Send + Sync {
    let known = Mutex::new(Value::Null);
    move |request, reply| {
        let Some(query) = Query::of(request) else { return };
        edit(&mut reply.body, |body| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if (query.page, query.limit, &query.op_id) == (1, 100, &None) {
                *known = body["data"]["requests"].clone();
            }
            change(&query, &known, body);
        });
    }
}

fn of_filters() -> Vec<Way> {
    let ignored = remembering(|query, known, body| {
        if query.op_id.is_some() {
            body["data"]["requests"] = known.clone();
        }
    });
    vec![
        Way::new("a filter that is ignored", ignored)
            .finds("list.operation", BAD, "records of other operations")
            .finds("list.unknown-operation", BAD, "records")
            .only_reads(),
        Way::list("two records for one path", |_, body| {
            let is_own =
                |record: &Value| record["url"].as_str().is_some_and(|url| url.ends_with(PATH));
            let own = records(body).iter().find(|record| is_own(record)).cloned();
            if let (Some(own), Some(all)) = (own, body["data"]["requests"].as_array_mut())
                && all.len() == 1
            {
                all.push(own);
            }
        })
        .finds("list.one-record-each", BAD, "2 records for one path"),
    ]
}

fn of_records() -> Vec<Way> {
    vec![
        Way::record("an unknown member of a record", |record| record["type"] = "file".into())
            .finds("record", BAD, "the member `type`"),
        Way::record("another status number", |record| record["status"] = 7.into()).finds(
            "record.status.meaning",
            BAD,
            "7 for finished records",
        ),
        Way::record("a status that is a string", |record| record["status"] = "1".into()).finds(
            "record.status",
            BAD,
            "a string",
        ),
        Way::record("operation IDs that are not UUIDs", |record| {
            record["opID"] =
                format!("job-{}", &record["opID"].as_str().expect("an ID")[..4]).into();
            record["opID"] = record["opID"].as_str().map_or(Value::Null, |_| "job-4711".into());
        })
        .finds("record.opID.form", BAD, "`job-4711`"),
        Way::record("operation IDs that are numbers", |record| record["opID"] = 4711.into()).finds(
            "record.opID",
            BAD,
            "an integer",
        ),
        Way::record("URLs that are paths", |record| {
            let url = record["url"].as_str().expect("a URL");
            record["url"] = url.trim_start_matches("https://cdn.example.com").into();
        })
        .finds("record.url.full", BAD, "a path alone"),
        Way::record("messages that are null", |record| record["message"] = Value::Null)
            .finds("record.message", GOOD, "a string")
            .exits(0),
    ]
}

fn of_times() -> Vec<Way> {
    const NO_TIMES: &str = "no page has records of different times";
    vec![
        Way::record("times without a zone", |record| {
            record["createdAt"] = "2025-08-06T11:39:51".into()
        })
        .finds("record.createdAt", BAD, "`2025-08-06T11:39:51`")
        .finds("list.order", UNSEEN, NO_TIMES),
        Way::record("times with a space", |record| {
            record["completedAt"] = "2025-08-06 11:39:51".into()
        })
        .finds("record.completedAt", BAD, "`2025-08-06 11:39:51`"),
        Way::record("creation times that are zero", |record| {
            record["createdAt"] = "0001-01-01T00:00:00Z".into()
        })
        .finds("record.createdAt", BAD, "`0001-01-01T00:00:00Z`")
        .finds("list.order", UNSEEN, NO_TIMES),
        Way::record("times with an offset", |record| {
            let time = record["completedAt"].as_str().expect("a time");
            record["completedAt"] = time.replace('Z', "+00:00").into();
        })
        .finds(
            "record.completedAt",
            GOOD,
            "`YYYY-MM-DDThh:mm:ss.ffffff+hh:mm`; null; `YYYY-MM-DDThh:mm:ss.ffffffZ`",
        )
        .exits(0),
        Way::list("times that are zero before they are set", |_, body| {
            for record in records(body) {
                for name in ["startedAt", "completedAt"] {
                    if record[name].is_null() {
                        record[name] = "0001-01-01T00:00:00Z".into();
                    }
                }
            }
        })
        .finds("record.completedAt", GOOD, "`YYYY-MM-DDThh:mm:ss.ffffffZ`; `0001-01-01T00:00:00Z`")
        .exits(0),
        Way::record("an end before the start", |record| {
            record["completedAt"] = "2020-01-01T00:00:00Z".into()
        })
        .finds("record.order-of-times", BAD, "`completedAt` before `startedAt`"),
    ]
}
