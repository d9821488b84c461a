//! A call to AWS that failed, with what one has to know to do something about it.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use task_callback::error_chain::error_chain;

/// What was asked, and of whom.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The service's name, such as `DynamoDB`.
    pub(crate) service: &'static str,
    /// What of it, such as `table snapshots`.
    pub(crate) resource: String,
    /// Where, if anybody has said.
    pub(crate) region: Option<String>,
    /// The address of a local engine in place of AWS.
    pub(crate) local_url: Option<String>,
}

/// Why a call failed. Its text is all that the SDK knows.
#[derive(Debug)]
pub(crate) struct AwsError {
    /// What was asked.
    pub(crate) asked: Asked,
    /// AWS's own name for it, such as `ResourceNotFoundException`, where AWS was reached.
    pub(crate) code: Option<String>,
    /// AWS's own words for it.
    pub(crate) message: Option<String>,
    source: Box<dyn Error + Send + Sync>,
}

impl AwsError {
    /// A call for what was `asked` ended with this `error`.
    pub(crate) fn new<E, R>(asked: Asked, error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        Self {
            asked,
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
