//! The secret in AWS Secrets Manager that holds the credentials.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use tokio::time::timeout;

use crate::contract::account::{Credentials, CredentialsError};
use crate::error_chain::error_chain;

/// Short, because a callback may have to wait for the read and the store needs most of the function's time.
pub(super) const READ_TIMEOUT: Duration = Duration::from_millis(2_500);

/// The secret that holds the credentials.
#[derive(Clone, Debug)]
pub struct Secret {
    client: Client,
    id: String,
}

/// Why no credentials could be read from the secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// Secrets Manager did not return the secret.
    #[error("the secret {id} could not be read from Secrets Manager: {cause}")]
    Unreadable {
        /// The secret's name or ARN.
        id: String,
        /// The SDK's error.
        cause: String,
    },
    /// The secret's value is not a list of credentials.
    #[error("the secret {id} does not hold credentials: {source}; `make secret` writes it")]
    Malformed {
        /// The secret's name or ARN.
        id: String,
        /// What is wrong with it.
        source: CredentialsError,
    },
}

impl Secret {
    /// The secret with this name or ARN.
    pub fn new(client: Client, id: impl Into<String>) -> Self {
        let id = id.into();
        Self { client, id }
    }

    /// Reads the current credentials.
    ///
    /// # Errors
    ///
    /// Returns a [`SecretError`] after at most 2.5 s. The error never quotes the secret.
    pub(crate) async fn read(&self) -> Result<Credentials, SecretError> {
        let unreadable = |cause: String| SecretError::Unreadable {
            id: self.id.clone(),
            cause,
        };
        let read = self.client.get_secret_value().secret_id(&self.id).send();
        // Boxed, because the future is large and rarely needed.
        let value = timeout(READ_TIMEOUT, Box::pin(read))
            .await
            .map_err(|_| unreadable(format!("no answer within {READ_TIMEOUT:?}")))?
            .map_err(|error| unreadable(error_chain(&error)))?;
        let text = value.secret_string().unwrap_or_default();
        text.parse().map_err(|source| SecretError::Malformed {
            id: self.id.clone(),
            source,
        })
    }
}
