use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::sanitize::{Harmless, Redactor, Shown, shown};

/// An error of this crate: what went wrong, with which value, and how to fix it.
///
/// One opaque type: [`kind`](Self::kind) says what a program should do, and the text says all of it to
/// people, the cause included. [`source`](StdError::source) is there only where it adds to the text: the
/// error of a token function, what is wrong with an answer. Texts that came from the service are escaped,
/// and the token is in none of them.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Shown,
    status: Option<u16>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// All that lies beneath, outermost first, for `Debug`.
    causes: Option<String>,
}

/// The kind of an [`Error`]: what a program should do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller gave something that cannot be used: a base URL, a token. Nothing was sent.
    InvalidInput,
    /// The token was refused (401), or something in between refused the request (403).
    Unauthorized,
    /// The service refused the request, and would refuse it again.
    Refused,
    /// The service could not be reached, or was not able to answer. Later it may be.
    Unavailable,
    /// The deadline passed; the jobs go on, and can be waited for again.
    Deadline,
    /// An answer that cannot be trusted: a redirect, a page that is not a response of the service.
    Untrusted,
    /// The [`Journal`](crate::Journal) could not be written, so nothing more was sent.
    Journal,
    /// A [`Shutdown`](crate::Shutdown) had begun: not sent, or not waited for.
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
    /// The compiler sees to it that nothing foreign is in the message as it came: see [`Shown`].
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

    /// What the message says already. It is shown by `Debug` alone: whoever prints an error and its
    /// sources would see it twice, and the types of the libraries beneath are nobody's business.
    pub(crate) fn with_cause(self, cause: &(dyn StdError + 'static)) -> Self {
        self.with_foreign_cause(cause, &Redactor::default())
    }

    /// As [`with_cause`](Self::with_cause), where the other side may have had a say in the texts.
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

    /// What the caller gave cannot be used; nothing was sent.
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

    /// What a program should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the service asked to wait.
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
