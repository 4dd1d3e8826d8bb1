//! Sessions, launched and removed as a person would.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::docker::{Docker, SESSION};
use super::lab::Lab;
use super::server::{Server, Visitor};
use crate::workspace::list;

const PATIENCE: Duration = Duration::from_secs(90);

/// The id in an address such as `/sessions/ID/view` or `/workspaces/ID?done=saved`.
pub fn id_in(location: &str) -> Result<String> {
    let id = location.split(['/', '?']).nth(2).filter(|id| !id.is_empty());
    Ok(id.with_context(|| format!("`{location}` leads to nothing."))?.to_owned())
}

/// The workspace of this name among the tiles.
pub fn workspace(visitor: &mut Visitor, name: &str) -> Result<String> {
    let until = Instant::now() + PATIENCE;
    loop {
        let page = visitor.value("show_launcher", &[("search", name), ("category", "")])?;
        let tile = list(&page["tiles"]).iter().find(|tile| tile["name"] == name);
        let tile = tile.with_context(|| format!("There is no tile `{name}`."))?;
        if tile["state"]["state"] == "ready" {
            return Ok(tile["workspace"].as_str().unwrap_or_default().to_owned());
        }
        if Instant::now() > until {
            bail!("The tile `{name}` does not get ready: {}", tile["state"]);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

pub fn launch(visitor: &mut Visitor, workspace: &str) -> Result<String> {
    id_in(visitor.call("launch", &[("workspace", workspace)])?.header("location"))
}

pub fn show(visitor: &mut Visitor, id: &str) -> Result<Value> {
    Ok(visitor.value("show_session", &[("id", id)])?["session"].take())
}

/// A session of the terminal that runs, and its container on the engine.
pub struct Subject {
    pub visitor: Visitor,
    pub id: String,
    pub docker: Docker,
    pub container: String,
}

impl Subject {
    pub fn launch(lab: &Lab, server: &Server) -> Result<Self> {
        let mut visitor = server.visitor()?;
        let workspace = workspace(&mut visitor, "Terminal")?;
        let id = launch(&mut visitor, &workspace)?;
        runs(&mut visitor, &id)?;
        let mut docker = lab.docker()?;
        let found = docker.containers(&format!("{SESSION}={id}"))?;
        let container = found.first().context("The session has no container.")?.clone();
        Ok(Self { visitor, id, docker, container })
    }
}

/// Waits until the session runs; looks seldom, so that looking costs nothing.
pub fn runs(visitor: &mut Visitor, id: &str) -> Result<Value> {
    reaches(visitor, id, "running")
}

pub fn delete(visitor: &mut Visitor, id: &str) -> Result<()> {
    visitor.call("act_on_session", &[("id", id), ("action", "delete")])?;
    reaches(visitor, id, "deleted").map(drop)
}

fn reaches(visitor: &mut Visitor, id: &str, status: &str) -> Result<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let session = show(visitor, id)?;
        if session["status"] == status {
            return Ok(session);
        }
        if session["status"] == "failed" || Instant::now() > until {
            bail!("The session does not get to `{status}`: {}", session["reason"]);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_addresses() {
        assert_eq!(id_in("/sessions/5a/view").unwrap(), "5a");
        assert_eq!(id_in("/workspaces/7b?done=saved").unwrap(), "7b");
        assert!(id_in("/login").is_err());
    }
}
