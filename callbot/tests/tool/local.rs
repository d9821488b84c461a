//! `callbot local`, alone or around a command, and `callbot demo` without the function.

use std::process::Command;

use crate::runner::{Running, callbot, ends, kill, run};

/// `callbot local` around a shell script.
fn local(script: &str) -> Command {
    callbot(&["local", "--port", "0", "--", "sh", "-c", script])
}

#[test]
fn an_engine_keeps_its_port_until_it_is_interrupted() {
    let mut engine = Running::start(&mut callbot(&["local", "--port", "0"]));
    let started = engine.until("Ctrl-C stops it.");
    let url = started.split([' ', ',']).find(|word| word.contains("://"));
    let url = url.unwrap_or_else(|| panic!("no URL: {started}"));
    for variable in [
        format!("export AWS_ENDPOINT_URL_DYNAMODB={url}"),
        "export TABLE_NAME=snapshots".to_owned(),
    ] {
        assert!(started.contains(&variable), "{variable}: {started}");
    }
    let port = url.rsplit(':').next().expect("a port");
    let error = ends(2, &mut callbot(&["local", "--port", port])).stderr;
    let words = format!("cannot listen on port {port}");
    assert!(error.contains(&words), "{error}");
    assert_eq!(engine.interrupt().code(), Some(0));
}

#[test]
fn the_command_finds_the_engine_and_the_table() {
    let script = "\"$0\" tasks --table $TABLE_NAME --endpoint-url $AWS_ENDPOINT_URL_DYNAMODB";
    let tool = env!("CARGO_BIN_EXE_callbot");
    let ran = ends(0, local(script).arg(tool));
    assert!(ran.stderr.contains(" table snapshots: 0 of 0"), "{ran:?}");
}

#[test]
fn the_output_and_the_exit_code_are_the_commands() {
    for (script, exit_code, output) in [
        ("echo done", 0, "done\n"),
        ("exit 7", 7, ""),
        ("kill -9 $$", 128 + 9, ""),
    ] {
        let ran = run(&mut local(script));
        assert_eq!(ran.exit_code, Some(exit_code), "{script}: {ran:?}");
        assert_eq!(ran.stdout, output, "{script}: {ran:?}");
    }
    let missing = ["local", "--port", "0", "--", "no-such-program"];
    let error = ends(2, &mut callbot(&missing)).stderr;
    assert!(error.contains("cannot run no-such-program"), "{error}");
}

#[test]
fn sigterm_is_passed_on_to_the_command() {
    let script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done";
    let mut process = Running::start(&mut local(script));
    process.until("ready");
    process.signal("-TERM");
    assert_eq!(process.end().code(), Some(5));
}

#[test]
fn an_interrupt_reaches_the_command_once_and_its_end_is_awaited() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "trap 'echo interrupted' INT; echo $$; until test -e end; do sleep 0.1; done; echo ended; exit 5";
    let mut process = Running::start(local(script).current_dir(&folder));
    // A terminal interrupts both.
    kill("-INT", &process.line());
    process.until("interrupted");
    process.signal("-INT");
    std::fs::write(folder.path().join("end"), "").expect("written");
    assert_eq!(process.line(), "ended");
    assert_eq!(process.end().code(), Some(5));
}
