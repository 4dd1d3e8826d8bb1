//! What the installation's settings allow of the engine's host. Empty allows nothing.

use super::{Confinement, Gpus};
use crate::{
    Error, FieldProblem, Result, path::is_in, session::RunConfig, storage::Mapping,
    workspace::Definition,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// Directories of the engine's host at or below which sessions may have directories.
    pub host_roots: Vec<String>,
    /// Networks of the engine that sessions may be put on.
    pub networks: Vec<String>,
    /// Devices of the host that sessions may have, or directories of such.
    pub devices: Vec<String>,
    pub privileged: bool,
}

/// What the form of a workspace can offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    pub allowed: Allowed,
    /// Whose driver the engine has for graphics processors; `None` if it has none, or does not answer.
    pub gpu_driver: Option<String>,
    /// Whether the reader may save what weakens isolation.
    pub may_weaken: bool,
}

fn listed(all: &[String], none: &str) -> String {
    match all {
        [] => format!("{none} None is at present."),
        all => format!("{none} At present: {}.", all.join(", ")),
    }
}

impl Allowed {
    /// The root that a directory of the host is in, if it is in one.
    pub fn root_of(&self, path: &str) -> Option<&str> {
        let climbs = path.split('/').any(|part| part == "..");
        // The outermost, should one be in another: sessions may write above the inner one, and no link
        // below a root is followed.
        let roots = self.host_roots.iter().filter(|root| !climbs && is_in(path, root));
        roots.min_by_key(|root| root.len()).map(String::as_str)
    }

    /// The root that a directory of the host is in.
    ///
    /// # Errors
    /// `Forbidden` when it is in none.
    pub fn root_for(&self, path: &str) -> Result<&str> {
        self.root_of(path).ok_or_else(|| refused(self.outside(path)))
    }

    /// # Errors
    /// `Invalid` with what a definition may not have, at its fields.
    pub fn check(&self, definition: &Definition) -> Result<()> {
        let mut problems = self.problems_of(&definition.confinement);
        let storage = &definition.storage;
        let directories = storage.directories();
        let (homes, volumes): (Vec<_>, Vec<_>) =
            directories.into_iter().partition(|one| storage.field_of(one) == "profile_path");
        problems.extend(self.problem_of("profile_path", &homes));
        problems.extend(self.problem_of("volumes", &volumes));
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
    }

    /// # Errors
    /// `Invalid` at `volumes` with the directories of the host that are not in an allowed one.
    pub fn check_volumes(&self, volumes: &[Mapping]) -> Result<()> {
        self.problem_of("volumes", volumes)
            .map_or(Ok(()), |problem| Err(Error::invalid(vec![problem])))
    }

    fn problem_of(&self, field: &str, volumes: &[Mapping]) -> Option<FieldProblem> {
        let hosts = volumes.iter().filter(|one| one.is_host());
        let refused: Vec<String> =
            hosts.filter_map(|one| self.refusal_of(&one.bare(), one)).collect();
        let message = refused.join(" ");
        (!refused.is_empty()).then(|| FieldProblem { field: field.to_owned(), message })
    }

    fn refusal_of(&self, path: &str, mapping: &Mapping) -> Option<String> {
        self.root_of(path).is_none().then(|| self.outside(&mapping.name))
    }

    fn outside(&self, path: &str) -> String {
        let how = "Directories of the host are allowed by `host_roots` in the server's settings.";
        format!(
            "`{path}` is not in an allowed directory of the host. {}",
            listed(&self.host_roots, how)
        )
    }

    /// Whether a session may still have what it was launched with.
    ///
    /// # Errors
    /// `Forbidden` with the first thing that it may not.
    pub fn check_run(&self, config: &RunConfig) -> Result<()> {
        for mount in config.mounts.iter().filter(|mount| mount.host) {
            self.root_for(&mount.volume)?;
        }
        match self.problems_of(&config.confinement).into_iter().next() {
            Some(problem) => Err(refused(problem.message)),
            None => Ok(()),
        }
    }

    fn problems_of(&self, confinement: &Confinement) -> Vec<FieldProblem> {
        let mut all = Vec::new();
        let mut add = |field: &str, message: String| {
            all.push(FieldProblem { field: field.to_owned(), message });
        };
        let mut names = confinement.networks.names.iter();
        if let Some(name) = names.find(|name| !self.networks.contains(name)) {
            let how = "Networks of the engine are allowed by `networks` in the server's settings.";
            add("networks", format!("`{name}` is not allowed. {}", listed(&self.networks, how)));
        }
        let options = &confinement.options;
        let known = |path: &str| self.devices.iter().any(|device| is_in(path, device));
        if let Some(device) = options.devices.iter().find(|device| !known(&device.path)) {
            let how = "Devices of the host are allowed by `devices` in the server's settings.";
            let why = format!("`{}` is not allowed. {}", device.path, listed(&self.devices, how));
            add("devices", why);
        }
        if options.privileged && !self.privileged {
            add(
                "privileged",
                "Privileged sessions are off. They are allowed by `privileged` in the server's settings.".to_owned(),
            );
        }
        all
    }
}

fn refused(message: String) -> Error {
    Error::forbidden(message).hint("An administrator can change the workspace, or the settings.")
}

/// The refusal of graphics processors where the engine has no driver for them.
pub fn without_driver(gpus: Gpus) -> String {
    let what = match gpus {
        Gpus::Count(1) => "a graphics processor".to_owned(),
        Gpus::Count(count) => format!("{count} graphics processors"),
        Gpus::All => "graphics processors".to_owned(),
    };
    format!("It asks for {what}, and the engine has no driver for any.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{storage::parse_all, workspace::WorkspaceForm};
    use proptest::prelude::*;

    fn allowed() -> Allowed {
        Allowed {
            host_roots: vec!["/srv/data".into(), "/srv/data/deep".into()],
            networks: vec!["team".into()],
            devices: vec!["/dev/fuse".into(), "/dev/dri".into()],
            privileged: false,
        }
    }

    fn definition(form: WorkspaceForm) -> Definition {
        WorkspaceForm { name: "A".into(), image: "a:1".into(), ..form }.check().unwrap()
    }

    #[test]
    fn a_root_holds_itself_and_what_is_in_it_and_nothing_beside_it() {
        let root = |path: &str| allowed().root_of(path).map(str::to_owned);
        assert_eq!(root("/srv/data").as_deref(), Some("/srv/data"));
        assert_eq!(root("/srv/data/a/b").as_deref(), Some("/srv/data"));
        assert_eq!(root("/srv/data/deep/x").as_deref(), Some("/srv/data"), "the outermost");
        for outside in ["/srv", "/srv/database", "/", "/etc", "/srv/data/../etc", ""] {
            assert_eq!(root(outside), None, "{outside}");
        }
        assert_eq!(Allowed::default().root_of("/srv/data"), None);
    }

    #[test]
    fn what_the_settings_do_not_allow_is_told_at_its_field() {
        let mut good = definition(WorkspaceForm::default());
        good.storage.volumes = parse_all("/srv/data/{username}:/x\nteam:/y").unwrap();
        good.confinement.networks.names = vec!["team".into()];
        good.confinement.options.devices = vec!["/dev/dri/card0".parse().unwrap()];
        assert!(allowed().check(&good).is_ok());
        let error = Allowed::default().check(&good).unwrap_err();
        for field in ["volumes", "networks", "devices"] {
            let why = error.problem_at(field).unwrap();
            assert!(why.contains("in the server's settings. None is"), "{why}");
        }
        good.confinement.options.privileged = true;
        let error = allowed().check(&good).unwrap_err();
        assert!(error.problem_at("privileged").is_some() && error.fields.len() == 1);
    }

    proptest! {
        #[test]
        fn what_is_in_a_root_stays_in_it_however_it_is_written(path in "(/[a-z.]{1,6}){0,6}") {
            if let Some(root) = allowed().root_of(&path) {
                // Followed step by step, it never leaves the root.
                let mut place: Vec<&str> = Vec::new();
                for part in path.split('/').skip(1) {
                    match part {
                        ".." => { place.pop(); }
                        part => place.push(part),
                    }
                }
                let reached = format!("/{}", place.join("/"));
                prop_assert!(reached.starts_with(root), "{} leads to {}", path, reached);
            }
        }
    }
}
