//! What is shown of a snapshot: before it is made, and where it came from afterwards.

use super::SnapshotForm;
use crate::{SessionId, Timestamp, WorkspaceId, registry::Registry};
use serde::{Deserialize, Serialize};

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
    /// The stored registries.
    pub registries: Vec<Registry>,
    /// Bytes that the session has written, if the engine says.
    pub changed_bytes: Option<i64>,
    /// The engine has an image of this name already, which would lose it.
    pub overwrites: bool,
    /// Variables whose values Slipway puts in, and which are emptied in the image.
    pub blanked: Vec<String>,
    /// Files that were answers at launch, which become part of the image.
    pub files: Vec<String>,
    /// Paths of the session that are volumes, and no part of the image.
    pub volumes: Vec<String>,
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
