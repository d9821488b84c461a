//! The log line with the only copy of a callback: at every level, within the size of a message.

use std::time::Duration;

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback::contract::parked::ParkedCallback;
use task_callback::handler::Handler;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{function, function_of, invoke_within};
use task_callback_test_support::log::Log;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::{TestQueue, parking};
use task_callback_test_support::request::{NOW, Request, SECRET, body, body_with, now};

use crate::secret::keyring_of;

const DENIED: Fault = Fault::Answer(400, "AccessDeniedException");
const DOWN: Fault = Fault::Answer(500, "InternalServerError");

/// Sends a request with a timeout of 1 s. Returns the `retCode`, the log line, and its message.
async fn sent(
    function: &Handler,
    request: &Request,
    level: &'static [(&str, &str)],
) -> (u64, Value, String) {
    let (log, _guard) = Log::start(level);
    let (event, second) = (request.http_api_event(), Duration::from_secs(1));
    let event = event.to_string();
    let answer = invoke_within(second, function, &event, "response-1", now()).await;
    let line = log.lines().pop().expect("a line");
    assert_eq!(line["level"], "ERROR", "{level:?}: {line}");
    assert_eq!(line["parked"], "in this line", "{level:?}: {line}");
    let message = line["parkedMessage"].as_str().expect("a text").to_owned();
    (answer.ret_code, line, message)
}

#[tokio::test]
async fn the_only_copy_is_logged_at_every_level_and_can_be_sent_to_the_queue() {
    let (queue, dead_letters) = (TestQueue::create().await, TestQueue::create().await);
    let secret = TestSecret::create("no credentials").await;
    let refusing = Proxy::start(moto::url(), &[DENIED]).await;
    let silent = Proxy::start(moto::url(), &[Fault::Silence]).await;
    let app = TestApp::embedded().await;
    let denied = Proxy::start(&app.engine_url, &[DENIED]).await;
    let down = Proxy::start(&app.engine_url, &[DOWN]).await;
    let both = |sqs: &Proxy| parking(&sqs.url, Some(&queue), Some(&dead_letters));
    let levels: [&[(&str, &str)]; 3] = [
        &[("AWS_LAMBDA_LOG_LEVEL", "OFF")],
        &[("AWS_LAMBDA_LOG_LEVEL", "FATAL")],
        &[("AWS_LAMBDA_LOG_LEVEL", "0")],
    ];
    let parkings = [
        (app.parking.clone(), "PARKED_QUEUE_URL is not set"),
        (both(&refusing), "SQS did not accept the message: "),
        (both(&silent), "SQS did not answer in time"),
    ];
    for (level, (parking, cause)) in levels.into_iter().zip(parkings) {
        let over = |url: &str| function(app.store_behind(local_aws(url)), parking.clone(), &[]);
        let (well, denied, down) = (over(&app.engine_url), over(&denied.url), over(&down.url));
        let keyring = keyring_of(&secret, moto::url());
        let without_credentials = function_of(keyring, app.store.clone(), parking.clone());
        let good = Request::new(body());
        let with_header = |name, value| good.clone().with_header(name, value);
        let status_9 = Request::new(body_with("/taskStatus", json!(9)));
        let requests = [
            (&well, 4001, Request::new("[]")),
            (&well, 4220, status_9),
            (&well, 4011, Request::at(NOW - 500_000, body())),
            (&well, 4010, with_header("requestID", "other")),
            (&well, 4010, with_header("algorithm", "SHA256")),
            (&denied, 5000, good.clone()),
            (&down, 5030, good.clone()),
            (&without_credentials, 5000, good.clone()),
        ];
        for (function, ret_code, request) in requests {
            let (answered, line, message) = sent(function, &request, level).await;
            assert_eq!(answered, ret_code, "{cause}");
            assert!(line["notParked"].to_string().contains(cause), "{line}");
            let parked = ParkedCallback::from_json(&message).expect("a callback");
            assert_eq!(parked.body, request.body, "{ret_code}, {cause}");
            assert!(queue.messages().await.is_empty(), "{ret_code}, {cause}");
            if ret_code >= 5000 {
                queue.send(&message).await;
                assert_eq!(queue.deliver(app.function(), now()).await, 0);
            }
        }
    }
    assert_eq!(app.items().await.len(), 1, "the good one");
}

/// SQS takes 262,144 bytes in a message, and CloudWatch as many in a line.
#[tokio::test]
async fn the_largest_callback_fits_into_a_message_and_into_a_line() {
    let limit = 163_840;
    // What API Gateway admits for all headers.
    let header_bytes = 10_240;
    let app = TestApp::embedded().await;
    let denied = Proxy::start(&app.engine_url, &[DENIED]).await;
    let store = app.store_behind(local_aws(&denied.url));
    let function = function(store, app.parking.clone(), &[("MAX_BODY_BYTES", "163840")]);
    let no_json = "x".repeat(limit);
    let long_task = body_with("/taskID", json!("\u{1}".repeat(2048))).to_string();
    let long_task = format!("{long_task}{}", " ".repeat(limit - long_task.len()));
    for (header, body, ret_code) in [
        ("requestID", &no_json, 4001),
        ("requestID", &long_task, 5000),
        ("algorithm", &no_json, 4010),
    ] {
        for text in ["\"", "\\", "a", "é", "中", "\u{ffff}", "\u{1f600}"] {
            let request = Request::new(body).with_header(header, "");
            let names = ["requestID", "uuid", "createTs", "sign"];
            let used: usize = names.iter().map(|name| request.header(name).len()).sum();
            let value = text.repeat((header_bytes - used) / text.len());
            let request = request
                .with_header(header, &value)
                .sign(Algorithm::Md5, SECRET);
            let (answered, line, message) = sent(&function, &request, &[]).await;
            assert_eq!(answered, ret_code, "{header} of {text}");
            for text in [&line.to_string(), &message] {
                assert!(text.len() < 262_144 - 100, "{header}: {}", text.len());
            }
            let message = ParkedCallback::from_json(&message).expect("a callback");
            assert_eq!(message.headers[header], value, "whole");
        }
    }
}
