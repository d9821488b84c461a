//! The list shows what waits, and all of it is still there afterwards.

use local_stack::Fault;
use serde_json::{Value, json};

use super::{NO_CALLBACK, Queues, SIGN, json_of, parked, sorted, with_body};
use crate::runner::{Running, fail, succeed};

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
        for words in [queue, "5030", "DynamoDB did not answer in time"] {
            assert!(row(task).contains(words), "{task}: {words}: {text}");
        }
    }
    assert!(text.contains("--redrive moves them back"), "{text}");
    assert!(!text.contains("not listed"), "{text}");

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
    let error = "not a parked callback: it is no JSON object with the fields of a parked callback";
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
}

#[tokio::test]
async fn messages_between_two_tries_are_counted() {
    let queues = Queues::create().await;
    queues
        .send(&queues.parked, &[&parked("t-1"), &parked("t-2")])
        .await;
    assert_eq!(queues.received(&queues.parked).await.len(), 2);
    let text = succeed(&mut queues.command(&[]));
    let count =
        "2 parked callbacks are not listed: SQS hides each for up to 5 minutes after each try.\n";
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

    let ran = fail(2, &mut queues.command_at(proxy.url(), &[]));
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
    assert_eq!(listing.interrupt().code(), Some(2));
    assert_eq!(queues.received(&queues.parked).await, [text]);
}
