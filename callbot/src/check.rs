//! `callbot check`: whether a deployment refuses wrong requests and stores signed callbacks.

use std::process::ExitCode;

use reqwest::Url;
use task_callback::contract::account::Credentials;

use crate::aws::{AwsArgs, Resource};
use crate::client::{Sender, http_status, http_url};
use crate::credentials::CredentialsArgs;
use crate::event::{Event, SAMPLES};
use crate::terminal::print;
use crate::when::now;
use crate::{Failure, exit_code};

const WRONG_PATH: &str = include_str!("../../events/wrong-path.json");
const WRONG_METHOD: &str = include_str!("../../events/wrong-method.json");
const UNSIGNED: &str = include_str!("../../events/unsigned.json");
const UNKNOWN_ACCOUNT: &str = include_str!("../../events/unknown-account.json");

const WRONG_SECRET: &str =
    "  Compare uuid, secretKey and algorithm with the stack's secret. The function
  uses a new value within ten seconds. A stack that knows the uuid has parked
  this callback, and its WrongSignatureAlarm goes into ALARM.";

/// Check that a deployment refuses wrong requests and stores signed callbacks
///
/// With credentials, the command stores one snapshot, whose task id begins with callbot-check-.
/// Without credentials, it sends no signed callback. Without an answer, it ends with exit code 2.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot check --stack task-callback --credentials .local/credentials.json")]
pub(crate) struct Args {
    /// URL of the function, instead of the one of --stack
    #[arg(long, value_name = "URL", conflicts_with = "stack", value_parser = http_url)]
    url: Option<Url>,
    #[command(flatten)]
    credentials: CredentialsArgs,
    #[command(flatten)]
    aws: AwsArgs,
}

const URL: Resource = Resource {
    option: "--url",
    variable: None,
    output: "CallbackUrl",
};

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let given = args.credentials.load_if_given()?;
    let are_given = given.is_some();
    let stranger = || r#"[{"uuid":"callbot-check","secretKey":"nobody's"}]"#.parse();
    let credentials: Credentials = given.map_or_else(stranger, Ok)?;
    let url = match &args.url {
        Some(url) => url.clone(),
        None => {
            let (_, url) = args.aws.find(URL, None).await?;
            http_url(&url).map_err(|error| format!("{url:?}: {error}"))?
        }
    };
    let mut elsewhere = url.clone();
    let path = url.path().trim_end_matches('/');
    elsewhere.set_path(&format!("{path}-elsewhere"));
    let (here, elsewhere) = (&Sender::new(url)?, &Sender::new(elsewhere)?);
    let signed = SAMPLES[0].1;
    // No forgery of a known account: the function would park it, and an alarm would follow.
    let checks = [
        ("refuses another path", elsewhere, WRONG_PATH),
        ("refuses another method", here, WRONG_METHOD),
        ("refuses an unsigned callback", here, UNSIGNED),
        ("refuses an unknown account", here, UNKNOWN_ACCOUNT),
        ("stores a signed callback", here, signed),
        ("acknowledges it again", here, signed),
    ];

    let now = now();
    let task = format!("callbot-check-{now}");
    let (mut passed, mut failed) = (0, 0);
    let mut skipped_because = "no credentials: set CALLBOT_CREDENTIALS or --credentials";
    for (what, sender, sample) in checks {
        let event = Event::sample(sample, &task, now)?;
        let ret_code = event.about.ret_code;
        if ret_code == 0 && !are_given {
            break;
        }
        let reply = sender.send(event, &credentials, now).await?;
        let status = http_status(ret_code);
        if reply.is(ret_code) {
            passed += 1;
            print(&format!("✓ {what}: {status}"))?;
            continue;
        }
        failed += 1;
        let (codes, details) = (reply.codes(), reply.details());
        let expected = format!("{status} (retCode {ret_code}) expected");
        print(&format!("✗ {what}: {expected}\n  {codes}{details}"))?;
        if ret_code == 0 {
            if reply.is(4010) {
                print(WRONG_SECRET)?;
            }
            // The second one would be parked, too.
            skipped_because = "the signed callback was not stored";
            break;
        }
    }
    let skipped = checks.len() - passed - failed;
    let mut sum = match (failed, skipped) {
        (0, 0) => format!("All {passed} checks passed."),
        (0, _) => format!("{passed} passed"),
        _ => format!("{failed} failed, {passed} passed"),
    };
    if skipped > 0 {
        sum += &format!(", {skipped} skipped ({skipped_because})");
    }
    print(&sum)?;
    Ok(exit_code(failed == 0))
}
