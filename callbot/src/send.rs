//! `callbot send`: what the platform does.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use task_callback::contract::account::Credentials;
use task_callback::error_chain::error_chain;

use crate::Failure;
use crate::event::Event;
use crate::platform::{self, CredentialsArgs};
use crate::rehearsal;
use crate::scenario::Scenario;
use crate::terminal::print;

/// The function is given 10 s; API Gateway, the network and a local build want some more.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Sign events now and send them, or rehearse a life, as the platform does
///
/// Ends with an error where one is not acknowledged.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot send events/pending.json events/completed.json --url http://127.0.0.1:9000
  callbot send --scenario pauses --speed 600x --url CALLBACK_URL --credentials .local/credentials.json")]
pub(crate) struct Args {
    /// API Gateway events, such as events/pending.json events/completed.json
    #[arg(required_unless_present = "scenario", conflicts_with = "scenario")]
    events: Vec<PathBuf>,
    /// Rehearse this instead: new tasks, whose ids begin with rehearsal-
    #[arg(long, value_name = "NAME")]
    scenario: Option<Scenario>,
    /// How many times as fast the scenario goes; the table has the times at which the reports were really made
    #[arg(long, default_value = "60x", value_parser = rehearsal::speed)]
    #[arg(requires = "scenario", conflicts_with = "events")]
    speed: f64,
    /// Where to: the stack's CallbackUrl; to an address without a path, each event's own path is added
    #[arg(long, value_name = "URL")]
    url: Url,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let credentials = args.credentials.load()?;
    if let Some(scenario) = args.scenario {
        return rehearsal::play(scenario, args.speed, &args.url, &credentials).await;
    }
    let events: Vec<Event> = args
        .events
        .iter()
        .map(|path| Event::load(path))
        .collect::<Result<_, _>>()?;
    let sender = Sender::new(args.url.clone())?;
    let width = args.events.iter().map(|p| p.as_os_str().len()).max();
    let width = width.unwrap_or_default();

    let mut all_taken = true;
    let mut create_ts = platform::now();
    for event in events {
        if !event.about.resend {
            create_ts = platform::now();
        }
        let name = event.path.display().to_string();
        let reply = sender.send(event, &credentials, create_ts).await?;
        print(&format!("{name:width$}  {reply}"))?;
        all_taken &= reply.is_taken();
    }
    Ok(if all_taken {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Sends callbacks to one address.
pub(crate) struct Sender {
    client: reqwest::Client,
    url: Url,
}

/// An answer, in the contract's form or not.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    answer: Result<Answer, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ret_code: u16,
    ret_msg: String,
    #[serde(rename = "responseID")]
    response_id: String,
}

impl Sender {
    pub(crate) fn new(url: Url) -> Result<Self, Failure> {
        // A redirect would take a valid signature to wherever it points.
        let client = reqwest::Client::builder()
            .timeout(ANSWER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, url })
    }

    /// Signs the event as of `create_ts` and sends it.
    pub(crate) async fn send(
        &self,
        mut event: Event,
        credentials: &Credentials,
        create_ts: u64,
    ) -> Result<Reply, Failure> {
        platform::sign(&mut event, credentials, create_ts)?;
        let method = event.method().unwrap_or_default().parse()?;
        let path = event.http_path().unwrap_or_default();
        self.request(method, path, own_headers(&event)?, event.body()?)
            .await
    }

    /// Sends a request, to this path where the address has none.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Reply, Failure> {
        let mut url = self.url.clone();
        if url.path() == "/" {
            url.set_path(path);
        }
        let request = self.client.request(method, url).headers(headers).body(body);
        let response = request.send().await.map_err(|error| error_chain(&error))?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|error| error_chain(&error))?;
        let answer = serde_json::from_str(&text).map_err(|_| text);
        Ok(Reply { status, answer })
    }
}

/// The headers that the sender made, without those that the connection and API Gateway added.
fn own_headers(event: &Event) -> Result<HeaderMap, Failure> {
    let of_the_way = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["content-length", "connection", "host"].contains(&name.as_str())
            || name.starts_with("x-forwarded-")
            || name.starts_with("x-amzn-")
    };
    let mut headers = HeaderMap::new();
    for (name, value) in event.headers().filter(|(name, _)| !of_the_way(name)) {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
    }
    Ok(headers)
}

impl Reply {
    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The answer's `retCode`, where it has the contract's form.
    pub(crate) fn ret_code(&self) -> Option<u16> {
        Some(self.answer.as_ref().ok()?.ret_code)
    }

    /// Whether the callback was acknowledged.
    pub(crate) fn is_taken(&self) -> bool {
        self.is(0)
    }

    /// Whether the answer is this one, in its body as in its HTTP status, which is a tenth of it.
    pub(crate) fn is(&self, ret_code: u16) -> bool {
        let status = if ret_code == 0 { 200 } else { ret_code / 10 };
        let answer = self.answer.as_ref();
        self.status == status && answer.is_ok_and(|answer| answer.ret_code == ret_code)
    }

    /// Whether API Gateway has no such route, so that the function was not asked.
    pub(crate) fn is_the_gateways_not_found(&self) -> bool {
        self.status == 404
            && self
                .answer
                .as_ref()
                .is_err_and(|text| text.contains("\"Not Found\""))
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Ok(answer) => write!(
                f,
                "HTTP {}  retCode {:<4}  {}  (responseID {})",
                self.status, answer.ret_code, answer.ret_msg, answer.response_id
            ),
            Err(text) => write!(f, "HTTP {}  not the contract's answer: {text}", self.status),
        }
    }
}
