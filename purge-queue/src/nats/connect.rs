//! Connecting to a cluster.

use std::fmt;
use std::fs::File;
use std::future::{Ready, ready};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{ConnectOptions, Event, ReconnectToServer, Server, ServerAddr, ServerInfo};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;
use tokio::sync::{Notify, watch};

use super::{Inner, NatsEngine, PATIENCE, Refusals};
use crate::error::{QueueError, QueueErrorKind};

/// The oldest server whose compare-and-set is reliable in a cluster.
const LEAST: (u32, u32, u32) = (2, 11, 0);
/// The maximum size of a file with credentials in bytes.
const CREDENTIALS: u64 = 64 * 1024;
/// The oldest server without a known loss of messages.
const ADVISED: (u32, u32, u32) = (2, 12, 3);

/// How to connect to a cluster.
///
/// ```no_run
/// # async fn connect() -> Result<(), purge_queue::QueueError> {
/// use purge_queue::{NatsEngine, NatsOptions};
///
/// let options = NatsOptions::new("tls://a.example.com,tls://b.example.com,tls://c.example.com")
///     .credentials_file("/etc/purge/queue-credentials")
///     .producer("cms".parse()?);
/// let engine = NatsEngine::connect(options).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct NatsOptions {
    urls: String,
    credentials: Option<PathBuf>,
    roots: Vec<Vec<u8>>,
    inbox: String,
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address may contain a password.
        f.debug_struct("NatsOptions").finish_non_exhaustive()
    }
}

impl NatsOptions {
    /// Connects to these servers, separated by commas: `tls://host:port` or `nats://host:port`. Every connection
    /// except to this machine's loopback uses TLS.
    pub fn new(urls: impl Into<String>) -> Self {
        Self { urls: urls.into(), credentials: None, roots: Vec::new(), inbox: "_INBOX".to_owned() }
    }

    /// A file with one line, `USER:PASSWORD`, that only its owner can use. Default: no user.
    pub fn credentials_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.credentials = Some(file.into());
        self
    }

    /// Root certificates to trust in addition to the system's, as PEM. Default: none.
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Listens for responses below `_INBOX_<producer>`, which a producer's rights allow. Default: `_INBOX`.
    pub fn producer(mut self, producer: crate::names::Producer) -> Self {
        self.inbox = format!("_INBOX_{producer}");
        self
    }

    /// Checks the addresses, without connecting.
    ///
    /// # Errors
    ///
    /// [`QueueErrorKind::InvalidInput`] if there is none, or if one is not valid or contains a password.
    pub fn check(&self) -> Result<(), QueueError> {
        self.servers().map(drop)
    }

    fn servers(&self) -> Result<Vec<ServerAddr>, QueueError> {
        let urls = self.urls.split(',').map(str::trim).filter(|url| !url.is_empty());
        let servers: Result<Vec<ServerAddr>, _> = urls
            .map(|url| {
                let shown = purge_api_ext::without_credentials(url).into_owned();
                let wrong = |why: &str| {
                    QueueError::invalid(format!(
                        "the queue address `{shown}` {why}; write it like `tls://host:4222`"
                    ))
                };
                if !matches!(url.split_once("://"), None | Some(("nats" | "tls", _))) {
                    return Err(wrong("has a scheme other than `nats` or `tls`"));
                }
                let server: ServerAddr = url.parse().map_err(|_| wrong("is not valid"))?;
                if server.username().is_some() || server.password().is_some() {
                    return Err(wrong(
                        "contains a user or a password: put them into the credentials file",
                    ));
                }
                Ok(server)
            })
            .collect();
        let servers = servers?;
        if servers.is_empty() {
            return Err(QueueError::invalid("no queue address is given"));
        }
        Ok(servers)
    }

    fn user(&self) -> Result<Option<(String, String)>, QueueError> {
        let Some(file) = &self.credentials else { return Ok(None) };
        let name = purge_api_ext::escape(&file.to_string_lossy());
        let wrong = |why: &str| QueueError::invalid(format!("the credentials file `{name}` {why}"));
        let cannot = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
        let open = File::open(file).map_err(cannot)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;

            // As for the token: the open file is checked, so that it cannot be replaced before it is read.
            let mode = open.metadata().map_err(cannot)?.mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(wrong(&format!(
                    "can be used by others (mode {mode:03o}); run `chmod 600` on it"
                )));
            }
        }
        let mut text = String::new();
        open.take(CREDENTIALS).read_to_string(&mut text).map_err(cannot)?;
        let line = text.trim();
        // The text is not shown, since it may be a password.
        match line.split_once(':') {
            Some((user, password)) if !line.contains('\n') && !user.is_empty() => {
                Ok(Some((user.to_owned(), password.to_owned())))
            }
            _ => Err(wrong("must contain exactly one line, `USER:PASSWORD`")),
        }
    }

    /// What all connections have in common.
    fn connection(&self) -> Result<(ConnectOptions, Vec<ServerAddr>), QueueError> {
        let servers = self.servers()?;
        let is_local = servers.iter().all(|server| is_loopback(server.host()));
        let connect = ConnectOptions::new()
            .name("cdn-purge")
            .custom_inbox_prefix(&self.inbox)
            .require_tls(!is_local)
            .tls_client_config(self.tls()?)
            .ignore_discovered_servers()
            .connection_timeout(PATIENCE)
            // A node that hangs is noticed within seconds.
            .ping_interval(Duration::from_secs(2))
            .reconnect_to_server_callback(in_turn())
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(100).saturating_mul(attempts.min(10) as u32)
            });
        let connect = match self.user()? {
            Some((user, password)) => connect.user_and_password(user, password),
            None => connect,
        };
        Ok((connect, servers))
    }

    /// A connection for a subscription to messages of other clients. The client ends a connection on which it receives a
    /// message with headers that it cannot read, so this is a connection of its own. Hints may be missed while it is
    /// interrupted, so its end and its return are hints, too.
    pub(super) async fn listen(&self, notify: Arc<Notify>) -> Option<async_nats::Client> {
        let (connect, servers) = self.connection().ok()?;
        let connect = connect.retry_on_initial_connect().event_callback(move |event| {
            if matches!(event, Event::Connected | Event::Disconnected) {
                notify.notify_one();
            }
            async {}
        });
        connect.connect(servers.as_slice()).await.ok()
    }

    fn tls(&self) -> Result<rustls::ClientConfig, QueueError> {
        let wrong =
            |why: &dyn fmt::Display| QueueError::invalid(format!("cannot set up TLS: {why}"));
        let mut roots = Vec::new();
        for pem in &self.roots {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.push(certificate.map_err(|error| wrong(&error))?);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider));
        let verifier = verifier.map_err(|error| wrong(&error))?;
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?;
        Ok(config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth())
    }
}

impl NatsEngine {
    /// Connects to one of the servers, and stays connected: if that server goes away, it switches to another.
    ///
    /// # Errors
    ///
    /// [`QueueErrorKind::InvalidInput`] for options that are not valid, [`QueueErrorKind::Denied`] when the user is
    /// refused, [`QueueErrorKind::Unavailable`] when no server can be reached, and [`QueueErrorKind::Incompatible`]
    /// when the server is older than 2.11.
    pub async fn connect(options: NatsOptions) -> Result<Self, QueueError> {
        let (connect, servers) = options.connection()?;
        let (told, refusals) = watch::channel(Refusals::default());
        let (lost, losses) = watch::channel(());
        let connect = connect.event_callback(move |event| {
            match event {
                Event::ServerError(error) => told.send_modify(|refusals| {
                    refusals.add(purge_api_ext::escape(&error.to_string()));
                }),
                Event::Disconnected => lost.send_modify(|()| {}),
                _ => {}
            }
            async {}
        });
        let client = first_connection(connect, servers).await?;
        let (woken, lease) = (tokio::sync::Mutex::default(), tokio::sync::OnceCell::new());
        let engine = Self(Arc::new(Inner {
            client,
            options,
            refusals,
            losses,
            woken,
            lease,
            left: Mutex::default(),
        }));
        engine.check_version().map(|()| engine)
    }

    fn check_version(&self) -> Result<(), QueueError> {
        let version = self.version();
        if number(&version).is_some_and(|version| version >= LEAST) {
            return Ok(());
        }
        let message = format!(
            "the server is NATS {}, and conditional writes in a cluster are reliable only since 2.11; \
             update it to 2.12.3 or later",
            purge_api_ext::escape(&version)
        );
        Err(QueueError::new(QueueErrorKind::Incompatible, message))
    }

    /// A warning about the version of the server; `None` from 2.12.3 on.
    #[must_use]
    pub fn version_warning(&self) -> Option<String> {
        let version = self.version();
        (number(&version)? < ADVISED).then(|| {
            format!("the server is NATS {version}, which can lose messages in rare cases; update it to 2.12.3 or later")
        })
    }
}

/// Tries each server once. One attempt of the client tries only the server that [`in_turn`] picks, and each attempt
/// picks the next one.
async fn first_connection(
    options: ConnectOptions,
    servers: Vec<ServerAddr>,
) -> Result<async_nats::Client, QueueError> {
    let mut left = servers.len();
    loop {
        left = left.saturating_sub(1);
        let error = match options.clone().connect(servers.as_slice()).await {
            Ok(client) => return Ok(client),
            Err(error) => cannot_connect(error),
        };
        if left == 0 || error.kind() != QueueErrorKind::Unavailable {
            return Err(error);
        }
    }
}

/// Picks the servers in turn, so that a client that leaves an unresponsive server does not return to it immediately.
fn in_turn() -> impl Fn(Vec<Server>, ServerInfo) -> Ready<Option<ReconnectToServer>> {
    let turn = AtomicUsize::new(fastrand::usize(..1024));
    move |mut servers, _| {
        servers.sort_by(|one, other| one.addr.as_url_str().cmp(other.addr.as_url_str()));
        let chosen = turn.fetch_add(1, Ordering::Relaxed) % servers.len().max(1);
        ready(servers.into_iter().nth(chosen).map(|server| {
            let delay = if server.failed_attempts == 0 { 0 } else { 200 };
            ReconnectToServer { addr: server.addr, delay: Some(Duration::from_millis(delay)) }
        }))
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// The three numbers of a version.
pub(super) fn number(version: &str) -> Option<(u32, u32, u32)> {
    let plain = version.split(['-', '+']).next()?;
    let mut numbers = plain.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

fn cannot_connect(error: async_nats::ConnectError) -> QueueError {
    use async_nats::ConnectErrorKind as Kind;
    let why = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let whys = distinct(why.map(ToString::to_string).collect());
    let (kind, what) = match error.kind() {
        Kind::AuthorizationViolation | Kind::Authentication => {
            (QueueErrorKind::Denied, "the queue refuses this user; check the credentials file")
        }
        Kind::Tls => (QueueErrorKind::InvalidInput, "cannot connect securely to the queue"),
        _ => (QueueErrorKind::Unavailable, "the queue cannot be reached"),
    };
    QueueError::new(kind, format!("{what}: {}", purge_api_ext::escape(&whys.join(": "))))
}

/// Without the texts that another one repeats.
fn distinct(texts: Vec<String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts {
        if !distinct.iter().any(|known| known.contains(&text)) {
            distinct.retain(|known| !text.contains(known.as_str()));
            distinct.push(text);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_not_repeated() {
        let check = |causes: &[&str], expected: &str| {
            let causes = causes.iter().map(ToString::to_string).collect();
            assert_eq!(distinct(causes).join(": "), expected);
        };
        check(&["refused", "nats: refused", "nats: refused"], "nats: refused");
        check(&["IO error: broken", "broken"], "IO error: broken");
        check(&["TLS", "unknown issuer"], "TLS: unknown issuer");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(number("2.9.10"), Some((2, 9, 10)));
        assert_eq!(number("2.12.0-RC.1"), Some((2, 12, 0)));
        assert!(number("2.9.10") < Some(LEAST) && number("2.11.0") >= Some(LEAST));
        assert_eq!(number("main"), None);
    }

    /// Greets as a server does, and answers the first ping.
    async fn greet(mut stream: tokio::net::TcpStream) -> std::io::Result<()> {
        use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

        let info =
            br#"INFO {"server_id":"a","version":"2.12.3","max_payload":1048576,"headers":true}"#;
        stream.write_all(&[info, &b"\r\n"[..]].concat()).await?;
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        while let Some(line) = lines.next_line().await? {
            if line == "PING" {
                write.write_all(b"PONG\r\n").await?;
            }
        }
        Ok(())
    }

    #[tokio::test]
    async fn one_reachable_server_of_three_is_enough() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let reachable = listener.local_addr().expect("an address");
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(greet(stream));
            }
        });
        let closed = [(); 2].map(|()| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            listener.local_addr().expect("an address")
        });
        let urls = format!("nats://{},nats://{},nats://{reachable}", closed[0], closed[1]);
        for _ in 0..16 {
            NatsEngine::connect(NatsOptions::new(urls.clone())).await.expect("a connection");
        }
        serving.abort();
    }

    #[cfg(unix)]
    #[test]
    fn credentials_that_others_can_use_are_refused_and_not_shown() {
        use std::os::unix::fs::PermissionsExt as _;

        let name = format!("purge-queue-credentials-{}", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, "cms:c4nary\n").expect("a file");
        let user = |mode: u32| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, mode).expect("a mode");
            NatsOptions::new("a").credentials_file(&file).user().map_err(|error| error.to_string())
        };
        let error = user(0o644).expect_err("others can read it");
        assert!(
            error.ends_with("can be used by others (mode 644); run `chmod 600` on it"),
            "{error}"
        );
        let read = user(0o600).expect("it is private").expect("a user");
        assert_eq!(read, ("cms".to_owned(), "c4nary".to_owned()));
        std::fs::write(&file, "c4nary").expect("a file");
        let error = user(0o600).expect_err("no user");
        assert!(error.contains("exactly one line") && !error.contains("c4nary"), "{error}");
        std::fs::remove_file(&file).expect("a file");
    }

    #[test]
    fn addresses_with_a_password_are_refused_and_not_shown() {
        for (urls, expected) in [
            ("", "no queue address is given"),
            ("nats://u:c4nary@host", "contains a user or a password"),
            ("https://host", "has a scheme other than"),
        ] {
            let error = NatsOptions::new(urls).servers().expect_err(urls).to_string();
            assert!(error.contains(expected) && !error.contains("c4nary"), "{error}");
        }
        assert_eq!(NatsOptions::new("nats://a, tls://b:1,c").servers().expect("three").len(), 3);
        assert!(is_loopback("127.0.0.1") && is_loopback("[::1]") && !is_loopback("10.0.0.1"));
    }
}
