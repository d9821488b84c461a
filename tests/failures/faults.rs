//! Every fault between the function and DynamoDB: once, always and at random, on the first call and on a warm call. An
//! acknowledged callback is stored exactly once. Any other callback gets an answer in time that tells the sender what
//! to do.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};
use task_callback::handler::Handler;

use crate::store_trouble::IN_TIME;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{Answer, invoke};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{NOW, Request, body, body_with, now};

const ACKNOWLEDGED: (u64, u64, &str) = (200, 0, "success");
const SEND_AGAIN: (u64, u64, &str) = (503, 5030, "not stored; send the callback again");
const OWN_FAULT: (u64, u64, &str) = (500, 5000, "internal error");

/// A fault, and the outcome of a callback that meets it on every attempt.
struct Case {
    what: &'static str,
    fault: Fault,
    answer: (u64, u64, &'static str),
    /// Whether the item is written nevertheless, and only the confirmation is lost.
    written: bool,
}

fn cases() -> Vec<Case> {
    let case = |what, fault, answer, written| Case {
        what,
        fault,
        answer,
        written,
    };
    let lost = |what, fault| case(what, fault, SEND_AGAIN, false);
    let written = |what, fault| case(what, fault, SEND_AGAIN, true);
    let refused = |what, code| case(what, Fault::Answer(400, code), OWN_FAULT, false);
    let slow = |millis| Fault::Slow(Duration::from_millis(millis));
    vec![
        lost(
            "an internal error",
            Fault::Answer(500, "InternalServerError"),
        ),
        lost("a gateway error", Fault::Answer(503, "ServiceUnavailable")),
        lost("throttling", Fault::Answer(400, "ThrottlingException")),
        lost(
            "throttling of the table",
            Fault::Answer(400, "ProvisionedThroughputExceededException"),
        ),
        lost(
            "a write conflict",
            Fault::Answer(400, "TransactionConflictException"),
        ),
        lost("a reset before the write", Fault::ResetBefore),
        written("a reset after the write", Fault::ResetAfter),
        lost(
            "a refused connection",
            Fault::Refuse(Duration::from_millis(300)),
        ),
        lost("no answer", Fault::Silence),
        case("a slow answer", slow(400), ACKNOWLEDGED, true),
        written("an answer that comes too late", slow(2_500)),
        written("an answer cut short", Fault::CutShort),
        lost("garbage with 200", Fault::Garbage),
        refused("access denied", "AccessDeniedException"),
        refused("a missing table", "ResourceNotFoundException"),
        refused("an invalid request", "ValidationException"),
        refused("credentials unknown to AWS", "UnrecognizedClientException"),
    ]
}

/// A function that meets faults while `faulty` is set.
struct Faulty {
    app: TestApp,
    function: Handler,
    faulty: Arc<AtomicBool>,
    _proxy: Proxy,
}

impl Faulty {
    async fn start(mut next: impl FnMut() -> Fault + Send + 'static) -> Self {
        let app = TestApp::embedded().await;
        let faulty = Arc::new(AtomicBool::new(false));
        let is_faulty = faulty.clone();
        let next = move || match is_faulty.load(Ordering::Relaxed) {
            true => next(),
            false => Fault::None,
        };
        let proxy = Proxy::with(&app.engine_url, next).await;
        let function = app.behind(local_aws(&proxy.url));
        Self {
            app,
            function,
            faulty,
            _proxy: proxy,
        }
    }

    fn set(&self, faulty: bool) {
        self.faulty.store(faulty, Ordering::Relaxed);
    }

    async fn send(&self, what: &str, request: &Request) -> Answer {
        static ID: AtomicU64 = AtomicU64::new(0);
        let id = format!("response-{}", ID.fetch_add(1, Ordering::Relaxed));
        let event = request.http_api_event().to_string();
        let started = Instant::now();
        let answer = invoke(&self.function, &event, &id, now()).await;
        let took = started.elapsed();
        assert!(took < IN_TIME, "{what}: answered after {took:?}");
        assert_eq!(answer.response_id, id, "{what}");
        answer
    }

    async fn assert_answer(
        &self,
        what: &str,
        request: &Request,
        (status, ret_code, ret_msg): (u64, u64, &str),
    ) {
        let answer = self.send(what, request).await;
        assert_eq!(
            (answer.status, answer.ret_code, &*answer.ret_msg),
            (status, ret_code, ret_msg),
            "{what}"
        );
    }

    async fn assert_stored(&self, what: &str, count: usize) {
        assert_eq!(self.app.items().await.len(), count, "{what}");
    }
}

/// The first call of a process, or a later call.
#[derive(Clone, Copy)]
enum Call {
    First,
    Warm,
}

const CALLS: [(Call, &str); 2] = [(Call::First, "first call"), (Call::Warm, "warm call")];

/// How often the fault occurs.
const ONCE: (usize, &str) = (1, "once");
const ALWAYS: (usize, &str) = (usize::MAX, "always");

/// Sends one callback that meets the fault this often. Then sends another callback and a resend of the first one.
async fn meets(case: &Case, times: (usize, &str), call: (Call, &str), answer: (u64, u64, &str)) {
    let what = format!("{}, {}, {}", case.what, times.1, call.1);
    let (fault, mut left) = (case.fault, times.0);
    let next = move || match left.checked_sub(1) {
        Some(rest) => {
            left = rest;
            fault
        }
        None => Fault::None,
    };
    let faulty = Faulty::start(next).await;
    let mut stored = 0;
    if let Call::Warm = call.0 {
        let before = Request::at(NOW - 10, body());
        faulty.assert_answer(&what, &before, ACKNOWLEDGED).await;
        stored += 1;
    }

    let request = Request::new(body());
    faulty.set(true);
    faulty.assert_answer(&what, &request, answer).await;
    faulty.set(false);
    let written = answer == ACKNOWLEDGED || case.written;
    faulty
        .assert_stored(&what, stored + usize::from(written))
        .await;

    let next = Request::at(NOW + 10, body());
    faulty.assert_answer(&what, &next, ACKNOWLEDGED).await;
    faulty
        .assert_answer(&what, &request.resent(), ACKNOWLEDGED)
        .await;
    faulty.assert_stored(&what, stored + 2).await;
}

/// Runs all cases concurrently, on the first call and on a warm call.
async fn meet_all(times: (usize, &str), answer: impl Fn(&Case) -> (u64, u64, &'static str)) {
    let cases = cases();
    let mut meetings = Vec::new();
    for call in CALLS {
        let meeting = |case| meets(case, times, call, answer(case));
        meetings.extend(cases.iter().map(meeting));
    }
    join_all(meetings).await;
}

#[tokio::test]
async fn a_temporary_fault_only_delays_a_callback() {
    meet_all(ONCE, |_| ACKNOWLEDGED).await;
}

#[tokio::test]
async fn a_permanent_fault_is_answered_in_time_and_the_next_callback_works() {
    meet_all(ALWAYS, |case| case.answer).await;
}

/// Sends a callback as a sender does, with retries while the answer is 5xx. Returns whether it was acknowledged.
async fn send_until_taken(faulty: &Faulty, what: &str, request: &Request) -> bool {
    for _ in 0..3 {
        let answer = faulty.send(what, request).await;
        match (answer.status, answer.ret_code) {
            (200, 0) => return true,
            (503, 5030) | (500, 5000) => {}
            other => panic!("{what}: {other:?} {answer:?}"),
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
        let mut faults = StdRng::seed_from_u64(random.random());
        let next = move || match faults.random_bool(0.4) {
            true => cases().choose(&mut faults).expect("there are some").fault,
            false => Fault::None,
        };
        let faulty = Faulty::start(next).await;
        faulty.set(true);
        let mut acknowledged = HashMap::new();
        let mut sent = HashMap::new();
        for callback in 0..12 {
            let what = format!("FAULT_SEED={seed}, function {function}, callback {callback}");
            // Some reports share a second.
            let second = NOW + random.random_range(0..8);
            let body = body_with("/taskStat/totalCall", callback.into()).to_string();
            let digest: [u8; 32] = Sha256::digest(&body).into();
            sent.insert(digest, second);
            if send_until_taken(&faulty, &what, &Request::at(second, body)).await {
                acknowledged.insert(digest, second);
            }
        }
        let mut stored = HashMap::new();
        for snapshot in faulty.app.snapshots().await {
            let digest = snapshot.body_sha256;
            let what = format!("FAULT_SEED={seed}, function {function}: {snapshot:?}");
            assert_eq!(
                sent.get(&digest),
                Some(&snapshot.create_ts.seconds),
                "{what} was never sent"
            );
            let twice = stored.insert(digest, snapshot.create_ts.seconds);
            assert_eq!(twice, None, "{what} is stored twice");
        }
        for (digest, second) in &acknowledged {
            let what = format!("FAULT_SEED={seed}, function {function}, second {second}: lost");
            assert_eq!(stored.get(digest), Some(second), "{what}");
        }
        acknowledged.len()
    });
    let acknowledged: usize = join_all(functions).await.into_iter().sum();
    assert!(acknowledged > 0, "FAULT_SEED={seed}: none was acknowledged");
}
