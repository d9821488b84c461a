//! The function's own process behind a URL, over a test's table.

use std::path::PathBuf;

use task_callback::local::{Function, Lambda};

use crate::app::TestApp;
use crate::tool::CREDENTIALS;

pub(crate) const FUNCTION: &str = env!("CARGO_BIN_EXE_task-callback");

/// Two instances of the function that reach the table at this address and add their log to this file.
pub(crate) async fn start(app: &TestApp, dynamodb_url: &str, log: Option<PathBuf>) -> Lambda {
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("TABLE_NAME", &app.table_name),
        ("CALLBOT_CREDENTIALS", CREDENTIALS),
    ];
    let function = Function {
        program: FUNCTION.into(),
        environment: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        log,
    };
    Lambda::start(function, 2, || None).await.expect("a port")
}
