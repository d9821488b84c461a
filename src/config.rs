//! The function's configuration, read from the environment once at start.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use crate::contract::account::Credentials;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

const DEFAULT_MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);
const DEFAULT_MAX_CALLBACK_AGE: Duration = Duration::from_secs(3 * SECONDS_PER_DAY);
const DEFAULT_MAX_BODY_BYTES: usize = 64 * 1024;
/// How much shorter than the retention a limited maximum age is.
const RETENTION_MARGIN: Duration = Duration::from_secs(60 * 60);

/// Keeps a parked message, and a log line that holds such a message, under 256 KiB with any headers
/// that API Gateway admits.
const MAX_BODY_BYTES_CEILING: usize = 160 * 1024;

/// The function's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TABLE_NAME`: the snapshots table.
    pub table_name: String,
    /// `CALLBOT_CREDENTIALS` or `CALLBOT_CREDENTIALS_SECRET_ID`: whose callbacks are accepted.
    pub credentials: CredentialsSource,
    /// `MAX_CLOCK_SKEW_SECONDS`: how far the header `createTs` may be ahead of the clock.
    pub max_clock_skew: Duration,
    /// `MAX_CALLBACK_AGE_SECONDS`: how far `createTs` may be behind. Less than the retention.
    pub max_callback_age: Duration,
    /// `RETENTION_DAYS`: how long a snapshot is stored. `None` means forever.
    pub retention: Option<Duration>,
    /// `MAX_BODY_BYTES`: a larger body is refused.
    pub max_body_bytes: usize,
    /// `PARKED_QUEUE_URL`: the queue of callbacks that a retry may store, or `None` to log them.
    pub parked_queue_url: Option<String>,
    /// `DEAD_LETTER_QUEUE_URL`: the queue of authentic callbacks that no retry can store, or
    /// `None` to use the parked queue.
    pub dead_letter_queue_url: Option<String>,
    /// Where the function differs from the variables, for the log.
    pub warnings: Vec<String>,
}

/// The source of the credentials. Exactly one of the two variables must be set.
#[derive(Clone, Debug)]
pub enum CredentialsSource {
    /// `CALLBOT_CREDENTIALS`: the variable itself.
    Variable(Credentials),
    /// `CALLBOT_CREDENTIALS_SECRET_ID`: the Secrets Manager secret of this name or ARN.
    Secret(String),
}

/// A missing or invalid variable. The function does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} {problem}; it must hold {expected}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong. Never quotes the value, which may be a secret.
    pub problem: String,
    /// What the variable must hold.
    pub expected: &'static str,
}

impl Config {
    /// Reads the variables through `lookup`. An empty value counts as unset, like `None`.
    ///
    /// # Errors
    ///
    /// Returns the first variable that is missing or invalid.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables(lookup);
        let days = "a whole number of days, at least 1, or nothing to keep snapshots for ever";
        let days: Option<NonZeroU32> = variables.optional("RETENTION_DAYS", days, parse)?;
        let retention =
            days.map(|days| Duration::from_secs(u64::from(days.get()) * SECONDS_PER_DAY));
        let age = "a whole number of seconds, less than RETENTION_DAYS where that is set";
        let age = variables.optional("MAX_CALLBACK_AGE_SECONDS", age, seconds)?;
        let (max_callback_age, warning) = limited_age(age, retention);
        let skew = "a whole number of seconds";
        let skew = variables.optional("MAX_CLOCK_SKEW_SECONDS", skew, seconds)?;
        let bytes = "a whole number of bytes from 1 to 163840";
        let bytes = variables.optional("MAX_BODY_BYTES", bytes, body_limit)?;
        let table = "the name of the DynamoDB table of the snapshots";
        let queue = "the URL of an SQS queue, or nothing to log what is parked";
        let dead_letters = "the URL of an SQS queue, or nothing to use PARKED_QUEUE_URL";
        Ok(Self {
            table_name: variables
                .optional("TABLE_NAME", table, parse)?
                .ok_or(wrong("TABLE_NAME", "is not set", table))?,
            credentials: variables.credentials()?,
            max_clock_skew: skew.unwrap_or(DEFAULT_MAX_CLOCK_SKEW),
            max_callback_age,
            retention,
            max_body_bytes: bytes.unwrap_or(DEFAULT_MAX_BODY_BYTES),
            parked_queue_url: variables.optional("PARKED_QUEUE_URL", queue, url)?,
            dead_letter_queue_url: variables.optional(
                "DEAD_LETTER_QUEUE_URL",
                dead_letters,
                url,
            )?,
            warnings: warning.into_iter().collect(),
        })
    }
}

fn wrong(variable: &'static str, problem: &str, expected: &'static str) -> ConfigError {
    let problem = problem.to_owned();
    ConfigError {
        variable,
        problem,
        expected,
    }
}

/// The maximum age, and a warning if it is not the configured one.
///
/// The age must be less than the retention, or a callback whose snapshot has expired could be
/// stored again. The age is limited, because a function that does not start loses every callback.
fn limited_age(age: Option<Duration>, retention: Option<Duration>) -> (Duration, Option<String>) {
    let longest = match retention {
        None => Duration::MAX,
        Some(retention) => retention - RETENTION_MARGIN,
    };
    match (age, retention) {
        (None, _) => (DEFAULT_MAX_CALLBACK_AGE.min(longest), None),
        (Some(age), Some(retention)) if age >= retention => {
            let limit = longest.as_secs();
            let limited = "MAX_CALLBACK_AGE_SECONDS is not less than RETENTION_DAYS";
            (
                longest,
                Some(format!("{limited}; it is limited to {limit} seconds")),
            )
        }
        (Some(age), _) => (age, None),
    }
}

struct Variables<L>(L);

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    fn credentials(&self) -> Result<CredentialsSource, ConfigError> {
        let (variable, expected) = ("CALLBOT_CREDENTIALS", Credentials::FORM);
        let json = self.optional(variable, expected, parse)?;
        let secret = "the name or ARN of a secret that holds what CALLBOT_CREDENTIALS would";
        let secret_id = self.optional("CALLBOT_CREDENTIALS_SECRET_ID", secret, parse)?;
        let problem = match (json, secret_id) {
            (Some(credentials), None) => return Ok(CredentialsSource::Variable(credentials)),
            (None, Some(id)) => return Ok(CredentialsSource::Secret(id)),
            (None, None) => "is not set, nor is CALLBOT_CREDENTIALS_SECRET_ID, and one must be",
            (Some(_), Some(_)) => {
                "is set, and so is CALLBOT_CREDENTIALS_SECRET_ID, but only one may be"
            }
        };
        Err(wrong(variable, problem, expected))
    }

    fn optional<T>(
        &self,
        variable: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let value = (self.0)(variable).filter(|value| !value.is_empty());
        let value = value.map(|value| read(&value)).transpose();
        value.map_err(|problem| wrong(variable, &format!("is wrong: {problem}"), expected))
    }
}

fn parse<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn seconds(text: &str) -> Result<Duration, String> {
    Ok(Duration::from_secs(parse::<u32>(text)?.into()))
}

fn body_limit(text: &str) -> Result<usize, String> {
    match parse(text)? {
        bytes @ 1..=MAX_BODY_BYTES_CEILING => Ok(bytes),
        _ => Err("out of range".to_owned()),
    }
}

/// SQS would report a queue's name or ARN, an easy mistake, only when a message is sent.
fn url(text: &str) -> Result<String, String> {
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("not a URL".to_owned())
    }
}
