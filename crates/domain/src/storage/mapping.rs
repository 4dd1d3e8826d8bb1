//! One line of a workspace's volumes: what is mounted, where, and how.

use serde::{Deserialize, Serialize};

/// Most volumes beside the home directory.
const MOST: usize = 16;
const NAME_LONGEST: usize = 60;
const PATH_LONGEST: usize = 400;
/// Engines are told of an owner in a header that has room for this much of a path.
const OWNED_LONGEST: usize = 99;
/// Paths that a container cannot do without as the image has them.
const TAKEN: [&str; 9] = ["/", "/proc", "/sys", "/dev", "/etc", "/bin", "/usr", "/lib", "/sbin"];
const TOKENS: [&str; 3] = ["{username}", "{user_id}", "{workspace}"];

/// A volume, or a directory of the engine's host, in every session of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// With `{username}`, `{user_id}` and `{workspace}` replaced at launch. Beginning with a slash,
    /// it is a directory of the engine's host.
    pub name: String,
    /// Where it is in the container.
    pub target: String,
    pub read_only: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Whether a session goes without it where the host does not have it.
    #[serde(default)]
    pub optional: bool,
}

/// Whose a directory is, as the numbers that a container counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

impl std::fmt::Display for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.name, self.target)?;
        let mut options = Vec::new();
        if self.read_only {
            options.push("ro".to_owned());
        }
        if let Some(Owner { uid, gid }) = self.owner {
            options.push(format!("uid={uid},gid={gid}"));
        }
        if self.optional {
            options.push("optional".to_owned());
        }
        if options.is_empty() { Ok(()) } else { write!(f, ":{}", options.join(",")) }
    }
}

impl Mapping {
    /// Reads `name:/path` or `/host/path:/path`, with `:ro,uid=1000,gid=1000,optional` or some of
    /// these behind it. One of `uid` and `gid` stands for both.
    ///
    /// # Errors
    /// How to write one.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut parts = line.trim().split(':');
        let (name, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let options = parts.next().unwrap_or_default();
        if parts.next().is_some() {
            return Err(format!("`{line}`: write `name:/path`, or `name:/path:ro`."));
        }
        check_source(name)?;
        let mut mapping = Self {
            name: name.to_owned(),
            target: check_target(target)?,
            read_only: false,
            owner: None,
            optional: false,
        };
        let (mut uid, mut gid) = (None, None);
        for option in options.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                None if option == "ro" => mapping.read_only = true,
                None if option == "rw" => mapping.read_only = false,
                None if option == "optional" => mapping.optional = true,
                Some(("uid", number)) => uid = Some(id(number)?),
                Some(("gid", number)) => gid = Some(id(number)?),
                _ => {
                    return Err(format!(
                        "`{option}` is no option of a volume: ro, rw, uid=…, gid=… and optional are."
                    ));
                }
            }
        }
        mapping.owner = match (uid, gid) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(Owner { uid: one, gid: one }),
            (Some(uid), Some(gid)) => Some(Owner { uid, gid }),
        };
        if mapping.optional && !mapping.is_host() {
            return Err(format!(
                "`{name}` is a volume, which the engine makes where it is missing: only directories of the host are optional."
            ));
        }
        if mapping.owner.is_some() && mapping.read_only && !mapping.is_host() {
            return Err(format!("`{name}` is only read: an owner is given by who may write."));
        }
        if mapping.owner.is_some() && mapping.target.len() > OWNED_LONGEST {
            return Err(format!(
                "`{}` is too long for an owner: at most {OWNED_LONGEST} characters.",
                mapping.target
            ));
        }
        Ok(mapping)
    }

    /// Whether it is a directory of the engine's host.
    pub fn is_host(&self) -> bool {
        self.name.starts_with('/')
    }

    /// Whether each user has one of his own.
    pub fn is_personal(&self) -> bool {
        self.name.contains("{username}") || self.name.contains("{user_id}")
    }

    /// What is mounted, with every token replaced by a letter, as rules about paths look at it.
    pub fn bare(&self) -> String {
        bare(&self.name)
    }
}

fn bare(name: &str) -> String {
    TOKENS.iter().fold(name.to_owned(), |name, token| name.replace(token, "x"))
}

fn id(number: &str) -> Result<u32, String> {
    match number.trim().parse() {
        // As much as the header of an archive holds, by which volumes are given.
        Ok(id @ 0..=0o777_7777) => Ok(id),
        _ => Err(format!("`{number}` is no number of a user or group, from 0 to 2097151.")),
    }
}

/// The name of a volume, or a path of the host.
fn check_source(name: &str) -> Result<(), String> {
    let bare = bare(name);
    if bare.starts_with('/') {
        let fits = bare.len() <= PATH_LONGEST
            && !bare.contains(|c: char| c.is_control() || matches!(c, '{' | '}' | ',' | '\\'))
            && bare.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
        return if fits {
            Ok(())
        } else {
            Err(format!(
                "`{name}` is no path of the host: write it in full, without `..` and without a slash at its end."
            ))
        };
    }
    let fits = bare.starts_with(|c: char| c.is_ascii_alphanumeric())
        && bare.len() <= NAME_LONGEST
        && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if fits {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no name of a volume: letters, digits, dots, dashes and underscores, and {{username}}, {{user_id}} or {{workspace}}."
    ))
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
/// What is wrong with each bad line.
pub fn parse_all(text: &str) -> Result<Vec<Mapping>, String> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let (mut all, mut wrong): (Vec<Mapping>, Vec<String>) = (Vec::new(), Vec::new());
    for (at, line) in lines {
        match Mapping::parse(line) {
            Ok(one) if all.iter().any(|known| known.target == one.target) => {
                wrong.push(format!("Line {}: two volumes are to be at `{}`.", at + 1, one.target));
            }
            Ok(one) => all.push(one),
            Err(why) => wrong.push(format!("Line {}: {why}", at + 1)),
        }
    }
    if all.len() > MOST {
        wrong.push(format!("At most {MOST} volumes."));
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mappings_survive_being_written_and_read() {
        for good in [
            "data:/data",
            "shared-{username}:/srv/x:ro",
            "{user_id}:/mnt/all",
            "data:/data:uid=1000,gid=100",
            "/srv/data:/data",
            "/srv/homes/{username}:/home/user:ro,uid=7,gid=8,optional",
        ] {
            assert_eq!(Mapping::parse(good).unwrap().to_string(), good);
        }
        assert_eq!(Mapping::parse("a:/b/:rw").unwrap().to_string(), "a:/b");
        assert_eq!(Mapping::parse("a:/b:uid=5").unwrap().to_string(), "a:/b:uid=5,gid=5");
    }

    #[test]
    fn nothing_vital_and_nothing_that_leads_elsewhere_can_be_asked_for() {
        let bad = [
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
            "a:/x:uid=-1",
            "a:/x:uid=root",
            "a:/x:optional",
            "a:/x:ro,uid=1",
            "/:/x",
            "/srv/../etc:/x",
            "/srv//data:/x",
            "/srv/data/:/x",
            "/srv/./data:/x",
            "/srv/{host}:/x",
            "/srv/data",
        ];
        for bad in bad {
            assert!(Mapping::parse(bad).is_err(), "{bad} was accepted");
        }
        assert!(parse_all("a:/x\nb:/x").unwrap_err().contains("/x"));
    }

    #[test]
    fn each_bad_line_is_told_with_its_number() {
        let told = parse_all("a:/x\n\nb:c\n/srv/..:/y\n").unwrap_err();
        assert!(told.contains("Line 3: ") && told.contains("Line 4: "), "{told}");
        assert!(!told.contains("Line 1"), "{told}");
    }

    proptest! {
        #[test]
        fn a_path_of_the_host_never_climbs(text in "[/a-z.{}_]{0,40}") {
            if let Ok(mapping) = Mapping::parse(&format!("{text}:/x")) {
                let climbs = mapping.bare().split('/').any(|part| part == "..");
                prop_assert!(!(climbs && mapping.is_host()));
                prop_assert_eq!(Mapping::parse(&mapping.to_string()).unwrap(), mapping);
            }
        }
    }
}
