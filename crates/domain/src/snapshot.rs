//! An image made of a session: what is asked for it, and what it is to be (seed 002, *Create Image
//! from Session*).
//!
//! The form is filled in over several pages; each checks its own fields, and the last one all.

mod name;
mod shown;
mod step;

pub use name::stamp;
pub use shown::{Lineage, Origin, SnapshotPage};
pub use step::WizardStep;

use crate::{
    RegistryId, Timestamp,
    changes::{self, Instruction},
    error::{Error, Problems, Result},
    image::ImageRef,
    registry::{Address, Registry},
};
use name::{tagged, tile_name};
use serde::{Deserialize, Serialize};

/// What is typed, as text. The registry's password is kept elsewhere, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotForm {
    pub image: String,
    /// `on` unless the session is to go on while it is read. What is not ticked is not posted.
    #[serde(default = "String::new")]
    pub pause: String,
    /// Where it is pushed: [`NOWHERE`], [`OTHER`], or the id of a stored registry. Empty until
    /// somebody has chosen; then an address that is typed counts.
    pub target: String,
    /// Address of a registry that is not stored.
    pub registry: String,
    pub registry_username: String,
    pub changes: String,
    pub message: String,
    pub author: String,
    /// What it is made for: [`TAG_ONLY`], or a workspace of its own.
    pub purpose: String,
    /// Name of the workspace that is made.
    pub name: String,
}

impl Default for SnapshotForm {
    fn default() -> Self {
        Self {
            image: String::new(),
            pause: "on".into(),
            target: String::new(),
            registry: String::new(),
            registry_username: String::new(),
            changes: String::new(),
            message: String::new(),
            author: String::new(),
            purpose: String::new(),
            name: String::new(),
        }
    }
}

/// What is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// With its tag written out.
    pub image: ImageRef,
    pub pause: bool,
    pub push: Option<PushTo>,
    pub changes: Vec<Instruction>,
    pub message: String,
    pub author: String,
    /// Name of the workspace that is made for it, if one is.
    pub name: Option<String>,
}

/// No workspace is made: the image is one more tag of its repository.
pub const TAG_ONLY: &str = "tag";
/// Nothing is pushed.
pub const NOWHERE: &str = "none";
/// The registry whose address is typed.
pub const OTHER: &str = "other";

/// Where an image is pushed, and as whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushTo {
    /// As typed: engines want the login's address in this form.
    pub server: String,
    /// Whose credentials were typed for this push; empty without.
    pub username: String,
    /// The stored registry whose credentials count where none were typed.
    #[serde(default)]
    pub registry: Option<RegistryId>,
}

/// What a form is checked with that is not part of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// A password for the registry has been typed.
    pub has_password: bool,
    /// The stored registry that is chosen, if it is there.
    pub chosen: Option<&'a Registry>,
}

const LONGEST_LINE: usize = 200;

impl SnapshotForm {
    /// The form as it is first shown.
    pub fn proposed(workspace: &str, image: &ImageRef, author: &str, now: Timestamp) -> Self {
        let moment = stamp(now);
        let tag = image.tag.as_deref().unwrap_or("latest");
        let repository = image.canonical_repository();
        Self {
            image: format!("{repository}:{moment}"),
            name: tile_name(workspace, &tagged(tag, &moment)),
            author: author.to_owned(),
            ..Self::default()
        }
    }

    /// Everything that is wrong with the fields of one page.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub fn check_step(&self, step: WizardStep, known: Known) -> Result<()> {
        let mut problems = Problems::default();
        self.find_problems(step, known, &mut problems);
        problems.finish()
    }

    /// What the whole form asks for.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub fn check(&self, known: Known) -> Result<Snapshot> {
        let mut problems = Problems::default();
        for step in WizardStep::ALL {
            self.find_problems(step, known, &mut problems);
        }
        problems.finish()?;
        let invalid = |field: &str, why: String| Error::at(field, why);
        let image = self.image().map_err(|why| invalid("image", why))?;
        let changes = changes::parse(&self.changes).map_err(|all| {
            invalid("changes", all.first().map(ToString::to_string).unwrap_or_default())
        })?;
        let push = match self.target() {
            NOWHERE => None,
            OTHER => Some(PushTo {
                server: self.registry.trim().to_owned(),
                username: self.registry_username.trim().to_owned(),
                registry: None,
            }),
            _ => known.chosen.map(|registry| PushTo {
                server: registry.url.clone(),
                username: String::new(),
                registry: Some(registry.id.clone()),
            }),
        };
        Ok(Snapshot {
            image,
            pause: !self.pause.is_empty(),
            push,
            changes,
            message: self.message.trim().to_owned(),
            author: self.author.trim().to_owned(),
            name: self.makes_workspace().then(|| self.name.trim().to_owned()),
        })
    }

    /// Whether a workspace is made for the image.
    pub fn makes_workspace(&self) -> bool {
        self.purpose != TAG_ONLY
    }

    /// Where it is pushed: [`NOWHERE`], [`OTHER`] or an id.
    pub fn target(&self) -> &str {
        match self.target.as_str() {
            "" if self.registry.trim().is_empty() && self.registry_username.trim().is_empty() => {
                NOWHERE
            }
            "" => OTHER,
            chosen => chosen,
        }
    }

    fn find_problems(&self, step: WizardStep, known: Known, problems: &mut Problems) {
        match step {
            WizardStep::Image => {
                if let Err(why) = self.image() {
                    problems.add("image", why);
                }
            }
            WizardStep::Registry => self.registry_problems(known, problems),
            WizardStep::Changes => {
                if let Err(all) = changes::parse(&self.changes) {
                    let lines: Vec<String> = all.iter().map(ToString::to_string).collect();
                    problems.add("changes", lines.join("\n"));
                }
                for (field, text) in [("message", &self.message), ("author", &self.author)] {
                    if text.chars().count() > LONGEST_LINE || text.contains(char::is_control) {
                        problems
                            .add(field, format!("One line of up to {LONGEST_LINE} characters."));
                    }
                }
            }
            WizardStep::Workspace => {
                if self.makes_workspace()
                    && let Err(why) = crate::workspace::check_name(&self.name)
                {
                    problems.add("name", why);
                }
            }
            WizardStep::Review => {}
        }
    }

    /// The image with its tag written out.
    fn image(&self) -> Result<ImageRef, String> {
        let mut image: ImageRef = self.image.parse()?;
        if image.digest.is_some() {
            return Err("A new image has no digest yet: name a repository and a tag.".into());
        }
        image.tag.get_or_insert_with(|| "latest".into());
        Ok(image)
    }

    fn registry_problems(&self, known: Known, problems: &mut Problems) {
        let address = match self.target() {
            NOWHERE => return,
            OTHER => {
                let username = self.registry_username.trim();
                match (username.is_empty(), known.has_password) {
                    (true, true) => {
                        problems.add("registry_username", "A password needs its user name.");
                    }
                    (false, false) => {
                        problems.add("registry_password", "A user name needs its password.");
                    }
                    _ => {}
                }
                Some(("registry", Address::parse(&self.registry, false)))
            }
            _ => known
                .chosen
                .map(|registry| ("target", Address::parse(&registry.url, registry.insecure))),
        };
        let Some((field, address)) = address else {
            problems.add("target", "This registry is no longer stored. Choose another.");
            return;
        };
        // An image that is none is told on its own page.
        let led = address.and_then(|address| match self.image() {
            Ok(image) => address.check_leads_here(&image),
            Err(_) => Ok(()),
        });
        problems.take(field, led, ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> ImageRef {
        text.parse().unwrap()
    }

    /// 2023-03-13 00:40 UTC.
    const NOW: Timestamp = Timestamp(1_678_668_000_000);

    const NOTHING: Known<'static> = Known { has_password: false, chosen: None };

    fn proposed(of: &str, reference: &str) -> SnapshotForm {
        SnapshotForm::proposed(of, &image(reference), "ada", NOW)
    }

    #[test]
    fn the_proposal_is_the_seeds() {
        let form = proposed("Firefox", "firefox:develop");
        assert_eq!(form.image, "firefox:2023-03-13.00.40");
        assert_eq!(form.name, "Snapshot of Firefox - (develop-2023-03-13.00.40)");
        assert!(form.check(NOTHING).is_ok());
        let again = proposed(&form.name, "firefox:develop-2022-01-01.10.10");
        assert_eq!(again.name, "Snapshot of Firefox - (develop-2023-03-13.00.40)");
        let again = proposed(&form.name, "firefox:2022-01-01.10.10");
        assert_eq!(again.name, "Snapshot of Firefox - (2023-03-13.00.40)");
        let long = proposed("x", &format!("a:{}", "b".repeat(120)));
        assert!(crate::workspace::check_name(&long.name).is_ok(), "{}", long.name);
        let long = proposed(&"x".repeat(200), "a:b");
        assert!(crate::workspace::check_name(&long.name).is_ok(), "{}", long.name);
    }

    #[test]
    fn only_the_image_is_needed() {
        let form = SnapshotForm { image: "app".into(), ..proposed("A", "a:1") };
        let made = form.check(NOTHING).unwrap();
        assert_eq!(made.image.to_string(), "app:latest");
        assert!(made.pause && made.push.is_none() && made.changes.is_empty());
    }

    #[test]
    fn a_tag_alone_needs_no_name() {
        let form =
            SnapshotForm { purpose: TAG_ONLY.into(), name: String::new(), ..proposed("A", "a:1") };
        assert_eq!(form.check(NOTHING).unwrap().name, None);
    }

    #[test]
    fn problems_are_told_at_their_fields() {
        let form = SnapshotForm {
            image: "App".into(),
            registry: "not a host".into(),
            registry_username: "ada".into(),
            changes: "RUN x".into(),
            name: String::new(),
            ..SnapshotForm::default()
        };
        let error = form.check(NOTHING).unwrap_err();
        for field in ["image", "registry", "registry_password", "changes", "name"] {
            assert!(error.problem_at(field).is_some(), "{field}: {error:?}");
        }
        assert!(form.check_step(WizardStep::Workspace, NOTHING).unwrap_err().fields.len() == 1);
    }

    #[test]
    fn the_registry_must_be_the_one_the_name_leads_to() {
        let form = |image: &str, registry: &str| SnapshotForm {
            image: image.into(),
            registry: registry.into(),
            ..proposed("A", "a:1")
        };
        assert!(form("myrepo/firefox:1", "https://index.docker.io/v1/").check(NOTHING).is_ok());
        let wrong = form("x:1", "https://r.example.org").check(NOTHING).unwrap_err();
        assert!(wrong.problem_at("registry").unwrap().contains("docker.io"));
    }

    #[test]
    fn what_is_chosen_counts_whatever_else_is_typed() {
        let stored = Registry {
            id: "r1".parse().unwrap(),
            name: "Ours".into(),
            url: "https://r.example.org".into(),
            username: "robot".into(),
            has_password: true,
            own_ca: false,
            insecure: false,
            rate: None,
            paused_until: None,
            created_at: NOW,
            updated_at: NOW,
        };
        let form = |target: &str| SnapshotForm {
            image: "r.example.org/app:1".into(),
            target: target.into(),
            registry: "https://other.example.org".into(),
            ..proposed("A", "a:1")
        };
        let known = Known { has_password: false, chosen: Some(&stored) };
        assert_eq!(form(NOWHERE).check(NOTHING).unwrap().push, None);
        let push = form("r1").check(known).unwrap().push.unwrap();
        assert_eq!((push.server.as_str(), push.username.as_str()), ("https://r.example.org", ""));
        assert_eq!(push.registry, Some(stored.id.clone()));
        assert!(form(OTHER).check(known).unwrap_err().problem_at("registry").is_some());
        let elsewhere = SnapshotForm { image: "app:1".into(), ..form("r1") };
        assert!(elsewhere.check(known).unwrap_err().problem_at("target").is_some());
        let gone = form("r2").check(NOTHING).unwrap_err();
        assert!(gone.problem_at("target").unwrap().contains("no longer stored"));
        let nameless = SnapshotForm { registry: String::new(), ..form(OTHER) };
        assert!(nameless.check(NOTHING).unwrap_err().problem_at("registry").is_some());
    }

    #[test]
    fn what_is_not_ticked_is_not_posted() {
        let posted: SnapshotForm = serde_json::from_str(r#"{"image":"a:1"}"#).unwrap();
        assert!(posted.pause.is_empty());
    }

    #[test]
    fn pages_follow_each_other() {
        let mut step = WizardStep::Image;
        for expected in ["registry", "changes", "workspace", "review", "review"] {
            step = step.next();
            assert_eq!(step.as_str(), expected);
        }
        assert_eq!(WizardStep::Image.back(), WizardStep::Image);
        assert_eq!(WizardStep::parse("nonsense"), WizardStep::Image);
    }
}
