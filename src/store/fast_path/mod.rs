//! The fast path: one signed `PutItem` over the SDK's HTTP connector, without the SDK's client.
//!
//! For each call, the client resolves the endpoint, runs interceptors, classifies errors and
//! collects metrics. Without these, a call costs a quarter less CPU time (docs/performance.md).
//!
//! The module is optional: without `open_connection` and the first half of `put_if_free` in
//! [`Store`](super::Store), every write uses the SDK's client.

mod wire;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::http::header::USER_AGENT;
use ::http::{HeaderValue, Request, StatusCode, Uri};
use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout, timeout_at};

use super::item::{Item, WriteOutcome};
use crate::aws::{ATTEMPT_TIMEOUT, Aws};
use crate::error_chain::error_chain;
use wire::ErrorAnswer;

/// How long a cold start, and its callback, wait if DynamoDB is unreachable.
const OPEN_TIMEOUT: Duration = Duration::from_millis(500);

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("task-callback/", env!("CARGO_PKG_VERSION")));

const HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/x-amz-json-1.0"),
    ("x-amz-target", "DynamoDB_20120810.PutItem"),
];

type BoxError = Box<dyn Error + Send + Sync>;

/// The fast path to DynamoDB.
#[derive(Clone, Debug)]
pub(super) struct FastPath {
    aws: Aws,
    endpoint: Arc<OnceCell<Endpoint>>,
}

/// A write failed, or its answer was lost. The item may have been written.
#[derive(Debug)]
pub(super) struct WriteFailure {
    pub(super) reason: String,
    /// Whether DynamoDB throttled the write.
    pub(super) throttled: bool,
}

/// DynamoDB in one region, called with one identity.
#[derive(Debug)]
struct Endpoint {
    connector: SharedHttpConnector,
    url: Uri,
    region: String,
    identity: Identity,
}

impl FastPath {
    pub(super) fn new(aws: Aws) -> Self {
        let endpoint = Arc::default();
        Self { aws, endpoint }
    }

    /// Opens the connection for the first write with `GET /`, an unsigned health check. A failing
    /// write would also open the connection, but count as a user error in CloudWatch.
    pub(super) async fn open_connection(&self) {
        let ping = async {
            let endpoint = self.endpoint().await?;
            let request = Request::get(endpoint.url.clone()).body(SdkBody::empty())?;
            endpoint.send(request).await
        };
        let _ = timeout(OPEN_TIMEOUT, ping).await;
    }

    /// Writes an item unless its key exists, without a retry. Returns no later than `deadline`.
    pub(super) async fn put(
        &self,
        table_name: &str,
        item: &Item,
        deadline: Instant,
    ) -> Result<WriteOutcome, WriteFailure> {
        let failed = |reason| WriteFailure {
            reason,
            throttled: false,
        };
        let endpoint = self.endpoint().await;
        let endpoint = endpoint.map_err(|error| failed(error_chain(&*error)))?;
        let deadline = deadline.min(Instant::now() + ATTEMPT_TIMEOUT);
        let (status, answer) = timeout_at(deadline, endpoint.put(table_name, item))
            .await
            .map_err(|_| failed("no answer in time".to_owned()))?
            .map_err(|error| failed(error_chain(&*error)))?;
        if status == StatusCode::OK && wire::is_output(&answer) {
            return Ok(WriteOutcome::New);
        }
        let Ok(error) = serde_json::from_slice::<ErrorAnswer>(&answer) else {
            let problem = format!("{status} with a body that is not DynamoDB's");
            return Err(failed(problem));
        };
        match error.existing_item() {
            Some(item) => Ok(WriteOutcome::KeyExists(item)),
            None => Err(WriteFailure {
                throttled: THROTTLING_ERRORS.contains(&error.name()),
                reason: format!("{status}: {} {}", error.name(), error.message),
            }),
        }
    }

    async fn endpoint(&self) -> Result<&Endpoint, BoxError> {
        let resolve = || Endpoint::resolve(&self.aws);
        self.endpoint.get_or_try_init(resolve).await
    }
}

impl Endpoint {
    /// The endpoint that the SDK's client would call.
    async fn resolve(aws: &Aws) -> Result<Self, BoxError> {
        let config = &aws.config;
        let region = config.region().ok_or("no region is set")?.as_ref();
        let credentials = aws.credentials.clone();
        let credentials = credentials.ok_or("no credentials are in the environment")?;
        let params = Params::builder()
            .region(region)
            .use_fips(config.use_fips().unwrap_or_default())
            .use_dual_stack(config.use_dual_stack().unwrap_or_default())
            .set_endpoint(aws.dynamodb_url.clone())
            .build()?;
        let endpoint = DefaultResolver::new().resolve_endpoint(&params).await?;
        let mut url = endpoint.url().parse::<Uri>()?.into_parts();
        // The operation's path, `/`, comes after the endpoint's own path.
        let path = url.path_and_query.as_ref().map_or("", |path| path.path());
        url.path_and_query = Some(format!("{}/", path.trim_end_matches('/')).parse()?);
        Ok(Self {
            connector: aws.connector.clone(),
            url: Uri::from_parts(url)?,
            region: region.to_owned(),
            identity: credentials.into(),
        })
    }

    async fn put(&self, table_name: &str, item: &Item) -> Result<(StatusCode, Bytes), BoxError> {
        let body = wire::input(table_name, item)?;
        self.send(self.signed(body)?).await
    }

    /// Sends a request and reads the whole answer.
    async fn send(&self, request: Request<SdkBody>) -> Result<(StatusCode, Bytes), BoxError> {
        let connection = CaptureSmithyConnection::new();
        let mut request = aws_smithy_runtime_api::http::Request::try_from(request)?;
        request.add_extension(connection.clone());
        let response = self.connector.call(request).await?.try_into_http1x()?;
        let status = response.status();
        // After a server error, a new connection may reach a healthy server.
        if status.is_server_error()
            && let Some(connection) = connection.get()
        {
            connection.poison();
        }
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, body))
    }

    fn signed(&self, body: Vec<u8>) -> Result<Request<SdkBody>, BoxError> {
        // The system time, which AWS checks, and not the callback's `now`, which tests set.
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        // The signature also covers the header `host`, which comes from the URL.
        let url = self.url.to_string();
        let signable = SignableBody::Bytes(&body);
        let signable = SignableRequest::new("POST", url, HEADERS.into_iter(), signable)?;
        let (signature, _) = sign(signable, &params)?.into_parts();

        let mut request = Request::post(self.url.clone()).body(SdkBody::from(body))?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, AGENT);
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        signature.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}
