//! The content codings of an edge.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

/// How the body of a response is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
}

/// Whether a parameter is a weight of 0.
fn is_zero(parameter: &str) -> bool {
    let weight = parameter.split_once('=').filter(|(name, _)| name.trim_end() == "q");
    weight.is_some_and(|(_, weight)| weight.trim().parse() == Ok(0.0))
}

impl Coding {
    /// The best that a visitor accepts.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let accepts = |name: &str| {
            headers.get_all(header::ACCEPT_ENCODING).iter().any(|value| {
                let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
                text.split(',').any(|word| {
                    let mut parts = word.split(';').map(str::trim);
                    // A weight of 0 means "not acceptable" (RFC 9110, section 12.4.2).
                    parts.next() == Some(name) && !parts.any(is_zero)
                })
            })
        };
        match (accepts("br"), accepts("gzip")) {
            (true, _) => Self::Brotli,
            (false, true) => Self::Gzip,
            (false, false) => Self::Identity,
        }
    }

    /// The value of `Content-Encoding`, if there is one.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    pub(crate) fn encode(self, body: Bytes) -> Bytes {
        match self {
            Self::Identity => body,
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                let written = encoder.write_all(&body).and_then(|()| encoder.finish());
                // Writing into memory cannot fail.
                written.unwrap_or_default().into()
            }
            Self::Brotli => brotli(&body).into(),
        }
    }
}

/// The most bytes in one block.
const BLOCK: usize = 1 << 16;

/// A Brotli stream of uncompressed blocks (RFC 7932, section 9.2): visitors decode it like any other, and the sandbox needs
/// no encoder.
fn brotli(body: &[u8]) -> Vec<u8> {
    // The header of the stream is one bit: a window of 64 KiB.
    let mut header_bits = 1;
    let mut stream = Vec::with_capacity(body.len() + 16);
    for block in body.chunks(BLOCK) {
        // Not the last block (1 bit), a length of four digits (2 bits), the length less one (16 bits), uncompressed.
        let length = (block.len() - 1) as u32;
        let header = (length << 3 | 1 << 19) << header_bits;
        stream.extend_from_slice(&header.to_le_bytes()[..3]);
        stream.extend_from_slice(block);
        header_bits = 0;
    }
    // The last block, which is empty.
    stream.push(0b11 << header_bits);
    stream
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_coded_can_be_decoded() {
        let all: Vec<u8> = (0..3 * BLOCK).map(|at| (at * 7 % 251) as u8).collect();
        for length in [0, 1, 6, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK] {
            let body = Bytes::copy_from_slice(&all[..length]);
            assert_eq!(Coding::Identity.encode(body.clone()), body);
            let mut decoded = Vec::new();
            let coded = Coding::Gzip.encode(body.clone());
            flate2::read::GzDecoder::new(&*coded).read_to_end(&mut decoded).expect("gzip");
            assert_eq!(decoded, body, "{length} bytes in gzip");
            decoded.clear();
            let coded = Coding::Brotli.encode(body.clone());
            let mut decoder = brotli_decompressor::Decompressor::new(&*coded, 4096);
            decoder.read_to_end(&mut decoded).expect("Brotli");
            assert_eq!(decoded, body, "{length} bytes in Brotli");
        }
    }

    #[test]
    fn visitors_get_the_best_coding_that_they_accept() {
        let accepted = |text: &str| {
            let value = text.parse().expect("a value");
            Coding::accepted(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]))
        };
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Identity);
        for (text, coding) in [
            ("identity", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("br", Coding::Brotli),
            ("gzip, deflate, BR;q=0.9, zstd", Coding::Brotli),
            ("deflate, gzip;q=0.5", Coding::Gzip),
            ("brotli", Coding::Identity),
            ("br;q=0, gzip;q=0.5", Coding::Gzip),
            ("br; Q = 0.000, gzip ;q=0", Coding::Identity),
            ("br;q=0.001", Coding::Brotli),
        ] {
            assert_eq!(accepted(text), coding, "{text}");
        }
    }
}
