//! HTTP/2 frame by frame, for responses that no server library would send.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::script::Seen;

/// The response to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Status 200 and a body.
    Answer(&'static str),
    /// `RST_STREAM` with a code of RFC 9113, section 7.
    Reset(u32),
    /// `GOAWAY` with such a code, saying that the request was not processed; then the connection ends.
    GoAway(u32),
    /// `GOAWAY` with such a code, not saying whether the request was processed; then the connection ends.
    LastGoAway(u32),
}

/// No error: a graceful shutdown.
pub const NO_ERROR: u32 = 0x0;
/// An internal error of the server.
pub const INTERNAL_ERROR: u32 = 0x2;
/// The stream was certainly not processed.
pub const REFUSED_STREAM: u32 = 0x7;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const GOAWAY: u8 = 0x7;
const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves one connection; `next` decides the response to each request.
pub async fn play(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Seen,
    mut next: impl FnMut() -> Frame,
) -> std::io::Result<()> {
    let mut preface = [0; PREFACE.len()];
    socket.read_exact(&mut preface).await?;
    write(&mut socket, SETTINGS, 0, 0, &[]).await?;
    let mut request = String::new();
    loop {
        let mut head = [0; 9];
        socket.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        socket.read_exact(&mut payload).await?;
        let stream = u32::from_be_bytes(stream);
        match kind {
            SETTINGS if flags & ACK == 0 => write(&mut socket, SETTINGS, ACK, 0, &[]).await?,
            PING if flags & ACK == 0 => write(&mut socket, PING, ACK, 0, &payload).await?,
            HEADERS => {
                // The first two methods in the static table (RFC 7541, appendix A).
                let method = if payload.contains(&0x83) { "POST" } else { "GET" };
                request = format!("{method} / HTTP/2\r\nauthorization: bearer (packed)\r\n\r\n");
            }
            DATA => request += &String::from_utf8_lossy(&payload),
            _ => continue,
        }
        if !matches!(kind, HEADERS | DATA) || flags & END_STREAM == 0 {
            continue;
        }
        seen.add(std::mem::take(&mut request));
        let what = next();
        match what {
            Frame::Answer(body) => {
                // Entry 8 of the static table is the status 200.
                write(&mut socket, HEADERS, END_HEADERS, stream, &[0x88]).await?;
                write(&mut socket, DATA, END_STREAM, stream, body.as_bytes()).await?;
            }
            Frame::Reset(code) => {
                write(&mut socket, RST_STREAM, 0, stream, &code.to_be_bytes()).await?;
            }
            Frame::GoAway(code) | Frame::LastGoAway(code) => {
                let last = if matches!(what, Frame::GoAway(_)) { 0 } else { stream };
                let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
                write(&mut socket, GOAWAY, 0, 0, &payload).await?;
                return socket.shutdown().await;
            }
        }
    }
}

async fn write(
    socket: &mut (impl AsyncWrite + Unpin),
    kind: u8,
    flags: u8,
    stream: u32,
    payload: &[u8],
) -> std::io::Result<()> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    socket.write_all(&frame).await?;
    socket.flush().await
}
