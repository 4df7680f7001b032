#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| purge_verify::fuzz::response(bytes));
