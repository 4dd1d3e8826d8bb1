//! Sessions: what should be and what is. How a launch is getting on is in `session/launch.rs`.
//!
//! Two columns decide everything: [`Desired`] is what somebody asked for, [`Status`] what was last
//! recorded of the container. [`State`], the word on the screen, is derived from both.

mod launch;

pub use launch::{LaunchProgress, LaunchStep, StepRecord};

use crate::{
    JobId, SessionId, Timestamp, UserId, WorkspaceId,
    actor::{Actor, Permission, Role},
    commands::Commands,
    contract::Contract,
    icon::Icon,
    launch_form::Answer,
    lifetime::{self, Ending, Life, Lifetime, Rules},
    storage::Mount,
    workspace::Source,
};
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

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text)
            }
        }
    };
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

/// Why a session is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub cause: Cause,
    /// A sentence.
    pub message: String,
    /// The engine's words or the container's last lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Reason {
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into(), detail: None, hint: None }
    }

    /// From a failure of one of Slipway's own steps.
    pub fn from_error(cause: Cause, error: &crate::Error) -> Self {
        Self {
            cause,
            message: error.message.clone(),
            detail: error.detail.clone(),
            hint: error.hint.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody asked Slipway for it.
    Asked,
    /// Done with the engine's own tools, behind Slipway's back.
    Outside,
    /// The container's main process ended by itself.
    Exited,
    OutOfMemory,
    /// The engine restarted and took the container down.
    EngineRestart,
    /// A launch step failed.
    LaunchFailed,
    /// It runs, and its start command did not succeed.
    StartProblem,
    /// A life-time rule ended it.
    Rule,
}

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub owner: UserId,
    pub owner_name: String,
    pub workspace: WorkspaceId,
    /// Name and icon at launch, so that history reads right after the workspace changed.
    pub workspace_name: String,
    pub icon: Icon,
    pub desired: Desired,
    pub status: Status,
    pub reason: Option<Reason>,
    pub progress: LaunchProgress,
    /// Counted up each time a new container is made for the session.
    pub generation: u32,
    /// Whether a container of this generation was made.
    pub created: bool,
    pub config: RunConfig,
    pub image_digest: Option<String>,
    /// Name of the session's network on the engine.
    pub network: Option<String>,
    /// Address of the container on that network.
    pub address: Option<String>,
    /// The console's port for this session, in by-port mode.
    pub port: Option<u16>,
    pub launched_at: Timestamp,
    /// Since when it runs, while it runs.
    pub running_since: Option<Timestamp>,
    pub last_activity_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub life: Life,
    /// What its workspace says about its life time now.
    pub lifetime: Lifetime,
    /// The owner's role now.
    pub owner_role: Role,
    /// Which image its workspace launches now; `None` if that is gone.
    pub source: Option<Source>,
}

impl Session {
    pub const fn state(&self) -> State {
        State::of(self.desired, self.status)
    }

    /// Whether the actor may see it: its row, details and timeline.
    pub fn visible_to(&self, actor: &Actor) -> bool {
        actor.owns_or_sees(&self.owner)
    }

    /// Whether the actor may look into it (its stream, log, files and processes) and steer it.
    pub fn open_to(&self, actor: &Actor) -> bool {
        actor.owns_or_steers(&self.owner)
    }

    /// The rules that hold for it; `around` is what its owner's groups and the installation say.
    pub fn rules(&self, around: &Lifetime) -> Rules {
        Rules::of(&[&self.lifetime, around])
    }

    /// When and why it ends by itself, while it runs.
    pub fn ending(&self, around: &Lifetime, now: Timestamp) -> Option<Ending> {
        let running_since = self.running_since.filter(|_| self.state() == State::Running)?;
        let seen = lifetime::Seen { running_since, active_at: self.last_activity_at };
        lifetime::ending(&self.rules(around), &self.life, seen, now)
    }

    /// Whether it takes its share of the engine's processors and memory.
    pub const fn takes_resources(&self) -> bool {
        self.status.takes_resources()
    }

    /// What waits for it, if its workspace launches another image by now; `launched` is the content
    /// id of that, if the engine has it.
    pub fn waiting(&self, launched: Option<&str>) -> Option<Waiting> {
        let source = self.source.as_ref()?;
        let is_another = launched? != self.image_digest.as_deref()?;
        let kind = if source.pin.is_some() { Waiting::Pinned } else { Waiting::Newer };
        (is_another && self.state().allows(Action::Renew)).then_some(kind)
    }
}

/// Another image than the one a session was made from, which the next session of its workspace has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    Newer,
    /// The workspace was rolled back to it.
    Pinned,
}

impl Waiting {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Newer => "newer image",
            Self::Pinned => "rolled back",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Newer => "A newer image is waiting: the next session has it.",
            Self::Pinned => "Its workspace was rolled back: the next session has another image.",
        }
    }
}

/// What a container is made from: a copy of the workspace's definition at launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    pub image: String,
    pub contract: Contract,
    pub environment: Vec<(String, String)>,
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub shm_bytes: i64,
    pub pids: i64,
    /// What was answered at launch, but for secrets.
    #[serde(default)]
    pub answers: Vec<Answer>,
    #[serde(default)]
    pub commands: Commands,
    /// Volumes that stay when it goes.
    #[serde(default)]
    pub mounts: Vec<Mount>,
}

/// CPU and memory of one session now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UsageNow {
    /// Thousandths of a core.
    pub cpu_millis: i64,
    /// Bytes, without the file cache, as the engine's own tool counts.
    pub memory_bytes: i64,
    pub memory_limit: i64,
}

/// A row of a list of sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: SessionId,
    pub owner_name: String,
    pub workspace_name: String,
    pub icon: Icon,
    pub image: String,
    pub image_digest: Option<String>,
    pub state: State,
    pub reason: Option<Reason>,
    pub launched_at: Timestamp,
    pub running_since: Option<Timestamp>,
    pub last_activity_at: Option<Timestamp>,
    pub usage: Option<UsageNow>,
    /// When and why it ends by itself.
    pub ending: Option<Ending>,
    /// Whether the next session of its workspace has another image.
    pub waiting: Option<Waiting>,
}

/// One line of a session's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub at: Timestamp,
    /// Who did it; absent for Slipway itself.
    pub actor: Option<String>,
    pub message: String,
    pub detail: Option<String>,
}

/// Everything about one session that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionDetail {
    pub session: Session,
    pub timeline: Vec<TimelineEntry>,
    /// Whether the viewer owns it.
    pub own: bool,
    /// What the reader may ask of it, its state aside.
    pub may: Vec<Action>,
    /// Whether the reader may look into it and steer it.
    pub may_steer: bool,
    pub may_force_remove: bool,
    /// Whether the reader may make an image of it.
    pub may_create_image: bool,
    /// Whether the reader may open a shell in its container.
    pub may_open_terminal: bool,
    /// The job that is making an image of it now; until that is done, everything else waits.
    pub image_job: Option<JobId>,
    /// When and why it ends by itself.
    pub ending: Option<Ending>,
    /// Whether the next session of its workspace has another image.
    pub waiting: Option<Waiting>,
}

/// How one session of a bulk action fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkOutcome {
    pub id: SessionId,
    pub name: String,
    /// `None` when it was accepted.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Grants;

    #[test]
    fn words_read_back() {
        assert!(State::ALL.iter().all(|s| State::parse(s.as_str()) == Some(*s)));
        assert!(Action::ALL.iter().all(|a| Action::parse(a.as_str()) == Some(*a)));
    }

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
