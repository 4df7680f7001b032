//! Facts about the records of the list.

use super::{Fact, Grade, OPERATION_ID, PURGE, RECORD, fact};
use crate::doctor::checks::{member, purge, record};

const RECORD_MEMBERS: [&str; 7] =
    ["opID", "url", "status", "message", "createdAt", "startedAt", "completedAt"];

pub(super) static FACTS: [Fact; 13] = [
    fact(
        "record",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest")),
        "a record has `opID`, `url`, `status`, `message`, `createdAt`, `startedAt`, `completedAt` and nothing else",
        RECORD,
        |seen| member::no_others(seen.records(), &RECORD_MEMBERS),
    ),
    fact(
        "record.opID",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest/properties/opID")),
        "`opID` is a string",
        RECORD,
        |seen| member::of(seen.records(), "opID", member::word),
    ),
    fact(
        "record.opID.form",
        Grade::Unknown,
        None,
        "an operation ID is a UUID, as in the examples",
        OPERATION_ID,
        purge::id_forms,
    ),
    fact(
        "record.url",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest/properties/url · text")),
        "`url` is a string",
        RECORD,
        |seen| member::of(seen.records(), "url", member::text),
    ),
    fact(
        "record.url.full",
        Grade::Legacy,
        Some(purge!("/components/schemas/PurgeRequest/properties/url · full URL")),
        "`url` is a full URL",
        RECORD,
        |seen| member::of(seen.records(), "url", record::full_url),
    ),
    fact(
        "record.url.path",
        Grade::Unknown,
        None,
        "the path of `url` is the one that was sent, byte for byte",
        PURGE,
        purge::same_path,
    ),
    fact(
        "record.status",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest/properties/status · integer")),
        "`status` is an integer",
        RECORD,
        |seen| member::of(seen.records(), "status", member::integer),
    ),
    fact(
        "record.status.meaning",
        Grade::Legacy,
        Some(purge!("/components/schemas/PurgeRequest/properties/status · meaning")),
        "`status` is 0 or 1 for finished records, and 2 for others",
        RECORD,
        record::meaning,
    ),
    fact(
        "record.message",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest/properties/message")),
        "`message` is a string",
        RECORD,
        |seen| member::of(seen.records(), "message", member::text),
    ),
    fact(
        "record.createdAt",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest/properties/createdAt")),
        "`createdAt` is an RFC 3339 timestamp",
        RECORD,
        |seen| member::of(seen.records(), "createdAt", member::time),
    ),
    fact(
        "record.startedAt",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest/properties/startedAt")),
        "`startedAt` is an RFC 3339 timestamp, null or `0001-01-01T00:00:00Z`",
        RECORD,
        |seen| member::of(seen.records(), "startedAt", member::later_time),
    ),
    fact(
        "record.completedAt",
        Grade::Observed,
        Some(purge!("/components/schemas/PurgeRequest/properties/completedAt")),
        "`completedAt` is an RFC 3339 timestamp, null or `0001-01-01T00:00:00Z`",
        RECORD,
        |seen| member::of(seen.records(), "completedAt", member::later_time),
    ),
    fact(
        "record.order-of-times",
        Grade::Unknown,
        None,
        "`createdAt`, `startedAt` and `completedAt` are in chronological order",
        RECORD,
        record::order_of_times,
    ),
];
