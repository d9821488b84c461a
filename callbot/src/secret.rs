//! `callbot secret`: puts the credentials into Secrets Manager.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use aws_sdk_secretsmanager::error::SdkError;
use task_callback::contract::account::Credentials;

use crate::Failure;
use crate::aws::{AwsArgs, Resource, SECRETS_MANAGER};
use crate::credentials;
use crate::input::read_text;
use crate::progress::counted;
use crate::terminal::{print, shown, warn};

const NOTHING: &str = "Nothing was written";

/// Write the credentials into the stack's secret, from a file or the standard input
///
/// The function uses them within seconds, without a deployment. No credential is ever printed.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot secret --stack task-callback --file .local/credentials.json")]
pub(crate) struct Args {
    /// The secret's name or ARN, instead of the one of --stack
    #[arg(conflicts_with = "stack")]
    secret_id: Option<String>,
    /// JSON file with the credentials, in the form of CALLBOT_CREDENTIALS; - is the standard input
    #[arg(long, default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    aws: AwsArgs,
}

const SECRET: Resource = Resource {
    option: "SECRET_ID",
    variable: None,
    output: "CredentialsSecretArn",
};

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (aws, id) = args.aws.find(SECRET, args.secret_id.as_deref()).await?;
    if args.file.as_os_str() == "-" && std::io::stdin().is_terminal() {
        warn("Enter the credentials as JSON, from the platform's Developer page; then Ctrl-D");
    }
    let json = read_text(&args.file)?;
    let credentials = credentials::parse(&json, &args.file.display())
        .map_err(|error| format!("{error} (see the platform's Developer page). {NOTHING}"))?;

    let target = aws.target(SECRETS_MANAGER, format!("secret {id}"));
    let client = aws.secrets_manager();
    let get = client.get_secret_value().secret_id(&id);
    let before = match get.send().await {
        Ok(value) => value.secret_string.and_then(|text| text.parse().ok()),
        // The secret of a new stack has no value.
        Err(SdkError::ServiceError(error)) if error.err().is_resource_not_found_exception() => None,
        Err(error) => return Err(format!("{}. {NOTHING}", target.failed(error)).into()),
    };
    let put = client.put_secret_value().secret_id(&id);
    let put = put.secret_string(json.trim()).send().await;
    put.map_err(|error| target.failed(error))?;
    let before = before.map_or("none".to_owned(), |before| accounts(&before));
    print(&format!(
        "Accounts before: {before}\nAccounts now: {}\nThe function uses them within seconds.",
        accounts(&credentials)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The accounts, without their secrets.
fn accounts(credentials: &Credentials) -> String {
    let mut counts = BTreeMap::<_, usize>::new();
    for credential in credentials.iter() {
        *counts.entry(&credential.uuid).or_default() += 1;
    }
    let accounts = counts.iter();
    let accounts = accounts.map(|(id, &count)| format!("{id} ({})", counted(count, "secret")));
    shown(&accounts.collect::<Vec<_>>().join(", "))
}
