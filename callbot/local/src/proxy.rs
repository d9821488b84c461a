//! A proxy that injects faults between the function and AWS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Longer than any caller waits.
const SILENCE: Duration = Duration::from_secs(60);

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What the proxy does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It forwards the request.
    None,
    /// It forwards the request and closes the connection after the answer.
    CloseAfter,
    /// It answers with this status and this AWS error, and forwards nothing.
    Answer(u16, &'static str),
    /// It resets the connection before AWS gets the request.
    ResetBefore,
    /// It forwards the request and resets the connection before the answer.
    ResetAfter,
    /// It forwards the request and closes the connection in the middle of the answer.
    CutShort,
    /// It resets the connection and refuses new ones for this time.
    Refuse(Duration),
    /// It forwards the request and delays the answer by this time.
    Slow(Duration),
    /// It never answers.
    Silence,
    /// It answers with status 200 and a body that is not AWS's.
    Garbage,
}

/// A proxy in front of an engine. Dropping it closes its connections and its port.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    opened: Arc<AtomicUsize>,
    open: Connections,
    _server: JoinSet<io::Result<()>>,
}

/// Each open connection is a task. Dropping them closes the connections.
type Connections = Arc<Mutex<JoinSet<io::Result<()>>>>;

/// Chooses the fault for a request, given its head and body.
type Plan = Box<dyn FnMut(&[u8]) -> Fault + Send>;

/// The state that the connections of one proxy share.
struct Shared {
    engine: String,
    plan: Mutex<Plan>,
    /// Asks for no new connection to be accepted for this time.
    refuse: mpsc::UnboundedSender<Duration>,
}

impl Proxy {
    /// Starts a proxy on a free loopback port. `plan` chooses a fault by a request's head and body.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start(
        engine_url: &str,
        plan: impl FnMut(&[u8]) -> Fault + Send + 'static,
    ) -> io::Result<Self> {
        // This socket never listens. It reserves the port while connections are refused.
        let port = socket((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = port.local_addr()?;
        let mut listener = socket(address)?.listen(BACKLOG)?;
        let (refuse, mut refusals) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            engine: engine_url.trim_start_matches("http://").to_owned(),
            plan: Mutex::new(Box::new(plan)),
            refuse,
        });
        let (opened, open) = (Arc::<AtomicUsize>::default(), Connections::default());
        let mut server = JoinSet::new();
        server.spawn({
            let (opened, open) = (opened.clone(), open.clone());
            async move {
                let _port = port;
                loop {
                    tokio::select! {
                        accepted = listener.accept() => {
                            let Ok((client, _)) = accepted else {
                                continue;
                            };
                            opened.fetch_add(1, Ordering::Relaxed);
                            let mut open = open.lock().await;
                            while open.try_join_next().is_some() {}
                            open.spawn(serve(client, shared.clone()));
                        }
                        Some(time) = refusals.recv() => {
                            drop(listener);
                            sleep(time).await;
                            listener = socket(address)?.listen(BACKLOG)?;
                        }
                    }
                }
            }
        });
        Ok(Self {
            url: format!("http://{address}"),
            opened,
            open,
            _server: server,
        })
    }

    /// The value for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes all connections, as a server does with idle ones. Returns once they are closed.
    pub async fn close_connections(&self) {
        self.open.lock().await.shutdown().await;
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

/// A socket that shares its address with the reserving socket, and with the previous listener,
/// which a process that is just being started may still hold.
fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Serves one connection until it is closed. An error here is a closed connection, too.
async fn serve(client: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufStream::new(client);
    let mut engine = None;
    loop {
        let request = message(&mut client).await?;
        let fault = (shared.plan.lock().await)(&request);
        let mut answer = match fault {
            Fault::ResetBefore => return client.get_ref().set_zero_linger(),
            Fault::Refuse(time) => {
                let _ = shared.refuse.send(time);
                return client.get_ref().set_zero_linger();
            }
            Fault::Silence => {
                sleep(SILENCE).await;
                return Ok(());
            }
            Fault::Garbage => http(200, "<html>it works</html>"),
            Fault::Answer(status, code) => {
                let body = format!(r#"{{"__type":"{code}","message":"by the proxy"}}"#);
                http(status, &body)
            }
            _ => forward(&mut engine, &shared.engine, &request).await?,
        };
        match fault {
            Fault::ResetAfter => return client.get_ref().set_zero_linger(),
            Fault::Slow(time) => sleep(time).await,
            Fault::CutShort => answer.truncate(answer.len() - 1),
            _ => {}
        }
        client.write_all(&answer).await?;
        client.flush().await?;
        if matches!(fault, Fault::CloseAfter | Fault::CutShort) {
            return Ok(());
        }
    }
}

fn http(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    let content_type = "content-type: application/x-amz-json-1.0";
    format!("HTTP/1.1 {status} X\r\n{content_type}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// The engine's answer to a request. All requests of a client use one connection.
async fn forward(
    connection: &mut Option<BufStream<TcpStream>>,
    engine: &str,
    request: &[u8],
) -> io::Result<Vec<u8>> {
    let connection = match connection {
        Some(connection) => connection,
        none => none.insert(BufStream::new(TcpStream::connect(engine).await?)),
    };
    connection.write_all(request).await?;
    connection.flush().await?;
    message(connection).await
}

/// Reads one HTTP message: the head, and as much body as its `content-length` says.
async fn message(stream: &mut BufStream<TcpStream>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(Ok(0), |length| length.trim().parse());
    let length: usize = length.map_err(io::Error::other)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    head.extend(body);
    Ok(head)
}
