//! The snapshots table, as `template.yaml` defines it.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use serde_json::json;

/// The template of this build.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The template's properties for a local table. CloudFormation and DynamoDB use the same names.
const PROPERTIES: [&str; 4] = [
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
];

/// An engine creates a table at once; DynamoDB takes about ten seconds.
const READY_TIMEOUT: Duration = Duration::from_secs(120);

/// Why the table could not be created.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The template does not have the expected form.
    #[error("template.yaml does not define the snapshots table: {0}")]
    Template(String),
    /// DynamoDB did not create the table.
    #[error("cannot create the table: {0}")]
    Create(String),
}

/// Creates a table of this name and waits until it is active. An existing table is not changed.
///
/// # Errors
///
/// [`TableError`]
pub async fn create_table(client: &Client, table_name: &str) -> Result<(), TableError> {
    // The SDK chooses the endpoint by the table's name. The body that it makes is replaced.
    let create = client.create_table().table_name(table_name).customize();
    let create = create.mutate_request(body(table_name, &PROPERTIES)?);
    match create.send().await.map_err(SdkError::into_service_error) {
        Ok(_) => {}
        Err(error) if error.is_resource_in_use_exception() => return Ok(()),
        Err(error) => return Err(failed(error)),
    }
    let exists = client.wait_until_table_exists().table_name(table_name);
    exists.wait(READY_TIMEOUT).await.map_err(failed)?;
    let update = client
        .update_time_to_live()
        .table_name(table_name)
        .customize();
    let update = update.mutate_request(body(table_name, &["TimeToLiveSpecification"])?);
    update.send().await.map(drop).map_err(failed)
}

/// Replaces a request's body by the table's name and these properties of the template.
fn body(
    table_name: &str,
    properties: &[&str],
) -> Result<impl Fn(&mut HttpRequest) + Send + Sync + 'static, TableError> {
    let wrong = |error: yaml_serde::Error| TableError::Template(error.to_string());
    let template: yaml_serde::Value = yaml_serde::from_str(TEMPLATE).map_err(wrong)?;
    let table = &template["Resources"]["SnapshotsTable"]["Properties"];
    let mut body = json!({"TableName": table_name});
    for name in properties {
        body[*name] = yaml_serde::from_value(table[*name].clone()).map_err(wrong)?;
    }
    let body = body.to_string();
    Ok(move |request: &mut HttpRequest| {
        let length = body.len().to_string();
        request.headers_mut().insert("content-length", length);
        *request.body_mut() = body.clone().into();
    })
}

fn failed<E: ProvideErrorMetadata + std::error::Error>(error: E) -> TableError {
    let message = error.message().map(str::to_owned);
    TableError::Create(message.unwrap_or_else(|| DisplayErrorContext(error).to_string()))
}
