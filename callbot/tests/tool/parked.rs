//! `callbot parked`: what waits on the queues is shown and stays there, and dead letters go back.

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

use crate::runner::{Ran, Running, callbot, fail, run, succeed};

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
        reason: "DynamoDB gave no answer in time".to_owned(),
        headers: headers.into(),
        body,
    };
    parked.to_json()
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
async fn a_list_shows_both_queues_and_takes_nothing_out() {
    let queues = Queues::create().await;
    let (first, second, dead) = (parked("t-1"), parked("t-2"), parked("t-3"));
    queues.send(&queues.parked, &[&first, &second]).await;
    queues.send(&queues.dead_letters, &[&dead]).await;

    let text = succeed(&mut queues.command(&[]));
    let row = |task: &str| {
        let row = text.lines().find(|line| line.contains(task));
        row.unwrap_or_else(|| panic!("{task}: {text}")).to_owned()
    };
    for (task, queue) in [
        ("t-1", "parked"),
        ("t-2", "parked"),
        ("t-3", "dead letters"),
    ] {
        for words in [queue, "5030", "DynamoDB gave no answer in time"] {
            assert!(row(task).contains(words), "{task}: {words}: {text}");
        }
    }
    assert!(text.contains("--redrive moves them back"), "{text}");
    assert!(!text.contains("between two tries"), "{text}");

    let narrow = succeed(&mut queues.command(&["--width", "60"]));
    let widths = narrow.lines().filter(|line| line.starts_with('│'));
    assert!(widths.clone().count() > 3, "{narrow}");
    for line in widths {
        assert!(line.chars().count() <= 60, "{narrow}");
    }

    let (parked, dead_letters) = (&queues.parked, &queues.dead_letters);
    assert_eq!(queues.received(parked).await, sorted(&[&first, &second]));
    assert_eq!(queues.received(dead_letters).await, [dead]);
}

#[tokio::test]
async fn json_has_the_fields_of_the_wire_but_neither_signature_nor_body() {
    let queues = Queues::create().await;
    let (with_task, without) = (parked("t-1"), with_body(b"no JSON".to_vec()));
    queues.send(&queues.parked, &[&with_task, &without]).await;

    let text = succeed(&mut queues.command(&["--json"]));
    let list = json_of(&text);
    let rows = list["parked"].as_array().expect("a list");
    assert_eq!(rows.len(), 2, "{text}");
    for row in rows {
        let mut names: Vec<&str> = row
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        let all = [
            "messageId",
            "reason",
            "receivedAt",
            "requestID",
            "responseID",
            "retCode",
            "taskID",
            "tries",
        ];
        assert_eq!(names, all);
        assert_eq!(row["requestID"], "req-1");
        assert_eq!(row["responseID"], "resp-1");
        assert_eq!(row["retCode"], 5030);
        assert_eq!(row["tries"], 1);
    }
    let mut tasks: Vec<&Value> = rows.iter().map(|row| &row["taskID"]).collect();
    tasks.sort_by_key(|task| task.is_null());
    assert_eq!(tasks, [&json!("t-1"), &Value::Null]);
    assert_eq!(list["deadLetters"], json!([]));
    assert_eq!(list["betweenTries"], 0);
    let body = json_of(&with_task)["body"].clone();
    for secret in [SIGN, body.as_str().expect("text")] {
        assert!(!text.contains(secret), "{text}");
    }

    let again = json_of(&succeed(&mut queues.command(&["--json"])));
    assert_eq!(again["parked"][0]["tries"], 2, "a list is a try");
    let all = sorted(&[&with_task, &without]);
    assert_eq!(queues.received(&queues.parked).await, all);
}

#[tokio::test]
async fn a_message_that_is_no_parked_callback_is_shown_as_such() {
    let queues = Queues::create().await;
    queues.send(&queues.parked, &[NO_CALLBACK]).await;
    queues.send(&queues.dead_letters, &["no JSON"]).await;

    let text = succeed(&mut queues.command(&[]));
    let error = "no parked callback: it is no JSON object with the fields of a parked callback";
    assert_eq!(text.matches(error).count(), 2, "{text}");
    assert!(
        !text.contains("hello") && !text.contains("no JSON │"),
        "{text}"
    );
    let list = json_of(&succeed(&mut queues.command(&["--json"])));
    for queue in ["parked", "deadLetters"] {
        let error = list[queue][0]["error"].as_str().expect("an error");
        assert!(error.starts_with("it is no JSON object"), "{list}");
    }

    assert_eq!(queues.received(&queues.parked).await, [NO_CALLBACK]);
    assert_eq!(queues.received(&queues.dead_letters).await, ["no JSON"]);
}

#[tokio::test]
async fn empty_queues_are_a_sentence() {
    let queues = Queues::create().await;
    let text = succeed(&mut queues.command(&[]));
    assert_eq!(text, "Nothing is parked.\n");
    let list = json_of(&succeed(&mut queues.command(&["--json"])));
    let none = json!({"parked": [], "deadLetters": [], "betweenTries": 0});
    assert_eq!(list, none);
    let text = succeed(&mut queues.command(&["--redrive"]));
    let nothing = "There are no dead letters to move back.\nThe parked queue is empty.\n";
    assert_eq!(text, nothing);
}

#[tokio::test]
async fn messages_between_two_tries_are_counted() {
    let queues = Queues::create().await;
    queues
        .send(&queues.parked, &[&parked("t-1"), &parked("t-2")])
        .await;
    assert_eq!(queues.received(&queues.parked).await.len(), 2);
    let text = succeed(&mut queues.command(&[]));
    let count = "2 parked callbacks are between two tries, and SQS does not show them meanwhile.\n";
    assert_eq!(text, count);
    let list = json_of(&succeed(&mut queues.command(&["--json"])));
    assert_eq!(list["betweenTries"], 2);
}

#[tokio::test]
async fn more_messages_than_a_batch_are_all_listed_and_all_given_back() {
    let queues = Queues::create().await;
    let texts: Vec<String> = (0..25).map(|task| parked(&format!("t-{task}"))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    queues.send(&queues.parked, &texts).await;
    let list = json_of(&succeed(&mut queues.command(&["--json"])));
    assert_eq!(list["parked"].as_array().map(Vec::len), Some(25));
    assert_eq!(queues.received(&queues.parked).await, sorted(&texts));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_fails_gives_back_what_it_has_received() {
    let queues = Queues::create().await;
    let (text, dead) = (parked("t-1"), parked("t-2"));
    queues.send(&queues.parked, &[&text]).await;
    queues.send(&queues.dead_letters, &[&dead]).await;
    let words = [
        "AmazonSQS.ReceiveMessage".to_owned(),
        format!("{}\"", queues.name),
    ];
    let fault = Fault::Answer(400, "AccessDenied");
    let (proxy, _) = queues.fail_the_second(words, fault).await;

    let ran = fail(&mut queues.command_at(proxy.url(), &[]));
    assert!(ran.stderr.contains("may not use queue parked-"), "{ran:?}");
    assert_eq!(queues.received(&queues.parked).await, [text]);
    assert_eq!(queues.received(&queues.dead_letters).await, [dead]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_interrupted_gives_back_what_it_has_received() {
    let queues = Queues::create().await;
    let text = parked("t-1");
    queues.send(&queues.parked, &[&text]).await;
    let words = [
        "AmazonSQS.ReceiveMessage".to_owned(),
        format!("{}\"", queues.name),
    ];
    let (proxy, mut reached) = queues.fail_the_second(words, Fault::Silence).await;

    let mut listing = Running::start(&mut queues.command_at(proxy.url(), &[]));
    reached.recv().await.expect("a second request");
    assert_eq!(listing.interrupt().code(), Some(1));
    assert_eq!(queues.received(&queues.parked).await, [text]);
}

#[tokio::test]
async fn a_redrive_moves_all_dead_letters_and_says_that_they_wait() {
    let queues = Queues::create().await;
    let texts: Vec<String> = (0..11).map(|task| parked(&format!("t-{task}"))).collect();
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.push(NO_CALLBACK);
    queues.send(&queues.dead_letters, &texts).await;

    let ran = fail(&mut queues.command(&["--redrive"]));
    let words = "12 dead letters moved back.\n12 still wait in the parked queue: the function could not store them yet and \
                 tries again every 5 minutes; its log lines with \"from\":\"queue\" have the reason.\n";
    assert_eq!(ran.stdout, words, "{ran:?}");
    assert_eq!(ran.exit_code, Some(1));
    assert_eq!(queues.received(&queues.parked).await, sorted(&texts));
    assert!(queues.received(&queues.dead_letters).await.is_empty());

    let ran = fail(&mut queues.command(&["--redrive", "--json"]));
    let outcome = json!({"movedBack": 0, "stillWaiting": 12});
    assert_eq!(json_of(&ran.stdout), outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redrive_succeeds_once_the_function_has_stored_all() {
    let queues = Queues::create().await;
    queues
        .send(&queues.dead_letters, &[&parked("t-1"), &parked("t-2")])
        .await;
    let (client, parked) = (queues.client.clone(), queues.parked.clone());
    let function = tokio::spawn(async move {
        loop {
            let receive = client.receive_message().queue_url(&parked);
            let answer = receive.wait_time_seconds(1).send().await;
            for message in answer.expect("an answer").messages.unwrap_or_default() {
                let delete = client.delete_message().queue_url(&parked);
                let handle = message.receipt_handle.expect("a handle");
                let deleted = delete.receipt_handle(handle).send().await;
                deleted.expect("it is deleted");
            }
        }
    });
    let mut command = queues.command(&["--redrive"]);
    let ran = tokio::task::spawn_blocking(move || run(&mut command));
    let ran = ran.await.expect("no panic");
    function.abort();
    let words = "2 dead letters moved back.\nThe parked queue is empty: all of them are stored.\n";
    assert_eq!(ran.stdout, words, "{ran:?}");
    assert_eq!(ran.exit_code, Some(0), "{ran:?}");
    assert!(queues.received(&queues.dead_letters).await.is_empty());
}

/// Redrives three dead letters while this call of SQS fails from the second time on. Returns what the tool printed, and
/// the texts that each queue holds then.
async fn redrive_without(call: &str) -> (Ran, [Vec<String>; 2], Vec<String>) {
    let queues = Queues::create().await;
    let texts = [parked("t-1"), parked("t-2"), parked("t-3")];
    let texts = [0, 1, 2].map(|place: usize| texts[place].as_str());
    queues.send(&queues.dead_letters, &texts).await;
    let words = [format!("AmazonSQS.{call}"), String::new()];
    let fault = Fault::Answer(400, "AccessDenied");
    let (proxy, _) = queues.fail_the_second(words, fault).await;
    let ran = fail(&mut queues.command_at(proxy.url(), &["--redrive"]));
    let parked = queues.received(&queues.parked).await;
    let dead_letters = queues.received(&queues.dead_letters).await;
    (ran, [parked, dead_letters], sorted(&texts))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_cannot_be_sent_stays_one() {
    let (ran, [parked, dead_letters], texts) = redrive_without("SendMessage").await;
    let words = "1 dead letter moved back before, and none is lost";
    assert!(ran.stderr.contains(words), "{ran:?}");
    let mut all = [parked.clone(), dead_letters].concat();
    all.sort();
    assert_eq!(all, texts);
    assert_eq!(parked.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_cannot_be_deleted_is_in_both_queues_rather_than_in_none() {
    let (ran, [parked, dead_letters], texts) = redrive_without("DeleteMessage").await;
    let words = "1 dead letter moved back before, and none is lost";
    assert!(ran.stderr.contains(words), "{ran:?}");
    let counts = [parked.len(), dead_letters.len()];
    assert_eq!(counts, [2, 2]);
    let mut all = [parked, dead_letters].concat();
    all.sort();
    all.dedup();
    assert_eq!(all, texts);
}

#[tokio::test]
async fn a_queue_that_does_not_exist_is_named() {
    let mut queues = Queues::create().await;
    queues.parked += "-missing";
    let error = fail(&mut queues.command(&[])).stderr;
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
    let error = fail(&mut queues.command(&[])).stderr;
    assert!(error.contains("has no dead-letter queue"), "{error}");
    assert!(error.contains("ParkedQueueUrl"), "{error}");
}
