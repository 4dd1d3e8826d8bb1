//! A real registry of our own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::lab::Lab;
use super::server::{folder, free_ports};
use crate::command;

const PATIENCE: Duration = Duration::from_secs(120);

/// A registry that asks nobody who they are and has nothing.
pub struct Registry {
    process: Child,
    pub host: String,
    folder: PathBuf,
}

impl Registry {
    pub fn program(lab: &Lab) -> Result<PathBuf> {
        lab.tool("docker-registry", "docker-registry", "measuring pushes and pulls")
    }

    pub fn start(program: &Path) -> Result<Self> {
        let host = format!("localhost:{}", free_ports(1)?);
        let folder = folder("registry")?;
        let config = folder.join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{}'}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}}}\n",
            host.replace("localhost", "127.0.0.1"),
            folder.join("data").display()
        );
        fs::write(&config, text)?;
        let mut command = Command::new(program);
        command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().with_context(|| command::shown(&command))?;
        let registry = Self { process, host, folder };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(&registry.host).is_err() {
            if Instant::now() > until {
                bail!("The registry does not answer at {}.", registry.host);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
