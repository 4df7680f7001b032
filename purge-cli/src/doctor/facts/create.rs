//! Facts about the operation that purges.

use super::{Fact, Grade, PURGE, REFUSED, fact};
use crate::doctor::checks::{http, member, purge};
use crate::doctor::seen::Operation;

pub(super) static FACTS: [Fact; 11] = [
    fact(
        "create.status-code",
        Grade::Reference,
        None,
        "the status of a success is 200",
        PURGE,
        |seen| http::status(seen, Operation::Create),
    ),
    fact(
        "create.content-type",
        Grade::Reference,
        None,
        "a response is `application/json`",
        PURGE,
        |seen| http::content_type(seen, Operation::Create),
    ),
    fact(
        "create.request.resource_uuid",
        Grade::Published,
        Some(purge!("/components/schemas/CreatePurgeRequest/properties/resource_uuid")),
        "`resource_uuid` in the body is a UUID",
        PURGE,
        purge::accepted,
    ),
    fact(
        "create.response",
        Grade::Observed,
        Some(purge!("/components/schemas/CreatePurgeResponse")),
        "a response has `status`, `opID`, `message` and nothing else",
        PURGE,
        |seen| member::no_others(seen.bodies(Operation::Create), &["status", "opID", "message"]),
    ),
    fact(
        "create.response.status",
        Grade::Observed,
        Some(purge!("/components/schemas/CreatePurgeResponse/properties/status")),
        "`status` is a boolean",
        PURGE,
        |seen| member::of(seen.bodies(Operation::Create), "status", member::boolean),
    ),
    fact(
        "create.response.opID",
        Grade::Observed,
        Some(purge!("/components/schemas/CreatePurgeResponse/properties/opID")),
        "`opID` is a string",
        PURGE,
        purge::own_id,
    ),
    fact(
        "create.response.message",
        Grade::Observed,
        Some(purge!("/components/schemas/CreatePurgeResponse/properties/message")),
        "`message` is a string",
        PURGE,
        |seen| member::of(seen.bodies(Operation::Create), "message", member::text),
    ),
    fact(
        "create.example.created",
        Grade::Observed,
        Some(concat!(
            purge!("/paths/~1api~1v1~1cdn~1{organization_uuid}~1job~1{resource_uuid}~1purge/"),
            "post/responses/200/content/application~1json/examples/created"
        )),
        "a response to a purge has `status: true`, `opID` and `message`",
        PURGE,
        purge::created,
    ),
    fact(
        "create.example.refused",
        Grade::Observed,
        Some(concat!(
            purge!("/paths/~1api~1v1~1cdn~1{organization_uuid}~1job~1{resource_uuid}~1purge/"),
            "post/responses/200/content/application~1json/examples/refused"
        )),
        "a refusal has the status 200 and `status: false`",
        REFUSED,
        purge::refused,
    ),
    fact(
        "create.asynchronous",
        Grade::Published,
        Some(concat!(
            purge!("/paths/~1api~1v1~1cdn~1{organization_uuid}~1job~1{resource_uuid}~1purge/"),
            "post · asynchronous"
        )),
        "a purge finishes after the response to it",
        PURGE,
        purge::asynchronous,
    ),
    fact(
        "create.operation",
        Grade::Observed,
        Some(concat!(
            purge!("/paths/~1api~1v1~1cdn~1{organization_uuid}~1job~1{resource_uuid}~1purge/"),
            "post · operation ID and its state"
        )),
        "the list shows the operation that the response names",
        PURGE,
        purge::listed,
    ),
];
