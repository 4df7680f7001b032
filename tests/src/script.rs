//! A server that follows a script and records everything that is sent to it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::clock::Clock;
use crate::raw::read_request;
use crate::tls::{Validity, certified};

/// What happens to one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends these bytes and closes the connection.
    Send(Vec<u8>),
    /// Sends these bytes and keeps the connection open.
    Keep(Vec<u8>),
    /// Never responds.
    Stall,
    /// Sends these bytes after a delay.
    Late(Duration, Vec<u8>),
    /// Sends these bytes, one per interval, then repeats the last one.
    Drip(Duration, Vec<u8>),
    /// Resets the connection instead of responding.
    Reset,
    /// Resets the connection in the middle of a response.
    Cut(Vec<u8>),
}

impl Step {
    /// Replaced by a different four-digit number in each response, so that no two operations have the same
    /// ID.
    const NUMBER: &str = "NNNN";

    fn numbered(self, number: usize) -> Self {
        let fill = |bytes: Vec<u8>| match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains(Self::NUMBER) => {
                text.replace(Self::NUMBER, &format!("{number:04}")).into_bytes()
            }
            _ => bytes,
        };
        match self {
            Self::Send(bytes) => Self::Send(fill(bytes)),
            Self::Keep(bytes) => Self::Keep(fill(bytes)),
            Self::Late(delay, bytes) => Self::Late(delay, fill(bytes)),
            other => other,
        }
    }
}

/// What a server does: the next step for each request.
#[derive(Clone, Debug)]
pub enum Script {
    /// One list of steps for POSTs, one for GETs. The last step of each repeats.
    ByMethod(VecDeque<Step>, VecDeque<Step>),
    /// One list of steps for all requests, then status 500.
    InOrder(VecDeque<Step>),
    /// A list of steps for logins, the last of which repeats, and a script for the other requests.
    SignIn(VecDeque<Step>, Box<Self>),
    /// Sends these bytes on every connection, as soon as anything arrives, even if it is not a request.
    Hasty(Vec<u8>),
}

impl Script {
    /// One list of steps for POSTs, one for GETs.
    pub fn new(
        posts: impl IntoIterator<Item = Step>,
        gets: impl IntoIterator<Item = Step>,
    ) -> Self {
        Self::ByMethod(posts.into_iter().collect(), gets.into_iter().collect())
    }

    /// The path of the operation that issues tokens.
    pub const LOGIN: &str = "/api/v1/auth/login/token";

    /// The same script with steps for logins.
    #[must_use]
    pub fn signing_in(self, logins: impl IntoIterator<Item = Step>) -> Self {
        Self::SignIn(logins.into_iter().collect(), Box::new(self))
    }

    fn next(&mut self, request: &str) -> Step {
        let repeating = |steps: &mut VecDeque<Step>| {
            if steps.len() > 1 { steps.pop_front() } else { steps.front().cloned() }
        };
        let step = match self {
            Self::SignIn(logins, others) => match is_login(request) {
                true => repeating(logins),
                false => Some(others.next(request)),
            },
            Self::InOrder(steps) => steps.pop_front(),
            Self::Hasty(bytes) => Some(Step::Send(bytes.clone())),
            Self::ByMethod(posts, gets) => {
                repeating(if request.starts_with("POST") { posts } else { gets })
            }
        };
        step.unwrap_or(Step::Send(crate::raw::answer("500 No Script", "")))
    }
}

/// Whether a request is a login.
#[must_use]
pub fn is_login(request: &str) -> bool {
    request.split(' ').nth(1) == Some(Script::LOGIN)
}

/// The requests that a server has received, head and body.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    /// Records a request.
    pub fn add(&self, request: String) {
        self.0.lock().expect("the log").push(request);
    }

    /// All requests.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lock().expect("the log").clone()
    }

    /// How many requests were made with a method.
    #[must_use]
    pub fn count(&self, method: &str) -> usize {
        self.all().iter().filter(|request| request.starts_with(method)).count()
    }
}

/// A server on loopback that follows a [`Script`], on the runtime of the client.
#[derive(Debug)]
pub struct ScriptServer {
    base: String,
    seen: Seen,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl ScriptServer {
    /// Starts a server that sends these bytes, one response for each request of any method.
    pub async fn sending(answers: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        let steps = answers.into_iter().map(|bytes| Step::Send(bytes.into())).collect();
        Self::playing(Script::InOrder(steps)).await
    }

    /// Starts a server that follows a script over plain HTTP, on a clock that is not paused.
    pub async fn playing(script: Script) -> Self {
        Self::start(script, Clock::default(), None).await
    }

    /// Starts a server behind TLS that sends the same response to every request. Its certificate is for
    /// `name`, a host name or an address. Also returns the certificate of the issuing authority, as PEM.
    pub async fn vouched_for(name: &str, answer: Vec<u8>) -> (Self, String) {
        let (authority, config) = certified(name, Validity::Current);
        let (acceptor, step) = (TlsAcceptor::from(Arc::new(config)), Step::Send(answer));
        let script = Script::new([step.clone()], [step]);
        (Self::start(script, Clock::default(), Some(acceptor)).await, authority)
    }

    /// Starts the server on a free port, with or without TLS.
    pub async fn start(script: Script, clock: Clock, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let connections = Arc::<AtomicUsize>::default();
        let opened = Arc::clone(&connections);
        let seen = Seen::default();
        let player = Player { script: Arc::new(Mutex::new(script)), seen: seen.clone(), clock };
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                opened.fetch_add(1, Ordering::SeqCst);
                let (player, tls) = (player.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => player.play(socket).await,
                        Some(tls) => {
                            // A client that does not trust the certificate aborts the handshake here.
                            if let Ok(socket) = tls.accept(socket).await {
                                player.play(socket).await;
                            }
                        }
                    }
                });
            }
        });
        Self { base, seen, connections, task }
    }

    /// Its address: `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Its host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.base.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// The requests it has received, head and body.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.seen.all()
    }

    /// How many connections were opened, and how many requests arrived.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.requests().len())
    }

    /// Everything it has received.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Drop for ScriptServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A stream that can be reset.
trait Wire: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for tokio_rustls::server::TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

#[derive(Clone)]
struct Player {
    script: Arc<Mutex<Script>>,
    seen: Seen,
    clock: Clock,
}

impl Player {
    async fn play(&self, mut socket: impl Wire) {
        loop {
            let request = match self.is_hasty() {
                true => read_some(&mut socket).await,
                false => read_request(&mut socket).await,
            };
            // A spare connection carries no request and uses up no step.
            if request.is_empty() {
                return;
            }
            let step = self.script.lock().expect("the script").next(&request);
            let others = self.seen.all().iter().filter(|seen| !is_login(seen)).count();
            let step = step.numbered(others);
            self.seen.add(request);
            // A client that has seen enough closes the connection; that is not an error.
            match step {
                Step::Keep(bytes) => match socket.write_all(&bytes).await {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                Step::Send(bytes) => drop(socket.write_all(&bytes).await),
                Step::Stall => {
                    self.clock.release();
                    let _ = socket.read_u8().await;
                    return;
                }
                Step::Late(delay, bytes) => {
                    self.clock.release();
                    sleep(delay).await;
                    self.clock.hold();
                    drop(socket.write_all(&bytes).await);
                }
                Step::Drip(delay, bytes) => {
                    self.clock.release();
                    let last = bytes.last().copied();
                    for byte in
                        bytes.into_iter().chain(std::iter::repeat_n(last, 1 << 20).flatten())
                    {
                        sleep(delay).await;
                        if socket.write_all(&[byte]).await.is_err() {
                            return;
                        }
                    }
                }
                Step::Reset => return drop(socket.tcp().set_zero_linger()),
                Step::Cut(bytes) => {
                    let _ = socket.write_all(&bytes).await;
                    return drop(socket.tcp().set_zero_linger());
                }
            }
            let _ = socket.shutdown().await;
            // A reset would discard what was sent.
            if self.is_hasty() {
                while !read_some(&mut socket).await.is_empty() {}
            }
            return;
        }
    }

    fn is_hasty(&self) -> bool {
        matches!(*self.script.lock().expect("the script"), Script::Hasty(_))
    }
}

async fn read_some(socket: &mut impl Wire) -> String {
    let mut chunk = [0; 4096];
    let read = socket.read(&mut chunk).await.unwrap_or(0);
    String::from_utf8_lossy(&chunk[..read]).into_owned()
}
