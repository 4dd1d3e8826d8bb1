//! What should be of a session, what is, and the word for both.

use super::Action;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    Running,
    Paused,
    Stopped,
    Deleted,
}

/// What was last recorded of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// On its way up: no container yet, or its port does not answer yet.
    Starting,
    Running,
    Paused,
    Stopped,
    /// Did not come up, or was lost; the reason says which.
    Failed,
    /// Gone, kept only as history.
    Deleted,
}

/// The word on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Starting,
    Running,
    Pausing,
    Paused,
    Resuming,
    Stopping,
    Stopped,
    Failed,
    Deleting,
    Deleted,
}

words!(Desired { Running = "running", Paused = "paused", Stopped = "stopped", Deleted = "deleted" });
words!(Status {
    Starting = "starting",
    Running = "running",
    Paused = "paused",
    Stopped = "stopped",
    Failed = "failed",
    Deleted = "deleted",
});
words!(State {
    Starting = "starting",
    Running = "running",
    Pausing = "pausing",
    Paused = "paused",
    Resuming = "resuming",
    Stopping = "stopping",
    Stopped = "stopped",
    Failed = "failed",
    Deleting = "deleting",
    Deleted = "deleted",
});

impl Status {
    /// Whether its container has a share of the engine's processors and memory, or is about to.
    pub const fn takes_resources(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Paused)
    }
}

impl State {
    pub const fn of(desired: Desired, status: Status) -> Self {
        match (desired, status) {
            (_, Status::Deleted) => Self::Deleted,
            (Desired::Deleted, _) => Self::Deleting,
            (Desired::Running, Status::Running) => Self::Running,
            (Desired::Running, Status::Paused) => Self::Resuming,
            (Desired::Running, Status::Starting | Status::Stopped) => Self::Starting,
            (Desired::Paused, Status::Paused) => Self::Paused,
            (Desired::Paused, Status::Failed)
            | (Desired::Stopped | Desired::Running, Status::Failed) => Self::Failed,
            (Desired::Paused, _) => Self::Pausing,
            (Desired::Stopped, Status::Stopped) => Self::Stopped,
            (Desired::Stopped, _) => Self::Stopping,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Pausing => "Pausing",
            Self::Paused => "Paused",
            Self::Resuming => "Resuming",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
            Self::Deleting => "Deleting",
            Self::Deleted => "Deleted",
        }
    }

    /// Whether an image can be made of its container (seed 002).
    pub const fn has_container(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }

    /// Whether it will change by itself soon.
    pub const fn is_moving(self) -> bool {
        matches!(
            self,
            Self::Starting | Self::Pausing | Self::Resuming | Self::Stopping | Self::Deleting
        )
    }

    /// What may be asked of a session in this state (seed 002; `reference/workspaces.md` §3).
    pub const fn allows(self, action: Action) -> bool {
        match action {
            Action::Stop => matches!(
                self,
                Self::Starting | Self::Running | Self::Pausing | Self::Paused | Self::Resuming
            ),
            Action::Pause => matches!(self, Self::Running | Self::Resuming),
            Action::Start => matches!(
                self,
                Self::Paused | Self::Stopped | Self::Failed | Self::Pausing | Self::Stopping
            ),
            Action::Renew => matches!(self, Self::Running | Self::Paused | Self::Stopped),
            Action::Delete => !matches!(self, Self::Deleted | Self::Deleting),
            Action::ForceRemove => !matches!(self, Self::Deleted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_was_reached_is_not_moving() {
        for (desired, status) in [
            (Desired::Running, Status::Running),
            (Desired::Paused, Status::Paused),
            (Desired::Stopped, Status::Stopped),
            (Desired::Deleted, Status::Deleted),
        ] {
            assert!(!State::of(desired, status).is_moving());
        }
        assert_eq!(State::of(Desired::Deleted, Status::Failed), State::Deleting);
    }

    #[test]
    fn only_a_session_at_rest_or_running_is_begun_anew() {
        for state in State::ALL {
            let may = matches!(state, State::Running | State::Paused | State::Stopped);
            assert_eq!(state.allows(Action::Renew), may, "{state:?}");
        }
    }

    #[test]
    fn every_session_but_a_gone_one_can_be_deleted() {
        for state in State::ALL {
            let gone = matches!(state, State::Deleted | State::Deleting);
            assert_eq!(state.allows(Action::Delete), !gone);
        }
    }
}
