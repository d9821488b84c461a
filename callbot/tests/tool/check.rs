//! `callbot check`: whether a deployment refuses and accepts what it must.

use std::io::{Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::runner::{callbot, fail, run};

#[test]
fn a_deployment_that_accepts_forgeries_does_not_pass() {
    let url = format!("{}/api/v3/taskCallback", start_accepting_server());
    let table = fail(&mut callbot(&["check", "--url", &url])).stdout;
    let forged = table
        .lines()
        .find(|line| line.contains("a forged callback"));
    assert!(forged.is_some_and(|line| line.contains('✗')), "{table}");
}

#[test]
fn a_deployment_that_cannot_be_reached_does_not_pass() {
    let nobody = "http://127.0.0.1:1/api/v3/taskCallback";
    let table = fail(&mut callbot(&["check", "--url", nobody])).stdout;
    assert!(table.contains("Connection refused"), "{table}");
}

/// Whatever a server answers, the terminal is not commanded by it, nor flooded.
#[test]
fn what_a_server_answers_is_escaped_and_cut() {
    let hostile = format!("\u{1b}[2J\u{202e}<html>{}</html>", "long ".repeat(5_000));
    let answer = serde_json::json!({"retCode": 0, "retMsg": hostile, "responseID": hostile});
    for body in [hostile, answer.to_string()] {
        let server = start_server(body);
        let url = format!("{server}/api/v3/taskCallback");
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
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = server.local_addr().expect("an address");
    std::thread::spawn(move || {
        for connection in server.incoming().flatten() {
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
