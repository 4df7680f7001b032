//! The inputs that were kept from the fuzzer still pass; `random.rs` adds random edits.

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
        // One byte per character.
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        merge_patch::check(&bytes);
    }
}
