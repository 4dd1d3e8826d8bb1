//! HTTP towards the containers of sessions.
//!
//! One client serves both the streaming proxy and the ready probe, so that "it answers" means the
//! same to both. It connects to an address on the session's own network, over plain TCP or over
//! TLS whose certificate is not verified: images make a self-signed one at each start, and the
//! bridge between host and container is not a place where one could be impersonated.

mod connect;
mod unverified;

use bytes::Bytes;
use connect::Connector;
use domain::contract::Scheme;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use std::{fmt, net::SocketAddr, time::Duration};

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A request body: streamed, never collected.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Idle connections are kept this long; short, because containers come and go.
const IDLE: Duration = Duration::from_secs(20);

/// Where a session's container listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    pub scheme: Scheme,
    pub address: SocketAddr,
}

/// Why a container did not answer. The text is for people who administer it.
#[derive(Debug)]
pub struct Silence(String);

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Silence {}

/// The client. Cheap to clone; connections are pooled.
#[derive(Clone)]
pub struct Upstream {
    client: Client<Connector, Body>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upstream")
    }
}

impl Upstream {
    /// # Errors
    /// When the TLS library refuses its own configuration.
    pub fn new() -> Result<Self, BoxError> {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(16)
            .build(Connector::new()?);
        Ok(Self { client })
    }

    /// Sends a request whose URI holds only path and query. The `Host` header is kept as it is.
    ///
    /// # Errors
    /// [`Silence`] when the container cannot be reached or breaks off before the response's head.
    pub async fn send(
        &self,
        target: Target,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, Silence> {
        let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let uri = format!("{}://{}{path}", target.scheme.as_str(), target.address);
        *request.uri_mut() =
            uri.parse().map_err(|_| Silence(format!("`{path}` is not a request target.")))?;
        self.client.request(request).await.map_err(|error| Silence(chain(&error)))
    }

    /// Asks a path once and tells the status of the answer.
    ///
    /// # Errors
    /// [`Silence`] when there was none within `patience`.
    pub async fn probe(
        &self,
        target: Target,
        path: &str,
        authorization: Option<&HeaderValue>,
        patience: Duration,
    ) -> Result<u16, Silence> {
        let empty = Empty::<Bytes>::new().map_err(BoxError::from).boxed_unsync();
        let mut request = Request::builder()
            .uri(path)
            .header(header::HOST, target.address.to_string())
            .header(header::CONNECTION, "close")
            .body(empty)
            .map_err(|error| Silence(error.to_string()))?;
        if let Some(value) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value.clone());
        }
        match tokio::time::timeout(patience, self.send(target, request)).await {
            Ok(answer) => answer.map(|response| response.status().as_u16()),
            Err(_) => Err(Silence(format!("no answer within {} s", patience.as_secs()))),
        }
    }
}

/// An error with its causes, because the outermost only says "client error".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
