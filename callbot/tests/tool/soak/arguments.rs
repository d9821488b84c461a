//! What is wrong with the arguments, or with what they name, is said before the run.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::tempdir;

use crate::runner::{Ran, callbot, fail};
use crate::server;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::service;

/// A soak that cannot begin: it ends with exit code 2 and sends nothing.
#[track_caller]
fn refused(arguments: &[&str]) -> Ran {
    let ran = fail(
        2,
        callbot(&["soak", "--tasks", "1", "--callbacks", "1"]).args(arguments),
    );
    assert_eq!(ran.exit_code, Some(2), "{ran:#?}");
    assert!(!ran.stdout.contains("requests"), "{ran:#?}");
    ran
}

/// A file with this text and these permissions; its path.
fn file(folder: &Path, text: &str, mode: u32) -> String {
    let path = folder.join(format!("program-{mode:o}-{}", text.len()));
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("permissions");
    path.to_str().expect("text").to_owned()
}

#[test]
fn a_function_that_cannot_be_run_is_named() {
    let folder = tempdir().expect("a folder");
    let path = folder.path();
    let shell = "#!/bin/sh\nexit 0\n";
    let programs = [
        (format!("{}/none", path.display()), "No such file"),
        (path.to_str().expect("text").to_owned(), "Permission denied"),
        (file(path, shell, 0o644), "Permission denied"),
        (file(path, "not a program", 0o755), "Exec format error"),
        (file(path, shell, 0o755), "did not ask Lambda for an event"),
        // A file's name, not that of a command.
        ("true".to_owned(), "No such file"),
    ];
    for (program, reason) in programs {
        let ran = refused(&["--function", &program]);
        let words = "1 task with 1 report each,";
        assert!(ran.stdout.starts_with(words), "{ran:#?}");
        let error = ran.stderr;
        assert!(error.contains(&program), "{program}: {error}");
        assert!(error.contains(reason), "{program}: {error}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let (folder, function) = (tempdir().expect("a folder"), service::program());
    let (folder, function) = (folder.path().to_str(), function.to_str());
    let (folder, function) = (folder.expect("text"), function.expect("text"));
    for option in ["--log", "--report"] {
        let error = refused(&["--function", function, option, folder]).stderr;
        let words = format!("cannot write {folder}: Is a directory");
        assert!(error.contains(&words), "{option}: {error}");
    }
}

#[tokio::test]
async fn an_address_without_the_function_is_named() {
    let app = TestApp::embedded().await;
    let table = [
        "--table",
        &app.table_name,
        "--endpoint-url",
        &app.engine_url,
    ];
    let page = server::start("<html>Welcome</html>", || {});
    let nobody = "http://127.0.0.1:1".to_owned();
    for (url, reason) in [(nobody, "Connection refused"), (page, "<html>Welcome")] {
        let error = refused(&[&["--url", &url], &table[..]].concat()).stderr;
        assert!(error.contains(&url), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn what_a_process_writes_before_it_ends_is_in_the_log() {
    let folder = tempdir().expect("a folder");
    let script = "#!/bin/sh\necho started\necho 'no such table' >&2\nexit 1\n";
    let program = file(folder.path(), script, 0o755);
    let log = folder.path().join("log");
    fs::write(&log, "an older run\n").expect("written");
    refused(&["--function", &program, "--log", log.to_str().expect("text")]);
    let text = fs::read_to_string(log).expect("the log");
    assert_eq!(text, "an older run\nstarted\nno such table\n");
}

#[test]
fn an_option_that_does_not_apply_is_refused() {
    let url = ["--url", "http://127.0.0.1:1"];
    let function = ["--function", "bootstrap"];
    let no_resend = ["--function", "bootstrap", "--no-resend", "--moto", "python"];
    let cases: [(&[&str], &[[&str; 2]]); 4] = [
        (
            &url,
            &[
                ["--instances", "4"],
                ["--faults", "0%"],
                ["--kills", "0%"],
                ["--log", "log"],
                ["--outage", "9s"],
                ["--moto", "python"],
                ["--function", "bootstrap"],
            ],
        ),
        (
            &function,
            &[
                ["--table", "snapshots"],
                ["--endpoint-url", "http://127.0.0.1:1"],
                ["--credentials", "credentials.json"],
            ],
        ),
        (&function, &[["--outage", "9s"], ["--moto", "python"]]),
        (
            &no_resend,
            &[
                ["--concurrency", "4"],
                ["--duplicates", "0%"],
                ["--forge", "0%"],
            ],
        ),
    ];
    for (stack, options) in cases {
        for option in options {
            let error = refused(&[stack, option].concat()).stderr;
            assert!(error.contains(option[0]), "{option:?}: {error}");
            let words = ["cannot be used with", "required arguments"];
            assert!(
                words.iter().any(|words| error.contains(words)),
                "{option:?}: {error}"
            );
        }
    }
    let switch = refused(&[&url[..], &["--no-resend"]].concat()).stderr;
    assert!(switch.contains("--no-resend"), "{switch}");
}

#[test]
fn a_variable_that_names_a_table_is_no_argument() {
    let mut soak = callbot(&["soak", "--function", "none"]);
    let error = fail(2, soak.env("TABLE_NAME", "snapshots")).stderr;
    assert!(error.contains("cannot run none"), "{error}");
}
