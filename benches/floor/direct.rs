//! The smallest program with a write, 1× in the table: one PutItem, signed with `aws-sigv4`, over a
//! hyper connection that was opened during init. It has no SDK client, no retries and no deadline.

use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::de::IgnoredAny;
use serde_json::json;
use task_callback_floor::{answer, item};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

const REGION: &str = "eu-central-1";

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

/// The request to `url` with its signature.
fn signed(url: &str, identity: &Identity, body: Bytes) -> Result<Request<Full<Bytes>>, Error> {
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.PutItem"),
    ];
    let params = v4::SigningParams::builder()
        .identity(identity)
        .region(REGION)
        .name("dynamodb")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let signable = SignableBody::Bytes(&body);
    let signable = SignableRequest::new("POST", url, headers.into_iter(), signable)?;
    let (instructions, _) = sign(signable, &params)?.into_parts();

    let mut request = Request::post(url).body(Full::new(body))?;
    let host = request
        .uri()
        .authority()
        .ok_or("the endpoint has no host")?;
    let host = HeaderValue::from_str(host.as_str())?;
    *request.uri_mut() = Uri::from_static("/");
    request.headers_mut().insert("host", host);
    for (name, value) in headers {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let variable = |name| std::env::var(name);
    let url = variable("AWS_ENDPOINT_URL_DYNAMODB")?;
    let identity = Identity::from(Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    ));
    let sender = Mutex::new(connect(&url.parse()?).await?);
    let text = |text: &str| json!({"S": text});
    let number = |number: &str| json!({"N": number});
    let body = json!({
        "TableName": "snapshots",
        "Item": item(text, number, |map| json!({"M": map})),
        "ConditionExpression": "attribute_not_exists(taskID)",
    });
    let body = Bytes::from(body.to_string());
    let answer = answer();
    let put = async |_: LambdaEvent<IgnoredAny>| {
        let request = signed(&url, &identity, body.clone())?;
        let mut sender = sender.lock().await;
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        assert!(response.status().is_success(), "the store takes it");
        response.into_body().collect().await?;
        Ok::<_, Error>(answer)
    };
    lambda_runtime::run(service_fn(put)).await
}
