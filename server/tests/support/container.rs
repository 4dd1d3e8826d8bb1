//! A web server that stands for every container of a world.
//!
//! It remembers every request it saw, so that a story can say not only that a visitor was refused
//! but that the container never heard of him.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Notify, watch},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

/// Size of the pieces in which the container sends much.
const PIECE: usize = 64 * 1024;

/// A request as the container saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Clone)]
pub struct Container {
    pub port: u16,
    inside: Arc<Inside>,
    serving: AbortHandle,
}

#[derive(Default)]
struct Inside {
    seen: Mutex<Vec<Seen>>,
    /// Bytes that left so far for `/much`.
    sent: AtomicU64,
    go_on: Notify,
    /// Ends upgraded streams.
    end: watch::Sender<()>,
}

impl Container {
    pub async fn start() -> Self {
        Self::serve(None).await
    }

    /// Speaks TLS with a certificate of its own making, as the images do.
    pub async fn with_tls() -> Self {
        let made = rcgen::generate_simple_self_signed(["workspace".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        Self::serve(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn serve(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = Arc::<Inside>::default();
        let world = inside.clone();
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (inside, tls) = (world.clone(), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => speak(stream, inside).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                speak(stream, inside).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, inside, serving: serving.abort_handle() }
    }

    /// Its program is gone from one moment to the next, and the engine has not noticed.
    pub fn dies(&self) {
        self.serving.abort();
        self.inside.end.send_replace(());
    }

    /// Requests for this path, oldest first.
    pub fn saw(&self, path: &str) -> Vec<Seen> {
        let seen = self.inside.seen.lock().unwrap();
        let of = |s: &&Seen| s.target.split('?').next() == Some(path);
        seen.iter().filter(of).cloned().collect()
    }

    /// How many bytes of `/much` were taken from the container so far.
    pub fn sent(&self) -> u64 {
        self.inside.sent.load(Ordering::SeqCst)
    }

    /// Lets what waits in the container go on: `/slow`, and the second half of `/drip`.
    pub fn go_on(&self) {
        self.inside.go_on.notify_one();
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, inside: Arc<Inside>) {
    let service = service_fn(move |request| {
        let inside = inside.clone();
        async move { Ok::<_, Infallible>(answer(request, inside).await) }
    });
    // A visitor who breaks off is none of the container's business.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

fn with_headers(pairs: &[(&'static str, &str)]) -> Response<Body> {
    let mut response = Response::new(Body::from("workspace"));
    for (name, value) in pairs {
        response.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    response
}

async fn answer(request: Request<Incoming>, inside: Arc<Inside>) -> Response<Body> {
    let target = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    inside.seen.lock().unwrap().push(Seen {
        method: request.method().to_string(),
        target: target.clone(),
        headers: request.headers().clone(),
    });
    if target == "/slow" {
        inside.go_on.notified().await;
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    if request.headers().contains_key("upgrade") {
        return echo(request, path, inside.end.subscribe());
    }
    match path {
        "/cookies" => with_headers(&[
            ("set-cookie", "_xsrf=1; Path=/; Domain=localhost"),
            ("set-cookie", "slipway=planted; Path=/"),
            ("set-cookie", "slipway_stream_1=planted"),
        ]),
        "/outside" => with_headers(&[
            ("clear-site-data", "\"cookies\""),
            ("strict-transport-security", "max-age=99"),
            ("alt-svc", "h2=\":1\""),
            ("service-worker-allowed", "/"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", "default-src 'self'; frame-ancestors *"),
            ("connection", "x-inner"),
            ("x-inner", "1"),
        ]),
        "/elsewhere" => {
            let host = request.headers().get("host").and_then(|h| h.to_str().ok()).unwrap_or("");
            let to = match query {
                "host" => format!("http://{host}/lab"),
                own => own.to_owned(),
            };
            let mut response = with_headers(&[("location", &to)]);
            *response.status_mut() = StatusCode::FOUND;
            response
        }
        "/denied" => {
            let mut response = with_headers(&[("www-authenticate", "Basic realm=\"inner\"")]);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response
        }
        "/count" => {
            let mut body = request.into_body();
            let mut count = 0_u64;
            while let Some(Ok(frame)) = body.frame().await {
                count += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            Response::new(Body::from(count.to_string()))
        }
        "/deaf" => {
            // Holds the request without reading it.
            std::future::pending::<()>().await;
            Response::default()
        }
        "/much" => {
            let pieces = query.parse::<usize>().unwrap() / PIECE;
            let piece = Bytes::from(vec![b'x'; PIECE]);
            let pieces = stream::iter(0..pieces).map(move |_| {
                inside.sent.fetch_add(PIECE as u64, Ordering::SeqCst);
                Ok::<_, Infallible>(piece.clone())
            });
            Response::new(Body::from_stream(pieces))
        }
        "/drip" => {
            let second = async move {
                inside.go_on.notified().await;
                Ok::<_, Infallible>(Bytes::from("second"))
            };
            let first = stream::once(async { Ok(Bytes::from("first")) });
            let mut response = Response::new(Body::from_stream(first.chain(stream::once(second))));
            response
                .headers_mut()
                .insert("content-type", HeaderValue::from_static("text/event-stream"));
            response
        }
        _ => Response::new(Body::from("workspace")),
    }
}

/// Takes the upgrade and gives every byte back.
fn echo(
    mut request: Request<Incoming>,
    path: &str,
    mut end: watch::Receiver<()>,
) -> Response<Body> {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let (mut from, mut to) = tokio::io::split(TokioIo::new(upgraded));
            tokio::select! {
                _ = tokio::io::copy(&mut from, &mut to) => {}
                _ = end.changed() => {}
            }
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert("connection", HeaderValue::from_static("Upgrade"));
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    headers
        .insert("sec-websocket-accept", HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    if path == "/planting" {
        headers.insert("set-cookie", HeaderValue::from_static("slipway=planted; Path=/"));
        headers.insert("clear-site-data", HeaderValue::from_static("\"cookies\""));
        headers.insert("strict-transport-security", HeaderValue::from_static("max-age=99"));
    }
    response
}
