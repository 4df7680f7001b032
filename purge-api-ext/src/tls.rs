//! The two TLS libraries, selected by features.
//!
//! If both are enabled, `native-tls` is used, since it must have been enabled on purpose.

use std::error::Error as StdError;

use crate::error::{Error, ErrorKind};
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::sanitize::{excerpt, shown};

#[cfg(feature = "rustls")]
mod files;
mod explain;

pub(crate) use explain::explain;

/// Extra root certificates, as passed by the program.
pub(crate) type Pem = Vec<u8>;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn bad_root(why: &dyn std::fmt::Display) -> Error {
    let message = shown!(
        "the root certificate cannot be used: {why}; pass PEM that contains `-----BEGIN CERTIFICATE-----`",
        why = excerpt(why),
    );
    Error::new(ErrorKind::InvalidInput, message)
}

/// Configures the trusted root certificates: those of the system, and `roots`.
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
            return Err(bad_root(&"it contains none"));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    Ok(builder)
}

/// Configures the trusted root certificates: those of the system, and `roots`.
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
        let message = shown!("TLS cannot start: {why}", why = excerpt(&error));
        Error::new(ErrorKind::InvalidInput, message).with_cause(&error)
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
            return Err(bad_root(&"it contains none"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(cannot)?;
    // Reading the system's certificates takes longer than a request to the loopback.
    let mut config = if encrypted {
        files::check(|name| std::env::var_os(name))?;
        let verifier =
            rustls_platform_verifier::Verifier::new_with_extra_roots(certificates, provider)
                .map_err(cannot)?;
        // Uses the verifier of the system. rustls calls every verifier but its own dangerous.
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

/// Without a TLS library, only the loopback interface can be used.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    encrypted: bool,
    roots: &[Pem],
) -> Result<reqwest::ClientBuilder, Error> {
    if encrypted || !roots.is_empty() {
        let message = "this program is built without TLS and cannot use https; enable the feature \
                       `rustls` or `native-tls` of the crate `purge-api-ext`";
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(builder)
}

/// Finds the cause in a chain that says why the peer is not trusted; none if the connection was only lost.
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
        // A lost connection is an I/O error further down the chain, or the end of the stream.
        let broken = cause.to_string().contains("unexpected EOF")
            || below.any(|cause| cause.is::<std::io::Error>());
        if !broken {
            return Some(cause);
        }
    }
    let _ = chain;
    None
}
