//! On which networks sessions are, and which of them a group lets its members have.

use serde::{Deserialize, Serialize};

/// Most networks of the engine beside a session's own.
const MOST: usize = 4;

/// What a session's first network is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// One that nobody else is on, with a way out.
    #[default]
    Own,
    /// One that nobody else is on, and that leads nowhere.
    Internal,
    /// One that the engine has, in place of one of its own.
    Named,
}

impl NetworkKind {
    pub const ALL: [Self; 3] = [Self::Own, Self::Internal, Self::Named];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Internal => "internal",
            Self::Named => "named",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Own => "One of its own, with a way out",
            Self::Internal => "One of its own, without a way out",
            Self::Named => "The first of the engine's named below",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The networks of a workspace's sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Networks {
    pub kind: NetworkKind,
    /// Networks of the engine that sessions are put on; the first in place of one of their own if
    /// the kind says so.
    pub names: Vec<String>,
}

impl Networks {
    /// The network that stands for one of its own, if one does.
    pub fn instead(&self) -> Option<&str> {
        match self.kind {
            NetworkKind::Named => self.names.first().map(String::as_str),
            NetworkKind::Own | NetworkKind::Internal => None,
        }
    }

    /// Networks that sessions are on beside the first.
    pub fn further(&self) -> &[String] {
        let first = usize::from(self.kind == NetworkKind::Named);
        self.names.get(first..).unwrap_or_default()
    }

    pub fn describe(&self) -> String {
        let first = match self.kind {
            NetworkKind::Own => "one of its own",
            NetworkKind::Internal => "one of its own without a way out",
            NetworkKind::Named => return self.names.join(", "),
        };
        let all = std::iter::once(first).chain(self.names.iter().map(String::as_str));
        all.collect::<Vec<_>>().join(", ")
    }

    /// # Errors
    /// What does not go together, for the field of the kind or of the names.
    pub fn check(kind: &str, names: &str) -> Result<Self, (&'static str, String)> {
        let kind = match kind.trim() {
            "" => NetworkKind::Own,
            word => NetworkKind::parse(word)
                .ok_or_else(|| ("network", "Choose one of the three.".to_owned()))?,
        };
        let names = words(names, check_network_name).map_err(|why| ("networks", why))?;
        if kind == NetworkKind::Named && names.is_empty() {
            return Err(("networks", "Name the network that sessions are to be on.".to_owned()));
        }
        if names.len() > MOST {
            return Err(("networks", format!("At most {MOST} networks.")));
        }
        Ok(Self { kind, names })
    }
}

/// The words of a text, each read and once.
fn words(text: &str, read: impl Fn(&str) -> Result<String, String>) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
    {
        let word = read(word)?;
        if !all.contains(&word) {
            all.push(word);
        }
    }
    Ok(all)
}

/// A network of the engine that sessions may be put on.
///
/// # Errors
/// Why it cannot be one.
pub fn check_network_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if matches!(name, "host" | "none" | "default") || name.contains(':') {
        return Err(format!(
            "`{name}` is no network of the engine but a way around its networks, which no session gets."
        ));
    }
    if name.starts_with("slipway-") {
        return Err(format!("`{name}` is the network of somebody's session."));
    }
    let fits = name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if fits { Ok(name.to_owned()) } else { Err(format!("`{name}` is no name of a network.")) }
}

/// The networks that a group lets its members have: kinds, and names of the engine's. The kind
/// `named` stands for all of those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkBounds(Vec<String>);

impl NetworkBounds {
    /// Reads words that are separated by commas or blanks; `None` where nothing is said.
    ///
    /// # Errors
    /// Which word is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let all = words(text, |word| match NetworkKind::parse(word) {
            Some(kind) => Ok(kind.as_str().to_owned()),
            None => check_network_name(word),
        })?;
        Ok((!all.is_empty()).then_some(Self(all)))
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }

    /// What of these networks is not among them, in words.
    pub fn missing(&self, networks: &Networks) -> Option<String> {
        if networks.instead().is_none() && !self.has(networks.kind.as_str()) {
            return Some(match networks.kind {
                NetworkKind::Internal => "a network of its own without a way out".to_owned(),
                _ => "a network of its own with a way out".to_owned(),
            });
        }
        let named = self.has(NetworkKind::Named.as_str());
        let missing = networks.names.iter().find(|name| !named && !self.has(name));
        missing.map(|name| format!("the network `{name}`"))
    }
}

impl std::fmt::Display for NetworkBounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_network_is_ones_own_or_one_of_the_engines_and_never_the_hosts() {
        for bad in ["host", "none", "default", "container:abc", "slipway-1-2", "a/b", "-a", ""] {
            assert!(check_network_name(bad).is_err(), "{bad} was accepted");
        }
        let both = Networks::check("own", "team, other team").unwrap();
        assert_eq!(both.names, ["team", "other"]);
        assert_eq!((both.instead(), both.further().len()), (None, 2));
        let instead = Networks::check("named", "team other").unwrap();
        assert_eq!(
            (instead.instead(), instead.further()),
            (Some("team"), &["other".to_owned()][..])
        );
        assert_eq!(Networks::check("", "").unwrap(), Networks::default());
        assert_eq!(Networks::check("named", " ").unwrap_err().0, "networks");
        assert_eq!(Networks::check("shared", "").unwrap_err().0, "network");
        assert_eq!(Networks::check("own", "host").unwrap_err().0, "networks");
    }

    #[test]
    fn bounds_name_kinds_and_networks() {
        let bounds = |text: &str| NetworkBounds::parse(text).unwrap().unwrap();
        let of = |kind: &str, names: &str| Networks::check(kind, names).unwrap();
        assert_eq!(NetworkBounds::parse(" ").unwrap(), None);
        assert!(NetworkBounds::parse("own, host").is_err());
        let strict = bounds("internal team");
        assert!(strict.missing(&of("internal", "")).is_none());
        assert!(strict.missing(&of("internal", "team")).is_none());
        assert!(strict.missing(&of("named", "team")).is_none());
        assert!(strict.missing(&of("own", "")).unwrap().contains("with a way out"));
        assert!(strict.missing(&of("internal", "other")).unwrap().contains("`other`"));
        assert!(bounds("own named").missing(&of("own", "a b c")).is_none());
        assert_eq!(strict.to_string(), "internal, team");
    }

    proptest! {
        #[test]
        fn what_bounds_let_through_is_made_of_their_words(
            bounds in "(own|internal|named|team|lab)( (own|internal|named|team|lab)){0,2}",
            kind in "own|internal|named", names in "(team|lab)( (team|lab))?",
        ) {
            let networks = Networks::check(&kind, &names).unwrap();
            let read = NetworkBounds::parse(&bounds).unwrap().unwrap();
            let has = |word: &str| bounds.split(' ').any(|known| known == word);
            let first = kind == "named" || has(&kind);
            let rest = networks.names.iter().all(|name| has("named") || has(name));
            prop_assert_eq!(read.missing(&networks).is_none(), first && rest);
        }
    }
}
