//! The smallest program with a write, 1× in the table: one PutItem, signed with `aws-sigv4`, over a plain hyper
//! connection that was opened during init. It has no SDK client, no retries and no deadline.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lambda_runtime::{LambdaEvent, service_fn};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::de::IgnoredAny;
use task_callback_floor::{ANSWER, item};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn connect(uri: &Uri) -> Result<SendRequest<Full<Bytes>>, Error> {
    let host = uri.host().ok_or("the endpoint has no host")?;
    let tcp = TcpStream::connect((host, uri.port_u16().unwrap_or(443))).await?;
    tcp.set_nodelay(true)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())?;
    let tls = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await?;
    let (sender, connection) = handshake(TokioIo::new(tls)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Everything that stays the same from call to call.
struct Call {
    uri: Uri,
    url: String,
    region: String,
    identity: Identity,
    sender: Mutex<SendRequest<Full<Bytes>>>,
}

impl Call {
    fn signed(&self, body: Bytes) -> Result<Request<Full<Bytes>>, Error> {
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", "DynamoDB_20120810.PutItem"),
        ];
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable = SignableBody::Bytes(&body);
        let signable =
            SignableRequest::new("POST", self.url.as_str(), headers.into_iter(), signable)?;
        let (instructions, _) = sign(signable, &params)?.into_parts();

        let mut request = Request::post("/").body(Full::new(body))?;
        let host = self.uri.authority().ok_or("the endpoint has no host")?;
        let to = request.headers_mut();
        to.insert("host", HeaderValue::from_str(host.as_str())?);
        for (name, value) in headers {
            to.insert(name, HeaderValue::from_static(value));
        }
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    async fn send(&self, body: Bytes) -> Result<StatusCode, Error> {
        let request = self.signed(body)?;
        let mut sender = self.sender.lock().await;
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let variable = |name| std::env::var(name);
    let uri: Uri = variable("AWS_ENDPOINT_URL_DYNAMODB")?.parse()?;
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let call = Call {
        url: uri.to_string(),
        region: variable("AWS_REGION")?,
        identity: credentials.into(),
        sender: Mutex::new(connect(&uri).await?),
        uri,
    };
    let body = Bytes::from(serde_json::to_vec(&serde_json::json!({
        "TableName": "snapshots",
        "Item": item(),
        "ConditionExpression": "attribute_not_exists(taskID)",
    }))?);
    let put = async |_: LambdaEvent<IgnoredAny>| {
        let status = call.send(body.clone()).await.expect("the store answers");
        assert!(status.is_success(), "the store takes it");
        Ok::<_, Infallible>(ANSWER)
    };
    lambda_runtime::run(service_fn(put)).await
}
