//! From the click to a port that answers, against the engine doing the same without us.
//!
//! The other side creates a container from the very description Slipway made (read back from the
//! engine), on a network made beforehand, starts it, and asks its port without pause until it
//! answers. Both take turns.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::client::Connection;
use super::docker::{Docker, INSTALLATION, SESSION};
use super::lab::Lab;
use super::server::{NETWORKS_PREFIX, Server, Visitor};
use super::session;
use super::stats::{Sample, millis};
use super::table::{Row, more_ms, ms};
use crate::progress::{say, step};
use crate::workspace::list;

const ROUNDS: usize = 20;
/// Most that Slipway may add, in milliseconds.
const MOST: f64 = 20.0;
const STEPS: [&str; 6] = ["limits", "image", "network", "container", "start", "ready"];
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions to a port that does not answer yet.
const PAUSE: Duration = Duration::from_millis(1);

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    lab.terminal_image()?;
    let server = Server::start(lab, "launch", &[])?;
    let mut visitor = server.visitor()?;
    let workspace = session::workspace(&mut visitor, "Terminal")?;
    let mut docker = lab.docker()?;
    let mut bare = Bare::copied_from_a_session(lab, &mut visitor, &workspace)?;
    let mut ours = Ours::default();
    let mut theirs = Theirs::default();
    step(&format!("Launching {ROUNDS} times in turns with the engine alone"), None, || {
        bare.launch()?;
        for _ in 0..ROUNDS {
            settle(&mut docker)?;
            theirs.add(&bare.launch()?);
            settle(&mut docker)?;
            ours.launch(&mut visitor, &workspace)?;
        }
        Ok(())
    })?;
    say(&ours.said());
    say(&theirs.said());
    let more = ours.wall.p50() - theirs.whole.p50();
    Ok(vec![
        Row::new("launch: click to running, p50", ms(ours.wall.p50()))
            .beside(ms(theirs.whole.p50()), more_ms(more))
            .target(format!("≤ {}", more_ms(MOST)), more <= MOST),
        Row::new("launch: click to running, p95", ms(ours.wall.p95()))
            .beside(ms(theirs.whole.p95()), more_ms(ours.wall.p95() - theirs.whole.p95())),
    ])
}

/// Waits until Slipway has its networks ready again and the engine has nothing to do for us.
fn settle(docker: &mut Docker) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    let mut before = None;
    loop {
        let count = docker.networks(NETWORKS_PREFIX)?.len();
        if count >= 3 && before == Some(count) {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("Slipway keeps {count} networks ready, which is too few.");
        }
        before = Some(count);
        thread::sleep(Duration::from_millis(500));
    }
}

#[derive(Default)]
struct Ours {
    /// As a page that follows events sees it.
    wall: Sample,
    /// As the server recorded it.
    recorded: Sample,
    steps: [Sample; STEPS.len()],
}

impl Ours {
    fn launch(&mut self, visitor: &mut Visitor, workspace: &str) -> Result<()> {
        let mut events = visitor.events()?;
        let begun = Instant::now();
        let id = session::launch(visitor, workspace)?;
        let session = running(visitor, &mut events, &id)?;
        self.wall.add_time(begun.elapsed());
        let at = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        self.recorded.add(at(&session["running_since"]) - at(&session["launched_at"]));
        for record in list(&session["progress"]) {
            let step = STEPS.iter().position(|name| record["step"] == *name);
            if let Some(step) = step {
                self.steps[step].add(at(&record["ended_at"]) - at(&record["began_at"]));
            }
        }
        session::delete(visitor, &id)
    }

    fn said(&self) -> String {
        let steps: Vec<String> = STEPS
            .iter()
            .zip(&self.steps)
            .map(|(name, sample)| format!("{name} {}", ms(sample.p50())))
            .collect();
        let recorded = ms(self.recorded.p50());
        format!("launch: Slipway records {recorded} (p50): {}", steps.join(", "))
    }
}

/// Follows events as a page does, until the session runs.
fn running(visitor: &mut Visitor, events: &mut Connection, id: &str) -> Result<Value> {
    loop {
        let session = session::show(visitor, id)?;
        match session["status"].as_str() {
            Some("running") => return Ok(session),
            Some("starting") => {}
            _ => bail!("The launch failed: {}", session["reason"]),
        }
        while !events.line()?.contains(id) {}
    }
}

/// Times of one launch by the engine alone.
struct Launched {
    created: Duration,
    started: Duration,
    answered: Duration,
}

#[derive(Default)]
struct Theirs {
    whole: Sample,
    steps: [Sample; 3],
}

impl Theirs {
    fn add(&mut self, launched: &Launched) {
        self.whole.add_time(launched.answered);
        self.steps[0].add_time(launched.created);
        self.steps[1].add_time(launched.started - launched.created);
        self.steps[2].add(millis(launched.answered) - millis(launched.started));
    }

    fn said(&self) -> String {
        let [create, start, ready] = &self.steps;
        format!(
            "launch: the engine alone takes {} (p50): container {}, start {}, ready {}",
            ms(self.whole.p50()),
            ms(create.p50()),
            ms(start.p50()),
            ms(ready.p50())
        )
    }
}

/// Launching without Slipway.
struct Bare {
    docker: Docker,
    network: String,
    body: Value,
    port: u16,
    path: String,
}

impl Bare {
    /// Learns what Slipway asks of the engine, from a session that it launched.
    fn copied_from_a_session(lab: &Lab, visitor: &mut Visitor, workspace: &str) -> Result<Self> {
        let mut docker = lab.docker()?;
        let id = session::launch(visitor, workspace)?;
        let session = session::runs(visitor, &id)?;
        let found = docker.containers(&format!("{SESSION}={id}"))?;
        let container = found.first().context("The session has no container.")?;
        let container = docker.inspect(container)?;
        let name = session["network"].as_str().unwrap_or_default();
        let options = docker.ask("GET", &format!("/networks/{name}"), None)?["Options"].take();
        session::delete(visitor, &id)?;

        let contract = &session["config"]["contract"];
        let port = contract["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let network = format!("slipway-bench-{}", std::process::id());
        let create = json!({ "Name": network, "Driver": "bridge", "Options": options });
        docker.ask("POST", "/networks/create", Some(&create))?;
        Ok(Self {
            body: description(&container, &network),
            docker,
            network,
            port: port.context("The session's contract has no port.")?,
            path: contract["ready_path"].as_str().unwrap_or("/").to_owned(),
        })
    }

    fn launch(&mut self) -> Result<Launched> {
        let begun = Instant::now();
        let made = self.docker.ask("POST", "/containers/create", Some(&self.body))?;
        let created = begun.elapsed();
        let id = made["Id"].as_str().context("The engine tells no id.")?.to_owned();
        let outcome = self.start(&id, begun);
        let removed = self.docker.remove_container(&id);
        let (started, answered) = outcome?;
        removed?;
        Ok(Launched { created, started, answered })
    }

    fn start(&mut self, id: &str, begun: Instant) -> Result<(Duration, Duration)> {
        self.docker.ask("POST", &format!("/containers/{id}/start"), None)?;
        let started = begun.elapsed();
        let container = self.docker.inspect(id)?;
        let address = container["NetworkSettings"]["Networks"][&self.network]["IPAddress"]
            .as_str()
            .and_then(|ip| ip.parse().ok())
            .context("The engine gave the container no address.")?;
        let address = SocketAddr::new(address, self.port);
        while !answers(address, &self.path) {
            if begun.elapsed() > PATIENCE {
                bail!("The container does not answer at {address}.");
            }
            thread::sleep(PAUSE);
        }
        Ok((started, begun.elapsed()))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.docker.remove_network(&self.network);
    }
}

/// What to ask of the engine for the same container: all but whose it is.
fn description(container: &Value, network: &str) -> Value {
    let mut body = container["Config"].clone();
    body["HostConfig"] = container["HostConfig"].clone();
    body["HostConfig"]["NetworkMode"] = json!(network);
    if let Some(labels) = body["Labels"].as_object_mut() {
        labels.retain(|name, _| name != INSTALLATION && name != SESSION);
    }
    body
}

/// Whether a port gives an answer that Slipway, too, takes for being ready.
fn answers(address: SocketAddr, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
        return false;
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut head = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(3))).is_ok()
        && stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut head).is_ok()
        && matches!(head[9], b'2' | b'3')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_the_same_container_of_nobody() {
        let container = json!({
            "Config": { "Image": "x", "Labels": { "slipway.installation": "a", "b": "c" } },
            "HostConfig": { "NetworkMode": "theirs", "Memory": 5 },
        });
        let copy = description(&container, "mine");
        assert_eq!(
            copy,
            json!({
                "Image": "x",
                "Labels": { "b": "c" },
                "HostConfig": { "NetworkMode": "mine", "Memory": 5 },
            })
        );
    }
}
