//! Prepared bodies over 16 connections that stay open, and nothing else: no plan, no check of what the
//! answers say, no retry, no report.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::Failure;
use crate::target::Target;

const IN_FLIGHT: usize = 16;

/// Sends each line of a file, to the path of the service's purges.
pub(crate) async fn run(bodies: &Path) -> Result<(), Failure> {
    let target = Rc::new(Target::from_env()?);
    let bodies = Bytes::from(fs::read(bodies)?);
    let lines = bodies.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    // Parts of one text, so that none is copied.
    let lines: Vec<Bytes> = lines.map(|line| bodies.slice_ref(line)).collect();
    let queue = Rc::new(RefCell::new(lines.into_iter()));
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

async fn connection(
    target: Rc<Target>,
    queue: Rc<RefCell<std::vec::IntoIter<Bytes>>>,
) -> Result<(), Failure> {
    let authority = target.base.strip_prefix("http://").ok_or("the server has no http:// URL")?;
    let Target { organization, resource, .. } = &*target;
    let path = format!("/api/v1/cdn/{organization}/job/{resource}/purge");
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
            return Err(format!("the server answered {}", answer.status()).into());
        }
        answer.into_body().collect().await?;
    }
}
