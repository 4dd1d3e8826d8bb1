//! The launcher: tiles, and the state each one shows.

use crate::{
    SessionId, Timestamp, WorkspaceId,
    icon::Icon,
    launch_form::Field,
    session::{Action, SessionRow},
    workspace::Link,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a workspace can be launched now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TileState {
    Ready,
    /// The image is being made.
    Preparing {
        step: u32,
        steps: u32,
        message: String,
    },
    Unavailable {
        why: String,
    },
}

impl TileState {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Preparing { .. } => "preparing",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    pub workspace: WorkspaceId,
    pub name: String,
    pub description: String,
    pub icon: Icon,
    pub categories: Vec<String>,
    pub state: TileState,
    /// What it opens, if it is a link.
    pub link: Option<Link>,
    pub favourite: bool,
    /// When this user last launched it.
    pub last_used_at: Option<Timestamp>,
    /// Whether it keeps the user's home directory.
    pub keeps_home: bool,
    /// A new image of a workspace that only testers see.
    pub trial: bool,
    /// In what it is less confined than usual, for those who look after workspaces.
    pub weakened: Vec<String>,
    /// Whether something is asked before it can be launched.
    pub asks: bool,
    /// The user's own session of it, if one holds a container: the tile then says Resume.
    pub session: Option<SessionId>,
}

/// What somebody has a say in when a workspace is launched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchOptions {
    pub workspace: WorkspaceId,
    pub name: String,
    /// The directory that is kept for each user, if one is.
    pub home: Option<String>,
    /// Whether that can be emptied, to begin with a new one.
    pub can_begin_anew: bool,
    pub fields: Vec<Field>,
    /// What was answered the last time, by the fields' targets; nothing secret.
    pub last: BTreeMap<String, String>,
}

/// What a user sees on the first page.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Launcher {
    /// The user's own sessions that hold a container, newest first.
    pub sessions: Vec<SessionRow>,
    /// What the user may ask of them, their states aside.
    pub may: Vec<Action>,
    /// After search and category filter: favourites, then recently used, then by name.
    pub tiles: Vec<Tile>,
    /// Tiles that fit too but are not among these.
    pub more: i64,
    /// All categories of visible workspaces, for the filter.
    pub categories: Vec<String>,
    /// Whether there is any tile at all before search and filter.
    pub any: bool,
}
