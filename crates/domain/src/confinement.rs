//! How the engine confines the containers of a workspace: on which networks they are, what of the
//! engine's options is said otherwise than usual, and which graphics processors they get.
//!
//! Nothing of it is passed on to an engine as it was typed: what can be said is a closed list of
//! types, and whatever weakens the isolation of a session says so in words ([`Definition::weakened`]).
//! What touches the engine's host counts only as far as the installation's settings go ([`Allowed`]),
//! when it is saved and again when it is launched.

mod allowed;
mod form;
mod network;
mod options;
mod pasted;

pub use allowed::{Allowed, Offered, without_driver};
pub use form::ConfinementForm;
pub use network::{NetworkBounds, NetworkKind, Networks, check_network_name};
pub use options::{Device, Gpus, Options, Tmpfs, Ulimit};

use crate::{
    error::Problems,
    session::RunConfig,
    storage::{Mapping, Mount},
    workspace::{Definition, WorkspaceForm},
};
use serde::{Deserialize, Serialize};

/// What a workspace says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confinement {
    pub networks: Networks,
    pub options: Options,
    pub gpus: Option<Gpus>,
}

impl Confinement {
    /// In what a container is less confined by it than usual, a sentence each.
    fn weakened(&self) -> Vec<String> {
        let mut all = Vec::new();
        if !self.networks.names.is_empty() {
            all.push(format!(
                "On networks of the engine: {}. Its sessions meet each other there, and whatever else is on them.",
                self.networks.names.join(", ")
            ));
        }
        let Options { seccomp_unconfined, apparmor_unconfined, privileged, devices, .. } =
            &self.options;
        if !devices.is_empty() {
            all.push(format!("Devices of the host: {}.", options::on_one_line(devices)));
        }
        if *seccomp_unconfined {
            all.push("Every system call is open to it: seccomp is off.".to_owned());
        }
        if *apparmor_unconfined {
            all.push("No AppArmor profile holds it.".to_owned());
        }
        if *privileged {
            all.push("Privileged: its programs can do to the engine's host what root can.".into());
        }
        if let Some(gpus) = self.gpus {
            all.push(format!("Graphics processors of the host, with their driver: {gpus}."));
        }
        all
    }

    /// The same, as far as it weakens nothing.
    #[must_use]
    pub fn without_weakening(mut self) -> Self {
        if self.networks.kind == NetworkKind::Named {
            self.networks.kind = NetworkKind::Own;
        }
        self.networks.names.clear();
        self.options.devices.clear();
        self.options.seccomp_unconfined = false;
        self.options.apparmor_unconfined = false;
        self.options.privileged = false;
        self.gpus = None;
        self
    }

    /// What is said, as names and values to be shown.
    pub fn said(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![("Networks", self.networks.describe())];
        if let Some(gpus) = self.gpus {
            all.push(("Graphics processors", gpus.to_string()));
        }
        all.extend(self.options.said());
        all
    }
}

fn hosts(sources: Vec<String>) -> Option<String> {
    (!sources.is_empty()).then(|| format!("Directories of the host: {}.", sources.join(", ")))
}

impl Definition {
    /// In what sessions are less confined than usual for which it takes an administrator; a sentence
    /// each.
    pub fn loosened(&self) -> Vec<String> {
        let sources = self.storage.directories();
        let hosts = hosts(sources.iter().map(Mapping::to_string).collect());
        hosts.into_iter().chain(self.confinement.weakened()).collect()
    }

    /// In what sessions are less confined than usual, a sentence each; nothing where they are not.
    pub fn weakened(&self) -> Vec<String> {
        self.contract.weakened().into_iter().chain(self.loosened()).collect()
    }
}

impl RunConfig {
    /// In what the session is less confined than usual, a sentence each.
    pub fn weakened(&self) -> Vec<String> {
        let sources = self.mounts.iter().filter(|mount| mount.host);
        let hosts = hosts(sources.map(Mount::to_string).collect());
        let rest = hosts.into_iter().chain(self.confinement.weakened());
        self.contract.weakened().into_iter().chain(rest).collect()
    }
}

impl WorkspaceForm {
    /// In what sessions would be less confined than usual, of what can be read of what is typed.
    pub fn weakened(&self) -> Vec<String> {
        let contract = self.contract(&mut Problems::default());
        contract.weakened().into_iter().chain(self.loosened()).collect()
    }

    /// The same without the contract: what only administrators may save.
    pub fn loosened(&self) -> Vec<String> {
        let sources = self.storage(&mut Problems::default()).directories();
        let sources = sources.iter().map(ToString::to_string);
        let confinement = self.confinement.check(&mut Problems::default());
        hosts(sources.collect()).into_iter().chain(confinement.weakened()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::parse_all;

    fn plain() -> Definition {
        let form = WorkspaceForm { name: "A".into(), image: "a:1".into(), ..Default::default() };
        form.check().unwrap()
    }

    #[test]
    fn what_is_usual_weakens_nothing() {
        let mut definition = plain();
        definition.storage.volumes = parse_all("team:/srv/team:uid=5").unwrap();
        definition.confinement.networks.kind = NetworkKind::Internal;
        definition.confinement.options.read_only = true;
        definition.confinement.options.hostname = Some("desk".into());
        assert_eq!(definition.weakened(), Vec::<String>::new());
    }

    #[test]
    fn everything_that_weakens_says_so_in_words() {
        let mut definition = plain();
        definition.contract.capabilities = vec!["CHOWN".into()];
        assert_eq!((definition.weakened().len(), definition.loosened().len()), (1, 0));
        let form = WorkspaceForm::from(&definition);
        assert_eq!((form.weakened().len(), form.loosened().len()), (1, 0));
        definition.storage.volumes = parse_all("/srv/data:/data:ro").unwrap();
        definition.confinement = Confinement {
            networks: Networks { kind: NetworkKind::Own, names: vec!["team".into()] },
            options: Options {
                devices: vec!["/dev/fuse".parse().unwrap()],
                seccomp_unconfined: true,
                apparmor_unconfined: true,
                privileged: true,
                ..Options::default()
            },
            gpus: Some(Gpus::All),
        };
        let told = definition.weakened().join("\n");
        for part in [
            "CHOWN",
            "/srv/data:/data:ro",
            "team",
            "/dev/fuse",
            "seccomp",
            "AppArmor",
            "root",
            "all",
        ] {
            assert!(told.contains(part), "{part} is not told: {told}");
        }
        assert_eq!(definition.loosened().len(), 7);
        definition.storage.volumes.clear();
        definition.confinement = definition.confinement.without_weakening();
        assert_eq!(definition.loosened(), Vec::<String>::new());
    }

    #[test]
    fn what_older_rows_hold_is_as_usual() {
        assert_eq!(serde_json::from_str::<Confinement>("{}").unwrap(), Confinement::default());
    }
}
