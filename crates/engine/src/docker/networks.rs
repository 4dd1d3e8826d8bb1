//! Networks, addressed by name although engines before Docker 25 let several share one.

use super::connect::{Docker, QUICK, SLOW};
use super::errors::Failure;
use crate::{LABEL_INSTALLATION, Network, NetworkSpec, missing_network};
use bollard::models::{
    Ipam, IpamConfig, Network as Listed, NetworkConnectRequest, NetworkCreateRequest,
    NetworkDisconnectRequest,
};
use bollard::query_parameters::ListNetworksOptionsBuilder;
use domain::{Error, Result};
use std::collections::HashMap;

impl Docker {
    pub(super) async fn list_networks(&self, installation: &str) -> Result<Vec<Network>> {
        let label = format!("{LABEL_INSTALLATION}={installation}");
        let listed = self.networks_by("label", &label).await?;
        let mut networks: Vec<Network> = listed
            .into_iter()
            .map(|network| Network {
                name: network.name.unwrap_or_default(),
                subnet: network.ipam.and_then(|i| i.config?.into_iter().next()?.subnet),
            })
            .collect();
        networks.sort_by(|a, b| a.name.cmp(&b.name));
        networks.dedup_by(|a, b| a.name == b.name);
        Ok(networks)
    }

    async fn networks_by(&self, filter: &str, value: &str) -> Result<Vec<Listed>> {
        let filters = HashMap::from([(filter, vec![value])]);
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        self.call(QUICK, |client| async move { client.list_networks(Some(options)).await })
            .await
            .map_err(|failure| failure.into_error("list", "networks of", value))
    }

    /// Networks with exactly this name, oldest first. The engine's filter matches parts of names.
    async fn namesakes(&self, name: &str) -> Result<Vec<Listed>> {
        let mut networks = self.networks_by("name", name).await?;
        networks.retain(|network| network.name.as_deref() == Some(name));
        networks.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
        Ok(networks)
    }

    /// Whether the network exists already; it must be ours.
    async fn has_network(&self, spec: &NetworkSpec) -> Result<bool> {
        let namesakes = self.namesakes(&spec.name).await?;
        let Some(first) = namesakes.first() else { return Ok(false) };
        if label(first) == Some(spec.installation.as_str()) {
            return Ok(true);
        }
        Err(Error::conflict(format!(
            "The network `{}` exists, but does not belong to this installation of Slipway.",
            spec.name
        ))
        .hint("Remove it on the engine."))
    }

    pub(super) async fn make_network(&self, spec: &NetworkSpec) -> Result<()> {
        if self.has_network(spec).await? {
            return Ok(());
        }
        let body = body(spec);
        let answer =
            self.call(SLOW, |client| async move { client.create_network(body).await }).await;
        match answer {
            Ok(_) => self.only_oldest(&spec.name).await,
            // Ours may have been made meanwhile, by a request whose answer was lost.
            Err(Failure::Lost(error)) => Err(error),
            Err(failure) => {
                if self.has_network(spec).await? {
                    return Ok(());
                }
                Err(refusal(spec, failure))
            }
        }
    }

    /// Leaves the oldest of several networks of one name, which an engine makes when asked twice at
    /// the same time: a container could be attached to none of them. Whoever asked does this, so
    /// all agree on what stays.
    async fn only_oldest(&self, name: &str) -> Result<()> {
        for younger in self.namesakes(name).await?.iter().skip(1) {
            if let (Some(_), Some(id)) = (label(younger), &younger.id) {
                self.delete_network_by(id, name).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn delete_network(&self, name: &str) -> Result<()> {
        for network in self.namesakes(name).await? {
            // Never anything that is not Slipway's, whatever its name.
            if let (Some(_), Some(id)) = (label(&network), &network.id) {
                self.delete_network_by(id, name).await?;
            }
        }
        Ok(())
    }

    /// Attaches the container to the network that has the name of its own now, if there is one.
    ///
    /// A container that ran once remembers the id of its network. `docker network prune` removes
    /// the networks of stopped containers, and one made anew under the name has another id.
    pub(super) async fn reattach(&self, container: &str) -> Result<bool> {
        let Some(network) = self.network_of(container).await? else { return Ok(false) };
        if self.namesakes(&network).await?.is_empty() {
            return Ok(false);
        }
        tracing::info!(container, network, "attaching to the network made anew");
        let network = network.as_str();
        let leave = NetworkDisconnectRequest { container: container.to_owned(), force: Some(true) };
        let left = self
            .call(SLOW, |client| async move { client.disconnect_network(network, leave).await })
            .await;
        if let Err(failure @ Failure::Lost(_)) = left {
            return Err(failure.into_error("leave", "network", network));
        }
        let join = NetworkConnectRequest { container: container.to_owned(), endpoint_config: None };
        self.call(SLOW, |client| async move { client.connect_network(network, join).await })
            .await
            .map_err(|failure| failure.into_error("join", "network", network))?;
        Ok(true)
    }

    /// The engine's own id of the network that has this name, oldest first.
    pub(super) async fn network_id(&self, name: &str) -> Result<Option<String>> {
        Ok(self.namesakes(name).await?.into_iter().find_map(|network| network.id))
    }

    /// Puts a container on one more network, unless it is on it: on the one that has the name now.
    pub(super) async fn join(&self, container: &str, network: &str) -> Result<()> {
        let Some(id) = self.network_id(network).await? else {
            return Err(missing_network(network));
        };
        match self.attached_to(container, network).await? {
            // One that was made and never ran knows the name alone.
            Some(held) if held.is_empty() || held == id => return Ok(()),
            Some(_) => {
                let container = container.to_owned();
                let leave = NetworkDisconnectRequest { container, force: Some(true) };
                let left =
                    self.call(SLOW, |client| async move {
                        client.disconnect_network(network, leave).await
                    })
                    .await;
                if let Err(failure @ Failure::Lost(_)) = left {
                    return Err(failure.into_error("leave", "network", network));
                }
            }
            None => {}
        }
        let join = NetworkConnectRequest { container: container.to_owned(), endpoint_config: None };
        self.call(SLOW, |client| async move { client.connect_network(network, join).await })
            .await
            .map_err(|failure| failure.into_error("join", "network", network))
    }

    async fn delete_network_by(&self, id: &str, name: &str) -> Result<()> {
        match self.call(SLOW, |client| async move { client.remove_network(id).await }).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_missing() => Ok(()),
            Err(failure) if failure.says(&["active endpoints", "in use", "being used"]) => {
                Err(failure
                    .into_error("remove", "network", name)
                    .hint("Containers are still attached to it. Stop or remove them first."))
            }
            Err(failure) => Err(failure.into_error("remove", "network", name)),
        }
    }
}

fn refusal(spec: &NetworkSpec, failure: Failure) -> Error {
    if !failure.says(&["overlap", "already used", "already in use"]) {
        return failure.into_error("create", "network", &spec.name);
    }
    let detail = failure.into_error("create", "network", &spec.name).detail;
    Error {
        detail,
        ..Error::conflict(format!(
            "The subnet {} of the network `{}` overlaps another network of the engine.",
            spec.subnet, spec.name
        ))
        .hint("Use another subnet.")
    }
}

fn label(network: &Listed) -> Option<&str> {
    network.labels.as_ref()?.get(LABEL_INSTALLATION).map(String::as_str)
}

fn body(spec: &NetworkSpec) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: spec.name.clone(),
        driver: Some("bridge".to_owned()),
        internal: Some(spec.internal),
        ipam: Some(Ipam {
            driver: Some("default".to_owned()),
            config: Some(vec![IpamConfig {
                subnet: Some(spec.subnet.clone()),
                ..IpamConfig::default()
            }]),
            options: None,
        }),
        // One session per network already; this holds if a container is attached by mistake.
        options: Some(HashMap::from([(
            "com.docker.network.bridge.enable_icc".to_owned(),
            "false".to_owned(),
        )])),
        labels: Some(HashMap::from([(LABEL_INSTALLATION.to_owned(), spec.installation.clone())])),
        ..NetworkCreateRequest::default()
    }
}
