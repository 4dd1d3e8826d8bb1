//! The list of settings.

/// One setting. Its flag is `--NAME` with dashes, its variable `SLIPWAY_NAME` in capitals, its key
/// in the file `NAME`.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    pub default: &'static str,
    pub help: &'static str,
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, help }
}

impl Setting {
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    pub fn variable(&self) -> String {
        format!("SLIPWAY_{}", self.name.to_uppercase())
    }
}

/// Every setting, in the order of the documentation.
pub const SETTINGS: &[Setting] = &[
    setting("data_dir", "slipway-data", "Directory of the database and keys"),
    setting("listen", "127.0.0.1:8080", "Address and port of the console"),
    setting(
        "session_ports",
        "8081-8144",
        "Ports for sessions, one for each that runs, on the console's address",
    ),
    setting(
        "public_session_port",
        "",
        "First session port as browsers see it, when a proxy maps the range elsewhere",
    ),
    setting(
        "public_url",
        "",
        "The console's address as browsers see it; needed behind a proxy and with TLS",
    ),
    setting(
        "sessions_domain",
        "",
        "Give each session a host name below this domain instead of a port",
    ),
    setting(
        "session_networks",
        "10.231.0.0/16",
        "Private /16 of which each session gets a /28 network of its own",
    ),
    setting("ready_networks", "3", "Session networks kept ready for fast launches"),
    setting(
        "sessions_per_user",
        "5",
        "Sessions one user may keep, until the Settings page says otherwise",
    ),
    setting(
        "host_roots",
        "",
        "Directories of the engine's host that workspaces may have directories of, separated by commas",
    ),
    setting(
        "networks",
        "",
        "Networks of the engine that sessions may be put on, separated by commas",
    ),
    setting(
        "devices",
        "",
        "Devices of the engine's host that workspaces may have, or directories of such, separated by commas",
    ),
    setting("privileged", "off", "Let administrators define privileged workspaces: on or off"),
    setting(
        "catalog_private",
        "off",
        "Read catalogs at addresses that are not public too: on or off",
    ),
    setting(
        "trusted_proxies",
        "",
        "Addresses of proxies whose X-Forwarded headers count, separated by commas",
    ),
    setting(
        "engine",
        "",
        "Docker or Podman address, such as unix:///run/docker.sock; empty finds it",
    ),
    setting("metrics", "off", "Serve Prometheus metrics at /metrics: on or off"),
    setting("log_format", "text", "text or json"),
    setting(
        "log_level",
        "info",
        "error, warn, info, debug, trace, or a filter such as `services=debug`",
    ),
    setting("admin_username", "", "Make this administrator at first start"),
    setting("admin_password_file", "", "File with that administrator's password"),
];
