//! Dead letters go back to the parked queue or are deleted, all of them or those of a retCode.

use super::*;

#[tokio::test]
async fn dead_letters_are_moved_or_deleted_all_or_by_their_ret_code() {
    let forgeries = [refused("t-forged-1", 4010), refused("t-forged-2", 4010)];
    let late = [refused("t-late", 4011)];
    let others = [vec![NO_CALLBACK.to_owned()], callbacks(9)].concat();
    let queues = Queues::with(&[], &[&forgeries[..], &late, &others].concat()).await;
    let some = ["--redrive", "--ret-code", "4011,4220"];
    let delete = ["--delete", "--ret-code", "4010", "--ret-code", "4011"];
    let all = ["--redrive"];
    for (arguments, doing, done, moved) in [
        (
            &some[..],
            "Moving back 1 of 13 ",
            "1 dead letter",
            &late[..],
        ),
        (&delete, "Deleting 2 of 12 ", "2 dead letters", &[]),
        (&all, "Moving back 10 of 10 ", "10 dead letters", &others),
        (&all, "Moving back 0 of 0 ", "0 dead letters", &[]),
    ] {
        let ran = ends(0, &mut queues.command(moto::url(), arguments));
        assert!(ran.stderr.starts_with(doing), "{ran:?}");
        assert!(ran.stdout.starts_with(done), "{ran:?}");
        assert_eq!(Queues::received(&queues.parked).await, moved, "{ran:?}");
    }
    assert!(Queues::received(&queues.dead_letters).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redrive_that_fails_loses_no_dead_letter_and_says_which_may_be_twice() {
    for (call, moved, twice) in [
        ("AmazonSQS.SendMessage", 1, false),
        // The second message is then in both queues.
        ("AmazonSQS.DeleteMessage", 2, true),
    ] {
        let texts = callbacks(3);
        let queues = Queues::with(&[], &texts).await;
        let proxy = refuse_the_second([call, ""]).await;
        let ran = ends(2, &mut queues.command(proxy.url(), &["--redrive"]));
        let words = "No dead letter is lost: run this command again";
        assert!(ran.stderr.contains(words), "{call}: {ran:?}");
        let is_told = ran.stderr.contains("also in the parked queue now");
        assert_eq!(is_told, twice, "{call}: {ran:?}");
        for (queue, count) in [(&queues.parked, moved), (&queues.dead_letters, 2)] {
            assert_eq!(Queues::received(queue).await.len(), count, "{call}");
        }
    }
}
