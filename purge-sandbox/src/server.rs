//! The accept loop. It is our own because a fault must be able to take the socket away from HTTP.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use http::header;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::connections::{Connections, Seat};
use crate::fault::has_body;

/// The approximate maximum size of a request head. Each connection may buffer this much while it receives one.
const MAX_HEAD: usize = 64 * 1024;

/// The limits for clients.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) connections: Arc<Connections>,
    /// The time for the head of a request, including the time that a connection is idle.
    pub(crate) head: Duration,
}

/// How long a stopping server waits for responses in flight.
const GRACE: Duration = Duration::from_millis(500);

/// What to do with a socket that was taken away from HTTP.
#[derive(Debug)]
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    Reset,
    End,
}

/// The link from a request to its socket.
#[derive(Clone, Debug)]
pub(crate) struct Wire(mpsc::UnboundedSender<Vec<Step>>);

impl Wire {
    /// Ends HTTP on this connection. It never returns: the caller is dropped while it waits.
    pub(crate) async fn take_over(&self, steps: Vec<Step>) -> ! {
        // The receiver is only dropped together with the caller.
        let _ = self.0.send(steps);
        std::future::pending::<Infallible>().await;
        unreachable!("nothing wakes a future that is pending for ever")
    }
}

/// Serves until told to stop, then waits a moment for responses in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (seat, evicted) = bounds.connections.seat();
                    let served = connection(stream, router.clone(), bounds.head, seat, stop.clone());
                    connections.spawn(async move {
                        tokio::select! {
                            () = served => {}
                            Ok(()) = evicted => {}
                        }
                    });
                }
                // A client that left before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // Usually, there are no file descriptors left.
                Err(_) => {
                    bounds.connections.make_room();
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all_done).await;
}

async fn connection(
    stream: TcpStream,
    router: Router,
    head: Duration,
    seat: Seat,
    mut stop: watch::Receiver<bool>,
) {
    // A small response must not wait for the acknowledgement of the previous one.
    let _ = stream.set_nodelay(true);
    let (sender, mut taken_over) = mpsc::unbounded_channel();
    let wire = Wire(sender);
    let router = TowerToHyperService::new(router);
    // A socket that is taken away from HTTP keeps its place.
    let seat = Arc::new(seat);
    let asked = Arc::clone(&seat);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(wire.clone());
        answered(router.call(request), Arc::clone(&asked))
    });
    let mut http = http1::Builder::new()
        // A client that has closed its sending side still expects the response.
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = &mut http => return,
            Some(steps) = taken_over.recv() => {
                let stream = http.into_parts().io.into_inner();
                // The client may have disconnected already, which does not matter here.
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

/// The response of the router, during which the connection is in use.
async fn answered(
    answer: impl Future<Output = Result<Response, Infallible>>,
    seat: Arc<Seat>,
) -> Result<Response, Infallible> {
    seat.touch();
    let mut answer = answer.await?;
    seat.touch();
    if !has_body(answer.status()) {
        // The router gives every response a length; these must not have one.
        answer.headers_mut().remove(header::CONTENT_LENGTH);
    }
    Ok(answer)
}

/// Resolves when the server should stop, or when the sender is gone.
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
