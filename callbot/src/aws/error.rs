//! A failed AWS call, with its target.

use std::error::Error;
use std::fmt;

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
    source: Box<dyn Error + Send + Sync>,
}

impl AwsError {
    pub(crate) fn new<E, R>(target: Target, error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        Self {
            target,
            code: error.code().map(str::to_owned),
            message: error.message().map(str::to_owned),
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
