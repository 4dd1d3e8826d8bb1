//! The engine's objects, reduced to what Slipway needs.

use domain::Timestamp;
use domain::confinement::{Gpus, Options};
use domain::job::LayerState;
use domain::library::DiskUse;
use domain::plan::{ContainerState, Observed};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Which installation an object belongs to.
pub const LABEL_INSTALLATION: &str = "slipway.installation";
/// Which session a container belongs to.
pub const LABEL_SESSION: &str = "slipway.session";
/// Which generation of the session's container it is.
pub const LABEL_GENERATION: &str = "slipway.generation";

/// Whose a volume is.
pub const LABEL_USER: &str = "slipway.user";

/// What the engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    pub name: String,
    pub version: String,
    /// The API version agreed on.
    pub api: String,
    pub operating_system: String,
    /// What it runs images for, as images say it: `amd64`; empty where it does not say.
    pub architecture: String,
    pub storage_driver: String,
    pub cgroup_version: String,
    pub rootless: bool,
    /// Directory that holds images and containers, on the engine's host.
    pub root_dir: String,
    pub cpus: i64,
    pub memory_bytes: i64,
    /// Whose driver it has for graphics processors.
    pub gpu_driver: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSummary {
    /// Content id, `sha256:…`.
    pub id: String,
    /// `repository:tag` names, canonical as the engine lists them.
    pub tags: Vec<String>,
    /// `repository@sha256:…` of images that came from or went to a registry.
    pub digests: Vec<String>,
    pub size_bytes: i64,
    /// To the second.
    pub created_at: Timestamp,
    /// Labels that it carries, as `name=value`, in order; of very many or long ones a part.
    pub labels: Vec<String>,
}

/// What the engine's objects take of its disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineDisk {
    pub in_all: DiskUse,
    pub images: Vec<ImageUse>,
}

/// How an image is used on the engine, by whomever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUse {
    pub id: String,
    /// Bytes of layers that no other image has.
    pub own_bytes: i64,
    pub containers: i64,
    /// The image it was built on, if the engine knows; empty otherwise.
    pub parent: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub name: String,
    /// Value of [`LABEL_SESSION`], empty if absent.
    pub session: String,
    pub observed: Observed,
    /// Address on its network, while it runs.
    pub address: Option<IpAddr>,
    /// Content id of its image.
    pub image_id: String,
}

impl Container {
    pub fn state(&self) -> ContainerState {
        self.observed.state
    }
}

/// Everything a session's container is made from.
///
/// There is no field for host namespaces or published ports: what cannot be said cannot be forgotten
/// to be refused. What an administrator loosens is in `options`, `directories` and `gpus`, each of a
/// type that holds nothing else. Hardening that does not vary (no new privileges, all capabilities
/// dropped, no restart, capped logs) is applied by the implementation to every container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSpec {
    pub name: String,
    pub installation: String,
    pub session: String,
    pub generation: u32,
    /// Exact image to run: a content id or a reference.
    pub image: String,
    pub hostname: String,
    pub environment: Vec<(String, String)>,
    /// Replaces the image's command; empty keeps it.
    pub command: Vec<String>,
    pub network: String,
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub shm_bytes: i64,
    pub pids: i64,
    /// Run the engine's init process first; off for images that bring their own.
    pub init: bool,
    /// Capabilities given back after all were dropped.
    pub capabilities: Vec<String>,
    /// Volumes that are there before it is made.
    pub volumes: Vec<VolumeMount>,
    /// Directories of the engine's host.
    pub directories: Vec<HostDirectory>,
    pub options: Options,
    pub gpus: Option<Gpus>,
}

/// A directory of the engine's host in a container. It must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostDirectory {
    pub path: String,
    /// Where it is in the container.
    pub target: String,
    pub read_only: bool,
}

/// A volume of this installation in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeMount {
    pub volume: String,
    /// Where it is in the container.
    pub target: String,
    pub read_only: bool,
}

/// A file to be put into a container. What is in it is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct NewFile {
    /// From the root, without `.` and `..`, and of at most 100 bytes.
    pub path: String,
    pub content: String,
}

impl std::fmt::Debug for NewFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewFile({}, {} bytes)", self.path, self.content.len())
    }
}

/// A command to be run in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSpec {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Time that it has.
    pub patience: Duration,
    /// Most bytes of what it writes that are kept, the last ones.
    pub longest: usize,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// `None` when its time was up.
    pub exit_code: Option<i64>,
    /// What it wrote to its output and its error stream.
    pub output: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSpec {
    pub name: String,
    pub installation: String,
    /// Whose it is, if it is one user's.
    pub user: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    pub name: String,
    /// Value of [`LABEL_USER`], if it is one user's.
    pub user: Option<String>,
}

/// How a container becomes an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSpec {
    pub container: String,
    /// Without the tag.
    pub repository: String,
    pub tag: String,
    pub message: String,
    pub author: String,
    /// Whether its processes stand still meanwhile, so that no file is caught half-written.
    pub pause: bool,
    /// Dockerfile instructions, one each.
    pub changes: Vec<String>,
}

/// Who somebody is at a registry. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryLogin {
    pub server: String,
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for RegistryLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegistryLogin({} at {})", self.username, self.server)
    }
}

/// How far an image is on its way to or from a registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transfer {
    /// Layers that are where they are to be.
    pub there: u32,
    pub layers: u32,
    /// Bytes that went over the line, of the layers that must.
    pub sent_bytes: u64,
    pub total_bytes: u64,
    /// Each layer, in the order in which the engine first named them.
    pub parts: Vec<LayerTransfer>,
}

impl Transfer {
    /// What the layers come to together.
    pub fn of(parts: Vec<LayerTransfer>) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            there: count(parts.iter().filter(|part| part.state == LayerState::There).count()),
            layers: count(parts.len()),
            sent_bytes: parts.iter().map(|part| part.sent_bytes).sum(),
            total_bytes: parts.iter().map(|part| part.total_bytes).sum(),
            parts,
        }
    }
}

/// How far one layer is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LayerTransfer {
    /// Short, as the engine names it.
    pub id: String,
    pub state: LayerState,
    /// Bytes that went over the line, and those that must; 0 until the engine tells.
    pub sent_bytes: u64,
    pub total_bytes: u64,
}

/// Which part of a container's log is wanted. Moments are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSpec {
    /// Only lines that are newer than this.
    pub since: Option<i64>,
    /// Only lines that are older than this.
    pub until: Option<i64>,
    /// Only so many of the last lines. Engines count a very long line more than once.
    pub tail: Option<u32>,
    /// Go on with what is written from now on.
    pub follow: bool,
    /// Most characters of a line; the rest of a longer one is cut off.
    pub longest: usize,
}

/// What a container has used since it started, unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageSample {
    /// CPU time, in nanoseconds.
    pub cpu_nanos: u64,
    /// Memory now, without inactive file cache, in bytes, as the docker command counts.
    pub memory_bytes: i64,
    pub memory_limit: i64,
    /// Bytes from all networks.
    pub received: u64,
    /// Bytes to all networks.
    pub sent: u64,
    /// Bytes from disks; 0 where the engine does not count them.
    pub read: u64,
    /// Bytes to disks; 0 where the engine does not count them.
    pub written: u64,
    /// Processes and threads now.
    pub processes: i64,
}

/// Size of a terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    pub columns: u16,
    pub rows: u16,
}

/// Names a shell that was opened in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    pub container: String,
    /// The engine's name for it.
    pub exec: String,
    /// Its process, as the container numbers it.
    pub process: u32,
}

/// An interactive shell in a container. What it writes must be read, or it waits.
pub struct Terminal {
    pub shell: Shell,
    /// Ends when the shell does.
    pub output: Box<dyn AsyncRead + Send + Unpin>,
    pub input: Box<dyn AsyncWrite + Send + Unpin>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Terminal({:?})", self.shell)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    pub name: String,
    /// First subnet in CIDR notation, if the engine says.
    pub subnet: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSpec {
    pub name: String,
    pub installation: String,
    /// IPv4 subnet in CIDR notation.
    pub subnet: String,
    /// Whether it leads nowhere; the engine's host reaches what is on it all the same.
    pub internal: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// A container of this installation changed. `action` is the engine's word: `start`, `kill`,
    /// `die`, `oom`, `pause`, `unpause`, `destroy` …
    Container { session: String, action: String },
    /// Images were added, tagged or removed.
    Images,
}
