//! The parser does not panic on any body, and every body that it accepts is stored exactly.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::cases;
use super::exact::taken_and_held;
use super::json::{bodies, near_bodies};

/// An edit that replaces some bytes with others: where, how many, and the replacement.
type Edit = (Index, usize, Vec<u8>);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let by = prop_oneof![
        vec(any::<u8>(), 0..3),
        "[\\[\\]{}\",:0-9eE.+ -]{0,3}".prop_map(String::into_bytes),
    ];
    vec((any::<Index>(), 0..3_usize, by), 1..4)
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn every_body_that_the_contract_allows_is_accepted_and_stored_exactly(body in bodies()) {
        let taken = taken_and_held(body.text().as_bytes());
        prop_assert_eq!(taken, Ok(()), "{}", body.text());
    }

    #[test]
    fn a_nearly_valid_body_is_stored_exactly_or_rejected(body in near_bodies()) {
        let _ = taken_and_held(body.text().as_bytes());
    }

    #[test]
    fn a_body_with_changed_bytes_is_stored_exactly_or_rejected(body in bodies(), edits in edits()) {
        let mut bytes = body.text().into_bytes();
        for (at, remove, insert) in edits {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + remove);
            bytes.splice(at..end, insert);
        }
        let _ = taken_and_held(&bytes);
    }
}
