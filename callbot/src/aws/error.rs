//! A failed AWS call, in one line: the target, the SDK's own words and, where one helps, a hint.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use task_callback::error_chain::error_chain;

use super::{OPTION, Target};
use crate::causes::layers;
use crate::terminal::shown;

/// The credentials are missing, wrong or expired.
const SIGN_IN: &str = "Sign in (`aws sso login`), or correct AWS_PROFILE or the access key in the environment; \
                       `aws sts get-caller-identity` shows who you are";
/// The credentials are good, but not for this call.
const PERMISSION: &str =
    "These credentials may not do this: docs/policies/operator.json has the permissions";

/// A failed AWS call.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AwsError(String);

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, resource) = (self.service.name, self.service.resource);
        let place = match (&self.endpoint, &self.region) {
            (Some((url, source)), _) => format!(" at {url} ({source})"),
            (None, Some(region)) => format!(" in {region}"),
            (None, None) => String::new(),
        };
        write!(f, "{name}{place}, {resource} {}", self.name)
    }
}

impl Target {
    /// A failed call of this target.
    pub(crate) fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        // An engine answers so to the calls of another service.
        let code = error
            .code()
            .filter(|code| *code != "UnknownOperationException");
        let answer = error.raw_response().map(|answer| answer.status());
        let words = match (code, error.message(), answer, &self.endpoint) {
            (Some(code), message, ..) => format!("{self}: {code}: {}", message.unwrap_or_default()),
            (None, _, Some(status), Some((url, source))) => {
                let name = self.service.name;
                format!("{url} ({source}) is no {name}: it answered HTTP {status}")
            }
            (None, _, Some(status), None) => format!("{self}: not an answer of AWS: HTTP {status}"),
            (None, _, None, _) => format!("{self}: {}", error_chain(&error)),
        };
        // Without credentials, the SDK goes on with a list of all places where it has looked.
        let words = shown(words.split(". Attempted:").next().unwrap_or_default());
        let words = words.trim_end_matches(['.', ':', ' ']);
        let hint = match layers(&error).any(|layer| layer.is::<CredentialsError>()) {
            true => Some(SIGN_IN.to_owned()),
            false => self.hint(code),
        };
        let hint = hint.map_or(String::new(), |hint| format!(". {hint}"));
        AwsError(format!("{words}{hint}"))
    }

    /// What the user can do about an error of this code, or about an answer that is missing or not the service's.
    fn hint(&self, code: Option<&str>) -> Option<String> {
        let place = match &self.endpoint {
            Some((_, OPTION)) => format!("{OPTION}{}", self.service.local),
            Some((_, source)) => format!("{source}: without this setting, the call goes to AWS"),
            None => "the region (AWS_REGION, or the profile's)".to_owned(),
        };
        match code {
            Some("AccessDenied" | "AccessDeniedException") => Some(PERMISSION.to_owned()),
            Some(
                "ResourceNotFoundException"
                | "QueueDoesNotExist"
                | "AWS.SimpleQueueService.NonExistentQueue",
            ) => {
                let (resource, output) = (self.service.resource, self.service.output);
                let name = format!("the {resource}'s name (the stack's output {output})");
                Some(format!("Check {name} and {place}"))
            }
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
            ) => Some(SIGN_IN.to_owned()),
            Some(_) => None,
            None if self.endpoint.is_some() => Some(format!("Check {place}")),
            None => Some(format!(
                "Check {place} and the network; AWS is called without a proxy"
            )),
        }
    }
}
