//! The floor with a write, 1× in the table: one PutItem signed with `aws-sigv4` over a plain hyper connection that
//! was opened during init. No SDK client, no retries, no deadline.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lambda_runtime::{LambdaEvent, service_fn};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::de::IgnoredAny;
use task_callback_bench::{answer, item};
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

fn signed(
    uri: &Uri,
    region: &str,
    credentials: &Credentials,
) -> Result<Request<Full<Bytes>>, Error> {
    let body = serde_json::to_vec(&serde_json::json!({
        "TableName": "snapshots",
        "Item": item(),
        "ConditionExpression": "attribute_not_exists(taskID)",
    }))?;
    let host = uri.authority().ok_or("the endpoint has no host")?.as_str();
    let headers = [
        ("host", host),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.PutItem"),
    ];
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("dynamodb")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let url = uri.to_string();
    let signable =
        SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(&body))?;
    let (instructions, _) = sign(signable, &params)?.into_parts();

    let mut request = Request::post("/").body(Full::new(Bytes::from(body)))?;
    for (name, value) in headers {
        request
            .headers_mut()
            .insert(name, HeaderValue::from_str(value)?);
    }
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let variable = |name| std::env::var(name);
    let uri: Uri = variable("AWS_ENDPOINT_URL_DYNAMODB")?.parse()?;
    let region = variable("AWS_REGION")?;
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let sender = Mutex::new(connect(&uri).await?);

    let put = async |_: LambdaEvent<IgnoredAny>| {
        let request = signed(&uri, &region, &credentials).expect("the request can be signed");
        let mut sender = sender.lock().await;
        sender.ready().await.expect("the connection is open");
        let response = sender
            .send_request(request)
            .await
            .expect("the store answers");
        assert!(response.status().is_success(), "the store takes it");
        response
            .into_body()
            .collect()
            .await
            .expect("the answer is whole");
        Ok::<_, Infallible>(answer())
    };
    lambda_runtime::run(service_fn(put)).await
}
