//! Hashes contents, with the instructions that the processor offers for it.

use std::io::{self, Read, Write};

use ring::digest::{Context, SHA256};

use crate::manifest::Digest;

/// How much is read at a time: small enough to stay in the processor's cache.
pub(super) const BUFFER: usize = 128 * 1024;

pub(super) struct Hasher(Context);

impl Hasher {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(super) fn finish(self) -> Digest {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.0.finish().as_ref());
        Digest(digest)
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hashes the rest of a source.
pub(super) fn hash(mut source: impl Read, buffer: &mut [u8]) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    loop {
        match source.read(buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => hasher.0.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
