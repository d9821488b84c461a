//! The credentials in Secrets Manager: rotation, floods, and secrets that cannot be read.

use std::time::{Duration, SystemTime};

use crate::store_trouble::IN_TIME;
use serde_json::json;
use task_callback::contract::account::Algorithm;
use task_callback::credentials::Keyring;
use task_callback::credentials::Secret;
use task_callback::handler::Handler;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{NOW, Request, UUID, body, now};

const OLD: &str = "the-old-secret";
const NEW: &str = "the-new-secret";

fn credentials(secrets: &[&str]) -> String {
    let list = secrets
        .iter()
        .map(|secret| json!({"uuid": UUID, "secretKey": secret}));
    serde_json::Value::from_iter(list).to_string()
}

/// A function with its credentials in a secret, accessed through a proxy that counts the requests.
struct Function {
    app: TestApp,
    endpoint: Handler,
    proxy: Proxy,
    secret: TestSecret,
}

impl Function {
    /// Starts the function as `main` does, with this value in the secret.
    async fn start(value: &str, faults: &[Fault]) -> Self {
        let app = TestApp::embedded().await;
        let secret = TestSecret::create(value).await;
        let proxy = Proxy::start(moto::url(), faults).await;
        let client = local_aws(&proxy.url).secrets_manager();
        let keyring = Keyring::of_secret(Secret::new(client, &secret.id));
        keyring.current(now()).await;
        let endpoint = app.verifying_with(keyring);
        Self {
            app,
            endpoint,
            proxy,
            secret,
        }
    }

    /// Sends a callback signed with `secret`, this many seconds after the start. Returns the `retCode`.
    async fn send(&self, second: u64, secret: &str) -> u64 {
        let text = body().to_string();
        let create_ts = NOW + second;
        let request = Request::signed(text.as_bytes(), create_ts, Algorithm::Md5, secret);
        let event = request.http_api_event().to_string();
        let id = format!("response-{second}");
        invoke(&self.endpoint, &event, &id, at(second))
            .await
            .ret_code
    }
}

fn at(second: u64) -> SystemTime {
    now() + Duration::from_secs(second)
}

#[tokio::test]
async fn the_secret_is_read_once_at_start_and_then_kept() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None]).await;
    for second in [0, 10, 100, 299] {
        assert_eq!(function.send(second, OLD).await, 0, "after {second} s");
    }
    assert_eq!(function.proxy.requests(), 1);
}

#[tokio::test]
async fn a_secret_older_than_five_minutes_is_read_again_in_the_background() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None, Fault::Silence]).await;
    let (log, _guard) = Log::start(&[]);
    assert_eq!(function.send(301, OLD).await, 0, "with the old value");
    let text = log.text();
    assert!(!text.contains("not read"), "answered first: {text}");
    let reading = async {
        while function.proxy.requests() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let reading = tokio::time::timeout(Duration::from_secs(60), reading).await;
    reading.expect("the secret is read again");
}

#[tokio::test]
async fn a_rotation_under_traffic_rejects_no_callback() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None]).await;
    let mut second = 0;
    let mut stored = 0;
    // The rotation of docs/operations.md: add the new secret, switch the platform to it, remove the old secret.
    let phases = [
        (credentials(&[OLD]), OLD, "before"),
        (credentials(&[OLD, NEW]), OLD, "the new secret is added"),
        (credentials(&[OLD, NEW]), NEW, "the platform signs with it"),
        (credentials(&[NEW]), NEW, "the old secret is gone"),
    ];
    for (value, secret, phase) in phases {
        function.secret.put(&value).await;
        for _ in 0..30 {
            second += 5;
            assert_eq!(
                function.send(second, secret).await,
                0,
                "{phase}, {second} s in"
            );
            stored += 1;
        }
    }
    assert_eq!(function.app.items().await.len(), stored);

    // The old secret is still valid. It becomes invalid with the next read, five minutes later.
    let mut later = second + 301;
    while function.send(later, OLD).await == 0 {
        assert!(later < second + 601, "the old secret is still valid");
        later += 1;
    }
    assert_eq!(function.send(later, NEW).await, 0, "the new secret");
}

#[tokio::test]
async fn a_hard_rotation_takes_effect_with_the_first_callback_after_it() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None]).await;
    assert_eq!(function.send(1, OLD).await, 0);
    function.secret.put(&credentials(&[NEW])).await;
    assert_eq!(function.send(20, NEW).await, 0, "read at once");
    assert_eq!(function.proxy.requests(), 2);
    assert_eq!(
        function.send(21, OLD).await,
        4010,
        "the old secret is no longer valid"
    );
}

#[tokio::test]
async fn a_flood_of_forgeries_does_not_cause_a_flood_of_reads() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None]).await;
    for count in 0..200 {
        let second = 20 + count / 20;
        assert_eq!(function.send(second, "a-guess").await, 4010);
    }
    assert_eq!(
        function.proxy.requests(),
        2,
        "at start, and once in these ten seconds"
    );
    function.send(31, "a-guess").await;
    assert_eq!(function.proxy.requests(), 3, "and once in the next ten");
    assert!(function.app.items().await.is_empty());
    assert_eq!(
        function.send(32, OLD).await,
        0,
        "a genuine callback gets through"
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_leaves_the_last_good_one_in_use() {
    let denied = Fault::Answer(400, "AccessDeniedException");
    let function = Function::start(&credentials(&[OLD]), &[Fault::None, denied]).await;
    let (log, _guard) = Log::start(&[]);
    assert_eq!(function.send(20, "a-guess").await, 4010);
    assert_eq!(function.send(21, OLD).await, 0);
    let lines = log.lines();
    assert_eq!(lines[0]["message"], "credentials not read");
    assert_eq!(lines[0]["lastGoodInUse"], true);
    let reason = lines[0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains(&function.secret.id) && reason.contains("AccessDenied"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_secret_that_is_malformed_or_empty_leaves_the_last_good_one_in_use() {
    let values = [
        ("no JSON", NEW.to_owned()),
        (
            "one credential, not a list",
            credentials(&[NEW]).replace(['[', ']'], ""),
        ),
        ("an empty list", "[]".to_owned()),
        ("an empty secret key", credentials(&[""])),
    ];
    for (what, value) in values {
        let function = Function::start(&credentials(&[OLD]), &[Fault::None]).await;
        function.secret.put(&value).await;
        let (log, _guard) = Log::start(&[]);
        assert_eq!(function.send(20, NEW).await, 4010, "{what}");
        assert_eq!(function.send(21, OLD).await, 0, "{what}");
        let text = log.text();
        assert!(text.contains("does not hold credentials"), "{what}: {text}");
        assert!(!text.contains(NEW), "{what}: {text}");
        function.secret.put(&credentials(&[NEW])).await;
        assert_eq!(function.send(40, NEW).await, 0, "{what}: mended");
    }
}

#[tokio::test]
async fn until_the_first_success_the_secret_is_read_every_second() {
    let function = Function::start("not written yet", &[Fault::None]).await;
    let other = Function::start("not written yet", &[Fault::None]).await;
    let (in_vain, answer) = tokio::join!(function.send(0, OLD), async {
        let waiting = async {
            while other.proxy.requests() < 3 {
                tokio::task::yield_now().await;
            }
            other.secret.put(&credentials(&[OLD])).await;
        };
        let (answer, ()) = tokio::join!(other.send(0, OLD), waiting);
        answer
    });
    assert_eq!(in_vain, 5000);
    let readings = function.proxy.requests();
    assert!((5..=9).contains(&readings), "{readings} in 8 s");
    assert!(function.app.items().await.is_empty());
    assert_eq!(answer, 0, "written while the callback waits");
}

#[tokio::test]
async fn a_rotation_just_after_a_read_takes_effect_ten_seconds_later() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None]).await;
    assert_eq!(
        function.send(20, "a-guess").await,
        4010,
        "which reads the secret"
    );
    function.secret.put(&credentials(&[NEW])).await;
    assert_eq!(function.send(21, NEW).await, 4010, "not read again so soon");
    assert_eq!(function.send(31, NEW).await, 0);
}

#[tokio::test]
async fn every_answer_waits_briefly_for_a_background_read() {
    let slower_than_the_store = Fault::Slow(Duration::from_millis(100));
    for (what, create_ts, ret_code) in [("stored", NOW, 0), ("too old", NOW - 300_000, 4011)] {
        let text = body().to_string();
        let request = Request::signed(text.as_bytes(), create_ts, Algorithm::Md5, OLD);
        let event = request.http_api_event().to_string();
        // A busy machine may need longer than the grace period.
        let mut has_waited = false;
        for _ in 0..20 {
            let faults = [Fault::None, slower_than_the_store];
            let function = Function::start(&credentials(&[OLD]), &faults).await;
            function.secret.put(&credentials(&[NEW])).await;
            let (log, _guard) = Log::start(&[]);
            let answer = invoke(&function.endpoint, &event, "response-1", at(301)).await;
            assert_eq!(answer.ret_code, ret_code, "{what}: with the old value");
            if log.text().contains("credentials read") {
                has_waited = true;
                break;
            }
        }
        assert!(has_waited, "{what}");
    }
}

#[tokio::test]
async fn a_read_that_lambda_froze_is_not_a_failure_and_is_retried() {
    let faults = [Fault::None, Fault::Silence, Fault::None];
    let function = Function::start(&credentials(&[OLD]), &faults).await;
    let (log, _guard) = Log::start(&[]);
    assert_eq!(function.send(301, OLD).await, 0);
    // The process is frozen between two invocations, for longer than the 2.5 s that a read may take.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(function.send(304, OLD).await, 0);
    assert_eq!(function.send(305, OLD).await, 0);
    assert_eq!(function.proxy.requests(), 3, "tried again");
    assert!(!log.text().contains("not read"), "{}", log.text());
}

#[tokio::test]
async fn a_hanging_background_read_is_logged_by_the_second_callback_at_the_latest() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None, Fault::Silence]).await;
    let (log, _guard) = Log::start(&[]);
    assert_eq!(function.send(301, OLD).await, 0);
    std::thread::sleep(Duration::from_secs(3));
    for second in [304, 305] {
        assert_eq!(function.send(second, OLD).await, 0);
    }
    let lines = log.lines();
    let not_read = lines
        .iter()
        .filter(|line| line["message"] == "credentials not read");
    assert_eq!(not_read.count(), 1, "{lines:#?}");
}

#[tokio::test]
async fn a_secrets_manager_failure_is_retried_and_logged() {
    let fault = Fault::Answer(500, "InternalServiceError");
    let function = Function::start(&credentials(&[OLD]), &[Fault::None, fault, Fault::None]).await;
    function.secret.put(&credentials(&[NEW])).await;
    assert_eq!(function.send(20, NEW).await, 0, "trouble that passes");

    let function = Function::start(&credentials(&[OLD]), &[Fault::None, fault]).await;
    let (log, _guard) = Log::start(&[]);
    assert_eq!(function.send(20, NEW).await, 4010, "trouble that stays");
    assert!(
        log.text().contains("InternalServiceError"),
        "{}",
        log.text()
    );
}

#[tokio::test]
async fn a_hanging_read_leaves_time_to_answer_and_to_store() {
    let function = Function::start(&credentials(&[OLD]), &[Fault::None, Fault::Silence]).await;
    let started = std::time::Instant::now();
    assert_eq!(function.send(20, "a-guess").await, 4010);
    assert!(
        started.elapsed() < IN_TIME,
        "answered after {:?}",
        started.elapsed()
    );
    assert_eq!(function.send(21, OLD).await, 0);
}

#[tokio::test]
async fn a_wrong_signature_right_after_a_wait_for_credentials_does_not_cause_another_read() {
    let failing = vec![Fault::Answer(500, "InternalServiceError"); 4];
    let faults = [failing, vec![Fault::None]].concat();
    let function = Function::start(&credentials(&[OLD]), &faults).await;
    assert_eq!(function.send(0, "a-guess").await, 4010);
    // Three attempts at the start, and then two, of which the second succeeds.
    assert_eq!(function.proxy.requests(), 5);
}
