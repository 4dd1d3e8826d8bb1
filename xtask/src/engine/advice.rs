//! What to do when there is no engine to use: each situation, and the command that ends it.

use super::Answer;

pub fn named_but_silent(source: &str, url: &str, answer: &Answer) -> String {
    let why = match answer {
        Answer::Denied => return denied(url.trim_start_matches("unix://")),
        Answer::Absent => "nothing is there".to_owned(),
        Answer::Silent(why) => why.clone(),
        Answer::Yes => String::new(),
    };
    format!(
        "{source} names the engine {url}, but no engine answers there: {why}. Start that engine, \
         name another, or leave {source} out to have the usual places tried."
    )
}

pub fn unknown_scheme(source: &str, url: &str) -> String {
    let hint = match url.strip_prefix("ssh://") {
        Some(host) => format!(
            "Forward that engine to a socket here: `ssh -nNT -L /tmp/engine.sock:/var/run/\
             docker.sock {host}`, then set {source}=unix:///tmp/engine.sock."
        ),
        None => "Write unix:///path/to/the.sock or tcp://host:port.".to_owned(),
    };
    format!("{source} is {url}, which Slipway does not speak. {hint}")
}

pub fn denied(socket: &str) -> String {
    if socket.contains("podman") {
        return format!(
            "Podman listens at {socket}, but this user may not use that socket. Start your own: \
             `systemctl --user enable --now podman.socket`, then run this again."
        );
    }
    format!(
        "Docker listens at {socket}, but this user may not use it. Join its group: `sudo usermod \
         -aG docker $USER`, sign out and in again (or `newgrp docker`), then run this again."
    )
}

/// What is known about a machine on which nothing answers.
#[derive(Clone, Copy, Default)]
pub struct Machine {
    pub root: bool,
    pub debian: bool,
    pub systemd: bool,
    pub docker: bool,
    pub podman: bool,
}

/// Why no engine can be started here, or nothing if it can.
pub fn cannot_start(machine: Machine) -> Option<String> {
    const NONE: &str = "Slipway runs its workspaces on a container engine, and none answers here.";
    let Machine { root, debian, systemd, docker, podman } = machine;
    let how = match (docker, podman) {
        (true, _) if root => return None,
        (true, _) if systemd => {
            "Docker is installed but not running. Start it: `sudo systemctl start docker`"
        }
        (true, _) => "Docker is installed but not running. Start it: `sudo dockerd`",
        (false, true) if root => {
            "Podman is installed but its socket is off. Turn it on: `systemctl enable --now \
             podman.socket`"
        }
        (false, true) => {
            "Podman is installed but its socket is off. Turn it on: `systemctl --user enable \
             --now podman.socket`"
        }
        (false, false) if root && debian => return None,
        (false, false) if debian => {
            "Install one: `sudo apt-get install --no-install-recommends docker.io && sudo usermod \
             -aG docker $USER`, sign out and in again"
        }
        (false, false) => {
            "Install Docker or Podman (https://docs.docker.com/engine/install), start it, or name \
             one that runs elsewhere: `DOCKER_HOST=tcp://host:2375 cargo xtask run`"
        }
    };
    Some(format!("{NONE} {how}; then run this again."))
}

/// Known reasons why a fresh engine ends at once, by what it wrote.
pub fn on_failed_start(log: &str) -> &'static str {
    if log.contains("iptables") || log.contains("nf_tables") {
        "\nIf this kernel has no nf_tables, switch to the older tables: `update-alternatives \
         --set iptables /usr/sbin/iptables-legacy`, then run this again."
    } else if log.contains("cgroup") {
        "\nThe control groups are not mounted: `apt-get install cgroupfs-mount && cgroupfs-mount`, \
         then run this again."
    } else if log.contains("overlay") {
        "\nThis file system cannot hold overlays: put /var/lib/slipway on ext4 or xfs, then run \
         this again."
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_either_can_start_one_or_is_told_a_command() {
        for bits in 0..32u8 {
            let bit = |n: u8| bits & (1 << n) != 0;
            let machine = Machine {
                root: bit(0),
                debian: bit(1),
                systemd: bit(2),
                docker: bit(3),
                podman: bit(4),
            };
            if let Some(text) = cannot_start(machine) {
                assert!(text.contains('`'), "{text}");
                assert!(text.ends_with("then run this again."), "{text}");
            } else {
                assert!(machine.root && (machine.docker || machine.debian));
            }
        }
    }

    #[test]
    fn root_on_debian_without_any_engine_gets_one() {
        assert!(cannot_start(Machine { root: true, debian: true, ..Default::default() }).is_none());
    }
}
