//! Directories of the engine's host, as far as this server can see them.
//!
//! Slipway may run on the engine's host, in a container of it, or elsewhere. Where it sees an allowed
//! root it walks from there part by part and refuses every link on the way, and makes directories that
//! are to belong to somebody. Where it does not, what is written counts alone, and the engine says what
//! is missing.
//!
//! Sessions may write above what is looked at, and put a link in the place of anything meanwhile. So
//! each part is opened in the one before it and held, and nothing is found by its path twice.

mod emptying;
mod homes;

use crate::core::Core;
use domain::{
    Error, Result,
    session::RunConfig,
    storage::{Mapping, Mount, Owner},
};
use engine::HostDirectory;
pub use homes::can_empty_homes;
use homes::{check_can_empty, kept, table};
use rustix::{
    fs::{self, AtFlags, Dir, FileType, Gid, Mode, OFlags, Uid},
    io::Errno,
};
use std::os::fd::OwnedFd;

/// What became of the directories of a session.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub directories: Vec<HostDirectory>,
    /// Optional ones that are not there.
    pub left_out: Vec<String>,
}

#[derive(Debug)]
enum Seen {
    There(OwnedFd),
    Missing,
    /// The root is not there for this server, so it cannot tell.
    Unseen,
}

/// Opens a directory in another, and nothing else.
fn enter(at: &OwnedFd, part: &str, how: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = how | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(at, part, flags, Mode::empty())
}

fn is_empty(directory: &OwnedFd) -> rustix::io::Result<bool> {
    for entry in Dir::read_from(directory)? {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes a directory in another, for its owner if that is the last one.
fn make(at: &OwnedFd, part: &str, owner: Option<Owner>) -> rustix::io::Result<OwnedFd> {
    match fs::mkdirat(at, part, Mode::from_raw_mode(0o777)) {
        Ok(()) => {}
        // Made by somebody else just now, and his.
        Err(Errno::EXIST) => return enter(at, part, OFlags::PATH),
        Err(error) => return Err(error),
    }
    let Some(Owner { uid, gid }) = owner else { return enter(at, part, OFlags::PATH) };
    let made = enter(at, part, OFlags::RDONLY)?;
    // Another directory may be in its place by now: only one that holds nothing is given away.
    let given = match is_empty(&made) {
        Ok(true) => fs::fchown(&made, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))),
        Ok(false) => Err(Errno::EXIST),
        Err(error) => Err(error),
    };
    if given.is_err() {
        // Found as it is now it would be taken for one that is as it should be.
        let _ = fs::unlinkat(at, part, AtFlags::REMOVEDIR);
    }
    given.map(|()| made)
}

/// Why something on the way could not be entered.
fn obstacle(at: &OwnedFd, part: &str, path: &str, error: Errno) -> Error {
    let kind = fs::statat(at, part, AtFlags::SYMLINK_NOFOLLOW)
        .map(|found| FileType::from_raw_mode(found.st_mode));
    match (error, kind) {
        (Errno::NOTDIR | Errno::LOOP, Ok(FileType::Symlink)) => {
            Error::forbidden(format!("The directory `{path}` of the host leads elsewhere by a link, `{part}`."))
                .hint("An administrator can name the directory that it leads to, if that is in an allowed one.")
        }
        (Errno::NOTDIR, _) => Error::conflict(format!("`{part}` of `{path}` on the host is no directory."))
            .hint("Only directories can be mounted."),
        _ => unclear(path, error),
    }
}

fn unclear(path: &str, error: Errno) -> Error {
    Error::conflict(format!(
        "Slipway cannot tell what `{path}` on the host is, so it is not mounted."
    ))
    .hint("Let Slipway look into each directory on the way, or correct the path in the workspace.")
    .detail(error.to_string())
}

/// Walks to a directory below an allowed root, and makes what is missing if it has an owner.
fn walk(root: &str, path: &str, owner: Option<Owner>) -> Result<Seen> {
    // The root itself is the administrators': it may be a link.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = match fs::open(root, flags, Mode::empty()) {
        Ok(at) => at,
        Err(Errno::NOENT) => return Ok(Seen::Unseen),
        Err(error) => return Err(unclear(root, error)),
    };
    let rest = path.strip_prefix(root).ok_or_else(|| unclear(path, Errno::INVAL))?;
    let mut parts = rest.split('/').filter(|part| !part.is_empty()).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        at = match (enter(&at, part, OFlags::PATH), owner) {
            (Ok(next), _) => next,
            (Err(Errno::NOENT), None) => return Ok(Seen::Missing),
            (Err(Errno::NOENT), Some(owner)) => {
                make(&at, part, last.then_some(owner)).map_err(|error| {
                    Error::conflict(format!("The directory `{path}` of the host cannot be made."))
                        .hint("Make it by hand, or run Slipway as somebody who may.")
                        .detail(error.to_string())
                })?
            }
            (Err(error), _) => return Err(obstacle(&at, part, path, error)),
        };
    }
    Ok(Seen::There(at))
}

/// Looks at one directory; `mounted` is the server's table of mounts, which homes that are begun anew
/// need.
fn one(root: &str, mount: &Mount, mounted: &str, found: &mut Found) -> Result<()> {
    let path = mount.volume.as_str();
    match walk(root, path, mount.owner)? {
        Seen::There(home) if mount.fresh => check_can_empty(&home, path, mounted)?,
        Seen::Unseen if mount.fresh => {
            return Err(
                kept(path).detail(format!("The directory {root} is not there for this server."))
            );
        }
        Seen::There(_) | Seen::Unseen => {}
        Seen::Missing if mount.optional => {
            found.left_out.push(path.to_owned());
            return Ok(());
        }
        Seen::Missing => return Err(engine::missing_directory(path)),
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
    /// `Forbidden` when one is not in an allowed directory any more, or is reached by a link;
    /// `NotFound` when one that must be there is not; `Conflict` when this server cannot tell, or not
    /// make it.
    pub(crate) async fn host_directories(&self, config: &RunConfig) -> Result<Found> {
        let mounts = config.mounts.iter().filter(|mount| mount.host);
        let mounts: Vec<Mount> = mounts.cloned().collect();
        if mounts.is_empty() {
            return Ok(Found::default());
        }
        let fresh = mounts.iter().find(|mount| mount.fresh);
        if let Some(home) = fresh.filter(|_| !self.settings.empties_homes) {
            return Err(kept(&home.volume).detail(homes::POWERLESS));
        }
        let is_any_fresh = fresh.is_some();
        let allowed = self.settings.allowed.clone();
        // Directories may be on a disk that does not answer.
        let looked = tokio::task::spawn_blocking(move || {
            let mounted = if is_any_fresh { table()? } else { String::new() };
            let mut found = Found::default();
            for mount in &mounts {
                one(allowed.root_for(&mount.volume)?, mount, &mounted, &mut found)?;
            }
            Ok(found)
        });
        looked.await.map_err(|error| self.fault(&error))?
    }

    /// Whether the directories of the host that a workspace or a group names stay where they are
    /// allowed, as far as that is known before there is a user: up to the first part that depends on
    /// one.
    ///
    /// # Errors
    /// `Invalid` at `field`.
    pub(crate) async fn check_links(&self, field: &'static str, volumes: &[Mapping]) -> Result<()> {
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
                walk(root, path, None).map_err(|error| {
                    let hint = error.hint.unwrap_or_default();
                    Error::at(field, format!("{} {hint}", error.message).trim_end())
                })?;
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
    use std::{fs, os::unix::fs::symlink, path::Path};

    #[test]
    fn a_link_below_a_root_is_refused_wherever_it_is_and_leads() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
        let root = at("root");
        fs::create_dir_all(at("root/real/deep")).unwrap();
        fs::create_dir_all(at("outside/deep")).unwrap();
        fs::write(at("root/file"), "").unwrap();
        symlink(at("outside"), at("root/out")).unwrap();
        symlink(at("root/real"), at("root/in")).unwrap();
        symlink(at("nowhere"), at("root/dangling")).unwrap();
        symlink(&root, at("other")).unwrap();
        let seen = |name: &str| match walk(&root, &at(name), None) {
            Ok(Seen::There(_)) => Ok(true),
            Ok(_) => Ok(false),
            Err(error) => Err(error.kind),
        };
        assert_eq!(seen("root"), Ok(true));
        assert_eq!(seen("root/real/deep"), Ok(true));
        assert_eq!(seen("root/real/new/er"), Ok(false));
        let other = walk(&at("other"), &at("other/real"), None).unwrap();
        assert!(matches!(other, Seen::There(_)), "a root itself may be a link");
        for link in ["out", "out/deep", "out/new", "in", "in/deep", "dangling", "dangling/x"] {
            assert_eq!(seen(&format!("root/{link}")), Err(ErrorKind::Forbidden), "{link}");
        }
        for file in ["root/file", "root/file/x"] {
            assert_eq!(seen(file), Err(ErrorKind::Conflict), "{file}");
        }
    }

    #[test]
    fn only_a_root_that_is_not_there_leaves_the_say_to_the_engine() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
        fs::write(at("file"), "").unwrap();
        symlink(at("loop"), at("loop")).unwrap();
        let seen = |root: &str, path: &str| walk(&at(root), &at(path), None);
        assert!(matches!(seen("unseen", "unseen/x").unwrap(), Seen::Unseen));
        let endless = "x".repeat(300);
        let deep = format!("file/{endless}");
        for (root, path) in [("file", deep.as_str()), ("loop", "loop/x"), ("", &endless)] {
            let refused = seen(root, path).unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Conflict, "{refused:?}");
            assert!(refused.hint.is_some() && refused.detail.is_some(), "{refused:?}");
        }
    }

    /// A directory of the host, given to whoever runs the test, who may give it to himself.
    fn mount(root: &str, name: &str) -> Mount {
        use std::os::unix::fs::MetadataExt as _;
        let own = fs::metadata(root).unwrap();
        Mount {
            volume: format!("{root}/{name}"),
            target: "/x".into(),
            read_only: false,
            host: true,
            owner: Some(Owner { uid: own.uid(), gid: own.gid() }),
            optional: false,
            personal: false,
            fresh: false,
        }
    }

    #[test]
    fn what_takes_the_place_of_a_directory_meanwhile_leads_nowhere_else() {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use std::sync::atomic::{AtomicBool, Ordering};
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
        let (root, outside) = (at("root"), at("outside"));
        fs::create_dir_all(at("root/team")).unwrap();
        fs::create_dir(&outside).unwrap();
        symlink(&outside, at("root/link")).unwrap();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            // A session that has the directory above mounted does this.
            scope.spawn(|| {
                let (team, link) = (at("root/team"), at("root/link"));
                while !over.load(Ordering::Relaxed) {
                    renameat_with(CWD, &team, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                }
            });
            for turn in 0..2000 {
                let inner = mount(&root, &format!("team/{turn}/x"));
                let _ = one(&root, &inner, "", &mut Found::default());
            }
            over.store(true, Ordering::Relaxed);
        });
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "made outside the root");
    }

    #[test]
    fn what_is_missing_is_made_for_its_owner_left_out_or_refused() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().to_string_lossy().into_owned();
        let mut found = Found::default();
        one(&root, &mount(&root, "made/for/ada"), "", &mut found).unwrap();
        assert!(Path::new(&root).join("made/for/ada").is_dir());
        let optional = Mount { owner: None, optional: true, ..mount(&root, "optional") };
        one(&root, &optional, "", &mut found).unwrap();
        assert_eq!((found.directories.len(), found.left_out.len()), (1, 1));
        let required = Mount { owner: None, ..mount(&root, "required") };
        let refused = one(&root, &required, "", &mut found).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::NotFound);
        assert!(refused.message.contains("/required`"), "{refused}");
    }

    #[test]
    fn a_directory_is_made_in_the_one_that_was_looked_at() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
        fs::create_dir_all(at("root/team")).unwrap();
        fs::create_dir(at("outside")).unwrap();
        let owner = mount(&at("root"), "team").owner;
        let team = rustix::fs::open(at("root/team"), OFlags::PATH, Mode::empty()).unwrap();
        fs::rename(at("root/team"), at("root/moved")).unwrap();
        symlink(at("outside"), at("root/team")).unwrap();
        make(&team, "new", owner).unwrap();
        assert!(Path::new(&at("root/moved/new")).is_dir());
        // What is there already is entered if it is a directory, and is nobody else's then.
        assert!(make(&team, "new", owner).is_ok());
        symlink(at("outside"), at("root/moved/link")).unwrap();
        assert!(make(&team, "link", owner).is_err());
        assert_eq!(fs::read_dir(at("outside")).unwrap().count(), 0);
    }
}
