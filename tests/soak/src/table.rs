//! Reads the snapshots table. Its items become JSON.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;
use task_callback::store::Item;
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::plan::Plan;

/// How many tasks are read at once.
const CONCURRENCY: usize = 16;
const POLL: Duration = Duration::from_secs(2);

/// Everything in a table.
pub(crate) async fn read_all(client: &Client, table: &str) -> Result<Vec<Value>, Failure> {
    let scan = client.scan().table_name(table).consistent_read(true);
    let items = scan.into_paginator().items().send();
    let items: Vec<Item> = items.collect::<Result<_, _>>().await?;
    Ok(items.into_iter().map(json).collect())
}

/// The snapshots of the plan's tasks, once there are as many as reports, or after the limit.
pub(crate) async fn read_plan(
    client: &Client,
    table: &str,
    plan: &Plan,
    limit: Duration,
) -> Result<Vec<Value>, Failure> {
    let started = Instant::now();
    let tasks: HashSet<_> = plan.reports.iter().map(|report| &report.task).collect();
    loop {
        let items = stream::iter(&tasks).map(async |task| {
            let query = client.query().table_name(table).consistent_read(true);
            let query = query.key_condition_expression("taskID = :task");
            let task = AttributeValue::S((*task).clone());
            let query = query.expression_attribute_values(":task", task);
            let items = query.into_paginator().items().send();
            items.collect::<Result<Vec<Item>, _>>().await
        });
        let items: Vec<Item> = items.buffer_unordered(CONCURRENCY).try_concat().await?;
        if items.len() >= plan.reports.len() || started.elapsed() > limit {
            return Ok(items.into_iter().map(json).collect());
        }
        sleep(POLL).await;
    }
}

fn json(item: Item) -> Value {
    let named = |(name, value)| (name, value_of(value));
    item.into_iter().map(named).collect()
}

fn value_of(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(number) => match number.parse::<u64>() {
            Ok(integer) => integer.into(),
            Err(_) => number.parse::<f64>().unwrap_or_default().into(),
        },
        AttributeValue::M(map) => json(map),
        // The function stores no other type.
        other => format!("{other:?}").into(),
    }
}
