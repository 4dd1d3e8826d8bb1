//! A registry that says what a story wants, and a world that has an image there.

use super::World;
use domain::{
    Timestamp, WorkspaceId,
    actor::Actor,
    library::{ImageDetail, ImageState},
    policy::PolicyForm,
    registry::RegistryForm,
    workspace::WorkspaceForm,
};
use services::clock::{Clock, ManualClock};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

pub const HOUR_S: i64 = 3600;

/// A digest that is told from others by its number.
pub fn digest(number: u32) -> String {
    format!("sha256:{number:064x}")
}

/// A registry on this machine that everybody may pull from.
pub struct Registry {
    pub host: String,
    /// What it says of every tag.
    says: Arc<Mutex<String>>,
    /// The first line of each question, and when it came.
    asked: Arc<Mutex<Vec<(String, Timestamp)>>>,
    _background: JoinSet<()>,
}

impl Registry {
    pub async fn start(clock: Arc<ManualClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let says = Arc::new(Mutex::new("404 Nothing".to_owned()));
        let asked: Arc<Mutex<Vec<(String, Timestamp)>>> = Arc::default();
        let (answer, noted) = (says.clone(), asked.clone());
        let mut background = JoinSet::new();
        background.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let read = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let first = head.lines().next().unwrap_or_default().to_owned();
                let answer = match first.starts_with("HEAD") {
                    true => answer.lock().unwrap().clone(),
                    false => "200 OK".to_owned(),
                };
                noted.lock().unwrap().push((first, clock.now()));
                let answer =
                    format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { host, says, asked, _background: background }
    }

    pub fn has(&self, digest: &str) {
        self.says(&format!("200 OK\r\nDocker-Content-Digest: {digest}"));
    }

    pub fn says(&self, answer: &str) {
        answer.clone_into(&mut self.says.lock().unwrap());
    }

    /// How often it was asked what a name means.
    pub fn heads(&self) -> usize {
        self.asked.lock().unwrap().iter().filter(|(line, _)| line.starts_with("HEAD")).count()
    }

    /// When it was asked what each name means.
    pub fn heads_by_name(&self) -> HashMap<String, Vec<Timestamp>> {
        let mut all: HashMap<String, Vec<Timestamp>> = HashMap::new();
        for (line, at) in self.asked.lock().unwrap().iter() {
            if line.starts_with("HEAD") {
                all.entry(line.clone()).or_default().push(*at);
            }
        }
        all
    }
}

/// A world with a registry, and an image there.
pub struct Scene {
    pub world: World,
    pub admin: Actor,
    pub registry: Registry,
    /// `localhost:…/team/app:latest`.
    pub image: String,
}

impl Scene {
    pub async fn new() -> Self {
        let world = World::new().await;
        let registry = Registry::start(world.clock.clone()).await;
        let admin = world.admin().await;
        let image = format!("{}/team/app:latest", registry.host);
        Self { world, admin, registry, image }
    }

    pub async fn store_registry(&self) {
        let form = RegistryForm {
            name: "Ours".into(),
            url: format!("http://{}", self.registry.host),
            insecure: "on".into(),
            ..RegistryForm::default()
        };
        self.world.services.registries.create(&self.admin, &form, "").await.unwrap();
        self.look().await;
    }

    pub async fn workspace(&self) -> WorkspaceId {
        let form = WorkspaceForm { image: self.image.clone(), ..self.world.form() };
        self.world.services.workspaces.create(&self.admin, &form).await.unwrap()
    }

    /// The engine has the image, as it came from the registry.
    pub fn present(&self, id: &str, digest: &str) {
        self.world.engine.add_image(&self.image, id);
        let repository = self.image.strip_suffix(":latest").unwrap();
        self.world.engine.set_digest(&self.image, &format!("{repository}@{digest}"));
    }

    /// Gives a reason to compare.
    pub async fn look(&self) {
        let policies = &self.world.services.policies;
        let form = PolicyForm::from(&policies.get(&self.admin).await.unwrap());
        policies.change(&self.admin, &form).await.unwrap();
    }

    pub async fn detail(&self) -> ImageDetail {
        self.world.services.library.detail(&self.admin, &self.image).await.unwrap()
    }

    pub async fn comes_to(&self, state: ImageState) {
        let mut last = None;
        let what = format!("the image is {}", state.as_str());
        let holds = async || {
            last = Some(self.detail().await.row);
            last.as_ref().is_some_and(|row| row.state == state)
        };
        self.world.until(&what, holds).await;
    }

    /// Looks again until the registry has been asked so often.
    pub async fn asked(&self, times: usize) {
        let holds = async || {
            self.look().await;
            self.registry.heads() >= times
        };
        self.world.until(&format!("the registry was asked {times} times"), holds).await;
        assert_eq!(self.registry.heads(), times);
    }
}
