//! Decodes and hashes a body as it arrives, without keeping it.

mod zstd;

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use ring::digest::{Context, SHA256};

use crate::answer::{Body, Encoding};
use crate::digest::Digest;
use zstd::Zstd;

/// The window of the Brotli decoder's output.
const BUFFER: usize = 16 * 1024;

/// A hash of a limited number of bytes.
struct Hash {
    context: Context,
    left: u64,
    is_over: bool,
}

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => self.left = left,
            None => {
                self.is_over = true;
                return Err(io::Error::other("larger than the limit"));
            }
        }
        self.context.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The decoder and the hash of a body.
enum Decoder {
    Identity(Box<Hash>),
    Gzip(Box<MultiGzDecoder<Hash>>),
    Br(Box<DecompressorWriter<Hash>>),
    Zstd(Box<Zstd<Hash>>),
}

/// A body that is arriving.
pub(crate) struct Hasher {
    decoder: Decoder,
    limit: u64,
    /// How many bytes may still arrive.
    left: u64,
    end: Option<Body>,
}

impl Hasher {
    /// Begins a body of this coding, of which at most `limit` bytes are read, before and after decoding.
    pub(crate) fn new(coding: Encoding, limit: u64) -> Self {
        let hash = Hash { context: Context::new(&SHA256), left: limit, is_over: false };
        let decoder = match coding {
            Encoding::Identity => Decoder::Identity(Box::new(hash)),
            Encoding::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(hash))),
            Encoding::Br => Decoder::Br(Box::new(DecompressorWriter::new(hash, BUFFER))),
            Encoding::Zstd => Decoder::Zstd(Box::new(Zstd::new(hash))),
        };
        Self { decoder, limit, left: limit, end: None }
    }

    /// How many bytes of the body have arrived, up to the limit.
    pub(crate) fn arrived(&self) -> u64 {
        self.limit - self.left
    }

    /// Takes the next bytes, and returns whether more are needed.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> bool {
        if self.end.is_some() {
            return false;
        }
        match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => self.left = left,
            None => {
                (self.left, self.end) = (0, Some(Body::TooLarge));
                return false;
            }
        }
        let written = match &mut self.decoder {
            Decoder::Identity(hash) => hash.write_all(bytes),
            Decoder::Gzip(decoder) => decoder.write_all(bytes),
            Decoder::Br(decoder) => decoder.write_all(bytes),
            Decoder::Zstd(decoder) => decoder.add(bytes),
        };
        if written.is_err() {
            self.end = Some(if self.is_over() { Body::TooLarge } else { Body::Damaged });
        }
        written.is_ok()
    }

    /// The result, after the last byte of the body.
    pub(crate) fn finish(mut self) -> Body {
        if let Some(end) = self.end.take() {
            return end;
        }
        let is_over = |hash: &Hash| if hash.is_over { Body::TooLarge } else { Body::Damaged };
        match self.decoder {
            Decoder::Identity(hash) => Body::Hashed(digest(*hash)),
            Decoder::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => finished(*decoder),
                Err(_) => is_over(decoder.get_ref()),
            },
            Decoder::Br(mut decoder) => match decoder.close() {
                Ok(()) => decoder
                    .into_inner()
                    .map_or_else(|hash| is_over(&hash), |hash| Body::Hashed(digest(hash))),
                Err(_) => is_over(decoder.get_ref()),
            },
            Decoder::Zstd(mut decoder) => match decoder.finish() {
                Ok(()) => Body::Hashed(digest(decoder.into_sink())),
                Err(_) => is_over(decoder.sink()),
            },
        }
    }

    fn is_over(&self) -> bool {
        match &self.decoder {
            Decoder::Identity(hash) => hash.is_over,
            Decoder::Gzip(decoder) => decoder.get_ref().is_over,
            Decoder::Br(decoder) => decoder.get_ref().is_over,
            Decoder::Zstd(decoder) => decoder.sink().is_over,
        }
    }
}

fn finished(decoder: MultiGzDecoder<Hash>) -> Body {
    match decoder.finish() {
        Ok(hash) => Body::Hashed(digest(hash)),
        Err(_) => Body::Damaged,
    }
}

fn digest(hash: Hash) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.context.finish().as_ref());
    Digest(digest)
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    /// `hello` and a line break, in Brotli.
    const HELLO: &[u8] = b"\x8b\x02\x80hello\n\x03";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    /// Frames of zstd, one for each chunk. The encoder adds checksums.
    fn zstd(chunks: &[&[u8]]) -> Vec<u8> {
        let frame = |bytes: &&[u8]| compress_to_vec(*bytes, CompressionLevel::Fastest);
        chunks.iter().flat_map(frame).collect()
    }

    fn hashed(coding: Encoding, limit: u64, chunks: &[&[u8]]) -> Body {
        let mut hasher = Hasher::new(coding, limit);
        for chunk in chunks {
            if !hasher.add(chunk) {
                break;
            }
        }
        hasher.finish()
    }

    fn plain(bytes: &[u8]) -> Body {
        let hash = ring::digest::digest(&SHA256, bytes);
        Body::Hashed(Digest(hash.as_ref().try_into().expect("32 bytes")))
    }

    proptest! {
        #[test]
        fn the_hash_is_that_of_the_decoded_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
            at in any::<prop::sample::Index>(),
        ) {
            let coded = gzip(&bytes);
            let (first, rest) = coded.split_at(at.index(coded.len()));
            prop_assert_eq!(hashed(Encoding::Gzip, 10_000, &[first, rest]), plain(&bytes));
            let (first, rest) = bytes.split_at(at.index(bytes.len() + 1));
            prop_assert_eq!(hashed(Encoding::Identity, 10_000, &[first, rest]), plain(&bytes));
            let coded = zstd(&[first, rest]);
            let cut = at.index(coded.len());
            let (one, other) = coded.split_at(cut);
            prop_assert_eq!(hashed(Encoding::Zstd, 10_000, &[one, other]), plain(&bytes));
            let ends = [0, zstd(&[first]).len()];
            let short = hashed(Encoding::Zstd, 10_000, &[one]);
            prop_assert_eq!(short == Body::Damaged, cut == 0 || !ends.contains(&cut), "{}", cut);
            if !first.is_empty() {
                prop_assert_eq!(hashed(Encoding::Gzip, 10_000, &[&coded[..coded.len() - 1]]), Body::Damaged);
            }
        }
    }

    proptest! {
        #[test]
        fn any_body_is_hashed_damaged_or_too_large(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
            begins_well in any::<bool>(),
        ) {
            for (coding, start) in [
                (Encoding::Gzip, gzip(b"hello\n")),
                (Encoding::Br, HELLO.to_vec()),
                (Encoding::Zstd, zstd(&[b"hello\n"])),
            ] {
                let start = if begins_well { &start[..start.len() / 2] } else { &[] };
                let end = hashed(coding, 10_000, &[start, &bytes]);
                prop_assert!(matches!(end, Body::Hashed(_) | Body::Damaged | Body::TooLarge));
            }
        }
    }

    #[test]
    fn brotli_is_decoded_to_its_end() {
        assert_eq!(hashed(Encoding::Br, 100, &[HELLO]), plain(b"hello\n"));
        assert_eq!(hashed(Encoding::Br, 100, &[&HELLO[..4], &HELLO[4..]]), plain(b"hello\n"));
        assert_eq!(hashed(Encoding::Br, 100, &[&HELLO[..HELLO.len() - 2]]), Body::Damaged);
        assert_eq!(hashed(Encoding::Br, 100, &[b"no brotli at all"]), Body::Damaged);
        assert_eq!(hashed(Encoding::Gzip, 100, &[b"no gzip"]), Body::Damaged);
    }

    #[test]
    fn zstd_is_decoded_block_by_block() {
        // Larger than a window and than several blocks, not compressible, and one byte that is repeated.
        let mut random = fastrand::Rng::with_seed(7);
        let noise: Vec<u8> = (0..300_000).map(|_| random.u8(..)).collect();
        for body in [noise, vec![b'a'; 1_000_000], b"a page ".repeat(100_000)] {
            let coded = zstd(&[&body]);
            let chunks: Vec<_> = coded.chunks(1000).collect();
            assert_eq!(hashed(Encoding::Zstd, 10_000_000, &chunks), plain(&body));
            let cut = &chunks[..chunks.len() - 1];
            assert_eq!(hashed(Encoding::Zstd, 10_000_000, cut), Body::Damaged);
            let mut wrong = coded.clone();
            *wrong.last_mut().expect("a checksum") ^= 1;
            assert_eq!(hashed(Encoding::Zstd, 10_000_000, &[&wrong]), Body::Damaged);
        }
        for damaged in
            [&b""[..], b"no zstd", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18\x00\x00\x00\x00"]
        {
            assert_eq!(hashed(Encoding::Zstd, 100, &[damaged]), Body::Damaged, "{damaged:?}");
        }
    }

    #[test]
    fn the_limit_holds_before_and_after_decoding() {
        assert_eq!(hashed(Encoding::Identity, 3, &[b"ab", b"c"]), plain(b"abc"));
        assert_eq!(hashed(Encoding::Identity, 3, &[b"ab", b"cd"]), Body::TooLarge);
        let bomb = gzip(&vec![0; 1_000_000]);
        assert!(bomb.len() < 10_000);
        assert_eq!(hashed(Encoding::Gzip, 20_000, &[&bomb]), Body::TooLarge);
        assert_eq!(hashed(Encoding::Gzip, 1_000_000, &[&bomb]), plain(&vec![0; 1_000_000]));
        assert_eq!(hashed(Encoding::Br, 8, &[HELLO]), Body::TooLarge);
        let bomb = zstd(&[&vec![0; 1_000_000]]);
        assert!(bomb.len() < 10_000);
        assert_eq!(hashed(Encoding::Zstd, 20_000, &[&bomb]), Body::TooLarge);
    }
}
