//! A small world for stories: real SQLite, an engine in memory, a clock that the story moves, and a
//! web server that stands for every container.

#![allow(dead_code, reason = "each story uses a part of the world")]
#![allow(clippy::unwrap_used, reason = "a story that cannot be set up has failed")]

pub mod device;
pub mod registry;

use domain::{
    SessionId, Timestamp, WorkspaceId,
    actor::{Actor, Grants, Role},
    contract::Contract,
    session::{Action, SessionDetail, State},
    workspace::WorkspaceForm,
};
use engine::memory::MemoryEngine;
use services::{
    Services, Settings, StreamMode,
    access::{SignInRecord, sign_in_id},
    clock::{Clock, ManualClock},
};
use std::{sync::Arc, time::Duration};
use store::Store;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

pub const IMAGE: &str = "example/desktop:1";
pub const PASSWORD: &str = "orbit-lantern-cactus";

pub struct World {
    pub services: Services,
    pub engine: MemoryEngine,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    pub port: u16,
    pub folder: Arc<tempfile::TempDir>,
    settings: Settings,
    background: JoinSet<()>,
}

/// A web server that answers every request with 200.
async fn container() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Settings)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut settings = Settings {
            data_dir: folder.path().to_owned(),
            streams: StreamMode::ByPort { ports: 9001..=9008, public_first: 9001 },
            session_networks: [10, 231, 0, 0].into(),
            ready_networks: 2,
            sessions_per_user: 3,
            allowed: domain::confinement::Allowed::default(),
            catalog_private: false,
            // Homes of stories are of whoever runs them.
            empties_homes: true,
        };
        adjust(&mut settings);
        let engine = MemoryEngine::new();
        engine.add_image(
            IMAGE,
            "sha256:1111111111111111111111111111111111111111111111111111111111111111",
        );
        let clock = Arc::new(ManualClock::at(Timestamp(1_800_000_000_000)));
        Self::assemble(folder, engine, clock, settings, container().await).await
    }

    async fn assemble(
        folder: Arc<tempfile::TempDir>,
        engine: MemoryEngine,
        clock: Arc<ManualClock>,
        settings: Settings,
        port: u16,
    ) -> Self {
        let store = Store::open(&folder.path().join("slipway.db")).await.unwrap();
        let services =
            Services::new(store.clone(), Arc::new(engine.clone()), clock.clone(), settings.clone())
                .await
                .unwrap();
        let background = services.start();
        let world = Self { services, engine, clock, store, port, folder, settings, background };
        world.until("the engine was read", async || world.services.ready().await.is_ok()).await;
        world
    }

    /// Another Slipway process on the same data, after this one died.
    pub async fn restarted(self) -> Self {
        self.restarted_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn restarted_with(mut self, adjust: impl FnOnce(&mut Settings)) -> Self {
        self.background.abort_all();
        while self.background.join_next().await.is_some() {}
        let Self { engine, clock, folder, mut settings, port, .. } = self;
        adjust(&mut settings);
        Self::assemble(folder, engine, clock, settings, port).await
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits for a condition; the bound only ends a story that went wrong.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let waiting = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let met = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        assert!(met.is_ok(), "never happened: {what}");
    }

    /// A signed-in person.
    pub async fn person(&self, name: &str, role: Role) -> Actor {
        let id = self.services.users.add(name, PASSWORD.to_owned(), PASSWORD, role).await.unwrap();
        let sign_in = sign_in_id(&format!("cookie of {name}")).unwrap();
        let record = SignInRecord {
            user: Some(id.to_string()),
            data: "{}".into(),
            ..SignInRecord::default()
        };
        self.services.access.create_sign_in(sign_in.clone(), record).await.unwrap();
        Actor { user: id, name: name.to_owned(), role, sign_in, grants: Grants::default() }
    }

    pub async fn admin(&self) -> Actor {
        self.person("admin", Role::Administrator).await
    }

    pub async fn user(&self) -> Actor {
        self.person("ada", Role::User).await
    }

    pub fn form(&self) -> WorkspaceForm {
        WorkspaceForm {
            name: "Desktop".into(),
            image: IMAGE.into(),
            port: self.port.to_string(),
            ready_timeout: "2".into(),
            groups: vec!["everybody".into()],
            ..WorkspaceForm::default()
        }
    }

    /// An enabled workspace whose image is present.
    pub async fn workspace(&self, admin: &Actor) -> WorkspaceId {
        self.services.workspaces.create(admin, &self.form()).await.unwrap()
    }

    pub async fn detail(&self, actor: &Actor, id: &SessionId) -> SessionDetail {
        self.services.sessions.detail(actor, id).await.unwrap()
    }

    pub async fn state(&self, actor: &Actor, id: &SessionId) -> State {
        self.detail(actor, id).await.session.state()
    }

    pub async fn reaches(&self, actor: &Actor, id: &SessionId, state: State) {
        let mut last = State::Starting;
        let waiting = async {
            loop {
                last = self.state(actor, id).await;
                if last == state {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let met = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        assert!(met.is_ok(), "never became {state:?}, is {last:?}");
    }

    /// A session that runs.
    pub async fn running(&self, actor: &Actor, workspace: &WorkspaceId) -> SessionId {
        let id = self.services.sessions.launch(actor, workspace).await.unwrap();
        self.reaches(actor, &id, State::Running).await;
        id
    }

    pub async fn act(&self, actor: &Actor, id: &SessionId, action: Action) {
        self.services.sessions.act(actor, id, action).await.unwrap();
    }

    /// Name of the only container on the engine.
    pub async fn container_name(&self) -> String {
        let installation = self.store.meta("installation").await.unwrap().unwrap();
        let all = engine::Engine::containers(&self.engine, &installation).await.unwrap();
        assert_eq!(all.len(), 1);
        all[0].name.clone()
    }

    pub async fn containers(&self) -> usize {
        let installation = self.store.meta("installation").await.unwrap().unwrap();
        engine::Engine::containers(&self.engine, &installation).await.unwrap().len()
    }

    /// What the contract of a form comes to.
    pub fn contract(&self) -> Contract {
        self.form().check().unwrap().contract
    }
}
