//! `callbot check`: whether a deployment refuses and accepts what it must.

use std::process::ExitCode;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use reqwest::Url;
use serde_json::json;
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::{CALLBACK_METHOD, CALLBACK_PATH};

use crate::client::{Reply, Sender, is_local};
use crate::credentials::CredentialsArgs;
use crate::event::Event;
use crate::when::now;
use crate::{Failure, exit_code};

/// Check a deployment: what must be refused is refused, in the right form, and a signed callback is stored
///
/// Without credentials the last part is left out. With them it stores one snapshot, of a task whose id says
/// that it is a test.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot check --url CALLBACK_URL --credentials .local/credentials.json")]
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
    let credentials = args.credentials.load_if_given()?;
    let stranger: Credentials = r#"[{"uuid":"callbot-check","secretKey":"nobody's"}]"#.parse()?;
    let known = credentials.as_ref().unwrap_or(&stranger);
    let endpoint = Sender::new(args.url.clone())?;
    let mut elsewhere = args.url.clone();
    elsewhere.set_path(&format!(
        "{}-elsewhere",
        args.url.path().trim_end_matches('/')
    ));
    let elsewhere = Sender::new(elsewhere)?;
    let now = now();
    let callback = event(CALLBACK_METHOD, &[])?;
    let unsigned = event(CALLBACK_METHOD, &["sign"])?;

    let reply = elsewhere.send(callback.clone(), known, now).await;
    let mut findings = vec![tls(&args.url, reply.is_ok())];
    findings.push(refused("another path", reply, 4040));
    let reply = endpoint.send(event("PUT", &[])?, known, now).await;
    findings.push(refused("another method", reply, 4050));
    let reply = endpoint.send(unsigned, known, now).await;
    findings.push(refused("an unsigned callback", reply, 4000));
    let reply = endpoint.send(callback.clone(), &stranger, now).await;
    findings.push(refused("a callback of an unknown account", reply, 4010));
    if let Some(credentials) = &credentials {
        let reply = endpoint
            .send(callback.clone(), &forger_of(credentials)?, now)
            .await;
        findings.push(refused("a forged callback", reply, 4010));
        let reply = endpoint.send(callback.clone(), credentials, now).await;
        findings.push(taken("a signed callback", reply));
        let reply = endpoint.send(callback, credentials, now).await;
        findings.push(taken("the same one resent", reply));
    } else {
        findings.push(Finding {
            what: "forged and signed callbacks",
            found: "no credentials given: set CALLBOT_CREDENTIALS, or use --credentials".to_owned(),
            holds: Holds::NotChecked,
        });
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
    Ok(exit_code(all_hold))
}

/// The account and its algorithm with a wrong secret.
fn forger_of(credentials: &Credentials) -> Result<Credentials, Failure> {
    let account = credentials.first();
    let forger = json!([{
        "uuid": account.uuid, "secretKey": "a guess", "algorithm": account.algorithm.name()
    }]);
    Ok(forger.to_string().parse()?)
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

/// An answer over https proves that the certificate is valid.
fn tls(url: &Url, reached: bool) -> Finding {
    let (found, holds) = match url.scheme() {
        "https" if reached => ("https, with a certificate that verifies", Holds::Yes),
        "https" => ("no connection: see below", Holds::No),
        _ if is_local(url) => ("plain http, on this machine", Holds::NotChecked),
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

/// Refused by the function, or by API Gateway before it invokes the function.
fn refused(what: &'static str, reply: Result<Reply, Failure>, ret_code: u16) -> Finding {
    finding(what, reply, |reply| {
        let no_route = matches!(ret_code, 4040 | 4050) && reply.is_gateway_not_found();
        reply.is(ret_code) || no_route
    })
}

fn taken(what: &'static str, reply: Result<Reply, Failure>) -> Finding {
    finding(what, reply, Reply::is_acknowledged)
}

fn finding(
    what: &'static str,
    reply: Result<Reply, Failure>,
    as_it_must_be: impl Fn(&Reply) -> bool,
) -> Finding {
    let (found, holds) = match reply {
        Ok(reply) if as_it_must_be(&reply) => (reply.to_string(), Holds::Yes),
        Ok(reply) => (reply.to_string(), Holds::No),
        Err(error) => (error.to_string(), Holds::No),
    };
    Finding { what, found, holds }
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
