//! The credentials in Secrets Manager: rotation, floods, and secrets that cannot be read.

use std::time::{Duration, Instant};

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

/// The credentials in a secret, read through the proxy at this URL.
pub(crate) fn keyring_of(proxy: &Proxy, secret: &TestSecret) -> Keyring {
    let client = local_aws(&proxy.url).secrets_manager();
    Keyring::of_secret(Secret::new(client, &secret.id))
}

/// Waits until a condition holds, which other tasks bring about.
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
        let app = TestApp::embedded().await;
        let secret = TestSecret::create(&credentials(keys)).await;
        let proxy = Proxy::start(moto::url(), faults).await;
        let keyring = keyring_of(&proxy, &secret);
        keyring.current(now()).await;
        let endpoint = app.verifying_with(keyring);
        Self {
            app,
            endpoint,
            proxy,
            secret,
        }
    }

    /// Sends a callback that is signed with `key`, this many seconds after the start. Returns the `retCode`.
    async fn send(&self, second: u64, key: &str) -> u64 {
        let text = body().to_string();
        let request = Request::signed(text.as_bytes(), NOW + second, Algorithm::Md5, key);
        let event = request.http_api_event().to_string();
        let (id, time) = (format!("response-{second}"), Duration::from_secs(second));
        let answer = invoke(&self.endpoint, &event, &id, now() + time).await;
        answer.ret_code
    }
}

/// Lambda freezes the process after an answer, so the answer waits briefly for the read.
#[tokio::test]
async fn the_secret_is_kept_for_five_minutes_and_then_read_again_in_the_background() {
    let function = Function::start(&[OLD], &[Fault::None, Fault::Silence]).await;
    for second in [0, 10, 299] {
        assert_eq!(function.send(second, OLD).await, 0, "after {second} s");
    }
    assert_eq!(function.proxy.requests(), 1, "read once, at the start");

    let (log, _guard) = Log::start(&[]);
    let started = Instant::now();
    assert_eq!(function.send(301, OLD).await, 0, "with the old value");
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(200), "{took:?}");
    let text = log.text();
    assert!(!text.contains("not read"), "answered first: {text}");
    until(|| function.proxy.requests() == 2).await;
}

#[tokio::test]
async fn a_rotation_under_traffic_rejects_no_callback() {
    let function = Function::start(&[OLD], &[Fault::None]).await;
    // The rotation of docs/operations.md: add the new secret, switch the platform to it, remove the old secret.
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

    // The old secret is still valid. It becomes invalid with the next read, five minutes later.
    let mut later = second + 301;
    while function.send(later, OLD).await == 0 {
        assert!(later < second + 601, "the old secret is still valid");
        later += 1;
    }
    assert_eq!(function.send(later, NEW).await, 0, "the new secret");
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
    let not_a_list = good.replace(['[', ']'], "");
    let empty = credentials(&[""]);
    let unreadable = "could not be read from Secrets Manager";
    let malformed = "does not hold credentials";
    let cases = [
        ("denied", vec![DENIED], &*good, "AccessDeniedException"),
        ("fails", vec![FAILED; 3], &good, "InternalServiceError"),
        ("hangs", vec![Fault::Silence; 3], &good, unreadable),
        ("no JSON", vec![], NEW, malformed),
        ("one credential, no list", vec![], &not_a_list, malformed),
        ("an empty list", vec![], "[]", malformed),
        ("an empty secret key", vec![], &empty, malformed),
    ];
    for (what, faults, value, reason) in cases {
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
        assert!(logged.contains(reason), "{what}: {logged}");
        assert!(!log.text().contains(NEW), "{what}: {}", log.text());
        function.secret.put(&good).await;
        assert_eq!(function.send(40, NEW).await, 0, "{what}: mended");
    }
}

/// Lambda may have frozen the process in between, so the failure says nothing about the secret.
#[tokio::test]
async fn a_read_that_fails_after_its_answer_is_tried_again_before_it_is_logged() {
    // The silence is longer than an answer waits.
    let once = vec![Fault::None, Fault::Silence, DENIED, Fault::None];
    let always = vec![Fault::None, Fault::Silence, DENIED];
    for (faults, message) in [(once, "credentials read"), (always, "credentials not read")] {
        let function = Function::start(&[OLD], &faults).await;
        function.secret.put(&credentials(&[OLD, NEW])).await;
        let (log, _guard) = Log::start(&[]);
        let started = Instant::now();
        while !log.text().contains("credentials") {
            assert_eq!(function.send(301, OLD).await, 0, "{message}");
            assert!(started.elapsed() < Duration::from_secs(60), "{message}");
        }
        let mut lines = log.lines();
        lines.retain(|line| line["message"] != "callback");
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert_eq!(lines[0]["message"], message);
        assert_eq!(function.proxy.requests(), 4, "{message}");
    }
}

#[tokio::test]
async fn a_wrong_signature_right_after_a_wait_for_credentials_does_not_cause_another_read() {
    let function = Function::start(&[OLD], &[&[FAILED; 4][..], &[Fault::None]].concat()).await;
    assert_eq!(function.send(0, "a-guess").await, 4010);
    // Three attempts at the start, and then two, of which the second succeeds.
    assert_eq!(function.proxy.requests(), 5);
}
