//! A DynamoDB engine in this process, with DynamoDB's HTTP interface.

use std::net::{Ipv4Addr, SocketAddr};

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running engine. It ends when it is dropped.
#[derive(Debug)]
pub struct Engine {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The port cannot be used; most likely another program uses it.
    #[error("cannot listen on port {port}: {source}; choose another (--port; make: ENGINE_PORT)")]
    Listen {
        /// The port asked for.
        port: u16,
        /// The system's error.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open the database: {0}")]
    Database(String),
}

impl Engine {
    /// Starts an engine on this loopback port, or on a free one for 0. The data are in memory.
    ///
    /// # Errors
    ///
    /// [`EngineError`]
    pub async fn start(port: u16) -> Result<Self, EngineError> {
        let database = Database::memory();
        let database = database.map_err(|error| EngineError::Database(error.to_string()))?;
        let listen = |source| EngineError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(async move {
            // The other end is dropped with the engine.
            let stopped = async { stopped.await.unwrap_or_default() };
            // The clients see an error; nothing else waits for it.
            let _ = dynoxide::server::serve_with_shutdown(listener, database, stopped).await;
        });
        Ok(Self {
            address,
            _stop: stop,
        })
    }

    /// The value for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }
}
