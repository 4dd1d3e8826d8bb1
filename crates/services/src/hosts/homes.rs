//! Homes on the host that are begun anew: whether this server can empty them, and what forbids it.
//!
//! What is removed is not to be had back. So all that could stop it halfway, or take more than the home,
//! is looked for before the first file goes.

use super::{Seen, emptying, walk};
use crate::core::Core;
use domain::{
    Error, Result,
    path::{is_below, is_in},
    session::Session,
    storage::{Mapping, Mount},
};
use rustix::fs::{self, Access, AtFlags};
use std::{
    fs::{read, read_link, read_to_string},
    os::fd::{AsRawFd as _, OwnedFd},
};

/// Why a server without [`can_empty_homes`] empties none.
pub(super) const POWERLESS: &str = "This server may not remove whatever a session has left: it runs without CAP_DAC_OVERRIDE and CAP_FOWNER.";

/// Whether this program may remove what anybody has made in a directory, whatever its mode: what a
/// session leaves is its user's, and one directory that forbids it would leave half of a home.
pub fn can_empty_homes() -> bool {
    read_to_string("/proc/self/status").is_ok_and(|status| overrides(&status))
}

/// Reads the capabilities in effect: to write anywhere, and to remove from directories with the sticky bit.
fn overrides(status: &str) -> bool {
    const NEEDED: u64 = (1 << 1) | (1 << 3);
    let held = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = held.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    held.is_some_and(|held| held & NEEDED == NEEDED)
}

/// A home that somebody wants to begin anew, and cannot.
pub(super) fn kept(path: &str) -> Error {
    Error::conflict(format!("The home in `{path}` on the host cannot be emptied by Slipway."))
        .hint("Launch with the home as it is, or ask an administrator to empty it.")
}

/// What is mounted where, as this program sees it.
///
/// # Errors
/// `Conflict` where that is not told.
pub(super) fn table() -> Result<String> {
    match read("/proc/self/mountinfo") {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Error::conflict(
            "Slipway cannot tell what is mounted in the home that is to be emptied.",
        )
        .hint("Launch with the home as it is, or ask an administrator to empty it.")
        .detail(error.to_string())),
    }
}

/// A path of the table, in which what would end it is written as three octal digits.
fn plain(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(path.to_owned(), |path, (coded, letter)| path.replace(coded, letter))
}

/// Where something is mounted in a directory, if anything is.
fn mounted_in(home: &OwnedFd, mounted: &str) -> std::io::Result<Option<String>> {
    // Where it is now, whatever led there.
    let at = read_link(format!("/proc/self/fd/{}", home.as_raw_fd()))?;
    let at = at.to_string_lossy();
    let mut points = mounted.lines().filter_map(|line| line.split(' ').nth(4)).map(plain);
    Ok(points.find(|point| is_below(point, &at)))
}

/// Whether a home can be emptied as far as that can be told before.
///
/// # Errors
/// `Conflict` where it cannot.
pub(super) fn check_can_empty(home: &OwnedFd, path: &str, mounted: &str) -> Result<()> {
    fs::accessat(home, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
        .map_err(|error| kept(path).detail(error.to_string()))?;
    let inner = mounted_in(home, mounted).map_err(|error| kept(path).detail(error.to_string()))?;
    inner.map_or(Ok(()), |inner| {
        Err(kept(path).detail(format!("Something is mounted in it, at {inner}.")))
    })
}

/// Empties a home that is to be begun anew.
fn begin_anew(root: &str, mount: &Mount, mounted: &str) -> Result<()> {
    let path = mount.volume.as_str();
    let home = match walk(root, path, mount.owner)? {
        Seen::There(home) => home,
        Seen::Missing => return Err(engine::missing_directory(path)),
        Seen::Unseen => return Err(kept(path)),
    };
    check_can_empty(&home, path, mounted)?;
    emptying::empty(&home).map_err(|error| {
        Error::conflict(format!(
            "The home in `{path}` on the host could not be emptied. Some of what was in it may be gone."
        ))
        .hint("Start the session again to go on with it, or ask an administrator to look at it.")
        .detail(error.to_string())
    })
}

/// Whether somebody who has a directory would lose what is in it when the home is emptied, or writes
/// into the home meanwhile.
fn is_touched(one: &Mount, home: &Mount) -> bool {
    let holds_it = || !one.read_only && is_in(&home.volume, &one.volume);
    one.host && (is_in(&one.volume, &home.volume) || holds_it())
}

/// Why the homes that a session begins anew cannot be emptied, as far as sessions say that are there.
fn in_use(session: &Session, all: &[Session], homes: &[Mount]) -> Result<()> {
    let has = |other: &Session| {
        // Of its own ones all but the home itself.
        let mut mounts = other.config.mounts.iter();
        mounts.any(|one| {
            let is_other = other.id != session.id || !one.fresh;
            is_other && homes.iter().any(|home| is_touched(one, home))
        })
    };
    let Some(other) = all.iter().find(|other| has(other)) else { return Ok(()) };
    let home = homes.first().map(|home| home.volume.as_str()).unwrap_or_default();
    if other.id == session.id {
        return Err(kept(home).detail("The session has it, or something in it, twice."));
    }
    if other.owner == session.owner && other.workspace == session.workspace {
        return Err(Error::conflict(format!(
            "An earlier session of “{}” still has the home that is to be emptied.",
            session.workspace_name
        ))
        .hint("Start the session again when that one is gone."));
    }
    Err(kept(home).detail(format!("Session {} has it too, or something in it.", other.id)))
}

impl Core {
    /// Empties homes on the host that a session is to begin with anew.
    ///
    /// # Errors
    /// `Conflict` when one cannot be emptied, or any other session has it or a part of it; and as
    /// [`host_directories`](Self::host_directories).
    pub(crate) async fn empty_homes(&self, session: &Session) -> Result<()> {
        let mounts = session.config.mounts.iter().filter(|mount| mount.host && mount.fresh);
        let mounts: Vec<Mount> = mounts.cloned().collect();
        if mounts.is_empty() {
            return Ok(());
        }
        in_use(session, &self.store.sessions_on_host().await?, &mounts)?;
        let allowed = self.settings.allowed.clone();
        let emptied = tokio::task::spawn_blocking(move || {
            let mounted = table()?;
            mounts
                .iter()
                .try_for_each(|mount| begin_anew(allowed.root_for(&mount.volume)?, mount, &mounted))
        });
        emptied.await.map_err(|error| self.fault(&error))?
    }

    /// Whether this server sees where homes are on the host, and may empty them.
    pub(crate) async fn can_begin_anew(&self, homes: &Mapping) -> bool {
        let root = self.settings.allowed.root_of(&homes.bare()).map(str::to_owned);
        let Some(root) = root.filter(|_| self.settings.empties_homes) else { return false };
        let looked = tokio::task::spawn_blocking(move || walk(&root, &root, None));
        matches!(looked.await, Ok(Ok(Seen::There(_))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::{Found, one};
    use domain::{ErrorKind, storage::Owner};
    use rustix::fs::{Mode, OFlags};
    use std::{fs, os::unix::fs::symlink, path::Path};

    /// A home, given to whoever runs the test.
    fn home(root: &str, name: &str) -> Mount {
        use std::os::unix::fs::MetadataExt as _;
        let own = fs::metadata(root).unwrap();
        Mount {
            volume: format!("{root}/{name}"),
            target: "/home/user".into(),
            read_only: false,
            host: true,
            owner: Some(Owner { uid: own.uid(), gid: own.gid() }),
            optional: false,
            personal: true,
            fresh: true,
        }
    }

    fn count(path: impl AsRef<Path>) -> usize {
        fs::read_dir(path).unwrap().count()
    }

    #[test]
    fn a_home_is_emptied_where_this_server_sees_it_and_refused_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().to_string_lossy().into_owned();
        let ada = home(&root, "homes/ada");
        one(&root, &ada, "", &mut Found::default()).unwrap();
        fs::write(place.path().join("homes/ada/old"), "").unwrap();
        fs::write(place.path().join("homes/other"), "").unwrap();
        begin_anew(&root, &ada, "").unwrap();
        assert_eq!(count(place.path().join("homes/ada")), 0);
        assert!(place.path().join("homes/other").exists());
        symlink(place.path().join("homes"), place.path().join("homes/eve")).unwrap();
        let linked = home(&root, "homes/eve");
        assert_eq!(begin_anew(&root, &linked, "").unwrap_err().kind, ErrorKind::Forbidden);
        let unseen = format!("{root}/unseen");
        let far = Mount { volume: format!("{unseen}/ada"), ..ada };
        for refused in
            [one(&unseen, &far, "", &mut Found::default()), begin_anew(&unseen, &far, "")]
        {
            let refused = refused.unwrap_err();
            assert!(refused.message.contains("cannot be emptied by Slipway"), "{refused}");
        }
    }

    #[test]
    fn a_home_in_which_something_is_mounted_loses_nothing() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap().to_string_lossy().into_owned();
        let ada = home(&root, "a da");
        one(&root, &ada, "", &mut Found::default()).unwrap();
        fs::create_dir_all(place.path().join("a da/deep/disk")).unwrap();
        fs::write(place.path().join("a da/file"), "precious").unwrap();
        let line = |at: &str| format!("36 35 98:0 / {at} rw,noatime shared:1 - ext4 /dev/x rw\n");
        let coded = ada.volume.replace(' ', "\\040");
        let inside = format!("{}{}", line("/"), line(&format!("{coded}/deep/disk")));
        for refused in
            [one(&root, &ada, &inside, &mut Found::default()), begin_anew(&root, &ada, &inside)]
        {
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Conflict);
            let told = refused.detail.unwrap();
            assert!(told.contains("mounted in it") && told.ends_with("a da/deep/disk."), "{told}");
        }
        assert_eq!(count(place.path().join("a da")), 2);
        // The home itself may be one, and what is beside it is not in it.
        let beside = format!("{}{}", line(&coded), line(&format!("{coded}-2/disk")));
        begin_anew(&root, &ada, &beside).unwrap();
        assert_eq!(count(place.path().join("a da")), 0);
    }

    #[test]
    fn what_is_mounted_on_this_machine_is_seen() {
        let top = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        assert!(mounted_in(&top, &table().unwrap()).unwrap().is_some(), "at least /proc");
        let place = tempfile::tempdir().unwrap();
        let own = rustix::fs::open(place.path(), OFlags::PATH, Mode::empty()).unwrap();
        assert_eq!(mounted_in(&own, &table().unwrap()).unwrap(), None);
    }

    #[test]
    fn only_a_server_that_may_remove_anything_empties_homes() {
        let status = |held: &str| format!("Name:\tslipway\nUid:\t0\t0\t0\t0\nCapEff:\t{held}\n");
        for (held, may) in [
            ("000001ffffffffff", true),
            ("000000000000000a", true),
            ("0000000000000002", false),
            ("0000000000000008", false),
            ("0000000000000000", false),
            ("?", false),
        ] {
            assert_eq!(overrides(&status(held)), may, "{held}");
        }
        assert!(!overrides("Name:\tslipway\n"));
    }

    #[test]
    fn whoever_has_a_part_of_a_home_or_writes_around_it_is_in_its_way() {
        let ada = home("/", "srv/homes/ada");
        let ada = Mount { volume: ada.volume.replace("//", "/"), ..ada };
        let has = |path: &str, read_only: bool| {
            is_touched(&Mount { volume: path.into(), read_only, ..ada.clone() }, &ada)
        };
        for path in ["/srv/homes/ada", "/srv/homes/ada/x/y"] {
            assert!(has(path, false) && has(path, true), "{path}");
        }
        assert!(has("/srv/homes", false) && !has("/srv/homes", true));
        assert!(!has("/srv/homes/ada2", false) && !has("/srv/home", false));
        let volume = Mount { host: false, ..ada.clone() };
        assert!(!is_touched(&volume, &ada));
    }
}
