//! A server on this machine that answers as the story says.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

pub type Answer = Response<Full<Bytes>>;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET /v2/`, with the query.
    pub what: String,
    pub headers: HeaderMap,
}

impl Asked {
    pub fn authorization(&self) -> &str {
        self.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or("")
    }
}

pub struct Server {
    pub host: String,
    seen: Arc<Mutex<Vec<Asked>>>,
    _background: JoinSet<()>,
}

impl Server {
    pub async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::on("localhost", None, |_| answer).await
    }

    /// Gives the story the server's own address before it answers.
    pub async fn knowing_itself<F>(make: impl FnOnce(&str) -> F) -> Self
    where
        F: Fn(&Asked) -> Answer + Send + Sync + 'static,
    {
        Self::on("localhost", None, make).await
    }

    pub async fn secured(
        tls: TlsAcceptor,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::on("localhost", Some(tls), |_| answer).await
    }

    async fn on<F>(name: &str, tls: Option<TlsAcceptor>, make: impl FnOnce(&str) -> F) -> Self
    where
        F: Fn(&Asked) -> Answer + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("{name}:{}", listener.local_addr().unwrap().port());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(make(&host));
        let mut background = JoinSet::new();
        let noted = seen.clone();
        background.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, noted, tls) = (answer.clone(), noted.clone(), tls.clone());
                open.spawn(async move {
                    match tls {
                        None => serve(stream, answer, noted).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, answer, noted).await;
                            }
                        }
                    }
                });
            }
        });
        Self { host, seen, _background: background }
    }

    pub fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().clone()
    }

    pub fn was_asked(&self, what: &str) -> bool {
        self.seen().iter().any(|asked| asked.what.starts_with(what))
    }
}

async fn serve<S, F>(stream: S, answer: Arc<F>, noted: Arc<Mutex<Vec<Asked>>>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    F: Fn(&Asked) -> Answer + Send + Sync + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let asked = Asked {
            what: format!("{} {}", request.method(), request.uri()),
            headers: request.headers().clone(),
        };
        noted.lock().unwrap().push(asked.clone());
        let answer = answer(&asked);
        async move { Ok::<_, Infallible>(answer) }
    });
    // A client that goes away in the middle ends it.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

pub fn plain(status: u16, body: &'static str) -> Answer {
    Response::builder().status(status).body(Full::from(body)).unwrap()
}

pub fn with(status: u16, headers: &[(&str, &str)], body: &'static str) -> Answer {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Full::from(body)).unwrap()
}
