//! Whatever the body, the parser does not panic; and what it takes is held exactly.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::cases;
use super::exact::taken_and_held;
use super::json::{bodies, near_bodies};

/// A change of the bytes: some are replaced by others.
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
    fn every_body_that_the_contract_allows_is_taken_and_held_exactly(body in bodies()) {
        let taken = taken_and_held(body.text().as_bytes());
        prop_assert_eq!(taken, Ok(()), "{}", body.text());
    }

    #[test]
    fn a_body_that_is_nearly_right_is_held_exactly_or_refused(body in near_bodies()) {
        let _ = taken_and_held(body.text().as_bytes());
    }

    #[test]
    fn a_body_with_some_bytes_changed_is_held_exactly_or_refused(body in bodies(), edits in edits()) {
        let mut bytes = body.text().into_bytes();
        for (at, remove, insert) in edits {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + remove);
            bytes.splice(at..end, insert);
        }
        let _ = taken_and_held(&bytes);
    }

    #[test]
    fn bytes_of_any_kind_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(taken_and_held(&bytes).is_err());
    }
}
