//! DynamoDB called the short way: sign, send, read the answer, once.
//!
//! The SDK's client resolves, intercepts, classifies and measures around each call, which takes as long as the
//! rest of a callback (`make bench`). What goes well needs none of that; what does not is left to the client.

use std::time::{Duration, SystemTime};

use ::http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::connection::{BoxError, Connections};

/// DynamoDB at one place, called with one identity.
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    connections: Connections,
    url: Uri,
    /// The same for the signature.
    url_text: String,
    region: String,
    identity: Identity,
    connect_timeout: Duration,
    timeout: Duration,
}

/// Why a call was not done, or not known to be.
#[derive(Debug)]
pub(crate) enum CallError {
    /// DynamoDB has answered with an error: its status and its JSON.
    Answer(StatusCode, Bytes),
    /// Anything else: no request, no connection, no answer.
    Other(BoxError),
}

impl Direct {
    /// DynamoDB at this endpoint. A call is given up after `timeout`.
    pub(crate) fn new(
        connections: Connections,
        endpoint: &Uri,
        region: &str,
        credentials: Credentials,
        connect_timeout: Duration,
        timeout: Duration,
    ) -> Result<Self, BoxError> {
        // As the SDK has it: the operation's path, which is `/`, under the endpoint's.
        let path = format!("{}/", endpoint.path().trim_end_matches('/'));
        let mut parts = endpoint.clone().into_parts();
        parts.path_and_query = Some(path.parse()?);
        let url = Uri::from_parts(parts)?;
        Ok(Self {
            connections,
            url_text: url.to_string(),
            url,
            region: region.to_owned(),
            identity: credentials.into(),
            connect_timeout,
            timeout,
        })
    }

    /// Calls an operation, once, and returns DynamoDB's JSON.
    ///
    /// # Errors
    ///
    /// [`CallError`], at the `deadline` at the latest. The call may have been done all the same.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        input: Vec<u8>,
        deadline: Instant,
    ) -> Result<Bytes, CallError> {
        let request = self.signed(operation, input).map_err(CallError::Other)?;
        let deadline = deadline.min(Instant::now() + self.timeout);
        let exchange = self.connections.exchange(request, self.connect_timeout);
        match timeout_at(deadline, exchange).await {
            Ok(Ok(response)) if response.status() == StatusCode::OK => Ok(response.into_body()),
            Ok(Ok(response)) => Err(CallError::Answer(response.status(), response.into_body())),
            Ok(Err(error)) => Err(CallError::Other(error)),
            Err(_) => Err(CallError::Other("no answer in time".into())),
        }
    }

    fn signed(&self, operation: Operation, input: Vec<u8>) -> Result<Request<SdkBody>, BoxError> {
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", operation.0),
        ];
        // Not the callback's clock, which a test sets: AWS compares it with its own.
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let body = SignableBody::Bytes(&input);
        // The host is signed, too, as the URL has it.
        let signable =
            SignableRequest::new("POST", self.url_text.as_str(), headers.into_iter(), body)?;
        let (signature, _) = sign(signable, &params)?.into_parts();

        let mut request = Request::post(self.url.clone()).body(SdkBody::from(input))?;
        let to = request.headers_mut();
        for (name, value) in headers {
            to.insert(name, HeaderValue::from_static(value));
        }
        for header in signature.into_parts().0 {
            let mut value = HeaderValue::from_str(header.value())?;
            value.set_sensitive(header.sensitive());
            to.insert(HeaderName::from_static(header.name()), value);
        }
        Ok(request)
    }
}

/// What is called, as DynamoDB's header `x-amz-target` has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation(&'static str);

impl Operation {
    pub(crate) const PUT_ITEM: Self = Self("DynamoDB_20120810.PutItem");
}
