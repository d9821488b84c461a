//! The accounts whose callbacks are accepted, with their secrets.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

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

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
    /// How the account signs. A request cannot change this.
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
        let json = without_byte_order_mark(json);
        let entries: Vec<Entry> = serde_json::from_str(json).map_err(|error| {
            let what = if error.is_data() {
                "JSON of another form"
            } else {
                "not JSON"
            };
            let (line, column) = (error.line(), error.column());
            CredentialsError(format!("it is {what} (line {line}, column {column})"))
        })?;
        if entries.is_empty() {
            return Err(CredentialsError("it holds no credentials".to_owned()));
        }
        let check = |(index, entry): (usize, Entry)| {
            let wrong = |problem| CredentialsError(format!("credential {} {problem}", index + 1));
            entry.check().map_err(wrong)
        };
        entries
            .into_iter()
            .enumerate()
            .map(check)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Why a text is not valid credentials. Names the credential, from 1, and its field, and never quotes a value.
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
        let uuid = text("uuid", self.uuid)?;
        // With `&`, the signed text could be read in two ways. No header holds a control character.
        if uuid.contains(|char: char| char == '&' || char.is_control()) {
            return Err("has a uuid with an ampersand or a control character".to_owned());
        }
        let algorithm = self.algorithm.map(Algorithm::deserialize).transpose();
        let unknown = "has an algorithm other than MD5, SHA256 and HMAC-SHA256";
        Ok(Credential {
            uuid,
            secret_key: SecretKey(text("secretKey", self.secret_key)?),
            algorithm: algorithm.map_err(|_| unknown)?.unwrap_or_default(),
        })
    }
}

/// A field that can match a callback's.
fn text(field: &str, value: Option<Value>) -> Result<String, String> {
    let text = match value {
        None => return Err(format!("has no {field}")),
        Some(Value::String(text)) => text,
        Some(_) => return Err(format!("has a {field} that is not a string")),
    };
    // Zero-width characters come with text that is copied from a web page. They are not in `is_whitespace`.
    let is_blank = |char: char| {
        char.is_whitespace()
            || char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    if text.is_empty() {
        Err(format!("has an empty {field}"))
    } else if text.starts_with(is_blank) || text.ends_with(is_blank) {
        Err(format!(
            "has white space at the start or the end of its {field}"
        ))
    } else if text.chars().all(|char| matches!(char, '.' | '…')) {
        Err(format!("has a placeholder as its {field}"))
    } else {
        Ok(text)
    }
}
