//! Pushing to a real registry that asks who one is: Debian's, started for the story.

use crate::world::World;
use domain::{ErrorKind, job::LayerState};
use engine::{CommitSpec, ContainerSpec, RegistryLogin, Transfer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The password `orbit-lantern`, as registries keep it.
const ADA: &str = "ada:$2a$05$F3Rti7ftM6a9U8VJglyXKu8gzgChSLzUXo702C7QMQXi0rypk/SG2\n";
const PASSWORD: &str = "orbit-lantern";
/// The same for a password that base64 writes with characters of which there are two alphabets.
const EVE: &str = "eve:$2y$05$F3Rti7ftM6a9U8VJglyXKuwo/RvdHpNgUcLG8A4Nz9hSH0jisyAIa\n";
const ODD_PASSWORD: &str = "a~b?c>dé~~?>";

struct Registry {
    process: Child,
    host: String,
    folder: tempfile::TempDir,
}

/// What of an image is damaged.
#[derive(Debug, Clone, Copy)]
enum Part {
    Layers,
    Manifest,
}

impl Registry {
    /// The registry at `SLIPWAY_TEST_REGISTRY`, or `None` if the tests are run without one.
    fn start() -> Option<Self> {
        Self::at("127.0.0.1", "localhost", |_| String::new())
    }

    /// Listens at an address, under a name, with more in the `http` part of its configuration.
    fn at(address: &str, name: &str, more: impl FnOnce(&Path) -> String) -> Option<Self> {
        let Ok(program) = std::env::var("SLIPWAY_TEST_REGISTRY") else {
            println!("skipped: SLIPWAY_TEST_REGISTRY does not name the program of a registry");
            return None;
        };
        let port = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let (users, config) = (folder.path().join("users"), folder.path().join("config.yml"));
        std::fs::write(&users, format!("{ADA}{EVE}")).unwrap();
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{address}:{port}'{}}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}}}\n\
             auth: {{htpasswd: {{realm: slipway, path: '{}'}}}}\n",
            more(folder.path()),
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
        Some(Self { process, host: format!("{name}:{port}"), folder })
    }

    /// Takes the name `1` of a repository away, as somebody who cleans up does.
    fn forget(&self, repository: &str) {
        let repositories = self.folder.path().join("data/docker/registry/v2/repositories");
        let tag = repositories.join(repository).join("_manifests/tags/1");
        std::fs::remove_dir_all(tag).unwrap();
    }

    /// Cuts off the end of every layer or manifest that it keeps.
    fn damage(&self, part: Part) {
        let mut folders = vec![self.folder.path().join("data/docker/registry/v2/blobs")];
        let mut cut = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let bytes = std::fs::read(entry.path()).unwrap();
                let is_it = match part {
                    Part::Layers => bytes.starts_with(&[0x1f, 0x8b]),
                    Part::Manifest => bytes.windows(13).any(|at| at == b"schemaVersion"),
                };
                if is_it {
                    std::fs::write(entry.path(), &bytes[..bytes.len() / 2]).unwrap();
                    cut += 1;
                }
            }
        }
        assert!(cut > 0, "the registry keeps no {part:?}");
    }

    fn login(&self, password: &str) -> RegistryLogin {
        RegistryLogin {
            server: self.host.clone(),
            username: "ada".into(),
            password: password.into(),
        }
    }

    /// Makes an image of a container that is named for this registry, and returns its name.
    async fn image_of(&self, world: &World, container: &str, repository: &str) -> String {
        let repository = format!("{}/{repository}", self.host);
        let image = format!("{repository}:1");
        let commit = CommitSpec {
            container: container.to_owned(),
            repository,
            tag: "1".into(),
            message: String::new(),
            author: String::new(),
            pause: false,
            changes: Vec::new(),
        };
        world.engine.commit(&commit).await.unwrap();
        image
    }

    async fn answers(&self) {
        crate::world::eventually("the registry answers", || async {
            tokio::net::TcpStream::connect(&self.host).await.is_ok()
        })
        .await;
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn an_image_is_pushed_by_who_may_and_refused_with_the_reason() {
    let Some(world) = World::real() else { return };
    let Some(registry) = Registry::start() else { return };
    registry.answers().await;
    let spec = world.running("a").await;
    let host = registry.host.clone();
    let image = registry.image_of(&world, &spec.name, "team/app").await;
    let seen = Mutex::new(Vec::new());
    let told = |progress: Transfer| seen.lock().unwrap().push(progress);
    let (guess, right) = (registry.login("guess"), registry.login(PASSWORD));
    let nobody = world.engine.push(&image, None, &told).await.unwrap_err();
    assert_eq!(nobody.kind, ErrorKind::Forbidden, "{nobody:?}");
    let wrong = world.engine.push(&image, Some(&guess), &told).await.unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::Forbidden, "{wrong:?}");
    let pushing = world.engine.push(&image, Some(&right), &told);
    let digest = tokio::time::timeout(Duration::from_secs(120), pushing).await.unwrap().unwrap();
    assert!(digest.starts_with("sha256:"), "{digest}");
    let last = seen.lock().unwrap().last().cloned().unwrap();
    assert!(last.layers > 0 && last.there == last.layers, "{last:?}");
    assert!(last.parts.iter().all(|part| part.state == LayerState::There), "{last:?}");
    assert!(last.total_bytes > 0 && last.sent_bytes == last.total_bytes, "{last:?}");
    // The engine then knows the image by what the registry calls it.
    let found = world.engine.image(&image).await.unwrap().unwrap();
    assert!(found.digests.iter().any(|known| known.ends_with(&digest)), "{found:?}");
    // A second push finds everything there.
    assert_eq!(world.engine.push(&image, Some(&right), &told).await.unwrap(), digest);
    let odd = RegistryLogin { username: "eve".into(), ..registry.login(ODD_PASSWORD) };
    assert_eq!(world.engine.push(&image, Some(&odd), &told).await.unwrap(), digest);

    // And back again, for whom the registry knows.
    world.engine.remove_image(&image).await.unwrap();
    assert_eq!(world.engine.image(&image).await.unwrap(), None);
    let nobody = world.engine.pull(&image, None, &told).await.unwrap_err();
    assert_eq!(nobody.kind, ErrorKind::Forbidden, "{nobody:?}");
    seen.lock().unwrap().clear();
    world.engine.pull(&image, Some(&right), &told).await.unwrap();
    assert!(world.engine.image(&image).await.unwrap().is_some());
    let last = seen.lock().unwrap().last().cloned().unwrap();
    assert_eq!((last.there, last.sent_bytes), (last.layers, last.total_bytes), "{last:?}");
    let missing = format!("{host}/team/app:none");
    let missing = world.engine.pull(&missing, Some(&right), &told).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound, "{missing:?}");

    drop(registry);
    let gone = world.engine.push(&image, Some(&right), &told).await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::Unavailable, "{gone:?}");
    world.engine.remove_image(&image).await.unwrap();
}

#[tokio::test]
async fn what_is_damaged_at_the_registry_is_told_as_that() {
    let Some(world) = World::real() else { return };
    let Some(registry) = Registry::start() else { return };
    registry.answers().await;
    let spec = world.changing().await;
    let image = registry.image_of(&world, &spec.name, "team/broken").await;
    let login = registry.login(PASSWORD);
    let told = |_: Transfer| {};
    world.engine.push(&image, Some(&login), &told).await.unwrap();
    world.engine.remove_image(&image).await.unwrap();
    // A manifest that it cannot read is a fault that the registry tells of itself.
    for (part, kind, words) in [
        (Part::Layers, ErrorKind::Conflict, "damaged"),
        (Part::Manifest, ErrorKind::Unavailable, "fault of its own"),
    ] {
        registry.damage(part);
        let pulling = world.engine.pull(&image, Some(&login), &told);
        let damaged = tokio::time::timeout(Duration::from_secs(120), pulling).await.unwrap();
        let damaged = damaged.unwrap_err();
        assert_eq!(damaged.kind, kind, "{part:?}: {damaged:?}");
        assert!(damaged.message.contains(words), "{part:?}: {damaged:?}");
        assert_eq!(world.engine.image(&image).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_tag_that_was_taken_away_is_missed_there_and_stays_here() {
    let Some(world) = World::real() else { return };
    let Some(registry) = Registry::start() else { return };
    registry.answers().await;
    let spec = world.running("a").await;
    let image = registry.image_of(&world, &spec.name, "team/gone").await;
    let login = registry.login(PASSWORD);
    let told = |_: Transfer| {};
    world.engine.push(&image, Some(&login), &told).await.unwrap();
    let before = world.engine.image(&image).await.unwrap().unwrap();
    registry.forget("team/gone");
    let missing = world.engine.pull(&image, Some(&login), &told).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound, "{missing:?}");
    assert_eq!(world.engine.image(&image).await.unwrap().unwrap(), before);
    let again = ContainerSpec { image: image.clone(), ..world.spec("b") };
    world.engine.create_container(&again).await.unwrap();
    world.engine.start(&again.name).await.unwrap();
    world.engine.remove_container(&again.name).await.unwrap();
    world.engine.remove_image(&image).await.unwrap();
}

/// A server at which engines ask for images, and that answers nothing else than `says`; nothing at
/// all if that is empty.
async fn unhelpful(says: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let image = format!("localhost:{}/team/app:1", listener.local_addr().unwrap().port());
    let serving = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if says.is_empty() {
                open.push(stream);
                continue;
            }
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(says.as_bytes()).await;
            });
        }
    });
    (image, serving)
}

#[tokio::test]
async fn a_registry_that_takes_no_more_requests_or_hangs_is_told_as_that() {
    let Some(world) = World::real() else { return };
    let told = |_: Transfer| {};
    for (says, kind, words) in [
        (
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n\
             Content-Length: 61\r\nConnection: close\r\n\r\n\
             {\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}",
            ErrorKind::Exhausted,
            "no more requests",
        ),
        ("", ErrorKind::Unavailable, "cannot reach"),
    ] {
        let (image, serving) = unhelpful(says).await;
        let pulling = world.engine.pull(&image, None, &told);
        let refused = tokio::time::timeout(Duration::from_secs(120), pulling).await.unwrap();
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, kind, "{refused:?}");
        assert!(refused.message.contains(words), "{refused:?}");
        assert!(refused.hint.is_some(), "{refused:?}");
        serving.abort();
    }
}

/// An address of this machine that engines do not take for local, where they would trust anything.
fn own_address() -> Option<Ipv4Addr> {
    let output = Command::new("hostname").arg("-I").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .find(|ip: &Ipv4Addr| !ip.is_loopback())
}

/// Where the engine on this machine looks for the CA of a registry; gone with the story.
struct Trusted(PathBuf);

impl Trusted {
    fn new(host: &str, ca: &str) -> Option<Self> {
        let folder = Path::new("/etc/docker/certs.d").join(host);
        std::fs::create_dir_all(&folder).ok()?;
        std::fs::write(folder.join("ca.crt"), ca).ok()?;
        Some(Self(folder))
    }
}

impl Drop for Trusted {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_registry_with_a_ca_of_its_own_is_pushed_to_once_the_engine_knows_it() {
    let Some(world) = World::real() else { return };
    let Some(address) = own_address() else {
        println!("skipped: this machine has no address but its own loop");
        return;
    };
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let name = address.to_string();
    let secured = |folder: &Path| {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.clone()]).unwrap();
        let certificate = parameters.signed_by(&key, &own).unwrap();
        let (certificate_file, key_file) = (folder.join("tls.crt"), folder.join("tls.key"));
        std::fs::write(&certificate_file, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        format!(
            ", tls: {{certificate: '{}', key: '{}'}}",
            certificate_file.display(),
            key_file.display()
        )
    };
    let Some(registry) = Registry::at(&name, &name, secured) else { return };
    registry.answers().await;
    let spec = world.running("a").await;
    let image = registry.image_of(&world, &spec.name, "team/app").await;
    let login = registry.login(PASSWORD);
    let told = |_: Transfer| {};
    let unknown = world.engine.push(&image, Some(&login), &told).await.unwrap_err();
    let hint = unknown.hint.clone().unwrap_or_default();
    assert!(hint.contains(&format!("/etc/docker/certs.d/{}/ca.crt", registry.host)), "{unknown:?}");
    match Trusted::new(&registry.host, &own.pem()) {
        Some(_trusted) => {
            let pushing = world.engine.push(&image, Some(&login), &told);
            let bounded = tokio::time::timeout(Duration::from_secs(120), pushing).await;
            assert!(bounded.unwrap().unwrap().starts_with("sha256:"));
            world.engine.remove_image(&image).await.unwrap();
            world.engine.pull(&image, Some(&login), &told).await.unwrap();
        }
        None => println!("skipped the second half: /etc/docker is not ours to write"),
    }
    world.engine.remove_image(&image).await.unwrap();
}
