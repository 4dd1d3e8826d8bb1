//! Containers: every operation ends well if the container already is as it should be.

use super::connect::{Docker, QUICK, SLOW};
use super::errors::Failure;
use super::{create, observe};
use crate::{Container, ContainerSpec, LABEL_INSTALLATION, missing_directory};
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum as Status};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
};
use domain::{Error, Result};
use std::collections::HashMap;
use std::time::Duration;

/// Longest wait for a removal that somebody else has begun.
const REMOVAL: Duration = Duration::from_secs(10);
const REMOVAL_POLL: Duration = Duration::from_millis(200);

impl Docker {
    pub(super) async fn list_containers(&self, installation: &str) -> Result<Vec<Container>> {
        let filters =
            HashMap::from([("label", vec![format!("{LABEL_INSTALLATION}={installation}")])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        self.call(QUICK, |client| async move { client.list_containers(Some(options)).await })
            .await
            .map(|containers| containers.into_iter().map(observe::listed).collect())
            .map_err(|failure| failure.into_error("list", "containers of", installation))
    }

    pub(super) async fn find_container(&self, name: &str) -> Result<Option<Container>> {
        Ok(self.inspect(name).await?.map(observe::inspected))
    }

    async fn inspect(&self, name: &str) -> Result<Option<ContainerInspectResponse>> {
        let options = None::<InspectContainerOptions>;
        let answer = self
            .call(QUICK, |client| async move { client.inspect_container(name, options).await })
            .await;
        match answer {
            Ok(container) => Ok(Some(container)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure.into_error("inspect", "container", name)),
        }
    }

    pub(super) async fn status(&self, name: &str) -> Result<Option<Status>> {
        Ok(self.inspect(name).await?.and_then(|container| container.state?.status))
    }

    /// Name of the network the container was made for.
    pub(super) async fn network_of(&self, name: &str) -> Result<Option<String>> {
        Ok(self.inspect(name).await?.and_then(|container| container.host_config?.network_mode))
    }

    /// The engine's id of a network that the container is on, by that network's name; empty for one
    /// that never ran.
    pub(super) async fn attached_to(&self, name: &str, network: &str) -> Result<Option<String>> {
        let networks = self.inspect(name).await?.and_then(|c| c.network_settings?.networks);
        let endpoint = networks.and_then(|mut networks| networks.remove(network));
        Ok(endpoint.map(|endpoint| endpoint.network_id.unwrap_or_default()))
    }

    /// The user that the container's processes are, as its image or its making says.
    pub(super) async fn user_of(&self, name: &str) -> Result<String> {
        let found = self.inspect(name).await?;
        let found = found.ok_or_else(|| {
            Error::not_found(format!("There is no container `{name}` (any more)."))
        })?;
        Ok(found.config.and_then(|config| config.user).unwrap_or_default())
    }

    pub(super) async fn make_container(&self, spec: &ContainerSpec) -> Result<()> {
        let options = CreateContainerOptionsBuilder::new().name(&spec.name).build();
        let body = create::body(spec);
        let answer = self
            .call(SLOW, |client| async move { client.create_container(Some(options), body).await })
            .await;
        match answer {
            Ok(made) => {
                for warning in made.warnings {
                    tracing::debug!(container = spec.name, warning, "the engine warns");
                }
                Ok(())
            }
            Err(failure) if failure.is_missing() && failure.says(&["image"]) => {
                let missing = format!("The engine does not have the image `{}`.", spec.image);
                let detail = failure.into_error("create", "container", &spec.name).detail;
                Err(Error {
                    detail,
                    ..Error::not_found(missing).hint("Build or pull it on the engine first.")
                })
            }
            Err(failure) if failure.says(&["bind source path does not exist"]) => {
                let refusal = failure.into_error("create", "container", &spec.name);
                let words = refusal.detail.clone().unwrap_or_default();
                let missing = spec.directories.iter().find(|one| words.ends_with(&one.path));
                Err(missing.map_or(refusal, |one| missing_directory(&one.path).detail(words)))
            }
            Err(failure) if failure.is_about_state() && failure.says(&["already in use"]) => {
                self.adopt(spec, failure).await
            }
            Err(failure) => Err(failure.into_error("create", "container", &spec.name)),
        }
    }

    /// Keeps the container that has the name, if it is ours and there to stay.
    async fn adopt(&self, spec: &ContainerSpec, failure: Failure) -> Result<()> {
        let refusal = failure.into_error("create", "container", &spec.name);
        let Some(found) = self.inspect(&spec.name).await? else { return Err(refusal) };
        if matches!(found.state.and_then(|s| s.status), Some(Status::REMOVING | Status::DEAD)) {
            return Err(refusal);
        }
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        if labels.get(LABEL_INSTALLATION) == Some(&spec.installation) {
            return Ok(());
        }
        Err(refusal.hint(format!(
            "A container `{}` exists that does not belong to this installation of Slipway. \
             Remove or rename it.",
            spec.name
        )))
    }

    pub(super) async fn start_container(&self, name: &str) -> Result<()> {
        match self.try_start(name).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_about_state() && failure.says(&["paused"]) => {
                self.unpause_container(name).await
            }
            Err(failure) if failure.is_missing() && !failure.says(&["no such container"]) => {
                if self.reattach(name).await? {
                    let again = self.try_start(name).await;
                    return again.map_err(|failure| failure.into_error("start", "container", name));
                }
                let detail = failure.into_error("start", "container", name).detail;
                let sentence = format!("The network of the container `{name}` is gone.");
                let hint = "Make the network again, then start the container.";
                Err(Error { detail, ..Error::not_found(sentence).hint(hint) })
            }
            Err(failure) => Err(failure.into_error("start", "container", name)),
        }
    }

    async fn try_start(&self, name: &str) -> Result<(), Failure> {
        let options = None::<StartContainerOptions>;
        self.call(SLOW, |client| async move { client.start_container(name, options).await }).await
    }

    pub(super) async fn stop_container(&self, name: &str, grace_s: u32) -> Result<()> {
        // A frozen process cannot end when asked to, so it would be killed after the whole grace.
        if self.status(name).await? == Some(Status::PAUSED) {
            match self.unpause_container(name).await {
                // Somebody else was faster; stopping tells.
                Err(e)
                    if matches!(
                        e.kind,
                        domain::ErrorKind::Conflict | domain::ErrorKind::NotFound
                    ) => {}
                outcome => outcome?,
            }
        }
        let limit = Duration::from_secs(u64::from(grace_s) + 15);
        let grace = i32::try_from(grace_s).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(grace).build();
        let answer = self
            .call(limit, |client| async move { client.stop_container(name, Some(options)).await })
            .await;
        match answer {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_missing() => Ok(()),
            Err(failure) => {
                if failure.is_about_state() {
                    let status = self.status(name).await?;
                    if matches!(status, None | Some(Status::CREATED | Status::EXITED)) {
                        return Ok(());
                    }
                }
                Err(failure.into_error("stop", "container", name))
            }
        }
    }

    pub(super) async fn pause_container(&self, name: &str) -> Result<()> {
        let answer =
            self.call(SLOW, |client| async move { client.pause_container(name).await }).await;
        self.settled(answer, "pause", name, Status::PAUSED).await
    }

    pub(super) async fn unpause_container(&self, name: &str) -> Result<()> {
        let answer =
            self.call(SLOW, |client| async move { client.unpause_container(name).await }).await;
        self.settled(answer, "resume", name, Status::RUNNING).await
    }

    /// A refusal is none if the container is in the wanted state all the same.
    async fn settled(
        &self,
        answer: Result<(), Failure>,
        verb: &str,
        name: &str,
        wanted: Status,
    ) -> Result<()> {
        match answer {
            Ok(()) => Ok(()),
            Err(failure) => {
                if failure.is_about_state() && self.status(name).await? == Some(wanted) {
                    return Ok(());
                }
                Err(failure.into_error(verb, "container", name))
            }
        }
    }

    pub(super) async fn delete_container(&self, name: &str) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let answer = self
            .call(SLOW, |client| async move { client.remove_container(name, Some(options)).await })
            .await;
        match answer {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_missing() => Ok(()),
            Err(failure) if failure.is_about_state() && failure.says(&["in progress"]) => {
                self.await_removal(name, failure).await
            }
            Err(failure) => Err(failure.into_error("remove", "container", name)),
        }
    }

    async fn await_removal(&self, name: &str, failure: Failure) -> Result<()> {
        let gone = async {
            while self.inspect(name).await?.is_some() {
                tokio::time::sleep(REMOVAL_POLL).await;
            }
            Ok(())
        };
        match tokio::time::timeout(REMOVAL, gone).await {
            Ok(outcome) => outcome,
            Err(_) => Err(failure.into_error("remove", "container", name)),
        }
    }
}
