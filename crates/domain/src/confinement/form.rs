//! The fields in which a workspace's confinement is typed: plain text, as it is posted.

use super::{
    Confinement, Gpus, Networks, Options,
    options::{check_directory, check_hostname, check_user, host, lines, server, sysctl, written},
    pasted,
};
use crate::{error::Problems, workspace::tick};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfinementForm {
    /// `own`, `internal` or `named`.
    pub network: String,
    /// Names of the engine's networks, separated by commas or blanks.
    pub networks: String,
    /// `all`, a number, or empty.
    pub gpus: String,
    pub hostname: String,
    /// Separated by commas or blanks.
    pub dns: String,
    /// One a line; so with all that hold several.
    pub extra_hosts: String,
    pub ulimits: String,
    pub sysctls: String,
    pub tmpfs: String,
    /// `on` when ticked.
    pub read_only: String,
    pub run_as: String,
    pub working_dir: String,
    pub devices: String,
    pub seccomp: String,
    pub apparmor: String,
    pub privileged: String,
    /// JSON of an engine or a compose file, whose options are taken over into the fields above.
    pub options: String,
}

fn on_lines<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl From<&Confinement> for ConfinementForm {
    fn from(confinement: &Confinement) -> Self {
        let Confinement { networks, options, gpus } = confinement;
        Self {
            network: networks.kind.as_str().to_owned(),
            networks: networks.names.join(", "),
            gpus: gpus.map(|gpus| gpus.to_string()).unwrap_or_default(),
            hostname: options.hostname.clone().unwrap_or_default(),
            dns: options.dns.join(", "),
            extra_hosts: options.hosts.join("\n"),
            ulimits: on_lines(&options.ulimits),
            sysctls: written(&options.sysctls).join("\n"),
            tmpfs: on_lines(&options.tmpfs),
            read_only: tick(options.read_only),
            run_as: options.user.clone().unwrap_or_default(),
            working_dir: options.working_dir.clone().unwrap_or_default(),
            devices: on_lines(&options.devices),
            seccomp: tick(options.seccomp_unconfined),
            apparmor: tick(options.apparmor_unconfined),
            privileged: tick(options.privileged),
            options: String::new(),
        }
    }
}

fn unless_empty(
    text: &str,
    read: impl Fn(&str) -> Result<String, String>,
) -> Result<Option<String>, String> {
    if text.trim().is_empty() { Ok(None) } else { read(text).map(Some) }
}

impl ConfinementForm {
    /// What is typed, every problem at its field. What was pasted counts as if it had been typed.
    pub fn check(&self, problems: &mut Problems) -> Confinement {
        let form = match pasted::fill(self) {
            Ok(form) => form,
            Err(why) => {
                problems.add("options", why);
                self.clone()
            }
        };
        let networks =
            Networks::check(&form.network, &form.networks).unwrap_or_else(|(at, why)| {
                problems.add(at, why);
                Networks::default()
            });
        let dns = form.dns.replace([',', ' ', ';'], "\n");
        Confinement {
            networks,
            gpus: problems.take("gpus", Gpus::parse(&form.gpus), None),
            options: Options {
                hostname: problems.take(
                    "hostname",
                    unless_empty(&form.hostname, check_hostname),
                    None,
                ),
                dns: problems.take("dns", lines(&dns, server), Vec::new()),
                hosts: problems.take("extra_hosts", lines(&form.extra_hosts, host), Vec::new()),
                ulimits: problems.take("ulimits", lines(&form.ulimits, str::parse), Vec::new()),
                sysctls: problems.take("sysctls", lines(&form.sysctls, sysctl), Vec::new()),
                tmpfs: problems.take("tmpfs", lines(&form.tmpfs, str::parse), Vec::new()),
                read_only: !form.read_only.is_empty(),
                user: problems.take("run_as", unless_empty(&form.run_as, check_user), None),
                working_dir: problems.take(
                    "working_dir",
                    unless_empty(&form.working_dir, check_directory),
                    None,
                ),
                devices: problems.take("devices", lines(&form.devices, str::parse), Vec::new()),
                seccomp_unconfined: !form.seccomp.is_empty(),
                apparmor_unconfined: !form.apparmor.is_empty(),
                privileged: !form.privileged.is_empty(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, workspace::WorkspaceForm};
    use proptest::prelude::*;

    fn checked(form: &ConfinementForm) -> Result<Confinement, Error> {
        let mut problems = Problems::default();
        let confinement = form.check(&mut problems);
        problems.finish().map(|()| confinement)
    }

    #[test]
    fn everything_survives_its_form() {
        let form = ConfinementForm {
            network: "internal".into(),
            networks: "team, lab".into(),
            gpus: "2".into(),
            hostname: "desk".into(),
            dns: "10.0.0.1, 10.0.0.2".into(),
            extra_hosts: "db:10.0.0.5".into(),
            ulimits: "nofile=1024:2048\nnproc=64".into(),
            sysctls: "net.core.somaxconn=128".into(),
            tmpfs: "/scratch:size=64 MiB".into(),
            read_only: "on".into(),
            run_as: "1000:1000".into(),
            working_dir: "/srv".into(),
            devices: "/dev/fuse:rw".into(),
            seccomp: "on".into(),
            apparmor: "on".into(),
            privileged: "on".into(),
            options: String::new(),
        };
        let confinement = checked(&form).unwrap();
        assert_eq!(ConfinementForm::from(&confinement), form);
        let usual = checked(&ConfinementForm::default()).unwrap();
        assert_eq!(usual, Confinement::default());
    }

    #[test]
    fn each_bad_field_is_named() {
        let form = ConfinementForm {
            network: "none".into(),
            gpus: "many".into(),
            hostname: "a b".into(),
            dns: "x".into(),
            extra_hosts: "x".into(),
            ulimits: "x".into(),
            sysctls: "kernel.core_pattern=1".into(),
            tmpfs: "/etc".into(),
            run_as: "a b".into(),
            working_dir: "x".into(),
            devices: "/etc/passwd".into(),
            options: "[".into(),
            ..ConfinementForm::default()
        };
        let error = checked(&form).unwrap_err();
        for field in [
            "network",
            "gpus",
            "hostname",
            "dns",
            "extra_hosts",
            "ulimits",
            "sysctls",
            "tmpfs",
            "run_as",
            "working_dir",
            "devices",
            "options",
        ] {
            assert!(error.problem_at(field).is_some(), "{field} was accepted");
        }
    }

    #[test]
    fn it_is_part_of_a_workspaces_form() {
        let form = WorkspaceForm {
            name: "A".into(),
            image: "a:1".into(),
            confinement: ConfinementForm { networks: "team".into(), ..ConfinementForm::default() },
            ..WorkspaceForm::default()
        };
        let definition = form.check().unwrap();
        assert_eq!(definition.confinement.networks.names, ["team"]);
        assert_eq!(WorkspaceForm::from(&definition).confinement.networks, "team");
    }

    proptest! {
        #[test]
        fn no_input_makes_the_check_panic(a in "\\PC{0,40}", b in "\\PC{0,40}") {
            let _ = checked(&ConfinementForm {
                network: a.clone(), networks: b.clone(), gpus: a.clone(), hostname: b.clone(),
                dns: a.clone(), extra_hosts: format!("{a}:{b}"), ulimits: format!("{a}={b}"),
                sysctls: format!("{a}={b}"), tmpfs: format!("/{a}:{b}"), run_as: a.clone(),
                working_dir: b.clone(), devices: format!("/dev/{a}:{b}"), options: a,
                ..ConfinementForm::default()
            });
        }
    }
}
