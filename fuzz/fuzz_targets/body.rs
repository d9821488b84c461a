//! Any bytes as a signed body: the body is rejected with a reason, or the item holds it exactly.
#![no_main]

#[path = "../../tests/properties/exact.rs"]
mod exact;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let _ = exact::taken_and_held(body);
});
