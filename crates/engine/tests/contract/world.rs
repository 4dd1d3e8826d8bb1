//! The world a behaviour is tested in: an engine, an image, an installation nobody else uses.

use domain::confinement::Options;
use domain::inside::{ChangeKind, PathKind, PathStat};
use domain::plan::ContainerState;
use domain::{ErrorKind, Result};
use engine::docker::Docker;
use engine::memory::MemoryEngine;
use engine::{Container, ContainerSpec, Engine, EngineEvent, LogSpec, NetworkSpec};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Long enough for a loaded machine; only ever waited for when something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    pub engine: Arc<dyn Engine>,
    pub image: String,
    pub installation: String,
    /// Address of the real engine, to be cleaned up.
    real: Option<String>,
    /// The engine in memory, whose containers are played by the test.
    memory: Option<MemoryEngine>,
}

/// All of a log.
pub fn whole_log() -> LogSpec {
    LogSpec { since: None, until: None, tail: None, follow: false, longest: 2_000 }
}

impl World {
    pub fn memory() -> Self {
        let memory = MemoryEngine::new();
        memory.add_image("debian:bookworm-slim", "sha256:0de");
        let engine = Arc::new(memory.clone());
        let mut world = Self::new(engine, "debian:bookworm-slim".to_owned(), None);
        world.memory = Some(memory);
        world
    }

    /// The real engine, or `None` if the tests are run without one.
    pub fn real() -> Option<Self> {
        let Ok(address) = std::env::var("SLIPWAY_TEST_ENGINE") else {
            println!("skipped: SLIPWAY_TEST_ENGINE does not name an engine");
            return None;
        };
        let docker = Docker::connect(Some(&address)).unwrap();
        let image = std::env::var("SLIPWAY_TEST_IMAGE")
            .unwrap_or_else(|_| "debian:bookworm-slim".to_owned());
        Some(Self::new(Arc::new(docker), image, Some(address)))
    }

    fn new(engine: Arc<dyn Engine>, image: String, real: Option<String>) -> Self {
        let installation = format!("contract-{}-{}", run(), next());
        Self { engine, image, installation, real, memory: None }
    }

    pub const fn is_real(&self) -> bool {
        self.real.is_some()
    }

    /// What a container named `name` would be made from; its network is not made yet.
    pub fn spec(&self, name: &str) -> ContainerSpec {
        ContainerSpec {
            name: format!("{}-{name}", self.installation),
            installation: self.installation.clone(),
            session: format!("session-of-{name}"),
            generation: 7,
            image: self.image.clone(),
            hostname: "desk".to_owned(),
            environment: vec![("GREETING".to_owned(), "hello=world".to_owned())],
            command: vec!["sleep".to_owned(), "600".to_owned()],
            network: format!("{}-net", self.installation),
            cpu_millis: 500,
            memory_bytes: 64 << 20,
            shm_bytes: 8 << 20,
            pids: 64,
            init: true,
            capabilities: vec!["CHOWN".to_owned()],
            volumes: Vec::new(),
            directories: Vec::new(),
            options: Options::default(),
            gpus: None,
        }
    }

    /// Makes a network with a subnet that is free; one without a way out if its name says so.
    pub async fn network(&self, name: &str) -> NetworkSpec {
        for _ in 0..64 {
            let spec = NetworkSpec {
                name: format!("{}-{name}", self.installation),
                installation: self.installation.clone(),
                subnet: subnet(),
                internal: name.starts_with("internal"),
            };
            match self.engine.create_network(&spec).await {
                Ok(()) => return spec,
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("no free subnet");
    }

    /// A container that was made and not started.
    pub async fn made(&self, name: &str) -> ContainerSpec {
        let spec = ContainerSpec { network: self.network("net").await.name, ..self.spec(name) };
        self.engine.create_container(&spec).await.unwrap();
        spec
    }

    pub async fn running(&self, name: &str) -> ContainerSpec {
        let spec = self.made(name).await;
        self.engine.start(&spec.name).await.unwrap();
        spec
    }

    /// A container that runs a shell script; `play` does in memory what the script would.
    async fn acting<F: Future<Output = ()> + Send + 'static>(
        &self,
        script: &str,
        play: impl FnOnce(MemoryEngine, String) -> F,
    ) -> ContainerSpec {
        let spec = ContainerSpec {
            network: self.network("net").await.name,
            command: vec!["sh".into(), "-c".into(), script.into()],
            ..self.spec("acting")
        };
        self.engine.create_container(&spec).await.unwrap();
        self.engine.start(&spec.name).await.unwrap();
        if let Some(memory) = self.memory.clone() {
            tokio::spawn(play(memory, spec.name.clone()));
        }
        spec
    }

    /// A container that writes `first` to its output and `second` to its error stream, writes
    /// `third` a little later, and ends.
    pub async fn telling(&self) -> ContainerSpec {
        let script = "echo first; sleep 0.3; echo second >&2; sleep 1; echo third";
        self.acting(script, async |memory, name| {
            memory.write_log(&name, false, "first");
            memory.write_log(&name, true, "second");
            tokio::time::sleep(Duration::from_millis(100)).await;
            memory.write_log(&name, false, "third");
            memory.exit(&name, 0, false);
        })
        .await
    }

    /// A container that has made a folder `/tmp/made` with a file of five bytes and a link in it.
    pub async fn changing(&self) -> ContainerSpec {
        let script = "mkdir /tmp/made && printf hello > '/tmp/made/a file' && \
                      ln -s /nowhere /tmp/made/link && exec sleep 600";
        self.acting(script, async |memory, name| {
            let stat =
                |kind, size, target: &str| Some(PathStat { kind, size, target: target.to_owned() });
            let directory = || stat(PathKind::Directory, 4_096, "");
            memory.change_file(&name, ChangeKind::Changed, "/tmp", directory());
            memory.change_file(&name, ChangeKind::Added, "/tmp/made", directory());
            let file = stat(PathKind::File, 5, "");
            memory.change_file(&name, ChangeKind::Added, "/tmp/made/a file", file);
            let link = stat(PathKind::Link, 8, "/nowhere");
            memory.change_file(&name, ChangeKind::Added, "/tmp/made/link", link);
        })
        .await
    }

    pub async fn container(&self, spec: &ContainerSpec) -> Option<Container> {
        self.engine.container(&spec.name).await.unwrap()
    }

    pub async fn state(&self, spec: &ContainerSpec) -> Option<ContainerState> {
        self.container(spec).await.map(|container| container.state())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let Some(address) = self.real.clone() else { return };
        let installation = self.installation.clone();
        // A thread of its own, since the test's runtime may be unwinding.
        let cleaning = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(clean(&address, &installation)).unwrap();
        });
        if cleaning.join().is_err() {
            println!("not everything labelled {} could be removed", self.installation);
        }
    }
}

async fn clean(address: &str, installation: &str) -> Result<()> {
    let engine = Docker::connect(Some(address))?;
    for container in engine.containers(installation).await? {
        engine.remove_container(&container.name).await?;
    }
    for network in engine.networks(installation).await? {
        engine.remove_network(&network.name).await?;
    }
    Ok(())
}

/// Tells this run of the tests from others on the same machine.
fn run() -> u32 {
    std::process::id()
}

pub fn next() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// Another small subnet at each call, from a range that runs at the same time rarely share.
pub fn subnet() -> String {
    let number = run().wrapping_mul(97).wrapping_add(next()) % (1 << 12);
    format!("10.213.{}.{}/28", number >> 4, (number & 15) << 4)
}

/// The actions told of a session, up to and including `last`.
pub async fn actions_until(
    events: &mut BoxStream<'static, Result<EngineEvent>>,
    session: &str,
    last: &str,
) -> Vec<String> {
    let mut actions = Vec::new();
    let collect = async {
        while let Some(event) = events.next().await {
            match event.unwrap() {
                EngineEvent::Container { session: of, action } if of == session => {
                    let end = action == last;
                    actions.push(action);
                    if end {
                        return;
                    }
                }
                _ => {}
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, collect).await.is_ok();
    assert!(in_time, "no `{last}` of {session}, only {actions:?}");
    actions
}

/// Waits until `check` holds.
pub async fn eventually<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let wait = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "never: {what}");
}
