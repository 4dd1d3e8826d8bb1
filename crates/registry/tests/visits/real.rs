//! Debian's registry, started for the story.

use crate::{failed, says, visit};
use domain::registry::{Fault, TestStep};
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The password `orbit-lantern`, as registries keep it.
const ADA: &str = "ada:$2a$05$F3Rti7ftM6a9U8VJglyXKu8gzgChSLzUXo702C7QMQXi0rypk/SG2\n";

struct Registry {
    process: Child,
    host: String,
    folder: tempfile::TempDir,
}

impl Registry {
    /// The registry at `SLIPWAY_TEST_REGISTRY`, or `None` if the tests are run without one.
    async fn start() -> Option<Self> {
        let Ok(program) = std::env::var("SLIPWAY_TEST_REGISTRY") else {
            println!("skipped: SLIPWAY_TEST_REGISTRY does not name the program of a registry");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let (users, config) = (folder.path().join("users"), folder.path().join("config.yml"));
        std::fs::write(&users, ADA).unwrap();
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}}}\n\
             auth: {{htpasswd: {{realm: slipway, path: '{}'}}}}\n",
            folder.path().join("data").display(),
            users.display()
        );
        std::fs::write(&config, text).unwrap();
        let process = Command::new(program)
            .args(["serve".as_ref(), config.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Self { process, host: format!("localhost:{port}"), folder };
        let answers = async {
            while tokio::net::TcpStream::connect(&registry.host).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), answers).await.unwrap();
        Some(registry)
    }

    /// Uploads that are under way. (It keeps an empty checksum of each cancelled one for a week.)
    fn uploads(&self) -> usize {
        fn count(folder: &Path) -> usize {
            let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
            let of = |path: &Path| match path.is_dir() {
                true => count(path),
                false => usize::from(path.ends_with("startedat")),
            };
            entries.map(|entry| of(&entry.unwrap().path())).sum()
        }
        count(&self.folder.path().join("data"))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_real_registry_is_understood_and_left_as_it_was() {
    let Some(registry) = Registry::start().await else { return };
    let url = format!("http://{}", registry.host);
    let report = visit(&url, "ada", "orbit-lantern", "team/app").await;
    assert!(report.is_good(), "{report:?}");
    says(&report, TestStep::Push, "was cancelled");
    assert_eq!(registry.uploads(), 0);
    let wrong = visit(&url, "ada", "guess", "team/app").await;
    assert_eq!(failed(&wrong, TestStep::SignIn), Fault::Credentials);
    let nobody = visit(&url, "", "", "team/app").await;
    assert_eq!(failed(&nobody, TestStep::SignIn), Fault::Credentials);
}
