//! A failed AWS call in one line: the target, the SDK's message and, if one helps, a hint.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use task_callback::error_chain::{error_chain, layers};

use super::{CLOUDFORMATION, DYNAMODB, OPTION, Target};
use crate::terminal::shown;

/// The credentials are missing, wrong or expired.
const SIGN_IN: &str = ". Sign in (`aws sso login`), or correct --profile, AWS_PROFILE or the access key in the \
                       environment; `aws sts get-caller-identity` shows who you are";
/// The credentials are good, but not for this call.
const PERMISSION: &str =
    ". These credentials may not do this: docs/policies/operator.json lists the permissions";

/// A failed AWS call.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AwsError(String);

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.service)?;
        match (&self.endpoint, &self.region) {
            (Some((url, source)), _) => write!(f, " at {url} ({source})")?,
            (None, Some(region)) => write!(f, " in {region}")?,
            (None, None) => {}
        }
        write!(f, ", {}", self.resource)
    }
}

impl Target {
    /// A failed call of this target.
    pub(crate) fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        // An engine answers a call of another service with this code.
        let code = error
            .code()
            .filter(|code| *code != "UnknownOperationException");
        let status = error.raw_response().map(|answer| answer.status());
        let words = match (code, status, &self.endpoint) {
            (Some(code), ..) => format!(
                "{self}: {code}: {}",
                error.message().unwrap_or("no message")
            ),
            (None, Some(status), Some((url, source))) => {
                format!(
                    "{url} ({source}) is not {}: it answered HTTP {status}",
                    self.service
                )
            }
            _ => format!("{self}: {}", error_chain(&error)),
        };
        // Without credentials, the SDK's message ends with a list of all providers that it tried.
        let words = shown(words.split(". Attempted:").next().unwrap_or_default());
        let hint = match layers(&error).any(|layer| layer.is::<CredentialsError>()) {
            true => SIGN_IN.to_owned(),
            false => self.hint(code),
        };
        AwsError(format!("{}{hint}", words.trim_end_matches('.')))
    }

    /// What to do about an error code, or about a call without an answer of the service.
    fn hint(&self, code: Option<&str>) -> String {
        let place = match &self.endpoint {
            Some((_, source)) if source != OPTION => {
                format!("{source}; without this setting, the call goes to AWS")
            }
            Some(_) if self.service == DYNAMODB => {
                "--endpoint-url; `make run` or `callbot local` runs an engine".to_owned()
            }
            Some(_) => OPTION.to_owned(),
            None => "the region (--region, AWS_REGION or the profile's)".to_owned(),
        };
        let has =
            |parts: &str| code.is_some_and(|code| parts.split(' ').any(|part| code.contains(part)));
        if has("AccessDenied") {
            PERMISSION.to_owned()
        } else if has("Token Signature AccessKeyId RequestExpired UnrecognizedClient") {
            SIGN_IN.to_owned()
        } else if self.service == CLOUDFORMATION && has("ValidationError") {
            format!(". Check the name and {place}")
        } else if has("ResourceNotFound QueueDoesNotExist NonExistentQueue") {
            format!(". Check the name (it is an output of the stack) and {place}")
        } else if code.is_some() {
            String::new()
        } else if self.endpoint.is_some() {
            format!(". Check {place}")
        } else {
            format!(". Check {place} and the network; AWS is called without a proxy")
        }
    }
}
