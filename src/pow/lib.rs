//! C's `pow`, which the SDK's adaptive retries call.
//!
//! Nothing else needs `libm.so`. Without that library, a cold start is a twentieth shorter and the process 0.3 MiB
//! smaller (`make bench` shows both). The linker uses this function instead of the library's.

/// `x` to the power of `y`.
#[unsafe(no_mangle)]
pub extern "C" fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}
