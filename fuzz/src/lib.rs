//! Where the fuzz targets meet libFuzzer.
//!
//! Their bodies are in `butopea_runtime::fuzzing` and `butopea_generator::fuzzing`, beside what
//! they look into, so that unit tests call them, too. `cargo xtask fuzz` builds and runs them.

use butopea_runtime::fuzzing::changed;

/// A target: a function that takes any bytes, and panics when something does not hold.
#[macro_export]
macro_rules! target {
    ($body:path) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            $body(data);
        });
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(data, size, max_size, seed)
        });
    };
}

/// Changes the input of `size` bytes at the start of `data`, and returns its new size.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    match changed(&data[..size], max_size, seed) {
        Some(text) => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
}
