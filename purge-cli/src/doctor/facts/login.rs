//! Facts about the operation that issues tokens.

use super::{Fact, Grade, LOGIN, fact};
use crate::doctor::checks::{http, login, member};
use crate::doctor::seen::Operation;

pub(super) static FACTS: [Fact; 12] = [
    fact(
        "login.server",
        Grade::Published,
        Some(login!("/servers/0")),
        "the service is at `cloud.medianova.com`",
        LOGIN,
        |seen| http::server(seen, Operation::Login),
    ),
    fact(
        "login.operation",
        Grade::Published,
        Some(login!("/paths/~1api~1v1~1auth~1login~1token/post")),
        "`POST /api/v1/auth/login/token` issues tokens",
        LOGIN,
        login::operation,
    ),
    fact(
        "login.status-code",
        Grade::Published,
        None,
        "the status of a success is 200",
        LOGIN,
        |seen| http::status(seen, Operation::Login),
    ),
    fact(
        "login.content-type",
        Grade::Published,
        None,
        "a response is `application/json`",
        LOGIN,
        |seen| http::content_type(seen, Operation::Login),
    ),
    fact(
        "login.request",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenRequest")),
        "a request has a key and a secret, and nothing else",
        LOGIN,
        login::accepted,
    ),
    fact(
        "login.request.api_key",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenRequest/properties/api_key")),
        "`api_key` is a string",
        LOGIN,
        login::accepted,
    ),
    fact(
        "login.request.api_secret",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenRequest/properties/api_secret")),
        "`api_secret` is a string",
        LOGIN,
        login::accepted,
    ),
    fact(
        "login.response",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenResponse")),
        "a response has `status`, `token`, `session`, `expire` and nothing else",
        LOGIN,
        |seen| login::members(seen, &["status", "token", "session", "expire"]),
    ),
    fact(
        "login.response.status",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenResponse/properties/status")),
        "`status` is a boolean",
        LOGIN,
        |seen| member::of(seen.bodies(Operation::Login), "status", member::boolean),
    ),
    fact(
        "login.response.token",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenResponse/properties/token")),
        "`token` is a string",
        LOGIN,
        |seen| login::member(seen, "token", member::word),
    ),
    fact(
        "login.response.session",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenResponse/properties/session")),
        "`session` is a string",
        LOGIN,
        |seen| login::member(seen, "session", member::text),
    ),
    fact(
        "login.response.expire",
        Grade::Published,
        Some(login!("/components/schemas/CreateTokenResponse/properties/expire")),
        "`expire` is in seconds since 1970",
        LOGIN,
        login::expire,
    ),
];
