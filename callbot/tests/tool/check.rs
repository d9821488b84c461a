//! `callbot check`: whether a deployment refuses and accepts what it must.

use std::io::{Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::runner::{callbot, fail};

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

/// Starts a server that answers every request with success; its address.
pub(crate) fn start_accepting_server() -> String {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = server.local_addr().expect("an address");
    std::thread::spawn(move || {
        for connection in server.incoming().flatten() {
            let _ = accept(connection);
        }
    });
    format!("http://{address}")
}

fn accept(mut connection: TcpStream) -> std::io::Result<()> {
    let body = r#"{"retCode":0,"retMsg":"success","responseID":"x"}"#;
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = connection.read(&mut [0; 4096])?;
    connection.write_all(format!("{head}{body}").as_bytes())?;
    // Closing with a part of the request unread would reset the connection before the answer is read.
    connection.shutdown(Shutdown::Write)?;
    copy(&mut connection, &mut sink())?;
    Ok(())
}
