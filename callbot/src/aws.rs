//! AWS as configured for the developer, or a local engine in its place.

mod error;

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::client::http_url;
pub(crate) use error::AwsError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// SQS waits for messages, and those of an answer that is not awaited stay hidden for a while.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Few, since a person waits for the result.
const MAX_ATTEMPTS: u32 = 4;

/// Where AWS's services are.
#[derive(clap::Args)]
pub(crate) struct EndpointArgs {
    /// Use the engine or emulator at URL instead of AWS, such as that of `callbot local`
    #[arg(long, value_name = "URL", value_parser = endpoint_url)]
    endpoint_url: Option<String>,
}

impl EndpointArgs {
    /// The engine or emulator or, where none is named, AWS as configured.
    pub(crate) async fn aws(&self) -> Aws {
        match &self.endpoint_url {
            Some(url) => Aws::local(url),
            None => Aws::configured().await,
        }
    }
}

/// Parses the URL of an engine or emulator, whose text is kept.
fn endpoint_url(text: &str) -> Result<String, &'static str> {
    http_url(text).map(|_| text.to_owned())
}

/// The configuration of all clients.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    config: SdkConfig,
}

/// The target of a call, for error messages.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The service and its place, such as `DynamoDB in eu-central-1`.
    service: String,
    /// The resource, such as `table snapshots`.
    pub(crate) resource: String,
}

impl Aws {
    /// AWS, with the SDK's standard configuration: environment, profiles, single sign-on.
    async fn configured() -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
        Self::new(config.load().await)
    }

    /// An engine or emulator at this URL, which accepts any region and credentials.
    pub(crate) fn local(url: &str) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "local engine");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client())
            .endpoint_url(url);
        Self::new(config.build())
    }

    fn new(config: SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS);
        let config = config
            .into_builder()
            .timeout_config(timeouts.build())
            .retry_config(retries);
        Self {
            config: config.build(),
        }
    }

    /// The same configuration in another region.
    pub(crate) fn in_region(self, region: &str) -> Self {
        let region = Region::new(region.to_owned());
        Self {
            config: self.config.into_builder().region(region).build(),
        }
    }

    /// A client of DynamoDB.
    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// A client of Secrets Manager.
    pub(crate) fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// A client of SQS.
    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// The target of a call, for error messages.
    pub(crate) fn target(&self, service: &str, resource: String) -> Target {
        let place = match (self.config.endpoint_url(), self.config.region()) {
            (Some(url), _) => format!(" at {url}"),
            (None, Some(region)) => format!(" in {region}"),
            (None, None) => String::new(),
        };
        Target {
            service: format!("{service}{place}"),
            resource,
        }
    }
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}
