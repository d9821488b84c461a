//! The Lambda function: reads the configuration, builds the clients, answers invocations.

// The SDK's future types nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use task_callback::aws::Aws;
use task_callback::config::{Config, CredentialsSource};
use task_callback::credentials::{Keyring, Secret};
use task_callback::handler::Handler;
use task_callback::parking::Parking;
use task_callback::store::Store;
use task_callback::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let started = Instant::now();
    // A value that is not Unicode must not count as unset: the configuration reports an error.
    let lookup = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    tracing::subscriber::set_global_default(telemetry::subscriber(lookup, std::io::stdout))
        .expect("nothing else has set a subscriber");

    let config = match Config::from_lookup(lookup) {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(variable = error.variable, "{error}");
            return ExitCode::FAILURE;
        }
    };
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let aws = Aws::from_lookup(lookup);
    let store = Store::new(aws.clone(), config.table_name.as_str());
    let keyring = match &config.credentials {
        CredentialsSource::Variable(credentials) => Keyring::fixed(credentials.clone()),
        CredentialsSource::Secret(id) => Keyring::of_secret(Secret::new(aws.secrets_manager(), id)),
    };
    tokio::join!(store.open_connection(), keyring.current(SystemTime::now()));

    let parking = Parking::new(
        aws,
        config.parked_queue_url.clone(),
        config.dead_letter_queue_url.clone(),
    );
    let handler = Handler::new(&config, keyring, store, parking).started_in(started.elapsed());
    let handle =
        async |event: LambdaEvent<Box<RawValue>>| handler.handle(event, SystemTime::now()).await;
    match lambda_runtime::run(service_fn(handle)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the Lambda runtime stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
