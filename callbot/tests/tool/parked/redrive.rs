//! Dead letters go back to the parked queue, and none is lost on the way.

use local_stack::Fault;
use serde_json::json;

use super::{NO_CALLBACK, Queues, json_of, parked, sorted};
use crate::runner::{Ran, Running, fail, run, succeed};

#[tokio::test]
async fn nothing_to_move_is_a_sentence() {
    let queues = Queues::create().await;
    let text = succeed(&mut queues.command(&["--redrive"]));
    let nothing = "There are no dead letters to move back.\nThe parked queue is empty.\n";
    assert_eq!(text, nothing);
}

#[tokio::test]
async fn a_redrive_moves_all_dead_letters_and_says_that_they_wait() {
    let queues = Queues::create().await;
    let texts: Vec<String> = (0..11).map(|task| parked(&format!("t-{task}"))).collect();
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.push(NO_CALLBACK);
    queues.send(&queues.dead_letters, &texts).await;

    let ran = fail(1, &mut queues.command(&["--redrive"]));
    let words = "12 dead letters moved back.\nParked callbacks that still wait: 12. The function tries each again every 5 \
                 minutes; its log lines with \"from\":\"queue\" have the reason.\n";
    assert_eq!(ran.stdout, words, "{ran:?}");
    assert_eq!(queues.received(&queues.parked).await, sorted(&texts));
    assert!(queues.received(&queues.dead_letters).await.is_empty());

    let ran = fail(1, &mut queues.command(&["--redrive", "--json"]));
    let outcome = json!({"movedBack": 0, "stillWaiting": 12, "deadLetters": 0});
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
    let words =
        "2 dead letters moved back.\nThe parked queue is empty: the function has stored them.\n";
    assert_eq!(ran.stdout, words, "{ran:?}");
    assert_eq!(ran.exit_code, Some(0), "{ran:?}");
    assert!(queues.received(&queues.dead_letters).await.is_empty());
}

#[tokio::test]
async fn what_becomes_a_dead_letter_again_is_not_called_stored() {
    let queues = Queues::create().await;
    let texts = [parked("t-1"), parked("t-2")];
    let texts = [texts[0].as_str(), texts[1].as_str()];
    queues.send(&queues.dead_letters, &texts).await;
    let mut redrive = Running::start(&mut queues.command(&["--redrive"]));
    redrive.until("2 dead letters moved back.");
    // Never are both queues empty.
    queues.send(&queues.dead_letters, &texts).await;
    let purge = queues.client.purge_queue().queue_url(&queues.parked);
    purge.send().await.expect("the parked queue is emptied");
    let text = redrive.until("Dead letters since then: 2.");
    assert!(text.contains("The parked queue is empty.\n"), "{text}");
    let status = redrive.end();
    assert_eq!(status.code(), Some(1), "{text}");
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
    let ran = fail(2, &mut queues.command_at(proxy.url(), &["--redrive"]));
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
