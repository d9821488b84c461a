//! A reader such as `head` may close the tool's standard output, and its standard error.

use crate::check::start_accepting_server;
use crate::runner::{CREDENTIALS, callbot, fail};
use task_callback_test_support::moto::{self, TestSecret};

#[test]
fn a_command_whose_output_is_closed_ends_with_its_own_exit_code() {
    let server = start_accepting_server();
    let cases: [(&[&str], i32); 3] = [
        (&["check", "--url", &server], 1),
        (&["send", "--url", &server, "events/pending.json"], 0),
        (&["sign", "events/pending.json"], 0),
    ];
    for (arguments, exit_code) in cases {
        let (reader, closed) = std::io::pipe().expect("a pipe");
        drop(reader);
        let status = callbot(arguments).stdout(closed).status();
        let status = status.expect("the tool starts");
        assert_eq!(status.code(), Some(exit_code), "{arguments:?}");
    }
}

#[test]
fn an_error_that_nobody_reads_ends_with_its_own_exit_code() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = callbot(&["sign", "nowhere.json"]);
    fail(2, command.stderr(full.expect("the device")));
}

#[tokio::test]
async fn a_secret_that_was_written_is_no_failure_though_nobody_reads_so() {
    let secret = TestSecret::create("nothing yet").await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), CREDENTIALS).expect("written");
    let (reader, closed) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut write = callbot(&[
        "secret",
        &secret.id,
        "--endpoint-url",
        moto::url(),
        "--file",
    ]);
    let status = write.arg(file.path()).stdout(closed).status();
    assert_eq!(status.expect("the tool starts").code(), Some(0));
    assert_eq!(secret.value().await, CREDENTIALS);
}
