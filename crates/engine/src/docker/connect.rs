//! The connection: opened at the first call, bounded in time, opened anew after it was lost.

use super::address::Address;
use super::errors::{Failure, lost, silent};
use crate::EngineInfo;
use bollard::{API_DEFAULT_VERSION, Docker as Client};
use domain::Result;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest wait for answers the engine has at hand: lists, inspections, the version.
pub(super) const QUICK: Duration = Duration::from_secs(10);
/// Longest wait for changes that touch a disk or a kernel: create, start, pause, remove.
pub(super) const SLOW: Duration = Duration::from_secs(60);

/// An engine behind a socket. Cheap to make; speaks to nobody until it is asked something.
#[derive(Debug)]
pub struct Docker {
    pub(super) address: Arc<Address>,
    shown: String,
    /// The client whose API version was agreed on, until the engine is lost.
    client: Slot,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Client>>>);

impl Slot {
    fn get(&self) -> Option<Client> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, client: Option<Client>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// The next call agrees on a version again: the engine may come back as another one.
    pub(super) fn forget(&self) {
        self.set(None);
    }
}

impl Docker {
    /// The engine at `address`, or at `DOCKER_HOST`, or behind the first socket found.
    ///
    /// # Errors
    /// `Invalid` for an address that cannot be used; never because the engine is down.
    pub fn connect(address: Option<&str>) -> Result<Self> {
        let address = Address::find(address)?;
        let shown = address.to_string();
        Ok(Self { address: Arc::new(address), shown, client: Slot::default() })
    }

    pub(super) fn shown_address(&self) -> &str {
        &self.shown
    }

    pub(super) fn slot(&self) -> Slot {
        self.client.clone()
    }

    /// One request, answered within `limit` or given up.
    pub(super) async fn call<T, Answer>(
        &self,
        limit: Duration,
        request: impl FnOnce(Client) -> Answer,
    ) -> Result<T, Failure>
    where
        Answer: Future<Output = Result<T, bollard::errors::Error>>,
    {
        // The library's own limit only says that time is up; ours says it in a sentence.
        let client = self.client().await?.with_timeout(limit + QUICK);
        let failure = match tokio::time::timeout(limit, request(client)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Failure::new(error, &self.address),
            Err(_) => Failure::Lost(silent(&self.address, limit)),
        };
        if matches!(failure, Failure::Lost(_)) {
            self.client.forget();
        }
        Err(failure)
    }

    /// A client that has agreed on a version with the engine.
    pub(super) async fn client(&self) -> Result<Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let failed = |error| Failure::Lost(lost(&error, &self.address));
        let client = open(&self.address).map_err(failed)?;
        let client = tokio::time::timeout(QUICK, client.negotiate_version())
            .await
            .map_err(|_| Failure::Lost(silent(&self.address, QUICK)))?
            .map_err(failed)?;
        tracing::info!(engine = %self.address, api = %client.client_version(), "engine answers");
        self.client.set(Some(client.clone()));
        Ok(client)
    }

    pub(super) async fn describe(&self) -> Result<EngineInfo> {
        let failed = |failure: Failure| failure.into_error("describe", "engine", &self.shown);
        let info =
            self.call(QUICK, |client| async move { client.info().await }).await.map_err(failed)?;
        let version = self
            .call(QUICK, |client| async move { client.version().await })
            .await
            .map_err(failed)?;
        let podman = version
            .components
            .iter()
            .flatten()
            .any(|component| component.name.to_lowercase().contains("podman"));
        Ok(EngineInfo {
            name: if podman { "Podman" } else { "Docker" }.to_owned(),
            version: info.server_version.or(version.version).unwrap_or_default(),
            api: self.client.get().map(|c| c.client_version().to_string()).unwrap_or_default(),
            operating_system: info.operating_system.unwrap_or_default(),
            architecture: version.arch.unwrap_or_default(),
            storage_driver: info.driver.unwrap_or_default(),
            cgroup_version: info.cgroup_version.map(|v| v.to_string()).unwrap_or_default(),
            rootless: info.security_options.iter().flatten().any(|o| o.contains("rootless")),
            root_dir: info.docker_root_dir.unwrap_or_default(),
            cpus: info.ncpu.unwrap_or_default(),
            memory_bytes: info.mem_total.unwrap_or_default(),
            gpu_driver: info
                .runtimes
                .iter()
                .flat_map(|runtimes| runtimes.keys())
                .find(|name| name.contains("nvidia"))
                .map(|_| "nvidia".to_owned()),
        })
    }
}

fn open(address: &Address) -> Result<Client, bollard::errors::Error> {
    let limit = SLOW.as_secs();
    match address {
        Address::Socket(path) => {
            Client::connect_with_unix(&path.to_string_lossy(), limit, API_DEFAULT_VERSION)
        }
        Address::Tcp(authority) => Client::connect_with_http(authority, limit, API_DEFAULT_VERSION),
    }
}
