//! Settings, each with where it came from: flag, environment, file, or default, in that order.
//!
//! [`table`] is the one list of them: flags, variables, file keys, help and the README's table are
//! derived from it. [`Config`] holds the checked values.

mod allowed;
mod read;
mod table;

pub use read::{Origin, Raw, Resolved};
pub use table::{SETTINGS, Setting};

use domain::{Error, Result, confinement::Allowed, error::Problems};
use http::Uri;
use services::StreamMode;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
};

/// Checked settings.
#[derive(Debug, Clone)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub session_ports: RangeInclusive<u16>,
    /// First session port as browsers see it.
    pub public_session_port: u16,
    pub public_url: Option<PublicUrl>,
    pub sessions_domain: Option<String>,
    pub session_networks: Ipv4Addr,
    pub ready_networks: usize,
    pub sessions_per_user: i64,
    /// What of the engine's host workspaces may have.
    pub allowed: Allowed,
    /// Whether catalogs are read at addresses that are not public too.
    pub catalog_private: bool,
    pub trusted_proxies: Vec<IpAddr>,
    pub engine: Option<String>,
    pub metrics: bool,
    pub log_json: bool,
    pub log_level: String,
    pub admin_username: Option<String>,
    pub admin_password_file: Option<PathBuf>,
}

/// The console's address as browsers use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    pub scheme: &'static str,
    pub host: String,
    pub port: Option<u16>,
}

impl Config {
    /// Checks resolved settings; every problem is named by its setting.
    ///
    /// # Errors
    /// `Invalid` with one problem per setting.
    pub fn check(raw: &Resolved) -> Result<Self> {
        let mut problems = Problems::default();
        let text = |name: &str| raw.value(name).trim().to_owned();
        let some = |name: &str| Some(text(name)).filter(|t| !t.is_empty());
        let ports = problems.take("session_ports", port_range(&text("session_ports")), 8081..=8144);
        let first = *ports.start();
        let config = Self {
            data_dir: PathBuf::from(text("data_dir")),
            listen: problems.take(
                "listen",
                text("listen")
                    .parse()
                    .map_err(|_| "Write an address and port like `127.0.0.1:8080`.".to_owned()),
                SocketAddr::from(([127, 0, 0, 1], 8080)),
            ),
            public_session_port: match some("public_session_port") {
                None => first,
                Some(port) => problems.take(
                    "public_session_port",
                    port.parse().map_err(|_| "A port is between 1 and 65535.".to_owned()),
                    first,
                ),
            },
            session_ports: ports,
            public_url: some("public_url")
                .map(|url| problems.take("public_url", public_url(&url).map(Some), None))
                .unwrap_or_default(),
            sessions_domain: some("sessions_domain")
                .map(|d| d.trim_start_matches("*.").to_lowercase()),
            session_networks: problems.take(
                "session_networks",
                network(&text("session_networks")),
                Ipv4Addr::new(10, 231, 0, 0),
            ),
            ready_networks: problems.take(
                "ready_networks",
                count(&text("ready_networks"), 0, 64),
                3,
            ),
            sessions_per_user: problems.take(
                "sessions_per_user",
                count(&text("sessions_per_user"), 1, 10_000),
                5,
            ),
            allowed: Allowed {
                host_roots: problems.take(
                    "host_roots",
                    allowed::roots(&text("host_roots")),
                    Vec::new(),
                ),
                networks: problems.take(
                    "networks",
                    allowed::networks(&text("networks")),
                    Vec::new(),
                ),
                devices: problems.take("devices", allowed::devices(&text("devices")), Vec::new()),
                privileged: problems.take("privileged", switch(&text("privileged")), false),
            },
            catalog_private: problems.take(
                "catalog_private",
                switch(&text("catalog_private")),
                false,
            ),
            trusted_proxies: problems.take(
                "trusted_proxies",
                addresses(&text("trusted_proxies")),
                Vec::new(),
            ),
            engine: some("engine"),
            metrics: problems.take("metrics", switch(&text("metrics")), false),
            log_json: problems.take("log_format", format(&text("log_format")), false),
            log_level: text("log_level"),
            admin_username: some("admin_username"),
            admin_password_file: some("admin_password_file").map(PathBuf::from),
        };
        if config.sessions_domain.is_some() && config.public_url.is_none() {
            problems.add("public_url", "Set `public_url` together with `sessions_domain`: sessions must know which page may frame them.");
        }
        if config.session_ports.contains(&config.listen.port()) && config.sessions_domain.is_none()
        {
            problems.add(
                "session_ports",
                "The console's own port must not be among the session ports.",
            );
        }
        if config.admin_username.is_some() != config.admin_password_file.is_some() {
            problems
                .add("admin_username", "Set `admin_username` and `admin_password_file` together.");
        }
        problems.finish()?;
        Ok(config)
    }

    pub fn stream_mode(&self) -> StreamMode {
        match &self.sessions_domain {
            Some(domain) => StreamMode::ByHost { domain: domain.clone() },
            None => StreamMode::ByPort {
                ports: self.session_ports.clone(),
                public_first: self.public_session_port,
            },
        }
    }

    /// Whether cookies may only travel over TLS.
    pub fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme == "https")
    }
}

fn port_range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let why = || "Write a range of ports like `8081-8144`.".to_owned();
    let (first, last) = text.split_once('-').ok_or_else(why)?;
    let first: u16 = first.trim().parse().map_err(|_| why())?;
    let last: u16 = last.trim().parse().map_err(|_| why())?;
    if first == 0 || first > last { Err(why()) } else { Ok(first..=last) }
}

fn public_url(text: &str) -> Result<PublicUrl, String> {
    let why = || "Write an address like `https://slipway.example.org`, without a path.".to_owned();
    let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| why())?;
    let scheme = match uri.scheme_str() {
        Some("http") => "http",
        Some("https") => "https",
        _ => return Err(why()),
    };
    if uri.path() != "/" && !uri.path().is_empty() || uri.query().is_some() {
        return Err("Slipway is served at the root of its host; `public_url` has no path.".into());
    }
    let host = uri.host().ok_or_else(why)?.to_lowercase();
    Ok(PublicUrl { scheme, host, port: uri.port_u16() })
}

fn network(text: &str) -> Result<Ipv4Addr, String> {
    let why = || "Write a private /16 network like `10.231.0.0/16`.".to_owned();
    let address: Ipv4Addr = text.strip_suffix("/16").ok_or_else(why)?.parse().map_err(|_| why())?;
    let [.., third, fourth] = address.octets();
    if address.is_private() && (third, fourth) == (0, 0) { Ok(address) } else { Err(why()) }
}

fn addresses(text: &str) -> Result<Vec<IpAddr>, String> {
    text.split([',', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_err(|_| format!("`{part}` is not an IP address.")))
        .collect()
}

fn count<T: std::str::FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    low: T,
    high: T,
) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(n) if n >= low && n <= high => Ok(n),
        _ => Err(format!("Write a number between {low} and {high}.")),
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" | "" => Ok(false),
        _ => Err("Write `on` or `off`.".into()),
    }
}

fn format(text: &str) -> Result<bool, String> {
    match text {
        "json" => Ok(true),
        "text" => Ok(false),
        _ => Err("Write `text` or `json`.".into()),
    }
}

/// The refusal to start, one line per setting, saying where the value came from.
pub fn describe(error: &Error, raw: &Resolved) -> String {
    error
        .fields
        .iter()
        .map(|problem| {
            let resolved = raw.get(&problem.field);
            let (value, origin) =
                resolved.map_or(("", Origin::Default), |r| (r.value.as_str(), r.origin));
            format!(
                "{} = `{value}` ({}): {}",
                problem.field,
                origin.describe(&problem.field),
                problem.message
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(pairs: &[(&str, &str)]) -> Result<Config> {
        let mut raw = Resolved::defaults();
        for (name, value) in pairs {
            raw.set(name, value, Origin::Flag);
        }
        Config::check(&raw)
    }

    #[test]
    fn defaults_are_good() {
        let config = checked(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.session_ports, 8081..=8144);
    }

    #[test]
    fn each_bad_value_is_named_by_its_setting() {
        let error = checked(&[
            ("listen", "8080"),
            ("session_ports", "9-1"),
            ("public_url", "https://x/y"),
            ("session_networks", "8.8.0.0/16"),
            ("trusted_proxies", "proxy"),
            ("metrics", "maybe"),
            ("log_format", "xml"),
            ("sessions_per_user", "0"),
            ("host_roots", "/srv,/proc/x"),
            ("networks", "host"),
            ("devices", "/etc"),
            ("privileged", "perhaps"),
            ("catalog_private", "sometimes"),
            ("admin_username", "ada"),
        ])
        .unwrap_err();
        for name in [
            "listen",
            "session_ports",
            "public_url",
            "session_networks",
            "trusted_proxies",
            "metrics",
            "log_format",
            "sessions_per_user",
            "host_roots",
            "networks",
            "devices",
            "privileged",
            "catalog_private",
            "admin_username",
        ] {
            assert!(error.problem_at(name).is_some(), "{name} was accepted");
        }
    }

    #[test]
    fn host_names_for_sessions_need_the_consoles_own_address() {
        assert!(checked(&[("sessions_domain", "s.example.org")]).is_err());
        let both = [("sessions_domain", "*.s.example.org"), ("public_url", "https://example.org")];
        assert_eq!(checked(&both).unwrap().sessions_domain.as_deref(), Some("s.example.org"));
    }
}
