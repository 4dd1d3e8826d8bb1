//! The engine's options that a workspace may say otherwise than usual: a closed list, each with a
//! type of its own that reads and writes one line.

use crate::{quantity, storage::check_target};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, str::FromStr};

/// Most lines of one option.
const MOST: usize = 16;

/// Limits of processes that a container may have for itself.
const ULIMITS: [&str; 10] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "memlock",
    "msgqueue",
    "nofile",
    "nproc",
    "sigpending",
    "stack",
];

/// Kernel settings that are a container's own and cannot touch anybody else's.
const SYSCTLS: [&str; 13] = [
    "net.core.somaxconn",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
    "net.ipv6.conf.all.disable_ipv6",
];

/// What is said otherwise; what is not, is as every container has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub hostname: Option<String>,
    /// Addresses of name servers.
    pub dns: Vec<String>,
    /// `name:address`.
    pub hosts: Vec<String>,
    pub ulimits: Vec<Ulimit>,
    pub sysctls: Vec<(String, String)>,
    pub tmpfs: Vec<Tmpfs>,
    /// The image's own files cannot be written.
    pub read_only: bool,
    /// `user` or `user:group`, by name or number.
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub devices: Vec<Device>,
    pub seccomp_unconfined: bool,
    pub apparmor_unconfined: bool,
    pub privileged: bool,
}

/// How much of something processes may have. `-1` is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    pub name: String,
    pub soft: i64,
    pub hard: i64,
}

/// A directory in memory, which counts as the container's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tmpfs {
    pub target: String,
    /// Most bytes in it; `None` for as many as the container's memory lets.
    pub size: Option<i64>,
}

/// A device of the host, at the same path in the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub path: String,
    /// Of `r`, `w` and `m`.
    pub access: String,
}

/// Graphics processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gpus {
    All,
    Count(u32),
}

impl Gpus {
    /// Reads `all` or a number; `None` where there is nothing.
    ///
    /// # Errors
    /// How to write it.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        match text.trim() {
            "" | "0" => Ok(None),
            "all" => Ok(Some(Self::All)),
            number => match number.parse() {
                Ok(count @ 1..=64) => Ok(Some(Self::Count(count))),
                _ => Err("Write `all`, or a number between 1 and 64.".to_owned()),
            },
        }
    }
}

impl fmt::Display for Gpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl FromStr for Ulimit {
    type Err = String;

    /// `nofile=1024` or `nofile=1024:2048`.
    fn from_str(line: &str) -> Result<Self, String> {
        let wrong = || format!("`{line}`: write `nofile=1024`, or `nofile=1024:2048`.");
        let (name, amounts) = line.split_once('=').ok_or_else(wrong)?;
        let name = name.trim();
        if !ULIMITS.contains(&name) {
            return Err(format!(
                "`{name}` cannot be limited. Possible are {}.",
                ULIMITS.join(", ")
            ));
        }
        let (soft, hard) = amounts.split_once(':').unwrap_or((amounts, amounts));
        let read = |text: &str| text.trim().parse().ok().filter(|n| *n >= -1).ok_or_else(wrong);
        let (soft, hard): (i64, i64) = (read(soft)?, read(hard)?);
        let above = hard != -1 && (soft == -1 || soft > hard);
        if above {
            Err(format!("`{line}`: the first may not be more than the second."))
        } else {
            Ok(Self { name: name.to_owned(), soft, hard })
        }
    }
}

impl fmt::Display for Ulimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.soft)?;
        if self.hard == self.soft { Ok(()) } else { write!(f, ":{}", self.hard) }
    }
}

impl FromStr for Tmpfs {
    type Err = String;

    /// `/scratch` or `/scratch:size=64 MiB`.
    fn from_str(line: &str) -> Result<Self, String> {
        let (target, option) = line.split_once(':').unwrap_or((line, ""));
        let size = match option.trim() {
            "" => None,
            option => {
                let amount = option.strip_prefix("size=").ok_or_else(|| {
                    format!("`{option}`: of a directory in memory, only `size=…` can be said.")
                })?;
                Some(bytes(amount)?)
            }
        };
        Ok(Self { target: check_target(target)?, size })
    }
}

/// A size as people write it, or as engines do (`64m`).
fn bytes(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let short = [("k", "KiB"), ("m", "MiB"), ("g", "GiB")];
    let lower = text.to_ascii_lowercase();
    let long = short.iter().find_map(|(unit, long)| {
        let number = lower.strip_suffix(unit)?;
        number.parse::<u32>().ok().map(|number| format!("{number} {long}"))
    });
    let size = match lower.parse::<i64>() {
        Ok(size) => size,
        Err(_) => quantity::parse_bytes(long.as_deref().unwrap_or(text))?,
    };
    if size > 0 { Ok(size) } else { Err(format!("`{text}` is no size.")) }
}

impl fmt::Display for Tmpfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target)?;
        match self.size {
            Some(size) => write!(f, ":size={}", quantity::typed_bytes(size)),
            None => Ok(()),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    /// `/dev/fuse` or `/dev/fuse:rw`.
    fn from_str(line: &str) -> Result<Self, String> {
        let (path, access) = line.split_once(':').unwrap_or((line, "rwm"));
        let (path, access) = (path.trim(), access.trim());
        let plain = path.starts_with("/dev/")
            && !path.contains(|c: char| c.is_control() || c == ',' || c == ' ')
            && path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
        let fits =
            !access.is_empty() && access.len() <= 3 && access.bytes().all(|b| b"rwm".contains(&b));
        if plain && fits {
            Ok(Self { path: path.to_owned(), access: access.to_owned() })
        } else {
            Err(format!("`{line}`: write `/dev/fuse`, or `/dev/fuse:rw`."))
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.access)
    }
}

/// `name:address`, as in a file of hosts.
pub(super) fn host(line: &str) -> Result<String, String> {
    let wrong = || format!("`{line}`: write `name:address`, such as `db.example.org:10.0.0.5`.");
    let (name, address) = line.split_once(':').ok_or_else(wrong)?;
    let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
    Ok(format!("{}:{address}", check_hostname(name).map_err(|_| wrong())?))
}

/// The address of a name server.
pub(super) fn server(word: &str) -> Result<String, String> {
    word.parse::<IpAddr>()
        .map(|address| address.to_string())
        .map_err(|_| format!("`{word}` is no address of a name server."))
}

/// `name=value` of a kernel setting.
pub(super) fn sysctl(line: &str) -> Result<(String, String), String> {
    let (name, value) =
        line.split_once('=').ok_or_else(|| format!("`{line}`: write `name=value`."))?;
    let (name, value) = (name.trim(), value.trim());
    if !SYSCTLS.contains(&name) {
        return Err(format!(
            "`{name}` is not a session's own to set. Possible are {}.",
            SYSCTLS.join(", ")
        ));
    }
    let fits = !value.is_empty()
        && value.len() <= 60
        && value.bytes().all(|b| b.is_ascii_digit() || b" \t-".contains(&b));
    if fits {
        Ok((name.to_owned(), value.to_owned()))
    } else {
        Err(format!("`{value}` is no value of `{name}`."))
    }
}

pub(super) fn check_hostname(text: &str) -> Result<String, String> {
    let name = text.trim();
    let fits = name.len() <= 63
        && name.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    if fits { Ok(name.to_owned()) } else { Err(format!("`{name}` is no name of a host.")) }
}

pub(super) fn check_user(text: &str) -> Result<String, String> {
    let user = text.trim();
    let part = |part: &str| {
        !part.is_empty()
            && part.len() <= 32
            && !part.starts_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    };
    let fits = match user.split_once(':') {
        Some((user, group)) => part(user) && part(group),
        None => part(user),
    };
    if fits { Ok(user.to_owned()) } else { Err(format!("`{user}`: write `user` or `user:group`.")) }
}

pub(super) fn check_directory(text: &str) -> Result<String, String> {
    let path = text.trim();
    let fits = path.starts_with('/')
        && path.len() <= 400
        && !path.contains(char::is_control)
        && !path.split('/').any(|part| part == "..");
    if fits { Ok(path.to_owned()) } else { Err(format!("`{path}` is no path in a container.")) }
}

/// Reads one a line; lines are told with their number.
pub(super) fn lines<T: PartialEq>(
    text: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty()) {
        match read(line) {
            Ok(one) if all.contains(&one) => {}
            Ok(one) => all.push(one),
            Err(why) => wrong.push(format!("Line {}: {why}", at + 1)),
        }
    }
    if all.len() > MOST {
        wrong.push(format!("At most {MOST} lines."));
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong.join(" ")) }
}

pub(super) fn on_one_line<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Kernel settings as they are written.
pub(super) fn written(sysctls: &[(String, String)]) -> Vec<String> {
    sysctls.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

impl Options {
    /// What is said, as names and values.
    pub(super) fn said(&self) -> Vec<(&'static str, String)> {
        let tick = |on: bool| if on { "yes".to_owned() } else { String::new() };
        let mut all = vec![
            ("Host name", self.hostname.clone().unwrap_or_default()),
            ("Name servers", self.dns.join(", ")),
            ("Further hosts", self.hosts.join(", ")),
            ("Limits of processes", on_one_line(&self.ulimits)),
            ("Kernel settings", written(&self.sysctls).join(", ")),
            ("Directories in memory", on_one_line(&self.tmpfs)),
            ("Read-only root", tick(self.read_only)),
            ("Runs as", self.user.clone().unwrap_or_default()),
            ("Begins in", self.working_dir.clone().unwrap_or_default()),
            ("Devices", on_one_line(&self.devices)),
            ("Seccomp off", tick(self.seccomp_unconfined)),
            ("AppArmor off", tick(self.apparmor_unconfined)),
            ("Privileged", tick(self.privileged)),
        ];
        all.retain(|(_, value)| !value.is_empty());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_line_survives_being_written_and_read() {
        for line in ["nofile=1024", "nproc=10:20", "memlock=-1"] {
            assert_eq!(line.parse::<Ulimit>().unwrap().to_string(), line);
        }
        for line in ["/scratch", "/scratch:size=64 MiB"] {
            assert_eq!(line.parse::<Tmpfs>().unwrap().to_string(), line);
        }
        assert_eq!("/run:size=64m".parse::<Tmpfs>().unwrap().size, Some(64 << 20));
        assert_eq!("/dev/fuse".parse::<Device>().unwrap().to_string(), "/dev/fuse:rwm");
        assert_eq!(host("db.example.org: 10.0.0.5").unwrap(), "db.example.org:10.0.0.5");
        assert_eq!(Gpus::parse("2").unwrap(), Some(Gpus::Count(2)));
    }

    #[test]
    fn what_is_dangerous_or_senseless_is_refused() {
        for bad in ["rtprio=99", "nofile", "nofile=a", "nofile=3:2", "nofile=-2", "nofile=-1:5"] {
            assert!(bad.parse::<Ulimit>().is_err(), "{bad} was accepted");
        }
        for bad in [
            "kernel.shmmax=1",
            "vm.overcommit_memory=1",
            "net.ipv4.ip_forward=1",
            "net.core.somaxconn=$(x)",
            "net.core.somaxconn",
        ] {
            assert!(sysctl(bad).is_err(), "{bad} was accepted");
        }
        for bad in ["/", "/etc", "/x:exec", "/x:size=0", "/x:size=many", "x"] {
            assert!(bad.parse::<Tmpfs>().is_err(), "{bad} was accepted");
        }
        for bad in ["/dev", "/dev/../etc/passwd", "/etc/passwd", "/dev/a:x", "/dev/a:", "/dev//a"] {
            assert!(bad.parse::<Device>().is_err(), "{bad} was accepted");
        }
        assert!(host("db:not-an-address").is_err() && server("dns.example.org").is_err());
        assert!(check_user("a b").is_err() && check_user("-x").is_err());
        assert!(check_hostname("a_b").is_err() && check_directory("x").is_err());
        assert!(Gpus::parse("some").is_err() && Gpus::parse("65").is_err());
    }

    proptest! {
        #[test]
        fn a_device_is_always_below_dev(text in "[/a-z.:]{0,30}") {
            if let Ok(device) = text.parse::<Device>() {
                prop_assert!(device.path.starts_with("/dev/"));
                prop_assert!(!device.path.split('/').any(|part| part == ".."));
                prop_assert_eq!(device.to_string().parse::<Device>().unwrap(), device);
            }
        }
    }
}
