//! The settings that a sandbox cannot start with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::YEAR;
use crate::error::{Error, Kind};
use crate::origin::Origin;
use crate::pop::Pop;
use crate::resource::parse_uuid;

pub(in crate::sandbox) fn token(token: String) -> Result<String, Error> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Kind::Token.into());
    }
    Ok(token)
}

pub(super) fn origin(origin: Origin, later: Option<(PathBuf, Duration)>) -> Result<Origin, Error> {
    let folder = |path: PathBuf| {
        let root = path.canonicalize().and_then(|root| root.read_dir().map(|_| root));
        root.map_err(|error| Error::from(Kind::OriginDirectory(path, error)))
    };
    match origin {
        Origin::Directory(path) => match later {
            None => folder(path).map(Origin::Directory),
            Some((after, delay)) => {
                let (before, after) = (folder(path)?, folder(after)?);
                let at = Instant::now() + delay.min(YEAR);
                Ok(Origin::Late { before, after, at })
            }
        },
        Origin::Server(address) if !address.ip().is_loopback() => {
            Err(Kind::OriginNotLoopback(address).into())
        }
        other => Ok(other),
    }
}

pub(super) fn uuid(what: &'static str, text: &str) -> Result<Uuid, Error> {
    parse_uuid(text).ok_or_else(|| Kind::NotUuid(what, text.to_owned()).into())
}

pub(super) fn pops(pops: &[Pop]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    let wrong = pops.iter().find(|pop| !pop.has_valid_name() || !names.insert(&pop.name));
    wrong.map_or(Ok(()), |pop| Err(Kind::PopName(pop.name.clone()).into()))
}
