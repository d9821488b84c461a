//! Any snapshot that the table may hold.

use std::time::{Duration, SystemTime};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use task_callback::contract::callback::{Callback, TaskStat, TaskStatus};
use task_callback::contract::decimal::Decimal;
use task_callback::contract::extra::{Extra, Value};
use task_callback::contract::snapshot::{ReceivedAt, ReportTime, Snapshot};

pub(super) fn report_times() -> impl Strategy<Value = ReportTime> {
    let seconds = prop_oneof![any::<u64>(), 1_700_000_000..1_700_000_010_u64, 0..3_u64];
    let slot = prop_oneof![
        Just(0),
        0..1000_usize,
        (0..100_usize).prop_map(|slot| slot * 10)
    ];
    (seconds, slot).prop_map(|(seconds, slot)| {
        let first = ReportTime::new(seconds);
        (0..slot).fold(first, |time, _| time.next_slot().expect("a thousand"))
    })
}

/// Decimals that DynamoDB can hold.
pub(super) fn decimals() -> impl Strategy<Value = Decimal> {
    let digits = prop_oneof!["[0-9]", "[1-9][0-9]{0,6}", "[1-9][0-9]{30,37}"];
    let number = (any::<bool>(), digits, -130..126_i32);
    number.prop_filter_map("within DynamoDB's range", |(negative, digits, exponent)| {
        let sign = if negative { "-" } else { "" };
        Decimal::parse(&format!("{sign}{digits}e{exponent}"))
    })
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        decimals().prop_map(Value::Number),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 16, 4, |value| {
        prop_oneof![
            vec(value.clone(), 0..4).prop_map(Value::List),
            btree_map(".{1,6}", value, 0..4).prop_map(Value::Map),
        ]
    })
}

fn extras() -> impl Strategy<Value = Extra> {
    btree_map(".{1,8}", values(), 0..4)
}

fn callbacks() -> impl Strategy<Value = Callback> {
    let ids = (".{1,30}", ".{0,30}", ".{0,30}");
    let counters = any::<[u64; 6]>();
    let rates = (decimals(), decimals());
    let status = select(TaskStatus::ALL.as_slice());
    (ids, status, counters, rates, extras()).prop_map(
        |((task_id, user_task_id, scene_id), status, counters, rates, extra)| {
            let [create_ts, answered, finished, orders, answered_calls, calls] = counters;
            Callback {
                task_id,
                user_task_id,
                scene_id,
                status,
                create_ts,
                stat: TaskStat {
                    answer_order_count: answered,
                    finish_order_count: finished,
                    total_order_count: orders,
                    finish_rate: rates.0,
                    total_answer_call: answered_calls,
                    total_call: calls,
                    answer_rate: rates.1,
                },
                extra,
            }
        },
    )
}

pub(super) fn snapshots() -> impl Strategy<Value = Snapshot> {
    // Up to the year 9999.
    let received_at = (0..253_402_300_800_000_000_u64).prop_map(|micros| {
        ReceivedAt::from(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
    });
    let texts = (".{1,40}", ".{1,40}", ".{0,40}");
    let digest_and_expiry = (any::<[u8; 32]>(), any::<Option<u64>>());
    (
        report_times(),
        texts,
        callbacks(),
        received_at,
        digest_and_expiry,
    )
        .prop_map(
            |(create_ts, (request_id, uuid, response_id), callback, received_at, rest)| Snapshot {
                create_ts,
                request_id,
                uuid,
                callback,
                received_at,
                response_id,
                body_sha256: rest.0,
                expires_at: rest.1,
            },
        )
}
