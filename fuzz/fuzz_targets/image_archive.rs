#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| agi_provision::hostile::image_archive(bytes));
