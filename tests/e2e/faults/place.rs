//! Where the service of a case runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use purge_api_ext::ClientBuilder;
use purge_tests::clock::Clock;
use purge_tests::http2::{self, Frame};
use purge_tests::script::{Script, ScriptServer, Seen};
use purge_tests::tls::{self, Validity};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::play::CANARY;
use super::row::{Certificate, Place, Row};

const HOST: &str = "127.0.0.1";

/// A service at an address; it is shut down on drop.
pub(crate) struct Served {
    pub(crate) base: String,
    pub(crate) seen: Seen,
    /// The certificate, in PEM, of the authority that the client must trust.
    authority: Option<String>,
    proxy: Option<String>,
    _alive: Alive,
}

/// Kept alive as long as the service.
#[expect(dead_code, reason = "they are kept, not used")]
enum Alive {
    Script(ScriptServer),
    Task(Task),
    Deaf(TcpListener, Vec<TcpStream>),
    Nothing,
}

struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Served {
    pub(crate) async fn start(row: &Row, other: &str, clock: &Clock) -> Self {
        let script = row.script(other);
        match row.place {
            Place::Plain => Self::new(ScriptServer::start(script, clock.clone(), None).await, None),
            Place::Tls(certificate) => {
                let (authority, config) = identity(certificate);
                let acceptor = TlsAcceptor::from(Arc::new(config));
                let server = ScriptServer::start(script, clock.clone(), Some(acceptor)).await;
                Self::new(server, Some(authority))
            }
            Place::Proxy => {
                let server = ScriptServer::start(script, clock.clone(), None).await;
                let proxy = format!("http://user:{CANARY}@{}", server.authority());
                // Only the proxy would resolve this name.
                let base = "https://cdn.invalid".to_owned();
                Self { base, proxy: Some(proxy), ..Self::new(server, None) }
            }
            Place::Http2(frames) => http2(frames).await,
            Place::Speaks(bytes) => {
                let server = ScriptServer::playing(Script::Hasty(bytes.into())).await;
                let base = format!("https://{}", server.authority());
                Self { base, seen: Seen::default(), ..Self::new(server, None) }
            }
            Place::Dead => {
                // A port that was free a moment ago and has no listener.
                let listener = TcpListener::bind((HOST, 0)).await.expect("a free port");
                Self::nobody(&format!("http://{}", listener.local_addr().expect("an address")))
            }
            Place::Deaf => {
                clock.free();
                deaf().await
            }
            // A DNS label cannot be that long, so no resolver is asked.
            Place::Nameless => Self::nobody(&format!("https://{}.invalid", "a".repeat(64))),
        }
    }

    /// A client that trusts the authority and uses the proxy.
    pub(crate) fn trusted_by(&self, mut builder: ClientBuilder) -> ClientBuilder {
        if let Some(authority) = &self.authority {
            builder = builder.root_certificate_pem(authority.as_str());
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy);
        }
        builder
    }

    fn new(server: ScriptServer, authority: Option<String>) -> Self {
        Self {
            base: server.base_url().to_owned(),
            seen: server.seen().clone(),
            authority,
            proxy: None,
            _alive: Alive::Script(server),
        }
    }

    fn nobody(base: &str) -> Self {
        let (base, seen) = (base.to_owned(), Seen::default());
        Self { base, seen, authority: None, proxy: None, _alive: Alive::Nothing }
    }
}

fn identity(certificate: Certificate) -> (String, rustls::ServerConfig) {
    let certified = |name, validity| tls::certified(name, validity);
    match certificate {
        Certificate::Valid => certified(HOST, Validity::Current),
        Certificate::Expired => certified(HOST, Validity::Expired),
        Certificate::OfAnotherHost => certified("other.example", Validity::Current),
        Certificate::SelfSigned => (certified(HOST, Validity::Current).0, tls::self_signed(HOST)),
        Certificate::OfItsAuthority => {
            (certified(HOST, Validity::Current).0, tls::self_signed_authority(HOST))
        }
        Certificate::OfAnotherAuthority => {
            (certified(HOST, Validity::Current).0, certified(HOST, Validity::Current).1)
        }
    }
}

/// A server that speaks HTTP/2, frame by frame.
async fn http2(frames: &'static [Frame]) -> Served {
    let (authority, mut config) = identity(Certificate::Valid);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((HOST, 0)).await.expect("a free port");
    let base = format!("https://{}", listener.local_addr().expect("an address"));
    let seen = Seen::default();
    let log = seen.clone();
    let played = Arc::new(AtomicUsize::new(0));
    let task = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            let (acceptor, log, played) = (acceptor.clone(), log.clone(), Arc::clone(&played));
            tokio::spawn(async move {
                let Ok(socket) = acceptor.accept(socket).await else { return };
                let next = || {
                    let place = played.fetch_add(1, Ordering::SeqCst).min(frames.len() - 1);
                    frames[place]
                };
                // The client closes the connection when it has what it needs.
                let _ = http2::play(socket, &log, next).await;
            });
        }
    });
    let alive = Alive::Task(Task(task));
    Served { base, seen, authority: Some(authority), proxy: None, _alive: alive }
}

/// An address whose accept queue is full, so that another connection attempt gets no reply.
async fn deaf() -> Served {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut queue = Vec::new();
    // Runs in real time: the first connection attempt without a reply shows that the queue is full.
    while let Ok(Ok(connection)) =
        tokio::time::timeout(std::time::Duration::from_secs(1), TcpStream::connect(address)).await
    {
        queue.push(connection);
    }
    let alive = Alive::Deaf(listener, queue);
    Served { _alive: alive, ..Served::nobody(&format!("http://{address}")) }
}
