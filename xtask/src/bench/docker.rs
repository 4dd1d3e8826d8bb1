//! The engine's own interface, for what Slipway is compared with and for cleaning up.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::client::{Connection, Sent, encode};
use crate::http::Address;
use crate::workspace::list;

pub const INSTALLATION: &str = "slipway.installation";
pub const SESSION: &str = "slipway.session";

/// Longest time a script in a container takes.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Docker(Connection);

impl Docker {
    pub fn at(url: &str) -> Result<Self> {
        let address = if let Some(path) = url.strip_prefix("unix://") {
            Address::Unix(path.into())
        } else if let Some(host) = url.strip_prefix("tcp://").or(url.strip_prefix("http://")) {
            Address::Tcp(host.trim_end_matches('/').to_owned())
        } else {
            bail!("An engine at `{url}` cannot be measured: use one behind a socket or TCP.");
        };
        Ok(Self(Connection::open(&address)?))
    }

    pub fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body.map(Value::to_string);
        let body = body.as_ref().map(|text| ("application/json", text.as_bytes()));
        let answer = self.0.ask(method, path, Sent { headers: &[], body })?;
        ensure!(answer.status < 400, "{method} {path} at the engine: {}", answer.text().trim());
        // Engines answer some requests with lines of text.
        Ok(answer.json().unwrap_or(Value::Null))
    }

    pub fn inspect(&mut self, container: &str) -> Result<Value> {
        self.ask("GET", &format!("/containers/{container}/json"), None)
    }

    /// Ids of containers, running or not, that have this label.
    pub fn containers(&mut self, label: &str) -> Result<Vec<String>> {
        let filters = encode(&json!({ "label": [label] }).to_string());
        let path = format!("/containers/json?all=true&filters={filters}");
        let found = self.ask("GET", &path, None)?;
        Ok(list(&found).iter().filter_map(|c| Some(c["Id"].as_str()?.to_owned())).collect())
    }

    pub fn remove_container(&mut self, id: &str) -> Result<()> {
        self.ask("DELETE", &format!("/containers/{id}?force=true&v=true"), None).map(drop)
    }

    /// Runs a shell script in a container and waits for its end.
    pub fn run(&mut self, container: &str, script: &str) -> Result<()> {
        let body = json!({ "Cmd": ["sh", "-c", script], "AttachStdout": true });
        let exec = self.ask("POST", &format!("/containers/{container}/exec"), Some(&body))?;
        let exec = exec["Id"].as_str().context("The engine made no exec.")?.to_owned();
        self.ask("POST", &format!("/exec/{exec}/start"), Some(&json!({ "Detach": true })))?;
        let until = Instant::now() + PATIENCE;
        while self.ask("GET", &format!("/exec/{exec}/json"), None)?["Running"] != false {
            ensure!(Instant::now() < until, "The script in the container does not end.");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Reads an answer of any size and forgets it.
    pub fn read(&mut self, path: &str) -> Result<u64> {
        self.0.count(path, &[])
    }

    /// Sends a tag to its registry, without a login, and reads what is said until it is done.
    pub fn push(&mut self, name: &str, tag: &str) -> Result<()> {
        // Engines want the header even where there is nobody to name: `{}` in base64.
        let headers = [("X-Registry-Auth", "e30=")];
        let path = format!("/images/{name}/push?tag={tag}");
        let answer = self.0.ask("POST", &path, Sent { headers: &headers, body: None })?;
        let said = answer.text();
        ensure!(answer.status < 400 && !said.contains("\"error\""), "The push failed: {said}");
        Ok(())
    }

    /// Removes every image that has a name, or had one that was pushed, with this in it.
    pub fn remove_images(&mut self, part: &str) -> Result<()> {
        let images = self.ask("GET", "/images/json", None)?;
        let named = |image: &&Value| {
            let names = list(&image["RepoTags"]).iter().chain(list(&image["RepoDigests"]));
            names.filter_map(Value::as_str).any(|name| name.contains(part))
        };
        let ids = list(&images).iter().filter(named).filter_map(|image| image["Id"].as_str());
        for id in ids {
            self.ask("DELETE", &format!("/images/{id}?force=true"), None)?;
        }
        Ok(())
    }

    /// Names of networks in this /16, such as `10.254.`, that an installation of Slipway made, with
    /// the installation.
    pub fn networks(&mut self, prefix: &str) -> Result<Vec<(String, String)>> {
        let filters = encode(&json!({ "label": [INSTALLATION] }).to_string());
        let found = self.ask("GET", &format!("/networks?filters={filters}"), None)?;
        let inside = |network: &&Value| {
            let subnet = network["IPAM"]["Config"][0]["Subnet"].as_str().unwrap_or_default();
            subnet.starts_with(prefix)
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let named = |n: &Value| (text(&n["Name"]), text(&n["Labels"][INSTALLATION]));
        Ok(list(&found).iter().filter(inside).map(named).collect())
    }

    pub fn remove_network(&mut self, name: &str) -> Result<()> {
        self.ask("DELETE", &format!("/networks/{name}"), None).map(drop)
    }

    /// Removes what installations with networks in this /16 have on the engine.
    pub fn sweep(&mut self, prefix: &str) -> Result<()> {
        let networks = self.networks(prefix)?;
        let installations: BTreeSet<&str> = networks.iter().map(|(_, i)| i.as_str()).collect();
        for installation in installations {
            for container in self.containers(&format!("{INSTALLATION}={installation}"))? {
                self.remove_container(&container)?;
            }
        }
        for (name, _) in &networks {
            self.remove_network(name)?;
        }
        Ok(())
    }
}
