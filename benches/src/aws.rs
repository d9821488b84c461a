//! A server in place of AWS: it answers DynamoDB and Secrets Manager calls at once, over TLS.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Error, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use pem::Pem;
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The server's address, and the trust store that accepts its certificate.
pub(crate) struct Aws {
    /// The value for `AWS_ENDPOINT_URL`.
    pub(crate) url: String,
    /// The value for `SSL_CERT_FILE`: Mozilla's roots, as on most systems, and the server's own.
    pub(crate) trust_store: NamedTempFile,
}

impl Aws {
    /// Starts the server on a free local port. Every secret has the value `secret`.
    pub(crate) async fn start(secret: &str) -> Result<Self> {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let key = certified.signing_key.serialize_der();
        let key = PrivateKeyDer::try_from(key).map_err(Error::msg)?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let secret = serde_json::json!({
            "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:credentials",
            "Name": "credentials",
            "SecretString": secret,
        });
        let secret = Bytes::from(secret.to_string());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Ends with the process, which closes its connections.
                tokio::spawn(serve(stream, acceptor.clone(), secret.clone()));
            }
        });

        let mut trust_store = NamedTempFile::new()?;
        trust_store.write_all(certified.cert.pem().as_bytes())?;
        for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let root = pem::encode(&Pem::new("CERTIFICATE", root.as_ref()));
            trust_store.write_all(root.as_bytes())?;
        }
        Ok(Self {
            url: format!("https://localhost:{port}"),
            trust_store,
        })
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, secret: Bytes) -> Result<()> {
    stream.set_nodelay(true)?;
    let stream = TokioIo::new(acceptor.accept(stream).await?);
    let answers = service_fn(move |request| answer(request, secret.clone()));
    Ok(http1::Builder::new()
        .serve_connection(stream, answers)
        .await?)
}

async fn answer(
    request: Request<Incoming>,
    secret: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers().get("x-amz-target");
    let wants_secret = target.is_some_and(|target| target == "secretsmanager.GetSecretValue");
    let _ = request.into_body().collect().await;
    let empty = Bytes::from_static(b"{}");
    let body = if wants_secret { secret } else { empty };
    Ok(Response::new(Full::new(body)))
}
