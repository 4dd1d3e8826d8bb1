//! How Slipway is reached: the console, and the origin of each session. Thin; rules are in
//! `services`.

pub mod assets;
mod audit;
mod context;
mod cookies;
mod definitions;
mod events;
mod guard;
mod health;
mod hooks;
mod html;
mod icons;
mod listener;
mod log;
mod metrics;
mod problem;
pub mod proxy;
mod sign_in_store;
mod terminal;
pub mod web;

use crate::{config::Config, serve::Stopping};
use domain::{Error, Result};
use listener::{Peer, WithoutDelay};
use services::Services;
use tokio::{net::TcpListener, task::JoinSet};

/// Starts serving console and sessions.
///
/// # Errors
/// When the metrics recorder cannot be installed.
pub fn serve(
    config: &Config,
    services: &Services,
    listener: TcpListener,
    stopping: &Stopping,
    tasks: &mut JoinSet<()>,
) -> Result<()> {
    let proxy = proxy::Proxy::new(config, services.clone(), stopping.clone());
    let console = web::router(config, services.clone(), stopping.clone())?;
    let console = proxy::by_host(console, proxy.clone());
    let until = stopping.clone();
    tasks.spawn(async move {
        let served = axum::serve(
            WithoutDelay(listener),
            console.into_make_service_with_connect_info::<Peer>(),
        )
        .with_graceful_shutdown(stopped(until));
        if let Err(error) = served.await {
            tracing::error!(%error, "the console's listener ended");
        }
    });
    let streams = services.streams.clone();
    let until = stopping.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = streams.follow() => {}
            () = stopped(until) => {}
        }
    });
    let terminals = services.terminals.clone();
    let until = stopping.clone();
    tasks.spawn(async move {
        stopped(until).await;
        terminals.end_all().await;
    });
    tasks.spawn(proxy::listeners::run(proxy, config.listen.ip(), stopping.clone()));
    Ok(())
}

/// Waits until the server is about to stop.
pub(crate) async fn stopped(mut stopping: Stopping) {
    // An error means the sender is gone, which is stopping too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Whether whoever asks shows what comes back as a page.
fn is_page(headers: &http::HeaderMap) -> bool {
    let accepted = headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

pub(crate) fn unusable(what: &str, why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!("The {what} cannot be set up.")).detail(why.to_string())
}
