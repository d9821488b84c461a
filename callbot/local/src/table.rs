//! The table as `template.yaml`, the only source of its definition, has it.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableStatus, TimeToLiveSpecification,
};
use serde::Deserialize;
use tokio::time::{sleep, timeout};
use yaml_serde::Value;

/// The template of this build.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// An engine creates a table at once; DynamoDB takes about ten seconds.
const READY_TIMEOUT: Duration = Duration::from_secs(120);

/// The properties of the template's `AWS::DynamoDB::Table` that a local table needs, too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableDefinition {
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Key>,
    global_secondary_indexes: Vec<Index>,
    billing_mode: String,
    time_to_live_specification: TimeToLive,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    attribute_name: String,
    key_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Index {
    index_name: String,
    key_schema: Vec<Key>,
    projection: IndexProjection,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexProjection {
    projection_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

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

/// Creates a table of this name and waits until it is active. An existing table stays as it is.
///
/// # Errors
///
/// [`TableError`]
pub async fn create_table(client: &Client, table_name: &str) -> Result<(), TableError> {
    TableDefinition::read()?.create(client, table_name).await
}

impl TableDefinition {
    fn read() -> Result<Self, TableError> {
        let wrong = |error: yaml_serde::Error| TableError::Template(error.to_string());
        let template: Value = yaml_serde::from_str(TEMPLATE).map_err(wrong)?;
        let mut tables = template["Resources"]
            .as_mapping()
            .into_iter()
            .flat_map(|resources| resources.values())
            .filter(|resource| resource["Type"] == "AWS::DynamoDB::Table");
        match (tables.next(), tables.next()) {
            (Some(table), None) => {
                yaml_serde::from_value(table["Properties"].clone()).map_err(wrong)
            }
            _ => Err(TableError::Template(
                "it must hold exactly one AWS::DynamoDB::Table".to_owned(),
            )),
        }
    }

    async fn create(&self, client: &Client, table_name: &str) -> Result<(), TableError> {
        let invalid = |error: BuildError| TableError::Template(error.to_string());
        let request = client
            .create_table()
            .table_name(table_name)
            .billing_mode(BillingMode::from(self.billing_mode.as_str()))
            .set_attribute_definitions(Some(self.attributes().map_err(invalid)?))
            .set_key_schema(Some(key_schema(&self.key_schema).map_err(invalid)?))
            .set_global_secondary_indexes(Some(self.indexes().map_err(invalid)?));
        match request.send().await {
            Ok(_) => {}
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_resource_in_use_exception()) =>
            {
                return Ok(());
            }
            Err(error) => return Err(failed(error)),
        }
        timeout(READY_TIMEOUT, ready(client, table_name))
            .await
            .map_err(|_| TableError::Create(format!("not ready within {READY_TIMEOUT:?}")))??;

        let time_to_live = TimeToLiveSpecification::builder()
            .attribute_name(&self.time_to_live_specification.attribute_name)
            .enabled(self.time_to_live_specification.enabled)
            .build()
            .map_err(invalid)?;
        client
            .update_time_to_live()
            .table_name(table_name)
            .time_to_live_specification(time_to_live)
            .send()
            .await
            .map_err(failed)?;
        Ok(())
    }

    fn attributes(&self) -> Result<Vec<AttributeDefinition>, BuildError> {
        let attributes = self.attribute_definitions.iter();
        attributes
            .map(|attribute| {
                AttributeDefinition::builder()
                    .attribute_name(&attribute.attribute_name)
                    .attribute_type(ScalarAttributeType::from(attribute.attribute_type.as_str()))
                    .build()
            })
            .collect()
    }

    fn indexes(&self) -> Result<Vec<GlobalSecondaryIndex>, BuildError> {
        let indexes = self.global_secondary_indexes.iter();
        indexes
            .map(|index| {
                let projection = ProjectionType::from(index.projection.projection_type.as_str());
                GlobalSecondaryIndex::builder()
                    .index_name(&index.index_name)
                    .set_key_schema(Some(key_schema(&index.key_schema)?))
                    .projection(Projection::builder().projection_type(projection).build())
                    .build()
            })
            .collect()
    }
}

fn key_schema(keys: &[Key]) -> Result<Vec<KeySchemaElement>, BuildError> {
    keys.iter()
        .map(|key| {
            KeySchemaElement::builder()
                .attribute_name(&key.attribute_name)
                .key_type(KeyType::from(key.key_type.as_str()))
                .build()
        })
        .collect()
}

async fn ready(client: &Client, table_name: &str) -> Result<(), TableError> {
    loop {
        let answer = client.describe_table().table_name(table_name).send().await;
        let table = answer.map_err(failed)?.table;
        if table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
            return Ok(());
        }
        sleep(Duration::from_millis(500)).await;
    }
}

fn failed<E: std::error::Error + 'static>(error: E) -> TableError {
    TableError::Create(DisplayErrorContext(error).to_string())
}
