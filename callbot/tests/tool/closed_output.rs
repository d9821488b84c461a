//! A reader such as `head` may close the tool's standard output.

use crate::check::start_accepting_server;
use crate::runner::callbot;

#[test]
fn a_command_whose_output_is_closed_ends_with_its_own_exit_code() {
    let server = start_accepting_server();
    let cases: [(&[&str], i32); 6] = [
        (&["check", "--url", &server], 1),
        (&["send", "--url", &server, "events/pending.json"], 0),
        (
            &[
                "send",
                "--url",
                &server,
                "--scenario",
                "success",
                "--speed",
                "100000x",
            ],
            0,
        ),
        (&["sign", "events/pending.json"], 0),
        (&["completions", "bash"], 0),
        (&["reference"], 0),
    ];
    for (arguments, exit_code) in cases {
        let (reader, closed) = std::io::pipe().expect("a pipe");
        drop(reader);
        let status = callbot(arguments).stdout(closed).status();
        let status = status.expect("the tool starts");
        assert_eq!(status.code(), Some(exit_code), "{arguments:?}");
    }
}
