//! Containers, images and networks of one Docker or Podman, as the rest of Slipway sees them.
//!
//! [`Engine`] is a trait so that faults can be injected: [`docker::Docker`] is the real thing, and
//! `memory::MemoryEngine` (feature `memory`, for tests only) is a world in memory. One contract
//! suite (`tests/contract/`) runs against both. Only this crate names `bollard`.
//!
//! Every operation is idempotent: starting what runs, stopping what is stopped and removing what is
//! gone succeed. Objects are addressed by name, and only those that carry this installation's
//! label are ever listed.

pub mod docker;
#[cfg(feature = "memory")]
pub mod memory;
mod types;

pub use docker::is_rate_limit;
pub use types::*;

use async_trait::async_trait;
use domain::Result;
use domain::inside::{FileChange, PathStat, Process};
use domain::library::ImageConfig;
use domain::log::LogLine;
use domain::storage::Owner;
use futures_util::stream::BoxStream;

/// An engine that holds images and runs containers.
///
/// Errors: `Unavailable` when the engine cannot be reached (worth trying again), `NotFound` for an
/// unknown object, `Conflict` where the engine refuses because of the object's state, `Exhausted`
/// when it is out of a resource, `Internal` never. The engine's own words are in `detail`.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Where the engine is, for messages.
    fn address(&self) -> &str;

    async fn info(&self) -> Result<EngineInfo>;

    /// All images, also those that have lost their last name; not the steps of builds.
    async fn images(&self) -> Result<Vec<ImageSummary>>;

    /// One image by reference, or `None` if the engine does not have it.
    async fn image(&self, reference: &str) -> Result<Option<ImageSummary>>;

    /// Containers of this installation, in any state. Whether one ran out of memory is only told
    /// by [`container`](Self::container).
    async fn containers(&self, installation: &str) -> Result<Vec<Container>>;

    /// One container by name, or `None`.
    async fn container(&self, name: &str) -> Result<Option<Container>>;

    /// Makes a container without starting it; one that exists under the name is kept.
    ///
    /// # Errors
    /// `NotFound` when there is no such image, and [`missing_directory`] when the host has not got a
    /// directory.
    async fn create_container(&self, spec: &ContainerSpec) -> Result<()>;

    /// Gives a directory of a container that was made, on one of its volumes, another owner. Once
    /// more is no error.
    async fn own_directory(&self, name: &str, path: &str, owner: Owner) -> Result<()>;

    async fn start(&self, name: &str) -> Result<()>;

    /// Asks the container to end and kills it after `grace_s` seconds.
    async fn stop(&self, name: &str, grace_s: u32) -> Result<()>;

    async fn pause(&self, name: &str) -> Result<()>;

    async fn unpause(&self, name: &str) -> Result<()>;

    /// Kills and removes the container with its anonymous volumes.
    async fn remove_container(&self, name: &str) -> Result<()>;

    /// The last lines the container wrote, oldest first.
    async fn log_tail(&self, name: &str, lines: u32) -> Result<Vec<String>>;

    /// The lines a container wrote, oldest first, each as soon as it is complete. With `follow` it
    /// ends when the container does. What is not taken from the stream waits at the engine.
    async fn log(&self, name: &str, spec: &LogSpec) -> Result<BoxStream<'static, Result<LogLine>>>;

    /// The processes of a container; `None` if it does not run.
    async fn processes(&self, name: &str) -> Result<Option<Vec<Process>>>;

    /// Every path in which a container differs from its image, running or not. Directories are
    /// listed with what changed inside them.
    async fn changed_files(&self, name: &str) -> Result<Vec<FileChange>>;

    /// What a path in a container is, without reading it or following it where it is a link; `None`
    /// if there is none.
    async fn path_stat(&self, name: &str, path: &str) -> Result<Option<PathStat>>;

    /// Puts files into a container, running or not: each belongs to the container's own user, who alone
    /// can read it. Folders that are missing are made for that user. A file that is there is replaced.
    ///
    /// # Errors
    /// `Conflict` when the container's user is not known to it, or a path cannot be written to.
    async fn put_files(&self, name: &str, files: &[NewFile]) -> Result<()>;

    /// Runs a command in a running container, as its own user and without a terminal, until it ends or
    /// its time is up; then it is ended with everything that it started and that has not left it.
    /// What it leaves in the background goes on. Dropping the future leaves it running.
    ///
    /// # Errors
    /// `Conflict` when the container does not run, is paused, or has no shell to start it with.
    async fn run(&self, name: &str, spec: &RunSpec) -> Result<Ran>;

    /// CPU, memory, network and disk counters now; `None` if it does not run.
    async fn sample(&self, name: &str) -> Result<Option<UsageSample>>;

    /// Bytes that the container's own layer holds: what it added to or changed of its image.
    async fn changed_bytes(&self, name: &str) -> Result<i64>;

    /// Makes an image of a container, which goes on as it was; returns the image's content id.
    async fn commit(&self, spec: &CommitSpec) -> Result<String>;

    /// Opens an interactive shell in a running container, with a terminal of this size.
    ///
    /// Dropping what is returned does not end the shell: [`end_terminal`](Self::end_terminal) does.
    ///
    /// # Errors
    /// `Conflict` when the container does not run, is paused, or has no shell.
    async fn open_terminal(&self, name: &str, size: TerminalSize) -> Result<Terminal>;

    /// Tells a shell how large its terminal is now. One that has ended is no error.
    async fn resize_terminal(&self, shell: &Shell, size: TerminalSize) -> Result<()>;

    /// Ends a shell with everything started in it that has not left for a terminal of its own.
    /// One that has ended is no error.
    ///
    /// # Errors
    /// `Conflict` while the container is paused: nothing in it can end before it goes on.
    async fn end_terminal(&self, shell: &Shell) -> Result<()>;

    /// A label of an image, or `None` if it has none or there is no such image.
    async fn image_label(&self, reference: &str, label: &str) -> Result<Option<String>>;

    /// What an image says of itself, with its layers; `None` if the engine does not have it.
    async fn image_config(&self, reference: &str) -> Result<Option<ImageConfig>>;

    /// Gives an image one more name; another image that has it loses it.
    ///
    /// # Errors
    /// `NotFound` when there is no such image.
    async fn tag_image(&self, reference: &str, name: &str) -> Result<()>;

    /// How much room everything takes. Engines count for seconds, so no page waits for it unasked.
    async fn disk_use(&self) -> Result<EngineDisk>;

    /// Takes a tag away, and the image with its last one. What is gone already is no error.
    ///
    /// # Errors
    /// `Conflict` when a container is made from it.
    async fn remove_image(&self, reference: &str) -> Result<()>;

    /// Sends a tag to its registry; returns the digest it has there. Dropping the future ends it.
    ///
    /// # Errors
    /// `Forbidden` when the registry does not take the login, with its words.
    async fn push(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<String>;

    /// Fetches an image from its registry. Dropping the future ends it.
    ///
    /// # Errors
    /// `NotFound` when the registry has none, `Forbidden` when it does not take the login.
    async fn pull(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<()>;

    /// Makes a volume; one that exists under the name is kept with what is in it. A container that
    /// has an empty one at a path of its image finds there what the image has.
    ///
    /// # Errors
    /// `Conflict` when it belongs to somebody else.
    async fn create_volume(&self, spec: &VolumeSpec) -> Result<()>;

    /// Volumes of this installation, by name.
    async fn volumes(&self, installation: &str) -> Result<Vec<Volume>>;

    /// Deletes a volume with what is in it. What is gone already is no error.
    ///
    /// # Errors
    /// `Conflict` while a container has it.
    async fn remove_volume(&self, name: &str) -> Result<()>;

    /// Networks of this installation.
    async fn networks(&self, installation: &str) -> Result<Vec<Network>>;

    /// Makes a bridge network; one that exists under the name is kept.
    ///
    /// # Errors
    /// `Conflict` when the subnet overlaps another one: try the next.
    async fn create_network(&self, spec: &NetworkSpec) -> Result<()>;

    async fn remove_network(&self, name: &str) -> Result<()>;

    /// Whether the engine has a network of this name, whosever.
    async fn has_network(&self, name: &str) -> Result<bool>;

    /// Puts a container that was made on one more network. Once more is no error.
    ///
    /// # Errors
    /// `NotFound` when there is no such network.
    async fn join_network(&self, container: &str, network: &str) -> Result<()>;

    /// What happens on the engine from now on. Ends, or yields an error, when the engine goes away.
    async fn events(&self, installation: &str) -> Result<BoxStream<'static, Result<EngineEvent>>>;
}

/// The refusal of a container because the engine's host has not got a directory.
pub fn missing_directory(path: &str) -> domain::Error {
    domain::Error::not_found(format!("The engine's host has no directory `{path}`."))
        .hint("An administrator can make it there, or call it optional in the workspace.")
}

/// The refusal to put a container on a network that the engine has not got.
pub(crate) fn missing_network(name: &str) -> domain::Error {
    domain::Error::not_found(format!("The engine has no network `{name}`."))
        .hint("An administrator can make it on the engine, or take it out of the workspace.")
}
