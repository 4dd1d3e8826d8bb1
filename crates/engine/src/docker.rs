//! Docker, or Podman's Docker-compatible interface, over its socket.
//!
//! The engine may be down when Slipway starts and may go away at any time, so nothing is opened
//! until the first call, every call is bounded in time, and a lost engine is `Unavailable` with
//! the reason and the remedy. Each file here is one concern; this one only joins them to
//! [`Engine`].

mod address;
mod commit;
mod connect;
mod containers;
mod create;
mod disk;
mod errors;
mod events;
mod files;
mod images;
mod inside;
mod logs;
mod networks;
mod observe;
mod owner;
mod push;
mod raw;
mod run;
mod shell;
mod stats;
mod transfer;
mod volumes;

pub use connect::Docker;
pub use push::is_rate_limit;

use crate::{
    CommitSpec, Container, ContainerSpec, Engine, EngineDisk, EngineEvent, EngineInfo,
    ImageSummary, LogSpec, Network, NetworkSpec, NewFile, Ran, RegistryLogin, RunSpec, Shell,
    Terminal, TerminalSize, Transfer, UsageSample, Volume, VolumeSpec,
};
use async_trait::async_trait;
use domain::Result;
use domain::inside::{FileChange, PathStat, Process};
use domain::library::ImageConfig;
use domain::log::LogLine;
use domain::storage::Owner;
use futures_util::stream::BoxStream;

#[async_trait]
impl Engine for Docker {
    fn address(&self) -> &str {
        self.shown_address()
    }

    async fn info(&self) -> Result<EngineInfo> {
        self.describe().await
    }

    async fn images(&self) -> Result<Vec<ImageSummary>> {
        self.list_images().await
    }

    async fn image(&self, reference: &str) -> Result<Option<ImageSummary>> {
        self.find_image(reference).await
    }

    async fn containers(&self, installation: &str) -> Result<Vec<Container>> {
        self.list_containers(installation).await
    }

    async fn container(&self, name: &str) -> Result<Option<Container>> {
        self.find_container(name).await
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<()> {
        self.make_container(spec).await
    }

    async fn own_directory(&self, name: &str, path: &str, owner: Owner) -> Result<()> {
        self.give_directory(name, path, owner).await
    }

    async fn start(&self, name: &str) -> Result<()> {
        self.start_container(name).await
    }

    async fn stop(&self, name: &str, grace_s: u32) -> Result<()> {
        self.stop_container(name, grace_s).await
    }

    async fn pause(&self, name: &str) -> Result<()> {
        self.pause_container(name).await
    }

    async fn unpause(&self, name: &str) -> Result<()> {
        self.unpause_container(name).await
    }

    async fn remove_container(&self, name: &str) -> Result<()> {
        self.delete_container(name).await
    }

    async fn log_tail(&self, name: &str, lines: u32) -> Result<Vec<String>> {
        self.read_log(name, lines).await
    }

    async fn log(&self, name: &str, spec: &LogSpec) -> Result<BoxStream<'static, Result<LogLine>>> {
        self.stream_log(name, spec).await
    }

    async fn processes(&self, name: &str) -> Result<Option<Vec<Process>>> {
        self.list_processes(name).await
    }

    async fn changed_files(&self, name: &str) -> Result<Vec<FileChange>> {
        self.list_changes(name).await
    }

    async fn path_stat(&self, name: &str, path: &str) -> Result<Option<PathStat>> {
        self.look_at_path(name, path).await
    }

    async fn put_files(&self, name: &str, files: &[NewFile]) -> Result<()> {
        self.add_files(name, files).await
    }

    async fn run(&self, name: &str, spec: &RunSpec) -> Result<Ran> {
        self.run_command(name, spec).await
    }

    async fn sample(&self, name: &str) -> Result<Option<UsageSample>> {
        self.read_usage(name).await
    }

    async fn changed_bytes(&self, name: &str) -> Result<i64> {
        self.measure_changes(name).await
    }

    async fn commit(&self, spec: &CommitSpec) -> Result<String> {
        self.commit_container(spec).await
    }

    async fn open_terminal(&self, name: &str, size: TerminalSize) -> Result<Terminal> {
        self.open_shell(name, size).await
    }

    async fn resize_terminal(&self, shell: &Shell, size: TerminalSize) -> Result<()> {
        self.resize_shell(shell, size).await
    }

    async fn end_terminal(&self, shell: &Shell) -> Result<()> {
        self.end_shell(shell).await
    }

    async fn image_label(&self, reference: &str, label: &str) -> Result<Option<String>> {
        self.read_label(reference, label).await
    }

    async fn image_config(&self, reference: &str) -> Result<Option<ImageConfig>> {
        self.describe_image(reference).await
    }

    async fn tag_image(&self, reference: &str, name: &str) -> Result<()> {
        self.name_image(reference, name).await
    }

    async fn disk_use(&self) -> Result<EngineDisk> {
        self.measure_disk().await
    }

    async fn remove_image(&self, reference: &str) -> Result<()> {
        self.delete_image(reference).await
    }

    async fn push(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<String> {
        self.push_tag(reference, login, told).await
    }

    async fn pull(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<()> {
        self.pull_tag(reference, login, told).await
    }

    async fn create_volume(&self, spec: &VolumeSpec) -> Result<()> {
        self.make_volume(spec).await
    }

    async fn volumes(&self, installation: &str) -> Result<Vec<Volume>> {
        self.list_volumes(installation).await
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        self.delete_volume(name).await
    }

    async fn networks(&self, installation: &str) -> Result<Vec<Network>> {
        self.list_networks(installation).await
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        self.make_network(spec).await
    }

    async fn has_network(&self, name: &str) -> Result<bool> {
        Ok(self.network_id(name).await?.is_some())
    }

    async fn join_network(&self, container: &str, network: &str) -> Result<()> {
        self.join(container, network).await
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        self.delete_network(name).await
    }

    async fn events(&self, installation: &str) -> Result<BoxStream<'static, Result<EngineEvent>>> {
        self.watch(installation).await
    }
}
