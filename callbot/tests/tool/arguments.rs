//! The error of a wrong argument is a sentence, without Rust's syntax.

use crate::runner::{callbot, ends};

#[test]
fn the_error_says_what_the_argument_must_be() {
    for (arguments, words) in [
        ("local --port 0 --table a/b", "cannot create the table: 1 "),
        ("local --port 99999", "write a number from 0 to 65535"),
        ("history --table t x --last 0", "write a number from 1 to "),
        ("history --table t ", "id must not be empty"),
        ("secret id --stack s", "be used with"),
        ("parked --queue foo", "foo is not a queue URL such as "),
        ("parked --queue http://a/b --delete", "--ret-code <CODE>"),
        ("parked --queue http://a/b --ret-code 4010", "<--redrive|"),
        ("parked --queue http://a/b --ret-code 99", "from 1000 to 9"),
        (
            "parked --queue http://a/b --redrive --delete",
            "be used with",
        ),
    ] {
        let error = ends(2, &mut callbot(&arguments.split(' ').collect::<Vec<_>>())).stderr;
        let is_dumped = error.contains("Error {") || error.contains("..=");
        assert!(error.contains(words) && !is_dumped, "{words}: {error}");
    }
}
