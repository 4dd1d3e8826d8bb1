//! What changed: the messages of the live stream.
//!
//! A change says which thing is different, never how; the page asks again through its server
//! function, so there is one way to read and one place that authorises.

use crate::{JobId, SessionId, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Change {
    Session {
        id: SessionId,
        owner: UserId,
    },
    Workspace {
        id: WorkspaceId,
    },
    /// A job moved on.
    Job {
        id: JobId,
        /// Nobody, if Slipway itself began it.
        owner: Option<UserId>,
    },
    /// Images appeared, vanished, or are being prepared.
    Images,
    /// The engine went away or came back.
    Engine,
    /// A user's role, state or sign-ins changed.
    User {
        id: UserId,
    },
    /// Usage figures were sampled.
    Usage,
    /// The listener fell behind; everything must be read again.
    Resync,
}
