//! The image library: which images workspaces need and engines hold, what state each is in, and
//! what is known of one (seed 000: images are kept present and current before people need them).

mod prune;
mod upkeep;

pub use prune::{Candidate, PruneMode, PrunePlan, PruneRule, Verdict, plan};
pub use upkeep::{Upkeep, UpkeepForm, read_rule};

use crate::{JobId, SessionId, Timestamp, WorkspaceId, image::ImageRef, snapshot::Lineage};
use serde::{Deserialize, Serialize};

/// How an image stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageState {
    /// The engine has it.
    Available,
    /// The engine has it, and the registry has a newer one under the same name.
    UpdateAvailable,
    Pulling,
    /// A workspace names it and the engine does not have it.
    Missing,
    /// It is missing, and the last attempt to pull or make it failed.
    Failed,
}

impl ImageState {
    pub const ALL: [Self; 5] =
        [Self::Available, Self::UpdateAvailable, Self::Pulling, Self::Missing, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::UpdateAvailable => "update_available",
            Self::Pulling => "pulling",
            Self::Missing => "missing",
            Self::Failed => "failed",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::UpdateAvailable => "Update available",
            Self::Pulling => "Pulling",
            Self::Missing => "Missing",
            Self::Failed => "Failed",
        }
    }
}

/// Whether a name means the same image for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagKind {
    /// Named by digest: it cannot mean anything else.
    Digest,
    /// A tag that people take for a date or a version, and leave where it is.
    Pinned,
    /// A tag that is meant to move, such as `latest` or `stable`.
    Moving,
}

impl TagKind {
    /// By the conventions that the seed advises: something unique such as a date or a version, or a
    /// moving target such as `latest`. A number alone (`12`) follows its minor versions.
    pub fn of(image: &ImageRef) -> Self {
        if image.digest.is_some() {
            return Self::Digest;
        }
        let tag = image.tag.as_deref().unwrap_or("latest");
        let digits = tag.bytes().filter(u8::is_ascii_digit).count();
        let parts = tag.split(['.', '-', '_']).filter(|part| !part.is_empty()).count();
        if digits >= 6 || (digits >= 2 && parts >= 3) { Self::Pinned } else { Self::Moving }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Digest => "pinned by digest",
            Self::Pinned => "pinned tag",
            Self::Moving => "moving tag",
        }
    }
}

/// A row of the library: one reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRow {
    /// As engines list it; of an image without a name, its content id.
    pub reference: String,
    pub state: ImageState,
    /// Progress of a pull, or why the image is not there; empty if there is nothing to say.
    pub note: String,
    /// Content id on the engine.
    pub id: Option<String>,
    /// Under which its registry knows it.
    pub digest: Option<String>,
    pub size_bytes: Option<i64>,
    pub created_at: Option<Timestamp>,
    pub pulled_at: Option<Timestamp>,
    /// `amd64`; empty while it is not known.
    pub architecture: String,
    /// Labels that the image carries, as `name=value`.
    pub labels: Vec<String>,
    /// Workspaces that name it.
    pub workspaces: i64,
    /// Sessions that were made from it and hold a container.
    pub sessions: i64,
}

/// One layer, or one step of a build that made none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryStep {
    pub created_at: Timestamp,
    /// The instruction, as the builder recorded it.
    pub by: String,
    pub size_bytes: i64,
    pub comment: String,
}

/// What an image says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    pub id: String,
    pub tags: Vec<String>,
    /// `repository@sha256:…`.
    pub digests: Vec<String>,
    pub size_bytes: i64,
    pub created_at: Timestamp,
    pub architecture: String,
    pub os: String,
    pub author: String,
    pub user: String,
    pub working_dir: String,
    pub entrypoint: Vec<String>,
    pub command: Vec<String>,
    /// `NAME=value`.
    pub environment: Vec<String>,
    pub ports: Vec<String>,
    pub volumes: Vec<String>,
    pub labels: Vec<(String, String)>,
    /// Newest first, as engines list it.
    pub history: Vec<HistoryStep>,
}

/// What a name meant from some moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meaning {
    /// Content id on the engine.
    pub id: String,
    /// Under which its registry knows it; empty for one that never went there.
    pub digest: String,
    pub since: Timestamp,
}

/// What Slipway knows of a name beside what the engine holds: what the registry said, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// What the name means at its registry.
    pub digest: Option<String>,
    /// When the registry was asked last.
    pub checked_at: Option<Timestamp>,
    /// When it is asked again.
    pub next_check_at: Option<Timestamp>,
    pub pulled_at: Option<Timestamp>,
    /// Who signed in for the last pull; empty for nobody.
    pub pulled_as: String,
    /// Attempts in a row that failed.
    pub failures: u32,
    /// Why the last one did.
    pub error: Option<crate::Error>,
}

/// Somebody or something that uses an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsingSession {
    pub id: SessionId,
    pub workspace: String,
    pub owner: String,
    /// Whether it has what the name meant before.
    pub older: bool,
}

/// Everything about one reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDetail {
    pub row: ImageRow,
    pub tag: TagKind,
    /// As whom it is pulled: a stored registry, or nobody.
    pub pulled_from: String,
    pub upstream: Upstream,
    /// `None` while the engine does not have it.
    pub config: Option<ImageConfig>,
    /// Newest first; the first is what it means now.
    pub meanings: Vec<Meaning>,
    pub workspaces: Vec<(WorkspaceId, String)>,
    pub sessions: Vec<UsingSession>,
    pub jobs: Vec<(JobId, String)>,
    pub made: Option<Lineage>,
}

/// What taking a reference off the engine would mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRemoval {
    pub reference: String,
    /// Other names that the image keeps; without any its layers go too.
    pub other_names: Vec<String>,
    pub size_bytes: i64,
    /// Workspaces that cannot be launched until it is back.
    pub workspaces: Vec<String>,
    /// Sessions whose containers are made from it: the engine keeps it for them.
    pub sessions: Vec<String>,
    /// Whether a registry is known that could bring it back.
    pub can_be_pulled: bool,
}

/// How one of several fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageOutcome {
    pub reference: String,
    /// Why it could not be done.
    pub problem: Option<String>,
}

/// How much room one sort of the engine's objects takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskShare {
    pub count: i64,
    pub bytes: i64,
    /// Of those, what nothing needs.
    pub reclaimable_bytes: i64,
}

/// How much room the engine takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskUse {
    pub images: DiskShare,
    pub containers: DiskShare,
    pub volumes: DiskShare,
    pub build_cache: DiskShare,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_apart_as_people_mean_them() {
        let kind = |text: &str| TagKind::of(&text.parse().unwrap());
        for moving in ["app", "app:latest", "app:stable", "app:12", "app:3.11", "app:develop"] {
            assert_eq!(kind(moving), TagKind::Moving, "{moving}");
        }
        for pinned in ["app:11302020", "app:2026-11-20.10.00", "app:1.2.34", "app:v1.14.0-rc1"] {
            assert_eq!(kind(pinned), TagKind::Pinned, "{pinned}");
        }
        let digest = format!("app@sha256:{}", "0".repeat(64));
        assert_eq!(kind(&digest), TagKind::Digest);
    }
}
