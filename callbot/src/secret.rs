//! `callbot secret`: puts the credentials into Secrets Manager.

use std::io::{IsTerminal, Read, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use serde_json::json;
use task_callback::contract::account::Credentials;

use crate::Failure;
use crate::aws::{Aws, AwsError, EndpointArgs, Target, error_message};
use crate::credentials;
use crate::progress::counted;
use crate::terminal::print;

/// Write the credentials into the stack's secret, from a prompt, a file or standard input
///
/// The function uses them within seconds, without a deployment. No credential is ever printed.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot secret CREDENTIALS_SECRET_ARN --file .local/credentials.json")]
pub(crate) struct Args {
    /// The secret's name or ARN: the stack's output CredentialsSecretArn
    secret_id: String,
    /// JSON file with the credentials, in the form of the variable CALLBOT_CREDENTIALS
    #[arg(long)]
    file: Option<PathBuf>,
    #[command(flatten)]
    endpoint: EndpointArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let aws = aws(args).await;
    let client = aws.secrets_manager();
    let target = || aws.target("Secrets Manager", format!("secret {}", args.secret_id));
    let (json, from) = match &args.file {
        Some(file) => (credentials::read(file)?, file.display().to_string()),
        None if stdin().is_terminal() => {
            refuse_to_replace_several(&client, &args.secret_id, target()).await?;
            (prompt()?, "what you typed".to_owned())
        }
        None => {
            let mut json = String::new();
            stdin().read_to_string(&mut json)?;
            (json, "standard input".to_owned())
        }
    };
    let credentials = credentials::parse(&json, &from)
        .map_err(|error| format!("{error}. Nothing was written"))?;

    let put = client.put_secret_value();
    let put = put.secret_id(&args.secret_id).secret_string(json.trim());
    put.send()
        .await
        .map_err(|error| AwsError::new(target(), error))?;
    let credentials = counted(credentials.iter().count(), "credential");
    print(&format!(
        "{credentials} written. The function uses them within seconds."
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The configuration, in the region of the secret's ARN if it is one.
async fn aws(args: &Args) -> Aws {
    let aws = args.endpoint.aws().await;
    match args.secret_id.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "secretsmanager", region, ..] => aws.in_region(region),
        _ => aws,
    }
}

/// The prompt reads a single credential, which would replace all others.
async fn refuse_to_replace_several(
    client: &Client,
    secret_id: &str,
    target: Target,
) -> Result<(), Failure> {
    let current = client.get_secret_value().secret_id(secret_id).send().await;
    let current = match current {
        Ok(value) => value
            .secret_string
            .and_then(|text| text.parse::<Credentials>().ok()),
        // It has no value yet.
        Err(error) if error.code() == Some("ResourceNotFoundException") => None,
        Err(error) => {
            let error = error_message(&AwsError::new(target, error));
            return Err(format!(
                "the secret's present value cannot be read ({error}). It may hold several credentials, and the prompt \
                 would replace them all by one. Use --file with all of them"
            )
            .into());
        }
    };
    match current.map_or(0, |credentials| credentials.iter().count()) {
        0 | 1 => Ok(()),
        count => Err(format!(
            "the secret holds {count} credentials, and the prompt would replace them all by one. Use --file with all of \
             them"
        )
        .into()),
    }
}

/// Prompts for one account, with the names on the vendor's page Developer.
fn prompt() -> Result<String, Failure> {
    print(
        "Enter the values of the platform's page Developer. For several credentials use --file.",
    )?;
    let uuid = ask("uuid")?;
    let secret_key = rpassword::prompt_password("secretKey (not shown): ")?;
    let algorithm = match ask("algorithm [MD5]")?.as_str() {
        "" => "MD5".to_owned(),
        other => other.to_owned(),
    };
    let credential = json!({
        "uuid": uuid, "secretKey": secret_key.trim(), "algorithm": algorithm
    });
    Ok(json!([credential]).to_string())
}

fn ask(what: &str) -> Result<String, Failure> {
    print!("{what}: ");
    stdout().flush()?;
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
