//! A sort key is read exactly, as the function writes it and as DynamoDB returns it.

use task_callback::contract::snapshot::ReportTime as Written;

use super::*;

#[test]
fn a_key_is_read_with_and_without_its_trailing_zeros() {
    for seconds in [0, 1_726_200_060, u64::MAX] {
        let keys = std::iter::successors(Some(Written::new(seconds)), |key| key.next_slot());
        for (slot, key) in (0..1000).zip(keys) {
            let (time, text) = (ReportTime { seconds, slot }, key.to_string());
            assert_eq!(text.parse(), Ok(time), "{text}");
            if slot > 0 {
                assert_eq!(text.trim_end_matches('0').parse(), Ok(time), "{text}");
            }
        }
    }
}

#[test]
fn a_number_that_is_no_key_of_this_table_is_not_read() {
    for text in ["-1", "1.0001", "1.7e9"] {
        let key: Result<ReportTime, _> = text.parse();
        assert_eq!(key, Err(ItemError(SORT_KEY)), "{text:?}");
    }
}
