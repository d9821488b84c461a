//! A local stack: the engine and the table in it.

use std::path::Path;

use local_stack::{Engine, TableDefinition};

use crate::Failure;
use crate::aws::Aws;

/// Starts an engine and creates the template's table in it.
pub(crate) async fn start_engine(
    port: u16,
    file: Option<&Path>,
    template: &Path,
    table_name: &str,
) -> Result<Engine, Failure> {
    let definition = TableDefinition::from_template(template)?;
    let engine = Engine::start(port, file).await?;
    let client = Aws::local(&engine.endpoint_url()).dynamodb();
    definition.create(&client, table_name).await?;
    Ok(engine)
}

/// The variables that make a program use the engine instead of AWS.
pub(crate) fn environment(engine: &Engine, table_name: &str) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint_url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("TABLE_NAME", table_name.to_owned()),
    ]
}
