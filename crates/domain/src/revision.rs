//! Image revisions: which image a workspace has launched from when on, and going back to an earlier
//! one.
//!
//! A revision is what a reference meant: a content id on the engine, and the digest under which its
//! registry knows that. One is written down when an administrator decides on an image, and when
//! what the reference means on the engine changes. While a workspace is pinned to one of them, what
//! the reference means is of no account.

use crate::{
    JobId, Timestamp, WorkspaceId,
    image::ImageRef,
    launcher::TileState,
    library::{Meaning, TagKind},
    workspace::Pin,
};
use serde::{Deserialize, Serialize};

/// Revisions that are kept of a workspace.
pub const KEPT: u32 = 100;

/// What made a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The workspace was made, or this is the first that is known of it.
    Created,
    /// Another reference was named in its form.
    Changed,
    /// The reference means something else on the engine.
    Refreshed,
    /// An image that was made of a session took the place of the one before.
    Replaced,
    /// Its trial's image has become everybody's.
    Promoted,
    RolledBack,
    /// The reference counts again.
    Unpinned,
}

impl How {
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Changed,
        Self::Refreshed,
        Self::Replaced,
        Self::Promoted,
        Self::RolledBack,
        Self::Unpinned,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Refreshed => "refreshed",
            Self::Replaced => "replaced",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
            Self::Unpinned => "unpinned",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.as_str() == text)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Created => "First image",
            Self::Changed => "Another reference",
            Self::Refreshed => "Refreshed",
            Self::Replaced => "Made of a session",
            Self::Promoted => "Promoted from its trial",
            Self::RolledBack => "Rolled back",
            Self::Unpinned => "Unpinned",
        }
    }
}

/// One image that a workspace has launched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRevision {
    /// Counted from 1 in each workspace.
    pub number: u32,
    /// The reference, as written.
    pub image: ImageRef,
    /// Content id; empty while the engine has not had it.
    pub id: String,
    /// `sha256:…` under which its registry knows it; empty for one that never went there.
    pub digest: String,
    pub since: Timestamp,
    /// Who decided on it; absent for Slipway itself.
    pub actor: Option<String>,
    pub how: How,
}

/// What a look at the engine adds to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Nothing,
    /// What was still open of the last revision is known now.
    Rest,
    New,
}

impl ImageRevision {
    /// What is new where `image` means this content id and digest now; empty where that is not
    /// known.
    pub fn seen(last: Option<&Self>, image: &ImageRef, id: &str, digest: &str) -> Seen {
        let Some(last) = last.filter(|last| last.image == *image) else { return Seen::New };
        match (last.id.as_str(), id) {
            // What is gone from the engine for now is launched again when it is back.
            (_, "") => Seen::Nothing,
            ("", _) => Seen::Rest,
            (before, now) if before != now => Seen::New,
            _ if last.digest.is_empty() && !digest.is_empty() => Seen::Rest,
            _ => Seen::Nothing,
        }
    }

    /// By which a registry brings it back: `repository@sha256:…`.
    pub fn by_digest(&self) -> Option<String> {
        let repository = self.image.canonical_repository();
        (!self.digest.is_empty()).then(|| format!("{repository}@{}", self.digest))
    }

    /// What holds a workspace to it.
    pub fn pin(&self) -> Pin {
        Pin { revision: self.number, id: self.id.clone(), digest: self.by_digest() }
    }

    /// Why nobody can go back to it, if that is so: it is not on the engine (`here`), and no stored
    /// registry is the one for it (`covered`) or could know it.
    pub fn obstacle(&self, here: bool, covered: bool) -> Option<&'static str> {
        match (self.id.is_empty(), self.digest.is_empty()) {
            _ if here => None,
            (true, _) => Some("The engine never had it, so nobody knows what it was."),
            (false, true) => Some("It is gone from the engine, and no registry has ever had it."),
            (false, false) if !covered => {
                Some("It is gone from the engine, and no stored registry is the one for its name.")
            }
            (false, false) => None,
        }
    }
}

/// A revision as the page of a workspace's image shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRow {
    pub revision: ImageRevision,
    /// The job that fetched it, where a refresh did and that is still on record.
    pub job: Option<JobId>,
    /// Whether it is what launches use now, under this number or another.
    pub in_use: bool,
    /// Whether it would have to be pulled first.
    pub missing: bool,
    /// Why nobody can go back to it.
    pub obstacle: Option<String>,
}

/// Which image a workspace launches, and which ones it has launched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceImage {
    pub workspace: WorkspaceId,
    pub name: String,
    /// The reference, as written.
    pub image: String,
    pub tag: TagKind,
    /// What the reference means on the engine; `None` while it means nothing there.
    pub meaning: Option<Meaning>,
    pub pin: Option<Pin>,
    /// Whether what launches use is there.
    pub state: TileState,
    /// Newest first.
    pub revisions: Vec<RevisionRow>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(id: &str, digest: &str) -> ImageRevision {
        ImageRevision {
            number: 3,
            image: "registry.example.org/team/app:1".parse().unwrap(),
            id: id.into(),
            digest: digest.into(),
            since: Timestamp(0),
            actor: None,
            how: How::Refreshed,
        }
    }

    #[test]
    fn words_read_back() {
        assert!(How::ALL.into_iter().all(|how| How::parse(how.as_str()) == Some(how)));
    }

    #[test]
    fn a_revision_is_new_when_the_content_is_and_not_when_it_is_only_away() {
        let image = revision("", "").image;
        let seen =
            |last: &ImageRevision, id, digest| ImageRevision::seen(Some(last), &image, id, digest);
        assert_eq!(ImageRevision::seen(None, &image, "", ""), Seen::New);
        assert_eq!(seen(&revision("", ""), "", ""), Seen::Nothing);
        assert_eq!(seen(&revision("", ""), "a", ""), Seen::Rest);
        assert_eq!(seen(&revision("a", ""), "", ""), Seen::Nothing);
        assert_eq!(seen(&revision("a", ""), "a", "d"), Seen::Rest);
        assert_eq!(seen(&revision("a", "d"), "a", ""), Seen::Nothing);
        assert_eq!(seen(&revision("a", "d"), "b", "d"), Seen::New);
        let other = "registry.example.org/team/app:2".parse().unwrap();
        assert_eq!(ImageRevision::seen(Some(&revision("a", "d")), &other, "a", "d"), Seen::New);
    }

    #[test]
    fn one_goes_back_to_what_is_there_or_can_be_brought() {
        let may = |one: ImageRevision, here, covered| one.obstacle(here, covered).is_none();
        assert!(may(revision("a", ""), true, false));
        assert!(may(revision("a", "d"), false, true));
        assert!(!may(revision("a", "d"), false, false));
        assert!(!may(revision("a", ""), false, true));
        assert!(!may(revision("", ""), false, true));
    }

    #[test]
    fn a_pin_names_the_repository_that_the_revision_was_of() {
        let pin = revision("a", "sha256:d").pin();
        assert_eq!(pin.digest.as_deref(), Some("registry.example.org/team/app@sha256:d"));
        assert_eq!((pin.revision, pin.id.as_str()), (3, "a"));
        assert_eq!(revision("a", "").pin().digest, None);
    }
}
