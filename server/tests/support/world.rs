//! A whole Slipway: real SQLite, real listeners, the real router and proxy; only the engine is in
//! memory, the clock is the story's, and one web server stands for every container.

use super::{
    container::Container,
    device::Device,
    http::{Answer, Ask, Tunnel, get, post},
    until, within,
};
use domain::{
    SessionId, Timestamp, WorkspaceId,
    actor::{Actor, Role},
    group::GroupForm,
    session::{Action, State},
    workspace::WorkspaceForm,
};
use engine::memory::MemoryEngine;
use server::{
    assemble,
    config::{Config, Origin, Resolved},
    faces,
    serve::Stopping,
};
use services::{
    Services,
    access::sign_in_id,
    clock::{Clock as _, ManualClock},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};
use store::Store;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

pub const IMAGE: &str = "example/desktop:1";
pub const PASSWORD: &str = "orbit-lantern-cactus";
/// The console's host where sessions have host names.
pub const HOST: &str = "slipway.test";
const SESSIONS: &str = "sessions.slipway.test";

pub struct World {
    pub services: Services,
    pub engine: MemoryEngine,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    pub config: Config,
    /// Where the console listens.
    pub console: SocketAddr,
    /// What a browser names as the console's origin.
    pub origin: String,
    pub container: Container,
    stop: watch::Sender<bool>,
    serving: JoinSet<()>,
    _background: JoinSet<()>,
    _folder: tempfile::TempDir,
}

/// Somebody with a browser.
#[derive(Clone)]
pub struct Person {
    pub actor: Actor,
    /// The sign-in cookie as the browser sends it.
    pub cookie: String,
}

/// A browser's window on a session's own origin, let in or not.
#[derive(Clone)]
pub struct Window {
    pub address: SocketAddr,
    pub host: String,
    pub origin: String,
    /// Path and query by which the window is let in.
    pub open: String,
    /// What the browser sends as cookies.
    pub cookie: String,
}

/// Ports that no other world of this machine is likely to use.
fn ports() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 20).unwrap() * 600;
    let first = 15_000 + own + NEXT.fetch_add(1, Ordering::SeqCst) % 75 * 8;
    format!("{first}-{}", first + 7)
}

impl World {
    /// Sessions have ports.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Sessions have host names.
    pub async fn by_host() -> Self {
        let url = format!("http://{HOST}");
        Self::with(&[("public_url", url.as_str()), ("sessions_domain", SESSIONS)]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::around(Container::start().await, settings).await
    }

    pub async fn around(container: Container, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let console = listener.local_addr().unwrap();
        let mut raw = Resolved::defaults();
        let own = [
            ("data_dir", folder.path().to_str().unwrap().to_owned()),
            ("listen", console.to_string()),
            ("session_ports", ports()),
        ];
        for (name, value) in
            own.iter().map(|(n, v)| (*n, v.as_str())).chain(settings.iter().copied())
        {
            assert!(raw.set(name, value, Origin::Flag), "there is no setting `{name}`");
        }
        let config = Config::check(&raw).unwrap();
        let origin = match &config.public_url {
            Some(url) => format!("{}://{}", url.scheme, url.host),
            None => format!("http://localhost:{}", console.port()),
        };
        let engine = MemoryEngine::new();
        engine.add_image(IMAGE, &format!("sha256:{}", "1".repeat(64)));
        let clock = Arc::new(ManualClock::at(Timestamp(1_800_000_000_000)));
        let store = Store::open(&folder.path().join("slipway.db")).await.unwrap();
        let services = Services::new(
            store.clone(),
            Arc::new(engine.clone()),
            clock.clone(),
            assemble::settings(&config),
        )
        .await
        .unwrap();
        let background = services.start();
        let (stop, stopping) = watch::channel(false);
        let mut serving = JoinSet::new();
        faces::serve(&config, &services, listener, &stopping, &mut serving).unwrap();
        until("the engine was read", async || services.ready().await.is_ok()).await;
        Self {
            services,
            engine,
            clock,
            store,
            config,
            console,
            origin,
            container,
            stop,
            serving,
            _background: background,
            _folder: folder,
        }
    }

    pub fn stopping(&self) -> Stopping {
        self.stop.subscribe()
    }

    /// Tells everything that serves to end, and waits until it did.
    pub async fn stops(&mut self, bound: Duration) {
        let _ = self.stop.send(true);
        let ended = async { while self.serving.join_next().await.is_some() {} };
        assert!(tokio::time::timeout(bound, ended).await.is_ok(), "still serving after {bound:?}");
    }

    /// Asks the console, at the address by which browsers know it.
    pub async fn ask(&self, ask: Ask) -> Answer {
        let host = self.origin.split("://").nth(1).unwrap().to_owned();
        ask.with("host", host).at(self.console).await
    }

    pub async fn sign_in(&self, name: &str) -> Answer {
        self.ask(post("/fn/sign_in").form(&[("name", name), ("password", PASSWORD)])).await
    }

    pub fn cookie_name(&self) -> &'static str {
        if self.config.is_secure() { "__Host-slipway" } else { "slipway" }
    }

    /// Somebody who has just signed in, by the form.
    pub async fn person(&self, name: &str, role: Role) -> Person {
        self.services.users.add(name, PASSWORD.to_owned(), PASSWORD, role).await.unwrap();
        self.again(name).await
    }

    /// The same person in another browser.
    pub async fn again(&self, name: &str) -> Person {
        let answer = self.sign_in(name).await;
        let cookie = answer.cookie(self.cookie_name());
        let cookie = cookie.unwrap_or_else(|| panic!("{name} was not let in: {answer:?}"));
        let id = sign_in_id(cookie.split_once('=').unwrap().1).unwrap();
        let actor = self.services.access.actor(&id).await.unwrap().unwrap();
        Person { actor, cookie }
    }

    /// Has everybody's group require a second factor.
    pub async fn require_second_factor(&self, admin: &Person) {
        let groups = &self.services.groups;
        let everybody = "everybody".parse().unwrap();
        let opened = groups.get(&admin.actor, Some(&everybody)).await.unwrap();
        let form = GroupForm { second_factor: "required".into(), ..opened.form };
        let revision = opened.group.revision;
        groups.save(&admin.actor, Some(&everybody), revision, &form).await.unwrap();
    }

    /// Gives somebody a second factor: the device, whose next code is a new one, and recovery codes.
    pub async fn equip(&self, person: &Person) -> (Device, Vec<String>) {
        let factors = &self.services.second_factors;
        factors.begin(&person.actor, PASSWORD.to_owned()).await.unwrap();
        let proposal = factors.show(&person.actor, HOST).await.unwrap().proposal.unwrap();
        let device = Device::told(&proposal.secret);
        let code = device.code(self.clock.now());
        let codes = factors.confirm(&person.actor, &code).await.unwrap();
        self.clock.advance_secs(30);
        (device, codes)
    }

    pub async fn admin(&self) -> Person {
        self.person("admin", Role::Administrator).await
    }

    pub async fn user(&self) -> Person {
        self.person("ada", Role::User).await
    }

    /// Calls a server function the way a page does.
    pub async fn call(&self, person: &Person, name: &str, arguments: &[(&str, &str)]) -> Answer {
        let ask = post(&format!("/fn/{name}")).form(arguments).with("cookie", &person.cookie);
        self.ask(ask.with("origin", &self.origin)).await
    }

    pub async fn page(&self, person: &Person, path: &str) -> Answer {
        self.ask(get(path).for_page().with("cookie", &person.cookie)).await
    }

    pub fn form(&self) -> WorkspaceForm {
        WorkspaceForm {
            name: "Desktop".into(),
            image: IMAGE.into(),
            port: self.container.port.to_string(),
            ready_timeout: "5".into(),
            groups: vec!["everybody".into()],
            ..WorkspaceForm::default()
        }
    }

    pub async fn workspace(&self, admin: &Person) -> WorkspaceId {
        self.workspace_from(admin, &self.form()).await
    }

    pub async fn workspace_from(&self, admin: &Person, form: &WorkspaceForm) -> WorkspaceId {
        self.services.workspaces.create(&admin.actor, form).await.unwrap()
    }

    pub async fn reaches(&self, person: &Person, id: &SessionId, state: State) {
        until(&format!("the session is {state:?}"), async || {
            let detail = self.services.sessions.detail(&person.actor, id).await.unwrap();
            detail.session.state() == state
        })
        .await;
    }

    /// A session that runs.
    pub async fn running(&self, person: &Person, workspace: &WorkspaceId) -> SessionId {
        let id = self.services.sessions.launch(&person.actor, workspace).await.unwrap();
        self.reaches(person, &id, State::Running).await;
        id
    }

    pub async fn act(&self, person: &Person, id: &SessionId, action: Action, then: State) {
        self.services.sessions.act(&person.actor, id, action).await.unwrap();
        self.reaches(person, id, then).await;
    }

    /// An address with a fresh ticket, as the session page gets it.
    pub async fn ticket(&self, person: &Person, id: &SessionId) -> Window {
        let answer = self.call(person, "open_stream", &[("id", id.as_str())]).await;
        let url = answer.json()["url"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        let (origin, path) = url.split_at(url.find("/_slipway").unwrap());
        let host = origin.split("://").nth(1).unwrap().to_owned();
        let address = match host.split_once(':') {
            Some((_, port)) => SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap())),
            None => self.console,
        };
        let window = Window {
            address,
            host,
            origin: origin.to_owned(),
            open: path.to_owned(),
            cookie: String::new(),
        };
        // The row is there at once; the listener follows it.
        let bound = Duration::from_secs(5);
        within(bound, "the session's port is open", async || {
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
        window
    }

    /// A window that was let in.
    pub async fn window(&self, person: &Person, id: &SessionId) -> Window {
        let mut window = self.ticket(person, id).await;
        let answer = window.ask(get(&window.open)).at(window.address).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        window.cookie = answer.cookie(&format!("slipway_stream_{id}")).unwrap();
        window
    }
}

impl Window {
    /// A request to the session's origin, as this window's own page would send it.
    pub fn ask(&self, ask: Ask) -> Ask {
        let ask = ask.with("host", &self.host);
        if self.cookie.is_empty() { ask } else { ask.with("cookie", &self.cookie) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(get(path)).at(self.address).await
    }

    pub async fn stream(&self, path: &str) -> Result<Tunnel, Answer> {
        let ask = self.ask(get(path)).for_upgrade().with("origin", &self.origin);
        ask.upgraded(self.address).await.map(|(_, tunnel)| tunnel)
    }

    /// The same window with other cookies.
    pub fn with_cookie(&self, cookie: impl Into<String>) -> Self {
        Self { cookie: cookie.into(), ..self.clone() }
    }
}
