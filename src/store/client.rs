//! How DynamoDB is reached.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Region};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// A connection within a region takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A write takes a few milliseconds; one that takes this long is better tried again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// With the backoff below, attempts that fail at once end within 6 s: before the caller's 7, so that the
/// log has their cause.
const MAX_ATTEMPTS: u32 = 10;
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The function's client: region, credentials and endpoint from the environment, where Lambda puts them.
/// Made once and kept: it holds the connections.
///
/// The SDK's default chain, with its profiles, metadata services and token exchanges, has nothing to find
/// in a Lambda and is a tenth of the binary. `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL` and
/// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` work as in every SDK.
pub fn connect(lookup: impl Fn(&str) -> Option<String>) -> Client {
    let set = |name| lookup(name).filter(|value| !value.is_empty());
    let ignored = set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .is_some_and(|ignored| ignored.eq_ignore_ascii_case("true"));
    let endpoint_url = set("AWS_ENDPOINT_URL_DYNAMODB")
        .or_else(|| set("AWS_ENDPOINT_URL"))
        .filter(|_| !ignored);
    let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
    let mut config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(region.map(Region::new))
        .credentials_provider(EnvironmentVariableCredentialsProvider::new());
    config.set_endpoint_url(endpoint_url);
    with_limits(config)
}

/// The developer's client, configured as every AWS SDK is: environment, profiles, single sign-on.
#[cfg(feature = "cli")]
pub async fn connect_as_developer() -> Client {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https())
        .load()
        .await;
    with_limits(Builder::from(&config))
}

/// A client of a local engine, which asks for a region and credentials but not which.
#[cfg(feature = "cli")]
pub fn connect_local(endpoint_url: &str) -> Client {
    use aws_sdk_dynamodb::config::Credentials;

    let credentials = Credentials::new("local", "local", None, None, "local engine");
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(endpoint_url);
    with_limits(config)
}

/// What every client has in common: TLS, timeouts, retries.
fn with_limits(config: Builder) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    // By default retries stop for a while when many have failed, for the whole process: a callback that meets
    // an outage would then be given up at once, its time unused.
    let every_call_may_retry = RetryPartition::custom("snapshots")
        .token_bucket(TokenBucket::unlimited())
        .build();
    let config = config
        .http_client(https())
        .timeout_config(timeouts)
        .retry_config(retries)
        .retry_partition(every_call_may_retry);
    Client::from_conf(config.build())
}

/// ring, not the SDK's default aws-lc, which gathers jitter entropy for 25 ms at every cold start.
fn https() -> impl aws_sdk_dynamodb::config::HttpClient + 'static {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}
