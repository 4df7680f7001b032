//! An edge whose responses are defined by a test.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use purge_verify::{Digest, Edge, Expected, New, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request: its path, its `Accept-Encoding`, and how many there were for both before.
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    pub(crate) coding: &'a str,
    pub(crate) earlier: usize,
}

/// A response.
#[derive(Clone, Default)]
pub(crate) struct Response {
    status: u16,
    headers: String,
    body: Vec<u8>,
    length: Option<usize>,
    delay: Duration,
}

impl Response {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        write!(self.headers, "{name}: {value}\r\n").expect("memory");
        self
    }

    /// `Age`, and a `Date` that is as old.
    pub(crate) fn aged(self, seconds: u64) -> Self {
        let date = SystemTime::now() - Duration::from_secs(seconds);
        self.header("age", seconds).header("date", httpdate::fmt_http_date(date))
    }

    /// The time of the response as its `Date`.
    pub(crate) fn aged_now(self) -> Self {
        self.header("date", httpdate::fmt_http_date(SystemTime::now()))
    }

    /// Claims another length for the body.
    pub(crate) fn length(mut self, length: usize) -> Self {
        self.length = Some(length);
        self
    }

    pub(crate) fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

type Answer = dyn Fn(&Request<'_>) -> Response + Send + Sync;

/// What a server has seen.
#[derive(Default)]
struct Seen {
    heads: Mutex<Vec<String>>,
    open: AtomicUsize,
    most: AtomicUsize,
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(
        answer: impl Fn(&Request<'_>) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::<Seen>::default();
        let (answer, shared): (Arc<Answer>, _) = (Arc::new(answer), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                tokio::spawn(serve(socket, Arc::clone(&answer), Arc::clone(&shared)));
            }
        });
        Self { port, seen, task }
    }

    pub(crate) fn edge(&self) -> Edge {
        format!("http://127.0.0.1:{}", self.port).parse().expect("an edge")
    }

    /// The heads of all requests.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.heads.lock().expect("the log").clone()
    }

    /// `PATH CODING` of all requests, sorted.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked: Vec<_> = self.heads().iter().map(|head| named(head)).collect();
        asked.sort();
        asked
    }

    /// How many requests were in flight at most.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.seen.most.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn named(head: &str) -> String {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let coding = head.lines().find_map(|line| line.strip_prefix("accept-encoding: "));
    format!("{path} {}", coding.unwrap_or_default())
}

async fn serve(mut socket: TcpStream, answer: Arc<Answer>, seen: Arc<Seen>) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8(buffer.drain(..end + 4).collect()).expect("text");
        let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most.fetch_max(open, Ordering::SeqCst);
        let name = named(&head);
        let earlier = {
            let mut heads = seen.heads.lock().expect("the log");
            let earlier = heads.iter().filter(|head| named(head) == name).count();
            heads.push(head);
            earlier
        };
        let (path, coding) = name.split_once(' ').expect("a path and a coding");
        let response = answer(&Request { path, coding, earlier });
        tokio::time::sleep(response.delay).await;
        seen.open.fetch_sub(1, Ordering::SeqCst);
        let length = response.length.unwrap_or(response.body.len());
        let head = format!(
            "HTTP/1.1 {} X\r\n{}content-length: {length}\r\n\r\n",
            response.status, response.headers
        );
        let whole = [head.as_bytes(), &response.body].concat();
        if socket.write_all(&whole).await.is_err() || length != response.body.len() {
            return;
        }
    }
}

/// The digest of a content.
pub(crate) fn digest(content: &[u8]) -> Digest {
    let hash = ring::digest::digest(&ring::digest::SHA256, content);
    Digest(hash.as_ref().try_into().expect("32 bytes"))
}

/// A target whose content is known.
pub(crate) fn target(path: &str, new: &[u8]) -> Target {
    let expected = Expected { new: New::Is(digest(new)), ..Expected::default() };
    Target { path: path.to_owned(), expected, purge: None }
}
