//! The secret in AWS Secrets Manager that holds the credentials.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use tokio::time::timeout;

use crate::contract::account::Credentials;
use crate::error_chain::error_chain;

/// The secret that holds the credentials.
#[derive(Clone, Debug)]
pub struct Secret {
    client: Client,
    id: String,
}

impl Secret {
    /// The secret with this name or ARN.
    pub fn new(client: Client, id: impl Into<String>) -> Self {
        let id = id.into();
        Self { client, id }
    }

    /// Reads the current credentials, from the secret's text or from its binary value.
    /// Returns what is wrong after at most `limit`, in a text that never quotes the secret.
    pub(crate) async fn read(&self, limit: Duration) -> Result<Credentials, String> {
        let id = &self.id;
        let unreadable =
            |cause| format!("the secret {id} could not be read from Secrets Manager: {cause}");
        let read = self.client.get_secret_value().secret_id(id).send();
        // Boxed, because the future is large and rarely needed.
        let value = timeout(limit, Box::pin(read))
            .await
            .map_err(|_| unreadable(format!("no answer within {limit:?}")))?
            .map_err(|error| unreadable(error_chain(&error)))?;
        let binary = value
            .secret_binary()
            .map(AsRef::as_ref)
            .map(String::from_utf8_lossy);
        let text = value.secret_string().or(binary.as_deref());
        text.unwrap_or_default().parse().map_err(|problem| {
            format!("the secret {id} does not hold credentials: {problem}; `make secret` writes it")
        })
    }
}
