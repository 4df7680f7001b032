/// The order of texts by the first bytes in which they differ, as a number: where that decides, and it
/// mostly does, the texts themselves, somewhere in memory, need not be looked at.
pub(super) struct Order {
    /// How many bytes all texts have in common.
    common: usize,
}

impl Order {
    pub(super) fn new(texts: &[&str]) -> Self {
        Self { common: texts.iter().copied().reduce(common_start).map_or(0, str::len) }
    }

    /// A text that ends early gets zeros, which no path holds, and so it stands first.
    pub(super) fn of_text(&self, text: &str) -> u128 {
        let mut bytes = [0; 16];
        let rest = text.as_bytes().get(self.common..).unwrap_or_default();
        let length = rest.len().min(bytes.len());
        bytes[..length].copy_from_slice(&rest[..length]);
        u128::from_be_bytes(bytes)
    }
}

/// What both texts begin with.
pub(super) fn common_start<'a>(a: &'a str, b: &str) -> &'a str {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.get(..common).unwrap_or_default()
}
