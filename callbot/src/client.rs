//! The HTTP client that sends callbacks and reads the answers.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use task_callback::contract::account::Credentials;
use task_callback::error_chain::layers;

use crate::Failure;
use crate::event::Event;
use crate::terminal::shown_beginning;

/// The limit for a connection, including TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The limit for a request: the function's 10 s, API Gateway, the network, and a local build.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Parses an HTTP URL.
///
/// # Errors
///
/// The text is not a URL, or a URL of another scheme.
pub(crate) fn http_url(text: &str) -> Result<Url, &'static str> {
    let url = text.parse::<Url>().ok();
    let url = url.filter(|url| ["http", "https"].contains(&url.scheme()));
    url.ok_or("it must be a URL such as http://127.0.0.1:8000")
}

/// Whether the URL is on this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Sends callbacks to one URL.
pub(crate) struct Sender {
    client: reqwest::Client,
    url: Url,
    connect_timeout: Duration,
    answer_timeout: Duration,
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
        Self::with_limits(url, CONNECT_TIMEOUT, ANSWER_TIMEOUT)
    }

    /// A sender with these limits for a connection and for a whole request.
    fn with_limits(
        url: Url,
        connect_timeout: Duration,
        answer_timeout: Duration,
    ) -> Result<Self, Failure> {
        // A redirect would send a valid signature to another server.
        let mut client = reqwest::Client::builder()
            .connect_timeout(connect_timeout)
            .timeout(answer_timeout)
            .redirect(reqwest::redirect::Policy::none());
        // A proxy must not see a request to this machine.
        if is_local(&url) {
            client = client.no_proxy();
        }
        Ok(Self {
            client: client.build()?,
            url,
            connect_timeout,
            answer_timeout,
        })
    }

    /// Signs the event as of `create_ts` and sends it.
    ///
    /// # Errors
    ///
    /// There is no answer.
    pub(crate) async fn send(
        &self,
        mut event: Event,
        credentials: &Credentials,
        create_ts: u64,
    ) -> Result<Reply, Failure> {
        event.sign(credentials, create_ts)?;
        let mut url = self.url.clone();
        if url.path() == "/" {
            url.set_path(event.http_path().unwrap_or_default());
        }
        let method = event.method().unwrap_or_default();
        let request = self.client.request(method, url).body(event.body()?);
        let request = request.headers(header_map(event.headers())?);
        let no_answer = |error| self.no_answer(&error);
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(no_answer)?;
        let answer = serde_json::from_str(&text).map_err(|_| text);
        Ok(Reply { status, answer })
    }

    /// Why there is no answer: the time limit, or the error's innermost cause.
    fn no_answer(&self, error: &reqwest::Error) -> String {
        let (what, limit) = match error.is_connect() {
            true => ("connection to", self.connect_timeout),
            false => ("answer from", self.answer_timeout),
        };
        let server = self.url.origin().ascii_serialization();
        if error.is_timeout() {
            return format!("no {what} {server} within {} s", limit.as_secs_f64());
        }
        let cause = layers(error).last().map(ToString::to_string);
        match cause.unwrap_or_default() {
            cause if cause.starts_with("Connection refused") => match is_local(&self.url) {
                true => format!("nothing answers at {server}.\nIs `make run` running?"),
                false => format!("nothing answers at {server}: check the URL"),
            },
            cause if cause.contains("InvalidContentType") => {
                format!("no {what} {server}: the port speaks plain HTTP, so write http://")
            }
            cause => format!("no {what} {server}: {cause}"),
        }
    }
}

/// The headers without those that the connection and API Gateway add.
pub(crate) fn header_map<'a>(
    headers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<HeaderMap, String> {
    let added_in_transit = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["content-length", "connection", "host"].contains(&name.as_str())
            || name.starts_with("x-forwarded-")
            || name.starts_with("x-amzn-")
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers.filter(|(name, _)| !added_in_transit(name)) {
        // `from_str` would refuse characters outside ASCII.
        let value = HeaderValue::from_bytes(value.as_bytes()).ok();
        let (Ok(key), Some(value)) = (HeaderName::try_from(name), value) else {
            return Err(format!(
                "its header {name:?} has a line break or another invalid character"
            ));
        };
        map.insert(key, value);
    }
    Ok(map)
}

impl Reply {
    /// Whether the function gave this answer, or API Gateway gave its own 404 in place of it.
    pub(crate) fn is(&self, ret_code: u16) -> bool {
        let by_gateway = |text: &String| text.contains("\"Not Found\"");
        match &self.answer {
            Ok(answer) => self.status == http_status(ret_code) && answer.ret_code == ret_code,
            Err(text) => matches!(ret_code, 4040 | 4050) && self.status == 404 && by_gateway(text),
        }
    }

    /// The HTTP status and the `retCode`.
    pub(crate) fn codes(&self) -> String {
        match &self.answer {
            Ok(answer) => format!("HTTP {}  retCode {}", self.status, answer.ret_code),
            Err(_) => format!("HTTP {}  not the contract's answer", self.status),
        }
    }

    /// The message, and the responseID to search the function's log for, each on an indented line.
    pub(crate) fn details(&self) -> String {
        let id = self.answer.as_ref().map(|answer| &answer.response_id);
        let id = id.map(|id| format!("\n  responseID {}", shown_beginning(id)));
        format!("\n  {}{}", self.message(), id.unwrap_or_default())
    }

    fn message(&self) -> String {
        shown_beginning(match &self.answer {
            Ok(answer) => &answer.ret_msg,
            Err(text) => text,
        })
    }
}

/// The HTTP status of an answer with this `retCode`.
pub(crate) fn http_status(ret_code: u16) -> u16 {
    if ret_code == 0 { 200 } else { ret_code / 10 }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:22}  {}", self.codes(), self.message())
    }
}
