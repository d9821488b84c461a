//! A failed AWS call, with its target.

use std::error::Error;
use std::fmt;

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use task_callback::error_chain::error_chain;

/// The target of an AWS call.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The service's name, such as `DynamoDB`.
    pub(crate) service: &'static str,
    /// The resource, such as `table snapshots`.
    pub(crate) resource: String,
    /// The region, if configured.
    pub(crate) region: Option<String>,
    /// The URL of an engine or emulator in place of AWS.
    pub(crate) endpoint_url: Option<String>,
}

/// A failed AWS call. Its text is the SDK's whole error chain.
#[derive(Debug)]
pub(crate) struct AwsError {
    /// The target of the call.
    pub(crate) target: Target,
    /// The error code, such as `ResourceNotFoundException`, if AWS answered.
    pub(crate) code: Option<String>,
    /// The message of AWS.
    pub(crate) message: Option<String>,
    /// Whether the same call may succeed later: AWS was busy, failed or did not answer.
    pub(crate) is_transient: bool,
    source: Box<dyn Error + Send + Sync>,
}

impl AwsError {
    pub(crate) fn new<E>(target: Target, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let is_throttled = || {
            error
                .code()
                .is_some_and(|code| THROTTLING_ERRORS.contains(&code))
        };
        let is_transient = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
            SdkError::ServiceError(answer) => {
                answer.raw().status().is_server_error() || is_throttled()
            }
            _ => false,
        };
        Self {
            target,
            code: error.code().map(str::to_owned),
            message: error.message().map(str::to_owned),
            is_transient,
            source: Box::new(error),
        }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&error_chain(&*self.source))
    }
}

impl Error for AwsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
