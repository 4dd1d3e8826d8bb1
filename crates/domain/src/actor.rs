//! Who is asking, and what a role permits.
//!
//! Faces turn a request into an [`Actor`]; services ask [`Actor::require`] once per use case, or
//! whether the actor sees or steers what belongs to somebody. A role is a set of permissions; groups
//! may add to it and take from it ([`Grants`]).

use crate::{Error, Result, SignInId, UserId};
use serde::{Deserialize, Serialize};

/// What somebody is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Administrator,
    Operator,
    ImageMaintainer,
    Auditor,
    User,
}

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Administrator, Self::Operator, Self::ImageMaintainer, Self::Auditor, Self::User];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Operator => "operator",
            Self::ImageMaintainer => "image_maintainer",
            Self::Auditor => "auditor",
            Self::User => "user",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Operator => "Operator",
            Self::ImageMaintainer => "Image maintainer",
            Self::Auditor => "Auditor",
            Self::User => "User",
        }
    }

    /// What people of this role do, in one sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Administrator => "Does everything, accounts and settings included.",
            Self::Operator => {
                "Sees and steers everybody's sessions and follows all jobs; opens no terminals and changes no definitions."
            }
            Self::ImageMaintainer => {
                "Looks after workspaces, images, registries and their jobs; other people's sessions are not theirs to see."
            }
            Self::Auditor => {
                "Sees sessions, jobs, users and the audit log, and changes and launches nothing."
            }
            Self::User => "Launches workspaces and steers their own sessions.",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    /// Whether people of this role may do this. A table in the tests says the same once more, so that
    /// a change is made knowingly.
    pub const fn permits(self, permission: Permission) -> bool {
        use Role::{Administrator, Auditor, ImageMaintainer, Operator};
        match permission {
            Permission::UseOwnAccount => true,
            Permission::LaunchWorkspaces
            | Permission::PauseOwnSessions
            | Permission::StopOwnSessions
            | Permission::DeleteOwnSessions
            | Permission::UploadFiles
            | Permission::DownloadFiles
            | Permission::PasteIn
            | Permission::CopyOut => !matches!(self, Auditor),
            Permission::SeeAllSessions => matches!(self, Administrator | Operator | Auditor),
            Permission::SteerAllSessions | Permission::InspectEngine => {
                matches!(self, Administrator | Operator)
            }
            Permission::SeeAllJobs => !matches!(self, Self::User),
            Permission::ManageWorkspaces
            | Permission::CreateImages
            | Permission::ManageRegistries
            | Permission::ManageImages
            | Permission::SteerAllJobs => matches!(self, Administrator | ImageMaintainer),
            Permission::SeeUsers | Permission::SeeAudit => matches!(self, Administrator | Auditor),
            Permission::ForceRemoveSessions
            | Permission::OpenTerminals
            | Permission::ManageUsers
            | Permission::ManageGroups
            | Permission::WeakenIsolation
            | Permission::ManageSettings => matches!(self, Administrator),
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
    /// Bring files into one's own sessions; as with those below, kept by their images.
    UploadFiles,
    DownloadFiles,
    /// Take what this machine's clipboard holds into one's own sessions.
    PasteIn,
    CopyOut,
    /// Change one's own password and sign-ins.
    UseOwnAccount,
    /// Create, change, test and delete workspace definitions.
    ManageWorkspaces,
    /// See everybody's sessions: the list, and of each its details and timeline.
    SeeAllSessions,
    /// Look into everybody's sessions, and stop, pause, start and delete them.
    SteerAllSessions,
    /// Drop the record of a session that the engine refuses to delete.
    ForceRemoveSessions,
    /// Make images of sessions, and with them workspaces.
    CreateImages,
    /// Open a shell in a session's container.
    OpenTerminals,
    /// Define workspaces whose sessions are less confined than usual.
    WeakenIsolation,
    /// See, make, change, test and delete registries.
    ManageRegistries,
    /// See the image library; pull, tag and remove what is in it.
    ManageImages,
    /// See everybody's jobs with their logs.
    SeeAllJobs,
    /// See, make, change and delete groups: who may launch what, within which bounds.
    ManageGroups,
    /// Cancel and repeat everybody's jobs.
    SteerAllJobs,
    /// See accounts with their sign-ins.
    SeeUsers,
    /// Make, change and delete accounts, and end their sign-ins.
    ManageUsers,
    /// Read the audit log, and take it away.
    SeeAudit,
    /// Decide on limits and life-time rules of the installation.
    ManageSettings,
    /// See the engine's version, storage and health.
    InspectEngine,
}

impl Permission {
    /// Every one, in the order of the enumeration.
    pub const ALL: [Self; 26] = [
        Self::LaunchWorkspaces,
        Self::PauseOwnSessions,
        Self::StopOwnSessions,
        Self::DeleteOwnSessions,
        Self::UploadFiles,
        Self::DownloadFiles,
        Self::PasteIn,
        Self::CopyOut,
        Self::UseOwnAccount,
        Self::ManageWorkspaces,
        Self::SeeAllSessions,
        Self::SteerAllSessions,
        Self::ForceRemoveSessions,
        Self::CreateImages,
        Self::OpenTerminals,
        Self::WeakenIsolation,
        Self::ManageRegistries,
        Self::ManageImages,
        Self::SeeAllJobs,
        Self::ManageGroups,
        Self::SteerAllJobs,
        Self::SeeUsers,
        Self::ManageUsers,
        Self::SeeAudit,
        Self::ManageSettings,
        Self::InspectEngine,
    ];

    /// Completes the sentence "You are not permitted to …".
    const fn deed(self) -> &'static str {
        match self {
            Self::LaunchWorkspaces => "launch workspaces",
            Self::PauseOwnSessions => "pause sessions",
            Self::StopOwnSessions => "stop sessions",
            Self::DeleteOwnSessions => "delete sessions",
            Self::UploadFiles => "upload files into sessions",
            Self::DownloadFiles => "download files from sessions",
            Self::PasteIn => "paste into sessions",
            Self::CopyOut => "copy out of sessions",
            Self::UseOwnAccount => "change this account",
            Self::ManageWorkspaces => "manage workspaces",
            Self::SeeAllSessions => "see other people's sessions",
            Self::SteerAllSessions => "steer other people's sessions",
            Self::ForceRemoveSessions => "force-remove sessions",
            Self::CreateImages => "create images",
            Self::OpenTerminals => "open terminals",
            Self::WeakenIsolation => "weaken what confines sessions",
            Self::ManageRegistries => "manage registries",
            Self::ManageImages => "manage images",
            Self::SeeAllJobs => "see jobs",
            Self::ManageGroups => "manage groups",
            Self::SteerAllJobs => "steer other people's jobs",
            Self::SeeUsers => "see the users",
            Self::ManageUsers => "manage users",
            Self::SeeAudit => "see the audit log",
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

impl Grants {
    /// Whether somebody of this role with these grants may do this.
    pub fn permit(&self, role: Role, permission: Permission) -> bool {
        match role {
            Role::Administrator => true,
            role => {
                !self.denied.contains(&permission)
                    && (role.permits(permission) || self.allowed.contains(&permission))
            }
        }
    }
}

impl Actor {
    pub fn may(&self, permission: Permission) -> bool {
        self.grants.permit(self.role, permission)
    }

    /// Whether the actor may do this to something of `owner`: what groups add to a role is for what
    /// is one's own.
    pub fn may_to(&self, permission: Permission, owner: &UserId) -> bool {
        self.may(permission) && (self.role.permits(permission) || self.user == *owner)
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

    /// Whether the actor may see that something of `owner` is there, and how it is.
    pub fn owns_or_sees(&self, owner: &UserId) -> bool {
        self.user == *owner || self.may(Permission::SeeAllSessions)
    }

    /// Whether the actor may look into something of `owner`, and steer it.
    pub fn owns_or_steers(&self, owner: &UserId) -> bool {
        let own = self.user == *owner && self.may(Permission::LaunchWorkspaces);
        own || self.may(Permission::SteerAllSessions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who may do what: administrator, operator, image maintainer, auditor, user.
    #[rustfmt::skip]
    const fn row(permission: Permission) -> [bool; 5] {
        const Y: bool = true;
        const N: bool = false;
        match permission {
            Permission::LaunchWorkspaces    => [Y, Y, Y, N, Y],
            Permission::PauseOwnSessions    => [Y, Y, Y, N, Y],
            Permission::StopOwnSessions     => [Y, Y, Y, N, Y],
            Permission::DeleteOwnSessions   => [Y, Y, Y, N, Y],
            Permission::UploadFiles         => [Y, Y, Y, N, Y],
            Permission::DownloadFiles       => [Y, Y, Y, N, Y],
            Permission::PasteIn             => [Y, Y, Y, N, Y],
            Permission::CopyOut             => [Y, Y, Y, N, Y],
            Permission::UseOwnAccount       => [Y, Y, Y, Y, Y],
            Permission::ManageWorkspaces    => [Y, N, Y, N, N],
            Permission::SeeAllSessions      => [Y, Y, N, Y, N],
            Permission::SteerAllSessions    => [Y, Y, N, N, N],
            Permission::ForceRemoveSessions => [Y, N, N, N, N],
            Permission::CreateImages        => [Y, N, Y, N, N],
            Permission::OpenTerminals       => [Y, N, N, N, N],
            Permission::WeakenIsolation     => [Y, N, N, N, N],
            Permission::ManageRegistries    => [Y, N, Y, N, N],
            Permission::ManageImages        => [Y, N, Y, N, N],
            Permission::SeeAllJobs          => [Y, Y, Y, Y, N],
            Permission::SteerAllJobs        => [Y, N, Y, N, N],
            Permission::SeeUsers            => [Y, N, N, Y, N],
            Permission::ManageUsers         => [Y, N, N, N, N],
            Permission::SeeAudit            => [Y, N, N, Y, N],
            Permission::ManageGroups        => [Y, N, N, N, N],
            Permission::ManageSettings      => [Y, N, N, N, N],
            Permission::InspectEngine       => [Y, Y, N, N, N],
        }
    }

    fn actor(role: Role) -> Actor {
        Actor {
            user: "a".parse().unwrap(),
            name: "ada".into(),
            role,
            sign_in: "1".parse().unwrap(),
            grants: Grants::default(),
        }
    }

    #[test]
    fn each_role_may_do_what_the_table_says_and_nothing_else() {
        for (number, permission) in Permission::ALL.into_iter().enumerate() {
            assert_eq!(permission as usize, number, "{permission:?} is not in its place");
            for (role, expected) in Role::ALL.into_iter().zip(row(permission)) {
                assert_eq!(role.permits(permission), expected, "{role:?}: {permission:?}");
                assert_eq!(actor(role).require(permission).is_ok(), expected);
            }
        }
    }

    #[test]
    fn who_steers_something_also_sees_it() {
        for role in Role::ALL {
            for (steers, sees) in [
                (Permission::SteerAllSessions, Permission::SeeAllSessions),
                (Permission::SteerAllSessions, Permission::LaunchWorkspaces),
                (Permission::SteerAllJobs, Permission::SeeAllJobs),
                (Permission::ManageUsers, Permission::SeeUsers),
            ] {
                assert!(!role.permits(steers) || role.permits(sees), "{role:?}: {steers:?}");
            }
        }
    }

    #[test]
    fn what_is_ones_own_is_ones_own_to_steer_unless_one_only_looks_on() {
        let (own, other): (UserId, UserId) = ("a".parse().unwrap(), "b".parse().unwrap());
        for (role, owns, others) in [
            (Role::Administrator, true, true),
            (Role::Operator, true, true),
            (Role::ImageMaintainer, true, false),
            (Role::Auditor, false, false),
            (Role::User, true, false),
        ] {
            let actor = actor(role);
            assert_eq!(actor.owns_or_steers(&own), owns, "{role:?}");
            assert_eq!(actor.owns_or_steers(&other), others, "{role:?}");
            assert!(actor.owns_or_sees(&own));
        }
        assert!(actor(Role::Auditor).owns_or_sees(&other));
        assert!(!actor(Role::ImageMaintainer).owns_or_sees(&other));
    }

    #[test]
    fn roles_read_back_and_say_what_they_are_for() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert!(role.description().ends_with('.') && !role.label().is_empty());
        }
        assert_eq!(Role::parse("root"), None);
    }
}
