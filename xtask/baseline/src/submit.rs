//! Sends prepared bodies, 16 at once over kept-alive connections, and nothing else: no plan, no check of
//! the responses, no retry, no report.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::Failure;
use crate::target::Target;

const IN_FLIGHT: usize = 16;

/// Sends each line of a file to the service's purge path, with hyper alone.
pub(crate) async fn with_hyper(bodies: &Path) -> Result<(), Failure> {
    let target = Rc::new(Target::from_env()?);
    let queue = Rc::new(RefCell::new(lines(bodies)?.into_iter()));
    let all = async {
        let mut connections = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            connections.spawn_local(connection(Rc::clone(&target), Rc::clone(&queue)));
        }
        while let Some(done) = connections.join_next().await {
            done??;
        }
        Ok(())
    };
    LocalSet::new().run_until(all).await
}

/// The same with the HTTP client that the generated bindings use.
pub(crate) async fn with_reqwest(bodies: &Path) -> Result<(), Failure> {
    let target = Target::from_env()?;
    let (http, url) = (target.http()?, format!("{}{}", target.base, target.path()));
    let (http, url) = (&http, &reqwest::Url::parse(&url)?);
    let authorization = &format!("Bearer {}", target.token);
    let send = |body| async move {
        let request = http
            .post(url.clone())
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body::<Bytes>(body);
        let answer = request.send().await?.error_for_status()?;
        answer.bytes().await.map(drop)
    };
    let sending = stream::iter(lines(bodies)?).map(send).buffered(IN_FLIGHT);
    Ok(sending.try_collect().await?)
}

/// The bodies, as slices of one text, so that none is copied.
fn lines(bodies: &Path) -> Result<Vec<Bytes>, Failure> {
    let bodies = Bytes::from(fs::read(bodies)?);
    let lines = bodies.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(|line| bodies.slice_ref(line)).collect())
}

async fn connection(
    target: Rc<Target>,
    queue: Rc<RefCell<std::vec::IntoIter<Bytes>>>,
) -> Result<(), Failure> {
    let authority = target.base.strip_prefix("http://").ok_or("the server has no http:// URL")?;
    let path = target.path();
    let socket = TcpStream::connect(authority).await?;
    socket.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::task::spawn_local(connection);
    loop {
        let Some(body) = queue.borrow_mut().next() else { return Ok(()) };
        let request = Request::post(&path)
            .header("host", authority)
            .header("authorization", format!("Bearer {}", target.token))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("user-agent", "baseline")
            .body(Full::new(body))?;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the server responded with {}", answer.status()).into());
        }
        answer.into_body().collect().await?;
    }
}
