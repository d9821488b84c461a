//! The moto server for tests, and secrets in it.

use std::process::Command;
use std::sync::OnceLock;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;
use local_stack::Moto;

use crate::aws::local_aws;

/// The URL of the server, which all tests of this process share.
pub fn url() -> &'static str {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    MOTO.get_or_init(|| Moto::start(python()).expect("moto starts"))
        .url()
}

/// The Python that has moto. If it is missing, make installs it.
pub fn python() -> String {
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

/// A secret for one test.
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

    pub async fn put_binary(&self, value: &[u8]) {
        let put = self.client.put_secret_value().secret_id(&self.id);
        let put = put.secret_binary(Blob::new(value)).send();
        put.await.expect("the secret is written");
    }

    pub async fn value(&self) -> String {
        let get = self.client.get_secret_value().secret_id(&self.id);
        let value = get.send().await.expect("the secret is read");
        value.secret_string().expect("text").to_owned()
    }
}
