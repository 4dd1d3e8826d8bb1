//! Directories of the engine's host, as far as this server can see them.
//!
//! Slipway may run on the engine's host, in a container of it, or elsewhere. Where it sees an allowed
//! root it follows links and refuses what leads out of the root, and makes directories that are to
//! belong to somebody. Where it does not, what is written counts alone, and the engine says what is
//! missing.

use crate::core::Core;
use domain::{
    Error, Result,
    session::RunConfig,
    storage::{Mapping, Mount, Owner},
};
use engine::HostDirectory;
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::chown,
    path::{Path, PathBuf},
};

/// What became of the directories of a session.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub directories: Vec<HostDirectory>,
    /// Optional ones that are not there.
    pub left_out: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    There,
    Missing,
    /// This server cannot tell.
    Unseen,
}

fn leads_out(path: &str, root: &str) -> Error {
    Error::forbidden(format!("The directory `{path}` of the host leads out of `{root}` by a link."))
        .hint("An administrator can name the directory itself, or allow where it leads to.")
}

/// Follows a path below an allowed root.
fn look(root: &str, path: &str) -> Result<Seen> {
    let Ok(real_root) = fs::canonicalize(root) else { return Ok(Seen::Unseen) };
    let mut at = PathBuf::from(path);
    loop {
        match fs::canonicalize(&at) {
            Ok(real) if !real.starts_with(&real_root) => return Err(leads_out(path, root)),
            Ok(real) if real.is_dir() => {
                let whole = at == Path::new(path);
                return Ok(if whole { Seen::There } else { Seen::Missing });
            }
            Ok(_) => {
                return Err(Error::conflict(format!(
                    "`{}` on the host is no directory.",
                    at.display()
                ))
                .hint("Only directories can be mounted."));
            }
            // A link that leads to nothing now may lead anywhere later.
            Err(error) if error.kind() == ErrorKind::NotFound && at.is_symlink() => {
                return Err(leads_out(path, root));
            }
            Err(error) if error.kind() == ErrorKind::NotFound && at.pop() => {}
            Err(_) => return Ok(Seen::Unseen),
        }
    }
}

/// Makes a directory that belongs to somebody.
fn make(root: &str, path: &str, owner: Owner) -> Result<()> {
    let refused = |error: std::io::Error| {
        Error::conflict(format!("The directory `{path}` of the host cannot be made."))
            .hint("Make it by hand, or run Slipway as somebody who may.")
            .detail(error.to_string())
    };
    fs::create_dir_all(path).map_err(refused)?;
    // Somebody may have put a link there meanwhile.
    look(root, path)?;
    chown(path, Some(owner.uid), Some(owner.gid)).map_err(|error| {
        // It is empty, and found as it is now it would be taken for one that is as it should be.
        let _ = fs::remove_dir(path);
        refused(error)
    })
}

fn one(root: &str, mount: &Mount, found: &mut Found) -> Result<()> {
    let path = mount.volume.as_str();
    match (look(root, path)?, mount.owner) {
        (Seen::There | Seen::Unseen, _) => {}
        (Seen::Missing, Some(owner)) => make(root, path, owner)?,
        (Seen::Missing, None) if mount.optional => {
            found.left_out.push(path.to_owned());
            return Ok(());
        }
        (Seen::Missing, None) => return Err(engine::missing_directory(path)),
    }
    found.directories.push(HostDirectory {
        path: path.to_owned(),
        target: mount.target.clone(),
        read_only: mount.read_only,
    });
    Ok(())
}

impl Core {
    /// Looks at the directories of the host that a session is to have, and makes those that are to
    /// belong to somebody.
    ///
    /// # Errors
    /// `Forbidden` when one is not in an allowed directory any more, or leads out of it; `NotFound`
    /// when one that must be there is not.
    pub(crate) async fn host_directories(&self, config: &RunConfig) -> Result<Found> {
        let mounts = config.mounts.iter().filter(|mount| mount.host);
        let mounts: Vec<Mount> = mounts.cloned().collect();
        if mounts.is_empty() {
            return Ok(Found::default());
        }
        self.settings.allowed.check_run(config)?;
        let allowed = self.settings.allowed.clone();
        // Directories may be on a disk that does not answer.
        let looked = tokio::task::spawn_blocking(move || {
            let mut found = Found::default();
            for mount in &mounts {
                let root = allowed.root_of(&mount.volume).unwrap_or_default();
                one(root, mount, &mut found)?;
            }
            Ok(found)
        });
        looked.await.map_err(|error| self.fault(&error))?
    }

    /// Whether the directories of the host that a workspace names stay where they are allowed, as far
    /// as that is known before there is a user: up to the first part that depends on one.
    ///
    /// # Errors
    /// `Invalid` at `volumes`.
    pub(crate) async fn check_links(&self, volumes: &[Mapping]) -> Result<()> {
        let known = |mapping: &Mapping| {
            let parts = mapping.name.split('/').take_while(|part| !part.contains('{'));
            parts.collect::<Vec<_>>().join("/")
        };
        let paths: Vec<String> = volumes.iter().filter(|one| one.is_host()).map(known).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let allowed = self.settings.allowed.clone();
        let looked = tokio::task::spawn_blocking(move || {
            for path in &paths {
                // A part before the root itself says nothing yet.
                let Some(root) = allowed.root_of(path) else { continue };
                look(root, path).map_err(|error| Error::at("volumes", error.message))?;
            }
            Ok(())
        });
        looked.await.map_err(|error| self.fault(&error))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ErrorKind;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_that_leads_out_of_its_root_is_refused_wherever_it_is() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
        let root = at("root");
        fs::create_dir_all(at("root/real/deep")).unwrap();
        fs::create_dir_all(at("outside/deep")).unwrap();
        fs::write(at("root/file"), "").unwrap();
        symlink(at("outside"), at("root/out")).unwrap();
        symlink(at("root/real"), at("root/in")).unwrap();
        symlink(at("nowhere"), at("root/dangling")).unwrap();
        let seen = |name: &str| look(&root, &at(name)).map_err(|error| error.kind);
        assert_eq!(seen("root"), Ok(Seen::There));
        assert_eq!(seen("root/in/deep"), Ok(Seen::There), "a link within the root is none");
        assert_eq!(seen("root/real/new/er"), Ok(Seen::Missing));
        for out in ["root/out", "root/out/deep", "root/out/new", "root/dangling", "root/dangling/x"]
        {
            assert_eq!(seen(out), Err(ErrorKind::Forbidden), "{out}");
        }
        assert_eq!(seen("root/file"), Err(ErrorKind::Conflict));
        assert_eq!(look(&at("unseen"), &at("unseen/x")).unwrap(), Seen::Unseen);
    }

    #[test]
    fn what_is_missing_is_made_for_its_owner_left_out_or_refused() {
        use std::os::unix::fs::MetadataExt as _;
        let place = tempfile::tempdir().unwrap();
        let root = place.path().to_string_lossy().into_owned();
        // Whoever runs the test may give a directory to himself.
        let own = fs::metadata(&root).unwrap();
        let owner = Owner { uid: own.uid(), gid: own.gid() };
        let mount = |name: &str, owner, optional| Mount {
            volume: format!("{root}/{name}"),
            target: "/x".into(),
            read_only: false,
            host: true,
            owner,
            optional,
            personal: false,
            fresh: false,
        };
        let mut found = Found::default();
        one(&root, &mount("made/for/ada", Some(owner), false), &mut found).unwrap();
        assert!(Path::new(&root).join("made/for/ada").is_dir());
        one(&root, &mount("optional", None, true), &mut found).unwrap();
        assert_eq!((found.directories.len(), found.left_out.len()), (1, 1));
        let refused = one(&root, &mount("required", None, false), &mut found).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::NotFound);
        assert!(refused.message.contains("/required`"), "{refused}");
    }
}
