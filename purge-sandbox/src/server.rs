//! The accept loop. It is our own, because a fault must be able to take the socket away from HTTP.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http::header;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::fault::has_body;

/// How long a stopping server waits for answers that are under way.
const GRACE: Duration = Duration::from_millis(500);

/// What is done to a socket that was taken away from HTTP.
#[derive(Debug)]
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    Reset,
    End,
}

/// The way from a request to its socket.
#[derive(Clone, Debug)]
pub(crate) struct Wire(mpsc::UnboundedSender<Vec<Step>>);

impl Wire {
    /// Ends HTTP on this connection; the caller is dropped while it waits.
    pub(crate) async fn take_over(&self, steps: Vec<Step>) -> ! {
        // The other side only goes away together with the caller.
        let _ = self.0.send(steps);
        std::future::pending::<Infallible>().await;
        unreachable!("nothing wakes a future that is pending for ever")
    }
}

/// Serves until told to stop, then lets answers that are under way finish for a moment.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), stop.clone()));
                }
                // Out of file descriptors, or a client that left before it was accepted.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all_done).await;
}

async fn connection(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // A small answer must not wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let (sender, mut taken_over) = mpsc::unbounded_channel();
    let wire = Wire(sender);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(wire.clone());
        let answer = router.call(request);
        async move {
            let mut answer = answer.await?;
            if !has_body(answer.status()) {
                // The router gives every answer a length; these must not have one.
                answer.headers_mut().remove(header::CONTENT_LENGTH);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http = http1::Builder::new()
        // A client that has said all it has to say still wants the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = &mut http => return,
            Some(steps) = taken_over.recv() => {
                let stream = http.into_parts().io.into_inner();
                // The client may be gone already, which is no concern of ours.
                let _ = carry_out(stream, steps).await;
                return;
            }
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                std::pin::Pin::new(&mut http).graceful_shutdown();
            }
        }
    }
}

/// Resolves when the server is to stop, also because nobody is left who could say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|&stop| stop).await;
}

async fn carry_out(mut stream: TcpStream, steps: Vec<Step>) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
            }
            Step::Wait(duration) => tokio::time::sleep(duration).await,
            // Without lingering, closing is a reset.
            Step::Reset => return stream.set_zero_linger(),
            Step::End => return stream.shutdown().await,
        }
    }
    Ok(())
}
