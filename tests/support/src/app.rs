//! The function with a DynamoDB engine, without Lambda.

use std::sync::{OnceLock, mpsc};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use local_stack::{Engine, create_table};
use task_callback::aws::Aws;
use task_callback::credentials::Keyring;
use task_callback::handler::Handler;
use task_callback::parking::Parking;
use task_callback::store::{Item, Store};
use tokio::runtime::Runtime;

use crate::aws::{callers_aws, local_aws};
use crate::function::{Answer, function, function_of, invoke};
use crate::queue::TestQueue;
use crate::request::{Request, now};

const DELETE_TIMEOUT: Duration = Duration::from_secs(10);

/// The function, its table, and the engine that holds the table.
///
/// Each test gets its own engine, or its own table in the DynamoDB of `DYNAMODB_ENDPOINT_URL`.
pub struct TestApp {
    pub client: Client,
    pub store: Store,
    pub table_name: String,
    pub engine_url: String,
    pub parking: Parking,
    function: Handler,
    invocations: std::cell::Cell<u32>,
    /// `None` if the engine is not the embedded one.
    engine: Option<Engine>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// An app with some variables set differently.
    pub async fn with(changes: &[(&'static str, &str)]) -> Self {
        match std::env::var("DYNAMODB_ENDPOINT_URL").as_deref() {
            Err(_) | Ok("") => Self::embedded_with(changes).await,
            Ok(url) => Self::over(None, url, changes).await,
        }
    }

    /// An app that parks in `queue`, with some variables set differently.
    pub async fn parking_in(queue: &TestQueue, changes: &[(&'static str, &str)]) -> Self {
        Self::with_parking(queue.parking(), changes).await
    }

    /// An app with this parking, with some variables set differently.
    pub async fn with_parking(parking: Parking, changes: &[(&'static str, &str)]) -> Self {
        let mut app = Self::start().await;
        app.parking = parking;
        app.function = function(app.store.clone(), app.parking.clone(), changes);
        app
    }

    /// An app that always uses the embedded engine, for tests with a proxy in front of the engine.
    pub async fn embedded() -> Self {
        Self::embedded_with(&[]).await
    }

    pub async fn embedded_with(changes: &[(&'static str, &str)]) -> Self {
        let engine = own_threads().spawn(Engine::start(0)).await;
        let engine = engine.expect("no panic").expect("the engine starts");
        let url = engine.endpoint_url();
        Self::over(Some(engine), &url, changes).await
    }

    async fn over(engine: Option<Engine>, url: &str, changes: &[(&'static str, &str)]) -> Self {
        let aws = match engine {
            Some(_) => local_aws(url),
            None => callers_aws(url),
        };
        let client = aws.dynamodb();
        let table_name = format!("task-callback-test-{}", uuid::Uuid::new_v4());
        let created = create_table(&client, &table_name).await;
        created.expect("the table is created");

        let store = Store::new(aws.clone(), &table_name);
        let parking = Parking::new(aws, None, None);
        Self {
            client,
            table_name,
            engine_url: url.to_owned(),
            function: function(store.clone(), parking.clone(), changes),
            store,
            parking,
            invocations: 0.into(),
            engine,
        }
    }

    /// A function with the same table, accessed through `aws`.
    pub fn behind(&self, aws: Aws) -> Handler {
        function(self.store_behind(aws), self.parking.clone(), &[])
    }

    /// A function with the same table that verifies with `keyring`.
    pub fn verifying_with(&self, keyring: Keyring) -> Handler {
        function_of(keyring, self.store.clone(), self.parking.clone())
    }

    /// The same table, accessed through `aws`.
    pub fn store_behind(&self, aws: Aws) -> Store {
        Store::new(aws, &self.table_name)
    }

    /// Sends a request at the tests' fixed time.
    pub async fn send(&self, request: &Request) -> Answer {
        self.send_at(request, now()).await
    }

    pub async fn send_at(&self, request: &Request, now: SystemTime) -> Answer {
        let event = request.http_api_event().to_string();
        let id = self.invocations.get() + 1;
        self.invocations.set(id);
        invoke(&self.function, &event, &format!("response-{id}"), now).await
    }

    /// Invokes the function with any event.
    pub async fn invoke(&self, event: impl ToString) -> Answer {
        invoke(&self.function, &event.to_string(), "response-1", now()).await
    }

    /// The function itself.
    pub fn function(&self) -> &Handler {
        &self.function
    }

    /// All items in the table, sorted by key.
    pub async fn items(&self) -> Vec<Item> {
        let scan = self
            .client
            .scan()
            .table_name(&self.table_name)
            .consistent_read(true);
        let items = scan.into_paginator().items().send();
        let items = items.collect::<Result<Vec<Item>, _>>().await;
        let mut items = items.expect("the table can be read");
        let key = |item: &Item| text(item, "createTs").parse::<f64>().expect("a number");
        items.sort_by(|a, b| key(a).total_cmp(&key(b)));
        items
    }

    /// The items of this task.
    pub async fn items_of(&self, task_id: &str) -> Vec<Item> {
        let mut items = self.items().await;
        items.retain(|item| text(item, "taskID") == task_id);
        items
    }

    /// Asserts that a request is rejected with this answer, and that nothing is stored.
    pub async fn assert_refused(
        &self,
        what: &str,
        request: &Request,
        status: u64,
        ret_code: u64,
    ) -> Answer {
        let before = self.items().await;
        let answer = self.send(request).await;
        let found = (answer.status, answer.ret_code);
        assert_eq!(found, (status, ret_code), "{what}: {answer:?}");
        assert_eq!(self.items().await, before, "{what}: nothing may be stored");
        answer
    }
}

impl Drop for TestApp {
    /// Deletes the table from a DynamoDB that is not the embedded one.
    fn drop(&mut self) {
        if self.engine.is_some() {
            return;
        }
        // A separate client, because the connections of `client` are idle while this thread waits.
        let client = callers_aws(&self.engine_url).dynamodb();
        let delete = client.delete_table().table_name(&self.table_name).send();
        let (sender, deleted) = mpsc::channel();
        own_threads().spawn(async move { sender.send(delete.await.is_ok()) });
        if deleted.recv_timeout(DELETE_TIMEOUT) != Ok(true) {
            eprintln!("table {} could not be deleted", self.table_name);
        }
    }
}

/// Threads apart from the test's, to keep the engine's log apart from the function's.
fn own_threads() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
}

/// A string or number attribute as plain text.
pub fn text<'a>(item: &'a Item, attribute: &str) -> &'a str {
    match item.get(attribute) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
        other => panic!("{attribute} is {other:?}"),
    }
}
