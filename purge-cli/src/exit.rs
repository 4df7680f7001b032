use std::fmt;
use std::process::ExitCode;

use purge_api_ext::{Error, ErrorKind, PlanError, Report, without_web_tokens};

use crate::environment::without_token;

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Success = 0,
    Failed = 1,
    Usage = 2,
    Unauthorized = 3,
    Temporary = 4,
    Deadline = 5,
    Untrusted = 6,
    Interrupted = 130,
    Terminated = 143,
}

impl Exit {
    /// The word for this exit code in JSON.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Unauthorized => "unauthorized",
            Self::Temporary => "temporary",
            Self::Deadline => "deadline",
            Self::Untrusted => "untrusted",
            Self::Interrupted | Self::Terminated => "interrupted",
        }
    }

    /// The worst of several exit codes. Failures that need attention come before those that go away by themselves.
    pub(crate) fn worst(exits: impl IntoIterator<Item = Self>) -> Self {
        const ORDER: [Exit; 9] = [
            Exit::Terminated,
            Exit::Interrupted,
            Exit::Untrusted,
            Exit::Unauthorized,
            Exit::Usage,
            Exit::Failed,
            Exit::Deadline,
            Exit::Temporary,
            Exit::Success,
        ];
        let place = |exit: &Exit| ORDER.iter().position(|known| known == exit);
        exits.into_iter().min_by_key(place).unwrap_or(Exit::Success)
    }

    /// A signal that arrives after everything is done does not count.
    pub(crate) fn from_report(report: &Report, signal: Option<Self>) -> Self {
        match report.error() {
            Some(error) => signal.unwrap_or_else(|| error.kind().into()),
            None if report.is_success() => Self::Success,
            None => Self::Failed,
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput => Self::Usage,
            ErrorKind::Unauthorized => Self::Unauthorized,
            ErrorKind::Unavailable => Self::Temporary,
            ErrorKind::Deadline => Self::Deadline,
            ErrorKind::Untrusted => Self::Untrusted,
            ErrorKind::Interrupted => Self::Interrupted,
            // Kinds that a later version of the library may add are failures until they are handled here.
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command has no result.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The same failure, with the name of its profile.
    pub(crate) fn of_profile(self, name: &str) -> Self {
        Self { message: format!("profile `{name}`: {}", self.message), ..self }
    }

    /// The same failure, with the exit code of the command.
    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

/// Every failure message passes through here, so that none shows a token that was typed by mistake.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_web_tokens(&without_token(&self.message)))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.kind().into(), error.to_string())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let fix = match error.full_purge_path() {
            Some(_) => "; pass --allow-full-purge if that is what you want",
            None => "",
        };
        Self::usage(format!("{error}{fix}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, format!("the result cannot be written: {error}"))
    }
}
