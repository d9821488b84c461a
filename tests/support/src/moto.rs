//! AWS's wire protocol as moto speaks it: Secrets Manager for the tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use aws_sdk_secretsmanager::Client;

use crate::aws::local_aws;

/// One server for all tests. It ends with this process, which holds the other end of its standard input.
struct Moto {
    url: String,
    _process: Child,
    _stdin: ChildStdin,
}

/// Serves on a free port, says which, and leaves when nobody holds its standard input any more.
const SERVER: &str = r#"
import os, sys, threading
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app

app = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)
"#;

/// The server's address.
pub fn url() -> &'static str {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    &MOTO.get_or_init(start).url
}

fn start() -> Moto {
    let is_aws = |name: &String| name.starts_with("AWS_");
    let mut process = Command::new(python())
        .args(["-c", SERVER])
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| !is_aws(name)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("moto's Python can be started");
    let mut port = String::new();
    let stdout = process.stdout.take().expect("piped");
    let read = BufReader::new(stdout).read_line(&mut port);
    assert!(read.is_ok_and(|length| length > 0), "moto does not start");
    Moto {
        url: format!("http://127.0.0.1:{}", port.trim()),
        _stdin: process.stdin.take().expect("piped"),
        _process: process,
    }
}

/// The Python that has moto, which make installs where it is missing.
fn python() -> String {
    let output = Command::new("make")
        .args(["--silent", "moto"])
        .env_remove("MAKEFLAGS")
        .current_dir(crate::project())
        .output()
        .expect("make can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "make moto: {errors}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().last().expect("a path").to_owned()
}

/// A secret of the test's own.
pub struct TestSecret {
    client: Client,
    pub id: String,
}

impl TestSecret {
    pub async fn create(value: &str) -> Self {
        let client = local_aws(url()).secrets_manager();
        let name = format!("callbot-{}", uuid::Uuid::new_v4());
        let created = client.create_secret().name(&name).secret_string(value);
        created.send().await.expect("the secret is made");
        Self { client, id: name }
    }

    pub async fn put(&self, value: &str) {
        let put = self.client.put_secret_value().secret_id(&self.id);
        put.secret_string(value)
            .send()
            .await
            .expect("the secret is written");
    }

    pub async fn value(&self) -> String {
        let get = self.client.get_secret_value().secret_id(&self.id);
        let value = get.send().await.expect("the secret is read");
        value.secret_string().expect("text").to_owned()
    }
}
