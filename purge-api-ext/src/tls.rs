//! The two TLS libraries, of which one is chosen by a feature.
//!
//! If both are compiled, somebody turned `native-tls` on for a reason, so that it is used.

use std::error::Error as StdError;

use crate::text::excerpt;
use crate::{Error, ErrorKind};

/// Extra root certificates, as they were given.
pub(crate) type Pem = Vec<u8>;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn bad_root(why: &dyn std::fmt::Display) -> Error {
    let message = format!(
        "the root certificate cannot be used: {why}; pass PEM, with `-----BEGIN CERTIFICATE-----`"
    );
    Error::new(ErrorKind::InvalidInput, message)
}

/// Sets up what trusts the service: what the system trusts, and `roots`.
#[cfg(feature = "native-tls")]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    _: bool,
    roots: &[Pem],
) -> Result<reqwest::ClientBuilder, Error> {
    let mut builder = builder.tls_backend_native().tls_version_min(reqwest::tls::Version::TLS_1_2);
    for pem in roots {
        let certificates = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|error| bad_root(&error.without_url()))?;
        if certificates.is_empty() {
            return Err(bad_root(&"it holds none"));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    Ok(builder)
}

/// Sets up what trusts the service: what the system trusts, and `roots`.
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    encrypted: bool,
    roots: &[Pem],
) -> Result<reqwest::ClientBuilder, Error> {
    use std::sync::Arc;

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    let cannot = |error: rustls::Error| {
        Error::new(ErrorKind::InvalidInput, format!("TLS cannot start: {error}")).with_cause(&error)
    };
    let no_roots = |error: rustls::Error| match files() {
        Some(files) => {
            let message =
                format!("no certificate can be read from {files}; name a PEM file, or unset it");
            Error::new(ErrorKind::InvalidInput, message).with_cause(&error)
        }
        None => cannot(error),
    };
    let mut extra = rustls::RootCertStore::empty();
    let mut certificates = Vec::new();
    for pem in roots {
        let before = certificates.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| bad_root(&error))?;
            extra.add(certificate.clone()).map_err(|error| bad_root(&error))?;
            certificates.push(certificate);
        }
        if certificates.len() == before {
            return Err(bad_root(&"it holds none"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(cannot)?;
    // Reading the system's certificates takes longer than a request to the loopback.
    let mut config = if encrypted {
        let verifier =
            rustls_platform_verifier::Verifier::new_with_extra_roots(certificates, provider)
                .map_err(no_roots)?;
        // The rules of the system, by the name that rustls gives to any rules but its own.
        config.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        config.with_root_certificates(extra)
    }
    .with_no_client_auth();
    let offered: &[&[u8]] =
        if cfg!(feature = "http2") { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = offered.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(builder.tls_backend_preconfigured(config))
}

/// Without a TLS library only the loopback can be talked to.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    encrypted: bool,
    roots: &[Pem],
) -> Result<reqwest::ClientBuilder, Error> {
    if encrypted || !roots.is_empty() {
        let message = "this program is built without TLS, so that https cannot be used; turn on the \
                       feature `rustls` or `native-tls` of the crate `purge-api-ext`";
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(builder)
}

/// Of a chain of causes the one that says why the other side is not to be trusted, unless the connection
/// only broke off.
pub(crate) fn distrust<'a>(
    chain: impl Iterator<Item = &'a (dyn StdError + 'static)> + Clone,
) -> Option<&'a (dyn StdError + 'static)> {
    #[cfg(feature = "rustls")]
    if let Some(cause) = chain.clone().find(|cause| cause.is::<rustls::Error>()) {
        return Some(cause);
    }
    #[cfg(feature = "native-tls")]
    {
        let mut below = chain.clone().skip_while(|cause| !cause.is::<native_tls::Error>());
        let cause = below.next()?;
        // A broken connection is an I/O error below, or the end of the stream.
        let broken = cause.to_string().contains("unexpected EOF")
            || below.any(|cause| cause.is::<std::io::Error>());
        if !broken {
            return Some(cause);
        }
    }
    let _ = chain;
    None
}

/// Whether the verifier reads certificates from where these variables say, in place of the system's: Apple's and
/// Windows' verifiers do not.
#[cfg(feature = "rustls")]
const READS_FILES: bool = cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android")));

/// Where the environment says that the certificates are.
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
fn files() -> Option<String> {
    let named = |name: &str| {
        let value = std::env::var_os(name).filter(|_| READS_FILES)?;
        Some(format!("{name} (`{}`)", crate::text::escape(&value.to_string_lossy())))
    };
    let named: Vec<_> = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter_map(named).collect();
    (!named.is_empty()).then(|| named.join(" or "))
}

/// Says in words why the other side is not to be trusted, and what to do about it.
pub(crate) fn explain(cause: &(dyn StdError + 'static)) -> String {
    let text = excerpt(&cause.to_string());
    #[cfg(feature = "rustls")]
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return explain_rustls(error, &text);
    }
    text
}

#[cfg(feature = "rustls")]
fn explain_rustls(error: &rustls::Error, text: &str) -> String {
    use rustls::{CertificateError as C, Error as E, InvalidMessage as M};

    let date = |time: &rustls::pki_types::UnixTime| {
        // A certificate has four digits for the year, as the format has.
        const LAST: u64 = 253_402_300_799;
        let since = std::time::Duration::from_secs(time.as_secs().min(LAST));
        humantime::format_rfc3339(std::time::UNIX_EPOCH + since)
    };
    match error {
        E::InvalidCertificate(C::UnknownIssuer) => {
            let add = "add that authority to the certificates of the system";
            let file = match READS_FILES {
                true => ", or name a PEM file that holds it in SSL_CERT_FILE",
                false => "",
            };
            format!(
                "its certificate is signed by an authority that is not trusted here (UnknownIssuer), as that \
                 of a company's proxy may be; {add}{file}"
            )
        }
        E::InvalidCertificate(C::ExpiredContext { not_after, .. }) => {
            format!(
                "its certificate expired at {}; check the clock of this machine",
                date(not_after)
            )
        }
        E::InvalidCertificate(C::Expired) => {
            "its certificate has expired; check the clock of this machine".to_owned()
        }
        E::InvalidCertificate(C::NotValidYetContext { not_before, .. }) => {
            let from = date(not_before);
            format!("its certificate is not valid before {from}; check the clock of this machine")
        }
        E::InvalidCertificate(C::NotValidYet) => {
            "its certificate is not valid yet; check the clock of this machine".to_owned()
        }
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            format!("its certificate is for another name ({text}); check the base URL")
        }
        E::InvalidCertificate(C::BadSignature) => {
            format!("its certificate is not signed by the authority that it names ({text})")
        }
        E::InvalidCertificate(C::Revoked) => "its certificate has been revoked".to_owned(),
        E::InvalidMessage(M::InvalidContentType | M::UnknownProtocolVersion) => {
            format!("it does not speak TLS ({text}); check the scheme and the port of the base URL")
        }
        _ => text.to_owned(),
    }
}
