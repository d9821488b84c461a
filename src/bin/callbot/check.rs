//! `callbot check`: does a deployment refuse what it must, and take what it must?

use std::process::ExitCode;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use reqwest::Url;
use serde_json::json;
use task_callback::callback::{CALLBACK_METHOD, CALLBACK_PATH};
use task_callback::credentials::Credentials;

use crate::Failure;
use crate::event::Event;
use crate::platform::{self, CredentialsArgs};
use crate::send::{Reply, Sender};

/// Check a deployment: what must be refused is refused, in the right form, and a signed callback is stored
///
/// Without credentials the last part is left out. With them it stores one snapshot, of a task whose id says
/// that it is a test.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The stack's output CallbackUrl
    #[arg(long, value_name = "URL")]
    url: Url,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

/// One line of the result.
struct Finding {
    what: &'static str,
    found: String,
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Yes,
    No,
    NotChecked,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut findings = vec![tls(&args.url)];
    let credentials = args.credentials.load_if_given()?;
    let sender = Sender::new(args.url.clone())?;
    // Whoever signs with this is nobody we know.
    let stranger = r#"[{"uuid":"callbot-check","secretKey":"not a secret of anybody's"}]"#;
    let stranger: Credentials = stranger.parse()?;
    let known = credentials.as_ref().unwrap_or(&stranger);

    let mut elsewhere = args.url.clone();
    elsewhere.set_path(&format!(
        "{}-elsewhere",
        args.url.path().trim_end_matches('/')
    ));
    let elsewhere = Sender::new(elsewhere)?;
    let reply = elsewhere
        .send(event(CALLBACK_METHOD, &[])?, known, platform::now())
        .await?;
    findings.push(refused("another path", &reply, 4040));
    let reply = sender
        .send(event("PUT", &[])?, known, platform::now())
        .await?;
    findings.push(refused("another method", &reply, 4050));
    let reply = sender
        .send(event(CALLBACK_METHOD, &["sign"])?, known, platform::now())
        .await?;
    findings.push(refused("an unsigned callback", &reply, 4000));
    let reply = sender
        .send(event(CALLBACK_METHOD, &[])?, &stranger, platform::now())
        .await?;
    findings.push(refused("a forged callback", &reply, 4010));

    match &credentials {
        None => findings.push(Finding {
            what: "a signed callback",
            found: "no credentials given: set CALLBOT_CREDENTIALS, or use --credentials".to_owned(),
            holds: Holds::NotChecked,
        }),
        Some(credentials) => {
            let now = platform::now();
            let event = event(CALLBACK_METHOD, &[])?;
            let reply = sender.send(event.clone(), credentials, now).await?;
            findings.push(taken("a signed callback", &reply));
            let reply = sender.send(event, credentials, now).await?;
            findings.push(taken("the same one resent", &reply));
        }
    }

    println!("{}", render(&findings));
    let all_hold = findings.iter().all(|finding| finding.holds != Holds::No);
    println!(
        "{}",
        if all_hold {
            "What was checked holds."
        } else {
            "Not everything holds."
        }
    );
    Ok(if all_hold {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A callback about a task that says it is a test; the headers in `keep` are left out.
fn event(method: &str, keep: &[&str]) -> Result<Event, Failure> {
    let body = json!({
        "callbackType": 1,
        "userTaskID": "callbot-check",
        "taskID": format!("callbot-check-{}", platform::now()),
        "sceneID": "this-is-a-test",
        "taskStatus": 1,
        "createTs": platform::now(),
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

/// That the requests below got through at all over https shows that the certificate is good.
fn tls(url: &Url) -> Finding {
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let (found, holds) = match url.scheme() {
        "https" => ("https, with a certificate that verifies", Holds::Yes),
        _ if local => ("plain http, on this machine", Holds::NotChecked),
        _ => (
            "plain http: callbacks can be read and replayed on their way",
            Holds::No,
        ),
    };
    Finding {
        what: "TLS",
        found: found.to_owned(),
        holds,
    }
}

/// Refused by the function, or, before it is asked at all, by API Gateway in its own form.
fn refused(what: &'static str, reply: &Reply, ret_code: u16) -> Finding {
    let by_gateway = matches!(ret_code, 4040 | 4050) && reply.is_the_gateways_not_found();
    Finding {
        what,
        found: reply.to_string(),
        holds: if reply.is(ret_code) || by_gateway {
            Holds::Yes
        } else {
            Holds::No
        },
    }
}

fn taken(what: &'static str, reply: &Reply) -> Finding {
    Finding {
        what,
        found: reply.to_string(),
        holds: if reply.is_taken() {
            Holds::Yes
        } else {
            Holds::No
        },
    }
}

fn render(findings: &[Finding]) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(["", "checked", "found"]);
    for finding in findings {
        let mark = match finding.holds {
            Holds::Yes => "✓",
            Holds::No => "✗",
            Holds::NotChecked => "–",
        };
        table.add_row([mark, finding.what, &finding.found]);
    }
    table.to_string()
}
