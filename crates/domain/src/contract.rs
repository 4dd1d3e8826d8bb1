//! The connection contract: how a session's container is reached and shown.
//!
//! Facts about the image families are in [`crate::preset`]. A contract is stored with the
//! workspace and copied into each session, so a later edit does not disturb what runs.

mod withholding;

pub use withholding::{Means, Withholding};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    #[default]
    Http,
    /// The certificate is not verified: images make a self-signed one at each start.
    Https,
}

impl Scheme {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|s| s.as_str() == text)
    }
}

/// What happens to cookies that the container sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CookiePolicy {
    #[default]
    Drop,
    /// Passed both ways. By port, a user's own such sessions can see each other's.
    Pass,
}

impl CookiePolicy {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Pass => "pass",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Drop, Self::Pass].into_iter().find(|c| c.as_str() == text)
    }
}

/// Which program is the first one in the container and takes in orphaned processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// The engine's small init process, before the image's own command.
    #[default]
    Engine,
    /// The image's own, which insists on being first (s6 and similar).
    Image,
}

impl Init {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Image => "image",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Engine, Self::Image].into_iter().find(|i| i.as_str() == text)
    }
}

/// Basic credentials that the proxy adds; the password is random per session and reaches the
/// container as an environment variable, never the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basic {
    pub user: String,
    /// Environment variable that takes the password.
    pub password_variable: String,
    /// Environment variable that takes the user name, where the image wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_variable: Option<String>,
}

/// Capabilities an administrator may give back to a container; everything else stays dropped.
pub const GRANTABLE_CAPABILITIES: [&str; 9] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
    "SYS_CHROOT",
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    pub port: u16,
    pub scheme: Scheme,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<Basic>,
    pub cookies: CookiePolicy,
    /// Path and query first opened. `{id}` and `{username}` are replaced.
    pub entry: String,
    /// Path asked until it answers with anything below 500 and not 404.
    pub ready_path: String,
    pub ready_timeout_s: u32,
    /// Path prefixes users may not reach.
    #[serde(default)]
    pub blocked_paths: Vec<String>,
    /// What keeps from people what their groups take away.
    #[serde(default)]
    pub withholds: Vec<Withholding>,
    /// Arguments that replace the image's command. `{id}` and `{username}` are replaced.
    #[serde(default)]
    pub command: Vec<String>,
    #[serde(default)]
    pub init: Init,
    /// Capabilities given back, from [`GRANTABLE_CAPABILITIES`].
    #[serde(default)]
    pub capabilities: Vec<String>,
}

impl Default for Contract {
    fn default() -> Self {
        Self {
            port: 6080,
            scheme: Scheme::Http,
            basic: None,
            cookies: CookiePolicy::Drop,
            entry: "/".into(),
            ready_path: "/".into(),
            ready_timeout_s: 60,
            blocked_paths: Vec::new(),
            withholds: Vec::new(),
            command: Vec::new(),
            init: Init::Engine,
            capabilities: Vec::new(),
        }
    }
}

impl Contract {
    /// In what the container is less confined than the default; empty when it is not.
    pub fn weakened(&self) -> Option<String> {
        (!self.capabilities.is_empty())
            .then(|| format!("Capabilities given back: {}.", self.capabilities.join(", ")))
    }

    /// Replaces the tokens in a path or argument. Values are made safe for a URL first.
    pub fn fill(template: &str, session: &str, username: &str) -> String {
        let safe = crate::list::encode(username);
        template.replace("{id}", session).replace("{username}", &safe)
    }

    /// Whether a request target lies under a blocked prefix: raw, percent-decoded, or as a server
    /// takes it that decodes it and then follows its dots.
    pub fn blocks(&self, path: &str) -> bool {
        let mut decoded =
            percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        // Servers take several slashes for one.
        while decoded.contains("//") {
            decoded = decoded.replace("//", "/");
        }
        // Of the path alone: dots in a query lead nowhere.
        let asked = path.split_once('?').map_or(path, |(asked, _)| asked);
        let asked = percent_encoding::percent_decode_str(asked).decode_utf8_lossy();
        let followed = follow_dots(&asked);
        let ways = [path, &decoded, &followed];
        self.blocked_paths.iter().any(|prefix| ways.iter().any(|way| way.contains(prefix.as_str())))
    }
}

/// A path without its `.` and `..`, and with one slash where there are several.
fn follow_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            // What is above the root is the root.
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

/// Checks a path with optional query that starts at the root.
pub fn check_path(text: &str) -> Result<String, String> {
    let text = text.trim();
    let printable = text.bytes().all(|b| b.is_ascii_graphic());
    if text.starts_with('/') && !text.starts_with("//") && printable && text.len() <= 1024 {
        Ok(text.to_owned())
    } else {
        Err("A path starts with one `/` and has no blanks, such as `/vnc.html?autoconnect=1`."
            .into())
    }
}

/// Checks the name of an environment variable.
pub fn check_variable(name: &str) -> Result<String, String> {
    let name = name.trim();
    let fits = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.len() <= 128;
    if fits {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "`{name}` is not a variable name: letters, digits and `_`, not starting with a digit."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_replaced_and_cannot_break_out() {
        assert_eq!(Contract::fill("/x/{id}?u={username}", "s1", "a&b@c"), "/x/s1?u=a%26b%40c");
    }

    #[test]
    fn blocked_paths_hold_for_encoded_targets_too() {
        let contract = Contract { blocked_paths: vec!["/api/".into()], ..Contract::default() };
        assert!(contract.blocks("/api/x"));
        assert!(contract.blocks("/%61pi/x"));
        assert!(contract.blocks("/x/api%2Fy"));
        let deep = Contract { blocked_paths: vec!["/files/secret".into()], ..Contract::default() };
        assert!(deep.blocks("/files//secret") && deep.blocks("/files%2f%2fsecret"));
        assert!(!contract.blocks("/apix"));
        assert!(!contract.blocks("/%"));
        assert!(!contract.blocks("/%4"));
    }

    #[test]
    fn paths_start_at_the_root() {
        assert!(check_path("/vnc.html?x=1").is_ok());
        for bad in ["", "x", "//evil.example", "/a b", "/a\nb"] {
            assert!(check_path(bad).is_err(), "{bad:?}");
        }
    }
}
