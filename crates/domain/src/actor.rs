//! Who is asking, and what a role permits.
//!
//! Faces turn a request into an [`Actor`]; services ask [`Actor::require`] once per use case. A role
//! is a set of permissions; groups may add to it and take from it ([`Grants`]).

use crate::{Error, Result, SignInId, UserId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Administrator,
    User,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::User => "user",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Administrator, Self::User].into_iter().find(|r| r.as_str() == text)
    }

    /// Whether people of this role may do this.
    pub const fn permits(self, permission: Permission) -> bool {
        match permission {
            Permission::LaunchWorkspaces
            | Permission::PauseOwnSessions
            | Permission::StopOwnSessions
            | Permission::DeleteOwnSessions
            | Permission::UseOwnAccount => true,
            Permission::ManageWorkspaces
            | Permission::SteerAllSessions
            | Permission::ForceRemoveSessions
            | Permission::CreateImages
            | Permission::OpenTerminals
            | Permission::ManageRegistries
            | Permission::ManageImages
            | Permission::SeeAllJobs
            | Permission::ManageGroups
            | Permission::ManageSettings
            | Permission::InspectEngine => matches!(self, Self::Administrator),
        }
    }
}

/// One thing that may be allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See tiles, launch them, and start one's own sessions.
    LaunchWorkspaces,
    PauseOwnSessions,
    StopOwnSessions,
    DeleteOwnSessions,
    /// Change one's own password and sign-ins.
    UseOwnAccount,
    /// Create, change, test and delete workspace definitions.
    ManageWorkspaces,
    /// See, stop, pause, start and delete everybody's sessions.
    SteerAllSessions,
    /// Drop the record of a session that the engine refuses to delete.
    ForceRemoveSessions,
    /// Make images of sessions, and with them workspaces.
    CreateImages,
    /// Open a shell in a session's container.
    OpenTerminals,
    /// See, make, change, test and delete registries.
    ManageRegistries,
    /// See the image library; pull, tag and remove what is in it.
    ManageImages,
    /// See and steer everybody's jobs.
    SeeAllJobs,
    /// See, make, change and delete groups: who may launch what, within which bounds.
    ManageGroups,
    /// Decide on limits and life-time rules of the installation.
    ManageSettings,
    /// See the engine's version, storage and health.
    InspectEngine,
}

impl Permission {
    /// Completes the sentence "You are not permitted to …".
    const fn deed(self) -> &'static str {
        match self {
            Self::LaunchWorkspaces => "launch workspaces",
            Self::PauseOwnSessions => "pause sessions",
            Self::StopOwnSessions => "stop sessions",
            Self::DeleteOwnSessions => "delete sessions",
            Self::UseOwnAccount => "change this account",
            Self::ManageWorkspaces => "manage workspaces",
            Self::SteerAllSessions => "see or steer other people's sessions",
            Self::ForceRemoveSessions => "force-remove sessions",
            Self::CreateImages => "create images",
            Self::OpenTerminals => "open terminals",
            Self::ManageRegistries => "manage registries",
            Self::ManageImages => "manage images",
            Self::SeeAllJobs => "see jobs",
            Self::ManageGroups => "manage groups",
            Self::ManageSettings => "change the settings",
            Self::InspectEngine => "inspect the engine",
        }
    }
}

/// A signed-in person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub user: UserId,
    pub name: String,
    pub role: Role,
    /// The sign-in the request came with, so that it can be told from the user's others.
    pub sign_in: SignInId,
    /// What the user's groups add to the role and take from it.
    #[serde(default)]
    pub grants: Grants,
}

/// What groups add to a role and take from it. Nothing is taken from administrators.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    pub allowed: Vec<Permission>,
    pub denied: Vec<Permission>,
}

impl Actor {
    pub fn may(&self, permission: Permission) -> bool {
        let Grants { allowed, denied } = &self.grants;
        match self.role {
            Role::Administrator => true,
            role => {
                !denied.contains(&permission)
                    && (role.permits(permission) || allowed.contains(&permission))
            }
        }
    }

    /// # Errors
    /// `Forbidden` when neither the actor's role nor a group gives the permission.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        Err(Error::forbidden(format!("You are not permitted to {}.", permission.deed()))
            .hint("An administrator can do this, or change your role."))
    }

    /// Whether the actor may see and steer something that belongs to `owner`.
    pub fn owns_or_steers(&self, owner: &UserId) -> bool {
        self.user == *owner || self.may(Permission::SteerAllSessions)
    }
}
