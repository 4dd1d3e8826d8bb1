//! Requests on a connection of their own, for what bollard's way of reading an answer does not fit:
//! plain bytes both ways, and answers whose size a container decides.

use super::address::Address;
use super::connect::Docker;
use super::errors::{Failure, lost};
use bollard::errors::Error as Raw;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// Longest refusal that is read, in bytes.
const LONGEST_WORDS: usize = 64 * 1024;

impl Docker {
    /// Sends a request on a new connection; `path` is without the version of the API.
    pub(super) async fn send(
        &self,
        path: &str,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        let version = self.client().await?.client_version();
        let path = format!("/v{version}{path}");
        *request.uri_mut() = path.parse().map_err(|error| self.broken(io::Error::other(error)))?;
        let host = hyper::header::HeaderValue::from_static("localhost");
        request.headers_mut().insert(HOST, host);
        let broken = |error| self.broken(error);
        match &*self.address {
            Address::Socket(socket) => {
                let stream = UnixStream::connect(socket).await.map_err(broken)?;
                self.send_on(stream, request).await
            }
            Address::Tcp(authority) => {
                let stream = TcpStream::connect(authority).await.map_err(broken)?;
                self.send_on(stream, request).await
            }
        }
    }

    async fn send_on(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        let broken = |error: hyper::Error| self.broken(io::Error::other(error));
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.map_err(broken)
    }

    /// What a refusal says.
    pub(super) async fn refused(response: Response<Incoming>) -> Failure {
        let status = response.status().as_u16();
        let words = Limited::new(response.into_body(), LONGEST_WORDS).collect().await;
        let words = words.map(|body| body.to_bytes()).unwrap_or_default();
        Failure::Refused { status, message: String::from_utf8_lossy(&words).into_owned() }
    }

    /// An answer of at most so many bytes; `None` if it is longer.
    pub(super) async fn get_limited(
        &self,
        path: &str,
        most: usize,
        patience: Duration,
    ) -> Result<Option<Bytes>, Failure> {
        let answer = async {
            let request = Request::new(Full::default());
            let response = self.send(path, request).await?;
            if !response.status().is_success() {
                return Err(Self::refused(response).await);
            }
            match Limited::new(response.into_body(), most).collect().await {
                Ok(body) => Ok(Some(body.to_bytes())),
                Err(error) if error.is::<LengthLimitError>() => Ok(None),
                Err(error) => Err(self.broken(io::Error::other(error))),
            }
        };
        tokio::time::timeout(patience, answer).await.map_err(|_| self.silent_for(patience))?
    }

    pub(super) fn broken(&self, error: io::Error) -> Failure {
        Failure::Lost(lost(&Raw::IOError { err: error }, &self.address))
    }
}
