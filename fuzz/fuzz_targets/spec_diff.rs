#![no_main]

#[path = "../../spec-diff/tests/common/merge_patch.rs"]
mod merge_patch;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| merge_patch::check(bytes));
