//! `slipway serve`: runs until it is told to stop.

use crate::{assemble, commands::read_password, config::Config, faces};
use domain::{Error, Result, actor::Role};
use services::Services;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};
use tracing_subscriber::EnvFilter;

/// Open requests and streams get this long to end.
const GRACE: Duration = Duration::from_secs(4);

/// Told to everything that serves when the server is about to stop.
pub type Stopping = watch::Receiver<bool>;

pub(crate) async fn run(config: Config) -> Result<()> {
    log(&config)?;
    assemble::data_dir(&config.data_dir)?;
    let _lock = assemble::lock(&config.data_dir)?;
    let services = assemble::services(&config).await?;
    first_administrator(&config, &services).await?;
    let listener = listen(config.listen).await?;
    announce(&config, &services).await?;

    let (stop, stopping) = watch::channel(false);
    let mut background = services.start();
    let mut serving = JoinSet::new();
    faces::serve(&config, &services, listener, &stopping, &mut serving)?;

    wait_for_signal().await?;
    tracing::info!("stopping");
    let _ = stop.send(true);
    let ended = async { while serving.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::info!("some streams were still open and are cut");
    }
    background.abort_all();
    Ok(())
}

fn log(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log_level).map_err(|error| {
        Error::at("log_level", format!("`{}` is not a log level.", config.log_level))
            .detail(error.to_string())
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let done = if config.log_json { builder.json().try_init() } else { builder.try_init() };
    done.map_err(|error| Error::unavailable("The log cannot be set up.").detail(error.to_string()))
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::unavailable(format!("The address {address} cannot be listened on."))
            .detail(error.to_string())
            .hint("Stop what uses it, or choose another with --listen.")
    })
}

async fn first_administrator(config: &Config, services: &Services) -> Result<()> {
    let (Some(name), Some(file)) = (&config.admin_username, &config.admin_password_file) else {
        return Ok(());
    };
    if !services.setup.is_open().await? {
        return Ok(());
    }
    let password = read_password(Some(file))?;
    services.users.add(name, password.clone(), &password, Role::Administrator).await?;
    services.setup.enable_all_starters().await?;
    tracing::info!(name, "made the first administrator");
    Ok(())
}

/// The console's address as a person at this machine can open it.
fn local_address(config: &Config) -> String {
    match &config.public_url {
        Some(url) => {
            let port = url.port.map(|p| format!(":{p}")).unwrap_or_default();
            format!("{}://{}{port}", url.scheme, url.host)
        }
        None if config.listen.ip().is_unspecified() || config.listen.ip().is_loopback() => {
            format!("http://localhost:{}", config.listen.port())
        }
        None => format!("http://{}", config.listen),
    }
}

/// The link to the setup page for the holder of a token.
pub(crate) fn setup_link(config: &Config, token: &str) -> String {
    format!("{}/setup?token={token}", local_address(config))
}

/// Says where the console is; this is the product's own output, not its log.
async fn announce(config: &Config, services: &Services) -> Result<()> {
    println!("Slipway is ready at {}", local_address(config));
    if services.setup.is_open().await? {
        let token = services.setup.new_token().await?;
        println!("\nMake the administrator here (works once, within an hour):\n");
        println!("  {}\n", setup_link(config, &token));
    }
    Ok(())
}

async fn wait_for_signal() -> Result<()> {
    let unusable = |error: std::io::Error| {
        Error::unavailable("Signals cannot be received.").detail(error.to_string())
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(unusable)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unusable)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
