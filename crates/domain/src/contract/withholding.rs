//! How a session keeps from its user what his groups take away: uploads, downloads, the clipboard.
//!
//! They pass through the stream, where Slipway cannot tell them from all else. So the image has to
//! keep them, told by an environment variable, or the proxy does, where they have paths of their own.

use super::{Contract, check_path, check_variable};
use crate::group::Deed;
use serde::{Deserialize, Serialize};

/// Most lines of a workspace.
const MOST: usize = 32;
/// Stands in place of a variable or a path.
const NONE: &str = "none";

/// One thing that keeps a deed from people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withholding {
    pub deed: Deed,
    pub by: Means,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A variable of the container, and its value.
    Variable(String, String),
    /// A path that the proxy blocks, with all below it.
    Path(String),
    /// The image has no way to do it in the first place.
    None,
}

impl std::fmt::Display for Withholding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let deed = self.deed.as_str();
        match &self.by {
            Means::Variable(name, value) => write!(f, "{deed} {name}={value}"),
            Means::Path(path) => write!(f, "{deed} {path}"),
            Means::None => write!(f, "{deed} {NONE}"),
        }
    }
}

impl Withholding {
    /// Reads `upload NAME=value`, `upload /path/` or `upload none`.
    ///
    /// # Errors
    /// How to write one.
    pub fn parse(line: &str) -> Result<Self, String> {
        let (word, means) =
            line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let deed = Deed::OF_STREAMS.into_iter().find(|deed| deed.as_str() == word);
        let deed = deed.ok_or_else(|| {
            let all = Deed::OF_STREAMS.map(Deed::as_str).join(", ");
            format!("`{word}` is nothing that can be kept from people: {all} are.")
        })?;
        let means = means.trim();
        let by = if means == NONE {
            Means::None
        } else if means.starts_with('/') {
            Means::Path(check_path(means)?)
        } else if let Some((name, value)) = means.split_once('=') {
            if value.contains('\0') {
                return Err("A value holds a character that no environment can.".to_owned());
            }
            Means::Variable(check_variable(name)?, value.trim().to_owned())
        } else {
            return Err(format!(
                "say what keeps `{word}` from people: a variable such as `NAME=0`, a path such as `/files/`, or `{NONE}` if the image has no way to do it."
            ));
        };
        Ok(Self { deed, by })
    }

    /// Reads one a line.
    ///
    /// # Errors
    /// What is wrong with each bad line.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
        let (mut all, mut wrong): (Vec<Self>, Vec<String>) = (Vec::new(), Vec::new());
        for (at, line) in lines {
            match Self::parse(line).and_then(|one| one.check_beside(&all)) {
                Ok(one) => all.push(one),
                Err(why) => wrong.push(format!("Line {}: {why}", at + 1)),
            }
        }
        if all.len() > MOST {
            wrong.push(format!("At most {MOST} lines."));
        }
        if wrong.is_empty() { Ok(all) } else { Err(wrong.join(" ")) }
    }

    fn check_beside(self, others: &[Self]) -> Result<Self, String> {
        let word = self.deed.as_str();
        for other in others {
            if let (Means::Variable(name, value), Means::Variable(known, set)) =
                (&self.by, &other.by)
                && name == known
                && value != set
            {
                // Both may be taken away, and a variable has one value.
                return Err(format!("`{name}` has another value in a line above."));
            }
            let is_none = self.by == Means::None || other.by == Means::None;
            if is_none && self.deed == other.deed {
                return Err(format!(
                    "there is another line for `{word}`, so `{NONE}` is not true."
                ));
            }
        }
        Ok(self)
    }
}

impl Contract {
    fn keeping<'a>(&'a self, withheld: &'a [Deed]) -> impl Iterator<Item = &'a Means> {
        self.withholds.iter().filter(|one| withheld.contains(&one.deed)).map(|one| &one.by)
    }

    /// Variables that keep these deeds from people; they win over what is set otherwise.
    pub fn withholding_variables(&self, withheld: &[Deed]) -> Vec<(String, String)> {
        let variables = self.keeping(withheld).filter_map(|means| match means {
            Means::Variable(name, value) => Some((name.clone(), value.clone())),
            Means::Path(_) | Means::None => None,
        });
        variables.collect()
    }

    /// The same contract, with those paths blocked by which these deeds would be done.
    #[must_use]
    pub fn blocking(mut self, withheld: &[Deed]) -> Self {
        let paths = self.keeping(withheld).filter_map(|means| match means {
            Means::Path(path) => Some(path.clone()),
            Means::Variable(..) | Means::None => None,
        });
        let paths: Vec<String> = paths.collect();
        self.blocked_paths.extend(paths);
        self
    }

    /// Which of these deeds it does not know how to keep from people.
    pub fn not_kept(&self, withheld: &[Deed]) -> Vec<Deed> {
        let known = |deed: &Deed| self.withholds.iter().any(|one| one.deed == *deed);
        withheld.iter().copied().filter(|deed| !known(deed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "upload KASM_SVC_UPLOADS=0
download /Downloads/
clipboard_in KASM_SVC_ACCEPT_CUT_TEXT=-AcceptCutText 0
clipboard_out none";

    fn contract() -> Contract {
        let withholds = Withholding::parse_all(GOOD).unwrap();
        Contract { withholds, blocked_paths: vec!["/api/".into()], ..Contract::default() }
    }

    #[test]
    fn lines_survive_being_written_and_read() {
        let read = Withholding::parse_all(GOOD).unwrap();
        let written: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(written.join("\n"), GOOD);
        assert_eq!(Withholding::parse("  upload   A=").unwrap().to_string(), "upload A=");
    }

    #[test]
    fn each_bad_line_is_told_with_its_number() {
        for (bad, why) in [
            ("stop A=0", "upload, download, clipboard_in, clipboard_out"),
            ("upload", "a variable such as"),
            ("upload off", "a variable such as"),
            ("upload 1A=0", "no variable name"),
            ("download //x", "A path starts"),
            ("upload X=1\nupload none", "another line"),
            ("upload none\nupload /x/", "another line"),
            ("upload X=1\ndownload X=2", "another value"),
        ] {
            let told = Withholding::parse_all(&format!("\n{bad}")).unwrap_err();
            let line = if bad.contains('\n') { "Line 3: " } else { "Line 2: " };
            let why = why.replace("no variable name", "not a variable name");
            assert!(told.starts_with(line) && told.contains(&why), "{bad}: {told}");
        }
    }

    #[test]
    fn only_what_is_taken_away_is_kept_and_what_cannot_be_is_told() {
        let contract = contract();
        assert_eq!(contract.withholding_variables(&[]), []);
        assert_eq!(
            contract.withholding_variables(&[Deed::Upload, Deed::Download]),
            [("KASM_SVC_UPLOADS".to_owned(), "0".to_owned())]
        );
        let free = contract.clone().blocking(&[Deed::Upload]);
        assert!(!free.blocks("/Downloads/x") && free.blocks("/api/x"));
        let bound = contract.clone().blocking(&Deed::OF_STREAMS);
        assert!(bound.blocks("/Downloads/x") && bound.blocks("/%44ownloads/x"));
        assert_eq!(contract.not_kept(&Deed::OF_STREAMS), []);
        let silent = Contract::default();
        assert_eq!(silent.not_kept(&[Deed::ClipboardIn]), [Deed::ClipboardIn]);
    }

    #[test]
    fn a_contract_of_before_keeps_nothing() {
        let mut stored = serde_json::to_value(Contract::default()).unwrap();
        assert!(stored.as_object_mut().unwrap().remove("withholds").is_some());
        let read: Contract = serde_json::from_value(stored).unwrap();
        assert_eq!(read, Contract::default());
    }
}
