//! A server that says exactly what it is told, also what no HTTP library would say.

use std::sync::{Arc, Mutex};

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server on loopback that answers each request with the next text of a script, and closes the
/// connection. After the script it answers 500.
#[derive(Debug)]
pub struct RawServer {
    base: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl RawServer {
    /// Starts it on a free port.
    pub async fn start(script: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut script = script.into_iter().map(Into::into).collect::<Vec<Vec<u8>>>().into_iter();
        let log = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.expect("a connection");
                let request = read_request(&mut socket).await;
                // A connection that was opened in reserve brings no request, and uses up no answer.
                if request.is_empty() {
                    continue;
                }
                log.lock().expect("the log").push(request);
                let answer = script.next().unwrap_or_else(|| answer("500 Script Ended", ""));
                let _ = socket.write_all(&answer).await;
                let _ = socket.shutdown().await;
            }
        });
        Self { base, requests, task }
    }

    /// Starts one that gives every connection the same answer, as soon as it says anything.
    pub async fn hasty(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.expect("a connection");
                let mut chunk = [0; 4096];
                let read = socket.read(&mut chunk).await.unwrap_or(0);
                let said = String::from_utf8_lossy(&chunk[..read]).into_owned();
                log.lock().expect("the log").push(said);
                let _ = socket.write_all(&answer).await;
                let _ = socket.shutdown().await;
            }
        });
        Self { base, requests, task }
    }

    /// Its address, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The requests that came, head and body.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("the log").clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with a status line (code and reason, further header lines after `\r\n`) and a body.
#[must_use]
pub fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into()
}

/// An answer as by [`answer`], after which the connection stays open.
#[must_use]
pub fn kept(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into()
}

/// A bomb: `times` times `part`, packed in the time and space of one. A part refers to nothing before it, so
/// that its packed form can be repeated.
///
/// ```
/// # use std::io::Read as _;
/// let packed = purge_tests::raw::gzip(b"many bytes, ", 3);
/// let mut text = String::new();
/// flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text)?;
/// assert_eq!(text, "many bytes, many bytes, many bytes, ");
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn gzip(part: &[u8], times: usize) -> Vec<u8> {
    let mut packed = Vec::with_capacity(part.len() + 64);
    let mut deflate = Compress::new(Compression::best(), false);
    deflate.compress_vec(part, &mut packed, FlushCompress::Full).expect("memory");
    let mut one = crc32fast::Hasher::new();
    one.update(part);
    let mut checksum = crc32fast::Hasher::new();
    (0..times).for_each(|_| checksum.combine(&one));
    let length = (part.len() * times) as u32;
    // A head that says nothing, an empty last block, and the end.
    let head: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let end = [checksum.finalize().to_le_bytes(), length.to_le_bytes()].concat();
    [head, &packed.repeat(times), &[3, 0], &end].concat()
}

pub(crate) async fn read_request(socket: &mut (impl AsyncRead + Unpin)) -> String {
    let mut request = Vec::new();
    let mut expected = None;
    let mut chunk = [0; 4096];
    while expected.is_none_or(|length| request.len() < length) {
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
        if expected.is_none() {
            let text = String::from_utf8_lossy(&request).to_lowercase();
            if let Some(end) = text.find("\r\n\r\n") {
                let length = text[..end].split("content-length:").nth(1);
                let length = length.and_then(|l| l.lines().next()?.trim().parse().ok());
                expected = Some(end + 4 + length.unwrap_or(0));
            }
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}
