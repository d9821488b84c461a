//! The function as a separate process behind a URL, with a test's table.

use std::path::PathBuf;

use local_stack::{Function, Lambda};

use crate::app::TestApp;

/// The credentials with which the sample events are signed.
pub const CREDENTIALS: &str = r#"[{"uuid":"local-account","secretKey":"local-secret"}]"#;

/// The function's binary, which Cargo builds with the function's tests, one folder above theirs.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let folder = test.ancestors().nth(2).expect("a folder");
    let program = folder.join("task-callback");
    assert!(program.exists(), "run `cargo build` first");
    program
}

/// Starts two instances of the function that use the DynamoDB at this URL. Their log is discarded.
pub async fn start(app: &TestApp, dynamodb_url: &str) -> Lambda {
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("TABLE_NAME", &app.table_name),
        ("CALLBOT_CREDENTIALS", CREDENTIALS),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let function = Function {
        program: program(),
        environment: environment.into(),
        log: None,
    };
    Lambda::start(function, 2, || None).await.expect("a port")
}
