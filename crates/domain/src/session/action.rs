//! What somebody may ask of a session, and what each of it does and takes.

use super::Desired;
use crate::actor::{Actor, Permission};
use serde::{Deserialize, Serialize};

/// What somebody may ask of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Disk kept, processes lost.
    Stop,
    /// Disk, memory and processes kept.
    Pause,
    /// From stopped or paused.
    Start,
    /// A new container of the image that its workspace launches now.
    Renew,
    /// Container and its disk removed.
    Delete,
    /// Drop the record even though the engine refuses to remove the container.
    ForceRemove,
}

words!(Action {
    Stop = "stop",
    Pause = "pause",
    Start = "start",
    Renew = "renew",
    Delete = "delete",
    ForceRemove = "force_remove",
});

impl Action {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stop => "Stop",
            Self::Pause => "Pause",
            Self::Start => "Start",
            Self::Renew => "Restart",
            Self::Delete => "Delete",
            Self::ForceRemove => "Force remove",
        }
    }

    /// What it does to the session, for confirmation and help.
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Stop => {
                "Programs are closed and unsaved work in them is lost. Files stay; it can be started again."
            }
            Self::Pause => {
                "Programs are frozen as they are and keep their memory. It can be resumed at once."
            }
            Self::Start => {
                "A stopped session starts with its files as they were; a paused one goes on where it was."
            }
            Self::Renew => {
                "It begins anew, from the image that is waiting. What was changed inside the session and is not on a volume is lost."
            }
            Self::Delete => {
                "The container and every file in it are removed. This cannot be undone."
            }
            Self::ForceRemove => {
                "The record is dropped even if the engine keeps the container. What is left on the engine must be removed by hand."
            }
        }
    }

    /// Past tense, for the timeline: "Ada asked to …".
    pub const fn deed(self) -> &'static str {
        match self {
            Self::Stop => "stop it",
            Self::Pause => "pause it",
            Self::Start => "start it",
            Self::Renew => "restart it into the image that is waiting",
            Self::Delete => "delete it",
            Self::ForceRemove => "force-remove it",
        }
    }

    /// The state asked for.
    pub const fn desired(self) -> Desired {
        match self {
            Self::Stop => Desired::Stopped,
            Self::Pause => Desired::Paused,
            Self::Start | Self::Renew => Desired::Running,
            Self::Delete | Self::ForceRemove => Desired::Deleted,
        }
    }

    /// What it takes to do this to one's own session.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Stop => Permission::StopOwnSessions,
            Self::Pause => Permission::PauseOwnSessions,
            Self::Start => Permission::LaunchWorkspaces,
            // Beginning anew takes the files along as deleting does.
            Self::Delete | Self::Renew => Permission::DeleteOwnSessions,
            Self::ForceRemove => Permission::ForceRemoveSessions,
        }
    }

    /// What somebody may ask of the sessions that are shown to him, their states aside.
    pub fn open_to(actor: &Actor) -> Vec<Self> {
        let steers = actor.may(Permission::SteerAllSessions);
        let open = |action: &Self| {
            actor.may(action.permission()) || (steers && *action != Self::ForceRemove)
        };
        Self::ALL.iter().copied().filter(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grants, Role};

    #[test]
    fn what_a_group_takes_away_is_not_open_to_its_members_but_to_administrators() {
        let open = |role| {
            let denied = vec![Permission::StopOwnSessions];
            Action::open_to(&Actor {
                user: "a".parse().unwrap(),
                name: "ada".into(),
                role,
                sign_in: "1".parse().unwrap(),
                grants: Grants { allowed: Vec::new(), denied },
            })
        };
        assert_eq!(open(Role::User), [Action::Pause, Action::Start, Action::Renew, Action::Delete]);
        assert_eq!(open(Role::Administrator), Action::ALL);
    }
}
