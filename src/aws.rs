//! How AWS is reached: region, credentials and endpoints, TLS, timeouts, retries.

mod error;

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};

use crate::connection::Connections;
use crate::direct::Direct;
pub use error::{Asked, AwsError};

/// A connection within a region takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A call takes a few milliseconds; one that takes this long is better tried again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// With the backoff below, attempts that fail at once end within 6 s: before the store's 7, so that the log
/// has their cause.
const MAX_ATTEMPTS: u32 = 10;
/// A person who waits would rather know.
#[cfg(feature = "cli")]
const DEVELOPERS_MAX_ATTEMPTS: u32 = 4;
/// A callback may be waiting for the secret, and has to be stored still: three attempts within 2.5 s.
const SECRET_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(700);
const SECRET_MAX_ATTEMPTS: u32 = 3;
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The clients of one process. They share TLS and its trust store, and are made once and kept: they hold the
/// connections.
#[derive(Clone, Debug)]
pub struct Aws {
    config: SdkConfig,
    connections: Connections,
    /// Where they do not change while the process lives.
    credentials: Option<Credentials>,
    max_attempts: u32,
    dynamodb_url: Option<String>,
    secrets_manager_url: Option<String>,
}

impl Aws {
    /// The function's: region, credentials and endpoints from the environment, where Lambda puts them.
    ///
    /// The SDK's default chain, with its profiles, metadata services and token exchanges, has nothing to
    /// find in a Lambda and is a tenth of the binary. `AWS_ENDPOINT_URL_DYNAMODB`,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL` and `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` work
    /// as in every SDK.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| lookup(name).filter(|value| !value.is_empty());
        let ignored = set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            .is_some_and(|ignored| ignored.eq_ignore_ascii_case("true"));
        let endpoint_url = |service| {
            let url = set(service).or_else(|| set("AWS_ENDPOINT_URL"));
            url.filter(|_| !ignored)
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
            // It says which variable is missing.
            None => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        };
        let connections = Connections::default();
        Self {
            config: config(region.map(Region::new), provider, connections.clone()),
            connections,
            credentials,
            max_attempts: MAX_ATTEMPTS,
            dynamodb_url: endpoint_url("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager_url: endpoint_url("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        }
    }

    /// The developer's, configured as every AWS SDK is: environment, profiles, single sign-on.
    #[cfg(feature = "cli")]
    pub async fn as_developer() -> Self {
        use aws_smithy_http_client::tls::Provider;
        use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

        // Single sign-on and the like ask for more of a client than `Connections` can do.
        let https = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(https);
        Self {
            config: config.load().await,
            connections: Connections::default(),
            credentials: None,
            max_attempts: DEVELOPERS_MAX_ATTEMPTS,
            dynamodb_url: None,
            secrets_manager_url: None,
        }
    }

    /// A local engine at this address, which asks for a region and credentials but not which.
    #[cfg(feature = "cli")]
    pub fn local(endpoint_url: &str) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "local engine");
        let region = Some(Region::from_static("us-east-1"));
        let connections = Connections::default();
        Self {
            config: config(region, credentials.clone(), connections.clone()),
            connections,
            credentials: Some(credentials),
            max_attempts: MAX_ATTEMPTS,
            dynamodb_url: Some(endpoint_url.to_owned()),
            secrets_manager_url: Some(endpoint_url.to_owned()),
        }
    }

    /// The same in another region.
    #[cfg(feature = "cli")]
    pub fn in_region(self, region: &str) -> Self {
        let region = Region::new(region.to_owned());
        Self {
            config: self.config.into_builder().region(region).build(),
            ..self
        }
    }

    /// What is asked of DynamoDB here about a table, for the words about what went wrong.
    pub fn asked_of_dynamodb(&self, table_name: &str) -> Asked {
        Asked {
            service: "DynamoDB",
            resource: format!("table {table_name}"),
            region: self.config.region().map(ToString::to_string),
            local_url: self.dynamodb_url.clone(),
        }
    }

    /// What is asked of Secrets Manager here about a secret, for the words about what went wrong.
    #[cfg(feature = "cli")]
    pub fn asked_of_secrets_manager(&self, secret_id: &str) -> Asked {
        Asked {
            service: "Secrets Manager",
            resource: format!("secret {secret_id}"),
            region: self.config.region().map(ToString::to_string),
            local_url: self.secrets_manager_url.clone(),
        }
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT))
            .retry_config(retries(self.max_attempts))
            .retry_partition(every_call_may_retry());
        if let Some(url) = &self.dynamodb_url {
            config = config.endpoint_url(url);
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The short way to DynamoDB, where region and credentials are known and do not change.
    pub(crate) async fn direct_dynamodb(&self) -> Option<Direct> {
        let region = self.config.region()?.as_ref();
        let credentials = self.credentials.clone()?;
        let params = Params::builder()
            .region(region)
            .set_endpoint(self.dynamodb_url.clone())
            .build()
            .ok()?;
        let endpoint = DefaultResolver::new()
            .resolve_endpoint(&params)
            .await
            .ok()?;
        let url = endpoint.url().parse().ok()?;
        Direct::new(
            self.connections.clone(),
            &url,
            region,
            credentials,
            CONNECT_TIMEOUT,
            ATTEMPT_TIMEOUT,
        )
        .ok()
    }

    /// A client of Secrets Manager.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config)
            .timeout_config(timeouts(SECRET_ATTEMPT_TIMEOUT))
            .retry_config(retries(SECRET_MAX_ATTEMPTS))
            .retry_partition(every_call_may_retry());
        if let Some(url) = &self.secrets_manager_url {
            config = config.endpoint_url(url);
        }
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

fn config(
    region: Option<Region>,
    credentials: impl ProvideCredentials + 'static,
    connections: Connections,
) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(connections)
        .build()
}

fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT.min(attempt))
        .operation_attempt_timeout(attempt)
        .build()
}

fn retries(max_attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(max_attempts)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF)
}

/// By default retries stop for a while when many have failed, for the whole process: a callback that meets an
/// outage would then be given up at once, its time unused.
fn every_call_may_retry() -> RetryPartition {
    RetryPartition::custom("task-callback")
        .token_bucket(TokenBucket::unlimited())
        .build()
}
