//! `callbot check`: whether a deployment refuses and accepts what it must.

use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Method, Url};
use serde_json::json;
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::CALLBACK_PATH;

use crate::client::{CONNECT_TIMEOUT, Reply, Sender, http_url, is_local};
use crate::credentials::CredentialsArgs;
use crate::headers::Headers;
use crate::terminal::print;
use crate::when::now;
use crate::{Failure, exit_code};

/// The function's timeout is 10 s. A cold start and the network add to it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

const NO_CREDENTIALS: &str = "no credentials given: set CALLBOT_CREDENTIALS, or use --credentials";

/// The headers beside the signature's.
const OTHER_HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("user-agent", "callbot check"),
];

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

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let given = args.credentials.load_if_given()?;
    let given = given.as_ref().and_then(|given| given.iter().next());
    let stranger: Credentials = r#"[{"uuid":"callbot-check","secretKey":"nobody's"}]"#.parse()?;
    let stranger = stranger.iter().next();
    let known = given.or(stranger);
    let mut elsewhere = args.url.clone();
    let path = args.url.path().trim_end_matches('/');
    elsewhere.set_path(&format!("{path}-elsewhere"));
    let elsewhere = &Sender::with_limits(elsewhere, CONNECT_TIMEOUT, ANSWER_TIMEOUT)?;
    let here = &Sender::with_limits(args.url.clone(), CONNECT_TIMEOUT, ANSWER_TIMEOUT)?;
    let (post, put) = (&Method::POST, &Method::PUT);
    // What is sent, the URL, the method, the account, whether the request is signed, and the retCode that it must get.
    // A forgery of a known account is not among them: it would be parked, and set off alarms.
    let checks = [
        ("another path", elsewhere, post, known, true, 4040),
        ("another method", here, put, known, true, 4050),
        ("an unsigned callback", here, post, known, false, 4000),
        ("an unknown account", here, post, stranger, true, 4010),
        ("a signed callback", here, post, given, true, 0),
        ("the same callback again", here, post, given, true, 0),
    ];

    let now = now();
    let body = body(now);
    let mut results = Results {
        // TLS is a check, too.
        checks: checks.len() + 1,
        passed: 0,
        failed: 0,
    };
    for (what, sender, method, account, is_signed, ret_code) in checks {
        let Some(account) = account else {
            results.add(None, what, NO_CREDENTIALS)?;
            continue;
        };
        let request_id = uuid::Uuid::new_v4().simple().to_string();
        let (create_ts, body) = (now.to_string(), body.clone().into_bytes());
        let mut headers = Headers::sign(account, &account.uuid, &request_id, &create_ts, &body);
        if !is_signed {
            headers.remove("sign");
        }
        let headers = headers.iter().chain(OTHER_HEADERS);
        let reply = sender.request(method.clone(), CALLBACK_PATH, headers, body);
        match reply.await {
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
    let may_be_passed_on = results.failed == 0 && !is_local(&args.url);
    let exit_code = results.finish()?;
    if may_be_passed_on {
        let url = &args.url;
        print(&format!(
            "Pass {url} to the platform, as taskCallbackUrl of each createTask request."
        ))?;
    }
    Ok(exit_code)
}

/// Whether the function gave this answer, or API Gateway refused the request before it invoked the function.
fn passes(reply: &Reply, ret_code: u16) -> bool {
    let no_route = matches!(ret_code, 4040 | 4050) && reply.is_gateway_not_found();
    reply.is(ret_code) || no_route
}

/// The body of a callback about a test task that was created now.
fn body(now: u64) -> String {
    let body = json!({
        "callbackType": 1,
        "userTaskID": "callbot-check",
        "taskID": format!("callbot-check-{now}"),
        "sceneID": "this-is-a-test",
        "taskStatus": 1,
        "createTs": now,
        "taskStat": {
            "answerOrderCount": 0, "finishOrderCount": 0, "totalOrderCount": 0, "finishRate": 0,
            "totalAnswerCall": 0, "totalCall": 0, "answerRate": 0
        }
    });
    body.to_string()
}

/// The results, each printed as soon as it is there.
struct Results {
    checks: usize,
    passed: usize,
    failed: usize,
}

impl Results {
    /// Prints and counts a result. `passed` is `None` for a check that was not made.
    fn add(&mut self, passed: Option<bool>, what: &str, found: &str) -> Result<(), Failure> {
        let mark = match passed {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "–",
        };
        self.passed += usize::from(passed == Some(true));
        self.failed += usize::from(passed == Some(false));
        print(&format!("{mark} {what:23} {found}"))?;
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
