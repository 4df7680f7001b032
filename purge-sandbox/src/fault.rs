mod check;
pub(crate) mod json;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::lock::lock;
pub(crate) use check::has_body;

/// The path of the operation that issues tokens.
pub(crate) const LOGIN: &str = "/api/v1/auth/login/token";

/// The requests that a fault may be limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Get,
    Post,
    Login,
    /// Any other method, which no fault is limited to.
    Other,
}

impl Target {
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        match *method {
            _ if path == LOGIN => Self::Login,
            Method::GET => Self::Get,
            Method::POST => Self::Post,
            _ => Self::Other,
        }
    }
}

/// One way to misbehave, for one API request, or for several with [`times`](Self::times).
///
/// Faults are in a queue. A request takes the first fault that matches it; if there is none, it gets a normal
/// response. Setters can be combined: a 503 can be slow and truncated.
///
/// ```
/// use std::time::Duration;
/// use purge_sandbox::Fault;
///
/// // Rate-limited twice, then the job is created and the response is lost.
/// let faults = [
///     Fault::status(429).header("retry-after", "1").on_post().times(2),
///     Fault::reset().after_applying().on_post(),
/// ];
/// // A proxy's error page that is slow to arrive and breaks off in the middle.
/// let page = Fault::status(502)
///     .header("content-type", "text/html")
///     .body("<html><body>Bad Gateway</body></html>")
///     .delay(Duration::from_millis(50))
///     .truncate();
/// # let _ = (faults, page);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Fault {
    pub(crate) on: Option<Target>,
    pub(crate) times: Option<u32>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) delay: Duration,
    pub(crate) ending: Ending,
    pub(crate) keeps: bool,
    applies: Option<Applies>,
}

/// An extension of a request whose job purges nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepsObjects;

/// How the response is sent.
#[derive(Clone, Debug, Default)]
pub(crate) enum Ending {
    /// Completely.
    #[default]
    Whole,
    /// The first half, then an orderly end of the connection.
    Truncated,
    /// The first half, then nothing for this long, then a reset.
    Stalled(Duration),
    /// Not a single byte.
    Reset,
    /// These bytes instead of an HTTP response.
    Raw(Bytes),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Applies {
    Before,
    Never,
}

impl Fault {
    /// Responds with this status and does not apply the request, unless
    /// [`after_applying`](Self::after_applying) says so.
    ///
    /// # Panics
    ///
    /// When the number is not from 200 to 999: a status below 200 is interim, and a final response still follows.
    pub fn status(status: u16) -> Self {
        Self::default().try_status(status.into()).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// Applies the request and responds normally, with the changes that the setters make.
    pub fn answer() -> Self {
        Self::default()
    }

    /// Applies the request immediately and responds later.
    pub fn slow(delay: Duration) -> Self {
        Self::default().delay(delay)
    }

    /// Sends the first half of the response, then nothing for `duration`, then resets the connection.
    pub fn stall(duration: Duration) -> Self {
        Self { ending: Ending::Stalled(duration), ..Self::default() }
    }

    /// Resets the connection instead of responding. The request is not applied, unless
    /// [`after_applying`](Self::after_applying) says so.
    pub fn reset() -> Self {
        Self { ending: Ending::Reset, ..Self::default() }
    }

    /// Applies the request and sends only the first half of the response.
    pub fn truncated() -> Self {
        Self::default().truncate()
    }

    /// Sends bytes that are not HTTP. The request is not applied, unless
    /// [`after_applying`](Self::after_applying) says so.
    pub fn garbage() -> Self {
        Self::raw(&b"\x00\xff\x7fnot http\r\n\r\n"[..])
    }

    /// Sends exactly these bytes instead of a response, for example two `Content-Length` headers, and
    /// ends the connection. The request is not applied, unless
    /// [`after_applying`](Self::after_applying) says so.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { ending: Ending::Raw(bytes.into().into()), ..Self::default() }
    }

    /// Sets a header of the response, and replaces one of the same name. Two calls with the same name send two
    /// headers.
    ///
    /// # Panics
    ///
    /// When the name or the value is not valid in a header, or when the header frames the response, such as
    /// `Content-Length`, `Transfer-Encoding` and `Connection`: the server writes those itself. Use
    /// [`raw`](Self::raw) for a response with wrong ones.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.try_header(name, value).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// Replaces the body of the response.
    ///
    /// # Panics
    ///
    /// When the fault's status is 204, 205 or 304, which have no body, or when it sends no such response: after
    /// [`reset`](Self::reset), [`raw`](Self::raw) and [`garbage`](Self::garbage).
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into().into());
        self.checked()
    }

    /// Waits before responding. If the request is applied, it is applied before the wait.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends only the first half of the response.
    ///
    /// # Panics
    ///
    /// When the fault's status is 204, 205 or 304, which have no body that could be cut short.
    pub fn truncate(mut self) -> Self {
        self.ending = Ending::Truncated;
        self.checked()
    }

    /// Applies the request before the fault happens: the client sees a failure although the request succeeded.
    pub fn after_applying(mut self) -> Self {
        self.applies = Some(Applies::Before);
        self
    }

    /// Does not apply the request, even if the response looks as if it had been applied.
    pub fn without_applying(mut self) -> Self {
        self.applies = Some(Applies::Never);
        self
    }

    /// The job that the request creates reports its paths as purged, but the objects stay in the caches.
    ///
    /// ```
    /// # use purge_sandbox::Fault;
    /// let fault = Fault::answer().keeping_objects().on_post();
    /// # let _ = fault;
    /// ```
    pub fn keeping_objects(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// Applies only to `POST`, but not to logins.
    pub fn on_post(mut self) -> Self {
        self.on = Some(Target::Post);
        self
    }

    /// Applies only to `GET`.
    pub fn on_get(mut self) -> Self {
        self.on = Some(Target::Get);
        self
    }

    /// Applies only to logins: requests for a token.
    pub fn on_login(mut self) -> Self {
        self.on = Some(Target::Login);
        self
    }

    /// Happens this many times before the next matching fault in the queue.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    pub(crate) fn applies(&self) -> bool {
        match self.applies {
            Some(applies) => applies == Applies::Before,
            None => self.status.is_none() && !matches!(self.ending, Ending::Reset | Ending::Raw(_)),
        }
    }
}

/// The queue.
#[derive(Default)]
pub(crate) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    pub(crate) fn push(&self, fault: Fault) {
        lock(&self.0).push_back(fault);
    }

    pub(crate) fn take(&self, target: Target) -> Option<Fault> {
        let mut queue = lock(&self.0);
        queue.retain(|fault| fault.times != Some(0));
        let index = queue.iter().position(|fault| fault.on.is_none_or(|meant| meant == target))?;
        let left = queue[index].times.unwrap_or(1) - 1;
        if left == 0 {
            return queue.remove(index);
        }
        queue[index].times = Some(left);
        queue.get(index).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_takes_the_first_fault_for_it() {
        let faults = Faults::default();
        faults.push(Fault::status(504).on_login());
        faults.push(Fault::status(500).times(0));
        faults.push(Fault::status(501).on_post().times(2));
        faults.push(Fault::status(502));
        faults.push(Fault::status(503).on_get());
        let take = |method: Method| {
            let fault = faults.take(Target::of(&method, "/purge"));
            fault.and_then(|f| f.status).map(|s| s.as_u16())
        };
        assert_eq!(take(Method::POST), Some(501));
        assert_eq!(take(Method::GET), Some(502));
        assert_eq!(take(Method::POST), Some(501));
        assert_eq!(take(Method::POST), None);
        assert_eq!(take(Method::GET), Some(503));
        assert_eq!(take(Method::GET), None);
        let login = faults.take(Target::of(&Method::POST, LOGIN)).and_then(|f| f.status);
        assert_eq!(login.map(|s| s.as_u16()), Some(504), "no other POST takes it");
    }

    #[test]
    fn a_refusal_or_a_broken_connection_applies_nothing_unless_told_to() {
        assert!(Fault::answer().applies());
        assert!(Fault::slow(Duration::ZERO).applies());
        assert!(Fault::stall(Duration::ZERO).applies());
        assert!(Fault::truncated().applies());
        assert!(!Fault::truncated().without_applying().applies());
        assert!(!Fault::status(502).applies());
        assert!(!Fault::status(502).truncate().applies());
        assert!(!Fault::reset().applies());
        assert!(!Fault::garbage().applies());
        assert!(Fault::status(502).after_applying().applies());
        assert!(Fault::reset().after_applying().applies());
    }
}
