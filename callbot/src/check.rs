//! `callbot check`: whether a deployment refuses and accepts what it must.

use std::process::ExitCode;

use reqwest::Url;
use task_callback::contract::account::Credentials;

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

const WRONG_SECRET: &str = "
  Compare uuid, secretKey and algorithm with the stack's secret, of which a new
  value takes ten seconds. A deployed stack that knows the uuid has parked this
  callback, and its WrongSignatureAlarm goes off.";

/// Check that a deployment refuses wrong requests and stores signed callbacks
///
/// With credentials, the command stores one snapshot of a task whose id begins with callbot-check-. Without credentials,
/// it sends no signed callback. At the first request without an answer, it ends with exit code 2.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot check --url CALLBACK_URL --credentials .local/credentials.json")]
pub(crate) struct Args {
    /// URL of the function: the stack's output CallbackUrl
    #[arg(long, value_name = "URL", value_parser = http_url)]
    url: Url,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let given = args.credentials.load_if_given()?;
    let are_given = given.is_some();
    let stranger = || r#"[{"uuid":"callbot-check","secretKey":"nobody's"}]"#.parse();
    let credentials: Credentials = given.map_or_else(stranger, Ok)?;
    let mut elsewhere = args.url.clone();
    let path = args.url.path().trim_end_matches('/');
    elsewhere.set_path(&format!("{path}-elsewhere"));
    let (here, elsewhere) = (&Sender::new(args.url.clone())?, &Sender::new(elsewhere)?);
    let signed = SAMPLES[0].1;
    // A forgery of a known account is not among them: it would be parked, and set off alarms.
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
    let mut results = Results::default();
    let mut skipped_because = "no credentials";
    for (what, sender, sample) in checks {
        let event = Event::sample(sample, &task, now)?;
        let ret_code = event.about.ret_code;
        if ret_code == 0 && !are_given {
            let needs = "needs CALLBOT_CREDENTIALS or --credentials";
            results.skipped += 1;
            print(&format!("– {what}: {needs}"))?;
            continue;
        }
        let reply = sender.send(event, &credentials, now).await;
        let reply = reply.map_err(|error| match results.passed + results.failed {
            0 => format!("no check was made: {error}"),
            made => format!("no more than {made} checks were made: {error}"),
        })?;
        let passed = reply.is(ret_code);
        let mut found = http_status(ret_code).to_string();
        if !passed {
            let (codes, details) = (reply.codes(), reply.details());
            found += &format!(" (retCode {ret_code}) expected\n  {codes}{details}");
        }
        if ret_code == 0 && reply.is(4010) {
            found += WRONG_SECRET;
        }
        results.add(passed, what, &found)?;
        if ret_code == 0 && !passed {
            // The same again would be parked, too.
            results.skipped += 1;
            skipped_because = "the signed callback was not stored";
            break;
        }
    }
    let (passed, failed, skipped) = (results.passed, results.failed, results.skipped);
    let mut sum = match failed {
        0 => format!("{passed} passed"),
        _ => format!("{failed} failed, {passed} passed"),
    };
    if skipped > 0 {
        sum += &format!(", {skipped} skipped ({skipped_because})");
    } else if failed == 0 {
        sum = format!("All {passed} checks passed.");
    }
    print(&sum)?;
    Ok(exit_code(failed == 0))
}

/// The results, each printed as soon as it is there.
#[derive(Default)]
struct Results {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Results {
    /// Prints and counts a result.
    fn add(&mut self, passed: bool, what: &str, found: &str) -> Result<(), Failure> {
        self.passed += usize::from(passed);
        self.failed += usize::from(!passed);
        let mark = if passed { "✓" } else { "✗" };
        print(&format!("{mark} {what}: {found}"))
    }
}
