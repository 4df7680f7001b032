//! Signing in: an API key and its secret become a token.
//!
//! Little is published about this operation: neither the response to a wrong secret, nor limits, nor whether an earlier
//! token stays valid. So every definite refusal counts as one of the key, and everything else is tried again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use purge_api::Token;
use purge_api::login::types::{CreateTokenRequest, CreateTokenResponse};
use purge_api::{ResponseValue, Secret};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::time::{Instant, sleep};

use crate::clock::Clock;
use crate::connection::Route;
use crate::error::{Error, ErrorKind};
use crate::gate::{Gate, Permit};
use crate::retry::{Applied, LONGEST, RetryPolicy};
use crate::sanitize::{Redactor, Shown, shown};
use crate::token::{ApiKey, parse};
use crate::trace::step;
use crate::transport::{failure, from_status, is_refusal, message_in};

/// What to do about a key that is refused.
const ADVICE: &str = "check both, or create a new key in the service's control panel";

/// A token, and what is known about it.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) token: Token,
    /// Another secret of the same response, which is not used.
    pub(crate) session: Option<Token>,
    /// When another token is needed, if that is known.
    pub(crate) renewal: Option<Renewal>,
}

/// When a token is renewed before it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Renewal {
    pub(crate) at: Instant,
    /// How long to wait after a renewal that failed.
    pub(crate) again: Duration,
}

impl Renewal {
    /// The longest time before its end at which a token is renewed.
    const EARLIEST: Duration = Duration::from_secs(5 * 60);

    /// A fifth of the lifetime before the end, but not more than five minutes.
    fn new(asked: Instant, lifetime: Duration) -> Option<Self> {
        let early = (lifetime / 5).min(Self::EARLIEST);
        let at = asked.checked_add(lifetime.min(LONGEST) - early)?;
        Some(Self { at, again: early / 4 })
    }
}

impl From<Token> for Issued {
    fn from(token: Token) -> Self {
        Self { token, session: None, renewal: None }
    }
}

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum NoToken {
    /// Nothing was sent, for a reason of the caller alone, such as a run that was stopped.
    NotSent(Error),
    /// The service refused the key or its secret.
    Refused(Error),
    Failed(Error),
}

/// How one login ended, if not with a token.
enum Ended {
    Refused(Error),
    Failed(Error),
}

/// The operation that issues tokens, at the base URL of a client.
pub(crate) struct Login {
    raw: purge_api::login::Client,
    route: Route,
    policy: RetryPolicy,
}

impl Login {
    pub(crate) fn new(base_url: &str, http: reqwest::Client, route: Route) -> Self {
        let raw = purge_api::login::Client::new_with_client(base_url, http);
        Self { raw, route, policy: RetryPolicy::default() }
    }

    /// Exchanges a key for a token. What is temporary is tried again: a token that nobody received does no harm.
    ///
    /// Every attempt passes the gate of the caller.
    pub(crate) async fn sign_in(
        &self,
        key: &ApiKey,
        gate: &Gate,
        redactor: &Redactor,
    ) -> Result<Issued, NoToken> {
        let mut attempts = 0;
        loop {
            let pass = gate.enter(async { Ok(()) }).await.map_err(NoToken::NotSent)?;
            let permit = gate.depart(pass).await.map_err(NoToken::NotSent)?;
            let error = match self.attempt(permit, key, redactor).await {
                Ok(issued) => return Ok(issued),
                Err(Ended::Refused(error)) => return Err(NoToken::Refused(error)),
                Err(Ended::Failed(error)) => error,
            };
            gate.note(&error);
            attempts += 1;
            let applied = if error.is_retryable() { Applied::No } else { Applied::Refused };
            let wait = error.retry_after();
            match self.policy.delay(applied, attempts, 0, wait, fastrand::f64()) {
                None => return Err(NoToken::Failed(error)),
                Some(delay) => {
                    gate.unless_stopped(sleep(delay)).await.map_err(NoToken::NotSent)?;
                }
            }
        }
    }

    async fn attempt(
        &self,
        permit: Permit,
        key: &ApiKey,
        redactor: &Redactor,
    ) -> Result<Issued, Ended> {
        // The permit is used up, whatever becomes of the request.
        let _: Permit = permit;
        let body = CreateTokenRequest::builder()
            .api_key(key.key.expose_secret())
            .api_secret(key.secret.expose_secret());
        let asked = Instant::now();
        let method = "POST";
        let exchange = async {
            match self.raw.create_token().body(body).send().await {
                Ok(answer) => issued(answer, asked),
                Err(error) => Err(self.ended(error, redactor).await),
            }
        };
        step!(exchange, "http", method).await
    }

    async fn ended(&self, error: purge_api::Error<()>, redactor: &Redactor) -> Ended {
        use purge_api::Error as Raw;

        match error {
            Raw::UnexpectedResponse(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let body = response.bytes().await.unwrap_or_default();
                let body = if may_hold_a_token(status, &body) { &[][..] } else { &body };
                of_status(status, &headers, body, redactor)
            }
            Raw::InvalidResponsePayload(body, _) if is_refusal(&body) => {
                Ended::Refused(refused(200, &Shown::default()))
            }
            // Neither the body nor the error of its parser is shown: there may be a token in them.
            Raw::InvalidResponsePayload(..) => Ended::Failed(untrusted(
                "the response to the login is not one of the service; it is not shown, since it may contain a token",
            )),
            other => {
                let error = failure(other, redactor, &self.route).await.error;
                let message = shown!("the login failed: {error}", error);
                Ended::Failed(
                    Error::new(error.kind(), message)
                        .with_retry_after(error.retry_after())
                        .with_cause(&error),
                )
            }
        }
    }
}

/// The token in a response.
fn issued(answer: ResponseValue<CreateTokenResponse>, asked: Instant) -> Result<Issued, Ended> {
    let clock = Clock::from_headers(answer.headers(), asked);
    let answer = answer.into_inner();
    if !answer.status {
        return Err(Ended::Refused(refused(200, &Shown::default())));
    }
    let Some(token) = answer.token.as_ref().map(Secret::expose_secret) else {
        return Err(Ended::Failed(untrusted("the response to the login contains no token")));
    };
    let token = parse(token.trim()).map_err(|why| {
        let message = shown!("the token that the service issued cannot be used: {why}", why);
        Ended::Failed(Error::new(ErrorKind::Untrusted, message))
    })?;
    let session = answer.session.and_then(|session| Token::new(session.expose_secret()).ok());
    let now = clock.and_then(|clock| clock.at(asked)).unwrap_or_else(SystemTime::now);
    let renewal = answer.expire.and_then(|expire| Renewal::new(asked, left(expire, now)?));
    Ok(Issued { token, session, renewal })
}

/// How long a token is valid, if its end is in the future by the service's clock. If it is not, only a refusal shows
/// when another token is needed.
fn left(expire: i64, now: SystemTime) -> Option<Duration> {
    let end = UNIX_EPOCH.checked_add(Duration::from_secs(expire.try_into().ok()?))?;
    end.duration_since(now).ok().filter(|left| !left.is_zero())
}

fn of_status(status: StatusCode, headers: &HeaderMap, body: &[u8], redactor: &Redactor) -> Ended {
    match status.as_u16() {
        // The proxy, or a request that the service did not look at.
        407 | 408 | 421 | 425 | 429 | ..400 | 500.. => {
            let error = from_status(status, headers, body, redactor).error;
            let message = shown!("the login failed: {error}", error);
            Ended::Failed(
                Error::new(error.kind(), message)
                    .with_status(status.as_u16())
                    .with_retry_after(error.retry_after()),
            )
        }
        code => Ended::Refused(refused(code, &message_in(body, redactor))),
    }
}

fn refused(code: u16, said: &Shown) -> Error {
    // A gateway that does not know the path responds like this, too.
    if let 404 | 405 | 410 = code {
        let message = shown!(
            "there may be no login at this address ({code}){said}; check the base URL, then the API key and its secret",
            code,
            said,
        );
        return Error::new(ErrorKind::Unauthorized, message).with_status(code);
    }
    let how = match code {
        200 => "status: false".into(),
        code => shown!("{code}", code),
    };
    let message = shown!(
        "the service refused the API key or its secret ({how}){said}; {advice}",
        how,
        said,
        advice = Shown::from(ADVICE),
    );
    Error::new(ErrorKind::Unauthorized, message).with_status(code)
}

fn untrusted(message: &'static str) -> Error {
    Error::new(ErrorKind::Untrusted, message).with_status(200)
}

/// Whether the body of a response must not be quoted: a success may contain a token that is not yet redacted, and so
/// may any body that names one, or contains the beginning of a JSON Web Token.
fn may_hold_a_token(status: StatusCode, body: &[u8]) -> bool {
    const NAMES: [&str; 2] = ["token", "session"];
    const ENDS: [&str; 6] = ["\"", "\\\"", "&quot;", "&#34;", "=", "%3d"];

    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let is_member = |name: &&str| ENDS.iter().any(|end| text.contains(&format!("{name}{end}")));
    status.is_success() || text.contains("eyj") || NAMES.iter().any(is_member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renewed_a_fifth_of_their_lifetime_early_at_most_five_minutes() {
        let asked = Instant::now();
        let check = |lifetime: u64, at: u64, again: f64| {
            let renewal = Renewal::new(asked, Duration::from_secs(lifetime)).expect("a time");
            assert_eq!(renewal.at - asked, Duration::from_secs(at), "{lifetime}");
            assert_eq!(renewal.again, Duration::from_secs_f64(again), "{lifetime}");
        };
        check(10, 8, 0.5);
        check(1500, 1200, 75.0);
        check(4 * 3600, 4 * 3600 - 300, 75.0);
        check(30 * 24 * 3600, 30 * 24 * 3600 - 300, 75.0);
        assert!(Renewal::new(asked, Duration::MAX).is_some(), "too long is a year");
    }

    #[test]
    fn only_an_end_in_the_future_is_a_lifetime() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        assert_eq!(left(1010, now), Some(Duration::from_secs(10)));
        for expire in [1000, 999, 0, -1, i64::MIN] {
            assert_eq!(left(expire, now), None, "{expire}");
        }
        assert!(left(i64::MAX, now).is_none_or(|left| left > LONGEST));
    }

    #[test]
    fn every_status_is_a_refusal_of_the_key_or_not() {
        let of = |code: u16| {
            let status = StatusCode::from_u16(code).expect("a status");
            of_status(status, &HeaderMap::new(), b"{}", &Redactor::default())
        };
        for code in [400, 401, 403, 404, 405, 409, 410, 415, 422, 451] {
            let Ended::Refused(error) = of(code) else { panic!("{code}") };
            assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(code)));
            let advice = match code {
                404 | 405 | 410 => "check the base URL, then the API key",
                _ => "control panel",
            };
            assert!(error.to_string().contains(advice), "{error}");
        }
        for (code, kind) in [
            (201, ErrorKind::Untrusted),
            (302, ErrorKind::Untrusted),
            (407, ErrorKind::Unauthorized),
            (429, ErrorKind::Unavailable),
            (500, ErrorKind::Unavailable),
            (503, ErrorKind::Unavailable),
        ] {
            let Ended::Failed(error) = of(code) else { panic!("{code}") };
            assert_eq!((error.kind(), error.status()), (kind, Some(code)), "{error}");
        }
    }

    #[test]
    fn bodies_that_may_hold_a_token_are_recognized() {
        let check = |code: u16, body: &str, expected: bool| {
            let status = StatusCode::from_u16(code).expect("a status");
            assert_eq!(may_hold_a_token(status, body.as_bytes()), expected, "{code} {body}");
        };
        check(201, "", true);
        check(500, r#"{"status":true,"Token":"x"#, true);
        check(500, r#"{\"session\":"#, true);
        check(500, "<pre>{&quot;token&quot;:", true);
        check(500, "<a href='/#access_token=x'>", true);
        check(500, "next=%2F%23token%3Dx", true);
        check(500, r#"{"jwt":"eyJhbGciOi"#, true);
        check(401, r#"{"message":"the token is wrong"}"#, false);
        check(502, "<html>Bad gateway</html>", false);
    }
}
