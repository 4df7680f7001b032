//! A server that accepts any purge and stores nothing, so that only the client is measured. It is also an edge: a file
//! at `/files/SIZE/NAME` has SIZE bytes, in any content coding.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::LocalSet;
use tokio_rustls::TlsAcceptor;

use crate::Failure;

/// What was received since the last query.
#[derive(Default)]
struct Received {
    requests: Cell<u64>,
    bytes: Cell<u64>,
    last: Cell<u64>,
    /// The content of the largest file so far. Smaller files are parts of it.
    content: RefCell<Bytes>,
}

/// Serves on a free loopback port until standard input ends. With TLS, writes the certificate of the
/// issuing authority to a file.
pub(crate) async fn run(certificate: Option<&Path>) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let tls = certificate.map(certified).transpose()?;
    let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    let mut out = std::io::stdout();
    writeln!(out, "{scheme}://{}", listener.local_addr()?)?;
    out.flush()?;
    let received = Rc::new(Received::default());
    let accepting = async {
        loop {
            let Ok((socket, _)) = listener.accept().await else { continue };
            // A small response must not wait for the acknowledgement of the previous one.
            let _ = socket.set_nodelay(true);
            let (tls, received) = (tls.clone(), Rc::clone(&received));
            tokio::task::spawn_local(async move {
                match tls {
                    None => connection(socket, received).await,
                    Some(tls) => {
                        let Ok(socket) = tls.accept(socket).await else { return };
                        connection(socket, received).await;
                    }
                }
            });
        }
    };
    let (mut input, mut end) = (tokio::io::stdin(), [0]);
    LocalSet::new()
        .run_until(async {
            tokio::select! {
                () = accepting => {}
                _ = input.read(&mut end) => {}
            }
        })
        .await;
    Ok(())
}

async fn connection(socket: impl AsyncRead + AsyncWrite + Unpin, received: Rc<Received>) {
    let service = service_fn(|request| answer(request, &received));
    // A client that disconnects is not an error.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
}

async fn answer(
    request: Request<Incoming>,
    received: &Received,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_purge = request.method() == Method::POST;
    let size = request.uri().path().strip_prefix("/files/").and_then(|rest| rest.split('/').next());
    if let Some(size) = size.and_then(|size| size.parse().ok()) {
        return Ok(file(size, received));
    }
    let mut bytes = 0;
    let mut body = request.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
    }
    let answer = if is_purge {
        received.requests.set(received.requests.get() + 1);
        received.bytes.set(received.bytes.get() + bytes);
        let operation = received.last.get() + 1;
        received.last.set(operation);
        format!(
            r#"{{"status":true,"opID":"00000000-0000-4000-8000-{operation:012x}","message":"Purge request successfully created."}}"#
        )
    } else {
        format!("{} {}\n", received.requests.take(), received.bytes.take())
    };
    let json = http::HeaderValue::from_static("application/json");
    let mut response = Response::new(Full::new(answer.into()));
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}

/// A file of this size. The bytes that are served count as received.
fn file(size: usize, received: &Received) -> Response<Full<Bytes>> {
    received.requests.set(received.requests.get() + 1);
    received.bytes.set(received.bytes.get() + size as u64);
    let mut content = received.content.borrow_mut();
    if content.len() < size {
        *content = vec![b'a'; size].into();
    }
    let mut response = Response::new(Full::new(content.slice(..size)));
    let vary = http::HeaderValue::from_static("accept-encoding");
    response.headers_mut().insert(http::header::VARY, vary);
    response
}

/// A server certificate; the certificate of its authority is written to a file.
fn certified(file: &Path) -> Result<ServerConfig, Failure> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([])?;
    params.distinguished_name.push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(file, params.self_signed(&key)?.pem())?;
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
