//! An HTTP server on the loopback interface.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Serves on a free port until the task is dropped.
pub(crate) async fn serve(router: Router) -> io::Result<(SocketAddr, JoinSet<io::Result<()>>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let router = router.layer(DefaultBodyLimit::disable());
    let mut server = JoinSet::new();
    server.spawn(axum::serve(listener, router).into_future());
    Ok((address, server))
}
