//! The real binary on a data directory of its own, and the engine's own command beside it.

use super::{
    http::{Answer, Ask, post},
    within,
};
use domain::{
    SessionId,
    list::{ListQuery, Page},
    session::{Action, SessionDetail, SessionRow, State},
    workspace::WorkspaceRow,
};
use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    ops::RangeInclusive,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

pub const SLIPWAY: &str = env!("CARGO_BIN_EXE_slipway");
pub const PASSWORD: &str = "orbit-lantern-cactus";
/// Networks an installation of these stories keeps ready.
const READY: usize = 1;
/// Empty networks that an installation may keep beyond those, while it runs.
const SPARE: usize = 8;
/// What a session may take to come to rest, with everything else the machine does.
const PATIENCE: Duration = Duration::from_secs(45);

/// The address of a real engine, if this run has one.
pub fn real_engine() -> Option<String> {
    let address = std::env::var("SLIPWAY_TEST_ENGINE").ok();
    if address.is_none() {
        println!("skipped: SLIPWAY_TEST_ENGINE names no engine");
    }
    address
}

/// Runs the engine's own command and gives its words.
pub fn docker(engine: &str, arguments: &[&str]) -> String {
    let done = Command::new("docker").args(["--host", engine]).args(arguments).output().unwrap();
    let words = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "docker {}: {words}", arguments.join(" "));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// The binary without any of this machine's settings.
pub fn slipway(data_dir: &Path) -> Command {
    let mut command = Command::new(SLIPWAY);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SLIPWAY_")) {
        command.env_remove(name);
    }
    command.env("SLIPWAY_DATA_DIR", data_dir).stdin(Stdio::null());
    command
}

/// Ports in a row that nothing uses now.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = 27_200 + u16::try_from(std::process::id() % 50).unwrap() * 100;
    loop {
        let first = own + NEXT.fetch_add(count, Ordering::SeqCst) % 100;
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (first..first + count).all(free) {
            return first;
        }
    }
}

/// One Slipway on a real engine. Whatever it made is removed with it.
pub struct Installation {
    pub engine: String,
    pub console: SocketAddr,
    /// What its objects on the engine are labelled with.
    pub id: String,
    folder: tempfile::TempDir,
    ports: String,
    networks: String,
    server: Option<Child>,
    cookie: String,
}

impl Installation {
    /// Makes the administrator, enables the starters, and runs. `network` is the second octet of
    /// the /16 for its sessions.
    pub async fn new(engine: &str, network: u8) -> Self {
        docker(engine, &["image", "inspect", "--format", "{{.Id}}", "slipway/terminal:latest"]);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
        let first = free_ports(9);
        let mut this = Self {
            engine: engine.to_owned(),
            console: SocketAddr::from(([127, 0, 0, 1], first)),
            id: String::new(),
            ports: format!("{}-{}", first + 1, first + 8),
            networks: format!("10.{network}.0.0/16"),
            folder,
            server: None,
            cookie: String::new(),
        };
        this.start().await;
        let store = store::Store::open(&this.data_dir().join("slipway.db")).await.unwrap();
        this.id = store.meta("installation").await.unwrap().unwrap();
        store.close().await;
        let form = [("name", "root"), ("password", PASSWORD)];
        let answer = post("/fn/sign_in").form(&form).at(this.console).await;
        this.cookie = answer.cookie("slipway").unwrap_or_else(|| panic!("{answer:?}"));
        this
    }

    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data_dir().join("log")).unwrap_or_default()
    }

    /// Starts the server and waits until it serves and has read the engine.
    pub async fn start(&mut self) {
        let log =
            File::options().append(true).create(true).open(self.data_dir().join("log")).unwrap();
        let mut command = slipway(self.data_dir());
        command
            .env("SLIPWAY_LISTEN", self.console.to_string())
            .env("SLIPWAY_SESSION_PORTS", &self.ports)
            .env("SLIPWAY_SESSION_NETWORKS", &self.networks)
            .env("SLIPWAY_READY_NETWORKS", READY.to_string())
            .env("SLIPWAY_ENGINE", &self.engine)
            .env("SLIPWAY_ADMIN_USERNAME", "root")
            .env("SLIPWAY_ADMIN_PASSWORD_FILE", self.data_dir().join("password"))
            .env("SLIPWAY_LOG_LEVEL", "info,services=debug")
            .env("NO_COLOR", "1")
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.server = Some(command.spawn().unwrap());
        within(PATIENCE, "it is ready", async || {
            let answer = super::http::get("/readyz").try_open(self.console).await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            let end = server.wait().unwrap();
            assert_eq!(end.signal(), Some(9), "it had ended before: {end}");
        }
    }

    /// `kill`; tells how long it took to end, and that it ended well.
    pub fn terminate(&mut self) -> (Duration, bool) {
        let mut server = self.server.take().unwrap();
        let began = Instant::now();
        let pid = server.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let end = server.wait().unwrap();
        (began.elapsed(), end.success())
    }

    /// Calls a server function; an error is a server that went away meanwhile.
    pub fn asking(&self, name: &str, ask: impl FnOnce(Ask) -> Ask) -> Ask {
        ask(post(&format!("/fn/{name}"))).with("cookie", &self.cookie)
    }

    pub async fn call(&self, name: &str, arguments: &[(&str, &str)]) -> Answer {
        let answer = self.asking(name, |ask| ask.form(arguments)).at(self.console).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        answer
    }

    async fn list<T: serde::de::DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let query = serde_json::json!({ "query": ListQuery::default() }).to_string();
        let answer = self.asking(name, |ask| ask.json(&query)).at(self.console).await;
        serde_json::from_slice::<Page<T>>(&answer.body).unwrap().rows
    }

    /// The id of the terminal starter.
    pub async fn terminal(&self) -> String {
        let all = self.list::<WorkspaceRow>("list_workspaces").await;
        let of = |row: &&WorkspaceRow| row.workspace.definition.image.path == "slipway/terminal";
        all.iter().find(of).unwrap().workspace.id.to_string()
    }

    pub async fn sessions(&self) -> Vec<SessionRow> {
        self.list("list_sessions").await
    }

    pub async fn detail(&self, id: &SessionId) -> SessionDetail {
        let answer = self.call("show_session", &[("id", id.as_str())]).await;
        serde_json::from_slice(&answer.body).unwrap()
    }

    pub async fn act(&self, id: &SessionId, action: Action) {
        let arguments = [("id", id.as_str()), ("action", action.as_str())];
        self.call("act_on_session", &arguments).await;
    }

    pub async fn reaches(&self, id: &SessionId, state: State) {
        let what = format!("the session is {state:?}");
        within(PATIENCE, &what, async || {
            let detail = self.detail(id).await;
            assert!(
                state == State::Failed || detail.session.state() != State::Failed,
                "failed on its way to {state:?}: {:?}",
                detail.session.reason
            );
            (detail.session.state() == state).then_some(())
        })
        .await;
    }

    /// A terminal that runs.
    pub async fn running(&self) -> SessionId {
        self.call("launch", &[("workspace", &self.terminal().await)]).await;
        let id = self.sessions().await[0].id.clone();
        self.reaches(&id, State::Running).await;
        id
    }

    fn labelled(&self) -> String {
        format!("label=slipway.installation={}", self.id)
    }

    /// Names and states of this installation's containers, as the engine tells.
    pub fn containers(&self) -> Vec<(String, String)> {
        let format = "{{.Names}} {{.State}}";
        let all =
            docker(&self.engine, &["ps", "-a", "--filter", &self.labelled(), "--format", format]);
        let words = |line: &str| line.split_once(' ').map(|(n, s)| (n.to_owned(), s.to_owned()));
        all.lines().filter_map(words).collect()
    }

    pub fn networks(&self) -> Vec<String> {
        let all = docker(
            &self.engine,
            &["network", "ls", "--filter", &self.labelled(), "--format", "{{.Name}}"],
        );
        all.lines().map(str::to_owned).collect()
    }

    /// Waits until the engine holds exactly these containers, by their state, and few networks.
    pub async fn engine_holds(&self, states: &[&str]) {
        self.engine_holds_with(states, states.len() + READY..=states.len() + READY + SPARE).await;
    }

    /// Waits until the engine holds nothing but the networks that are kept ready.
    pub async fn engine_is_tidy(&self) {
        self.engine_holds_with(&[], READY..=READY).await;
    }

    async fn engine_holds_with(&self, states: &[&str], networks: RangeInclusive<usize>) {
        let mut last = (Vec::new(), Vec::new());
        let done = tokio::time::timeout(PATIENCE, async {
            loop {
                last = (self.containers(), self.networks());
                let held: Vec<&str> = last.0.iter().map(|(_, state)| state.as_str()).collect();
                if held == states && networks.contains(&last.1.len()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await;
        assert!(
            done.is_ok(),
            "the engine never held {states:?} and {networks:?} networks: {last:?}"
        );
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            eprintln!("the server's last lines, newest first:\n{}", tail.join("\n"));
        }
        if self.id.is_empty() {
            return;
        }
        // Not through `docker`, which panics: a failed story must still be cleaned up.
        let command = |arguments: &[&str]| {
            let done =
                Command::new("docker").args(["--host", &self.engine]).args(arguments).output();
            done.map(|d| String::from_utf8_lossy(&d.stdout).into_owned()).unwrap_or_default()
        };
        let label = self.labelled();
        // What the killed server asked for may appear only now.
        let mut empty = 0;
        for _ in 0..50 {
            let mut found = false;
            for (list, remove) in [
                (&["ps", "-aq", "--filter", &label][..], &["rm", "-f"][..]),
                (&["network", "ls", "-q", "--filter", &label], &["network", "rm"]),
            ] {
                for id in command(list).lines() {
                    command(&[remove, &[id]].concat());
                    found = true;
                }
            }
            empty = if found { 0 } else { empty + 1 };
            if empty == 3 {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
