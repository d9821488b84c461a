//! Every fault between the function and DynamoDB: once, always and at random, on the first call and
//! on a warm call. An acknowledged callback is stored exactly once. Any other callback gets an
//! answer in time that tells the sender what to do.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::proxy::Fault;
use task_callback_test_support::request::{NOW, Request, body, body_with};

use crate::faulty::Faulty;

/// The answer to a callback, and how many items it leaves in the table.
type Outcome = ((u64, u64, &'static str), usize);

const STORED: Outcome = ((200, 0, "success"), 1);
const LOST: Outcome = ((503, 5030, "not stored; send the callback again"), 0);
/// The item is written, and only the confirmation is lost.
const UNCONFIRMED: Outcome = (LOST.0, 1);
const OWN_FAULT: Outcome = ((500, 5000, "internal error"), 0);

/// Each fault, and the outcome of a callback that meets it on every attempt.
fn faults() -> Vec<(Fault, Outcome)> {
    let slow = |millis| Fault::Slow(Duration::from_millis(millis));
    let mut faults = vec![(slow(400), STORED)];
    let before_the_write = [
        Fault::Answer(500, "InternalServerError"),
        Fault::Answer(503, "ServiceUnavailable"),
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(400, "ProvisionedThroughputExceededException"),
        Fault::Answer(400, "TransactionConflictException"),
        Fault::ResetBefore,
        Fault::Refuse(Duration::from_millis(300)),
        Fault::Silence,
        Fault::Garbage,
    ];
    faults.extend(before_the_write.map(|fault| (fault, LOST)));
    let after_the_write = [Fault::ResetAfter, Fault::CutShort, slow(2_500)];
    faults.extend(after_the_write.map(|fault| (fault, UNCONFIRMED)));
    let refusals = [
        "AccessDeniedException",
        "ResourceNotFoundException",
        "ValidationException",
        "UnrecognizedClientException",
    ];
    faults.extend(refusals.map(|code| (Fault::Answer(400, code), OWN_FAULT)));
    faults
}

async fn assert_outcome(faulty: &Faulty, request: &Request, outcome: Outcome) {
    let (what, before) = (&faulty.what, faulty.app.items().await.len());
    let answer = faulty.send(request).await;
    let said = (answer.status, answer.ret_code, &*answer.ret_msg);
    let written = faulty.app.items().await.len() - before;
    assert_eq!((said, written), outcome, "{what}");
}

/// Sends a callback that meets the fault this often, then another one, and a resend of the first.
async fn meet(fault: Fault, times: usize, is_warm: bool, outcome: Outcome) {
    let what = format!("{fault:?} {times} times, on a warm call: {is_warm}");
    let left = Arc::new(AtomicUsize::new(0));
    let countdown = left.clone();
    let one_less = |left: usize| left.checked_sub(1);
    let next = move || match countdown.fetch_update(Relaxed, Relaxed, one_less) {
        Ok(_) => fault,
        Err(_) => Fault::None,
    };
    let faulty = Faulty::with(what, TestApp::embedded().await, next).await;
    if is_warm {
        assert_outcome(&faulty, &Request::at(NOW - 10, body()), STORED).await;
    }
    let request = Request::new(body());
    left.store(times, Relaxed);
    assert_outcome(&faulty, &request, outcome).await;
    left.store(0, Relaxed);
    assert_outcome(&faulty, &Request::at(NOW + 10, body()), STORED).await;
    let missing = 1 - outcome.1;
    assert_outcome(&faulty, &request.resent(), (STORED.0, missing)).await;
}

/// Meets all faults concurrently, on the first call and on a warm call.
async fn meet_all(times: usize, outcome: impl Fn(Outcome) -> Outcome) {
    let mut meetings = Vec::new();
    for is_warm in [false, true] {
        for (fault, always) in faults() {
            meetings.push(meet(fault, times, is_warm, outcome(always)));
        }
    }
    join_all(meetings).await;
}

#[tokio::test]
async fn a_temporary_fault_only_delays_a_callback() {
    meet_all(1, |_| STORED).await;
}

#[tokio::test]
async fn a_permanent_fault_is_answered_in_time_and_the_next_callback_works() {
    meet_all(usize::MAX, |outcome| outcome).await;
}

/// Sends a callback, with retries while the answer is 5xx. Returns whether it was acknowledged.
async fn send_until_taken(faulty: &Faulty, request: &Request) -> bool {
    for _ in 0..3 {
        let answer = faulty.send(request).await;
        match (answer.status, answer.ret_code) {
            (200, 0) => return true,
            (503, 5030) | (500, 5000) => {}
            _ => panic!("{}: {answer:?}", faulty.what),
        }
    }
    false
}

/// `FAULT_SEED` selects the random faults.
#[tokio::test]
async fn random_faults_lose_nothing_and_duplicate_nothing() {
    let seed = match std::env::var("FAULT_SEED") {
        Ok(seed) => seed.parse().expect("FAULT_SEED is a number"),
        Err(_) => u64::from(rand::random::<u32>()),
    };
    let functions = (0..6).map(async |function| {
        let mut random = StdRng::seed_from_u64(seed + function);
        let mut choice = StdRng::seed_from_u64(random.random());
        let next = move || match choice.random_bool(0.4) {
            true => faults().choose(&mut choice).expect("there are some").0,
            false => Fault::None,
        };
        let what = format!("FAULT_SEED={seed}, function {function}");
        let faulty = Faulty::with(what.clone(), TestApp::embedded().await, next).await;
        let (mut sent, mut acknowledged) = (HashSet::new(), HashSet::new());
        for callback in 0..12 {
            // Some reports share a second.
            let second = NOW + random.random_range(0..8);
            let body = body_with("/taskStat/totalCall", callback.into()).to_string();
            let report = (second.to_string(), hex::encode(Sha256::digest(&body)));
            sent.insert(report.clone());
            if send_until_taken(&faulty, &Request::at(second, body)).await {
                acknowledged.insert(report);
            }
        }
        let items = faulty.app.items().await;
        let stored = items.iter().map(|item| {
            let second = text(item, "createTs").split('.').next().expect("a part");
            (second.to_owned(), text(item, "bodySha256").to_owned())
        });
        let stored: HashSet<_> = stored.collect();
        assert_eq!(stored.len(), items.len(), "{what}: stored twice");
        assert!(stored.is_subset(&sent), "{what}: never sent");
        assert!(acknowledged.is_subset(&stored), "{what}: lost");
        acknowledged.len()
    });
    let acknowledged: usize = join_all(functions).await.into_iter().sum();
    assert!(acknowledged > 0, "FAULT_SEED={seed}: none was acknowledged");
}
