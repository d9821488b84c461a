//! A run over a local stack: processes are killed during calls, and requests to AWS fail.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use aws_sdk_sqs::config::timeout::TimeoutConfig;
use futures_util::FutureExt;
use local_stack::{Engine, EventSource, Function, Lambda, Moto, create_table};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use task_callback::contract::callback::CALLBACK_PATH;
use task_callback_test_support::aws::local_aws;
use tokio::time::sleep;

use crate::drive::Drive;
use crate::faults::{ALL, DOWN, FaultyProxy};
use crate::plan::Plan;
use crate::queues::Queues;
use crate::report::Summary;
use crate::table::read_all;
use crate::{Args, Failure, open};

/// The most processes of the function at once.
const INSTANCES: usize = 16;
/// The most requests at once. The event source has the other instances, so no request waits.
const CONCURRENCY: usize = INSTANCES - EventSource::MAX_CONCURRENCY;
/// The share of the calls during which the process is killed.
const KILLS: f64 = 0.01;
/// The longest time from the start of a call to the kill. A call takes about a millisecond.
const LONGEST_LIFE: Duration = Duration::from_millis(3);
/// The name of the table and of the secret.
const NAME: &str = "soak";

/// Longer than a callback waits for credentials, so that some callbacks are refused.
const SECRETS_MANAGER_DOWN: Duration = Duration::from_secs(11);
const SECRET_WRONG: Duration = Duration::from_secs(5);
/// The pause between two callbacks during these failures. Each keeps an instance busy for seconds,
/// and an instance parks only 60 wrong signatures per minute.
const PAUSE_MILLIS: u64 = 200;
/// moto is slow on a busy machine, and the messages of an abandoned attempt stay hidden.
const MOTO_TIMEOUT: Duration = Duration::from_secs(20);

/// The parts that can fail.
struct Stack {
    lambda: Lambda,
    dynamodb: FaultyProxy,
    secrets_manager: FaultyProxy,
    secrets: aws_sdk_secretsmanager::Client,
}

/// Runs this program with moto in this Python. All servers end with the run.
pub(crate) async fn run(
    args: &Args,
    program: &Path,
    python: &Path,
    seed: u64,
) -> Result<Summary, Failure> {
    let log = args.log.as_deref().map(open).transpose()?;
    let (engine, moto) = (Engine::start(0).await?, Moto::start(python)?);
    let table = local_aws(&engine.endpoint_url()).dynamodb();
    create_table(&table, NAME).await?;
    let dynamodb = FaultyProxy::start(&engine.endpoint_url(), ALL, seed).await?;
    let secrets_manager = FaultyProxy::start(moto.url(), DOWN, seed).await?;

    let aws = local_aws(moto.url());
    let patience = TimeoutConfig::builder().operation_attempt_timeout(MOTO_TIMEOUT);
    let sqs = aws
        .sqs()
        .config()
        .to_builder()
        .timeout_config(patience.build());
    let queues = Queues::create(aws_sdk_sqs::Client::from_conf(sqs.build())).await?;
    let secrets = aws.secrets_manager();
    let accounts = random_accounts();
    let secret = json!(accounts).to_string();
    let create = secrets.create_secret().name(NAME).secret_string(&secret);
    create.send().await?;

    let secrets_url = secrets_manager.proxy.url();
    let environment = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.proxy.url()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_url),
        ("AWS_ENDPOINT_URL_SQS", moto.url()),
        ("TABLE_NAME", NAME),
        ("CALLBOT_CREDENTIALS_SECRET_ID", NAME),
        ("PARKED_QUEUE_URL", &queues.parked),
        ("DEAD_LETTER_QUEUE_URL", &queues.dead_letters),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let function = Function {
        program: program.to_owned(),
        environment: environment.into(),
        log: log.map(Arc::new),
    };
    let mut random = StdRng::seed_from_u64(seed);
    let kills = move || {
        let dies = random.random_bool(KILLS);
        dies.then(|| LONGEST_LIFE.mul_f64(random.random()))
    };
    let lambda = Lambda::start(function, INSTANCES, kills).await?;
    let events = queues.deliver(lambda.invoker());

    let plan = Plan::new(args.tasks, &accounts, seed);
    let url = [lambda.url(), CALLBACK_PATH].concat().parse()?;
    let drive = Drive::new(url, plan, CONCURRENCY)?;
    let stack = Stack {
        lambda,
        dynamodb,
        secrets_manager,
        secrets,
    };
    let (first, second) = drive.plan.messages.split_at(drive.plan.messages.len() / 2);
    drive.send(first).await;
    let failures = stack.fail(&drive, secret, Duration::from_secs(args.outage));
    tokio::try_join!(drive.send(second).map(Ok), failures)?;
    println!("everything is sent; waiting until the parked queue is empty");
    drop(events);
    let left = queues.drain(stack.lambda.invoker()).await?;
    let mut summary = Summary::new(&drive, &read_all(&table, NAME).await?);
    let (kills, tally) = (stack.lambda.kills(), drive.tally());
    let mut add = |name: &str, figure: usize| summary.0[name] = json!(figure);
    let [dynamodb, secrets] = [stack.dynamodb, stack.secrets_manager].map(|proxy| proxy.count);
    add("faults of DynamoDB", dynamodb.load(Relaxed));
    add("faults of Secrets Manager", secrets.load(Relaxed));
    add("processes killed during a call", kills);
    add("REPORTS LEFT ON THE QUEUES", left);
    add("PROCESSES THAT ENDED BY THEMSELVES", stack.lambda.deaths());
    // Only a killed process excuses a missing answer.
    let no_kill = tally.no_answer.saturating_sub(kills);
    add("NO ANSWER WITHOUT A KILL", no_kill);
    // Such a run proves nothing about the parked queue.
    add("RUNS WITHOUT A REFUSAL", usize::from(tally.refused == 0));
    Ok(summary)
}

impl Stack {
    /// Makes one service after another fail. `secret` is what the platform signs with.
    async fn fail(&self, drive: &Drive, secret: String, outage: Duration) -> Result<(), Failure> {
        drive.pause_millis.store(PAUSE_MILLIS, Relaxed);
        println!("Secrets Manager is down, and every process starts anew");
        self.secrets_manager.is_down.store(true, Relaxed);
        self.lambda.renew_processes();
        sleep(SECRETS_MANAGER_DOWN).await;
        self.secrets_manager.is_down.store(false, Relaxed);

        println!("the secret is wrong, and every process starts anew");
        let put = self.secrets.put_secret_value().secret_id(NAME);
        let wrong = json!(random_accounts()).to_string();
        put.clone().secret_string(wrong).send().await?;
        self.lambda.renew_processes();
        sleep(SECRET_WRONG).await;

        println!("the secret is right again, and DynamoDB is down for {outage:?}");
        put.secret_string(secret).send().await?;
        self.dynamodb.is_down.store(true, Relaxed);
        sleep(outage / 2).await;
        self.lambda.renew_processes();
        sleep(outage / 2).await;
        self.dynamodb.is_down.store(false, Relaxed);

        println!("DynamoDB is back");
        drive.pause_millis.store(0, Relaxed);
        Ok(())
    }
}

/// An account for each algorithm, with random secrets.
fn random_accounts() -> [Value; 3] {
    ["MD5", "SHA256", "HMAC-SHA256"].map(|algorithm| {
        let secret = uuid::Uuid::new_v4().to_string();
        json!({"uuid": format!("soak-{algorithm}"), "secretKey": secret, "algorithm": algorithm})
    })
}
