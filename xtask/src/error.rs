use std::fmt;

/// Why a command did not run: bad usage, an unreadable file, or a document that is not OpenAPI 3.0.
///
/// The message says what happened, with which value, and how to fix it.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self(format!("the output could not be written: {error}"))
    }
}
