//! The secret in AWS Secrets Manager that holds the credentials.

use std::fmt::Display;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use tokio::time::timeout;

use crate::contract::account::{Credentials, CredentialsError};
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

    /// Reads the credentials from the secret's string or binary value, within `limit`. The error
    /// never quotes the secret.
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
        let unusable = |problem: &dyn Display| {
            format!("the secret {id} does not hold credentials: {problem}; `make secret` writes it")
        };
        let text = value.secret_string().map(str::as_bytes);
        let bytes = text.or(value.secret_binary().map(AsRef::as_ref));
        let text = std::str::from_utf8(bytes.unwrap_or_default());
        let text = text.map_err(|_| unusable(&"it is not UTF-8"))?;
        text.parse()
            .map_err(|problem: CredentialsError| unusable(&problem))
    }
}
