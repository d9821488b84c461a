//! A failed AWS call, in one line: the target, the SDK's own words and, where one helps, a hint.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use task_callback::error_chain::error_chain;

use super::Target;
use crate::causes::layers;
use crate::terminal::shown;

/// The credentials are missing, wrong or expired.
const SIGN_IN: &str = "Sign in (`aws sso login`), or correct AWS_PROFILE or the access key in the environment; \
                       `aws sts get-caller-identity` shows who you are.";
/// The call went to the wrong place, or to none.
const PLACE: &str = "Check the name, the region (AWS_REGION, or the profile's) and the endpoint (--endpoint-url or \
                     AWS_ENDPOINT_URL, such as http://127.0.0.1:8000 of `callbot local`).";
/// The credentials are good, but not for this call.
const PERMISSION: &str =
    "These credentials may not do this: docs/policies/operator.json has the permissions.";

/// A failed AWS call.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AwsError(String);

impl AwsError {
    pub(crate) fn new<E>(target: Target, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        // AWS answered with a code, or there is no answer.
        let words = match (error.code(), error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            _ => error_chain(&error),
        };
        // Without credentials, the SDK goes on with a list of all places where it has looked.
        let words = shown(words.split(". Attempted:").next().unwrap_or_default());
        let words = words.trim_end_matches('.');
        let hint = hint(&error).map_or(String::new(), |hint| format!(". {hint}"));
        let Target { service, resource } = target;
        Self(format!("{service}, {resource}: {words}{hint}"))
    }
}

/// What the user can do about the error.
fn hint<E>(error: &SdkError<E, HttpResponse>) -> Option<&'static str>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error.code() {
        Some("AccessDenied" | "AccessDeniedException") => Some(PERMISSION),
        Some(
            "ResourceNotFoundException"
            | "QueueDoesNotExist"
            | "AWS.SimpleQueueService.NonExistentQueue",
        ) => Some(PLACE),
        Some(
            "ExpiredToken"
            | "ExpiredTokenException"
            | "IncompleteSignatureException"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "RequestExpired"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException",
        ) => Some(SIGN_IN),
        Some(_) => None,
        None if layers(error).any(|layer| layer.is::<CredentialsError>()) => Some(SIGN_IN),
        // No region, no valid URL, no connection or no answer in time.
        None => Some(PLACE),
    }
}
