//! A server behind TLS, and an authority that vouches for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::raw::read_request;

/// A server on loopback that shows a certificate, and gives every request the same answer.
#[derive(Debug)]
pub struct TlsServer {
    base: String,
    authority: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl TlsServer {
    /// Starts it on a free port, with a certificate for `name` (a host name or an address).
    pub async fn start(name: &str, answer: Vec<u8>) -> Self {
        let (authority, config) = certified(name, Validity::Current);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("https://{}", listener.local_addr().expect("an address"));
        let counts = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let [connections, requests] = counts.clone();
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                counts[0].fetch_add(1, Ordering::SeqCst);
                // A client that does not trust the certificate breaks off here.
                let Ok(mut socket) = acceptor.accept(socket).await else { continue };
                if read_request(&mut socket).await.is_empty() {
                    continue;
                }
                counts[1].fetch_add(1, Ordering::SeqCst);
                let _ = socket.write_all(&answer).await;
                let _ = socket.shutdown().await;
            }
        });
        Self { base, authority, connections, requests, task }
    }

    /// Its address, `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The certificate of the authority that vouches for it, as PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// How many connections were opened, and how many requests came through.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.requests.load(Ordering::SeqCst))
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How long a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// For as long as the tests are run.
    Current,
    /// Until the year 2001.
    Expired,
}

/// An authority of its own, as PEM, and a server that it vouches for.
#[must_use]
pub fn certified(name: &str, validity: Validity) -> (String, ServerConfig) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([]).expect("parameters");
    // The same name as the server's would make some TLS libraries take the server for its own authority.
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

/// A server that vouches for itself.
#[must_use]
pub fn self_signed(name: &str) -> ServerConfig {
    vouching_for_itself(name, IsCa::NoCa)
}

/// A server that shows the certificate of an authority, as `openssl req -x509` makes it.
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
