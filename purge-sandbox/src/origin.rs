//! The origin, from which the edge fetches what is not cached.

use std::io;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;

use crate::{framing, site};

/// The largest response that is accepted from an origin.
const MAX_OBJECT: usize = 64 * 1024 * 1024;

#[derive(Debug)]
pub(crate) enum Origin {
    Site,
    Directory(PathBuf),
    /// A folder, and the one that replaces it later.
    Late {
        before: PathBuf,
        after: PathBuf,
        at: Instant,
    },
    Server(SocketAddr),
}

impl Origin {
    /// Fetches a path, with its query. Failures become responses, too.
    ///
    /// A server must respond within `timeout`.
    pub(crate) async fn fetch(
        &self,
        path: &str,
        cache_control: &HeaderValue,
        timeout: Duration,
    ) -> Response<Bytes> {
        let answer = match self {
            Self::Site => match site::file(path.split('?').next().unwrap_or_default()) {
                Some(content) => Ok(file(path, Bytes::from_static(content), None, cache_control)),
                None => Err(StatusCode::NOT_FOUND),
            },
            Self::Directory(_) | Self::Late { .. } => {
                let root = self.folder().to_owned();
                let (path, cache_control) = (path.to_owned(), cache_control.clone());
                let read = move || {
                    let (name, content, modified) = read(&root, &path)?;
                    Ok(file(&name, content, Some(modified), &cache_control))
                };
                tokio::task::spawn_blocking(read)
                    .await
                    .unwrap_or(Err(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Self::Server(address) => {
                match tokio::time::timeout(timeout, ask(*address, path)).await {
                    Ok(answer) => answer.map_err(|_| StatusCode::BAD_GATEWAY),
                    Err(_) => Err(StatusCode::GATEWAY_TIMEOUT),
                }
            }
        };
        answer.unwrap_or_else(|status| {
            let text = format!("the origin has no {path}: {status}\n");
            let mut response = Response::new(Bytes::from(text));
            *response.status_mut() = status;
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
            response
        })
    }
}

impl Origin {
    /// The folder that is served now, if it is one.
    fn folder(&self) -> &Path {
        match self {
            Self::Directory(root) => root,
            Self::Late { before, after, at } => {
                if Instant::now() < *at {
                    before
                } else {
                    after
                }
            }
            Self::Site | Self::Server(_) => Path::new(""),
        }
    }
}

fn file(
    name: &str,
    content: Bytes,
    modified: Option<SystemTime>,
    cache_control: &HeaderValue,
) -> Response<Bytes> {
    let stamp = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let etag = format!("\"{:x}-{:x}\"", stamp.as_nanos(), content.len());
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CACHE_CONTROL, cache_control.clone());
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// The file at a URL path, with its name; for a folder, its index page.
fn read(root: &Path, path: &str) -> Result<(String, Bytes, SystemTime), StatusCode> {
    let path = path.split('?').next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().map_err(|_| StatusCode::NOT_FOUND)?;
    let relative = Path::new(path.trim_start_matches('/'));
    if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(StatusCode::NOT_FOUND);
    }
    let found = |error: io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::NOT_FOUND,
    };
    let mut name = root.join(relative).canonicalize().map_err(found)?;
    if name.is_dir() {
        name = name.join("index.html").canonicalize().map_err(found)?;
    }
    // A symbolic link must not lead out of the folder that was shared.
    if !name.starts_with(root) || !name.is_file() {
        return Err(StatusCode::NOT_FOUND);
    }
    let data = name.metadata().map_err(found)?;
    if data.len() > MAX_OBJECT as u64 {
        return Err(StatusCode::INSUFFICIENT_STORAGE);
    }
    let content = std::fs::read(&name).map_err(found)?;
    let modified = data.modified().unwrap_or(UNIX_EPOCH);
    Ok((name.to_string_lossy().into_owned(), content.into(), modified))
}

async fn ask(
    address: SocketAddr,
    path: &str,
) -> Result<Response<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request =
        Request::get(path).header(header::HOST, address.to_string()).body(Empty::<Bytes>::new())?;
    let exchange = async {
        let (mut head, body) = sender.send_request(request).await?.into_parts();
        framing::remove(&mut head.headers);
        let body = Limited::new(body, MAX_OBJECT).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // The connection may end first, after the response was read.
        _ = connection => exchange.await,
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" | "htm" | "/" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/vnd.microsoft.icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}
