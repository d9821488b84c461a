//! `callbot send --scenario` against a process of the function.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local_stack::{Fault, Proxy};
use task_callback::store::Item;

use crate::check::start_accepting_server;
use crate::runner::{Ran, Running, callbot, fail, run, succeed};
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::service;

/// Plays a scenario against an engine whose first requests fail: the run, and the items stored.
async fn rehearse(scenario: &str, speed: &str, faults: usize) -> (Ran, Vec<Item>) {
    let app = TestApp::embedded().await;
    let left = Arc::new(AtomicUsize::new(faults));
    let proxy = Proxy::start(&app.engine_url, move |_| {
        let fails = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        });
        match fails {
            Ok(_) => Fault::Answer(400, "AccessDeniedException"),
            Err(_) => Fault::None,
        }
    });
    let proxy = proxy.await.expect("a free port");
    let lambda = service::start(&app, proxy.url()).await;
    let mut send = callbot(&["send", "--scenario", scenario, "--speed", speed]);
    send.args(["--url", lambda.url(), "--table", &app.table_name]);
    let ran = run(send.args(["--endpoint-url", &app.engine_url]));
    let items = app.items().await;

    // The command printed at the end finds what was sent.
    match history_command(&ran) {
        Some(arguments) => {
            let id = format!("rehearsal-{scenario}-");
            assert!(arguments[1].starts_with(&id), "{arguments:?}");
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            succeed(&mut callbot(&arguments));
        }
        None => assert!(items.is_empty(), "no command: {ran:#?}"),
    }
    (ran, items)
}

/// The arguments of the command that a run ends with, as a shell reads them.
fn history_command(ran: &Ran) -> Option<Vec<String>> {
    let command = ran.stdout.lines().last()?.strip_prefix("  callbot ")?;
    shlex::split(command)
}

/// The statuses of each task, in the table's order.
fn statuses(items: &[Item]) -> BTreeMap<&str, Vec<&str>> {
    let mut statuses: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in items {
        statuses
            .entry(text(item, "taskID"))
            .or_default()
            .push(text(item, "status"));
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_life_is_reported_from_its_beginning_to_its_end() {
    for (scenario, speed, expected) in [
        (
            "success",
            "600x",
            "PENDING IN_PROGRESS IN_PROGRESS COMPLETED",
        ),
        ("failure", "6000", "PENDING IN_PROGRESS IN_PROGRESS FAILED"),
        (
            "pauses",
            "7200x",
            "PENDING IN_PROGRESS IN_PROGRESS PAUSED IN_PROGRESS IN_PROGRESS PAUSED IN_PROGRESS IN_PROGRESS \
             IN_PROGRESS COMPLETED",
        ),
    ] {
        let (ran, items) = rehearse(scenario, speed, 0).await;
        assert_eq!(ran.exit_code, Some(0), "{ran:#?}");
        let printed = ran.stdout;
        let statuses = statuses(&items);
        assert_eq!(statuses.len(), 1, "one task: {printed}");
        for statuses in statuses.values() {
            assert_eq!(statuses.join(" "), expected, "{printed}");
        }
        for status in expected.split(' ') {
            assert!(
                printed.contains(&format!("  {status}")),
                "{status}: {printed}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_leaves_every_report_in_the_table_once() {
    let (ran, items) = rehearse("storm", "60x", 0).await;
    assert_eq!(ran.exit_code, Some(0), "{ran:#?}");
    let printed = ran.stdout;
    assert!(
        printed.contains("110 of 110 callbacks acknowledged"),
        "{printed}"
    );
    assert_eq!(items.len(), 100, "a resend stores nothing: {printed}");
    let statuses = statuses(&items);
    assert_eq!(statuses.len(), 20, "{printed}");
    assert!(
        statuses.values().all(|statuses| statuses.len() == 5),
        "{statuses:?}"
    );
    let slots = items
        .iter()
        .filter(|item| text(item, "createTs").contains('.'));
    assert!(slots.count() >= 20, "two reports of one second: {printed}");
    assert_eq!(printed.matches(" resent ").count(), 10, "{printed}");
    assert!(printed.matches(" overtaken ").count() >= 10, "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passing_failure_is_retried_and_a_lasting_one_is_reported() {
    let (ran, items) = rehearse("success", "600x", 2).await;
    assert_eq!((ran.exit_code, items.len()), (Some(0), 4), "{ran:#?}");

    let (ran, items) = rehearse("success", "600x", 1_000).await;
    assert_eq!((ran.exit_code, items.len()), (Some(1), 0), "{ran:#?}");
    let printed = ran.stdout;
    assert!(
        printed.contains("0 of 4 callbacks acknowledged"),
        "{printed}"
    );
    assert_eq!(printed.matches("retCode 5000").count(), 4, "{printed}");
    assert!(
        printed.contains("Nothing is known to be stored. Check --url"),
        "{printed}"
    );
}

#[test]
fn the_printed_command_has_the_table_and_the_endpoint_in_use() {
    let server = start_accepting_server();
    let local = "http://127.0.0.1:8000";
    let other = "http://127.0.0.1:8001";
    let cases: [(&[&str], &[&str]); 3] = [
        (&[], &["--table", "snapshots", "--endpoint-url", local]),
        (
            &["--table", "a; b 'c'", "--endpoint-url", other],
            &["--table", "a; b 'c'", "--endpoint-url", other],
        ),
        (&["--table", "mine"], &["--table", "mine"]),
    ];
    for (given, expected) in cases {
        let send = [
            "send",
            "--scenario",
            "success",
            "--speed",
            "100000x",
            "--url",
            &server,
        ];
        let ran = run(callbot(&send).args(given));
        let arguments = history_command(&ran).expect("a command");
        assert_eq!(arguments[2..], *expected, "{ran:#?}");
    }
}

#[test]
fn an_interrupted_run_says_so() {
    let server = start_accepting_server();
    let send = [
        "send",
        "--scenario",
        "pauses",
        "--speed",
        "1x",
        "--url",
        &server,
    ];
    let mut send = Running::start(&mut callbot(&send));
    send.until("PENDING");
    assert_eq!(send.interrupt().code(), Some(1));
    send.until("Interrupted: 1 of 11 callbacks acknowledged.");
    send.until("callbot history rehearsal-pauses-");
}

#[test]
fn wrong_arguments_are_an_error_that_says_what_to_do() {
    let event = "events/pending.json";
    let cases: [(&str, &[&str], &str); 6] = [
        (
            "an unknown scenario",
            &["--scenario", "nonsense"],
            "success, pauses, failure, storm",
        ),
        (
            "no speed at all",
            &["--scenario", "storm", "--speed", "0"],
            "it must be from 1x",
        ),
        (
            "a scenario and an event",
            &["--scenario", "storm", event],
            "cannot be used with",
        ),
        ("nothing to send", &[], "<EVENTS>..."),
        ("a speed alone", &["--speed", "60x"], "--scenario <NAME>"),
        (
            "the speed of an event",
            &[event, "--speed", "60x"],
            "cannot be used with",
        ),
    ];
    for (what, arguments, words) in cases {
        let error = fail(
            2,
            callbot(&["send", "--url", "http://127.0.0.1:1"]).args(arguments),
        )
        .stderr;
        assert!(error.contains(words), "{what}: {error}");
    }
}
