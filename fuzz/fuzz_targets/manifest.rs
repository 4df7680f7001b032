#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| purge_site::fuzz::manifest(bytes));
