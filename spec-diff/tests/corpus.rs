//! What the fuzzer found worth keeping must still hold; `random.rs` adds edits by chance.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[path = "common/merge_patch.rs"]
mod merge_patch;

#[test]
fn corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let text = fs::read(folder.join("spec_diff.json")).expect("the corpus");
    let inputs: BTreeMap<String, String> = serde_json::from_slice(&text).expect("JSON");
    assert!(!inputs.is_empty());
    for text in inputs.values() {
        // One byte a character.
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        merge_patch::check(&bytes);
    }
}
