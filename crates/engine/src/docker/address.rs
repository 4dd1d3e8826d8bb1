//! Where the engine is: what may be configured, and where it is looked for otherwise.

use domain::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Socket(PathBuf),
    /// `host:port`, on this machine.
    Tcp(String),
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("unix://").or(text.starts_with('/').then_some(text)) {
            return if path.starts_with('/') {
                Ok(Self::Socket(PathBuf::from(path)))
            } else {
                Err(unusable(text, "the path of its socket is not absolute"))
            };
        }
        let Some(authority) = text.strip_prefix("tcp://").or(text.strip_prefix("http://")) else {
            return Err(unusable(
                text,
                "Slipway speaks to engines over a socket or local TCP only",
            ));
        };
        let authority = authority.trim_end_matches('/');
        let Some((host, port)) = authority.rsplit_once(':') else {
            return Err(unusable(text, "it names no port"));
        };
        if port.parse::<u16>().is_err() {
            return Err(unusable(text, "its port is not a number between 1 and 65535"));
        }
        if is_loopback(host) {
            Ok(Self::Tcp(authority.to_owned()))
        } else {
            // Whoever reaches an engine is root on its host, and plain TCP asks nobody who he is.
            Err(unusable(text, "plain TCP is only accepted to this machine itself"))
        }
    }

    /// The configured address, or the environment's, or that of the first socket there is.
    pub(super) fn find(configured: Option<&str>) -> Result<Self> {
        match configured {
            Some(address) => Self::parse(address),
            None => Self::look_around(|name| std::env::var_os(name), |path| path.exists()),
        }
    }

    fn look_around(
        variable: impl Fn(&str) -> Option<OsString>,
        exists: impl Fn(&Path) -> bool,
    ) -> Result<Self> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        if let Some(address) = set("DOCKER_HOST") {
            return Self::parse(&address.to_string_lossy());
        }
        let runtime = set("XDG_RUNTIME_DIR").map(PathBuf::from);
        let home = set("HOME").map(PathBuf::from);
        let below = |base: &Option<PathBuf>, path| base.as_ref().map(|base| base.join(path));
        let found = [
            Some(PathBuf::from(DEFAULT_SOCKET)),
            below(&runtime, "docker.sock"),
            below(&home, ".docker/run/docker.sock"),
            Some(PathBuf::from("/run/podman/podman.sock")),
            below(&runtime, "podman/podman.sock"),
        ]
        .into_iter()
        .flatten()
        .find(|path| exists(path));
        // Without any, the usual one: the engine may be installed while Slipway runs.
        Ok(Self::Socket(found.unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET))))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(authority) => write!(f, "tcp://{authority}"),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn unusable(address: &str, reason: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("The engine's address `{address}` cannot be used: {reason}."),
    )
    .hint(
        "Give the path of its socket, such as `unix:///var/run/docker.sock`. \
         For an engine elsewhere, forward its socket with `ssh -L`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(path: &str) -> Address {
        Address::Socket(PathBuf::from(path))
    }

    #[test]
    fn a_socket_may_be_given_as_url_or_path() {
        for text in ["unix:///run/docker.sock", "/run/docker.sock", " /run/docker.sock "] {
            assert_eq!(Address::parse(text).unwrap(), socket("/run/docker.sock"));
        }
        assert_eq!(socket("/run/docker.sock").to_string(), "unix:///run/docker.sock");
    }

    #[test]
    fn plain_tcp_is_for_this_machine_only() {
        for text in ["tcp://127.0.0.1:2375", "http://localhost:2375/", "tcp://[::1]:2375"] {
            assert!(matches!(Address::parse(text), Ok(Address::Tcp(_))), "{text}");
        }
        for text in ["tcp://192.0.2.7:2375", "http://engine.example:2375", "tcp://0.0.0.0:2375"] {
            let refusal = Address::parse(text).unwrap_err();
            assert!(refusal.message.contains("this machine"), "{}", refusal.message);
        }
    }

    #[test]
    fn other_addresses_are_refused_with_a_sentence() {
        for text in ["ssh://host", "https://localhost:2376", "tcp://localhost", "docker.sock", ""] {
            let refusal = Address::parse(text).unwrap_err();
            assert_eq!(refusal.kind, ErrorKind::Invalid);
            assert!(refusal.hint.is_some(), "{text}");
        }
    }

    #[test]
    fn the_environment_goes_before_sockets_and_the_first_socket_wins() {
        let environment = |name: &str| match name {
            "XDG_RUNTIME_DIR" => Some("/run/user/7".into()),
            "HOME" => Some("/home/ada".into()),
            "DOCKER_HOST" => Some("".into()),
            _ => None,
        };
        let found = |there: &[&str]| {
            Address::look_around(environment, |p| there.iter().any(|t| Path::new(t) == p)).unwrap()
        };
        assert_eq!(found(&[]), socket("/var/run/docker.sock"));
        assert_eq!(
            found(&["/run/podman/podman.sock", "/run/user/7/docker.sock"]),
            socket("/run/user/7/docker.sock")
        );
        let named = |_: &str| Some("unix:///srv/engine.sock".into());
        assert_eq!(Address::look_around(named, |_| true).unwrap(), socket("/srv/engine.sock"));
    }
}
