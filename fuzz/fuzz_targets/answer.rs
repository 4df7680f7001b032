#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| purge_api_ext::fuzz::answer(bytes));
