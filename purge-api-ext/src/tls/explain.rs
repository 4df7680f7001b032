//! Explains in words why the peer of a TLS connection is not trusted.

use std::error::Error as StdError;

use crate::sanitize::{Shown, excerpt};

/// Explains why the peer is not trusted, and how to fix it.
pub(crate) fn explain(cause: &(dyn StdError + 'static)) -> Shown {
    #[cfg(feature = "rustls")]
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        let files = super::files::named(|name| std::env::var_os(name));
        return of_rustls::explain(error, files.as_ref());
    }
    excerpt(cause)
}

#[cfg(feature = "rustls")]
mod of_rustls {
    use rustls::{CertificateError as C, Error as E, InvalidMessage as M, PeerIncompatible as P};

    use super::super::files;
    use crate::sanitize::{Shown, excerpt, shown};

    /// `named` are the variables that replace the system certificates.
    pub(super) fn explain(error: &E, named: Option<&Shown>) -> Shown {
        match error {
            E::InvalidCertificate(wrong) => certificate(wrong, named),
            E::InvalidMessage(M::InvalidContentType | M::UnknownProtocolVersion) => {
                "it does not speak TLS; check the scheme and the port of the base URL".into()
            }
            E::InvalidMessage(why) => {
                shown!("it sent an invalid TLS message: {why}", why = words(why))
            }
            E::AlertReceived(alert) => {
                shown!("it aborted the handshake: {why}", why = words(alert))
            }
            E::PeerIncompatible(
                P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig,
            ) => "it supports neither TLS 1.2 nor TLS 1.3".into(),
            E::PeerIncompatible(why) => {
                shown!(
                    "it and this program support no common TLS parameters: {why}",
                    why = words(why)
                )
            }
            E::PeerMisbehaved(why) => {
                shown!("it violates the TLS protocol: {why}", why = words(why))
            }
            E::InappropriateMessage { .. } | E::InappropriateHandshakeMessage { .. } => {
                "it sent an unexpected TLS message".into()
            }
            E::InvalidCertRevocationList(why) => {
                shown!("a list of revoked certificates cannot be used: {why}", why = words(why))
            }
            // The remaining errors have readable messages.
            _ => excerpt(error),
        }
    }

    fn certificate(wrong: &C, named: Option<&Shown>) -> Shown {
        match wrong {
            C::UnknownIssuer => unknown_issuer(named),
            C::ExpiredContext { not_after, .. } => {
                let at = date(not_after);
                shown!("its certificate expired at {at}; check the clock of this machine", at)
            }
            C::Expired => "its certificate has expired; check the clock of this machine".into(),
            C::NotValidYetContext { not_before, .. } => {
                let from = date(not_before);
                shown!(
                    "its certificate is not valid before {from}; check the clock of this machine",
                    from
                )
            }
            C::NotValidYet => {
                "its certificate is not valid yet; check the clock of this machine".into()
            }
            C::NotValidForNameContext { expected, presented } => {
                other_name(&expected.to_str(), presented)
            }
            C::NotValidForName => "its certificate is for another name; check the base URL".into(),
            C::BadSignature => {
                "its certificate is not signed by the authority that it names".into()
            }
            C::BadEncoding => "its certificate cannot be read".into(),
            C::Revoked => "its certificate has been revoked".into(),
            C::UnhandledCriticalExtension => {
                "its certificate has an unknown critical extension".into()
            }
            C::UnknownRevocationStatus => {
                "the revocation status of its certificate is unknown".into()
            }
            C::InvalidPurpose | C::InvalidPurposeContext { .. } => PURPOSE.into(),
            C::Other(other) => other_reason(&other.0.to_string()),
            // The rest have no readable message.
            other => shown!("its certificate cannot be used: {why}", why = words(other)),
        }
    }

    fn date(time: &rustls::pki_types::UnixTime) -> Shown {
        // Years have four digits, in certificates as in RFC 3339.
        const LAST: u64 = 253_402_300_799;
        let since = std::time::Duration::from_secs(time.as_secs().min(LAST));
        excerpt(&humantime::format_rfc3339(std::time::UNIX_EPOCH + since))
    }

    fn other_name(expected: &str, presented: &[String]) -> Shown {
        // Each is formatted as a kind and a name in parentheses.
        let name = |presented: &String| {
            let name = presented.split_once('(').map_or(presented.as_str(), |(_, name)| name);
            let name = name.trim_end_matches(')').trim_matches('"');
            shown!("`{name}`", name = excerpt(name))
        };
        let names: Vec<_> = presented.iter().take(5).map(name).collect();
        let names = match names.len() {
            0 => "no name".into(),
            _ => Shown::joined(names, ", "),
        };
        let expected = excerpt(expected);
        shown!(
            "its certificate is for {names}, not for `{expected}`; check the base URL",
            names,
            expected,
        )
    }

    const PURPOSE: &str = "its certificate is not a server certificate: issue one whose extended key usage \
                           includes `serverAuth`";

    fn unknown_issuer(named: Option<&Shown>) -> Shown {
        let what = "its certificate is signed by an untrusted authority (UnknownIssuer), perhaps that of a corporate \
                    proxy";
        match named {
            Some(named) => {
                shown!(
                    "{what}; {named} replaces the system certificates: add the authority there",
                    what,
                    named,
                )
            }
            None if files::ARE_READ => shown!(
                "{what}; add the authority to the system certificates, or set SSL_CERT_FILE to a PEM file that \
                 contains it",
                what,
            ),
            None => shown!("{what}; add the authority to the system certificates", what),
        }
    }

    /// Explains errors of the certificate verifier, by their names.
    fn other_reason(text: &str) -> Shown {
        let name = text.split(['(', ' ', '{']).next().unwrap_or_default();
        match name {
            "CaUsedAsEndEntity" => {
                "its certificate is a (self-signed) authority certificate; issue one for the server"
                    .into()
            }
            "EndEntityUsedAsCa" => {
                "its certificate is signed with one that is not an authority certificate".into()
            }
            "RequiredEkuNotFound" | "RequiredEkuNotFoundContext" | "EmptyEkuExtension" => {
                PURPOSE.into()
            }
            "NameConstraintViolation" => {
                "the authority that signed its certificate may not sign for this name".into()
            }
            "UnsupportedCertVersion" => {
                "its certificate has an old version; issue an X.509 version 3 certificate".into()
            }
            // The name of an error, not a sentence.
            name if name.len() == text.len() || text.contains(['(', '{']) => {
                shown!("its certificate cannot be used: {why}", why = words(&name))
            }
            _ => shown!("its certificate cannot be used: {text}", text = excerpt(text)),
        }
    }

    /// The name of an error as words: `BadCertificate` becomes "bad certificate". Its fields are omitted.
    fn words(name: &dyn std::fmt::Debug) -> Shown {
        let text = format!("{name:?}");
        let name = text.trim_matches('"').split(['(', '{', ' ']).next().unwrap_or_default();
        let mut words = String::new();
        for character in name.chars().take(100) {
            if character.is_ascii_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.push(character.to_ascii_lowercase());
        }
        excerpt(&words)
    }

    #[cfg(test)]
    mod tests {
        use std::sync::Arc;

        use rustls::OtherError;

        use super::*;

        #[derive(Debug)]
        struct Says(&'static str);

        impl std::fmt::Display for Says {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0)
            }
        }

        impl std::error::Error for Says {}

        fn other(text: &'static str) -> Shown {
            explain(&E::InvalidCertificate(C::Other(OtherError(Arc::new(Says(text))))), None)
        }

        #[test]
        fn reasons_are_words() {
            let said = other("CaUsedAsEndEntity");
            assert!(
                said.ends_with("(self-signed) authority certificate; issue one for the server"),
                "{said}"
            );
            assert_eq!(
                other("PathLenConstraintViolated"),
                "its certificate cannot be used: path len constraint violated"
            );
            assert_eq!(other("RequiredEkuNotFoundContext(Context { x: [1] })"), PURPOSE);
            assert_eq!(
                other("TrailingData(Time)"),
                "its certificate cannot be used: trailing data"
            );
            assert_eq!(
                other("certificate had invalid extensions"),
                "its certificate cannot be used: certificate had invalid extensions"
            );
            let errors = [
                E::AlertReceived(rustls::AlertDescription::HandshakeFailure),
                E::PeerIncompatible(P::NoCipherSuitesInCommon),
                E::PeerIncompatible(P::ServerDoesNotSupportTls12Or13),
                E::InvalidMessage(M::InvalidContentType),
                E::InvalidMessage(M::MissingData("x")),
                E::InvalidCertificate(C::BadEncoding),
                E::InvalidCertificate(C::InvalidPurpose),
                E::InvalidCertificate(C::ApplicationVerificationFailure),
                E::InvalidCertificate(C::NotValidForNameContext {
                    expected: "cdn.example.net".try_into().expect("a name"),
                    presented: vec!["DnsName(\"a.example\")".into(), "IpAddress(127.0.0.1)".into()],
                }),
                E::InvalidCertificate(C::NotValidForNameContext {
                    expected: "cdn.example.net".try_into().expect("a name"),
                    presented: vec![],
                }),
            ];
            let said: Vec<_> =
                errors.iter().map(|error| explain(error, None).into_string()).collect();
            let expected = [
                "it aborted the handshake: handshake failure",
                "it and this program support no common TLS parameters: no cipher suites in common",
                "it supports neither TLS 1.2 nor TLS 1.3",
                "it does not speak TLS; check the scheme and the port of the base URL",
                "it sent an invalid TLS message: missing data",
                "its certificate cannot be read",
                PURPOSE,
                "its certificate cannot be used: application verification failure",
                "its certificate is for `a.example`, `127.0.0.1`, not for `cdn.example.net`; check the base URL",
                "its certificate is for no name, not for `cdn.example.net`; check the base URL",
            ];
            assert_eq!(said, expected);
        }

        #[test]
        fn variable_that_replaces_the_system_certificates_is_named() {
            let error = E::InvalidCertificate(C::UnknownIssuer);
            let said = explain(&error, Some(&"SSL_CERT_FILE (`a.pem`)".into()));
            let end = "; SSL_CERT_FILE (`a.pem`) replaces the system certificates: add the authority there";
            assert!(said.contains("(UnknownIssuer)") && said.ends_with(end), "{said}");
        }
    }
}
