//! Finding the container engine, and getting one where there is none.
//!
//! One that was named (`--engine`, `SLIPWAY_ENGINE`, `DOCKER_HOST`) is used or complained about,
//! never silently replaced. Otherwise the usual sockets of Docker and Podman are tried in turn, and
//! the first that answers `GET /_ping` wins. Only when nothing answers is one started.

mod advice;
mod start;

use std::path::PathBuf;
use std::{env, io};

use anyhow::{Result, bail};

use crate::http::{self, Address};
use crate::paths::Paths;
use crate::progress;

/// Where the server looks by itself.
pub const DEFAULT: &str = "unix:///var/run/docker.sock";

/// An engine that answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Engine {
    pub url: String,
}

impl Engine {
    pub fn is_podman(&self) -> bool {
        self.url.starts_with("unix://") && self.url.contains("podman")
    }
}

/// How a place took our knock.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Yes,
    Absent,
    Denied,
    Silent(String),
}

/// The engine to use. `flag` is what the user wrote behind `--engine`, if anything.
pub fn ready(paths: &Paths, flag: Option<&str>) -> Result<Engine> {
    if let Some((source, url)) = named(flag) {
        return match knock(&address(&url, &source)?) {
            Answer::Yes => Ok(Engine { url }),
            answer => bail!(advice::named_but_silent(&source, &url, &answer)),
        };
    }
    let mut seen = Vec::new();
    for socket in sockets() {
        match knock(&Address::Unix(socket.clone())) {
            Answer::Yes => return Ok(Engine { url: format!("unix://{}", socket.display()) }),
            answer => seen.push((socket, answer)),
        }
    }
    if let Some((socket, _)) = seen.iter().find(|(_, answer)| *answer == Answer::Denied) {
        bail!(advice::denied(&socket.to_string_lossy()));
    }
    start::start(paths, &start::Daemon::default())?;
    progress::say(&format!("  The engine answers at {DEFAULT}."));
    Ok(Engine { url: DEFAULT.to_owned() })
}

fn named(flag: Option<&str>) -> Option<(String, String)> {
    let variable = |name: &str| {
        env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (name.to_owned(), value))
    };
    flag.map(|url| ("--engine".to_owned(), url.to_owned()))
        .or_else(|| variable("SLIPWAY_ENGINE"))
        .or_else(|| variable("DOCKER_HOST"))
}

fn address(url: &str, source: &str) -> Result<Address> {
    if let Some(path) = url.strip_prefix("unix://") {
        return Ok(Address::Unix(path.into()));
    }
    if let Some(host) = url.strip_prefix("tcp://").or_else(|| url.strip_prefix("http://")) {
        let host = host.trim_end_matches('/');
        let port = if host.contains(':') { "" } else { ":2375" };
        return Ok(Address::Tcp(format!("{host}{port}")));
    }
    bail!(advice::unknown_scheme(source, url))
}

fn sockets() -> Vec<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let within = |folder: &Option<PathBuf>, name: &str| folder.as_ref().map(|f| f.join(name));
    [
        Some(PathBuf::from("/var/run/docker.sock")),
        within(&runtime, "docker.sock"),
        within(&env::home_dir(), ".docker/run/docker.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
        within(&runtime, "podman/podman.sock"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn knock(address: &Address) -> Answer {
    match http::get(address, "/_ping") {
        Ok(reply) if reply.status == 200 => Answer::Yes,
        Ok(reply) => Answer::Silent(format!("it answers with HTTP status {}", reply.status)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Answer::Absent,
            io::ErrorKind::PermissionDenied => Answer::Denied,
            _ => Answer::Silent(error.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn an_engine_is_told_from_an_empty_place_and_a_stranger() {
        let socket = env::temp_dir().join(format!("xtask-engine-{}.sock", std::process::id()));
        let place = Address::Unix(socket.clone());
        assert_eq!(knock(&place), Answer::Absent);

        let listener = UnixListener::bind(&socket).unwrap();
        let answers = ["HTTP/1.0 200 OK\r\n\r\nOK", "HTTP/1.0 403 Forbidden\r\n\r\n", "hello"];
        let thread = std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 512];
                let length = stream.read(&mut request).unwrap();
                assert!(request[..length].starts_with(b"GET /_ping HTTP/1.0\r\n"));
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        assert_eq!(knock(&place), Answer::Yes);
        assert_eq!(knock(&place), Answer::Silent("it answers with HTTP status 403".into()));
        assert_eq!(knock(&place), Answer::Silent("the answer is not HTTP".into()));
        thread.join().unwrap();

        // The listener is gone, its file is not: as after a crash of the engine.
        assert!(matches!(knock(&place), Answer::Silent(_)));
        std::fs::remove_file(&socket).unwrap();
    }

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        let read = |url| address(url, "DOCKER_HOST");
        assert_eq!(read("unix:///run/x.sock").unwrap(), Address::Unix("/run/x.sock".into()));
        assert_eq!(read("tcp://box:2376").unwrap(), Address::Tcp("box:2376".into()));
        assert_eq!(read("tcp://box").unwrap(), Address::Tcp("box:2375".into()));
        assert!(read("ssh://me@box").unwrap_err().to_string().contains("ssh -nNT -L"));
    }
}
