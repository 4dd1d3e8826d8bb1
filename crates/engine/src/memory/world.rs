//! What is in the world, and how it changes. Every change announces what Docker would announce.

use super::control::Control;
use super::shell::Shells;
use super::{ADDRESS, has_processes};
use crate::{
    Container, ContainerSpec, EngineEvent, ImageSummary, NetworkSpec, NewFile, Shell, Terminal,
    TerminalSize, UsageSample, VolumeSpec, missing_directory, missing_network,
};
use domain::inside::{ChangeKind, FileChange, PathKind, PathStat, Process};
use domain::log::LogLine;
use domain::plan::{ContainerState, Observed};
use domain::storage::Owner;
use domain::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use tokio::sync::{broadcast, watch};

const EVENT_BUFFER: usize = 1_024;
/// What an init process reports when it is asked to end, and when it is killed.
const TERMINATED: i64 = 143;
pub(super) const KILLED: i64 = 137;

/// An event and the installation it is for; `None` for everybody.
type Announcement = (Option<String>, EngineEvent);

#[derive(Debug)]
pub(super) struct World {
    pub(super) control: Control,
    pub(super) images: Vec<ImageSummary>,
    /// What can be pulled: names and content ids.
    pub(super) remote: Vec<(String, String)>,
    /// By image id.
    pub(super) labels: BTreeMap<String, BTreeMap<String, String>>,
    /// Images made of containers so far.
    pub(super) committed: u64,
    pub(super) volumes: BTreeMap<String, VolumeSpec>,
    pub(super) networks: BTreeMap<String, NetworkSpec>,
    pub(super) containers: BTreeMap<String, Held>,
    pub(super) events: broadcast::Sender<Announcement>,
    /// Moves when a log may have grown or ended.
    pub(super) written: watch::Sender<i64>,
    /// The address every started container gets.
    pub(super) address: IpAddr,
    pub(super) down: bool,
    pub(super) gpu_driver: Option<String>,
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) spec: ContainerSpec,
    state: ContainerState,
    exit_code: Option<i64>,
    out_of_memory: bool,
    address: Option<IpAddr>,
    pub(super) image_id: String,
    /// Paused by the engine itself, while an image is made of it.
    standing_still: bool,
    pub(super) log: Vec<LogLine>,
    pub(super) usage: UsageSample,
    /// What became of paths, and what they are.
    pub(super) files: BTreeMap<String, (ChangeKind, Option<PathStat>)>,
    pub(super) shells: Shells,
    /// Networks beside the first.
    pub(super) joined: BTreeSet<String>,
    pub(super) owners: BTreeMap<String, Owner>,
    /// What was put in, by path.
    pub(super) put: BTreeMap<String, String>,
    /// Commands that were run, oldest first.
    pub(super) begun: Vec<Vec<String>>,
}

impl Held {
    pub(super) fn alive(&self) -> bool {
        has_processes(self.state)
    }

    pub(super) fn seen(&self) -> Container {
        Container {
            name: self.spec.name.clone(),
            session: self.spec.session.clone(),
            observed: Observed {
                state: self.state,
                generation: self.spec.generation,
                exit_code: self.exit_code,
                out_of_memory: self.out_of_memory,
                stopped_by_hand: false,
            },
            address: self.address,
            image_id: self.image_id.clone(),
        }
    }

    /// The one process there is: the command it was made with.
    pub(super) fn processes(&self) -> Vec<Process> {
        vec![Process {
            pid: 4_711,
            user: "root".to_owned(),
            cpu: Some(1.5),
            memory_bytes: Some(self.usage.memory_bytes),
            seconds: Some(60),
            command: self.spec.command.join(" "),
        }]
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = FileChange> {
        self.files.iter().map(|(path, (kind, _))| FileChange { path: path.clone(), kind: *kind })
    }

    fn end(&mut self, code: i64, out_of_memory: bool) {
        self.state = ContainerState::Exited;
        self.exit_code = Some(code);
        self.out_of_memory = out_of_memory;
        self.address = None;
        self.shells = Shells::default();
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            control: Control::default(),
            images: Vec::new(),
            remote: Vec::new(),
            labels: BTreeMap::new(),
            committed: 0,
            volumes: BTreeMap::new(),
            networks: BTreeMap::new(),
            containers: BTreeMap::new(),
            events: broadcast::channel(EVENT_BUFFER).0,
            written: watch::channel(0).0,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            down: false,
            gpu_driver: None,
        }
    }
}

impl World {
    pub(super) fn answers(&self) -> Result<()> {
        if self.down {
            return Err(Error::unavailable(format!("The engine at {ADDRESS} does not answer."))
                .hint("Check that the engine runs and look into its log."));
        }
        Ok(())
    }

    /// Ends all event streams.
    pub(super) fn hang_up(&mut self) {
        self.events = broadcast::channel(EVENT_BUFFER).0;
        self.written.send_modify(|count| *count += 1);
    }

    /// Everything that ran is dead, as after the engine was killed.
    pub(super) fn lose_processes(&mut self) {
        for container in self.containers.values_mut().filter(|c| c.alive()) {
            container.end(KILLED, false);
        }
    }

    /// A line of a log, a millisecond after the last one of any container.
    pub(super) fn write(&mut self, name: &str, stderr: bool, text: &str) {
        const FIRST: i64 = 1_800_000_000_000_000_000;
        self.written.send_modify(|count| *count += 1);
        let at = FIRST + *self.written.borrow() * 1_000_000;
        if let Some(container) = self.containers.get_mut(name) {
            container.log.push(LogLine { at, stderr, text: text.to_owned() });
        }
    }

    fn announce(&self, name: &str, actions: &[&str]) {
        self.written.send_modify(|count| *count += 1);
        let Some(container) = self.containers.get(name) else { return };
        for action in actions {
            let event = EngineEvent::Container {
                session: container.spec.session.clone(),
                action: (*action).to_owned(),
            };
            let _ = self.events.send((Some(container.spec.installation.clone()), event));
        }
    }

    pub(super) fn held(&mut self, name: &str, verb: &str) -> Result<&mut Held> {
        self.containers
            .get_mut(name)
            .ok_or_else(|| Error::not_found(format!("There is no container `{name}` to {verb}.")))
    }

    pub(super) fn create(&mut self, spec: &ContainerSpec) -> Result<()> {
        let Some(image_id) = self.image(&spec.image).map(|image| image.id.clone()) else {
            return Err(Error::not_found(format!(
                "The engine does not have the image `{}`.",
                spec.image
            ))
            .hint("Build or pull it on the engine first."));
        };
        if let Some(existing) = self.containers.get(&spec.name) {
            if existing.spec.installation == spec.installation {
                return Ok(());
            }
            return Err(refused("create", "container", &spec.name));
        }
        // Its host is the machine that the test runs on.
        let there = |path: &str| std::path::Path::new(path).exists();
        if let Some(missing) = spec.directories.iter().find(|one| !there(&one.path)) {
            return Err(missing_directory(&missing.path));
        }
        let held = Held {
            spec: spec.clone(),
            state: ContainerState::Created,
            exit_code: None,
            out_of_memory: false,
            address: None,
            image_id,
            standing_still: false,
            log: Vec::new(),
            usage: UsageSample {
                cpu_nanos: 1_000_000,
                memory_bytes: 10 << 20,
                memory_limit: spec.memory_bytes,
                processes: 1,
                ..UsageSample::default()
            },
            files: BTreeMap::new(),
            shells: Shells::default(),
            joined: BTreeSet::new(),
            owners: BTreeMap::new(),
            put: BTreeMap::new(),
            begun: Vec::new(),
        };
        self.containers.insert(spec.name.clone(), held);
        self.announce(&spec.name, &["create"]);
        Ok(())
    }

    pub(super) fn start(&mut self, name: &str) -> Result<()> {
        let address = self.address;
        let container = self.held(name, "start")?;
        match container.state {
            ContainerState::Running => return Ok(()),
            ContainerState::Paused => return self.unpause(name),
            ContainerState::Created | ContainerState::Exited => {}
        }
        let network = container.spec.network.clone();
        if container.spec.gpus.is_some() && self.gpu_driver.is_none() {
            return Err(
                refused("start", "container", name).detail("could not select device driver")
            );
        }
        if !self.networks.contains_key(&network) {
            let sentence = format!("The network of the container `{name}` is gone.");
            return Err(Error::not_found(sentence)
                .hint("Make the network again, then start the container.")
                .detail(format!("network {network} not found")));
        }
        let container = self.held(name, "start")?;
        container.state = ContainerState::Running;
        container.exit_code = None;
        container.out_of_memory = false;
        container.address = Some(address);
        self.announce(name, &["start"]);
        Ok(())
    }

    pub(super) fn join(&mut self, name: &str, network: &str) -> Result<()> {
        if !self.networks.contains_key(network) {
            return Err(missing_network(network));
        }
        self.held(name, "put on a network")?.joined.insert(network.to_owned());
        Ok(())
    }

    pub(super) fn stop(&mut self, name: &str) {
        let Some(container) = self.containers.get_mut(name) else { return };
        let state = container.state;
        if !has_processes(state) {
            return;
        }
        container.end(TERMINATED, false);
        if state == ContainerState::Paused {
            self.announce(name, &["unpause"]);
        }
        self.announce(name, &["kill", "die", "stop"]);
    }

    pub(super) fn pause(&mut self, name: &str) -> Result<()> {
        let container = self.held(name, "pause")?;
        match container.state {
            ContainerState::Paused => Ok(()),
            ContainerState::Running => {
                container.state = ContainerState::Paused;
                self.announce(name, &["pause"]);
                Ok(())
            }
            ContainerState::Created | ContainerState::Exited => {
                Err(refused("pause", "container", name))
            }
        }
    }

    pub(super) fn unpause(&mut self, name: &str) -> Result<()> {
        let container = self.held(name, "resume")?;
        match container.state {
            ContainerState::Running => Ok(()),
            ContainerState::Paused => {
                container.state = ContainerState::Running;
                self.announce(name, &["unpause"]);
                Ok(())
            }
            ContainerState::Created | ContainerState::Exited => {
                Err(refused("resume", "container", name))
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        if self.containers.get(name).is_some_and(Held::alive) {
            self.announce(name, &["kill", "die"]);
        }
        self.announce(name, &["destroy"]);
        self.containers.remove(name);
    }

    /// The container's process ends by itself or by the kernel's hand.
    pub(super) fn exit(&mut self, name: &str, code: i64, out_of_memory: bool) {
        let Some(container) = self.containers.get_mut(name).filter(|c| c.alive()) else { return };
        container.end(code, out_of_memory);
        if out_of_memory {
            self.announce(name, &["oom"]);
        }
        self.announce(name, &["die"]);
    }

    /// The engine lets a container stand still while it reads its files, and says so.
    pub(super) fn stand_still(&mut self, name: &str) {
        let Some(container) = self.containers.get_mut(name) else { return };
        if container.state == ContainerState::Running {
            container.state = ContainerState::Paused;
            container.standing_still = true;
            self.announce(name, &["pause"]);
        }
    }

    /// Only what it stopped goes on.
    pub(super) fn go_on(&mut self, name: &str) {
        let Some(container) = self.containers.get_mut(name) else { return };
        let own = std::mem::take(&mut container.standing_still);
        if own && container.state == ContainerState::Paused {
            container.state = ContainerState::Running;
            self.announce(name, &["unpause"]);
        }
    }

    pub(super) fn open_shell(&mut self, name: &str, size: TerminalSize) -> Result<Terminal> {
        Ok(self.awake(name, "open a terminal in")?.shells.open_in(name, size))
    }

    pub(super) fn put_files(&mut self, name: &str, files: &[NewFile]) -> Result<()> {
        let container = self.held(name, "put files into")?;
        for NewFile { path, content } in files {
            let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
            let stat = PathStat { kind: PathKind::File, size, target: String::new() };
            container.files.insert(path.clone(), (ChangeKind::Added, Some(stat)));
            container.put.insert(path.clone(), content.clone());
        }
        Ok(())
    }

    /// A container in which something can be done.
    pub(super) fn awake(&mut self, name: &str, verb: &str) -> Result<&mut Held> {
        let container = self.held(name, verb)?;
        match container.state {
            ContainerState::Running => Ok(container),
            ContainerState::Paused => Err(stands_still(name)),
            ContainerState::Created | ContainerState::Exited => {
                Err(Error::conflict(format!("The container `{name}` does not run."))
                    .hint("Start it first."))
            }
        }
    }

    pub(super) fn end_shell(&mut self, shell: &Shell) -> Result<()> {
        let Some(container) = self.containers.get_mut(&shell.container) else { return Ok(()) };
        if container.state == ContainerState::Paused {
            return Err(stands_still(&shell.container));
        }
        container.shells.end(shell);
        Ok(())
    }
}

fn stands_still(name: &str) -> Error {
    Error::conflict(format!("The container `{name}` is paused.")).hint("Resume it first.")
}

pub(super) fn refused(verb: &str, kind: &str, name: &str) -> Error {
    Error::conflict(format!("The engine refused to {verb} the {kind} `{name}`."))
}
