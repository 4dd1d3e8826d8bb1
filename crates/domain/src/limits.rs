//! Limits that a launch is checked against, and the words of a refusal.
//!
//! A refusal names the limit, what was asked for, what is used and free, who can change it where,
//! and what the reader can do now.

use crate::{
    Error, Result,
    group::Merged,
    quantity::{self, bytes},
};
use serde::{Deserialize, Serialize};

/// What administrators allow (on the Settings page).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Sessions that one user may keep, running or not.
    pub sessions_per_user: i64,
    /// Thousandths of a core that all sessions together may have; `None` is no limit.
    #[serde(default)]
    pub cpu_millis: Option<i64>,
    /// Bytes of memory that all sessions together may have; `None` is no limit.
    #[serde(default)]
    pub memory_bytes: Option<i64>,
    /// Bytes that must be free where the engine keeps containers.
    pub free_disk_bytes: i64,
}

/// What a launch, or a start of a stopped session, asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub workspace: String,
    pub cpu_millis: i64,
    pub memory_bytes: i64,
}

/// What is taken already by sessions that are not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    /// Bytes free where the engine keeps containers, where that can be known.
    pub free_disk_bytes: Option<i64>,
}

/// One of the reader's own sessions that could make room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    pub name: String,
    pub cpu_millis: i64,
    pub memory_bytes: i64,
}

const GROUPS: &str = "An administrator can change the limit in your groups.";
const SETTINGS: &str = "An administrator can change the limit under Settings.";

/// # Errors
/// `Exhausted` when a user keeps as many sessions as one may.
pub fn check_user(kept: i64, most: i64) -> Result<()> {
    if kept < most {
        return Ok(());
    }
    Err(Error::exhausted(format!("You have {kept} of {most} sessions that one user may keep."))
        .hint("Delete a session you no longer need. An administrator can change the limit, in your groups or under Settings."))
}

/// # Errors
/// `Exhausted` when a workspace has as many sessions as it may.
pub fn check_workspace(workspace: &str, kept: i64, most: Option<i64>) -> Result<()> {
    match most {
        Some(most) if kept >= most => Err(Error::exhausted(format!(
            "“{workspace}” has {kept} of {most} sessions that it may have at a time."
        ))
        .hint("Wait until one of them is deleted. An administrator can change the limit in the workspace's form.")),
        _ => Ok(()),
    }
}

/// # Errors
/// `Exhausted` when all session ports are taken.
pub fn check_ports(used: i64, ports: i64) -> Result<()> {
    if used < ports {
        return Ok(());
    }
    Err(Error::exhausted(format!("All {ports} session ports are in use."))
        .hint("Stop a session to free its port. An administrator can widen `session_ports` in the server's settings."))
}

impl Limits {
    /// Whether the installation has room for what is asked; `own` are the reader's sessions that
    /// take a share of it.
    ///
    /// # Errors
    /// `Exhausted` with what was asked, used and free.
    pub fn check_room(&self, asked: &Asked, taken: Taken, own: &[Own]) -> Result<()> {
        let name = &asked.workspace;
        if let Some(most) = self.cpu_millis
            && taken.cpu_millis + asked.cpu_millis > most
        {
            let free = (most - taken.cpu_millis).max(0);
            let what = format!(
                "“{name}” asks for {}; {} of the {} that all sessions together may have are free.",
                cores(asked.cpu_millis),
                quantity::cores(free),
                cores(most)
            );
            return Err(no_room(what, asked.cpu_millis > most, own, |o| cores(o.cpu_millis)));
        }
        if let Some(most) = self.memory_bytes
            && taken.memory_bytes + asked.memory_bytes > most
        {
            let free = (most - taken.memory_bytes).max(0);
            let what = format!(
                "“{name}” asks for {} of memory; {} of the {} that all sessions together may have are free.",
                bytes(asked.memory_bytes),
                bytes(free),
                bytes(most)
            );
            return Err(no_room(what, asked.memory_bytes > most, own, |o| bytes(o.memory_bytes)));
        }
        match taken.free_disk_bytes {
            Some(free) if free < self.free_disk_bytes => Err(Error::exhausted(format!(
                "Only {} of disk are free where the engine keeps containers; nothing is started below {}.",
                bytes(free), bytes(self.free_disk_bytes)
            ))
            .hint(format!("Delete sessions you no longer need: stopped ones keep their files. An administrator can remove images. {SETTINGS}"))),
            _ => Ok(()),
        }
    }
}

/// What all sessions of one user together may have, as his groups say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub cpu_millis: Option<i64>,
    pub memory_bytes: Option<i64>,
}

impl Share {
    pub const fn of(groups: &Merged) -> Self {
        Self { cpu_millis: groups.cpu_millis, memory_bytes: groups.memory_bytes }
    }

    pub const fn is_bounded(&self) -> bool {
        self.cpu_millis.is_some() || self.memory_bytes.is_some()
    }

    /// Whether a user may have what is asked beside what his sessions have taken; `own` are those.
    ///
    /// # Errors
    /// `Exhausted` with what was asked, used and free.
    pub fn check(&self, asked: &Asked, taken: Taken, own: &[Own]) -> Result<()> {
        let name = &asked.workspace;
        let told = |asked: i64, taken: i64, most: i64, shown: fn(i64) -> String| {
            let free = (most - taken).max(0);
            let what = format!(
                "“{name}” asks for {}; {} of the {} that your sessions together may have are free.",
                shown(asked),
                shown(free),
                shown(most)
            );
            (taken + asked > most).then_some((what, asked > most))
        };
        let of_cpu =
            self.cpu_millis.and_then(|m| told(asked.cpu_millis, taken.cpu_millis, m, cores));
        if let Some((what, never)) = of_cpu {
            return Err(no_share(what, never, own, |one| cores(one.cpu_millis)));
        }
        let of_memory =
            self.memory_bytes.and_then(|m| told(asked.memory_bytes, taken.memory_bytes, m, bytes));
        match of_memory {
            Some((what, never)) => Err(no_share(what, never, own, |one| bytes(one.memory_bytes))),
            None => Ok(()),
        }
    }
}

fn no_share(what: String, never: bool, own: &[Own], share: impl Fn(&Own) -> String) -> Error {
    let error = no_room(what, never, own, share);
    let hint = error.hint.clone().unwrap_or_default().replace(SETTINGS, GROUPS);
    error.hint(hint)
}

fn cores(millis: i64) -> String {
    let unit = if millis == 1000 { "core" } else { "cores" };
    format!("{} {unit}", quantity::cores(millis))
}

fn no_room(what: String, never: bool, own: &[Own], share: impl Fn(&Own) -> String) -> Error {
    let named: Vec<String> =
        own.iter().map(|one| format!("“{}” ({})", one.name, share(one))).collect();
    let way_out = if never {
        "It is more than there is in all, so it can never start like this; an administrator can give the workspace less.".to_owned()
    } else if named.is_empty() {
        "None of it is yours to free: wait until somebody else's session ends.".to_owned()
    } else {
        format!("Stop one of your own sessions: {}.", named.join(", "))
    };
    Error::exhausted(what).hint(format!("{way_out} {SETTINGS}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::GIB;

    const LIMITS: Limits = Limits {
        sessions_per_user: 5,
        cpu_millis: Some(4000),
        memory_bytes: Some(8 * GIB),
        free_disk_bytes: GIB,
    };

    fn asked(cpu_millis: i64, gib: i64) -> Asked {
        Asked { workspace: "Desktop".into(), cpu_millis, memory_bytes: gib * GIB }
    }

    fn taken(cpu_millis: i64, gib: i64) -> Taken {
        Taken { cpu_millis, memory_bytes: gib * GIB, free_disk_bytes: None }
    }

    #[test]
    fn counted_limits_name_their_numbers() {
        assert!(check_user(4, 5).is_ok());
        assert!(check_user(5, 5).unwrap_err().message.contains("5 of 5"));
        assert!(check_ports(63, 64).is_ok());
        assert!(check_ports(64, 64).unwrap_err().message.contains("64"));
        assert!(check_workspace("X", 3, None).is_ok());
        assert!(check_workspace("X", 3, Some(3)).unwrap_err().message.contains("3 of 3"));
    }

    #[test]
    fn a_full_installation_says_what_is_asked_used_and_free_and_what_to_stop() {
        assert!(LIMITS.check_room(&asked(2000, 2), taken(2000, 6), &[]).is_ok());
        let own = [Own { name: "Browser".into(), cpu_millis: 1000, memory_bytes: 2 * GIB }];
        let error = LIMITS.check_room(&asked(2000, 2), taken(3500, 1), &own).unwrap_err();
        assert!(error.message.contains("asks for 2 cores; 0.5 of the 4 cores"), "{error}");
        assert!(error.hint.unwrap().contains("“Browser” (1 core)"));
        let error = LIMITS.check_room(&asked(500, 4), taken(500, 6), &[]).unwrap_err();
        assert!(error.message.contains("4 GiB of memory; 2 GiB of the 8 GiB"), "{error}");
        assert!(error.hint.unwrap().contains("somebody else's"));
    }

    #[test]
    fn what_can_never_fit_is_not_blamed_on_others() {
        let error = LIMITS.check_room(&asked(500, 9), taken(0, 0), &[]).unwrap_err();
        assert!(error.hint.unwrap().contains("never"));
    }

    #[test]
    fn a_full_disk_is_told_only_where_it_is_known() {
        let low = Taken { free_disk_bytes: Some(GIB / 2), ..taken(0, 0) };
        assert!(LIMITS.check_room(&asked(1, 1), low, &[]).unwrap_err().message.contains("512 MiB"));
        assert!(LIMITS.check_room(&asked(1, 1), taken(0, 0), &[]).is_ok());
    }
}
