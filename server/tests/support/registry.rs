//! Debian's registry, started for a story, that asks nobody who they are.

use super::{http::get, within};
use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

pub struct Registry {
    process: Child,
    address: SocketAddr,
    /// As the beginning of an image's name.
    pub host: String,
    _folder: tempfile::TempDir,
}

impl Registry {
    /// The registry at `SLIPWAY_TEST_REGISTRY`, or `None` if the tests are run without one.
    pub async fn start() -> Option<Self> {
        let Ok(program) = std::env::var("SLIPWAY_TEST_REGISTRY") else {
            println!("skipped: SLIPWAY_TEST_REGISTRY does not name the program of a registry");
            return None;
        };
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{address}'}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}}}\n",
            folder.path().join("data").display()
        );
        std::fs::write(&config, text).unwrap();
        let process = Command::new(program)
            .args(["serve".as_ref(), config.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let host = format!("localhost:{}", address.port());
        let registry = Self { process, address, host, _folder: folder };
        within(Duration::from_secs(10), "the registry answers", async || {
            get("/v2/").try_open(address).await.ok()
        })
        .await;
        Some(registry)
    }

    /// What a tag means there.
    pub async fn digest(&self, repository: &str, tag: u64) -> String {
        let answer = get(&format!("/v2/{repository}/manifests/{tag}"))
            .with("accept", "application/vnd.docker.distribution.manifest.v2+json")
            .at(self.address)
            .await;
        answer.header("docker-content-digest").to_owned()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
