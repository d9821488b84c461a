//! `callbot check`: whether a deployment refuses and accepts what it must.

use std::process::ExitCode;
use std::time::Duration;

use anstyle::AnsiColor;
use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, Table, Width};
use reqwest::Url;
use serde_json::json;
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::{CALLBACK_METHOD, CALLBACK_PATH};

use crate::client::{Reply, Sender, http_url, is_local};
use crate::credentials::CredentialsArgs;
use crate::event::Event;
use crate::terminal::{Terminal, print};
use crate::when::now;
use crate::{Failure, exit_code};

/// The function's timeout is 10 s. A cold start and the network add to it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Check that a deployment refuses wrong requests and stores signed callbacks
///
/// With credentials, the command stores one snapshot of a task whose id begins with callbot-check-. Without credentials,
/// it sends no signed callback. It ends at the first request without an answer.
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

/// A request and the answer that it must get.
struct Check<'a> {
    what: &'static str,
    sender: &'a Sender,
    event: Event,
    /// What the request is signed with. Without it, the check is not made.
    credentials: Option<&'a Credentials>,
    ret_code: u16,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let given = args.credentials.load_if_given()?;
    let stranger: Credentials = r#"[{"uuid":"callbot-check","secretKey":"nobody's"}]"#.parse()?;
    let known = Some(given.as_ref().unwrap_or(&stranger));
    let mut elsewhere = args.url.clone();
    elsewhere.set_path(&format!(
        "{}-elsewhere",
        args.url.path().trim_end_matches('/')
    ));
    let elsewhere = Sender::with_timeout(elsewhere, ANSWER_TIMEOUT)?;
    let sender = Sender::with_timeout(args.url.clone(), ANSWER_TIMEOUT)?;
    let check = |what, event: &Event, credentials, ret_code| Check {
        what,
        sender: &sender,
        event: event.clone(),
        credentials,
        ret_code,
    };
    let callback = event(CALLBACK_METHOD, &[])?;
    let (put, unsigned) = (event("PUT", &[])?, event(CALLBACK_METHOD, &["sign"])?);
    // A forgery of a known account is not among them: it would be parked, and set off alarms.
    let checks = [
        Check {
            sender: &elsewhere,
            ..check("another path", &callback, known, 4040)
        },
        check("another method", &put, known, 4050),
        check("an unsigned callback", &unsigned, known, 4000),
        check("an unknown account", &callback, Some(&stranger), 4010),
        check("a signed callback", &callback, given.as_ref(), 0),
        check("the same callback again", &callback, given.as_ref(), 0),
    ];

    let mut results = Results {
        terminal: Terminal::stdout(),
        // TLS is a check, too.
        checks: checks.len() + 1,
        passed: 0,
        failed: 0,
    };
    let now = now();
    for check in checks {
        let (what, ret_code) = (check.what, check.ret_code);
        let Some(credentials) = check.credentials else {
            let why = "no credentials given: set CALLBOT_CREDENTIALS, or use --credentials";
            results.add(None, what, why)?;
            continue;
        };
        match check.sender.send(check.event, credentials, now).await {
            Ok(reply) => results.add(Some(passes(&reply, ret_code)), what, &reply.to_string())?,
            Err(error) => {
                results.add(Some(false), what, &error.to_string())?;
                return results.finish();
            }
        }
    }
    // Each answer over https has proven that the certificate is valid.
    let (passed, found) = match args.url.scheme() {
        "https" => (Some(true), "https, with a certificate that verifies"),
        _ if is_local(&args.url) => (None, "plain http, on this machine"),
        _ => (
            Some(false),
            "plain http: callbacks can be read and replayed on their way",
        ),
    };
    results.add(passed, "TLS", found)?;
    results.finish()
}

/// Whether the function gave this answer, or API Gateway refused the request before it invoked the function.
fn passes(reply: &Reply, ret_code: u16) -> bool {
    let no_route = matches!(ret_code, 4040 | 4050) && reply.is_gateway_not_found();
    reply.is(ret_code) || no_route
}

/// An unsigned callback about a test task. Signing does not add the headers in `keep`.
fn event(method: &str, keep: &[&str]) -> Result<Event, Failure> {
    let body = json!({
        "callbackType": 1,
        "userTaskID": "callbot-check",
        "taskID": format!("callbot-check-{}", now()),
        "sceneID": "this-is-a-test",
        "taskStatus": 1,
        "createTs": now(),
        "taskStat": {
            "answerOrderCount": 0, "finishOrderCount": 0, "totalOrderCount": 0, "finishRate": 0,
            "totalAnswerCall": 0, "totalCall": 0, "answerRate": 0
        }
    });
    Event::from_json(json!({
        "callbot": {"keep": keep},
        "rawPath": CALLBACK_PATH,
        "requestContext": {"http": {"method": method}},
        "headers": {"content-type": "application/json", "user-agent": "callbot check"},
        "body": body.to_string(),
        "isBase64Encoded": false
    }))
}

/// The results, each printed as soon as it is there.
struct Results {
    terminal: Terminal,
    checks: usize,
    passed: usize,
    failed: usize,
}

impl Results {
    /// Prints and counts a result. `passed` is `None` for a check that was not made.
    fn add(&mut self, passed: Option<bool>, what: &str, found: &str) -> Result<(), Failure> {
        let (mark, color) = match passed {
            Some(true) => ("✓", AnsiColor::Green),
            Some(false) => ("✗", AnsiColor::Red),
            None => ("–", AnsiColor::Yellow),
        };
        self.passed += usize::from(passed == Some(true));
        self.failed += usize::from(passed == Some(false));
        let mark = self.terminal.paint(color.on_default(), mark);
        print(&row(self.terminal, &mark, what, found))?;
        Ok(())
    }

    /// Prints the sum.
    fn finish(self) -> Result<ExitCode, Failure> {
        let made = self.passed + self.failed;
        let mut sum = match self.failed {
            0 => "All checks passed.".to_owned(),
            failed => format!("{failed} of {made} checks failed."),
        };
        if made < self.checks {
            sum += &format!(" Checks not made: {}.", self.checks - made);
        }
        print(&sum)?;
        Ok(exit_code(self.failed == 0))
    }
}

/// A line, or several where the terminal is too narrow for one.
fn row(terminal: Terminal, mark: &str, what: &str, found: &str) -> String {
    const COLUMNS: [u16; 2] = [2, 24];
    let mut table = Table::new();
    table.load_style(NOTHING).add_row([mark, what, found]);
    let fixed = COLUMNS.map(|width| ColumnConstraint::Absolute(Width::Fixed(width)));
    table.set_constraints(fixed);
    terminal.fit(&mut table);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    table.trim_fmt()
}
