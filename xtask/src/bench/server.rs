//! A server of our own: temporary data, free ports, an administrator who is signed in.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::client::{Answer, Connection, Sent, form};
use super::lab::Lab;
use crate::command;
use crate::http::{self, Address};

/// Networks of sessions: a range that nothing else uses, by which what servers leave on the engine
/// can be told and removed, even after a run that was broken off.
const NETWORKS: &str = "10.254.0.0/16";
pub const NETWORKS_PREFIX: &str = "10.254.";
const NAME: &str = "bench";
const PASSWORD: &str = "measured-twice-cut-once-4711";
const PATIENCE: Duration = Duration::from_secs(30);
/// Ports below those that the system gives to outgoing connections.
const PORTS: RangeInclusive<u16> = 20_000..=32_000;
const SESSION_PORTS: u16 = 64;
/// Servers close connections that were silent for half a minute.
const FRESH: Duration = Duration::from_secs(10);

pub struct Server {
    binary: PathBuf,
    flags: Vec<String>,
    folder: PathBuf,
    address: String,
    engine: String,
    process: Option<Child>,
}

impl Server {
    /// Starts the binary on new data. `name` tells two servers of one measurement apart.
    pub fn start(lab: &Lab, name: &str, flags: &[&str]) -> Result<Self> {
        let binary = lab.binary()?;
        let folder = folder(name)?;
        fs::write(folder.join("password"), PASSWORD)?;
        let first = free_ports(SESSION_PORTS + 1)?;
        let address = format!("127.0.0.1:{first}");
        let mut all: Vec<String> = ["--listen", &address].map(str::to_owned).to_vec();
        all.push("--data-dir".to_owned());
        all.push(folder.join("data").display().to_string());
        all.push("--session-ports".to_owned());
        all.push(format!("{}-{}", first + 1, first + SESSION_PORTS));
        all.extend(["--session-networks", NETWORKS].map(str::to_owned));
        all.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let engine = lab.engine()?.url;
        let mut server = Self { binary, flags: all, folder, address, engine, process: None };
        server.resume()?;
        Ok(server)
    }

    /// Starts it again on the data it has.
    pub fn resume(&mut self) -> Result<()> {
        let log = File::create(self.folder.join("log"))?;
        let mut command = Command::new(&self.binary);
        for (name, _) in env::vars_os() {
            // Settings of the person who measures are not what is measured.
            if name.to_string_lossy().starts_with("SLIPWAY_") {
                command.env_remove(&name);
            }
        }
        command
            .args(&self.flags)
            .env("SLIPWAY_ENGINE", &self.engine)
            .env("SLIPWAY_ADMIN_USERNAME", NAME)
            .env("SLIPWAY_ADMIN_PASSWORD_FILE", self.folder.join("password"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let process = command.spawn().with_context(|| command::shown(&command))?;
        self.process = Some(process);
        let until = Instant::now() + PATIENCE;
        // Ready means that it has reached the engine, too.
        while !http::get(&self.tcp(), "/readyz").is_ok_and(|reply| reply.status == 200) {
            let ended = self.process.as_mut().is_some_and(|p| !matches!(p.try_wait(), Ok(None)));
            if ended || Instant::now() > until {
                bail!("The server does not get ready:\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends the process, keeping the data.
    pub fn halt(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            command::signal(process.id(), "TERM");
            process.wait()?;
        }
        Ok(())
    }

    pub fn pid(&self) -> u32 {
        self.process.as_ref().map_or(0, Child::id)
    }

    /// Writes rows into the file of one that was halted: nobody's interface takes a thousand of
    /// anything at once.
    pub fn fill(&self, lab: &Lab, sql: &str) -> Result<()> {
        let sqlite = lab.tool("sqlite3", "sqlite3", "filling a database with rows")?;
        let log = lab.paths.log("bench-fill");
        let mut child = Command::new(sqlite)
            .args(["-bail", "-batch"])
            .arg(self.folder.join("data/slipway.db"))
            .stdin(Stdio::piped())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .context("`sqlite3` could not be started.")?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(sql.as_bytes())?;
        }
        let status = child.wait()?;
        let said = fs::read_to_string(&log)?;
        ensure!(status.success(), "The database could not be filled ({status}): {said}");
        Ok(())
    }

    pub fn tcp(&self) -> Address {
        Address::Tcp(self.address.clone())
    }

    pub fn log(&self) -> String {
        command::tail(&self.folder.join("log"))
    }

    /// The administrator, in a browser of his own.
    pub fn visitor(&self) -> Result<Visitor> {
        self.signed_in(NAME)
    }

    /// One more administrator.
    pub fn person(&self, name: &str) -> Result<Visitor> {
        let data = self.folder.join("data");
        let mut add = Command::new(&self.binary);
        add.args(["user", "add", name, "--admin", "--password-file"]);
        add.arg(self.folder.join("password")).arg("--data-dir").arg(data);
        ensure!(command::succeeds(&mut add), "{} did not work.", command::shown(&add));
        self.signed_in(name)
    }

    fn signed_in(&self, name: &str) -> Result<Visitor> {
        let mut visitor = Visitor { address: self.tcp(), cookie: String::new(), connection: None };
        let answer = visitor.call("sign_in", &[("name", name), ("password", PASSWORD)])?;
        answer.cookie().clone_into(&mut visitor.cookie);
        ensure!(!visitor.cookie.is_empty(), "{name} is not let in.");
        Ok(visitor)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.halt();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Somebody who is signed in, on one connection.
pub struct Visitor {
    address: Address,
    cookie: String,
    connection: Option<(Connection, Instant)>,
}

impl Visitor {
    /// Calls a server function as a page does.
    pub fn call(&mut self, function: &str, arguments: &[(&str, &str)]) -> Result<Answer> {
        let body = form(arguments);
        self.post(function, "application/x-www-form-urlencoded", &body)
    }

    /// What a server function returns.
    pub fn value(&mut self, function: &str, arguments: &[(&str, &str)]) -> Result<Value> {
        self.call(function, arguments)?.json()
    }

    /// Calls a server function that takes JSON.
    pub fn post(&mut self, function: &str, kind: &str, body: &str) -> Result<Answer> {
        let cookie = self.cookie.clone();
        let headers = [("Accept", "application/json"), ("Cookie", cookie.as_str())];
        let sent = Sent { headers: &headers, body: Some((kind, body.as_bytes())) };
        let answer = self.connection()?.ask("POST", &format!("/fn/{function}"), sent)?;
        ensure!(answer.status < 400, "`{function}` is refused: {}", answer.text());
        Ok(answer)
    }

    /// Loads a page as a browser does; tells its size on the wire.
    pub fn page(&mut self, path: &str) -> Result<u64> {
        let cookie = self.cookie.clone();
        let headers = [
            ("Accept", "text/html,application/xhtml+xml"),
            ("Accept-Encoding", "gzip, deflate, br"),
            ("Cookie", cookie.as_str()),
        ];
        self.connection()?.count(path, &headers)
    }

    /// The stream of changes, from now on.
    pub fn events(&self) -> Result<Connection> {
        self.stream("/events")
    }

    /// A stream of events, as far as its head.
    pub fn stream(&self, path: &str) -> Result<Connection> {
        let mut connection = Connection::open(&self.address)?;
        let headers = [("Accept", "text/event-stream"), ("Cookie", self.cookie.as_str())];
        let head = connection.begin("GET", path, Sent { headers: &headers, body: None })?;
        ensure!(head.status == 200, "There are no events: status {}.", head.status);
        Ok(connection)
    }

    /// A WebSocket, as far as its head.
    pub fn upgraded(&self, path: &str) -> Result<Connection> {
        let Address::Tcp(host) = &self.address else { bail!("A WebSocket needs TCP.") };
        let mut connection = Connection::open(&self.address)?;
        let origin = format!("http://{host}");
        let headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Origin", origin.as_str()),
            ("Cookie", self.cookie.as_str()),
        ];
        let head = connection.begin("GET", path, Sent { headers: &headers, body: None })?;
        ensure!(head.status == 101, "There is no WebSocket: status {}.", head.status);
        Ok(connection)
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        let kept = self.connection.take().filter(|(_, used)| used.elapsed() < FRESH);
        let connection = match kept {
            Some((connection, _)) => connection,
            None => Connection::open(&self.address)?,
        };
        Ok(&mut self.connection.insert((connection, Instant::now())).0)
    }
}

/// An empty folder of our own that goes with the server.
pub fn folder(name: &str) -> Result<PathBuf> {
    let path = env::temp_dir().join(format!("slipway-bench-{}-{name}", std::process::id()));
    if Path::new(&path).exists() {
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir_all(&path).with_context(|| format!("{} cannot be made.", path.display()))?;
    Ok(path)
}

/// The first of so many ports in a row that nobody listens on.
pub fn free_ports(count: u16) -> Result<u16> {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    PORTS
        .step_by(usize::from(count))
        .find(|first| (*first..first + count).all(free))
        .with_context(|| format!("There are no {count} free ports in a row on this machine."))
}
