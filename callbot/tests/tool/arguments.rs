//! An argument that cannot be used is named in a sentence, without Rust's syntax.

use crate::runner::{callbot, fail};

#[test]
fn the_error_says_what_the_argument_must_be() {
    let local = ["local", "--port", "0"];
    let history = ["history", "--table", "snapshots"];
    let parked = ["parked", "--queue", "http://127.0.0.1:1/queue"];
    for (command, arguments, words) in [
        (
            local,
            &["--", "no-such-program"][..],
            "cannot run no-such-program",
        ),
        (
            local,
            &["--table", "a b"],
            "cannot create the table: 1 validation error",
        ),
        (
            ["local", "--port", "99999"],
            &[],
            "write a number from 0 to 65535",
        ),
        (
            history,
            &["t-1", "--last", "0"],
            "write a number from 1 to ",
        ),
        (history, &[""], "an id is empty"),
        (
            ["parked", "--queue", "foo"],
            &[],
            "foo is no queue URL, such as ",
        ),
        (
            parked,
            &["--redrive", "--ret-code", "99999"],
            "write a number from 1000 to 9999",
        ),
        (parked, &["--delete"], "--ret-code <CODE>"),
        (parked, &["--ret-code", "4010"], "<--redrive|--delete>"),
        (
            parked,
            &["--redrive", "--delete", "--ret-code", "4010"],
            "cannot be used with",
        ),
    ] {
        let error = fail(2, callbot(&command).args(arguments)).stderr;
        let is_dumped = error.contains("Error {") || error.contains("..=");
        assert!(error.contains(words) && !is_dumped, "{words}: {error}");
    }
}
