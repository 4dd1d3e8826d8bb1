//! By port: a listener for each session that is up, opened and closed as sessions come and go.

use super::Proxy;
use crate::{
    faces::{
        listener::{Peer, WithoutDelay},
        stopped,
    },
    serve::Stopping,
};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};
use domain::{SessionId, event::Change};
use services::StreamMode;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::{
    net::TcpListener,
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinHandle,
};

struct Open {
    /// Which session the port shows now; a port may pass to another session while it is open.
    session: Arc<RwLock<SessionId>>,
    task: JoinHandle<()>,
}

/// Keeps the listeners equal to the sessions that are up. Ends when the server stops.
pub(crate) async fn run(proxy: Proxy, address: IpAddr, stopping: Stopping) {
    if !matches!(proxy.services.streams.mode(), StreamMode::ByPort { .. }) {
        return;
    }
    let mut changes = proxy.services.changes();
    let mut open: HashMap<u16, Open> = HashMap::new();
    loop {
        tokio::select! {
            () = follow(&proxy, address, &stopping, &mut open, &mut changes) => {}
            () = stopped(stopping.clone()) => break,
        }
    }
    for listener in open.into_values() {
        // Each notices the stop by itself; waiting for them lets open requests end.
        let _ = listener.task.await;
    }
}

async fn follow(
    proxy: &Proxy,
    address: IpAddr,
    stopping: &Stopping,
    open: &mut HashMap<u16, Open>,
    changes: &mut Receiver<Change>,
) {
    match proxy.services.streams.ports().await {
        Ok(wanted) => arrange(proxy, address, stopping, open, wanted).await,
        Err(error) => tracing::warn!(%error, "session ports could not be read"),
    }
    // Whatever happens to sessions may move ports; what happens to the rest does not.
    loop {
        match changes.recv().await {
            Ok(Change::Session { .. } | Change::Resync) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn arrange(
    proxy: &Proxy,
    address: IpAddr,
    stopping: &Stopping,
    open: &mut HashMap<u16, Open>,
    wanted: HashMap<u16, SessionId>,
) {
    open.retain(|port, listener| {
        let keep = wanted.contains_key(port);
        if !keep {
            listener.task.abort();
        }
        keep
    });
    for (port, session) in wanted {
        if let Some(listener) = open.get(&port) {
            *listener.session.write().unwrap_or_else(PoisonError::into_inner) = session;
            continue;
        }
        match TcpListener::bind((address, port)).await {
            Ok(listener) => {
                open.insert(port, serve(proxy, listener, session, stopping));
            }
            Err(error) => {
                tracing::warn!(port, %error, "session port cannot be opened; taking another");
                if let Err(error) = proxy.services.streams.move_from_port(&session, port).await {
                    tracing::warn!(%session, %error, "no other port for the session");
                }
            }
        }
    }
}

fn serve(proxy: &Proxy, listener: TcpListener, session: SessionId, stopping: &Stopping) -> Open {
    let session = Arc::new(RwLock::new(session));
    let router = Router::new().fallback(handle).with_state((proxy.clone(), session.clone()));
    let until = stopping.clone();
    let task = tokio::spawn(async move {
        let served = axum::serve(
            WithoutDelay(listener),
            router.into_make_service_with_connect_info::<Peer>(),
        )
        .with_graceful_shutdown(stopped(until));
        if let Err(error) = served.await {
            tracing::error!(%error, "a session's listener ended");
        }
    });
    Open { session, task }
}

async fn handle(
    State((proxy, session)): State<(Proxy, Arc<RwLock<SessionId>>)>,
    request: Request,
) -> Response {
    let session = session.read().unwrap_or_else(PoisonError::into_inner).clone();
    proxy.serve(session, request).await
}
