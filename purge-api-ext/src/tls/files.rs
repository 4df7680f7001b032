//! The certificate files that the environment sets in place of the system's.
//!
//! The library that loads them silently skips what it cannot read, as long as anything is left.

use std::env::split_paths;
use std::ffi::OsString;
use std::fs;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::{Error, ErrorKind};
use crate::sanitize::{Shown, excerpt, shown};
use crate::typed;

/// Whether the verifier honors these variables. The verifiers of Apple and Windows do not.
pub(super) const ARE_READ: bool =
    cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android")));

const FILE: &str = "SSL_CERT_FILE";
const FOLDERS: &str = "SSL_CERT_DIR";

/// Refuses a variable whose value contains no usable certificate.
#[cfg_attr(feature = "native-tls", allow(dead_code))]
pub(super) fn check(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), Error> {
    if !ARE_READ {
        return Ok(());
    }
    let refuse = |message: Shown| Err(Error::new(ErrorKind::InvalidInput, message));
    if let Some(file) = variable(FILE) {
        // The library treats an empty name as an unreadable file, and then loads nothing else.
        if file.is_empty() {
            return refuse(shown!("{FILE} is empty: unset it", FILE));
        }
        let why = match CertificateDer::pem_file_iter(&file).map(|mut found| found.next()) {
            Ok(Some(Ok(_))) => None,
            Ok(None) => Some("it contains no `-----BEGIN CERTIFICATE-----`".into()),
            Ok(Some(Err(error))) | Err(error) => Some(words(&error)),
        };
        if let Some(why) = why {
            return refuse(shown!(
                "no certificate can be read from {FILE} (`{file}`): {why}; set it to a PEM file, or unset it",
                FILE,
                file = typed::name(&file),
                why,
            ));
        }
    }
    if let Some(folders) = variable(FOLDERS) {
        let mut named =
            split_paths(&folders).filter(|path| !path.as_os_str().is_empty()).peekable();
        // Some of the folders may be missing.
        if named.peek().is_some() && !named.any(|folder| fs::read_dir(folder).is_ok()) {
            return refuse(shown!(
                "none of the folders in {FOLDERS} (`{folders}`) can be read; name folders of PEM files, or unset it",
                FOLDERS,
                folders = typed::name(&folders),
            ));
        }
    }
    Ok(())
}

/// The variables that replace the system certificates, for messages.
pub(super) fn named(variable: impl Fn(&str) -> Option<OsString>) -> Option<Shown> {
    let named = |name: &'static str| {
        let value = variable(name).filter(|value| ARE_READ && !value.is_empty())?;
        Some(shown!("{name} (`{value}`)", name, value = typed::name(&value)))
    };
    let named: Vec<_> = [FILE, FOLDERS].into_iter().filter_map(named).collect();
    (!named.is_empty()).then(|| Shown::joined(named, " and "))
}

fn words(error: &rustls::pki_types::pem::Error) -> Shown {
    match error {
        rustls::pki_types::pem::Error::Io(error) => excerpt(error),
        _ => "it is not PEM".into(),
    }
}

#[cfg(all(test, unix, not(target_vendor = "apple")))]
mod tests {
    use super::*;

    fn refusal(variables: &[(&str, &str)]) -> Option<String> {
        let value = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.into())
        };
        check(value).err().map(|error| error.to_string())
    }

    #[test]
    fn unreadable_file_or_folder_is_refused_even_if_the_other_variable_is_valid() {
        let folder = std::env::temp_dir();
        let folder = folder.to_str().expect("a name");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for other in [&[][..], &[("SSL_CERT_DIR", folder)]] {
            let file = |file| refusal(&[&[("SSL_CERT_FILE", file)], other].concat());
            assert_eq!(file("").as_deref(), Some("SSL_CERT_FILE is empty: unset it"));
            let missing =
                "no certificate can be read from SSL_CERT_FILE (`/not/there`): No such file";
            assert!(file("/not/there").expect("no file").starts_with(missing));
            let none = file(source).expect("no certificate");
            assert!(
                none.contains("it contains no `-----BEGIN CERTIFICATE-----`; set it to a PEM"),
                "{none}"
            );
            assert!(file(folder).is_some());
        }
        assert_eq!(refusal(&[("SSL_CERT_DIR", folder)]), None);
        assert_eq!(refusal(&[("SSL_CERT_DIR", &format!("/not/there:{folder}"))]), None);
        assert_eq!(refusal(&[("SSL_CERT_DIR", "")]), None);
        assert_eq!(refusal(&[]), None);
        assert_eq!(
            refusal(&[("SSL_CERT_DIR", "/not/there:/nor/here")]).expect("no folder"),
            "none of the folders in SSL_CERT_DIR (`/not/there:/nor/here`) can be read; name folders of PEM \
             files, or unset it"
        );
    }
}
