//! DynamoDB called the short way: sign, send, see whether it was done.
//!
//! The SDK's client resolves, intercepts, classifies and measures around each call, which takes as long as the
//! rest of a callback (`make bench`). What goes well needs none of that; what does not is left to the client.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use ::http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::body::SdkBody;
use serde::de::IgnoredAny;
use tokio::time::{Instant, timeout_at};

use crate::connection::{BoxError, Connections};

/// One service at one place, called with one identity.
#[derive(Clone, Debug)]
pub struct Direct {
    connections: Connections,
    url: Uri,
    /// The same for the signature.
    url_text: String,
    host: String,
    region: String,
    identity: Identity,
    timeout: Duration,
}

impl Direct {
    /// DynamoDB at this address. A call is given up after `timeout`.
    pub(crate) fn new(
        connections: Connections,
        url: Uri,
        region: &str,
        credentials: Credentials,
        timeout: Duration,
    ) -> Self {
        Self {
            connections,
            url_text: url.to_string(),
            host: url.authority().map_or("", |host| host.as_str()).to_owned(),
            url,
            region: region.to_owned(),
            identity: credentials.into(),
            timeout,
        }
    }

    /// Calls an operation, once. Only `true` says something: DynamoDB has done it. Otherwise it may have or not,
    /// for a reason that the SDK's client will find out.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        input: Vec<u8>,
        deadline: Instant,
    ) -> bool {
        let Ok(request) = self.signed(operation, input) else {
            return false;
        };
        let deadline = deadline.min(Instant::now() + self.timeout);
        let exchange = self.connections.exchange(request, self.timeout);
        match timeout_at(deadline, exchange).await {
            Ok(Ok(response)) => response.status() == StatusCode::OK && is_object(response.body()),
            _ => false,
        }
    }

    fn signed(&self, operation: Operation, input: Vec<u8>) -> Result<Request<SdkBody>, BoxError> {
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", operation.0),
        ];
        let all = [("host", self.host.as_str())].into_iter().chain(headers);
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
        let signable = SignableRequest::new("POST", self.url_text.as_str(), all, body)?;
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

/// Something on the way may answer 200, too, but not with JSON.
fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(body).is_ok()
}

/// What is called, as DynamoDB's header `x-amz-target` has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation(&'static str);

impl Operation {
    pub(crate) const PUT_ITEM: Self = Self("DynamoDB_20120810.PutItem");
}
