//! AWS as configured for the developer, or a local engine in its place.

mod error;
mod options;

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
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
pub(crate) use options::{AwsArgs, Resource};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Longer than SQS's long polling: the messages of an abandoned answer stay hidden for a while.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Few, since a person waits for the result.
const MAX_ATTEMPTS: u32 = 4;
const OPTION: &str = "--endpoint-url";

const CLOUDFORMATION: &str = "CloudFormation";
pub(crate) const DYNAMODB: &str = "DynamoDB";
pub(crate) const SECRETS_MANAGER: &str = "Secrets Manager";
pub(crate) const SQS: &str = "SQS";

/// The configuration of all clients.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    config: SdkConfig,
}

/// The target of a call, for messages, such as `DynamoDB in eu-central-1, table snapshots`.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    service: &'static str,
    /// The URL of an endpoint that is not AWS's own, and the setting it comes from.
    endpoint: Option<(String, String)>,
    region: Option<String>,
    /// Such as `table snapshots`.
    resource: String,
}

/// The variables that set a service's endpoint, in order of precedence.
fn endpoint_variables(service: &str) -> [String; 2] {
    let all = "AWS_ENDPOINT_URL";
    let suffix = service.to_uppercase().replace(' ', "_");
    [format!("{all}_{suffix}"), all.to_owned()]
}

/// Checks the endpoints' variables: with a wrong one, the SDK prints the request or panics.
fn check_endpoint_variables() -> Result<(), String> {
    let called = [CLOUDFORMATION, DYNAMODB, SECRETS_MANAGER, SQS].into_iter();
    let services = called.chain(["STS", "SSO", "SSO OIDC"]);
    for name in services.flat_map(endpoint_variables) {
        if let Ok(value) = std::env::var(&name)
            && let Err(error) = http_url(&value)
        {
            return Err(format!("{name} is {value:?}: {error}"));
        }
    }
    Ok(())
}

impl Aws {
    /// AWS, with the SDK's standard configuration: environment, profiles, single sign-on.
    async fn configured(region: Option<&str>, profile: Option<&str>) -> Self {
        let http = http_client();
        let config = aws_config::defaults(BehaviorVersion::latest());
        let mut config = config.http_client(http.clone());
        if let Some(region) = region {
            config = config.region(Region::new(region.to_owned()));
        }
        let Some(profile) = profile else {
            return Self::new(config.load().await);
        };
        let config = config.profile_name(profile).load().await;
        // As in the AWS CLI, a named profile precedes an access key in the environment. Its role,
        // if it has one, is assumed in the Region.
        let provider = ProviderConfig::without_region().with_region(config.region().cloned());
        let credentials = ProfileFileCredentialsProvider::builder()
            .configure(&provider.with_http_client(http))
            .profile_name(profile)
            .build();
        let credentials = SharedCredentialsProvider::new(credentials);
        let config = config.into_builder().credentials_provider(credentials);
        Self::new(config.build())
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
    fn in_region(self, region: &str) -> Self {
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

    /// The target of calls to a service about a resource, such as `table snapshots`.
    pub(crate) fn target(&self, service: &'static str, resource: String) -> Target {
        let variable = |name: String| Some((std::env::var(&name).ok()?, name));
        let configured = |source: &str| Some((self.config.endpoint_url()?.into(), source.into()));
        let endpoint = match self.config.service_config() {
            // `Aws::local` reads no variables.
            None => configured(OPTION),
            Some(_) => {
                let mut variables = endpoint_variables(service).into_iter();
                let variable = variables.find_map(variable);
                variable.or_else(|| configured("the AWS profile"))
            }
        };
        Target {
            service,
            endpoint,
            region: self.config.region().map(ToString::to_string),
            resource,
        }
    }
}

/// A client that ignores the proxy variables.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}
