use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::path::{Paths, Span, canonical};

/// Keeps the first of all paths that mean the same.
///
/// The table holds places in the text, and no text. It gets room for all at once: to grow it would have
/// to read all texts again, in no order.
pub(super) fn keep_first(paths: &mut Paths) {
    let (text, spans) = paths.parts();
    let hasher = DefaultHashBuilder::default();
    let hash = |span: &Span| match span.is_plain() {
        true => hasher.hash_one(span.of(text)),
        false => hasher.hash_one(canonical(span.of(text)).as_ref()),
    };
    let same = |a: &Span, b: &Span| match a.is_plain() && b.is_plain() {
        true => a.of(text) == b.of(text),
        false => canonical(a.of(text)) == canonical(b.of(text)),
    };
    let mut seen: HashTable<Span> = HashTable::with_capacity(spans.len());
    spans.retain(|span| {
        let entry = seen.entry(hash(span), |other| same(other, span), hash);
        let is_first = matches!(entry, hashbrown::hash_table::Entry::Vacant(_));
        entry.or_insert(*span);
        is_first
    });
}
