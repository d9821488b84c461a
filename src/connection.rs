//! HTTP connections to AWS, kept open between calls.
//!
//! They take the place of the SDK's own HTTP client, which can do more than a function needs: HTTP/2, proxies,
//! a pool for many callers at once.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ::http::header::{HOST, USER_AGENT};
use ::http::uri::{Authority, PathAndQuery, Scheme};
use ::http::{HeaderValue, Request, Response, Uri};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::tls;

/// A connection that was not used for so long is likely to have been closed at the other end, or forgotten by
/// something on the way.
const MAX_IDLE: Duration = Duration::from_secs(90);

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("task-callback/", env!("CARGO_PKG_VERSION")));

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The open connections of one process, and the trust store for new ones.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Pool>);

#[derive(Default)]
struct Pool {
    /// Read when it is needed first, and then kept: it is most of what a start costs.
    tls: OnceLock<TlsConnector>,
    idle: Mutex<Vec<Connection>>,
}

/// A connection that no request is on.
struct Connection {
    origin: Origin,
    sender: SendRequest<SdkBody>,
    since: Instant,
}

/// Where a connection leads.
#[derive(Clone, PartialEq, Eq)]
struct Origin {
    tls: bool,
    authority: Authority,
}

/// The connections of a client of the SDK, which has its own timeout for a whole attempt.
#[derive(Debug)]
struct Connector {
    connections: Connections,
    connect_timeout: Duration,
}

impl Connections {
    /// Sends a request with a URL for its target and reads the whole answer.
    ///
    /// # Errors
    ///
    /// No connection, or it broke. The request may have been carried out all the same.
    pub(crate) async fn exchange(
        &self,
        mut request: Request<SdkBody>,
        connect_timeout: Duration,
    ) -> Result<Response<Bytes>, BoxError> {
        let origin = to_origin_form(&mut request)?;
        let (sender, response) = loop {
            let (mut sender, reused) = match self.take(&origin) {
                Some(sender) => (sender, true),
                None => {
                    let to = &origin.authority;
                    let open = timeout(connect_timeout, self.open(&origin)).await;
                    let open = open.map_err(|_| format!("not within {connect_timeout:?}").into());
                    let open = open.flatten();
                    (
                        open.map_err(|error| format!("no connection to {to}: {error}"))?,
                        false,
                    )
                }
            };
            if reused && sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => break (sender, response),
                Err(mut error) => match error.take_message() {
                    // It was closed before anything was written to it.
                    Some(unsent) if reused => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        };
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        // A server in trouble may be another one on another connection.
        if !parts.status.is_server_error() {
            self.keep(origin, sender);
        }
        Ok(Response::from_parts(parts, body))
    }

    fn take(&self, origin: &Origin) -> Option<SendRequest<SdkBody>> {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| {
            connection.since.elapsed() < MAX_IDLE && !connection.sender.is_closed()
        });
        let found = idle
            .iter()
            .position(|connection| connection.origin == *origin)?;
        Some(idle.swap_remove(found).sender)
    }

    fn keep(&self, origin: Origin, sender: SendRequest<SdkBody>) {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Connection {
            origin,
            sender,
            since: Instant::now(),
        });
    }

    async fn open(&self, origin: &Origin) -> Result<SendRequest<SdkBody>, BoxError> {
        // An IPv6 address stands in brackets.
        let host = origin.authority.host().trim_matches(['[', ']']);
        let port = origin
            .authority
            .port_u16()
            .unwrap_or(default_port(origin.tls));
        let tcp = TcpStream::connect((host, port));
        if !origin.tls {
            return speak_http(nodelay(tcp.await?)?).await;
        }
        // The trust store is read while the network is waited for.
        let (tcp, tls) = tokio::join!(tcp, async { self.tls() });
        let name = ServerName::try_from(host.to_owned())?;
        speak_http(tls?.connect(name, nodelay(tcp?)?).await?).await
    }

    fn tls(&self) -> Result<&TlsConnector, BoxError> {
        if let Some(tls) = self.0.tls.get() {
            return Ok(tls);
        }
        let config = tls::client_config()?;
        Ok(self.0.tls.get_or_init(|| Arc::new(config).into()))
    }
}

impl HttpClient for Connections {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            connections: self.clone(),
            connect_timeout: settings.connect_timeout().unwrap_or(Duration::MAX),
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connections, connect_timeout) = (self.connections.clone(), self.connect_timeout);
        HttpConnectorFuture::new(async move {
            let exchange = async {
                let request = request.try_into_http1x()?;
                let response = connections.exchange(request, connect_timeout).await?;
                Ok::<_, BoxError>(response.map(SdkBody::from).try_into()?)
            };
            exchange.await.map_err(ConnectorError::io)
        })
    }
}

/// A request is written at once: there is nothing to gather it with.
fn nodelay(tcp: TcpStream) -> std::io::Result<TcpStream> {
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

async fn speak_http<S>(stream: S) -> Result<SendRequest<SdkBody>, BoxError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends when the sender is dropped; what goes wrong on it, the sender is told.
    tokio::spawn(connection);
    Ok(sender)
}

/// Turns a request from the SDK's form, with a URL for its target, into the one that goes over a connection, with a
/// path and the header `Host`. Returns where that connection must lead.
fn to_origin_form<B>(request: &mut Request<B>) -> Result<Origin, BoxError> {
    let uri = std::mem::take(request.uri_mut()).into_parts();
    let authority = uri.authority.ok_or("the endpoint has no host")?;
    let tls = uri.scheme != Some(Scheme::HTTP);
    let path = uri.path_and_query.unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);

    let host = match authority.port_u16() {
        Some(port) if port == default_port(tls) => authority.host(),
        _ => authority.as_str(),
    };
    let host = HeaderValue::from_str(host)?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().entry(USER_AGENT).or_insert(AGENT);
    Ok(Origin { tls, authority })
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}
