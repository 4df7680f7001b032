use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why a sandbox cannot start.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    Listen(SocketAddr, io::Error),
    NotLoopback(SocketAddr),
    NotUuid(&'static str, String),
    Token,
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
                "{address} is not a loopback address: other machines could reach the sandbox; allow that explicitly or listen on 127.0.0.1"
            ),
            Kind::NotUuid(what, value) => {
                write!(f, "the {what} {value:?} is not a UUID; write it as 8-4-4-4-12 hexadecimal digits")
            }
            Kind::Token => f.write_str(
                "the token is empty or holds something other than visible ASCII; no header can carry it",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Listen(_, error) => Some(error),
            _ => None,
        }
    }
}
