//! Requests and responses as bytes, including ones that no HTTP library would send.

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A response with a status line (code and reason, further header lines after `\r\n`) and a body.
#[must_use]
pub fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into()
}

/// A response as in [`answer`], but the connection stays open.
#[must_use]
pub fn kept(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into()
}

/// A decompression bomb: `part` repeated `times` times, at the cost of compressing it once. The compressed
/// part refers to nothing before it, so it can be repeated as it is.
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
    // A minimal gzip header, an empty last block, and the trailer.
    let head: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let end = [checksum.finalize().to_le_bytes(), length.to_le_bytes()].concat();
    [head, &packed.repeat(times), &[3, 0], &end].concat()
}

/// Reads a request with its body, or the part of it that arrived before the connection ended.
pub async fn read_request(socket: &mut (impl AsyncRead + Unpin)) -> String {
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
