//! `callbot parked`: what waits on the queues is shown and stays there, and dead letters go back.

mod listing;
mod redrive;

use std::process::Command;
use std::time::SystemTime;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use local_stack::{Fault, Proxy};
use serde_json::{Value, json};
use task_callback::contract::parked::ParkedCallback;
use task_callback_test_support::moto;
use tokio::sync::mpsc;

use crate::runner::{callbot, fail};

/// The value of the header `sign`, which nothing may print.
const SIGN: &str = "5D41402ABC4B2A76B9719D911017C592";
const NO_CALLBACK: &str = r#"{"version": 1, "hello": "world"}"#;

/// The message of a callback of this task.
fn parked(task_id: &str) -> String {
    let body = json!({"taskID": task_id, "taskStatus": 2});
    with_body(body.to_string().into_bytes())
}

fn with_body(body: Vec<u8>) -> String {
    let headers = [("requestID", "req-1"), ("uuid", "account"), ("sign", SIGN)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parked = ParkedCallback {
        received_at: SystemTime::now().into(),
        response_id: "resp-1".to_owned(),
        ret_code: 5030,
        reason: "DynamoDB did not answer in time".to_owned(),
        headers: headers.into(),
        body,
    };
    parked.into_json()
}

/// A parked queue and its dead-letter queue, of the test's own.
struct Queues {
    client: Client,
    name: String,
    parked: String,
    dead_letters: String,
}

impl Queues {
    async fn create() -> Self {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(moto::url());
        let client = Client::from_conf(config.build());
        let name = format!("parked-{}", uuid::Uuid::new_v4());
        let dead_letters = create(&client, &format!("{name}-dead"), None).await;
        let arn = format!("arn:aws:sqs:us-east-1:123456789012:{name}-dead");
        let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 100});
        let parked = create(&client, &name, Some(policy.to_string())).await;
        Self {
            client,
            name,
            parked,
            dead_letters,
        }
    }

    async fn send(&self, queue: &str, texts: &[&str]) {
        for text in texts {
            let send = self.client.send_message().queue_url(queue);
            send.message_body(*text).send().await.expect("it is sent");
        }
    }

    /// The texts that a receiver gets at once, sorted. They stay hidden from the next one.
    async fn received(&self, queue: &str) -> Vec<String> {
        let mut texts = Vec::new();
        loop {
            let receive = self.client.receive_message().queue_url(queue);
            let receive = receive.max_number_of_messages(10).visibility_timeout(600);
            let answer = receive.send().await.expect("an answer");
            let messages = answer.messages.unwrap_or_default();
            if messages.is_empty() {
                texts.sort();
                return texts;
            }
            texts.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }

    /// The tool's command, over moto.
    fn command(&self, arguments: &[&str]) -> Command {
        self.command_at(moto::url(), arguments)
    }

    fn command_at(&self, url: &str, arguments: &[&str]) -> Command {
        let queue = ["parked", "--queue", &self.parked, "--endpoint-url", url];
        callbot(&[&queue[..], arguments].concat())
    }

    /// A proxy in which a request with all these words meets the fault, from the second one on, and which says so.
    async fn fail_the_second(
        &self,
        words: [String; 2],
        fault: Fault,
    ) -> (Proxy, mpsc::UnboundedReceiver<()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut first = true;
        let proxy = Proxy::start(moto::url(), move |request| {
            let request = String::from_utf8_lossy(request).to_lowercase();
            let meant = words
                .iter()
                .all(|words| request.contains(&words.to_lowercase()));
            match meant {
                false => Fault::None,
                true if std::mem::take(&mut first) => Fault::None,
                true => {
                    let _ = sender.send(());
                    fault
                }
            }
        });
        (proxy.await.expect("a free port"), receiver)
    }
}

async fn create(client: &Client, name: &str, redrive_policy: Option<String>) -> String {
    let create = client.create_queue().queue_name(name);
    let create = match redrive_policy {
        Some(policy) => create.attributes(QueueAttributeName::RedrivePolicy, policy),
        None => create,
    };
    let created = create.send().await.expect("the queue is made");
    created.queue_url.expect("a URL")
}

fn sorted(texts: &[&str]) -> Vec<String> {
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    texts.sort();
    texts
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn a_queue_that_does_not_exist_is_named() {
    let mut queues = Queues::create().await;
    queues.parked += "-missing";
    let error = fail(2, &mut queues.command(&[])).stderr;
    let words = format!(
        "there is no queue {}-missing at {}",
        queues.name,
        moto::url()
    );
    assert!(error.contains(&words), "{error}");
}

#[tokio::test]
async fn a_queue_without_a_dead_letter_queue_is_not_the_parked_queue() {
    let mut queues = Queues::create().await;
    queues.parked = queues.dead_letters.clone();
    let error = fail(2, &mut queues.command(&[])).stderr;
    assert!(error.contains("has no dead-letter queue"), "{error}");
    assert!(error.contains("ParkedQueueUrl"), "{error}");
}
