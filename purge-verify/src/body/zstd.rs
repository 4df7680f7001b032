//! Decodes zstd as it arrives. The decoder reads whole blocks, so the bytes of one are kept until it is complete.

use std::io::{self, Write};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The longest header of a frame, in bytes.
const HEADER: usize = 18;
/// The largest window of zstd as a content coding (RFC 9659), in bytes.
const WINDOW: u64 = 8 * 1024 * 1024;

/// A decoder that writes to `sink`.
pub(super) struct Zstd<W> {
    decoder: FrameDecoder,
    /// What is not decoded yet.
    input: Vec<u8>,
    /// The frame that is being decoded.
    frame: Option<Frame>,
    is_empty: bool,
    sink: W,
}

#[derive(Clone, Copy)]
struct Frame {
    has_checksum: bool,
}

impl<W: Write> Zstd<W> {
    pub(super) fn new(sink: W) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { decoder, input: Vec::new(), frame: None, is_empty: true, sink }
    }

    /// Decodes the next bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.input.extend_from_slice(bytes);
        self.advance(false)
    }

    /// Decodes the rest.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.advance(true)?;
        let is_whole = self.frame.is_none() && self.input.is_empty() && !self.is_empty;
        if is_whole { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    pub(super) fn sink(&self) -> &W {
        &self.sink
    }

    pub(super) fn into_sink(self) -> W {
        self.sink
    }

    fn advance(&mut self, is_end: bool) -> io::Result<()> {
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        loop {
            let length = match self.frame {
                None => self.begin(rest, is_end)?,
                Some(frame) => self.block(rest, frame)?,
            };
            if length == 0 {
                break;
            }
            rest = &rest[length..];
        }
        self.input = rest.to_vec();
        Ok(())
    }

    /// Reads the header of a frame, and returns its length; 0 if it may be incomplete.
    fn begin(&mut self, source: &[u8], is_end: bool) -> io::Result<usize> {
        if source.is_empty() || (source.len() < HEADER && !is_end) {
            return Ok(0);
        }
        let mut rest = source;
        self.decoder.reset(&mut rest).map_err(io::Error::other)?;
        // The third bit of the descriptor, which follows the magic number.
        let has_checksum = source.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
        (self.frame, self.is_empty) = (Some(Frame { has_checksum }), false);
        Ok(source.len() - rest.len())
    }

    /// Decodes a block, and returns its length; 0 if it is incomplete.
    fn block(&mut self, source: &[u8], frame: Frame) -> io::Result<usize> {
        let Some(&[low, middle, high]) = source.first_chunk() else { return Ok(0) };
        let header = u32::from_le_bytes([low, middle, high, 0]);
        let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
        // One byte that is repeated.
        let content = if kind == 1 { 1 } else { size as usize };
        let checksum = if is_last && frame.has_checksum { 4 } else { 0 };
        let Some(block) = source.get(..3 + content + checksum) else { return Ok(0) };
        let one = BlockDecodingStrategy::UptoBlocks(1);
        self.decoder.decode_blocks(block, one).map_err(io::Error::other)?;
        self.decoder.collect_to_writer(&mut self.sink)?;
        if is_last {
            let expected = self.decoder.get_checksum_from_data();
            if expected.is_some() && expected != self.decoder.get_calculated_checksum() {
                return Err(io::Error::other("the checksum of a zstd frame is wrong"));
            }
            self.frame = None;
        }
        Ok(block.len())
    }
}
