//! An image made of a session: what is asked for it, and what it is to be (seed 002, *Create Image
//! from Session*).
//!
//! The form is filled in over several pages; each checks its own fields, and the last one all.

use crate::{
    SessionId, Timestamp, WorkspaceId,
    changes::{self, Instruction},
    error::{Error, Problems, Result},
    image::ImageRef,
};
use serde::{Deserialize, Serialize};

/// A page of the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WizardStep {
    Image,
    Registry,
    Changes,
    Workspace,
    Review,
}

impl WizardStep {
    pub const ALL: [Self; 5] =
        [Self::Image, Self::Registry, Self::Changes, Self::Workspace, Self::Review];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Registry => "registry",
            Self::Changes => "changes",
            Self::Workspace => "workspace",
            Self::Review => "review",
        }
    }

    /// Whether it comes before another.
    pub fn is_before(self, other: Self) -> bool {
        let at = |step| Self::ALL.iter().position(|known| *known == step);
        at(self) < at(other)
    }

    /// Anything unknown is the first page.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|step| step.as_str() == text).unwrap_or(Self::Image)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::Registry => "Registry",
            Self::Changes => "Changes",
            Self::Workspace => "Workspace",
            Self::Review => "Review",
        }
    }

    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        Self::ALL.get(at + 1).copied().unwrap_or(Self::Review)
    }

    pub fn back(self) -> Self {
        let at = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        at.checked_sub(1).and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::Image)
    }
}

/// What is typed, as text. The registry's password is kept elsewhere, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotForm {
    pub image: String,
    /// `on` unless the session is to go on while it is read. What is not ticked is not posted.
    #[serde(default = "String::new")]
    pub pause: String,
    /// Address of a registry; empty pushes nothing.
    pub registry: String,
    pub registry_username: String,
    pub changes: String,
    pub message: String,
    pub author: String,
    /// Name of the workspace that is made.
    pub name: String,
}

impl Default for SnapshotForm {
    fn default() -> Self {
        Self {
            image: String::new(),
            pause: "on".into(),
            registry: String::new(),
            registry_username: String::new(),
            changes: String::new(),
            message: String::new(),
            author: String::new(),
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
    pub name: String,
}

/// Where an image is pushed, and as whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushTo {
    /// As typed: engines want the login's address in this form.
    pub server: String,
    /// Empty without a login.
    pub username: String,
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
    pub fn check_step(&self, step: WizardStep, has_password: bool) -> Result<()> {
        let mut problems = Problems::default();
        self.find_problems(step, has_password, &mut problems);
        problems.finish()
    }

    /// What the whole form asks for.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub fn check(&self, has_password: bool) -> Result<Snapshot> {
        let mut problems = Problems::default();
        for step in WizardStep::ALL {
            self.find_problems(step, has_password, &mut problems);
        }
        problems.finish()?;
        let invalid = |field: &str, why: String| Error::at(field, why);
        let image = self.image().map_err(|why| invalid("image", why))?;
        let changes = changes::parse(&self.changes).map_err(|all| {
            invalid("changes", all.first().map(ToString::to_string).unwrap_or_default())
        })?;
        let registry = self.registry.trim();
        Ok(Snapshot {
            image,
            pause: !self.pause.is_empty(),
            push: (!registry.is_empty()).then(|| PushTo {
                server: registry.to_owned(),
                username: self.registry_username.trim().to_owned(),
            }),
            changes,
            message: self.message.trim().to_owned(),
            author: self.author.trim().to_owned(),
            name: self.name.trim().to_owned(),
        })
    }

    fn find_problems(&self, step: WizardStep, has_password: bool, problems: &mut Problems) {
        match step {
            WizardStep::Image => {
                if let Err(why) = self.image() {
                    problems.add("image", why);
                }
            }
            WizardStep::Registry => self.registry_problems(has_password, problems),
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
                if let Err(why) = crate::workspace::check_name(&self.name) {
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

    fn registry_problems(&self, has_password: bool, problems: &mut Problems) {
        let registry = self.registry.trim();
        let username = self.registry_username.trim();
        if registry.is_empty() {
            if !username.is_empty() {
                problems.add("registry", "Name the registry that the user belongs to.");
            }
            return;
        }
        match registry_host(registry) {
            Err(why) => problems.add("registry", why),
            Ok(host) => {
                // As engines read the name, who know `localhost` only with a port.
                let canonical = self.image().ok().map(|image| image.canonical());
                let of_image = canonical
                    .and_then(|name| name.parse::<ImageRef>().ok())
                    .map(|image| hub(image.host.as_deref()));
                if let Some(of_image) = of_image
                    && of_image != host
                {
                    problems.add(
                        "registry",
                        format!(
                            "The image's name leads to {of_image}, not to {host}. Begin the name with `{host}/`, or take the other registry."
                        ),
                    );
                }
            }
        }
        match (username.is_empty(), has_password) {
            (true, true) => problems.add("registry_username", "A password needs its user name."),
            (false, false) => problems.add("registry_password", "A user name needs its password."),
            _ => {}
        }
    }
}

/// The host in the address of a registry, `https://index.docker.io/v1/` among them (seed 002).
fn registry_host(address: &str) -> Result<String, String> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let host = rest.unwrap_or(address).split('/').next().unwrap_or_default();
    let probe = format!("{host}/x");
    let known = probe.parse::<ImageRef>().ok().and_then(|image| image.host);
    match known {
        Some(_) => Ok(hub(Some(host))),
        None => Err("This is no address of a registry, such as `https://registry.example.org` or `https://index.docker.io/v1/`.".into()),
    }
}

/// Docker Hub has several names, and none in an image's name.
fn hub(host: Option<&str>) -> String {
    match host {
        None | Some("index.docker.io" | "registry-1.docker.io" | "docker.io") => "docker.io".into(),
        Some(host) => host.to_owned(),
    }
}

/// `2023-03-13.00.40`, in UTC (seed 002).
pub fn stamp(at: Timestamp) -> String {
    let (year, month, day, hour, minute, _) = at.civil();
    format!("{year:04}-{month:02}-{day:02}.{hour:02}.{minute:02}")
}

/// The tag with the moment behind it, in place of the moment of an earlier snapshot.
fn tagged(tag: &str, moment: &str) -> String {
    let shape: String = tag.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let kept = shape.strip_suffix("0000-00-00.00.00").map_or(tag, |rest| &tag[..rest.len()]);
    match kept.trim_end_matches('-') {
        "" => moment.to_owned(),
        kept => format!("{kept}-{moment}"),
    }
}

/// `Snapshot of Firefox - (develop-2023-03-12.23.44)` (seed 002), within the length of a name.
fn tile_name(workspace: &str, tag: &str) -> String {
    // A snapshot of a snapshot is one of the first workspace.
    let own = workspace.strip_prefix("Snapshot of ").and_then(|rest| rest.split_once(" - ("));
    let base = own.map_or(workspace, |(base, _)| base);
    let frame = "Snapshot of  - ()".len() + tag.chars().count();
    let room = crate::workspace::NAME_LONGEST.saturating_sub(frame).max(8);
    let base: String = base.chars().take(room).collect();
    let name = format!("Snapshot of {} - ({tag})", base.trim_end());
    name.chars().take(crate::workspace::NAME_LONGEST).collect()
}

/// Whether engines can be told this user name or password: they read another alphabet of base64
/// than the library writes, and the two differ in what encodes these characters.
///
/// # Errors
/// What to do instead.
pub fn check_credential(text: &str) -> Result<(), String> {
    if text.contains(['~', '?', '>']) || !text.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Err("The engine cannot take ~, ?, > or letters beyond ASCII here. Make an access token at the registry and use that as the password.".into());
    }
    Ok(())
}

/// What the wizard shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotPage {
    pub session: SessionId,
    /// `Desktop of ada`.
    pub title: String,
    /// What its container was made from.
    pub base_image: String,
    pub paused: bool,
    pub form: SnapshotForm,
    /// A password for the registry has been typed.
    pub has_password: bool,
    /// Bytes that the session has written, if the engine says.
    pub changed_bytes: Option<i64>,
    /// The engine has an image of this name already, which would lose it.
    pub overwrites: bool,
    /// Variables whose values Slipway puts in, and which are emptied in the image.
    pub blanked: Vec<String>,
    /// The same by hand.
    pub commands: Vec<String>,
}

/// Where an image came from, and where it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    pub image: String,
    pub job: crate::JobId,
    pub session: SessionId,
    pub workspace: WorkspaceId,
    pub base_image: String,
    pub base_digest: String,
    pub image_id: Option<String>,
    pub size_bytes: Option<i64>,
    pub remote_digest: Option<String>,
    pub actor: String,
    pub created_at: Timestamp,
}

/// Where an image came from, and the workspace that could have it in place of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub made: Lineage,
    /// Name of the workspace whose session it was made of, if that still is and has another image.
    pub parent: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> ImageRef {
        text.parse().unwrap()
    }

    /// 2023-03-13 00:40 UTC.
    const NOW: Timestamp = Timestamp(1_678_668_000_000);

    fn proposed(of: &str, reference: &str) -> SnapshotForm {
        SnapshotForm::proposed(of, &image(reference), "ada", NOW)
    }

    #[test]
    fn the_proposal_is_the_seeds() {
        let form = proposed("Firefox", "firefox:develop");
        assert_eq!(form.image, "firefox:2023-03-13.00.40");
        assert_eq!(form.name, "Snapshot of Firefox - (develop-2023-03-13.00.40)");
        assert!(form.check(false).is_ok());
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
        let made = form.check(false).unwrap();
        assert_eq!(made.image.to_string(), "app:latest");
        assert!(made.pause && made.push.is_none() && made.changes.is_empty());
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
        let error = form.check(false).unwrap_err();
        for field in ["image", "registry", "registry_password", "changes", "name"] {
            assert!(error.problem_at(field).is_some(), "{field}: {error:?}");
        }
        assert!(form.check_step(WizardStep::Workspace, false).unwrap_err().fields.len() == 1);
    }

    #[test]
    fn the_registry_must_be_the_one_the_name_leads_to() {
        let form = |image: &str, registry: &str| SnapshotForm {
            image: image.into(),
            registry: registry.into(),
            ..proposed("A", "a:1")
        };
        for (image, registry) in [
            ("myrepo/firefox:1", "https://index.docker.io/v1/"),
            ("docker.io/x/y:1", "docker.io"),
            ("localhost:5000/x:1", "http://localhost:5000"),
            ("r.example.org/x:1", "https://r.example.org/v2/"),
        ] {
            assert!(form(image, registry).check(false).is_ok(), "{image} {registry}");
        }
        // Engines take this name for one of Docker Hub.
        let elsewhere = form("localhost/x:1", "http://localhost").check(false).unwrap_err();
        assert!(elsewhere.problem_at("registry").is_some());
        let wrong = form("x:1", "https://r.example.org").check(false).unwrap_err();
        assert!(wrong.problem_at("registry").unwrap().contains("docker.io"));
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
