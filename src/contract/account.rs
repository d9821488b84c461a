//! The accounts whose callbacks are accepted, with their secrets.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// How an account's callbacks are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// `MD5`: defined by the vendor, and the vendor's default.
    #[default]
    #[serde(rename = "MD5")]
    Md5,
    /// `SHA256`: defined by the vendor.
    #[serde(rename = "SHA256")]
    Sha256,
    /// `HMAC-SHA256`: an extension of this project, for callbacks that a relay signs again.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
}

impl Algorithm {
    /// The name on the wire and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA256",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An account's `secretKey`. Its `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct SecretKey(String);

impl SecretKey {
    /// The key itself, for hashing.
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<&str> for SecretKey {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

/// One secret of one account. An account has two credentials while its secret is rotated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credential {
    /// The account's uuid, as sent in the header `uuid`.
    pub uuid: String,
    /// The account's secret.
    pub secret_key: SecretKey,
    /// How the account signs. A request cannot change this.
    #[serde(default)]
    pub algorithm: Algorithm,
}

/// The credentials of all accounts. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials(Vec<Credential>);

impl Credentials {
    /// What the text of credentials must be, for error messages.
    pub const FORM: &str = r#"a JSON array like [{"uuid":"…","secretKey":"…","algorithm":"MD5"}], where algorithm may be MD5 (also when left out), SHA256 or HMAC-SHA256"#;

    /// All credentials, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Credential> {
        self.0.iter()
    }

    /// The first configured credential.
    pub fn first(&self) -> &Credential {
        &self.0[0]
    }
}

impl FromStr for Credentials {
    type Err = CredentialsError;

    /// Reads `[{"uuid":"…","secretKey":"…","algorithm":"MD5"|"SHA256"|"HMAC-SHA256"}]`. `algorithm` defaults to
    /// `MD5`.
    ///
    /// # Errors
    ///
    /// Returns what is wrong and where. The error never quotes the text, which may hold a secret.
    fn from_str(json: &str) -> Result<Self, Self::Err> {
        let list: Vec<Credential> = serde_json::from_str(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if error.is_data() {
                CredentialsError::WrongForm { line, column }
            } else {
                CredentialsError::NotJson { line, column }
            }
        })?;
        if list.is_empty() {
            return Err(CredentialsError::None);
        }
        for (index, credential) in list.iter().enumerate() {
            let number = index + 1;
            if credential.uuid.is_empty() {
                let field = "uuid";
                return Err(CredentialsError::EmptyField { number, field });
            }
            if credential.uuid.contains('&') {
                return Err(CredentialsError::Ampersand { number });
            }
            if credential.secret_key.expose().is_empty() {
                let field = "secretKey";
                return Err(CredentialsError::EmptyField { number, field });
            }
        }
        Ok(Self(list))
    }
}

/// Why a text is not valid credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Not JSON at all.
    #[error("it is not JSON (line {line}, column {column})")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON, but not of the expected form.
    #[error("it is JSON of another form (line {line}, column {column})")]
    WrongForm {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// An empty array, with which no signature could be verified.
    #[error("it holds no credentials")]
    None,
    /// A uuid with `&`, with which the signed text could be read in two ways.
    #[error("credential {number} has a uuid with an ampersand")]
    Ampersand {
        /// From 1.
        number: usize,
    },
    /// A required field is empty.
    #[error("credential {number} has an empty {field}")]
    EmptyField {
        /// From 1.
        number: usize,
        /// The field's name.
        field: &'static str,
    },
}
