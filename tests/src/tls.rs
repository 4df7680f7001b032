//! Servers behind TLS, and the authorities that issue their certificates.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// How long a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// While the tests run.
    Current,
    /// Until the year 2001.
    Expired,
}

/// A new authority, as PEM, and a server with a certificate from it.
#[must_use]
pub fn certified(name: &str, validity: Validity) -> (String, ServerConfig) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([]).expect("parameters");
    // If it had the server's name, some TLS libraries would consider the server self-signed.
    params.distinguished_name.push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("a certificate").pem();
    let issuer = Issuer::new(params, key);

    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.to_owned()]).expect("parameters");
    if validity == Validity::Expired {
        params.not_after = date_time_ymd(2001, 1, 1);
    }
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    (authority, server(&certificate, &key))
}

/// A server with a self-signed certificate.
#[must_use]
pub fn self_signed(name: &str) -> ServerConfig {
    vouching_for_itself(name, IsCa::NoCa)
}

/// A server that presents the certificate of an authority, as `openssl req -x509` creates it.
#[must_use]
pub fn self_signed_authority(name: &str) -> ServerConfig {
    vouching_for_itself(name, IsCa::Ca(BasicConstraints::Unconstrained))
}

fn vouching_for_itself(name: &str, is_ca: IsCa) -> ServerConfig {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.to_owned()]).expect("parameters");
    params.is_ca = is_ca;
    server(&params.self_signed(&key).expect("a certificate"), &key)
}

fn server(certificate: &Certificate, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a server")
}
