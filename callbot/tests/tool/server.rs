//! A server in place of a deployment, with the same answer to every request.

use std::io::{Read, Result, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::spawn;

pub(crate) const SUCCESS: &str = r#"{"retCode":0,"retMsg":"success","responseID":"x"}"#;

/// Starts a server that answers every request with status 200 and this body. Returns its URL.
pub(crate) fn start(body: &str) -> String {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = server.local_addr().expect("an address");
    let body = body.to_owned();
    spawn(move || {
        for connection in server.incoming().flatten() {
            let _ = answer(connection, &body);
        }
    });
    format!("http://{address}/api/v3/taskCallback")
}

fn answer(mut connection: TcpStream, body: &str) -> Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = connection.read(&mut [0; 4096])?;
    connection.write_all(format!("{head}{body}").as_bytes())?;
    // Closing with unread bytes would reset the connection before the answer is read.
    connection.shutdown(Shutdown::Write)?;
    copy(&mut connection, &mut sink())?;
    Ok(())
}
