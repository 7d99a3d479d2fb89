//! See `../bodies.rs`.
#![no_main]

#[path = "../bodies.rs"]
mod bodies;

// a panic that is caught, as those of libraries are, is none
libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| bodies::table(bytes));
