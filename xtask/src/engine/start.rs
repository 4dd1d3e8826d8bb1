//! Starting Docker on this machine, and installing it first where that is allowed.
//!
//! Never twice: one xtask at a time holds a lock, what answers meanwhile is taken, and a dockerd
//! that runs but does not answer yet is waited for. Under systemd the distribution's own service is
//! started; without it, dockerd by itself with a data root of its own, in a session of its own so
//! that it outlives this command.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::advice::{self, Machine};
use super::{Answer, knock};
use crate::http::Address;
use crate::paths::Paths;
use crate::{command, lock, machine, progress};

const PATIENCE: Duration = Duration::from_secs(60);

/// Where a dockerd keeps its things.
pub struct Daemon {
    pub socket: PathBuf,
    pub data_root: PathBuf,
    pub pid_file: PathBuf,
    pub exec_root: PathBuf,
    pub log: PathBuf,
}

impl Default for Daemon {
    fn default() -> Self {
        Self {
            socket: "/var/run/docker.sock".into(),
            data_root: "/var/lib/slipway/engine".into(),
            pid_file: "/var/run/docker.pid".into(),
            exec_root: "/var/run/docker".into(),
            log: "/var/log/slipway-dockerd.log".into(),
        }
    }
}

pub fn start(paths: &Paths, daemon: &Daemon) -> Result<()> {
    let docker = command::on_path("dockerd");
    let machine = Machine {
        root: machine::is_root(),
        debian: machine::can_install(),
        systemd: machine::has_systemd(),
        docker: docker.is_some(),
        podman: command::on_path("podman").is_some(),
    };
    if let Some(advice) = advice::cannot_start(machine) {
        bail!(advice);
    }
    let _lock = lock::take(Path::new("/run/slipway-engine.lock"), "starting the engine")?;
    if daemon.answers() {
        return Ok(());
    }
    let program = match docker {
        Some(program) => program,
        None => install(paths)?,
    };
    if daemon.runs()? {
        return progress::step("Waiting for the Docker engine that was just started", None, || {
            daemon.wait(None)
        });
    }
    if machine.systemd {
        return progress::step("Starting the Docker service", None, || {
            command::quiet(paths, "engine", Command::new("systemctl").args(["start", "docker"]))?;
            daemon.wait(None)
        });
    }
    let title =
        format!("Starting the Docker engine with its data in {}", daemon.data_root.display());
    progress::step(&title, None, || {
        let mut child = daemon.launch(&program)?;
        daemon.wait(Some(&mut child))
    })
}

fn install(paths: &Paths) -> Result<PathBuf> {
    progress::say("No container engine answers, so the distribution's is installed.");
    let mut packages = vec!["docker.io", "iptables"];
    // Newer releases keep the client in a package of its own, and it is only recommended.
    if machine::offers("docker-cli") {
        packages.push("docker-cli");
    }
    machine::install(paths, &packages, "running workspaces")?;
    command::on_path("dockerd").context(
        "The package docker.io was installed but holds no dockerd. Install Docker by hand \
         (https://docs.docker.com/engine/install), then run this again.",
    )
}

impl Daemon {
    fn answers(&self) -> bool {
        knock(&Address::Unix(self.socket.clone())) == Answer::Yes
    }

    /// Whether its process is alive, cleaning up after one that is not.
    fn runs(&self) -> Result<bool> {
        // Its helper's file misleads a new dockerd in the same way.
        drop_stale(&self.exec_root.join("containerd/containerd.pid"), "containerd")?;
        drop_stale(&self.pid_file, "dockerd")
    }

    fn launch(&self, program: &Path) -> Result<Child> {
        fs::create_dir_all(&self.data_root)
            .with_context(|| format!("{} cannot be made.", self.data_root.display()))?;
        // Only this start's lines: what a message repeats must not be about an earlier one.
        let _ = fs::rename(&self.log, self.log.with_extension("log.1"));
        let log = File::create(&self.log).with_context(|| {
            format!("The engine's log {} cannot be written.", self.log.display())
        })?;
        // A session of its own: neither Ctrl-C nor the end of this terminal is meant for it.
        Command::new("setsid")
            .arg(program)
            .arg("--data-root")
            .arg(&self.data_root)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context(
                "`setsid dockerd` could not be started. Install it: `apt-get install util-linux`.",
            )
    }

    fn wait(&self, mut child: Option<&mut Child>) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.answers() {
                return Ok(());
            }
            if let Some(status) = child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                let tail = command::tail(&self.log);
                bail!(
                    "The Docker engine ended at once ({status}). Its log is {} and ends with:\n{tail}{}",
                    self.log.display(),
                    advice::on_failed_start(&tail)
                );
            }
            thread::sleep(Duration::from_millis(200));
        }
        bail!(
            "The Docker engine was started but does not answer at {} after {} s. Look into its log \
             ({}, or `journalctl -u docker`), then run this again.",
            self.socket.display(),
            PATIENCE.as_secs(),
            self.log.display()
        )
    }
}

/// Whether the process a file names is alive under the name it should have. A file left by a
/// process that is gone is removed: after a reboot its number may belong to anyone, and dockerd
/// would take that for itself and refuse to start.
fn drop_stale(pid_file: &Path, name: &str) -> Result<bool> {
    let Ok(pid) = fs::read_to_string(pid_file) else { return Ok(false) };
    let alive = fs::read_to_string(format!("/proc/{}/comm", pid.trim()))
        .is_ok_and(|comm| comm.trim() == name);
    if !alive {
        fs::remove_file(pid_file)
            .with_context(|| format!("The stale {} cannot be removed.", pid_file.display()))?;
    }
    Ok(alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_file_counts_only_for_a_process_of_that_name() {
        let file = std::env::temp_dir().join(format!("xtask-pid-{}", std::process::id()));
        assert!(!drop_stale(&file, "dockerd").unwrap());

        let own = std::process::id();
        fs::write(&file, own.to_string()).unwrap();
        let comm = fs::read_to_string(format!("/proc/{own}/comm")).unwrap();
        assert!(drop_stale(&file, comm.trim()).unwrap());
        assert!(file.exists());

        assert!(!drop_stale(&file, "dockerd").unwrap());
        assert!(!file.exists());
    }
}
