//! AWS client settings: region, credentials, endpoints, HTTP, timeouts and retries.

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

/// Connecting within a region takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// A call takes a few milliseconds. After this time, a retry is more likely to succeed.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(700);
/// Attempts that fail immediately end within 6 s, before the store's deadline without a queue: the
/// log then holds their cause instead of a timeout.
const MAX_ATTEMPTS: u32 = 10;
/// For the secret and the queues, which have less time: immediate failures end within 0.2 s.
const SHORT_MAX_ATTEMPTS: u32 = 3;
pub(crate) const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Creates a client of a service.
macro_rules! client {
    ($service:ident, $aws:expr, $max_attempts:expr, $endpoint_url:expr) => {{
        let retries = RetryConfig::standard()
            .with_max_attempts($max_attempts)
            .with_initial_backoff(INITIAL_BACKOFF)
            .with_max_backoff(MAX_BACKOFF);
        // By default, the SDK stops retrying for a while after many failed calls. During an outage,
        // a callback would fail immediately, with most of its time unused.
        let unlimited = RetryPartition::custom("task-callback");
        let mut config = $service::config::Builder::from(&$aws.config)
            .retry_config(retries)
            .retry_partition(unlimited.token_bucket(TokenBucket::unlimited()).build());
        config.set_endpoint_url($endpoint_url.clone());
        $service::Client::from_conf(config.build())
    }};
}

/// The state that all clients of one process share.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(crate) config: SdkConfig,
    /// The HTTP connector: all clients share its connections and its trust store.
    pub(crate) connector: SharedHttpConnector,
    /// The credentials in the environment, which Lambda never changes while a process lives.
    pub(crate) credentials: Option<Credentials>,
    /// The configured endpoint URL. `None` means the region's default endpoint.
    pub(crate) dynamodb_url: Option<String>,
    secrets_manager_url: Option<String>,
    sqs_url: Option<String>,
}

impl Aws {
    /// Reads the region, the credentials and the endpoints from the AWS SDKs' variables.
    ///
    /// The SDK's default chain is a tenth of the binary, and would also search profiles, metadata
    /// services and token exchanges, which a Lambda function does not have.
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
            (Some(id), Some(key)) => {
                let token = set("AWS_SESSION_TOKEN");
                Some(Credentials::new(id, key, token, None, "environment"))
            }
            _ => None,
        };
        let provider = match &credentials {
            Some(credentials) => SharedCredentialsProvider::new(credentials.clone()),
            // This provider's error names the missing variable.
            None => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        };
        // All clients share one connector, because reading the trust store takes most of a cold
        // start. TLS uses ring: aws-lc, the SDK's default, costs each cold start 25 ms of CPU.
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT);
        let connector = Connector::builder()
            .connector_settings(settings.build())
            .tls_provider(Provider::Rustls(CryptoMode::Ring));
        let connector = SharedHttpConnector::new(connector.build());
        let shared = connector.clone();
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region.map(Region::new))
            .credentials_provider(provider)
            .use_fips(is_true("AWS_USE_FIPS_ENDPOINT"))
            .use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"))
            .http_client(http_client_fn(move |_, _| shared.clone()))
            .timeout_config(timeouts.build())
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

    /// Creates a DynamoDB client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(aws_sdk_dynamodb, self, MAX_ATTEMPTS, self.dynamodb_url)
    }

    /// Creates a Secrets Manager client.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let url = &self.secrets_manager_url;
        client!(aws_sdk_secretsmanager, self, SHORT_MAX_ATTEMPTS, url)
    }

    /// Creates an SQS client.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        client!(aws_sdk_sqs, self, SHORT_MAX_ATTEMPTS, self.sqs_url)
    }
}
