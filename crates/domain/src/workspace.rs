//! Workspace definitions: what can be launched, and how it is reached.

mod form;

pub use form::{NAME_LONGEST, WorkspaceForm, check_name};

use crate::{
    Error, GroupId, RegistryId, Timestamp, WorkspaceId, contract::Contract, icon::Icon,
    image::ImageRef, lifetime::Lifetime, storage::Storage,
};
use serde::{Deserialize, Serialize};

/// What an administrator decides about a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub name: String,
    pub description: String,
    pub icon: Icon,
    /// The first one is printed on the tile.
    pub categories: Vec<String>,
    pub image: ImageRef,
    /// The stored registry whose credentials the image is pulled with; `None` for the one that its
    /// name leads to.
    pub registry: Option<RegistryId>,
    pub contract: Contract,
    pub environment: Vec<(String, String)>,
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub shm_bytes: i64,
    pub pids: i64,
    /// Most sessions of it at a time, whoever's; `None` is no limit.
    pub sessions_limit: Option<i64>,
    /// When its sessions end by themselves.
    pub lifetime: Lifetime,
    /// What stays when they do.
    pub storage: Storage,
    /// Whose members may launch it.
    pub groups: Vec<GroupId>,
    /// Off: nobody can launch it.
    pub enabled: bool,
    /// No tile; administrators still see it in the list.
    pub hidden: bool,
    /// For administrators only.
    pub notes: String,
}

/// A stored workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub definition: Definition,
    /// Counted up by each change, so that two editors cannot overwrite each other unseen.
    pub revision: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A row of the administrators' list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceRow {
    pub workspace: Workspace,
    pub image_state: crate::launcher::TileState,
    /// Sessions that hold a container.
    pub sessions: i64,
}

/// The refusal when somebody else changed the workspace since the form was opened.
pub fn changed_meanwhile(name: &str) -> Error {
    Error::conflict(format!("Somebody changed “{name}” since you opened this form."))
        .hint("Open it again to see their change, then make yours.")
}
