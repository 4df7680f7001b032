#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xtask::spec_diff::fuzz::spec_diff(bytes));
