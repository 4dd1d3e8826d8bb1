//! Webhooks: an address by which a pipeline or a registry says that an image was pushed, and what
//! such a call says.
//!
//! Of a call only the names of images count. What a name means is asked of the registry itself,
//! whatever the call says of digests.

use crate::{HookId, RegistryId, Result, Timestamp, WorkspaceId, image::ImageRef};
use serde::{Deserialize, Serialize};

/// Whose images a hook is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookOf {
    /// Every workspace whose image the registry is the one for.
    Registry(RegistryId),
    /// This workspace alone.
    Workspace(WorkspaceId),
}

impl HookOf {
    /// # Errors
    /// `Invalid` for another `kind`, `NotFound` for what is no id.
    pub fn parse(kind: &str, id: &str) -> Result<Self> {
        match kind {
            "registry" => id.parse().map(Self::Registry),
            "workspace" => id.parse().map(Self::Workspace),
            _ => Err(crate::Error::at("of", "A webhook is a registry's or a workspace's.")),
        }
    }
}

/// A hook; its secret is kept as a hash and shown to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Part of its address.
    pub id: HookId,
    pub of: HookOf,
    /// When its present secret was made.
    pub created_at: Timestamp,
    /// When it was called last with the right secret.
    pub called_at: Option<Timestamp>,
    /// What came of that, as a sentence.
    pub outcome: String,
}

/// What is answered to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// Names in it that a workspace uses; of these the registry is asked.
    pub recognised: u32,
    /// Names in it.
    pub named: u32,
}

/// Images of one call that are looked at; no push has more.
const MOST: usize = 200;
/// Longest name and tag that are.
const LONGEST: usize = 255;

/// An image that a call names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Not there where the hook itself says which registry is meant. A notification has none: a
    /// registry tells how it was reached, which may be by another name than in images.
    host: Option<String>,
    path: String,
    tag: String,
}

impl Named {
    /// Whether a workspace's image is meant.
    pub fn is(&self, image: &ImageRef) -> bool {
        let Ok(known) = image.canonical().parse::<ImageRef>() else { return false };
        known.digest.is_none()
            && known.path == self.path
            && known.tag.as_deref() == Some(self.tag.as_str())
            && self.host.as_deref().is_none_or(|host| host == image.registry())
    }

    fn of_image(text: &str) -> Result<Option<Self>, String> {
        let image: ImageRef = text.parse()?;
        let host = image.host.is_some().then(|| image.registry().to_owned());
        let known: ImageRef = image.canonical().parse()?;
        // What is named by digest alone moves no tag.
        Ok(known.tag.map(|tag| Self { host, path: known.path, tag }))
    }

    fn of_event(event: Event) -> Option<Self> {
        let Event { action, target } = event;
        let Target { repository, tag } = target.unwrap_or_default();
        let is_push = action.as_deref() == Some("push");
        let (path, tag) = (repository?, tag?);
        let fits = is_push && path.len() <= LONGEST && tag.len() <= LONGEST;
        fits.then_some(Self { host: None, path, tag })
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.tag)
    }
}

#[derive(Deserialize)]
struct Body {
    events: Option<Vec<Event>>,
    image: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    action: Option<String>,
    target: Option<Target>,
}

#[derive(Default, Deserialize)]
struct Target {
    repository: Option<String>,
    tag: Option<String>,
}

/// The images that a call names, each once. It is the envelope in which registries of the
/// distribution project send notifications, or `{"image": "repository:tag"}`.
///
/// # Errors
/// Why it cannot be read.
pub fn named(body: &[u8]) -> Result<Vec<Named>, String> {
    let body: Body = serde_json::from_slice(body)
        .map_err(|error| format!("The body is not the JSON that a webhook takes: {error}."))?;
    let mut all: Vec<Named> = match body {
        Body { events: Some(events), .. } => {
            events.into_iter().filter_map(Named::of_event).take(MOST).collect()
        }
        Body { image: Some(image), .. } => Named::of_image(&image)?.into_iter().collect(),
        Body { events: None, image: None } => {
            return Err("The body has neither `image` nor `events`.".to_owned());
        }
    };
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(body: &str) -> Vec<String> {
        named(body.as_bytes()).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_registrys_notification_names_the_tags_that_were_pushed() {
        let body = r#"{"events":[
            {"id":"1","action":"push","target":{"repository":"team/app","tag":"1.2",
             "digest":"sha256:00"},"request":{"host":"registry.example.org:5000"}},
            {"action":"push","target":{"repository":"team/app","tag":"1.2"}},
            {"action":"push","target":{"repository":"team/app","digest":"sha256:00"}},
            {"action":"pull","target":{"repository":"team/other","tag":"1"}},
            {"action":"delete"}, {}
        ]}"#;
        assert_eq!(names(body), ["team/app:1.2"]);
        assert!(names(r#"{"events":[]}"#).is_empty());
    }

    #[test]
    fn a_plain_body_names_one_image() {
        assert_eq!(names(r#"{"image":"registry.example.org/team/app"}"#), ["team/app:latest"]);
        let digest = format!(r#"{{"image":"team/app@sha256:{}"}}"#, "0".repeat(64));
        assert!(names(&digest).is_empty());
        for bad in ["", "[]", "{}", "null", r#"{"image":"Not An Image"}"#, r#"{"events":{}}"#] {
            assert!(named(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_counts_only_where_somebody_wrote_it() {
        let is = |body: &str, image: &str| {
            named(body.as_bytes()).unwrap()[0].is(&image.parse().unwrap())
        };
        let ours = "registry.example.org/team/app:1";
        let event = r#"{"events":[{"action":"push","target":{"repository":"team/app","tag":"1"},
            "request":{"host":"10.0.0.5:5000"}}]}"#;
        assert!(is(event, ours) && is(event, "team/app:1"));
        assert!(!is(event, "registry.example.org/team/app:2"));
        assert!(is(r#"{"image":"registry.example.org/team/app:1"}"#, ours));
        assert!(!is(r#"{"image":"other.example.org/team/app:1"}"#, ours));
        assert!(is(r#"{"image":"docker.io/library/debian"}"#, "debian:latest"));
        assert!(is(r#"{"image":"team/app:1"}"#, ours));
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reading_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = named(&body);
        }
    }
}
