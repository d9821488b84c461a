//! The smallest program with the SDK: one conditional PutItem, and TLS with ring. The connection is
//! opened during init. `make bench` builds the program with opt-level 3, where the SDK is fastest.

use std::convert::Infallible;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, config::Builder};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use task_callback_floor::{answer, item};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(std::env::var("AWS_REGION").ok().map(Region::new))
        .endpoint_url(std::env::var("AWS_ENDPOINT_URL_DYNAMODB")?)
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .http_client(https)
        .build();
    let client = Client::from_conf(config);
    let open = client.put_item().table_name("snapshots").send();
    let _ = tokio::time::timeout(Duration::from_secs(1), open).await;

    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: &str| AttributeValue::N(number.to_owned());
    let item = item(text, number, AttributeValue::M);
    let answer = answer();
    let put = async |_: LambdaEvent<IgnoredAny>| {
        let put = client
            .put_item()
            .table_name("snapshots")
            .set_item(Some(item.clone()))
            .condition_expression("attribute_not_exists(taskID)");
        put.send().await.expect("the store takes it");
        Ok::<_, Infallible>(answer)
    };
    lambda_runtime::run(service_fn(put)).await
}
