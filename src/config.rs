//! The function's configuration, read from the environment once at start.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use crate::contract::account::Credentials;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

const DEFAULT_MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);
const DEFAULT_MAX_CALLBACK_AGE: Duration = Duration::from_secs(3 * SECONDS_A_DAY);
/// The default maximum age is at least this much shorter than the retention.
const RETENTION_MARGIN: Duration = Duration::from_secs(60 * 60);

/// DynamoDB limits an item to 400 KB, and an item is at most about 1.5 times the size of its JSON.
const LARGEST_MAX_BODY_BYTES: usize = 256 * 1024;

/// The function's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TABLE_NAME`: the snapshots table.
    pub table_name: String,
    /// `CALLBOT_CREDENTIALS` or `CALLBOT_CREDENTIALS_SECRET_ID`: whose callbacks are accepted.
    pub credentials: CredentialsSource,
    /// `MAX_CLOCK_SKEW_SECONDS`: how far the header's `createTs` may be ahead of the clock.
    pub max_clock_skew: Duration,
    /// `MAX_CALLBACK_AGE_SECONDS`: how far the header's `createTs` may be behind the clock. Always less than the
    /// retention.
    pub max_callback_age: Duration,
    /// `RETENTION_DAYS`: how long a snapshot is stored. `None` means forever.
    pub retention: Option<Duration>,
    /// `MAX_BODY_BYTES`: the size limit. A larger body is rejected.
    pub max_body_bytes: usize,
    /// `PARKED_QUEUE_URL`: the queue of parked callbacks. If unset, the log holds them.
    pub parked_queue_url: Option<String>,
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
    /// What is wrong with the variable. Never quotes its value, which may be a secret.
    pub problem: String,
    /// What the variable must hold.
    pub expected: &'static str,
}

const SECRET_ID_FORM: &str =
    "the name or ARN of a Secrets Manager secret that holds what CALLBOT_CREDENTIALS would";

impl Config {
    /// Reads the configuration through `lookup`, which returns a variable's value, or `None` if it is unset. An empty
    /// value counts as unset.
    ///
    /// # Errors
    ///
    /// Returns the first variable that is missing or invalid.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables(lookup);
        let retention = variables.retention()?;
        Ok(Self {
            table_name: variables.required(
                "TABLE_NAME",
                "the name of the DynamoDB table of the snapshots",
            )?,
            credentials: variables.credentials()?,
            max_clock_skew: variables
                .seconds("MAX_CLOCK_SKEW_SECONDS", "a whole number of seconds")?
                .unwrap_or(DEFAULT_MAX_CLOCK_SKEW),
            max_callback_age: variables.max_callback_age(retention)?,
            retention,
            max_body_bytes: variables
                .optional("MAX_BODY_BYTES", "a whole number of bytes from 1 to 262144")?
                .map_or(65_536, |BodyLimit(bytes)| bytes),
            parked_queue_url: variables
                .optional(
                    "PARKED_QUEUE_URL",
                    "the URL of an SQS queue, or nothing to log what is parked",
                )?
                .map(|QueueUrl(url)| url),
        })
    }
}

struct Variables<L>(L);

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    fn credentials(&self) -> Result<CredentialsSource, ConfigError> {
        let variable = "CALLBOT_CREDENTIALS";
        let wrong = |problem: &str| ConfigError {
            variable,
            problem: problem.to_owned(),
            expected: Credentials::FORM,
        };
        let json = self.optional(variable, Credentials::FORM)?;
        let secret_id = self.optional("CALLBOT_CREDENTIALS_SECRET_ID", SECRET_ID_FORM)?;
        match (json, secret_id) {
            (Some(credentials), None) => Ok(CredentialsSource::Variable(credentials)),
            (None, Some(id)) => Ok(CredentialsSource::Secret(id)),
            (None, None) => Err(wrong(
                "is not set, nor is CALLBOT_CREDENTIALS_SECRET_ID, and one of them must be",
            )),
            (Some(_), Some(_)) => Err(wrong(
                "is set, and so is CALLBOT_CREDENTIALS_SECRET_ID, but only one of them may be",
            )),
        }
    }

    fn retention(&self) -> Result<Option<Duration>, ConfigError> {
        let days: Option<NonZeroU32> = self.optional(
            "RETENTION_DAYS",
            "a whole number of days, at least 1, or nothing to keep snapshots for ever",
        )?;
        Ok(days.map(|days| Duration::from_secs(u64::from(days.get()) * SECONDS_A_DAY)))
    }

    /// The maximum age must be less than the retention. Otherwise the snapshot of an accepted callback may already have
    /// expired, and the function would store it again.
    fn max_callback_age(&self, retention: Option<Duration>) -> Result<Duration, ConfigError> {
        let variable = "MAX_CALLBACK_AGE_SECONDS";
        let expected = "a whole number of seconds, less than RETENTION_DAYS where that is set";
        let default = retention.map_or(DEFAULT_MAX_CALLBACK_AGE, |retention| {
            DEFAULT_MAX_CALLBACK_AGE.min(retention - RETENTION_MARGIN)
        });
        let age = self.seconds(variable, expected)?.unwrap_or(default);
        if retention.is_some_and(|retention| age >= retention) {
            let problem = "is not less than RETENTION_DAYS".to_owned();
            return Err(ConfigError {
                variable,
                problem,
                expected,
            });
        }
        Ok(age)
    }

    fn seconds(
        &self,
        variable: &'static str,
        expected: &'static str,
    ) -> Result<Option<Duration>, ConfigError> {
        let seconds: Option<u32> = self.optional(variable, expected)?;
        Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
    }

    fn required<T: FromStr<Err: ToString>>(
        &self,
        variable: &'static str,
        expected: &'static str,
    ) -> Result<T, ConfigError> {
        self.optional(variable, expected)?.ok_or(ConfigError {
            variable,
            problem: "is not set".to_owned(),
            expected,
        })
    }

    fn optional<T: FromStr<Err: ToString>>(
        &self,
        variable: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = (self.0)(variable).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        value
            .parse()
            .map(Some)
            .map_err(|error: T::Err| ConfigError {
                variable,
                problem: format!("is wrong: {}", error.to_string()),
                expected,
            })
    }
}

struct BodyLimit(usize);

impl FromStr for BodyLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(bytes @ 1..=LARGEST_MAX_BODY_BYTES) => Ok(Self(bytes)),
            Ok(_) => Err("out of range".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

struct QueueUrl(String);

impl FromStr for QueueUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A queue's name or ARN is an easy mistake, and SQS would report it only when a message is sent.
        match ["https://", "http://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            true => Ok(Self(text.to_owned())),
            false => Err("not a URL"),
        }
    }
}
