//! The HTTP client that sends callbacks and reads the answers.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use task_callback::contract::account::Credentials;

use crate::Failure;
use crate::causes::layers;
use crate::event::Event;
use crate::terminal::shown_beginning;

/// The longest time until there is a connection, with TLS where the URL is https.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time of a request. The function's timeout is 10 s; API Gateway, the network and a local build add to it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Parses a URL of HTTP.
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

    /// A sender whose requests take no longer than this until there is a connection, and in all.
    pub(crate) fn with_limits(
        url: Url,
        connect_timeout: Duration,
        answer_timeout: Duration,
    ) -> Result<Self, Failure> {
        // A redirect would send a valid signature to another server.
        let client = reqwest::Client::builder()
            .connect_timeout(connect_timeout)
            .timeout(answer_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            client,
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
        let method = event.method().unwrap_or_default().parse()?;
        let path = event.http_path().unwrap_or_default();
        self.request(method, path, event.headers(), event.body()?)
            .await
    }

    /// Sends a request; `path` is used if the address has none.
    pub(crate) async fn request<'a>(
        &self,
        method: Method,
        path: &str,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        body: Vec<u8>,
    ) -> Result<Reply, Failure> {
        let mut url = self.url.clone();
        if url.path() == "/" {
            url.set_path(path);
        }
        let headers = header_map(headers)?;
        let request = self.client.request(method, url).headers(headers).body(body);
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
        format!("no {what} {server}: {}", cause.unwrap_or_default())
    }
}

/// The header map without those headers that the connection and API Gateway add.
fn header_map<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Result<HeaderMap, Failure> {
    let added_in_transit = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["content-length", "connection", "host"].contains(&name.as_str())
            || name.starts_with("x-forwarded-")
            || name.starts_with("x-amzn-")
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers.filter(|(name, _)| !added_in_transit(name)) {
        // `from_str` would refuse characters outside ASCII.
        let value = HeaderValue::from_bytes(value.as_bytes())?;
        map.insert(HeaderName::try_from(name)?, value);
    }
    Ok(map)
}

impl Reply {
    /// Whether the callback was acknowledged.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.is(0)
    }

    /// Whether both the `retCode` and the HTTP status, a tenth of it, are as expected.
    pub(crate) fn is(&self, ret_code: u16) -> bool {
        let status = if ret_code == 0 { 200 } else { ret_code / 10 };
        let answer = self.answer.as_ref();
        self.status == status && answer.is_ok_and(|answer| answer.ret_code == ret_code)
    }

    /// Whether API Gateway has no such route and did not invoke the function.
    pub(crate) fn is_gateway_not_found(&self) -> bool {
        let is_gateways = |text: &String| text.contains("\"Not Found\"");
        self.status == 404 && self.answer.as_ref().is_err_and(is_gateways)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Ok(answer) => write!(
                f,
                "HTTP {}  retCode {:<4}  {}  (responseID {})",
                self.status,
                answer.ret_code,
                shown_beginning(&answer.ret_msg),
                shown_beginning(&answer.response_id)
            ),
            Err(text) => {
                let text = shown_beginning(text);
                write!(f, "HTTP {}  not the contract's answer: {text}", self.status)
            }
        }
    }
}
