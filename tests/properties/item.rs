//! A snapshot and its item are equivalent, in memory and in a DynamoDB engine.

use std::cell::Cell;
use std::str::FromStr;
use std::time::Duration;

use bigdecimal::BigDecimal;
use proptest::prelude::*;
use task_callback::contract::snapshot::{ReceivedAt, ReportTime};
use task_callback::store::{Put, item_of, snapshot_of};
use tokio::time::Instant;

use super::cases;
use super::snapshots::{report_times, snapshots};
use task_callback_test_support::app::TestApp;

/// A number as DynamoDB returns it.
fn without_trailing_zeros(number: &str) -> &str {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_snapshot_is_read_back_from_its_item(snapshot in snapshots()) {
        let item = item_of(&snapshot);
        let read = snapshot_of(&item);
        prop_assert_eq!(read.as_ref(), Ok(&snapshot));
        prop_assert_eq!(item_of(&read.expect("a snapshot")), item);
    }

    #[test]
    fn a_sort_key_is_read_back_with_and_without_its_trailing_zeros(time in report_times()) {
        let text = time.to_string();
        prop_assert_eq!(text.parse(), Ok(time));
        prop_assert_eq!(without_trailing_zeros(&text).parse(), Ok(time));
    }

    #[test]
    fn reports_are_in_the_order_of_their_sort_keys(a in report_times(), b in report_times()) {
        let number = |time: ReportTime| BigDecimal::from_str(&time.to_string()).expect("a number");
        prop_assert_eq!(a.cmp(&b), number(a).cmp(&number(b)));
    }

    #[test]
    fn each_slot_of_a_second_sorts_after_the_previous_slot(time in report_times()) {
        match time.next_slot() {
            Some(next) => prop_assert!(next > time && next.seconds == time.seconds),
            None => prop_assert!(time.to_string().ends_with(".999")),
        }
    }

    #[test]
    fn the_time_of_receipt_is_read_back(micros in 0..253_402_300_800_000_000_u64) {
        let time = std::time::UNIX_EPOCH + Duration::from_micros(micros);
        let received_at = ReceivedAt::from(time);
        prop_assert_eq!(received_at.to_string().parse(), Ok(received_at));
        prop_assert_eq!(received_at.unix_seconds(), micros / 1_000_000);
    }
}

#[test]
fn a_snapshot_is_read_back_from_a_dynamodb_engine() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let app = runtime.block_on(TestApp::embedded());
    let count = Cell::new(0);
    proptest!(cases(64), |(mut snapshot in snapshots())| {
        // Each case gets its own task id, also while proptest shrinks a failure.
        count.set(count.get() + 1);
        let task = format!("{}-{}", count.get(), snapshot.callback.task_id);
        snapshot.callback.task_id = task.clone();
        runtime.block_on(async {
            let deadline = Instant::now() + Duration::from_secs(10);
            let put = app.store.put(snapshot.clone(), deadline).await.expect("stored");
            prop_assert_eq!(put, Put::New(snapshot.create_ts));
            prop_assert_eq!(app.snapshots_of(&task).await, [snapshot]);
            Ok(())
        })?;
    });
}
