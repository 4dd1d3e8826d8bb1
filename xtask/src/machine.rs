//! What kind of machine this is, and its package manager.
//!
//! Only Debian and Ubuntu, and only as root, have things installed for them: elsewhere the person
//! gets the command and decides.

use std::process::Command;
use std::{fs, path::Path};

use anyhow::Result;

use crate::command;
use crate::paths::Paths;
use crate::progress;

pub fn is_root() -> bool {
    command::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

pub fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| names_debian(&text))
}

pub fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Whether packages can be installed without asking anybody.
pub fn can_install() -> bool {
    is_root() && is_debian() && command::on_path("apt-get").is_some()
}

/// Installs packages of the distribution, saying so.
pub fn install(paths: &Paths, packages: &[&str], purpose: &str) -> Result<()> {
    let names = packages.join(" ");
    progress::step(&format!("Installing {names} for {purpose} (apt-get)"), None, || {
        if !has_index() {
            command::quiet(paths, "apt-update", apt().arg("update"))?;
        }
        let mut install = apt();
        install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
        if command::quiet(paths, "apt-install", &mut install).is_ok() {
            return Ok(());
        }
        // An old index names versions that the mirror has already replaced.
        command::quiet(paths, "apt-update", apt().arg("update"))?;
        command::quiet(paths, "apt-install", &mut install)
    })
}

/// Whether the distribution has a package of this name.
pub fn offers(package: &str) -> bool {
    command::output(Command::new("apt-cache").args(["policy", package]))
        .is_ok_and(|text| text.contains("Candidate:") && !text.contains("Candidate: (none)"))
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(["-q", "-o", "DPkg::Lock::Timeout=300"]).env("DEBIAN_FRONTEND", "noninteractive");
    if !has_systemd() {
        // Without systemd, package scripts start services by the old init scripts, in this very
        // runlevel. What Slipway needs it starts itself, with its own data root.
        apt.env("RUNLEVEL", "1");
    }
    apt
}

fn has_index() -> bool {
    fs::read_dir("/var/lib/apt/lists").is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.contains("_Packages") || name.ends_with("_InRelease")
        })
    })
}

fn names_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .any(|id| id == "debian" || id == "ubuntu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_children_are_told_from_others() {
        assert!(names_debian("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n"));
        assert!(names_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!names_debian("ID=fedora\nPRETTY_NAME=\"not debian\"\n"));
    }
}
