//! How AWS is reached: region, credentials, endpoints, HTTP, timeouts and retries.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};

/// A connection within a region takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A DynamoDB call takes a few milliseconds; one that takes this long is better tried again.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// With the backoff below, attempts that fail at once end within 6 s: before the store's 6.5, so that the log
/// has their cause.
const MAX_ATTEMPTS: u32 = 10;
/// For the secret and the queue, where a callback has less time: three attempts that fail at once end within 0.2 s.
const SHORT_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(700);
const SHORT_MAX_ATTEMPTS: u32 = 3;
pub(crate) const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// What the clients of one process share: the configuration, and the HTTP connector with its connections and
/// its trust store.
#[derive(Clone, Debug)]
pub struct Aws {
    config: SdkConfig,
    connector: SharedHttpConnector,
    credentials: Option<Credentials>,
    dynamodb_url: Option<String>,
    secrets_manager_url: Option<String>,
    sqs_url: Option<String>,
}

impl Aws {
    /// Region, credentials and endpoints from the environment, where Lambda puts them.
    ///
    /// The SDK's default chain, with its profiles, metadata services and token exchanges, has nothing to
    /// find in a Lambda and is a tenth of the binary. `AWS_ENDPOINT_URL_DYNAMODB`,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL`,
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT` work as in
    /// every SDK.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| lookup(name).filter(|value| !value.is_empty());
        let is_true = |name| set(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let ignore_urls = is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        let endpoint_url = |service| {
            let url = set(service).or_else(|| set("AWS_ENDPOINT_URL"));
            url.filter(|_| !ignore_urls)
        };
        let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
        let credentials = match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(key)) => Some(Credentials::new(
                id,
                key,
                set("AWS_SESSION_TOKEN"),
                None,
                "environment",
            )),
            _ => None,
        };
        let provider = match &credentials {
            Some(credentials) => SharedCredentialsProvider::new(credentials.clone()),
            // Its error says which variable is missing.
            None => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        };
        let connector = connector();
        let shared = connector.clone();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region.map(Region::new))
            .credentials_provider(provider)
            .use_fips(is_true("AWS_USE_FIPS_ENDPOINT"))
            .use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"))
            .http_client(http_client_fn(move |_, _| shared.clone()))
            .build();
        Self {
            config,
            connector,
            credentials,
            dynamodb_url: endpoint_url("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager_url: endpoint_url("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            sqs_url: endpoint_url("AWS_ENDPOINT_URL_SQS"),
        }
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT))
            .retry_config(retries(MAX_ATTEMPTS))
            .retry_partition(unlimited_retries());
        config.set_endpoint_url(self.dynamodb_url.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of Secrets Manager.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config)
            .timeout_config(timeouts(SHORT_ATTEMPT_TIMEOUT))
            .retry_config(retries(SHORT_MAX_ATTEMPTS))
            .retry_partition(unlimited_retries());
        config.set_endpoint_url(self.secrets_manager_url.clone());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.config)
            .timeout_config(timeouts(SHORT_ATTEMPT_TIMEOUT))
            .retry_config(retries(SHORT_MAX_ATTEMPTS))
            .retry_partition(unlimited_retries());
        config.set_endpoint_url(self.sqs_url.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// The configuration that all clients have in common.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The HTTP connector of all clients: whatever opens a connection on it opens it for every client.
    pub(crate) fn connector(&self) -> &SharedHttpConnector {
        &self.connector
    }

    /// The credentials in the environment. Lambda never changes them while the process lives.
    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The configured address of DynamoDB, where it is not the region's.
    pub(crate) fn dynamodb_url(&self) -> Option<&str> {
        self.dynamodb_url.as_deref()
    }
}

/// One connector for the process, so that the trust store is read once: that is most of a cold start.
///
/// TLS is on ring: aws-lc, the SDK's default, costs 25 ms of CPU at every cold start.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT);
    let connector = Connector::builder()
        .connector_settings(settings.build())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    SharedHttpConnector::new(connector)
}

fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(attempt)
        .build()
}

fn retries(max_attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(max_attempts)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF)
}

/// By default the SDK stops retrying for a while when many calls of the process have failed. A callback that
/// arrives in an outage would then be given up at once, with its time unused.
fn unlimited_retries() -> RetryPartition {
    RetryPartition::custom("task-callback")
        .token_bucket(TokenBucket::unlimited())
        .build()
}
