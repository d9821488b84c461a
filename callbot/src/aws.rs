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
/// What sets the endpoint of all services.
const OPTION: &str = "--endpoint-url";
const VARIABLE: &str = "AWS_ENDPOINT_URL";

/// Where AWS's services are.
#[derive(clap::Args)]
pub(crate) struct EndpointArgs {
    /// Use the engine or emulator at URL instead of AWS, such as that of `callbot local`
    #[arg(long, value_name = "URL", value_parser = endpoint_url)]
    endpoint_url: Option<String>,
}

impl EndpointArgs {
    /// The engine or emulator or, where none is named, AWS as configured.
    ///
    /// # Errors
    ///
    /// The variable of an endpoint holds no URL. The SDK panics if it is empty.
    pub(crate) async fn aws(&self) -> Result<Aws, String> {
        if let Some(url) = &self.endpoint_url {
            return Ok(Aws::local(url));
        }
        for name in [DYNAMODB, SECRETS_MANAGER, SQS]
            .map(|service| service.variable)
            .into_iter()
            .chain([VARIABLE])
        {
            let wrong =
                |value: &String| Some(format!("{name} is {value:?}: {}", http_url(value).err()?));
            if let Some(error) = std::env::var(name).ok().as_ref().and_then(wrong) {
                return Err(error);
            }
        }
        Ok(Aws::configured().await)
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

/// A service of AWS, as messages name it.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    /// The variable that holds its endpoint's URL.
    variable: &'static str,
    /// What a call is about, and the output of the stack that names it.
    resource: &'static str,
    output: &'static str,
    /// Which command of this tool serves it locally.
    local: &'static str,
}

pub(crate) const DYNAMODB: &Service = &Service {
    name: "DynamoDB",
    variable: "AWS_ENDPOINT_URL_DYNAMODB",
    resource: "table",
    output: "TableName",
    local: "; `callbot local` runs an engine",
};
pub(crate) const SECRETS_MANAGER: &Service = &Service {
    name: "Secrets Manager",
    variable: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    resource: "secret",
    output: "CredentialsSecretArn",
    local: "",
};
pub(crate) const SQS: &Service = &Service {
    name: "SQS",
    variable: "AWS_ENDPOINT_URL_SQS",
    resource: "queue",
    output: "ParkedQueueUrl",
    local: "",
};

/// The target of a call, for messages, such as `DynamoDB in eu-central-1, table snapshots`.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    service: &'static Service,
    /// The URL of an endpoint that is not AWS's own, and what has set it.
    endpoint: Option<(String, &'static str)>,
    region: Option<String>,
    /// The table's, secret's or queue's name.
    name: String,
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

    /// The target of calls about the table, secret or queue of this name.
    pub(crate) fn target(&self, service: &'static Service, name: &str) -> Target {
        let variable = |name| Some((std::env::var(name).ok()?, name));
        let configured = |source| Some((self.config.endpoint_url()?.to_owned(), source));
        let endpoint = match self.config.service_config() {
            // `Aws::local` reads no variables.
            None => configured(OPTION),
            Some(_) => variable(service.variable)
                .or_else(|| variable(VARIABLE))
                .or_else(|| configured("the AWS profile")),
        };
        Target {
            service,
            endpoint,
            region: self.config.region().map(ToString::to_string),
            name: name.to_owned(),
        }
    }
}

/// A client that uses no proxy, whatever the variables say.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}
