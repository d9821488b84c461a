//! What can go wrong between the function and AWS, at the wire.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

/// No caller waits for so long.
const SILENCE: Duration = Duration::from_secs(60);

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is passed on.
    None,
    /// Nothing, but the connection ends after the answer, as one does that was idle for long.
    CloseAfter,
    /// It is answered with this status and this error of AWS's instead.
    Answer(u16, &'static str),
    /// The connection is reset before AWS gets it.
    ResetBefore,
    /// AWS gets it, and the connection is reset before the answer is out.
    ResetAfter,
    /// AWS gets it, and the connection ends in the middle of the answer.
    CutShort,
    /// The connection is reset, and for so long every new one is refused.
    Refuse(Duration),
    /// It is passed on, and the answer held back for so long.
    Slow(Duration),
    /// It is never answered.
    Silence,
    /// It is answered with 200 and something that is no answer of AWS's.
    Garbage,
}

/// A proxy in front of an engine. It ends when it is dropped, and its port then refuses connections.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    connections: Arc<AtomicUsize>,
    close: mpsc::UnboundedSender<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

/// What decides about each request, head and body.
type Plan = Box<dyn FnMut(&[u8]) -> Fault + Send>;

/// What the connections of one proxy share.
struct Shared {
    engine: String,
    plan: Mutex<Plan>,
    /// For how long nothing is to be accepted.
    refuse: mpsc::UnboundedSender<Duration>,
}

impl Proxy {
    /// Starts a proxy on a free port of this machine. `plan` decides what becomes of each request: it is given head
    /// and body.
    ///
    /// # Errors
    ///
    /// There is no port to listen on.
    pub async fn start(
        engine_url: &str,
        plan: impl FnMut(&[u8]) -> Fault + Send + 'static,
    ) -> io::Result<Self> {
        // Bound and never listening, this one keeps the port ours while nobody listens there.
        let holder = reusable_socket(0)?;
        let port = holder.local_addr()?.port();
        let mut listener = Some(listen(port)?);
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        let (close, mut closings) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
        let (refuse, mut refusals) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            engine: engine_url.trim_start_matches("http://").to_owned(),
            plan: Mutex::new(Box::new(plan)),
            refuse,
        });
        let server = tokio::spawn(async move {
            let _holder = holder;
            let mut served = JoinSet::new();
            loop {
                let refused = tokio::select! {
                    Some(refused) = refusals.recv() => refused,
                    Some(client) = accept(listener.as_ref()) => {
                        accepted.fetch_add(1, Ordering::Relaxed);
                        // Ends when either side has gone, which is what this is about.
                        served.spawn(serve(client, shared.clone()));
                        continue;
                    }
                    Some(closed) = closings.recv() => {
                        served.shutdown().await;
                        let _ = closed.send(());
                        continue;
                    }
                    Some(_) = served.join_next() => continue,
                };
                drop(listener.take());
                sleep(refused).await;
                listener = listen(port).ok();
            }
        });
        Ok(Self {
            url: format!("http://{}:{port}", Ipv4Addr::LOCALHOST),
            connections,
            close,
            server,
        })
    }

    /// What an AWS SDK takes as `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many connections have been opened so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Closes every open connection, and returns once all are closed.
    pub async fn close_connections(&self) {
        let (closed, all_closed) = oneshot::channel();
        let _ = self.close.send(closed);
        let _ = all_closed.await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn reusable_socket(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}

fn listen(port: u16) -> io::Result<TcpListener> {
    reusable_socket(port)?.listen(1024)
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let (client, _) = listener?.accept().await.ok()?;
    Some(client)
}

async fn serve(client: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufStream::new(client);
    let mut engine = Upstream::new(&shared.engine);
    loop {
        let request = message(&mut client).await?;
        let fault = {
            let mut plan = shared.plan.lock().unwrap_or_else(PoisonError::into_inner);
            plan(&request)
        };
        let answer = match fault {
            Fault::None | Fault::CloseAfter => engine.forward(&request).await?,
            Fault::ResetBefore => return client.get_ref().set_zero_linger(),
            Fault::ResetAfter => {
                engine.forward(&request).await?;
                return client.get_ref().set_zero_linger();
            }
            Fault::CutShort => {
                let answer = engine.forward(&request).await?;
                client.write_all(&answer[..answer.len() - 1]).await?;
                return client.flush().await;
            }
            Fault::Refuse(time) => {
                let _ = shared.refuse.send(time);
                return client.get_ref().set_zero_linger();
            }
            Fault::Slow(time) => {
                let answer = engine.forward(&request).await?;
                sleep(time).await;
                answer
            }
            Fault::Silence => {
                sleep(SILENCE).await;
                return Ok(());
            }
            Fault::Answer(status, code) => {
                let body = format!(r#"{{"__type":"{code}","message":"by the proxy"}}"#);
                http(status, &body)
            }
            Fault::Garbage => http(200, "<html>it works</html>"),
        };
        client.write_all(&answer).await?;
        client.flush().await?;
        if let Fault::CloseAfter = fault {
            return Ok(());
        }
    }
}

fn http(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
    );
    [head, body.to_owned()].concat().into_bytes()
}

/// The engine's end: one connection, for as long as it holds.
struct Upstream<'a> {
    address: &'a str,
    connection: Option<BufStream<TcpStream>>,
}

impl<'a> Upstream<'a> {
    fn new(address: &'a str) -> Self {
        Self {
            address,
            connection: None,
        }
    }

    async fn forward(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(BufStream::new(TcpStream::connect(self.address).await?)),
        };
        connection.write_all(request).await?;
        connection.flush().await?;
        message(connection).await
    }
}

/// One HTTP message: its head, and as much body as the head says.
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
