//! The program that builds: `docker` or `podman`, pointed at the engine the server will use.
//!
//! Several may be installed, and not each speaks to each engine (a client can be too new for a
//! distribution's engine); so the first one that gets an answer is taken.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};

use crate::engine::Engine;
use crate::paths::Paths;
use crate::{command, machine};

pub struct Client {
    program: PathBuf,
    engine: Engine,
    podman: bool,
    buildkit: bool,
    shielded: bool,
    /// The process of the build in progress; 0 for none.
    building: AtomicU32,
}

impl Client {
    pub fn find(engine: &Engine) -> Result<Self> {
        let names = if engine.is_podman() { ["podman", "docker"] } else { ["docker", "podman"] };
        for name in names {
            for program in command::all_on_path(name) {
                let mut client = Self {
                    program,
                    engine: engine.clone(),
                    podman: name == "podman",
                    buildkit: false,
                    shielded: false,
                    building: AtomicU32::new(0),
                };
                if command::succeeds(client.command().arg("version")) {
                    client.buildkit = !client.podman
                        && command::succeeds(client.command().args(["buildx", "version"]));
                    return Ok(client);
                }
            }
        }
        let package = if machine::offers("docker-cli") { "docker-cli" } else { "docker.io" };
        bail!(
            "No docker or podman command here can talk to the engine at {}, so no image can be \
             built. Install one: `apt-get install --no-install-recommends {package}`, then run \
             this again.",
            engine.url
        )
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if self.podman {
            command.args(["--url", &self.engine.url]);
        } else {
            // A context chosen in the user's settings would name another engine.
            command.env("DOCKER_HOST", &self.engine.url).env_remove("DOCKER_CONTEXT");
            command.env("DOCKER_BUILDKIT", if self.buildkit { "1" } else { "0" });
            command.env("BUILDKIT_PROGRESS", "plain");
        }
        command
    }

    /// For scripts: the program as their `DOCKER`, and where it finds the engine.
    pub fn lend_to(&self, script: &mut Command) {
        script
            .env("DOCKER", &self.program)
            .env("DOCKER_HOST", &self.engine.url)
            .env("CONTAINER_HOST", &self.engine.url)
            .env_remove("DOCKER_CONTEXT");
    }

    pub fn has(&self, image: &str) -> bool {
        command::succeeds(self.command().args(["image", "inspect", image]))
    }

    /// A label of an image, if the image exists and has it.
    pub fn label(&self, image: &str, label: &str) -> Option<String> {
        let format = format!("{{{{index .Config.Labels \"{label}\"}}}}");
        command::output(self.command().args(["image", "inspect", "--format", &format, image]))
            .ok()
            .filter(|value| !value.is_empty() && value != "<no value>")
    }

    /// The same client, whose builds Ctrl-C does not reach: who calls `stop` in its place can tell
    /// a build that was ended from one that failed.
    pub fn shielded(mut self) -> Self {
        self.shielded = true;
        self
    }

    /// Runs a build, following its output.
    pub fn run(
        &self,
        paths: &Paths,
        log: &str,
        build: &mut Command,
        see: impl FnMut(&str),
    ) -> Result<()> {
        if self.shielded {
            build.process_group(0);
        }
        let started = |process: u32| self.building.store(process, Ordering::SeqCst);
        let outcome = command::watched(paths, log, build, started, see);
        self.building.store(0, Ordering::SeqCst);
        outcome
    }

    /// Ends the build in progress, if there is one.
    pub fn stop(&self) {
        let process = self.building.swap(0, Ordering::SeqCst);
        if process != 0 {
            command::signal(process, "TERM");
        }
    }
}
