//! What the server holds and uses when nobody asks it anything: with no session, and with 50.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::lab::Lab;
use super::process;
use super::server::{Server, Visitor};
use super::session;
use super::table::{Row, mb, percent};
use crate::progress::step;

const SESSIONS: usize = 50;
/// From the last request until nothing is sampled for a page any more, and caches have settled.
const REST: Duration = Duration::from_secs(30);
/// The period of the server's own look at everything, so that one falls into each measurement.
const WATCH: Duration = Duration::from_secs(30);
const MOST_MEMORY: u64 = 40_000_000;
/// Of one core.
const MOST_TIME: f64 = 0.01;

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    lab.terminal_image()?;
    let limit = (SESSIONS + 10).to_string();
    let server = Server::start(lab, "idle", &["--sessions-per-user", &limit])?;
    let none = step("Watching a server without sessions", None, || watch(&server))?;
    step(&format!("Launching {SESSIONS} sessions"), None, || {
        let mut visitor = server.visitor()?;
        let workspaces = workspaces(&mut visitor)?;
        let launch = |workspace: &String| session::launch(&mut visitor, workspace);
        let launched: Vec<String> = workspaces.iter().map(launch).collect::<Result<_>>()?;
        for id in &launched {
            session::runs(&mut visitor, id)?;
        }
        Ok(())
    })?;
    let fifty = step(&format!("Watching {SESSIONS} sessions"), None, || watch(&server))?;

    let memory_target = format!("≤ {}", mb(MOST_MEMORY));
    let more = |ours: u64, theirs: u64| percent(ours as f64 / theirs as f64);
    Ok(vec![
        Row::new("idle: memory, no session", mb(none.memory))
            .target(memory_target, none.memory <= MOST_MEMORY),
        Row::new(format!("idle: memory, {SESSIONS} sessions"), mb(fifty.memory))
            .beside(format!("{} with none", mb(none.memory)), more(fifty.memory, none.memory)),
        Row::new(format!("idle: time, {SESSIONS} sessions"), percent(fifty.time))
            .beside(format!("{} with none", percent(none.time)), "")
            .target(format!("≤ {}", percent(MOST_TIME)), fifty.time <= MOST_TIME),
    ])
}

struct Watched {
    /// Bytes.
    memory: u64,
    /// Share of one core.
    time: f64,
}

fn watch(server: &Server) -> Result<Watched> {
    thread::sleep(REST);
    let before = process::time(server.pid())?;
    thread::sleep(WATCH);
    let used = process::time(server.pid())? - before;
    let time = used.as_secs_f64() / WATCH.as_secs_f64();
    Ok(Watched { memory: process::memory(server.pid())?, time })
}

/// A workspace for each session, since one person has one session of each.
fn workspaces(visitor: &mut Visitor) -> Result<Vec<String>> {
    let first = session::workspace(visitor, "Terminal")?;
    let mut all = vec![first.clone()];
    while all.len() < SESSIONS {
        let copy = visitor.call("duplicate_workspace", &[("id", &first)])?;
        let copy = session::id_in(copy.header("location"))?;
        visitor.call("set_workspace_enabled", &[("id", &copy), ("enabled", "on")])?;
        all.push(copy);
    }
    Ok(all)
}
