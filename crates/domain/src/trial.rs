//! Trials: a new image of a workspace that only a test group launches, until it is promoted to be
//! the workspace's image for everybody, or ended.
//!
//! A trial is a workspace of its own, so that it is launched, kept current and shown like any other.
//! All of it but image and groups follows the workspace that it is of.

use crate::{
    GroupId, RegistryId, Result, Timestamp, WorkspaceId,
    error::Problems,
    image::ImageRef,
    launcher::TileState,
    workspace::{Definition, NAME_LONGEST},
};
use serde::{Deserialize, Serialize};

/// What the name of a trial ends with.
const MARK: &str = " (trial)";
/// Most characters of notes and of a verdict's words.
pub const WORDS_LONGEST: usize = 2000;

/// What is tried, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub image: ImageRef,
    /// Whose credentials it is pulled with; `None` for the registry that its name leads to.
    pub registry: Option<RegistryId>,
    /// Whose members see its tile.
    pub groups: Vec<GroupId>,
}

impl Candidate {
    /// What the test group launches: the workspace with another image. It keeps no home, and does
    /// not touch the one that the workspace keeps.
    pub fn definition(self, of: &Definition) -> Definition {
        let Self { image, registry, groups } = self;
        let mut storage = of.storage.clone();
        storage.profile = false;
        storage.profile_path = None;
        let longest = NAME_LONGEST - MARK.len();
        let name: String = of.name.chars().take(longest).collect();
        Definition {
            name: format!("{}{MARK}", name.trim_end()),
            image,
            registry,
            groups,
            storage,
            hidden: false,
            ..of.clone()
        }
    }

    /// What a trial tries.
    pub fn of(trial: &Definition) -> Self {
        Self {
            image: trial.image.clone(),
            registry: trial.registry.clone(),
            groups: trial.groups.clone(),
        }
    }
}

/// The form that begins a trial, as posted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrialForm {
    pub image: String,
    pub registry: String,
    /// Ids of the groups that try it.
    pub groups: Vec<String>,
    /// What testers are to look at.
    pub notes: String,
}

impl TrialForm {
    /// What is to be tried, and the notes for testers. `of` is the workspace it is to be a trial of.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub fn check(&self, of: &Definition) -> Result<(Candidate, String)> {
        let mut problems = Problems::default();
        let image = self.image.parse::<ImageRef>().and_then(|image| match image == of.image {
            true => {
                Err("This is the image that the workspace has already. Name the new one.".into())
            }
            false => Ok(image),
        });
        let image = problems.take("image", image, of.image.clone());
        let registry = match self.registry.trim() {
            "" => Ok(None),
            id => id.parse().map(Some).map_err(|_| "This is no registry; choose one.".to_owned()),
        };
        let registry = problems.take("registry", registry, None);
        let parsed: Option<Vec<GroupId>> = self.groups.iter().map(|id| id.parse().ok()).collect();
        let groups = match parsed {
            Some(groups) if !groups.is_empty() => Ok(groups),
            _ => Err("Tick at least one group: its members are the testers.".to_owned()),
        };
        let groups = problems.take("groups", groups, Vec::new());
        let notes = problems.take("notes", words(&self.notes, "Notes have"), String::new());
        problems.finish()?;
        Ok((Candidate { image, registry, groups }, notes))
    }
}

fn words(text: &str, what: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        n if n > WORDS_LONGEST => {
            Err(format!("{what} at most {WORDS_LONGEST} characters; this has {n}."))
        }
        _ => Ok(text.to_owned()),
    }
}

/// What a tester found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Name of the tester.
    pub tester: String,
    pub works: bool,
    pub words: String,
    pub said_at: Timestamp,
}

impl Verdict {
    pub const fn label(works: bool) -> &'static str {
        if works { "Works" } else { "Does not work" }
    }
}

/// A verdict as posted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VerdictForm {
    /// `yes` or `no`.
    pub works: String,
    pub words: String,
}

impl VerdictForm {
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub fn check(&self) -> Result<(bool, String)> {
        let mut problems = Problems::default();
        let works = match self.works.as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err("Say whether it works.".to_owned()),
        };
        let works = problems.take("works", works, false);
        let words = match words(&self.words, "A verdict has") {
            // Nobody can mend what is not told.
            Ok(text) if text.is_empty() && self.works == "no" => {
                Err("Say what does not work, so that somebody can mend it.".to_owned())
            }
            other => other,
        };
        let words = problems.take("words", words, String::new());
        problems.finish()?;
        Ok((works, words))
    }
}

/// A trial, for those who decide on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its own.
    pub id: WorkspaceId,
    /// The reference, as written.
    pub image: String,
    /// Whether it can be launched.
    pub state: TileState,
    /// Content id of what the reference means on the engine; empty for nothing.
    pub image_id: String,
    /// Names of the groups that try it.
    pub groups: Vec<String>,
    pub notes: String,
    pub begun_by: String,
    pub begun_at: Timestamp,
    /// Sessions that hold a container.
    pub sessions: i64,
    /// Newest first.
    pub verdicts: Vec<Verdict>,
}

/// A workspace and its trial, if one is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceTrial {
    pub workspace: WorkspaceId,
    pub name: String,
    /// The reference that everybody launches, as written.
    pub image: String,
    /// Nobody can launch it, and so nobody its trial.
    pub disabled: bool,
    pub trial: Option<Trial>,
}

/// A trial, for a tester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialAsked {
    pub id: WorkspaceId,
    /// Of the workspace that it is a trial of.
    pub name: String,
    pub image: String,
    pub notes: String,
    /// What this tester said before.
    pub said: Option<Verdict>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::WorkspaceForm;

    fn workspace() -> Definition {
        let form = WorkspaceForm {
            name: "Terminal".into(),
            image: "team/shell:1".into(),
            profile: "on".into(),
            hidden: "on".into(),
            ..WorkspaceForm::default()
        };
        form.check().unwrap()
    }

    fn form() -> TrialForm {
        TrialForm {
            image: "team/shell:2".into(),
            groups: vec!["testers".into()],
            notes: " Try the editor. ".into(),
            ..TrialForm::default()
        }
    }

    #[test]
    fn a_trial_is_the_workspace_with_another_image_for_others() {
        let of = workspace();
        let (candidate, notes) = form().check(&of).unwrap();
        assert_eq!(notes, "Try the editor.");
        let trial = candidate.clone().definition(&of);
        assert_eq!((trial.name.as_str(), trial.hidden), ("Terminal (trial)", false));
        assert_eq!(trial.image.to_string(), "team/shell:2");
        assert!(of.storage.profile && !trial.storage.profile);
        assert_eq!(
            (trial.contract.clone(), trial.cpu_millis),
            (of.contract.clone(), of.cpu_millis)
        );
        assert_eq!(Candidate::of(&trial), candidate);
        let renamed = Definition { name: "é".repeat(NAME_LONGEST), ..of };
        let follows = Candidate::of(&trial).definition(&renamed);
        assert_eq!(follows.name.chars().count(), NAME_LONGEST);
        assert_eq!(follows.image, trial.image);
    }

    #[test]
    fn what_cannot_be_tried_is_said_at_its_field() {
        let wrong = TrialForm {
            image: "team/shell:1".into(),
            registry: "no id".into(),
            groups: Vec::new(),
            notes: "x".repeat(WORDS_LONGEST + 1),
        };
        let error = wrong.check(&workspace()).unwrap_err();
        let fields: Vec<&str> = error.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["image", "registry", "groups", "notes"]);
    }

    #[test]
    fn whoever_says_that_it_does_not_work_says_why() {
        let said = |works: &str, words: &str| {
            VerdictForm { works: works.into(), words: words.into() }.check()
        };
        assert_eq!(said("yes", "").unwrap(), (true, String::new()));
        assert_eq!(said("no", " It hangs. ").unwrap(), (false, "It hangs.".to_owned()));
        assert!(said("no", " ").unwrap_err().problem_at("words").is_some());
        assert!(said("", "").unwrap_err().problem_at("works").is_some());
    }
}
