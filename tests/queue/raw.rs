//! A producer that writes the protocol itself, since the client refuses to send what it cannot read.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::servers::Cluster;

/// Stores messages, each with a subject, headers and a body that may be anything, and waits until the server has them.
pub(crate) async fn publish(cluster: &Cluster, messages: &[(Vec<u8>, Vec<u8>, Vec<u8>)]) {
    let address = ("127.0.0.1", cluster.nodes[0].port);
    let mut stream = BufReader::new(TcpStream::connect(address).await.expect("a server"));
    let mut sent = b"CONNECT {\"verbose\":false,\"headers\":true}\r\n".to_vec();
    for (subject, headers, body) in messages {
        let sizes = format!(" {} {}\r\n", headers.len(), headers.len() + body.len());
        for part in [b"HPUB ", &subject[..], sizes.as_bytes(), headers, body, b"\r\n"] {
            sent.extend_from_slice(part);
        }
    }
    sent.extend_from_slice(b"PING\r\n");
    stream.write_all(&sent).await.expect("sent");
    let mut line = String::new();
    while !line.starts_with("PONG") {
        assert!(!line.starts_with("-ERR"), "{line}");
        line.clear();
        assert!(stream.read_line(&mut line).await.expect("a line") > 0, "the server hung up");
    }
}
