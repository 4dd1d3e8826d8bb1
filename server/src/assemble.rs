//! Builds the services over their adapters.

use crate::config::Config;
use domain::{Error, Result};
use engine::docker::Docker;
use services::{Services, Settings, clock::SystemClock};
use std::{fs::File, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc};
use store::Store;

/// Makes the data directory if needed; only its owner may look into it.
///
/// # Errors
/// `Unavailable` with the command that would mend it.
pub fn data_dir(path: &Path) -> Result<()> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    let probe = made.and_then(|()| {
        let file = path.join(".writable");
        std::fs::write(&file, b"").and_then(|()| std::fs::remove_file(&file))
    });
    probe.map_err(|error| {
        Error::unavailable(format!("The data directory {} cannot be written.", path.display()))
            .detail(error.to_string())
            .hint(format!(
                "Run `chown -R $(id -u):$(id -g) {}`, or set another with --data-dir.",
                path.display()
            ))
    })
}

/// Held by a running server, so that a second one on the same data directory is refused.
///
/// # Errors
/// `Conflict` when another server has it.
pub fn lock(path: &Path) -> Result<File> {
    let file = File::create(path.join("lock")).map_err(|error| {
        Error::unavailable("The lock file cannot be made.").detail(error.to_string())
    })?;
    file.try_lock().map_err(|_| {
        Error::conflict(format!("Another Slipway runs on the data directory {}.", path.display()))
            .hint("Stop it first, or give this one a data directory of its own with --data-dir.")
    })?;
    Ok(file)
}

/// What the services need to know of the configuration.
pub fn settings(config: &Config) -> Settings {
    Settings {
        data_dir: config.data_dir.clone(),
        streams: config.stream_mode(),
        session_networks: config.session_networks,
        ready_networks: config.ready_networks,
        sessions_per_user: config.sessions_per_user,
        allowed: config.allowed.clone(),
        catalog_private: config.catalog_private,
        empties_homes: services::can_empty_homes(),
    }
}

/// The services, not yet started.
///
/// # Errors
/// When the data directory, the database or the engine's address cannot be used. An engine that is
/// down is no error: the server starts and says so.
pub async fn services(config: &Config) -> Result<Services> {
    data_dir(&config.data_dir)?;
    let store = Store::open(&config.data_dir.join("slipway.db")).await?;
    let engine = Docker::connect(config.engine.as_deref())?;
    Services::new(store, Arc::new(engine), Arc::new(SystemClock), settings(config)).await
}
