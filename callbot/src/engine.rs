//! A local DynamoDB engine with the snapshots table.

use local_stack::{Engine, create_table};

use crate::Failure;
use crate::aws::Aws;
use crate::table::Table;

/// A running engine and the name of its table. Dropping it stops the engine.
pub(crate) struct LocalEngine {
    engine: Engine,
    table_name: String,
}

impl LocalEngine {
    /// Starts an engine on a port of this machine, 0 for a free one. The data are in memory.
    pub(crate) async fn start(port: u16, table_name: &str) -> Result<Self, Failure> {
        let engine = Engine::start(port).await?;
        create_table(&Aws::local(&engine.endpoint_url()).dynamodb(), table_name).await?;
        Ok(Self {
            engine,
            table_name: table_name.to_owned(),
        })
    }

    /// The engine's URL.
    pub(crate) fn url(&self) -> String {
        self.engine.endpoint_url()
    }

    /// The table.
    pub(crate) fn table(&self) -> Table {
        Table::new(&Aws::local(&self.url()), &self.table_name)
    }

    /// The variables that make a program use the engine instead of AWS.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.url()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("TABLE_NAME", self.table_name.clone()),
        ]
    }
}
