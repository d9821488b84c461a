//! A DynamoDB engine returns what is stored.

use std::cell::Cell;
use std::time::{Duration, UNIX_EPOCH};

use bigdecimal::BigDecimal;
use proptest::prelude::*;
use task_callback::contract::snapshot::{ReceivedAt, ReportTime, Snapshot};
use task_callback::store::{Item, Put, SORT_KEY, item_of};
use tokio::time::Instant;

use super::cases;
use super::exact::snapshot_of_body;
use super::json::bodies;
use task_callback_test_support::app::TestApp;

/// Any slot of any second.
fn report_times() -> impl Strategy<Value = ReportTime> {
    let slot = prop_oneof![
        Just(0),
        0..1000_usize,
        (0..100_usize).prop_map(|slot| slot * 10)
    ];
    (any::<u64>(), slot).prop_map(|(seconds, slot)| {
        let first = ReportTime::new(seconds);
        (0..slot).fold(first, |time, _| time.next_slot().expect("a thousand"))
    })
}

/// Times up to the year 9999, in microseconds.
fn times_of_receipt() -> impl Strategy<Value = u64> {
    0..253_402_300_800_000_000_u64
}

/// Any snapshot that the table may hold.
fn snapshots() -> impl Strategy<Value = Snapshot> {
    let texts = (".{1,40}", ".{1,40}", ".{0,40}");
    let times = (report_times(), times_of_receipt(), any::<Option<u64>>());
    (bodies(), texts, times, any::<[u8; 32]>()).prop_map(|(body, texts, times, body_sha256)| {
        let allowed = snapshot_of_body(body.text().as_bytes()).expect("an allowed body");
        let (request_id, uuid, response_id) = texts;
        let (create_ts, received_at, expires_at) = times;
        Snapshot {
            create_ts,
            request_id,
            uuid,
            callback: allowed.callback,
            received_at: ReceivedAt::from(UNIX_EPOCH + Duration::from_micros(received_at)),
            response_id,
            body_sha256,
            expires_at,
        }
    })
}

/// The sort key as a number, since DynamoDB drops its trailing zeros, and the other attributes.
fn key_and_others(mut item: Item) -> (BigDecimal, Item) {
    let key = item.remove(SORT_KEY).expect("a key");
    let key = key.as_n().expect("a number").parse();
    (key.expect("a number"), item)
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn the_time_of_receipt_is_read_back(micros in times_of_receipt()) {
        let received_at = ReceivedAt::from(UNIX_EPOCH + Duration::from_micros(micros));
        prop_assert_eq!(received_at.to_string().parse(), Ok(received_at));
        prop_assert_eq!(received_at.unix_seconds(), micros / 1_000_000);
    }
}

#[test]
fn a_dynamodb_engine_returns_the_item_that_was_stored() {
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
            let new = Put { key: snapshot.create_ts, new: true, first_failure: None };
            prop_assert_eq!(put, new);
            let stored = app.items_of(&task).await.into_iter().map(key_and_others);
            prop_assert_eq!(stored.collect::<Vec<_>>(), [key_and_others(item_of(&snapshot))]);
            Ok(())
        })?;
    });
}
