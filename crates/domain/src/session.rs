//! Sessions: what should be and what is (`session/state.rs`), what may be asked of one
//! (`session/action.rs`), and how a launch is getting on (`session/launch.rs`).
//!
//! Two columns decide everything: [`Desired`] is what somebody asked for, [`Status`] what was last
//! recorded of the container. [`State`], the word on the screen, is derived from both.

/// Every value of an enumeration, and the word it is stored as. A macro is known only below where it
/// stands, and the modules use it.
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

mod action;
mod launch;
mod state;

pub use action::Action;
pub use launch::{LaunchProgress, LaunchStep, StepRecord};
pub use state::{Desired, State, Status};

use crate::{
    JobId, SessionId, Timestamp, UserId, WorkspaceId,
    actor::{Actor, Role},
    commands::Commands,
    confinement::Confinement,
    contract::Contract,
    group::Deed,
    icon::Icon,
    launch_form::Answer,
    lifetime::{self, Ending, Life, Lifetime, Rules},
    storage::Mount,
    workspace::Source,
};
use serde::{Deserialize, Serialize};

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
    #[serde(default)]
    pub confinement: Confinement,
    /// What the owner's groups took away when its container was made, of what passes through its
    /// stream.
    #[serde(default)]
    pub withheld: Vec<Deed>,
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
    /// What its owner's groups take away and its image does not keep from him, for those who look
    /// after groups or workspaces.
    pub not_kept: Vec<Deed>,
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

    #[test]
    fn words_read_back() {
        assert!(State::ALL.iter().all(|s| State::parse(s.as_str()) == Some(*s)));
        assert!(Action::ALL.iter().all(|a| Action::parse(a.as_str()) == Some(*a)));
    }
}
