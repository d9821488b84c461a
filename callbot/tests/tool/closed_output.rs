//! A reader such as `head` may close the tool's standard output, and its standard error.

use crate::runner::{callbot, ends};
use crate::server::{self, SUCCESS};

#[test]
fn a_command_whose_output_is_closed_ends_with_its_own_exit_code() {
    let url = server::start(SUCCESS);
    let cases: [(&[&str], i32); 3] = [
        (&["check", "--url", &url], 1),
        (&["send", "--url", &url, "events/pending.json"], 0),
        (&["sign", "events/pending.json"], 0),
    ];
    for (arguments, exit_code) in cases {
        let (reader, closed) = std::io::pipe().expect("a pipe");
        drop(reader);
        ends(exit_code, callbot(arguments).stdout(closed));
    }
}

#[test]
fn an_error_that_nobody_reads_ends_with_its_own_exit_code() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = callbot(&["sign", "nowhere.json"]);
    ends(2, command.stderr(full.expect("the device")));
}
