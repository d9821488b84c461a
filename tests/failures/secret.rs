//! The credentials in Secrets Manager: rotation, floods, and secrets that cannot be read.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use task_callback::contract::account::Algorithm;
use task_callback::credentials::{Keyring, Secret};
use task_callback::handler::Handler;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{NOW, Request, UUID, body, now};

use crate::faulty::IN_TIME;

const OLD: &str = "the-old-secret";
const NEW: &str = "the-new-secret";

const DENIED: Fault = Fault::Answer(400, "AccessDeniedException");
const FAILED: Fault = Fault::Answer(500, "InternalServiceError");

/// The value of a secret that holds these secret keys of the tests' account.
pub(crate) fn credentials(keys: &[&str]) -> String {
    let list = keys
        .iter()
        .map(|key| json!({"uuid": UUID, "secretKey": key}));
    serde_json::Value::from_iter(list).to_string()
}

/// The credentials in a secret, read from the Secrets Manager at this URL.
pub(crate) fn keyring_of(secret: &TestSecret, url: &str) -> Keyring {
    let client = local_aws(url).secrets_manager();
    Keyring::of_secret(Secret::new(client, &secret.id))
}

/// Waits until other tasks make a condition true.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let holds = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), holds).await;
    waited.expect("the condition holds within a minute");
}

/// A function with its credentials in a secret, accessed through a proxy that counts the requests.
struct Function {
    app: TestApp,
    endpoint: Handler,
    proxy: Proxy,
    secret: TestSecret,
}

impl Function {
    /// Starts the function as `main` does, with these keys in the secret.
    async fn start(keys: &[&str], faults: &[Fault]) -> Self {
        let secret = TestSecret::create(&credentials(keys)).await;
        Self::over(secret, faults).await
    }

    async fn over(secret: TestSecret, faults: &[Fault]) -> Self {
        let app = TestApp::embedded().await;
        let proxy = Proxy::start(moto::url(), faults).await;
        let keyring = keyring_of(&secret, &proxy.url);
        keyring.current(now()).await;
        let endpoint = app.verifying_with(keyring);
        Self {
            app,
            endpoint,
            proxy,
            secret,
        }
    }

    /// The `retCode` of a callback that is signed with `key`, this many seconds after the start.
    async fn send(&self, second: u64, key: &str) -> u64 {
        let request = Request::at(NOW + second, body()).sign(Algorithm::Md5, key);
        let event = request.http_api_event().to_string();
        let (id, time) = (format!("response-{second}"), Duration::from_secs(second));
        let answer = invoke(&self.endpoint, &event, &id, now() + time).await;
        answer.ret_code
    }
}

#[tokio::test]
async fn the_secret_is_read_again_after_five_minutes_which_delays_a_callback_by_200_ms_at_most() {
    let faults = [Fault::None, Fault::Silence, Fault::Silence, Fault::None];
    let function = Function::start(&[OLD], &faults).await;
    let (log, _guard) = Log::start(&[]);
    // The second of a callback, whether it waits for a silent read, and the reads so far.
    let cases = [
        (0, false, 1, "just read"),
        (299, false, 1, "not yet five minutes old"),
        (300, true, 2, "five minutes old"),
        (309, false, 2, "tried nine seconds ago"),
        (311, true, 3, "tried eleven seconds ago"),
        (322, false, 4, "read"),
        (621, false, 4, "not yet five minutes old"),
        (623, false, 5, "read again"),
    ];
    for (second, waits, reads, what) in cases {
        let (before, started) = (log.lines().len(), Instant::now());
        assert_eq!(function.send(second, OLD).await, 0, "{what}");
        let took = started.elapsed();
        let has_waited = took >= Duration::from_millis(200);
        assert!(has_waited || !waits, "{what}: {took:?}");
        // A read without the limit of a refresh takes longer.
        assert!(took < Duration::from_millis(700), "{what}: {took:?}");
        assert_eq!(function.proxy.requests(), reads, "{what}");
        let line = &log.lines()[before];
        let is_logged = line["message"] == "credentials not read";
        assert_eq!(is_logged, waits, "{what}: {line}");
    }
}

/// Otherwise, a Secrets Manager that is always too slow for a refresh would withhold a new secret.
#[tokio::test]
async fn a_refresh_that_takes_too_long_does_not_postpone_the_read_for_a_wrong_signature() {
    let slow = Fault::Slow(Duration::from_millis(400));
    let function = Function::start(&[OLD], &[Fault::None, slow]).await;
    function.secret.put(&credentials(&[NEW])).await;
    assert_eq!(function.send(400, NEW).await, 0);
    assert_eq!(function.proxy.requests(), 3, "at the start, and twice now");
    assert_eq!(function.send(401, "a-guess").await, 4010);
    assert_eq!(function.proxy.requests(), 3, "just read");
}

#[tokio::test]
async fn a_rotation_under_traffic_rejects_no_callback() {
    let function = Function::start(&[OLD], &[Fault::None]).await;
    // As in docs/operations.md: add the new secret, switch the platform, remove the old secret.
    let phases: [(&[&str], _, _); 4] = [
        (&[OLD], OLD, "before"),
        (&[OLD, NEW], OLD, "the new secret is added"),
        (&[OLD, NEW], NEW, "the platform signs with it"),
        (&[NEW], NEW, "the old secret is gone"),
    ];
    let mut second = 0;
    for (keys, key, phase) in phases {
        function.secret.put(&credentials(keys)).await;
        for _ in 0..30 {
            second += 5;
            let answer = function.send(second, key).await;
            assert_eq!(answer, 0, "{phase}, {second} s in");
        }
    }
    assert_eq!(function.app.items().await.len(), 4 * 30);
    let answer = function.send(second + 301, OLD).await;
    assert_eq!(answer, 4010, "the old secret, once it is read again");
}

#[tokio::test]
async fn a_hard_rotation_takes_effect_at_the_latest_ten_seconds_after_the_last_read() {
    let newest = "the-newest-secret";
    let function = Function::start(&[OLD], &[Fault::None, FAILED, Fault::None]).await;
    function.secret.put(&credentials(&[NEW])).await;
    let answer = function.send(20, NEW).await;
    assert_eq!(answer, 0, "read at once, with a retry");
    assert_eq!(function.send(21, OLD).await, 4010, "no longer valid");
    function.secret.put(&credentials(&[newest])).await;
    assert_eq!(function.send(22, newest).await, 4010, "not so soon");
    assert_eq!(function.send(31, newest).await, 0);
    assert_eq!(function.proxy.requests(), 4);
}

#[tokio::test]
async fn a_flood_of_forgeries_does_not_cause_a_flood_of_reads() {
    let function = Function::start(&[OLD], &[Fault::None]).await;
    for count in 0..200 {
        let second = 20 + count / 20;
        assert_eq!(function.send(second, "a-guess").await, 4010);
    }
    let reads = function.proxy.requests();
    assert_eq!(reads, 2, "at start, and once in these ten seconds");
    function.send(31, "a-guess").await;
    assert_eq!(function.proxy.requests(), 3, "and once in the next ten");
    assert!(function.app.items().await.is_empty());
    assert_eq!(function.send(32, OLD).await, 0, "a genuine callback");
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_leaves_the_last_good_one_in_use() {
    let good = credentials(&[NEW]);
    let dots = credentials(&["..."]);
    let pasted = good.replace(UUID, &format!("{UUID}\u{a0}"));
    let unreadable = [
        (vec![DENIED], &*good, "AccessDeniedException"),
        (vec![FAILED; 3], &good, "InternalServiceError"),
        (vec![Fault::Silence; 3], &good, "could not be read from"),
    ];
    let unusable = [
        (NEW, "it is not a JSON array"),
        ("[]", "it holds no credentials"),
        (&dots, "credential 1: secretKey is a placeholder"),
        (&pasted, "credential 1: uuid begins or ends with"),
    ];
    let unusable = unusable.map(|(value, problem)| (vec![], value, problem));
    for (faults, value, what) in unreadable.into_iter().chain(unusable) {
        let faults = [vec![Fault::None], faults, vec![Fault::None]].concat();
        let function = Function::start(&[OLD], &faults).await;
        function.secret.put(value).await;
        let (log, _guard) = Log::start(&[]);
        let started = Instant::now();
        assert_eq!(function.send(20, NEW).await, 4010, "{what}");
        assert!(started.elapsed() < IN_TIME, "{what}");
        assert_eq!(function.send(21, OLD).await, 0, "{what}");
        let line = log.lines().remove(0);
        assert_eq!(line["message"], "credentials not read", "{what}");
        assert_eq!(line["lastGoodInUse"], true, "{what}");
        let logged = line["reason"].as_str().expect("a reason");
        assert!(logged.contains(&function.secret.id), "{what}: {logged}");
        assert!(logged.contains(what), "{what}: {logged}");
        assert!(!log.text().contains(NEW), "{what}: {}", log.text());
        function.secret.put(&good).await;
        assert_eq!(function.send(40, NEW).await, 0, "{what}: fixed");
    }
}

#[tokio::test]
async fn a_secret_may_be_binary_and_begin_with_a_byte_order_mark() {
    let text = credentials(&[NEW]);
    let marked = |marks: &str| format!("{marks}{text}").into_bytes();
    let with_accent = text.replace("new", "n\u{e9}w");
    let latin_1 = with_accent.chars().map(|char| char as u8);
    let utf_16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    let values = [
        ("UTF-8", marked(""), 0),
        ("a byte order mark", marked("\u{feff}"), 0),
        ("two byte order marks", marked("\u{feff}\u{feff}"), 5000),
        ("UTF-16", utf_16.collect(), 5000),
        ("Latin-1", latin_1.collect(), 5000),
    ];
    let (log, _guard) = Log::start(&[]);
    let reads = values.map(async |(what, value, ret_code)| {
        let secret = TestSecret::create("replaced").await;
        secret.put_binary(&value).await;
        let function = Function::over(secret, &[Fault::None]).await;
        assert_eq!(function.send(1, NEW).await, ret_code, "{what}");
    });
    join_all(reads).await;
    let text = log.text();
    assert!(text.contains("credentials: it is not UTF-8"), "{text}");
    assert!(!text.contains("secretKey"), "{text}");
}

#[tokio::test]
async fn a_wrong_signature_right_after_a_wait_for_credentials_does_not_cause_another_read() {
    let function = Function::start(&[OLD], &[&[FAILED; 4][..], &[Fault::None]].concat()).await;
    assert_eq!(function.send(0, "a-guess").await, 4010);
    // Three attempts at the start, and then two, of which the second succeeds.
    assert_eq!(function.proxy.requests(), 5);
}
