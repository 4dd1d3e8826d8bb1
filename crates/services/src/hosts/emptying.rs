//! Emptying a directory of the host: the home that somebody begins anew.
//!
//! Sessions have made what is in it and may be at work there, so a name may become a link at any moment,
//! and a tree may be deeper than a server can hold open. So everything is named in a directory that is
//! held, and a link is removed and never followed. What lies deeper is moved up before it is its turn:
//! two handles are enough. What something else is mounted on can be neither moved nor removed, which is
//! looked for before.

use super::enter;
use rustix::{
    fs::{self, AtFlags, Dir, OFlags},
    io::Errno,
};
use std::{ffi::CString, os::fd::OwnedFd};

/// Names that are read at once.
const BATCH: usize = 1024;
/// Most that is removed; only what is written all the time comes to it.
const MOST: usize = 20_000_000;

/// Removes all that is in a directory.
///
/// # Errors
/// The first thing that cannot be removed; what was before it is gone.
pub(super) fn empty(home: &OwnedFd) -> rustix::io::Result<()> {
    let mut emptying = Emptying { home, moved: 0, removed: 0 };
    loop {
        let names = names(home)?;
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            if !emptying.remove(home, &name)? {
                emptying.level(&name)?;
            }
        }
    }
}

/// Some of what is in a directory.
fn names(at: &OwnedFd) -> rustix::io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::new(enter(at, ".", OFlags::RDONLY)?)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
        if names.len() == BATCH {
            break;
        }
    }
    Ok(names)
}

struct Emptying<'a> {
    home: &'a OwnedFd,
    /// Names given to what was moved.
    moved: usize,
    removed: usize,
}

impl Emptying<'_> {
    /// Removes what is no directory, and a directory that holds nothing; `false` for one that does.
    fn remove(&mut self, at: &OwnedFd, name: &CString) -> rustix::io::Result<bool> {
        self.removed += 1;
        if self.removed > MOST {
            return Err(Errno::AGAIN);
        }
        match fs::unlinkat(at, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(true),
            // One of these says that it is a directory.
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error),
        }
        match fs::unlinkat(at, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            // It was a directory a moment ago; or a file that nobody may remove.
            Err(Errno::NOTDIR) => fs::unlinkat(at, name, AtFlags::empty()).map(|()| true),
            Err(error) => Err(error),
        }
    }

    /// Moves a directory into the home, under a name of its own.
    fn lift(&mut self, from: &OwnedFd, name: &CString) -> rustix::io::Result<String> {
        loop {
            self.moved += 1;
            let to = format!(".slipway-emptying-{}", self.moved);
            match fs::renameat(from, name, self.home, &to) {
                Ok(()) => return Ok(to),
                // Left by an earlier try, which is emptied too.
                Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR | Errno::ISDIR)
                    if self.moved < MOST => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes a directory of the home away whose own directories come to lie beside it.
    fn level(&mut self, name: &CString) -> rustix::io::Result<()> {
        let name = self.lift(self.home, name)?;
        let at = match enter(self.home, &name, OFlags::PATH) {
            Ok(at) => at,
            // Not a directory any more: the next look removes it.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(error) => return Err(error),
        };
        loop {
            let names = names(&at)?;
            if names.is_empty() {
                break;
            }
            for inner in names {
                if !self.remove(&at, &inner)? {
                    self.lift(&at, &inner)?;
                }
            }
        }
        match fs::unlinkat(self.home, &name, AtFlags::REMOVEDIR) {
            // Something was written into it meanwhile: the next look finds it.
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode};
    use std::{
        fs,
        os::unix::fs::symlink,
        path::Path,
        sync::atomic::{AtomicBool, Ordering},
    };

    fn held(path: &Path) -> OwnedFd {
        rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap()
    }

    fn left(path: &Path) -> usize {
        fs::read_dir(path).unwrap().count()
    }

    #[test]
    fn all_that_is_in_a_home_goes_and_nothing_that_links_lead_to() {
        let place = tempfile::tempdir().unwrap();
        let (home, outside) = (place.path().join("home"), place.path().join("outside"));
        fs::create_dir_all(home.join("a/b/c")).unwrap();
        fs::create_dir_all(outside.join("kept")).unwrap();
        fs::write(outside.join("kept/file"), "precious").unwrap();
        for at in ["a/b/c/deep", ".hidden", "a/.slipway-emptying-1", ".slipway-emptying-2"] {
            fs::write(home.join(at), "x").unwrap();
        }
        for number in 0..BATCH + 10 {
            fs::write(home.join(format!("a/b/{number}")), "").unwrap();
        }
        for at in ["link", "a/link", "a/b/c/link"] {
            symlink(&outside, home.join(at)).unwrap();
            symlink(outside.join("kept/file"), home.join(format!("{at}-to-file"))).unwrap();
        }
        symlink(&home, home.join("a/self")).unwrap();
        empty(&held(&home)).unwrap();
        assert_eq!(left(&home), 0);
        assert_eq!(fs::read_to_string(outside.join("kept/file")).unwrap(), "precious");
        empty(&held(&home)).unwrap();
    }

    #[test]
    fn a_tree_that_is_deeper_than_files_can_be_open_takes_two_handles() {
        let place = tempfile::tempdir().unwrap();
        let mut at = held(place.path());
        for _ in 0..5000 {
            rustix::fs::mkdirat(&at, "d", Mode::from_raw_mode(0o777)).unwrap();
            at = enter(&at, "d", OFlags::PATH).unwrap();
        }
        drop(at);
        empty(&held(place.path())).unwrap();
        assert_eq!(left(place.path()), 0);
    }

    #[test]
    fn what_becomes_a_link_meanwhile_leads_nowhere() {
        use rustix::fs::{RenameFlags, renameat_with};
        let place = tempfile::tempdir().unwrap();
        let (home, outside) = (place.path().join("home"), place.path().join("outside"));
        fs::create_dir(&home).unwrap();
        fs::create_dir(&outside).unwrap();
        for number in 0..20 {
            fs::write(outside.join(number.to_string()), "precious").unwrap();
        }
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            // A session that runs in the home does this.
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let (name, link) = (home.join("turn/x"), home.join("turn/link"));
                    let _ = fs::create_dir_all(&name);
                    let _ = fs::write(name.join("file"), "");
                    let _ = symlink(&outside, &link);
                    for _ in 0..3 {
                        let _ = renameat_with(CWD, &name, CWD, &link, RenameFlags::EXCHANGE);
                    }
                }
            });
            for _ in 0..500 {
                let _ = empty(&held(&home));
            }
            over.store(true, Ordering::Relaxed);
        });
        for number in 0..20 {
            assert!(outside.join(number.to_string()).exists(), "removed outside of the home");
        }
    }
}
