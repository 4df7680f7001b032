//! The metrics over HTTP.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::Metrics;

/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than the head of any scrape.
const HEAD: usize = 8 * 1024;

impl Metrics {
    /// Answers `GET /metrics` on a listener, one client after the other, for as long as it is polled.
    ///
    /// ```no_run
    /// # async fn serve(metrics: purge_queue::Metrics) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:9464").await?;
    /// metrics.serve(listener).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn serve(&self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                // One that breaks off hears nothing; the next one does.
                Ok((client, _)) => drop(timeout(PATIENCE, self.answer(client)).await),
                // No file handle is free, for example: it passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn answer(&self, mut client: TcpStream) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            if head.len() > HEAD || client.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let (status, body) = if head.starts_with(b"GET /metrics ") {
            ("200 OK", self.text())
        } else {
            ("404 Not Found", "the metrics are at /metrics\n".to_owned())
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: \
             {length}\r\nconnection: close\r\n\r\n{body}"
        );
        client.write_all(answer.as_bytes()).await?;
        client.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn metrics_are_at_their_address_and_nothing_else_is() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let metrics = Metrics::new("shop".parse().expect("a lane"));
        let ask = async |request: &str| {
            let mut client = TcpStream::connect(address).await.expect("a connection");
            client.write_all(request.as_bytes()).await.expect("a request");
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.expect("an answer");
            answer
        };
        tokio::select! {
            () = metrics.serve(listener) => unreachable!("it serves on"),
            () = async {
                let answer = ask("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n").await;
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                assert!(answer.contains("\n# TYPE purge_oldest_waiting_seconds gauge\n"), "{answer}");
                assert!(ask("POST / HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404"));
            } => {}
        }
    }
}
