//! `callbot history`: what became of a task.

pub(crate) mod json;
mod table;

use std::process::ExitCode;

use task_callback::store::Store;

use crate::Failure;
use crate::platform;
use crate::stack::reach_aws;
pub(crate) use table::{bar, render, share};

/// Print a task's history from the table
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot history t-20260913-0007 --table TABLE_NAME
  callbot history autumn-renewals --user-task --table snapshots --local http://127.0.0.1:8000")]
pub(crate) struct Args {
    /// The vendor's task id
    task_id: String,
    /// Take the id as the customer's own, userTaskID
    #[arg(long)]
    user_task: bool,
    /// Only the newest snapshot
    #[arg(long)]
    latest: bool,
    /// Print JSON, attributes named as in the table
    #[arg(long)]
    json: bool,
    /// The snapshots table: the stack's output TableName
    #[arg(long, env = "TABLE_NAME")]
    table: String,
    /// Read a local engine at this address instead of DynamoDB
    #[arg(long, value_name = "URL")]
    local: Option<String>,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let aws = reach_aws(args.local.as_deref()).await;
    let store = Store::new(aws, &args.table);
    let history = if args.user_task {
        store.user_task_history(&args.task_id, args.latest).await
    } else {
        store.task_history(&args.task_id, args.latest).await
    }?;
    if args.json {
        println!("{}", json::render(&history)?);
    } else if history.is_empty() {
        println!("{}: nothing stored in table {}", args.task_id, args.table);
    } else {
        println!("{}", table::render(&history, platform::now()));
    }
    Ok(ExitCode::SUCCESS)
}
