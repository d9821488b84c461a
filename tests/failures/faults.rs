//! Every fault between the function and DynamoDB: once, always and at random, on the first call and on a warm call. An
//! acknowledged callback is stored exactly once. Any other callback gets an answer in time that tells the sender what
//! to do.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};

use crate::faulty::Faulty;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{NOW, Request, body, body_with};

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

/// A function that meets faults while the switch is on.
async fn start(
    what: String,
    mut next: impl FnMut() -> Fault + Send + 'static,
) -> (Faulty, Arc<AtomicBool>) {
    let app = TestApp::embedded().await;
    let switch = Arc::new(AtomicBool::new(false));
    let is_on = switch.clone();
    let next = move || match is_on.load(Ordering::Relaxed) {
        true => next(),
        false => Fault::None,
    };
    let proxy = Proxy::with(&app.engine_url, next).await;
    (Faulty::of(what, app, proxy), switch)
}

async fn assert_outcome(faulty: &Faulty, request: &Request, outcome: Outcome) {
    let (what, before) = (&faulty.what, faulty.app.items().await.len());
    let answer = faulty.send(request).await;
    let said = (answer.status, answer.ret_code, &*answer.ret_msg);
    let written = faulty.app.items().await.len() - before;
    assert_eq!((said, written), outcome, "{what}");
}

/// Sends one callback that meets the fault this often. Then sends another callback and a resend of the first one.
async fn meet(fault: Fault, times: usize, is_warm: bool, outcome: Outcome) {
    let what = format!("{fault:?} {times} times, on a warm call: {is_warm}");
    let mut faults = std::iter::repeat_n(fault, times);
    let (faulty, switch) = start(what, move || faults.next().unwrap_or(Fault::None)).await;
    if is_warm {
        assert_outcome(&faulty, &Request::at(NOW - 10, body()), STORED).await;
    }
    let request = Request::new(body());
    switch.store(true, Ordering::Relaxed);
    assert_outcome(&faulty, &request, outcome).await;
    switch.store(false, Ordering::Relaxed);
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

/// Sends a callback as a sender does, with retries while the answer is 5xx. Returns whether it was acknowledged.
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
        Err(_) => {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.expect("after 1970").as_nanos() as u64
        }
    };
    let functions = (0..6).map(async |function| {
        let mut random = StdRng::seed_from_u64(seed + function);
        let mut choice = StdRng::seed_from_u64(random.random());
        let next = move || match choice.random_bool(0.4) {
            true => faults().choose(&mut choice).expect("there are some").0,
            false => Fault::None,
        };
        let what = format!("FAULT_SEED={seed}, function {function}");
        let (faulty, switch) = start(what, next).await;
        switch.store(true, Ordering::Relaxed);
        let (what, mut sent, mut acknowledged) = (&faulty.what, HashMap::new(), Vec::new());
        for callback in 0..12 {
            // Some reports share a second.
            let second = NOW + random.random_range(0..8);
            let body = body_with("/taskStat/totalCall", callback.into()).to_string();
            let digest: [u8; 32] = Sha256::digest(&body).into();
            sent.insert(digest, second);
            if send_until_taken(&faulty, &Request::at(second, body)).await {
                acknowledged.push(digest);
            }
        }
        let mut stored = HashMap::new();
        for snapshot in faulty.app.snapshots().await {
            let (digest, second) = (snapshot.body_sha256, snapshot.create_ts.seconds);
            assert_eq!(
                sent.get(&digest),
                Some(&second),
                "{what}: never sent: {snapshot:?}"
            );
            assert_eq!(
                stored.insert(digest, second),
                None,
                "{what}: stored twice: {snapshot:?}"
            );
        }
        for digest in &acknowledged {
            assert!(
                stored.contains_key(digest),
                "{what}: second {} is lost",
                sent[digest]
            );
        }
        acknowledged.len()
    });
    let acknowledged: usize = join_all(functions).await.into_iter().sum();
    assert!(acknowledged > 0, "FAULT_SEED={seed}: none was acknowledged");
}
