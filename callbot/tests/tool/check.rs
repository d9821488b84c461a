//! `callbot check`: whether a deployment refuses and accepts what it must.

use std::io::{Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::runner::{Running, callbot, fail, run};

/// What the URL of a stack ends with.
const PATH: &str = "/api/v3/taskCallback";

#[test]
fn a_deployment_that_accepts_forgeries_does_not_pass() {
    let url = start_accepting_server() + PATH;
    let ran = run(&mut callbot(&["check", "--url", &url]));
    assert_eq!(ran.exit_code, Some(1), "{ran:#?}");
    let mut lines = ran.stdout.lines();
    let forged = lines.find(|line| line.contains("an unknown account"));
    assert!(forged.is_some_and(|line| line.contains('✗')), "{ran:#?}");
    let sum = "4 of 6 checks failed. Checks not made: 1.";
    assert_eq!(lines.last(), Some(sum), "{ran:#?}");
}

/// Checks a URL that gives no answer: the error is in the first of two lines, and the sum of the checks in the second.
#[track_caller]
fn check_without_answer(server: &str, error: &str) {
    let started = Instant::now();
    let ran = run(&mut callbot(&[
        "check",
        "--url",
        &format!("{server}{PATH}"),
    ]));
    assert!(started.elapsed() < Duration::from_secs(30), "{ran:#?}");
    assert_eq!(ran.exit_code, Some(1), "{ran:#?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].contains(error), "{ran:#?}");
    let sum = "1 of 1 checks failed. Checks not made: 6.";
    assert_eq!(lines[1..], [sum], "{ran:#?}");
}

#[test]
fn a_deployment_that_cannot_be_reached_does_not_pass() {
    let nobody = "http://127.0.0.1:1";
    check_without_answer(
        nobody,
        "no connection to http://127.0.0.1:1: Connection refused",
    );
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    // The kernel accepts connections for it.
    let black_hole = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = black_hole.local_addr().expect("an address");
    for (server, limit) in [
        (format!("http://{address}"), "answer from {} within 20 s"),
        // Without TLS there is no connection.
        (format!("https://{address}"), "connection to {} within 5 s"),
    ] {
        let error = format!("no {}", limit.replace("{}", &server));
        check_without_answer(&server, &error);
    }
}

#[test]
fn a_result_is_printed_before_the_next_request_is_answered() {
    let (answer, answers) = channel();
    let server = start_server_that_waits("{}".to_owned(), move || {
        let _ = answers.recv();
    });
    answer.send(()).expect("the server runs");
    let check = Running::start(&mut callbot(&["check", "--url", &(server + PATH)]));
    let line = check.line();
    assert!(line.contains("✗ another path"), "{line}");
    drop(answer);
    check.until("6 of 6 checks failed.");
}

#[test]
fn the_results_fit_the_width() {
    let answer = serde_json::json!({"retCode": 0, "retMsg": "many words ".repeat(9), "responseID": "x".repeat(99)});
    let url = start_server(answer.to_string()) + PATH;
    let text = fail(1, &mut callbot(&["check", "--url", &url, "--width", "60"])).stdout;
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(60), "{text}");
}

/// Whatever a server answers, the terminal is not commanded by it, nor flooded.
#[test]
fn what_a_server_answers_is_escaped_and_cut() {
    let hostile = format!("\u{1b}[2J\u{202e}<html>{}</html>", "long ".repeat(5_000));
    let answer = serde_json::json!({"retCode": 0, "retMsg": hostile, "responseID": hostile});
    for body in [hostile, answer.to_string()] {
        let server = start_server(body);
        let url = format!("{server}{PATH}");
        for command in [
            vec!["check", "--url", &url],
            vec!["send", "events/pending.json", "--url", &server],
        ] {
            let ran = run(&mut callbot(&command));
            let printed = format!("{}{}", ran.stdout, ran.stderr);
            assert!(printed.contains("<html>"), "{command:?}: {printed}");
            let commands = ['\u{1b}', '\u{202e}'];
            assert!(!printed.contains(commands), "{command:?}: {printed}");
            assert!(printed.len() < 20_000, "{command:?}: {printed}");
        }
    }
}

/// Starts a server that answers every request with success; its address.
pub(crate) fn start_accepting_server() -> String {
    start_server(r#"{"retCode":0,"retMsg":"success","responseID":"x"}"#.to_owned())
}

/// Starts a server that answers every request with status 200 and this body; its address.
pub(crate) fn start_server(body: String) -> String {
    start_server_that_waits(body, || {})
}

/// Starts such a server, which waits before each answer.
fn start_server_that_waits(body: String, mut wait: impl FnMut() + Send + 'static) -> String {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = server.local_addr().expect("an address");
    std::thread::spawn(move || {
        for connection in server.incoming().flatten() {
            wait();
            let _ = accept(connection, &body);
        }
    });
    format!("http://{address}")
}

fn accept(mut connection: TcpStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = connection.read(&mut [0; 4096])?;
    connection.write_all(format!("{head}{body}").as_bytes())?;
    // Closing with a part of the request unread would reset the connection before the answer is read.
    connection.shutdown(Shutdown::Write)?;
    copy(&mut connection, &mut sink())?;
    Ok(())
}

#[test]
fn a_url_without_its_scheme_is_a_wrong_argument() {
    for command in ["check", "send", "soak"] {
        let error = fail(2, &mut callbot(&[command, "--url", "localhost:9000"])).stderr;
        let words = "invalid value 'localhost:9000' for '--url <URL>': it must be a URL such as";
        assert!(error.contains(words), "{command}: {error}");
    }
}
