//! The accounts whose callbacks are accepted, with their secrets.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use crate::contract::json::position;
use crate::contract::text::without_byte_order_mark;

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

/// An account's `secretKey`. Its `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The account's uuid, as sent in the header `uuid`.
    pub uuid: String,
    /// The account's secret.
    pub secret_key: SecretKey,
    /// How the account signs. A request cannot change the algorithm.
    pub algorithm: Algorithm,
}

/// The credentials of all accounts. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials(Vec<Credential>);

impl Credentials {
    /// The form of the text, for error messages.
    pub const FORM: &str = r#"a JSON array like [{"uuid":"…","secretKey":"…","algorithm":"MD5"}], where algorithm may be MD5 (also when left out), SHA256 or HMAC-SHA256"#;

    /// All credentials, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Credential> {
        self.0.iter()
    }
}

impl FromStr for Credentials {
    type Err = CredentialsError;

    /// Reads a text of the form [`Credentials::FORM`].
    ///
    /// # Errors
    ///
    /// Returns the first problem.
    fn from_str(json: &str) -> Result<Self, Self::Err> {
        let json = without_byte_order_mark(json);
        let entries: Vec<Entry> = serde_json::from_str(json).map_err(|error| {
            let form = "it is not a JSON array of credentials";
            CredentialsError(format!("{form} ({})", position(&error)))
        })?;
        if entries.is_empty() {
            return Err(CredentialsError("it holds no credentials".to_owned()));
        }
        let entries = (1..).zip(entries).map(|(number, entry)| {
            let wrong = |problem| CredentialsError(format!("credential {number}: {problem}"));
            entry.check().map_err(wrong)
        });
        entries.collect::<Result<_, _>>().map(Self)
    }
}

/// Why a text does not hold credentials. Never quotes the text, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CredentialsError(String);

/// A credential before its fields are checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    uuid: Option<Value>,
    secret_key: Option<Value>,
    algorithm: Option<Value>,
}

impl Entry {
    fn check(self) -> Result<Credential, String> {
        let algorithm = self.algorithm.map(Algorithm::deserialize).transpose();
        let unknown = "algorithm is none of MD5, SHA256 and HMAC-SHA256";
        Ok(Credential {
            uuid: text("uuid", self.uuid)?,
            secret_key: SecretKey(text("secretKey", self.secret_key)?),
            algorithm: algorithm.map_err(|_| unknown)?.unwrap_or_default(),
        })
    }
}

/// The text of a field, unless no genuine callback can match the text.
fn text(field: &str, value: Option<Value>) -> Result<String, String> {
    let text = match value {
        None => return Err(format!("{field} is missing")),
        Some(Value::String(text)) => text,
        Some(_) => return Err(format!("{field} is not a string")),
    };
    // Copied text may bring zero-width characters, which `is_whitespace` does not include.
    let is_blank = |char: char| {
        let zero_width = matches!(
            char,
            '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{feff}'
        );
        let direction = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        char.is_whitespace() || char.is_control() || zero_width || direction
    };
    let problem = match &*text {
        "" => "is empty",
        text if text.starts_with(is_blank) || text.ends_with(is_blank) => {
            "begins or ends with white space"
        }
        text if text.chars().all(|char| matches!(char, '.' | '…')) => "is a placeholder",
        // `&` would make the fields of the signed text ambiguous.
        text if field == "uuid" && text.contains('&') => "holds an ampersand",
        text if field == "uuid" && text.contains(char::is_control) => "holds a control character",
        _ => return Ok(text),
    };
    Err(format!("{field} {problem}"))
}
