//! A header value, chosen without a branch: both values are read, and the chosen value is always at the same address.
//! Otherwise the state of the caches and the branch predictor would depend on the class before the measurement begins.

use std::hint::black_box;

const LONGEST: usize = 32;

#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) bytes: [u8; LONGEST],
    length: usize,
}

impl Field {
    pub(crate) fn of(value: &[u8]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..value.len()].copy_from_slice(value);
        let length = value.len();
        Self { bytes, length }
    }

    /// Returns `one` if `choice` is 0, and `other` if it is 1.
    pub(crate) fn either(one: &Self, other: &Self, choice: usize) -> Self {
        let mask = black_box(choice.wrapping_neg());
        let byte = |at: usize| one.bytes[at] ^ ((one.bytes[at] ^ other.bytes[at]) & mask as u8);
        Self {
            bytes: std::array::from_fn(byte),
            length: one.length ^ ((one.length ^ other.length) & mask),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("a text")
    }
}
