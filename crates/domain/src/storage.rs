//! What stays when a session goes: a home directory for each user, and volumes that sessions share.
//!
//! Volumes that the engine keeps by name are below a name of the installation, so that nothing of
//! others can be asked for; directories of the engine's host only where the installation's settings
//! allow it ([`crate::confinement::Allowed`]).

mod home;
mod mapping;
mod merging;
mod nesting;

pub use home::HomePath;
pub use mapping::{Mapping, Owner, check_target, parse_all};
pub use merging::{Beside, Given, given};
pub use nesting::{Side, Whose, check_nesting};

use crate::UserId;
use serde::{Deserialize, Serialize};

/// What a workspace keeps for its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// Whether each user's home directory survives his sessions.
    pub profile: bool,
    /// Where the image has it.
    pub home: String,
    /// Where they are kept on the engine's host; in volumes of the engine otherwise.
    pub profile_path: Option<HomePath>,
    /// Where each user's one folder is that all workspaces share which have it; `None` for none.
    pub folder: Option<String>,
    pub volumes: Vec<Mapping>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            profile: false,
            home: "/home/user".to_owned(),
            profile_path: None,
            folder: None,
            volumes: Vec::new(),
        }
    }
}

/// A volume, or a directory of the engine's host, of one session, with its name worked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Without what tells the installation; of a directory of the host, its whole path.
    pub volume: String,
    pub target: String,
    pub read_only: bool,
    /// Whether it is a directory of the engine's host.
    #[serde(default)]
    pub host: bool,
    /// Whose what is made is to be.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Whether a session goes without it where the host does not have it.
    #[serde(default)]
    pub optional: bool,
    /// Whether it is the owner's alone, and goes with him.
    pub personal: bool,
    /// Whether it is emptied before the session's first container is made.
    pub fresh: bool,
}

impl std::fmt::Display for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.volume, self.target)?;
        if self.read_only { f.write_str(" (read only)") } else { Ok(()) }
    }
}

/// What is asked for at launch of the home directory that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProfileChoice {
    /// As it was left.
    #[default]
    Keep,
    /// Emptied first.
    Fresh,
    /// This session has one that goes with it.
    Without,
}

impl ProfileChoice {
    pub fn parse(text: &str) -> Self {
        match text {
            "fresh" => Self::Fresh,
            "without" => Self::Without,
            _ => Self::Keep,
        }
    }
}

/// Whose session it is, and of which workspace: what the tokens in names stand for.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    pub user: &'a UserId,
    pub username: &'a str,
    /// Id of the workspace.
    pub workspace: &'a str,
}

impl Names<'_> {
    /// The name of a volume: it holds the user's id, which nobody else ever has, beside the name that
    /// people can read.
    fn named(&self, name: &str) -> String {
        let reader = format!("{}-{}", plain(self.username), self.user.short());
        name.replace("{username}", &reader)
            .replace("{user_id}", self.user.as_str())
            .replace("{workspace}", self.workspace)
    }

    /// A path of the host: it has the plain name of the user, as his directory is called there.
    fn path(&self, path: &str) -> String {
        path.replace("{username}", &directory(self.username, self.user))
            .replace("{user_id}", self.user.as_str())
            .replace("{workspace}", self.workspace)
    }

    /// What a session has of a mapping.
    pub fn mount(&self, one: &Mapping) -> Mount {
        Mount {
            volume: if one.is_host() {
                self.path(&one.name)
            } else {
                // Told apart, so that nobody names another's in full.
                let kind = if one.is_personal() { "own" } else { "volume" };
                format!("{kind}-{}", self.named(&one.name))
            },
            target: one.target.clone(),
            read_only: one.read_only,
            host: one.is_host(),
            owner: one.owner,
            optional: one.optional,
            personal: one.is_personal(),
            fresh: false,
        }
    }
}

impl Storage {
    /// Where homes are on the host, if they are kept there.
    fn home_path(&self) -> Option<&HomePath> {
        self.profile_path.as_ref().filter(|_| self.profile)
    }

    /// What of it are directories of the host: the homes, and volumes.
    pub fn directories(&self) -> Vec<Mapping> {
        let home = self.home_path().map(|path| path.mapping(&self.home));
        let volumes = self.volumes.iter().filter(|one| one.is_host()).cloned();
        home.into_iter().chain(volumes).collect()
    }

    /// The name of the form's field by which a directory of the host is there.
    pub fn field_of(&self, directory: &Mapping) -> &'static str {
        let is_home = |path: &HomePath| path.mapping(&self.home) == *directory;
        if self.home_path().is_some_and(is_home) { "profile_path" } else { "volumes" }
    }

    /// What a session has of it.
    pub fn mounts(&self, names: Names, choice: ProfileChoice) -> Vec<Mount> {
        let own = |name: &str, target: &str, fresh: bool| Mount {
            volume: names.named(name),
            target: target.to_owned(),
            read_only: false,
            host: false,
            owner: None,
            optional: false,
            personal: true,
            fresh,
        };
        let fresh = choice == ProfileChoice::Fresh;
        let profile =
            (self.profile && choice != ProfileChoice::Without).then(|| match &self.profile_path {
                Some(path) => Mount { fresh, ..names.mount(&path.mapping(&self.home)) },
                None => own("home-{workspace}-{user_id}", &self.home, fresh),
            });
        let folder = self.folder.as_deref().map(|at| own("folder-{user_id}", at, false));
        let volumes = self.volumes.iter().map(|one| names.mount(one));
        profile.into_iter().chain(folder).chain(volumes).collect()
    }
}

/// Fit to be part of a volume's name.
fn plain(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    name.chars().map(|c| if fits(c) { c } else { '-' }).collect()
}

/// A user's name as that of one directory. A name that cannot be one as it is gets the user's id
/// behind it, so that two that look alike are told apart.
fn directory(name: &str, user: &UserId) -> String {
    let fits = plain(name);
    let is_one = fits == name && !name.is_empty() && !name.starts_with('.');
    if is_one { fits } else { format!("{}-{}", fits.trim_start_matches('.'), user.as_str()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_a_home_of_his_own_and_what_is_shared_is_one() {
        let storage = Storage {
            profile: true,
            home: "/home/user".into(),
            profile_path: None,
            folder: None,
            volumes: parse_all("team:/team\nmine-{username}:/mine").unwrap(),
        };
        let of = |user: &str, name: &str| {
            let user: UserId = user.parse().unwrap();
            let names = Names { user: &user, username: name, workspace: "w1" };
            storage.mounts(names, ProfileChoice::Keep)
        };
        let (ada, eve) = (of("0192aaaa", "a@b"), of("0192bbbb", "a-b"));
        assert_eq!(ada[1].volume, eve[1].volume);
        assert_ne!(ada[0].volume, eve[0].volume);
        assert_ne!(ada[2].volume, eve[2].volume, "names that look alike are told apart");
        assert!(ada[2].volume.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)));
        assert_eq!((ada[0].personal, ada[1].personal, ada[2].personal), (true, false, true));
        let user: UserId = "1".parse().unwrap();
        let names = Names { user: &user, username: "ada", workspace: "w1" };
        let fresh = storage.mounts(names, ProfileChoice::Fresh);
        assert!(fresh[0].fresh && !fresh[1].fresh);
        assert_eq!(storage.mounts(names, ProfileChoice::Without).len(), 2);
    }

    #[test]
    fn one_folder_of_ones_own_is_the_same_in_every_workspace_and_nobody_elses() {
        let storage = Storage { folder: Some("/srv/mine".into()), ..Storage::default() };
        let of = |user: &str, workspace: &str| {
            let user: UserId = user.parse().unwrap();
            storage.mounts(Names { user: &user, username: "ada", workspace }, ProfileChoice::Fresh)
        };
        let (one, other) = (of("0192aaaa", "w1"), of("0192aaaa", "w2"));
        assert_eq!(one, other);
        assert_eq!(
            (one[0].target.as_str(), one[0].personal, one[0].fresh),
            ("/srv/mine", true, false)
        );
        assert_ne!(one[0].volume, of("0192bbbb", "w1")[0].volume);
    }

    #[test]
    fn a_home_may_be_a_directory_of_the_host_and_is_the_same_for_the_session() {
        let path = HomePath::parse("/srv/homes/{username}/{workspace}:uid=7").unwrap();
        let storage = Storage { profile: true, profile_path: Some(path), ..Storage::default() };
        let user: UserId = "0192aaaa".parse().unwrap();
        let names = Names { user: &user, username: "ada", workspace: "w1" };
        let fresh = storage.mounts(names, ProfileChoice::Fresh).remove(0);
        assert_eq!(
            (fresh.volume.as_str(), fresh.target.as_str()),
            ("/srv/homes/ada/w1", "/home/user")
        );
        assert!(fresh.host && fresh.fresh && fresh.personal && !fresh.read_only);
        assert_eq!(storage.mounts(names, ProfileChoice::Without), []);
        let directories = storage.directories();
        assert_eq!(directories.len(), 1);
        assert_eq!(storage.field_of(&directories[0]), "profile_path");
        // What is not kept is nowhere.
        assert_eq!(Storage { profile: false, ..storage }.directories(), []);
    }

    #[test]
    fn a_directory_of_the_host_is_called_as_its_user_and_never_leaves_its_place() {
        let volumes = parse_all("/srv/{username}/{workspace}:/x:uid=7,optional").unwrap();
        let storage = Storage { volumes, ..Storage::default() };
        let user: UserId = "0192aaaa".parse().unwrap();
        let at = |username: &str| {
            let names = Names { user: &user, username, workspace: "w1" };
            storage.mounts(names, ProfileChoice::Keep)[0].clone()
        };
        let mount = at("ada.b");
        assert_eq!(mount.volume, "/srv/ada.b/w1");
        assert!(mount.host && mount.optional && mount.owner == Some(Owner { uid: 7, gid: 7 }));
        for odd in ["..", ".", "", "a/b", "a@b"] {
            let path = at(odd).volume;
            assert_eq!(path.split('/').count(), 4, "{path}");
            assert!(path.split('/').all(|part| part != ".." && part != "."), "{path}");
            assert!(path.contains("0192aaaa"), "{path}");
        }
    }
}
