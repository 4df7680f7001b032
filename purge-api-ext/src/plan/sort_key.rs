/// Sort keys for texts: the first 16 bytes after their common start, as a number. Two keys usually decide the order
/// without reading the texts themselves from memory.
pub(super) struct Order {
    /// The length of the common start of all texts.
    common: usize,
}

impl Order {
    pub(super) fn new(texts: &[&str]) -> Self {
        Self { common: texts.iter().copied().reduce(common_start).map_or(0, str::len) }
    }

    /// A text that ends early is padded with zeros. No path contains zero bytes, so a shorter text sorts first.
    pub(super) fn of_text(&self, text: &str) -> u128 {
        let mut bytes = [0; 16];
        let rest = text.as_bytes().get(self.common..).unwrap_or_default();
        let length = rest.len().min(bytes.len());
        bytes[..length].copy_from_slice(&rest[..length]);
        u128::from_be_bytes(bytes)
    }
}

/// The common start of two texts.
pub(super) fn common_start<'a>(a: &'a str, b: &str) -> &'a str {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.get(..common).unwrap_or_default()
}
