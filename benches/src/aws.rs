//! A server in place of AWS that answers DynamoDB and Secrets Manager calls immediately, over TLS.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pem::Pem;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The server's address, and the trust store that accepts its certificate.
pub(crate) struct Aws {
    /// The value for `AWS_ENDPOINT_URL`.
    pub(crate) url: String,
    /// The value for `SSL_CERT_FILE`: Mozilla's roots, as on most systems, and the server's own.
    pub(crate) trust_store: NamedTempFile,
    /// How many certificates the trust store holds.
    pub(crate) certificates: usize,
}

impl Aws {
    /// Starts the server on a free local port. Every secret has the value `secret`.
    pub(crate) async fn start(secret: &str) -> Result<Self> {
        let mut root = CertificateParams::new([])?;
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &root)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let secret = Bytes::from(serde_json::to_vec(&serde_json::json!({
            "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:credentials",
            "Name": "credentials",
            "SecretString": secret,
        }))?);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (acceptor, secret) = (acceptor.clone(), secret.clone());
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await?;
                    let serve = service_fn(move |request| serve(request, secret.clone()));
                    let connection = http1::Builder::new();
                    let _ = connection
                        .serve_connection(TokioIo::new(stream), serve)
                        .await;
                    std::io::Result::Ok(())
                });
            }
        });

        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        let mut trust_store = NamedTempFile::new()?;
        trust_store.write_all(root.pem().as_bytes())?;
        for root in roots {
            let root = pem::encode(&Pem::new("CERTIFICATE", root.as_ref()));
            trust_store.write_all(root.as_bytes())?;
        }
        trust_store
            .flush()
            .context("the trust store cannot be written")?;
        Ok(Self {
            url: format!("https://localhost:{port}"),
            trust_store,
            certificates: roots.len() + 1,
        })
    }
}

async fn serve(
    request: Request<Incoming>,
    secret: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers().get("x-amz-target");
    let wants_secret = target.is_some_and(|target| target == "secretsmanager.GetSecretValue");
    let _ = request.into_body().collect().await;
    let (kind, body) = if wants_secret {
        ("application/x-amz-json-1.1", secret)
    } else {
        ("application/x-amz-json-1.0", Bytes::from_static(b"{}"))
    };
    Ok(Response::builder()
        .header("server", "Server")
        .header("content-type", kind)
        .header("connection", "keep-alive")
        .header(
            "x-amzn-requestid",
            "3SGMPEK3QJ5FQLH0UF3S5T5Q0FVV4KQNSO5AEMVJF66Q9ASUAAJG",
        )
        .header("x-amz-crc32", "2745614147")
        .body(Full::new(body))
        .expect("the headers are well-formed"))
}
