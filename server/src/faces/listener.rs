//! A TCP listener that sends small packets at once: keystrokes and pointer moves go through here.

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use std::{io, net::SocketAddr};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct WithoutDelay(pub(crate) TcpListener);

impl Listener for WithoutDelay {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        (stream, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The address a request came from, as the faces read it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Connected<IncomingStream<'_, WithoutDelay>> for Peer {
    fn connect_info(stream: IncomingStream<'_, WithoutDelay>) -> Self {
        Self(*stream.remote_addr())
    }
}
