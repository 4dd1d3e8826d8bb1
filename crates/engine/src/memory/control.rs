//! The test's side of the engine: faults, delays, and what people and containers do.

use super::MemoryEngine;
use super::world::World;
use crate::{ContainerSpec, ImageSummary, NetworkSpec, UsageSample};
use domain::inside::{ChangeKind, PathStat};
use domain::storage::Owner;
use domain::{Error, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// One operation of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    Info,
    Images,
    Image,
    Containers,
    Container,
    CreateContainer,
    Start,
    Stop,
    Pause,
    Unpause,
    RemoveContainer,
    LogTail,
    Log,
    Processes,
    ChangedFiles,
    PathStat,
    PutFiles,
    Run,
    Sample,
    Networks,
    CreateNetwork,
    RemoveNetwork,
    HasNetwork,
    JoinNetwork,
    OwnDirectory,
    Events,
    ChangedBytes,
    Commit,
    ImageLabel,
    ImageConfig,
    TagImage,
    DiskUse,
    CreateVolume,
    Volumes,
    RemoveVolume,
    RemoveImage,
    Push,
    Pull,
    OpenTerminal,
    ResizeTerminal,
    EndTerminal,
}

#[derive(Debug, Default)]
pub(super) struct Control {
    calls: HashMap<Op, u64>,
    delays: HashMap<Op, Duration>,
    faults: HashMap<Op, VecDeque<Error>>,
}

impl Control {
    /// Counts a call and says how long it is to take.
    pub(super) fn begin(&mut self, op: Op) -> Option<Duration> {
        *self.calls.entry(op).or_default() += 1;
        self.delays.get(&op).copied()
    }

    pub(super) fn take_fault(&mut self, op: Op) -> Option<Error> {
        self.faults.get_mut(&op)?.pop_front()
    }
}

impl MemoryEngine {
    /// The next call of `op` fails with `error` and changes nothing. Several queue up.
    pub fn fail_next(&self, op: Op, error: Error) {
        self.world().control.faults.entry(op).or_default().push_back(error);
    }

    /// Every call of `op` takes this long from now on, in tokio's time; zero ends that.
    pub fn delay(&self, op: Op, delay: Duration) {
        let delays = &mut self.world().control.delays;
        if delay.is_zero() {
            delays.remove(&op);
        } else {
            delays.insert(op, delay);
        }
    }

    /// How often `op` was called, failed calls included.
    pub fn calls(&self, op: Op) -> u64 {
        self.world().control.calls.get(&op).copied().unwrap_or_default()
    }

    /// Takes the engine away, or brings it back. Going down ends event streams and leaves
    /// containers alone, as when only the socket is gone; see [`restart`](Self::restart).
    pub fn set_down(&self, down: bool) {
        let mut world = self.world();
        world.down = down;
        if down {
            world.hang_up();
        }
    }

    /// The engine was killed with everything it ran, and is back. Nothing is announced of that.
    pub fn restart(&self) {
        let mut world = self.world();
        world.hang_up();
        world.lose_processes();
        world.down = false;
    }

    /// An image that a registry has and the engine does not; it can be pulled once.
    pub fn add_remote_image(&self, reference: &str, id: &str) {
        self.world().remote.push((reference.to_owned(), id.to_owned()));
    }

    /// Adds a tag, and an image unless one of this id is there. Without `:tag` it is `latest`; named
    /// by its digest at a registry it gets no tag.
    pub fn add_image(&self, reference: &str, id: &str) {
        let (tags, digests) = if reference.contains('@') {
            (Vec::new(), vec![reference.to_owned()])
        } else if reference.rsplit('/').next().is_some_and(|last| last.contains(':')) {
            (vec![reference.to_owned()], Vec::new())
        } else {
            (vec![format!("{reference}:latest")], Vec::new())
        };
        let mut world = self.world();
        // A tag moves: the image that had it loses it.
        for image in &mut world.images {
            image.tags.retain(|held| !tags.contains(held));
        }
        match world.images.iter_mut().find(|image| image.id == id) {
            Some(image) => {
                image.tags.extend(tags);
                image.digests.extend(digests);
            }
            None => world.images.push(ImageSummary {
                id: id.to_owned(),
                tags,
                digests,
                size_bytes: 80 << 20,
                created_at: Timestamp::default(),
                labels: Vec::new(),
            }),
        }
        world.announce_images();
    }

    /// Gives an image labels, as `name=value`.
    pub fn set_labels(&self, reference: &str, labels: &[&str]) {
        let mut world = self.world();
        let Some(id) = world.image(reference).map(|image| image.id.clone()) else { return };
        for image in world.images.iter_mut().filter(|image| image.id == id) {
            image.labels = labels.iter().map(|&one| one.to_owned()).collect();
        }
        world.announce_images();
    }

    /// Gives an image the name that a registry knows it by: `repository@sha256:…`.
    pub fn set_digest(&self, reference: &str, digest: &str) {
        let mut world = self.world();
        let Some(id) = world.image(reference).map(|image| image.id.clone()) else { return };
        for image in world.images.iter_mut().filter(|image| image.id == id) {
            image.digests = vec![digest.to_owned()];
        }
        world.announce_images();
    }

    /// An image was made at this moment.
    pub fn set_created(&self, reference: &str, at: Timestamp) {
        let mut world = self.world();
        let Some(id) = world.image(reference).map(|image| image.id.clone()) else { return };
        for image in world.images.iter_mut().filter(|image| image.id == id) {
            image.created_at = at;
        }
    }

    /// Removes the image that `reference`, a tag or an id, names.
    pub fn remove_image(&self, reference: &str) {
        let mut world = self.world();
        let Some(id) = world.image(reference).map(|image| image.id.clone()) else { return };
        world.images.retain(|image| image.id != id);
        world.announce_images();
    }

    /// The address that containers get from their next start on; 127.0.0.1 at first.
    pub fn set_address(&self, address: IpAddr) {
        self.world().address = address;
    }

    /// The container's process ends with `code`, killed by the kernel for memory if `oom`.
    pub fn exit(&self, name: &str, code: i64, oom: bool) {
        self.world().exit(name, code, oom);
    }

    /// Somebody starts the container with the engine's own tools.
    pub fn outside_start(&self, name: &str) {
        self.by_hand(|world| world.start(name).is_ok());
    }

    /// Somebody stops the container with the engine's own tools.
    pub fn outside_stop(&self, name: &str) {
        self.by_hand(|world| {
            world.stop(name);
            true
        });
    }

    /// Somebody pauses the container with the engine's own tools.
    pub fn outside_pause(&self, name: &str) {
        self.by_hand(|world| world.pause(name).is_ok());
    }

    /// Somebody resumes the container with the engine's own tools.
    pub fn outside_unpause(&self, name: &str) {
        self.by_hand(|world| world.unpause(name).is_ok());
    }

    /// Somebody removes the container with the engine's own tools.
    pub fn outside_remove(&self, name: &str) {
        self.by_hand(|world| {
            world.remove(name);
            true
        });
    }

    fn by_hand(&self, act: impl FnOnce(&mut World) -> bool) {
        let done = act(&mut self.world());
        debug_assert!(done, "the container is not in a state in which anybody could do that");
    }

    /// What the container wrote so far, oldest first.
    pub fn set_log(&self, name: &str, lines: &[&str]) {
        if let Some(container) = self.world().containers.get_mut(name) {
            container.log.clear();
        }
        for line in lines {
            self.write_log(name, false, line);
        }
    }

    /// The container writes one more line, to standard error if `stderr`, a millisecond after the
    /// one before.
    pub fn write_log(&self, name: &str, stderr: bool, line: &str) {
        self.world().write(name, stderr, line);
    }

    /// Something becomes of a path in the container; `stat` is what it is then.
    pub fn change_file(&self, name: &str, kind: ChangeKind, path: &str, stat: Option<PathStat>) {
        if let Some(container) = self.world().containers.get_mut(name) {
            container.files.insert(path.to_owned(), (kind, stat));
        }
    }

    /// What is in a file that was put into the container.
    pub fn file(&self, name: &str, path: &str) -> Option<String> {
        self.world().containers.get(name)?.put.get(path).cloned()
    }

    /// The commands that were begun in the container, oldest first.
    pub fn commands(&self, name: &str) -> Vec<Vec<String>> {
        self.world().containers.get(name).map(|held| held.begun.clone()).unwrap_or_default()
    }

    /// How many shells are open in the container.
    pub fn shells(&self, name: &str) -> usize {
        self.world().containers.get(name).map_or(0, |container| container.shells.open())
    }

    /// How much the shells of the container have written so far, in bytes.
    pub fn written_by_shells(&self, name: &str) -> u64 {
        self.world().containers.get(name).map_or(0, |container| container.shells.written())
    }

    /// What the container uses while it runs.
    pub fn set_usage(&self, name: &str, usage: UsageSample) {
        if let Some(container) = self.world().containers.get_mut(name) {
            container.usage = usage;
        }
    }

    /// Somebody makes a network with the engine's own tools.
    pub fn add_network(&self, name: &str) {
        let spec = NetworkSpec {
            name: name.to_owned(),
            installation: String::new(),
            subnet: String::new(),
            internal: false,
        };
        self.world().networks.insert(name.to_owned(), spec);
    }

    /// Somebody removes a network with the engine's own tools.
    pub fn take_network(&self, name: &str) {
        self.world().networks.remove(name);
    }

    /// What is known of a network.
    pub fn network(&self, name: &str) -> Option<NetworkSpec> {
        self.world().networks.get(name).cloned()
    }

    /// Networks that the container was put on beside its first, by name.
    pub fn joined(&self, name: &str) -> Vec<String> {
        let world = self.world();
        world.containers.get(name).map_or_else(Vec::new, |c| c.joined.iter().cloned().collect())
    }

    /// Directories of the container that were given an owner.
    pub fn owners(&self, name: &str) -> Vec<(String, Owner)> {
        let world = self.world();
        let owners = world.containers.get(name).map(|c| c.owners.clone()).unwrap_or_default();
        owners.into_iter().collect()
    }

    /// Somebody installs a driver for graphics processors, or takes it away.
    pub fn set_gpu_driver(&self, driver: Option<&str>) {
        self.world().gpu_driver = driver.map(str::to_owned);
    }

    /// What the container of this name was made from.
    pub fn spec(&self, name: &str) -> Option<ContainerSpec> {
        self.world().containers.get(name).map(|container| container.spec.clone())
    }
}
