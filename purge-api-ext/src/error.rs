use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::sanitize::{Harmless, Redactor, Shown, shown};

/// An error of this crate: what went wrong, with which value, and how to fix it.
///
/// This is one opaque type. [`kind`](Self::kind) tells a program what to do, and the message tells a person
/// everything, including the cause. [`source`](StdError::source) is set only if it adds something to the
/// message: the error of a token function, or why a response could not be parsed. Text from the service is
/// escaped, and the token never appears.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Shown,
    status: Option<u16>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// The chain of causes, outermost first, for `Debug`.
    causes: Option<String>,
}

/// The kind of an [`Error`], which tells a program what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller passed something unusable, such as a base URL or a token. Nothing was sent.
    InvalidInput,
    /// The token was refused (401), or the request was forbidden (403), perhaps by a proxy or gateway.
    Unauthorized,
    /// The service refused the request and would refuse it again.
    Refused,
    /// The service could not be reached or could not respond. A later attempt may succeed.
    Unavailable,
    /// The deadline passed. The operations continue, and you can wait for them again.
    Deadline,
    /// The response cannot be trusted: a redirect, or a page that did not come from the service.
    Untrusted,
    /// The [`Journal`](crate::Journal) could not be written, so no further requests were sent.
    Journal,
    /// A [`Shutdown`](crate::Shutdown) had begun, so the request was not sent or not waited for.
    Interrupted,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InvalidInput => "invalid input",
            Self::Unauthorized => "unauthorized",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Deadline => "deadline",
            Self::Untrusted => "untrusted",
            Self::Journal => "journal",
            Self::Interrupted => "interrupted",
        })
    }
}

impl Error {
    /// The compiler ensures that the message contains no unsanitized foreign text: see [`Shown`].
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Shown>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            status: None,
            retry_after: None,
            source: None,
            causes: None,
        }))
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    pub(crate) fn with_retry_after(self, wait: Option<Duration>) -> Self {
        self.change(|inner| inner.retry_after = wait)
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.change(|inner| inner.source = Some(source.into()))
    }

    /// Adds a cause that the message already states. Only `Debug` shows it: code that prints an error and its
    /// sources would show it twice, and the error types of our dependencies are not part of the API.
    pub(crate) fn with_cause(self, cause: &(dyn StdError + 'static)) -> Self {
        self.with_foreign_cause(cause, &Redactor::default())
    }

    /// Like [`with_cause`](Self::with_cause), for causes that may quote the other side.
    pub(crate) fn with_foreign_cause(
        self,
        cause: &(dyn StdError + 'static),
        redactor: &Redactor,
    ) -> Self {
        let chain =
            std::iter::successors(Some(cause), |&cause: &&(dyn StdError + 'static)| cause.source());
        let causes: Vec<_> =
            chain.map(|cause| redactor.excerpt(&cause.to_string()).into_string()).collect();
        self.change(|inner| inner.causes = Some(causes.join(": ")))
    }

    /// The caller passed something unusable; nothing was sent.
    pub(crate) fn invalid_input(why: &impl Harmless) -> Self {
        Self::new(ErrorKind::InvalidInput, shown!("{why}", why))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        // An error under construction has no other owner.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }

    /// The kind of error, which tells a program what to do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the service asked the client to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind() == ErrorKind::Unavailable
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind).field("message", &&*self.0.message);
        if let Some(status) = self.0.status {
            debug.field("status", &status);
        }
        if let Some(source) = &self.0.source {
            debug.field("source", &source.to_string());
        }
        if let Some(causes) = &self.0.causes {
            debug.field("causes", causes);
        }
        debug.finish()
    }
}

impl Harmless for Error {}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The plural ending of a noun after a count, as in `2 paths`.
pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
