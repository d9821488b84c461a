//! `callbot secret`: puts the credentials into Secrets Manager.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::Failure;
use crate::aws::{AwsError, EndpointArgs};
use crate::credentials;
use crate::input::read_text;
use crate::progress::counted;
use crate::terminal::print;

/// Write the credentials into the stack's secret, from a file or the standard input
///
/// The function uses them within seconds, without a deployment. No credential is ever printed.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot secret CREDENTIALS_SECRET_ARN --file .local/credentials.json")]
pub(crate) struct Args {
    /// The secret's name or ARN: the stack's output CredentialsSecretArn
    secret_id: String,
    /// JSON file with the credentials, in the form of the variable CALLBOT_CREDENTIALS; - is the standard input
    #[arg(long, default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    endpoint: EndpointArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let json = read_text(&args.file)?;
    let credentials = credentials::parse(&json, &args.file.display())
        .map_err(|error| format!("{error}. Nothing was written"))?;

    let aws = args.endpoint.aws().await;
    // An ARN names the region.
    let aws = match args.secret_id.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "secretsmanager", region, ..] => aws.in_region(region),
        _ => aws,
    };
    let target = aws.target("Secrets Manager", format!("secret {}", args.secret_id));
    let put = aws.secrets_manager().put_secret_value();
    let put = put.secret_id(&args.secret_id).secret_string(json.trim());
    put.send()
        .await
        .map_err(|error| AwsError::new(target, error))?;
    let credentials = counted(credentials.iter().count(), "credential");
    print(&format!(
        "{credentials} written. The function uses them within seconds."
    ))?;
    Ok(ExitCode::SUCCESS)
}
