//! `callbot parked`: the messages of both queues are listed and stay there.

mod dead_letters;

use std::process::Command;
use std::time::SystemTime;

use aws_sdk_sqs::types::QueueAttributeName;
use local_stack::{Fault, Proxy};
use serde_json::{Value, json};
use task_callback::contract::parked::ParkedCallback;
use task_callback_test_support::moto;
use task_callback_test_support::queue::TestQueue;

use crate::runner::{callbot, ends, succeed};

/// The value of the header `sign`, which nothing may print.
const SIGN: &str = "5D41402ABC4B2A76B9719D911017C592";
/// Sorted before each callback.
const NO_CALLBACK: &str = r#"{"hello": "world"}"#;

/// The message of a callback of this task.
fn callback(task_id: &str) -> String {
    refused(task_id, 5030)
}

/// The message of a callback that was refused with this retCode.
fn refused(task_id: &str, ret_code: u16) -> String {
    let headers = [("requestID", "req-1"), ("uuid", "account"), ("sign", SIGN)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parked = ParkedCallback {
        received_at: SystemTime::now().into(),
        response_id: "resp-1".to_owned(),
        ret_code,
        reason: "DynamoDB did not answer in time".to_owned(),
        headers: headers.into(),
        body: json!({"taskID": task_id}).to_string().into_bytes(),
    };
    parked.into_json()
}

/// The messages of this many callbacks, sorted.
fn callbacks(count: usize) -> Vec<String> {
    let mut texts: Vec<String> = (0..count)
        .map(|task| callback(&format!("t-{task}")))
        .collect();
    texts.sort();
    texts
}

/// A parked queue and its dead-letter queue, for one test.
struct Queues {
    parked: TestQueue,
    dead_letters: TestQueue,
}

impl Queues {
    /// The queues with these messages.
    async fn with(waiting: &[String], dead: &[String]) -> Self {
        let at_once = QueueAttributeName::VisibilityTimeout;
        let dead_letters = TestQueue::with("dead", at_once, "0").await;
        let name = dead_letters.url.rsplit('/').next().expect("a name");
        let arn = format!("arn:aws:sqs:us-east-1:123456789012:{name}");
        let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 100}).to_string();
        let parked = TestQueue::with("parked", QueueAttributeName::RedrivePolicy, &policy).await;
        for (queue, texts) in [(&parked, waiting), (&dead_letters, dead)] {
            for text in texts {
                queue.send(text).await;
            }
        }
        Self {
            parked,
            dead_letters,
        }
    }

    /// The texts of the visible messages, sorted. The messages stay hidden afterwards.
    async fn received(queue: &TestQueue) -> Vec<String> {
        let mut texts = Vec::new();
        loop {
            let receive = queue.client.receive_message().queue_url(&queue.url);
            let receive = receive.max_number_of_messages(10).visibility_timeout(600);
            let messages = receive.send().await.expect("an answer").messages;
            let messages = messages.unwrap_or_default();
            if messages.is_empty() {
                texts.sort();
                return texts;
            }
            texts.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }

    /// The tool's command over moto, or over a proxy to it.
    fn command(&self, url: &str, arguments: &[&str]) -> Command {
        let queue = ["parked", "--queue", &self.parked.url, "--endpoint-url", url];
        callbot(&[&queue[..], arguments].concat())
    }

    fn list(&self) -> Value {
        let text = succeed(&mut self.command(moto::url(), &["--json"]));
        serde_json::from_str(&text).expect("JSON")
    }
}

/// A proxy that refuses each request that contains both words, except for the first one.
async fn refuse_the_second(words: [&'static str; 2]) -> Proxy {
    let mut first = true;
    let proxy = Proxy::start(moto::url(), move |request| {
        let request = String::from_utf8_lossy(request);
        let meant = words.iter().all(|word| request.contains(word));
        match meant && !std::mem::take(&mut first) {
            true => Fault::Answer(400, "AccessDenied"),
            false => Fault::None,
        }
    });
    proxy.await.expect("a free port")
}

#[tokio::test]
async fn a_list_shows_both_queues_and_takes_nothing_out() {
    // More messages than SQS returns in one answer.
    let waiting = [vec![NO_CALLBACK.to_owned()], callbacks(11)].concat();
    let dead = [callback("t-dead")];
    let queues = Queues::with(&waiting, &dead).await;

    let text = succeed(&mut queues.command(moto::url(), &[]));
    assert_eq!(text.matches("5030").count(), 12, "{text}");
    for words in [
        "t-10",
        "t-dead",
        "not a parked",
        "--redrive",
        "dead letters",
        "one of its 100 tries",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let list = queues.list();
    assert_eq!(list["parked"].as_array().map(Vec::len), Some(12), "{list}");
    assert_eq!(list["betweenTries"], 0, "{list}");
    let mut row = list["deadLetters"][0].clone();
    for field in ["messageId", "receivedAt"] {
        assert!(row[field].take().is_string(), "{field}: {list}");
    }
    // The second try is this list.
    let expected = json!({
        "messageId": null, "tries": 2, "receivedAt": null, "retCode": 5030, "taskID": "t-dead",
        "reason": "DynamoDB did not answer in time", "requestID": "req-1", "responseID": "resp-1",
    });
    assert_eq!(row, expected, "{list}");
    let message: Value = serde_json::from_str(&dead[0]).expect("JSON");
    for secret in [SIGN, "hello", message["body"].as_str().expect("text")] {
        let printed = format!("{text}{list}");
        assert!(!printed.contains(secret), "{secret}: {printed}");
    }

    assert_eq!(Queues::received(&queues.parked).await, waiting);
    assert_eq!(Queues::received(&queues.dead_letters).await, dead);
}

#[tokio::test]
async fn messages_between_two_tries_are_counted_and_empty_queues_are_a_sentence() {
    let queues = Queues::with(&callbacks(2), &[]).await;
    assert_eq!(Queues::received(&queues.parked).await.len(), 2);
    let text = succeed(&mut queues.command(moto::url(), &[]));
    assert!(
        text.starts_with("Not listed: 2 parked callbacks."),
        "{text}"
    );
    assert_eq!(queues.list()["betweenTries"], 2);

    let queues = Queues::with(&[], &[]).await;
    let text = succeed(&mut queues.command(moto::url(), &[]));
    assert_eq!(text, "Nothing is parked.\n");
    let none = json!({"parked": [], "deadLetters": [], "betweenTries": 0});
    assert_eq!(queues.list(), none);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_fails_gives_back_what_it_has_received() {
    let (waiting, dead) = (callbacks(1), [callback("t-dead")]);

    let queues = Queues::with(&waiting, &dead).await;
    let proxy = refuse_the_second(["AmazonSQS.ReceiveMessage", "-parked"]).await;
    let ran = ends(2, &mut queues.command(proxy.url(), &[]));
    assert!(ran.stderr.contains("-parked"), "{ran:?}");
    assert_eq!(Queues::received(&queues.parked).await, waiting);
    assert_eq!(Queues::received(&queues.dead_letters).await, dead);
}

#[tokio::test]
async fn a_queue_without_a_dead_letter_queue_is_not_the_parked_queue() {
    let mut queues = Queues::with(&[], &[]).await;
    std::mem::swap(&mut queues.parked, &mut queues.dead_letters);
    let error = ends(2, &mut queues.command(moto::url(), &[])).stderr;
    let words =
        "has no dead-letter queue: is it the parked queue, the stack's output ParkedQueueUrl?";
    assert!(error.contains(words), "{error}");
}
