//! What stays when a session goes: a home directory for each user, and volumes that sessions share.
//!
//! Only volumes that the engine keeps by name, below a name of the installation, so that nothing of
//! the host and nothing of others can be asked for.

use crate::UserId;
use serde::{Deserialize, Serialize};

/// Most volumes beside the home directory.
const MOST: usize = 16;
const NAME_LONGEST: usize = 60;
/// Paths that a container cannot do without as the image has them.
const TAKEN: [&str; 9] = ["/", "/proc", "/sys", "/dev", "/etc", "/bin", "/usr", "/lib", "/sbin"];

/// What a workspace keeps for its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// Whether each user's home directory survives his sessions.
    pub profile: bool,
    /// Where the image has it.
    pub home: String,
    pub volumes: Vec<Mapping>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { profile: false, home: "/home/user".to_owned(), volumes: Vec::new() }
    }
}

/// A volume in every session of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// With `{username}`, `{user_id}` and `{workspace}` replaced at launch.
    pub name: String,
    /// Where it is in the container.
    pub target: String,
    pub read_only: bool,
}

impl std::fmt::Display for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.name, self.target)?;
        if self.read_only { f.write_str(":ro") } else { Ok(()) }
    }
}

impl Mapping {
    /// Reads `name:/path` or `name:/path:ro`.
    ///
    /// # Errors
    /// How to write one.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut parts = line.trim().split(':');
        let (name, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let read_only = match (parts.next(), parts.next()) {
            (None | Some("rw"), None) => false,
            (Some("ro"), None) => true,
            _ => return Err(format!("`{line}`: write `name:/path`, or `name:/path:ro`.")),
        };
        let bare = ["{username}", "{user_id}", "{workspace}"]
            .iter()
            .fold(name.to_owned(), |name, token| name.replace(token, "x"));
        let fits = bare.starts_with(|c: char| c.is_ascii_alphanumeric())
            && bare.len() <= NAME_LONGEST
            && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if !fits {
            return Err(format!(
                "`{name}` is no name of a volume: letters, digits, dots, dashes and underscores, and {{username}}, {{user_id}} or {{workspace}}."
            ));
        }
        let target = check_target(target)?;
        Ok(Self { name: name.to_owned(), target, read_only })
    }

    /// Whether each user has one of his own.
    pub fn is_personal(&self) -> bool {
        self.name.contains("{username}") || self.name.contains("{user_id}")
    }
}

/// A place in a container where something can be mounted.
///
/// # Errors
/// Why it cannot be one.
pub fn check_target(text: &str) -> Result<String, String> {
    let text = text.trim();
    let path = if text.len() > 1 { text.trim_end_matches('/') } else { text };
    let plain = path.starts_with('/')
        && !path.contains("//")
        && !path.split('/').any(|part| part == "." || part == "..")
        && !path.contains(|c: char| c.is_control() || c == ':' || c == ',');
    if !plain {
        return Err(format!("`{text}` is no path in a container, such as `/home/user`."));
    }
    if TAKEN.contains(&path) {
        return Err(format!("The container needs its own `{path}`."));
    }
    Ok(path.to_owned())
}

/// Reads one mapping a line.
///
/// # Errors
/// What is wrong with the first bad one.
pub fn parse_all(text: &str) -> Result<Vec<Mapping>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let all: Vec<Mapping> = lines.map(Mapping::parse).collect::<Result<_, _>>()?;
    if all.len() > MOST {
        return Err(format!("At most {MOST} volumes."));
    }
    let mut targets: Vec<&str> = all.iter().map(|one| one.target.as_str()).collect();
    targets.sort_unstable();
    match targets.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("Two volumes are to be at `{}`.", pair[0])),
        None => Ok(all),
    }
}

/// A volume of one session, with its name worked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Without what tells the installation.
    pub volume: String,
    pub target: String,
    pub read_only: bool,
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

impl Storage {
    /// What a session of this user has of it. Names hold the user's id, which nobody else ever has,
    /// beside the name that people can read.
    pub fn mounts(
        &self,
        user: &UserId,
        username: &str,
        workspace: &str,
        choice: ProfileChoice,
    ) -> Vec<Mount> {
        let reader = format!("{}-{}", plain(username), user.short());
        let named = |name: &str| {
            name.replace("{username}", &reader)
                .replace("{user_id}", user.as_str())
                .replace("{workspace}", workspace)
        };
        let profile = (self.profile && choice != ProfileChoice::Without).then(|| Mount {
            volume: named("home-{workspace}-{user_id}"),
            target: self.home.clone(),
            read_only: false,
            personal: true,
            fresh: choice == ProfileChoice::Fresh,
        });
        let volumes = self.volumes.iter().map(|one| Mount {
            // Told apart, so that nobody names another's in full.
            volume: format!(
                "{}-{}",
                if one.is_personal() { "own" } else { "volume" },
                named(&one.name)
            ),
            target: one.target.clone(),
            read_only: one.read_only,
            personal: one.is_personal(),
            fresh: false,
        });
        profile.into_iter().chain(volumes).collect()
    }
}

/// Fit to be part of a volume's name.
fn plain(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    name.chars().map(|c| if fits(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_survive_being_written_and_read() {
        for good in ["data:/data", "shared-{username}:/srv/x:ro", "{user_id}:/mnt/all"] {
            assert_eq!(Mapping::parse(good).unwrap().to_string(), good);
        }
        assert_eq!(Mapping::parse("a:/b/:rw").unwrap().to_string(), "a:/b");
    }

    #[test]
    fn nothing_of_the_host_and_nothing_vital_can_be_asked_for() {
        let bad = [
            "/etc:/x",
            "../a:/x",
            "a",
            "a:b",
            "a:/",
            "a:/etc",
            "a:/usr/",
            "a:/x/../y",
            "a:/x:rx",
            "a:/x:ro:y",
            ":/x",
            "{host}:/x",
            "a b:/x",
            "a:/x,readonly",
            "a:/x//y",
        ];
        for bad in bad {
            assert!(Mapping::parse(bad).is_err(), "{bad} was accepted");
        }
        assert!(parse_all("a:/x\nb:/x").unwrap_err().contains("/x"));
    }

    #[test]
    fn each_user_has_a_home_of_his_own_and_what_is_shared_is_one() {
        let storage = Storage {
            profile: true,
            home: "/home/user".into(),
            volumes: parse_all("team:/team\nmine-{username}:/mine").unwrap(),
        };
        let of = |user: &str, name: &str| {
            let user: UserId = user.parse().unwrap();
            storage.mounts(&user, name, "w1", ProfileChoice::Keep)
        };
        let (ada, eve) = (of("0192aaaa", "a@b"), of("0192bbbb", "a-b"));
        assert_eq!(ada[1].volume, eve[1].volume);
        assert_ne!(ada[0].volume, eve[0].volume);
        assert_ne!(ada[2].volume, eve[2].volume, "names that look alike are told apart");
        assert!(ada[2].volume.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)));
        assert_eq!((ada[0].personal, ada[1].personal, ada[2].personal), (true, false, true));
        let user: UserId = "1".parse().unwrap();
        let fresh = storage.mounts(&user, "ada", "w1", ProfileChoice::Fresh);
        assert!(fresh[0].fresh && !fresh[1].fresh);
        assert_eq!(storage.mounts(&user, "ada", "w1", ProfileChoice::Without).len(), 2);
    }
}
