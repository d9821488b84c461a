//! The services beside DynamoDB, in moto: the secret behind a proxy with faults, the parked queue, its dead-letter queue.

use std::path::Path;

use aws_sdk_sqs::types::QueueAttributeName;
use local_stack::{EventSource, Invoker, Moto};
use serde_json::json;
use task_callback::error_chain::error_chain;
use tokio::sync::oneshot;

use super::super::faults::{self, FaultyProxy};
use crate::Failure;
use crate::aws::Aws;

const SECRET: &str = "soak";
const DEAD_LETTERS: &str = "dead-letters";
/// The ARN of a queue in moto, but for the name.
const MOTO_ARN: &str = "arn:aws:sqs:us-east-1:123456789012";
/// In seconds. AWS demands at least the function's timeout, which is ten.
const VISIBILITY_TIMEOUT: u32 = 12;
/// More often than a message is tried in any outage here.
const MAX_RECEIVE_COUNT: u32 = 1_000;

/// The running services.
pub(super) struct Services {
    moto: Moto,
    secrets: aws_sdk_secretsmanager::Client,
    secrets_proxy: FaultyProxy,
    sqs: aws_sdk_sqs::Client,
    parked_url: String,
    dead_letters_url: String,
}

impl Services {
    /// Starts moto with this Python, with these credentials in the secret. A request for the secret meets a fault with the
    /// probability `likely`, 0 to 1.
    pub(super) async fn start(
        python: &Path,
        credentials: &str,
        likely: f64,
        seed: u64,
    ) -> Result<Self, Failure> {
        let python = python.to_owned();
        // Not the runtime's own thread, which would be waited for after an interrupt.
        let (sender, started) = oneshot::channel();
        std::thread::spawn(move || sender.send(Moto::start(python)));
        let moto = started.await??;
        let aws = Aws::local(moto.url());
        let (secrets, sqs) = (aws.secrets_manager(), aws.sqs());
        let secret = secrets.create_secret().name(SECRET);
        secret
            .secret_string(credentials)
            .send()
            .await
            .map_err(failed)?;

        let dead_letters = sqs.create_queue().queue_name(DEAD_LETTERS).send();
        let dead_letters = dead_letters.await.map_err(failed)?;
        let redrive = json!({
            "deadLetterTargetArn": format!("{MOTO_ARN}:{DEAD_LETTERS}"),
            "maxReceiveCount": MAX_RECEIVE_COUNT,
        });
        let parked = sqs.create_queue().queue_name("parked");
        let parked = parked.attributes(
            QueueAttributeName::VisibilityTimeout,
            VISIBILITY_TIMEOUT.to_string(),
        );
        let parked = parked.attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
        let parked = parked.send().await.map_err(failed)?;
        let secrets_proxy = FaultyProxy::start(moto.url(), likely, faults::DOWN, seed).await?;
        Ok(Self {
            moto,
            secrets,
            secrets_proxy,
            sqs,
            parked_url: parked.queue_url.unwrap_or_default(),
            dead_letters_url: dead_letters.queue_url.unwrap_or_default(),
        })
    }

    /// The variables that lead the function to the services.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let secrets_url = self.secrets_proxy.url().to_owned();
        vec![
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_url),
            ("AWS_ENDPOINT_URL_SQS", self.moto.url().to_owned()),
            ("CALLBOT_CREDENTIALS_SECRET_ID", SECRET.to_owned()),
            ("PARKED_QUEUE_URL", self.parked_url.clone()),
        ]
    }

    /// Lets the function have the messages of the parked queue.
    pub(super) async fn consume(&self, invoker: Invoker) -> Result<EventSource, Failure> {
        let (sqs, url) = (self.sqs.clone(), &self.parked_url);
        Ok(EventSource::start(sqs, url, invoker).await?)
    }

    /// The way from the function to Secrets Manager.
    pub(super) fn secrets_proxy(&self) -> &FaultyProxy {
        &self.secrets_proxy
    }

    pub(super) async fn write_secret(&self, credentials: &str) -> Result<(), Failure> {
        let put = self.secrets.put_secret_value().secret_id(SECRET);
        let put = put.secret_string(credentials).send();
        put.await.map(drop).map_err(failed)
    }

    /// The number of messages in the parked queue, visible or not.
    pub(super) async fn parked(&self) -> Result<usize, Failure> {
        messages(&self.sqs, &self.parked_url).await
    }

    /// The number of messages in the dead-letter queue.
    pub(super) async fn dead_letters(&self) -> Result<usize, Failure> {
        messages(&self.sqs, &self.dead_letters_url).await
    }
}

/// The number of messages in a queue. Both counts are of one moment, so that no message is missed in between.
async fn messages(sqs: &aws_sdk_sqs::Client, url: &str) -> Result<usize, Failure> {
    let request = sqs.get_queue_attributes().queue_url(url);
    let answer = request
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
        .send();
    let answer = answer.await.map_err(failed)?;
    let counts = answer.attributes().into_iter().flatten();
    let counts = counts.map(|(_, count)| count.parse::<usize>());
    Ok(counts.sum::<Result<usize, _>>()?)
}

fn failed(error: impl std::error::Error + 'static) -> Failure {
    format!("moto: {}", error_chain(&error)).into()
}
