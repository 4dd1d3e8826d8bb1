//! An engine in memory, for tests: the same behaviour as the real one, plus faults on demand.
//!
//! [`MemoryEngine`] is a handle; clones share one world. The test plays the operator and the
//! containers through the handle's own methods (`exit`, `outside_stop`, `set_down` …) while the
//! code under test has it as an [`Engine`]. The contract suite holds it to what Docker does.

mod control;
mod images;
mod log;
mod places;
mod run;
mod shell;
mod subnet;
mod world;

pub use control::Op;

use crate::{
    CommitSpec, Container, ContainerSpec, Engine, EngineDisk, EngineEvent, EngineInfo,
    ImageSummary, LayerTransfer, LogSpec, Network, NetworkSpec, NewFile, Ran, RegistryLogin,
    RunSpec, Shell, Terminal, TerminalSize, Transfer, UsageSample, Volume, VolumeSpec,
};
use async_trait::async_trait;
use domain::inside::{FileChange, PathStat, Process};
use domain::job::LayerState;
use domain::library::ImageConfig;
use domain::log::LogLine;
use domain::plan::ContainerState;
use domain::storage::Owner;
use domain::{Error, Result};
use futures_util::stream::{self, BoxStream, StreamExt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::error::RecvError;
use world::World;

const ADDRESS: &str = "memory";
/// Bytes of each layer that is pushed or pulled.
const LAYER_BYTES: u64 = 1 << 19;

/// A world of images, networks and containers. Clones are handles to the same world.
#[derive(Debug, Clone, Default)]
pub struct MemoryEngine {
    world: Arc<Mutex<World>>,
}

impl MemoryEngine {
    pub fn new() -> Self {
        Self::default()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the call, waits as long as the test wants, and fails if the test wants.
    async fn enter(&self, op: Op) -> Result<MutexGuard<'_, World>> {
        let delay = self.world().control.begin(op);
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let mut world = self.world();
        world.answers()?;
        match world.control.take_fault(op) {
            Some(error) => Err(error),
            None => Ok(world),
        }
    }
}

#[async_trait]
impl Engine for MemoryEngine {
    fn address(&self) -> &str {
        ADDRESS
    }

    async fn info(&self) -> Result<EngineInfo> {
        let gpu_driver = self.enter(Op::Info).await?.gpu_driver.clone();
        Ok(EngineInfo {
            name: "Memory".to_owned(),
            version: "1".to_owned(),
            api: "1.41".to_owned(),
            operating_system: "none".to_owned(),
            architecture: "amd64".to_owned(),
            storage_driver: "none".to_owned(),
            cgroup_version: "2".to_owned(),
            rootless: false,
            root_dir: "/".to_owned(),
            cpus: 8,
            memory_bytes: 32 << 30,
            gpu_driver,
        })
    }

    async fn images(&self) -> Result<Vec<ImageSummary>> {
        Ok(self.enter(Op::Images).await?.images.clone())
    }

    async fn image(&self, reference: &str) -> Result<Option<ImageSummary>> {
        Ok(self.enter(Op::Image).await?.image(reference).cloned())
    }

    async fn containers(&self, installation: &str) -> Result<Vec<Container>> {
        let world = self.enter(Op::Containers).await?;
        let ours = world.containers.values().filter(|c| c.spec.installation == installation);
        Ok(ours
            .map(|container| {
                let mut seen = container.seen();
                // As with Docker, only a look at the single container tells.
                seen.observed.out_of_memory = false;
                seen
            })
            .collect())
    }

    async fn container(&self, name: &str) -> Result<Option<Container>> {
        Ok(self.enter(Op::Container).await?.containers.get(name).map(world::Held::seen))
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<()> {
        self.enter(Op::CreateContainer).await?.create(spec)
    }

    async fn own_directory(&self, name: &str, path: &str, owner: Owner) -> Result<()> {
        let mut world = self.enter(Op::OwnDirectory).await?;
        world.held(name, "give a directory of")?.owners.insert(path.to_owned(), owner);
        Ok(())
    }

    async fn start(&self, name: &str) -> Result<()> {
        self.enter(Op::Start).await?.start(name)
    }

    async fn stop(&self, name: &str, _grace_s: u32) -> Result<()> {
        self.enter(Op::Stop).await?.stop(name);
        Ok(())
    }

    async fn pause(&self, name: &str) -> Result<()> {
        self.enter(Op::Pause).await?.pause(name)
    }

    async fn unpause(&self, name: &str) -> Result<()> {
        self.enter(Op::Unpause).await?.unpause(name)
    }

    async fn remove_container(&self, name: &str) -> Result<()> {
        self.enter(Op::RemoveContainer).await?.remove(name);
        Ok(())
    }

    async fn log_tail(&self, name: &str, lines: u32) -> Result<Vec<String>> {
        let mut world = self.enter(Op::LogTail).await?;
        let log = &world.held(name, "read the log of")?.log;
        let skip = log.len().saturating_sub(usize::try_from(lines).unwrap_or(usize::MAX));
        Ok(log[skip..].iter().map(|line| line.text.clone()).collect())
    }

    async fn log(&self, name: &str, spec: &LogSpec) -> Result<BoxStream<'static, Result<LogLine>>> {
        self.enter(Op::Log).await?.held(name, "read the log of")?;
        Ok(log::lines(self.clone(), name.to_owned(), spec.clone()))
    }

    async fn processes(&self, name: &str) -> Result<Option<Vec<Process>>> {
        let world = self.enter(Op::Processes).await?;
        let container = world.containers.get(name).filter(|container| container.alive());
        Ok(container.map(world::Held::processes))
    }

    async fn changed_files(&self, name: &str) -> Result<Vec<FileChange>> {
        let mut world = self.enter(Op::ChangedFiles).await?;
        Ok(world.held(name, "list the changed files of")?.changes().collect())
    }

    async fn path_stat(&self, name: &str, path: &str) -> Result<Option<PathStat>> {
        let mut world = self.enter(Op::PathStat).await?;
        let held = world.held(name, "look at a file of").ok();
        Ok(held.and_then(|held| held.files.get(path)?.1.clone()))
    }

    async fn put_files(&self, name: &str, files: &[NewFile]) -> Result<()> {
        self.enter(Op::PutFiles).await?.put_files(name, files)
    }

    async fn run(&self, name: &str, spec: &RunSpec) -> Result<Ran> {
        drop(self.enter(Op::Run).await?);
        self.play(name, spec).await
    }

    async fn sample(&self, name: &str) -> Result<Option<UsageSample>> {
        let world = self.enter(Op::Sample).await?;
        let container = world.containers.get(name);
        Ok(container.filter(|container| container.alive()).map(|container| container.usage))
    }

    async fn changed_bytes(&self, name: &str) -> Result<i64> {
        self.enter(Op::ChangedBytes).await?.held(name, "measure")?;
        Ok(1 << 20)
    }

    async fn commit(&self, spec: &CommitSpec) -> Result<String> {
        if spec.pause {
            self.world().stand_still(&spec.container);
        }
        let made = match self.enter(Op::Commit).await {
            Ok(mut world) => world.commit(spec),
            Err(error) => Err(error),
        };
        if spec.pause {
            self.world().go_on(&spec.container);
        }
        made
    }

    async fn open_terminal(&self, name: &str, size: TerminalSize) -> Result<Terminal> {
        self.enter(Op::OpenTerminal).await?.open_shell(name, size)
    }

    async fn resize_terminal(&self, shell: &Shell, size: TerminalSize) -> Result<()> {
        let world = self.enter(Op::ResizeTerminal).await?;
        if let Some(container) = world.containers.get(&shell.container) {
            container.shells.resize(shell, size);
        }
        Ok(())
    }

    async fn end_terminal(&self, shell: &Shell) -> Result<()> {
        self.enter(Op::EndTerminal).await?.end_shell(shell)
    }

    async fn image_label(&self, reference: &str, label: &str) -> Result<Option<String>> {
        let world = self.enter(Op::ImageLabel).await?;
        let image = world.image(reference);
        Ok(image.and_then(|image| world.labels.get(&image.id)?.get(label).cloned()))
    }

    async fn image_config(&self, reference: &str) -> Result<Option<ImageConfig>> {
        let world = self.enter(Op::ImageConfig).await?;
        Ok(world.image(reference).map(|image| ImageConfig {
            id: image.id.clone(),
            tags: image.tags.clone(),
            digests: image.digests.clone(),
            size_bytes: image.size_bytes,
            created_at: image.created_at,
            architecture: "amd64".to_owned(),
            os: "linux".to_owned(),
            ..ImageConfig::default()
        }))
    }

    async fn tag_image(&self, reference: &str, name: &str) -> Result<()> {
        self.enter(Op::TagImage).await?.name_image(reference, name)
    }

    async fn disk_use(&self) -> Result<EngineDisk> {
        Ok(self.enter(Op::DiskUse).await?.disk())
    }

    async fn remove_image(&self, reference: &str) -> Result<()> {
        self.enter(Op::RemoveImage).await?.untag(reference)
    }

    async fn push(
        &self,
        reference: &str,
        _login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<String> {
        told(two_layers(LayerState::Moving, 0));
        let world = self.enter(Op::Push).await?;
        let Some(image) = world.image(reference) else {
            return Err(Error::not_found(format!("There is no image `{reference}` to push.")));
        };
        told(two_layers(LayerState::There, LAYER_BYTES));
        Ok(image.id.clone())
    }

    async fn pull(
        &self,
        reference: &str,
        _login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<()> {
        told(two_layers(LayerState::Moving, 0));
        let mut world = self.enter(Op::Pull).await?;
        let Some(at) = world.remote.iter().position(|(known, _)| known == reference) else {
            return Err(Error::not_found(
                "The registry has no such image, or shows it only to whom it knows.",
            ));
        };
        let (reference, id) = world.remote.swap_remove(at);
        drop(world);
        self.add_image(&reference, &id);
        told(two_layers(LayerState::There, LAYER_BYTES));
        Ok(())
    }

    async fn create_volume(&self, spec: &VolumeSpec) -> Result<()> {
        self.enter(Op::CreateVolume).await?.create_volume(spec)
    }

    async fn volumes(&self, installation: &str) -> Result<Vec<Volume>> {
        let world = self.enter(Op::Volumes).await?;
        let ours = world.volumes.values().filter(|held| held.installation == installation);
        Ok(ours.map(|held| Volume { name: held.name.clone(), user: held.user.clone() }).collect())
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        self.enter(Op::RemoveVolume).await?.remove_volume(name)
    }

    async fn networks(&self, installation: &str) -> Result<Vec<Network>> {
        let world = self.enter(Op::Networks).await?;
        let ours = world.networks.values().filter(|n| n.installation == installation);
        Ok(ours.map(|n| Network { name: n.name.clone(), subnet: Some(n.subnet.clone()) }).collect())
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        self.enter(Op::CreateNetwork).await?.create_network(spec)
    }

    async fn has_network(&self, name: &str) -> Result<bool> {
        Ok(self.enter(Op::HasNetwork).await?.networks.contains_key(name))
    }

    async fn join_network(&self, container: &str, network: &str) -> Result<()> {
        self.enter(Op::JoinNetwork).await?.join(container, network)
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        let mut world = self.enter(Op::RemoveNetwork).await?;
        let on = |c: &world::Held| c.spec.network == name || c.joined.contains(name);
        let attached = world.containers.values().any(|c| c.alive() && on(c));
        if attached {
            return Err(Error::conflict(format!(
                "The engine refused to remove the network `{name}`."
            ))
            .hint("Containers are still attached to it. Stop or remove them first."));
        }
        world.networks.remove(name);
        Ok(())
    }

    async fn events(&self, installation: &str) -> Result<BoxStream<'static, Result<EngineEvent>>> {
        let receiver = self.enter(Op::Events).await?.events.subscribe();
        let installation = installation.to_owned();
        let events = stream::unfold(receiver, move |mut receiver| {
            let installation = installation.clone();
            async move {
                loop {
                    match receiver.recv().await {
                        Ok((of, event)) if of.as_ref().is_none_or(|of| *of == installation) => {
                            return Some((Ok(event), receiver));
                        }
                        Ok(_) | Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => return None,
                    }
                }
            }
        });
        Ok(events.boxed())
    }
}

/// Every image is moved as two layers, which are as far as each other.
fn two_layers(state: LayerState, sent_bytes: u64) -> Transfer {
    let layer =
        |id: &str| LayerTransfer { id: id.to_owned(), state, sent_bytes, total_bytes: LAYER_BYTES };
    Transfer::of(vec![layer("000000000001"), layer("000000000002")])
}

/// Whether a container in this state has processes.
const fn has_processes(state: ContainerState) -> bool {
    matches!(state, ContainerState::Running | ContainerState::Paused)
}
