use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::text::Visible;

/// The error of a sandbox that cannot be started or changed as requested.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    Listen(SocketAddr, io::Error),
    NotLoopback(SocketAddr),
    NotUuid(&'static str, String),
    OriginDirectory(PathBuf, io::Error),
    OriginNotLoopback(SocketAddr),
    CacheControl(String),
    Token,
    PopName(String),
    Faults(serde_json::Error),
    Fault(&'static str),
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Kind::NotLoopback(address) => write!(
                f,
                "{address} is not a loopback address: other machines could reach the sandbox; allow that explicitly, or listen on 127.0.0.1"
            ),
            Kind::NotUuid(what, value) => {
                write!(f, "the {what} {value:?} is not a UUID; write it as 8-4-4-4-12 hexadecimal digits")
            }
            Kind::OriginDirectory(path, error) => {
                write!(f, "the origin {path:?} is not a readable folder: {error}")
            }
            Kind::OriginNotLoopback(address) => {
                write!(f, "the origin {address} is not a loopback address; use a server on this machine")
            }
            Kind::CacheControl(value) => {
                write!(f, "the Cache-Control {value:?} is not valid in a header; use visible ASCII")
            }
            Kind::Faults(error) => {
                // It quotes the input.
                write!(f, "the faults cannot be read: {}", Visible(&error.to_string()))
            }
            Kind::Fault(what) => write!(f, "the faults cannot be read: {what}"),
            Kind::PopName(name) => write!(
                f,
                "{:?} is not a valid name for a point of presence; use letters, digits and hyphens, and each name only once",
                Visible(name).to_string()
            ),
            Kind::Token => f.write_str(
                "the token is empty or contains something other than visible ASCII, which a header cannot carry",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Listen(_, error) | Kind::OriginDirectory(_, error) => Some(error),
            Kind::Faults(error) => Some(error),
            _ => None,
        }
    }
}
