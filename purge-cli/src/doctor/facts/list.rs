//! Facts about the service as a whole, and about the operation that lists purge requests.

use super::{Fact, Grade, LIST, OPERATION, PAGE, RECORD, RESPONSE, fact};
use crate::doctor::checks::{http, list, member, pages, purge, record};
use crate::doctor::seen::Operation;

pub(super) static FACTS: [Fact; 25] = [
    fact(
        "server",
        Grade::Published,
        Some(purge!("/servers/0")),
        "the service is at `cloud.medianova.com`",
        LIST,
        |seen| http::server(seen, Operation::List),
    ),
    fact(
        "organization-is-a-uuid",
        Grade::Published,
        Some(purge!("/components/parameters/organization_uuid/schema")),
        "an organization is a UUID",
        LIST,
        purge::identifiers,
    ),
    fact(
        "resource-is-a-uuid",
        Grade::Published,
        Some(purge!("/components/parameters/resource_uuid/schema")),
        "a resource is a UUID",
        LIST,
        purge::identifiers,
    ),
    fact(
        "rate-limit-headers",
        Grade::Unknown,
        None,
        "no header states a rate limit",
        RESPONSE,
        http::no_limits,
    ),
    fact(
        "list.status-code",
        Grade::Reference,
        None,
        "the status of a success is 200",
        LIST,
        |seen| http::status(seen, Operation::List),
    ),
    fact(
        "list.content-type",
        Grade::Reference,
        None,
        "a response is `application/json`",
        LIST,
        |seen| http::content_type(seen, Operation::List),
    ),
    fact(
        "list.one-record-each",
        Grade::Observed,
        Some(concat!(
            purge!("/paths/~1api~1v1~1cdn~1{organization_uuid}~1job~1{resource_uuid}~1purge/"),
            "get · one record for each purged path"
        )),
        "an operation has one record for each path",
        OPERATION,
        purge::one_record_each,
    ),
    fact(
        "list.example",
        Grade::Legacy,
        Some(concat!(
            purge!("/paths/~1api~1v1~1cdn~1{organization_uuid}~1job~1{resource_uuid}~1purge/"),
            "get/responses/200/content/application~1json/examples/requests"
        )),
        "a page has finished and unfinished records",
        RECORD,
        record::example,
    ),
    fact(
        "list.response",
        Grade::Observed,
        Some(purge!("/components/schemas/ListPurgeRequestsResponse")),
        "a response has `status`, `message`, `data` and nothing else",
        LIST,
        |seen| member::no_others(seen.bodies(Operation::List), &["status", "message", "data"]),
    ),
    fact(
        "list.response.status",
        Grade::Observed,
        Some(purge!("/components/schemas/ListPurgeRequestsResponse/properties/status")),
        "`status` is a boolean",
        LIST,
        |seen| member::of(seen.bodies(Operation::List), "status", member::boolean),
    ),
    fact(
        "list.response.message",
        Grade::Observed,
        Some(purge!("/components/schemas/ListPurgeRequestsResponse/properties/message")),
        "`message` is a string",
        LIST,
        |seen| member::of(seen.bodies(Operation::List), "message", member::text),
    ),
    fact(
        "list.data",
        Grade::Observed,
        Some(purge!("/components/schemas/ListPurgeRequestsResponse/properties/data")),
        "`data` is an object",
        LIST,
        list::data,
    ),
    fact(
        "list.data.members",
        Grade::Observed,
        None,
        "`data` has `page`, `total`, `limit`, `search`, `requests` and nothing else",
        PAGE,
        |seen| {
            member::no_others(
                seen.pages().map(|page| page.data),
                &["page", "total", "limit", "search", "requests"],
            )
        },
    ),
    fact(
        "list.data.page",
        Grade::Observed,
        Some(purge!(
            "/components/schemas/ListPurgeRequestsResponse/properties/data/properties/page"
        )),
        "`page` is the requested number",
        PAGE,
        |seen| list::echo(seen, "page", |query| query.page),
    ),
    fact(
        "list.data.total",
        Grade::Observed,
        Some(purge!(
            "/components/schemas/ListPurgeRequestsResponse/properties/data/properties/total"
        )),
        "`total` is the number of records on all pages",
        PAGE,
        pages::total,
    ),
    fact(
        "list.data.limit",
        Grade::Observed,
        Some(purge!(
            "/components/schemas/ListPurgeRequestsResponse/properties/data/properties/limit"
        )),
        "`limit` is the requested number",
        PAGE,
        |seen| list::echo(seen, "limit", |query| query.limit),
    ),
    fact(
        "list.data.search",
        Grade::Legacy,
        Some(purge!(
            "/components/schemas/ListPurgeRequestsResponse/properties/data/properties/search"
        )),
        "`search` is null or a string",
        PAGE,
        |seen| member::of(seen.pages().map(|page| page.data), "search", list::search),
    ),
    fact(
        "list.data.requests",
        Grade::Observed,
        Some(purge!(
            "/components/schemas/ListPurgeRequestsResponse/properties/data/properties/requests"
        )),
        "`requests` is an array of records",
        PAGE,
        |seen| member::of(seen.pages().map(|page| page.data), "requests", list::records),
    ),
    fact(
        "list.page-limit",
        Grade::Reference,
        None,
        "a page has at most as many records as requested",
        PAGE,
        pages::at_most,
    ),
    fact(
        "list.page-length",
        Grade::Unknown,
        None,
        "a page has as many records as requested, unless it is the last",
        PAGE,
        pages::full,
    ),
    fact(
        "list.next-page",
        Grade::Reference,
        None,
        "the next page has other records",
        PAGE,
        pages::continued,
    ),
    fact(
        "list.page-after-the-last",
        Grade::Unknown,
        None,
        "a page after the last has no records",
        PAGE,
        pages::past_the_end,
    ),
    fact(
        "list.order",
        Grade::Unknown,
        None,
        "the newest records come first",
        RECORD,
        pages::newest_first,
    ),
    fact(
        "list.operation",
        Grade::Reference,
        None,
        "with `opID`, a list has only the records of that operation",
        RECORD,
        list::filter,
    ),
    fact(
        "list.unknown-operation",
        Grade::Unknown,
        None,
        "the list of an operation that does not exist is empty",
        LIST,
        list::unknown_operation,
    ),
];
