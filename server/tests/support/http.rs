//! An HTTP client that sends what it is told and shows what it gets: no redirects followed, no
//! cookies kept, one connection per request.

use ::http::{HeaderMap, Request, Response, request::Builder};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than anything may take; only ends a story in which nobody answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes both ways after an upgrade.
pub type Tunnel = TokioIo<hyper::upgrade::Upgraded>;

/// A request to be sent.
pub struct Ask {
    builder: Builder,
    body: Body,
}

fn ask(method: &str, path: &str) -> Ask {
    Ask { builder: Request::builder().method(method).uri(path), body: Body::empty() }
}

pub fn get(path: &str) -> Ask {
    ask("GET", path)
}

pub fn post(path: &str) -> Ask {
    ask("POST", path)
}

pub fn encoded(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", domain::list::encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

impl Ask {
    /// Adds a header.
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.builder = self.builder.header(name, value.as_ref());
        self
    }

    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.with("content-type", "application/x-www-form-urlencoded").body(encoded(pairs))
    }

    pub fn json(self, text: &str) -> Self {
        self.with("content-type", "application/json").body(text.to_owned())
    }

    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// As a browser asks for a page.
    pub fn for_page(self) -> Self {
        self.with("accept", "text/html,application/xhtml+xml")
    }

    /// As a browser asks for a WebSocket.
    pub fn for_upgrade(self) -> Self {
        self.with("connection", "Upgrade")
            .with("upgrade", "websocket")
            .with("sec-websocket-version", "13")
            .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    /// The answer's head; its body comes as it is sent.
    pub async fn open(self, to: SocketAddr) -> Response<Incoming> {
        self.try_open(to).await.unwrap_or_else(|why| panic!("no answer from {to}: {why}"))
    }

    pub async fn try_open(self, to: SocketAddr) -> Result<Response<Incoming>, String> {
        let what = format!("{:?} {:?}", self.builder.method_ref(), self.builder.uri_ref());
        let unanswered = |_| Err(format!("{what} was not answered within {PATIENCE:?}"));
        timeout(PATIENCE, self.send(to)).await.unwrap_or_else(unanswered)
    }

    async fn send(mut self, to: SocketAddr) -> Result<Response<Incoming>, String> {
        let headers = self.builder.headers_ref().map(|h| h.contains_key("host"));
        if headers != Some(true) {
            self.builder = self.builder.header("host", format!("localhost:{}", to.port()));
        }
        let stream = TcpStream::connect(to).await.map_err(|e| e.to_string())?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        tokio::spawn(connection.with_upgrades());
        let request = self.builder.body(self.body).unwrap();
        sender.send_request(request).await.map_err(|e| e.to_string())
    }

    /// The whole answer.
    pub async fn at(self, to: SocketAddr) -> Answer {
        Answer::whole(self.open(to).await).await
    }

    /// The stream after an upgrade, or the answer that refused it.
    pub async fn upgraded(self, to: SocketAddr) -> Result<(HeaderMap, Tunnel), Answer> {
        let mut response = self.open(to).await;
        if response.status() != ::http::StatusCode::SWITCHING_PROTOCOLS {
            return Err(Answer::whole(response).await);
        }
        let upgraded = hyper::upgrade::on(&mut response).await.unwrap();
        Ok((response.headers().clone(), TokioIo::new(upgraded)))
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    async fn whole(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let Ok(body) = timeout(PATIENCE, body.collect()).await else {
            panic!("the answer ({}) did not end within {PATIENCE:?}", head.status);
        };
        let body = body.unwrap().to_bytes();
        Self { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Text of a header, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// Every `Set-Cookie`, as sent.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()).collect()
    }

    /// The cookie of this name as the browser would send it back.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let found = self.cookies().into_iter().find(|c| c.starts_with(&format!("{name}=")))?;
        Some(found.split(';').next().unwrap_or_default().to_owned())
    }
}

/// Sends bytes as they are, which no well-meaning client would, and reads until the other side
/// has nothing more to say.
pub async fn raw(to: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good an end as any.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// What the tunnel's other side echoes.
pub async fn echo(tunnel: &mut Tunnel, text: &str) -> String {
    tunnel.write_all(text.as_bytes()).await.unwrap();
    let mut back = vec![0; text.len()];
    tunnel.read_exact(&mut back).await.unwrap();
    String::from_utf8(back).unwrap()
}
