//! Jobs: work that is done once, may take long, and must survive a restart.
//!
//! A job is recorded in the transaction that made it necessary, and from then on it ends as done,
//! failed or cancelled, whatever happens meanwhile. What it is about and what it made are links, so
//! that its page leads on.

use crate::{JobId, SessionId, Timestamp, WorkspaceId, error::Error};
use serde::{Deserialize, Serialize};

/// Most pushes and pulls together that go on at one registry side by side.
pub const AT_ONE_REGISTRY: usize = 2;

/// What sort of work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Makes an image of a session's container.
    Commit,
    /// Sends an image to a registry.
    Push,
    /// Fetches an image from a registry.
    Pull,
    /// Takes images off the engine that nothing needs.
    Prune,
}

impl JobKind {
    pub const ALL: [Self; 4] = [Self::Commit, Self::Push, Self::Pull, Self::Prune];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Push => "push",
            Self::Pull => "pull",
            Self::Prune => "prune",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Commit => "Create image",
            Self::Push => "Push",
            Self::Pull => "Pull image",
            Self::Prune => "Prune images",
        }
    }

    /// How many of this kind run side by side: a commit keeps the engine's disk busy, the
    /// others the network. Those that go to one registry are fewer, see [`AT_ONE_REGISTRY`].
    pub const fn side_by_side(self) -> usize {
        match self {
            Self::Commit | Self::Prune => 1,
            Self::Push | Self::Pull => 4,
        }
    }

    /// How often it is tried before it has failed, where trying again may help.
    pub const fn tries(self) -> u32 {
        match self {
            Self::Commit | Self::Prune => 3,
            Self::Push | Self::Pull => 4,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its turn, or for its next try.
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl JobState {
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Done => "Done",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobProgress {
    /// What is being done, as a sentence without its full stop: `Pushing 3 of 7 layers`.
    pub step: String,
    /// Bytes done and in all, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<(i64, i64)>,
    /// The layers of an image that is moved, as many of them as are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerProgress>,
    /// How many layers there are besides.
    #[serde(default)]
    pub more_layers: u32,
}

/// How far one layer of an image is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerProgress {
    /// Short, as the engine names it.
    pub id: String,
    pub state: LayerState,
    /// Bytes done and in all, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<(i64, i64)>,
}

/// What is going on with a layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerState {
    /// Has not begun, or has come over the line and waits to be unpacked.
    #[default]
    Waiting,
    /// Goes over the line.
    Moving,
    Unpacking,
    /// Is where it is to be.
    There,
}

impl LayerState {
    /// What it is called in a job of this kind.
    pub const fn label(self, kind: JobKind) -> &'static str {
        match (self, kind) {
            (Self::Waiting, _) => "Waiting",
            (Self::Moving, JobKind::Pull) => "Pulling",
            (Self::Moving, _) => "Pushing",
            (Self::Unpacking, _) => "Unpacking",
            (Self::There, _) => "There",
        }
    }
}

/// How fast something goes and how long it still takes: `12.5 MiB/s, 4 s left`. Empty while there is
/// nothing to go by.
pub fn pace(done: i64, total: i64, millis: i64) -> String {
    const ENOUGH_MS: i64 = 500;
    if done <= 0 || millis < ENOUGH_MS {
        return String::new();
    }
    let a_second = done.saturating_mul(1000) / millis;
    let rate = format!("{}/s", crate::quantity::bytes(a_second));
    match (total - done, a_second) {
        (left @ 1.., 1..) => {
            let seconds = left / a_second + 1;
            format!("{rate}, {} left", crate::time::length(seconds.saturating_mul(1000)))
        }
        _ => rate,
    }
}

/// What a job concerns and what it made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobLinks {
    pub session: Option<SessionId>,
    pub workspace: Option<WorkspaceId>,
    /// The image it makes or moves, as a reference.
    pub image: String,
    /// Content id or remote digest of what it made.
    pub made: Option<String>,
    /// Bytes of what it made.
    pub size_bytes: Option<i64>,
}

/// A job as lists and pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    /// Names what it is about: `app:2026-11-20.10.00 from Desktop of ada`.
    pub title: String,
    pub state: JobState,
    /// Tries begun, counted from 1.
    pub attempt: u32,
    pub cancel_requested: bool,
    pub progress: Option<JobProgress>,
    /// Why it failed, or why it will be tried again.
    pub error: Option<Error>,
    pub links: JobLinks,
    /// Who asked for it.
    pub actor: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// When a queued one is tried, if it waits for a moment.
    pub run_at: Timestamp,
}

impl Job {
    /// Whether it may be told to stop.
    pub const fn may_cancel(&self) -> bool {
        !self.state.is_over() && !self.cancel_requested
    }

    /// Whether it may be done once more.
    pub const fn may_retry(&self) -> bool {
        matches!(self.state, JobState::Failed | JobState::Cancelled)
    }
}

/// One line of a job's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLine {
    /// Counted from 1 in each job.
    pub seq: i64,
    pub at: Timestamp,
    pub text: String,
}

/// A job with its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDetail {
    pub job: Job,
    pub log: Vec<JobLine>,
    /// Whether the reader may cancel and repeat it.
    pub may_steer: bool,
    /// Whether the reader may open the session and the workspace that it is about.
    pub may_open_session: bool,
    pub may_open_workspace: bool,
}

/// Milliseconds to wait before try number `attempt` + 1.
pub const fn pause_after(attempt: u32) -> i64 {
    match attempt {
        0 | 1 => 2_000,
        2 => 10_000,
        _ => 60_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_told_once_there_is_something_to_go_by() {
        assert_eq!(pace(1 << 20, 4 << 20, 100), "");
        assert_eq!(pace(10 << 20, 40 << 20, 2_000), "5 MiB/s, 7.0 s left");
        assert_eq!(pace(40 << 20, 40 << 20, 2_000), "20 MiB/s");
        assert_eq!(pace(1, i64::MAX, 10_000), "0 B/s");
    }

    #[test]
    fn progress_that_was_recorded_without_layers_is_still_read() {
        let read: JobProgress = serde_json::from_str(r#"{"step":"Pulled 1 of 2 layers"}"#).unwrap();
        let step = "Pulled 1 of 2 layers".to_owned();
        assert_eq!(read, JobProgress { step, ..JobProgress::default() });
    }

    #[test]
    fn a_layer_on_its_way_is_pushed_or_pulled() {
        assert_eq!(LayerState::Moving.label(JobKind::Push), "Pushing");
        assert_eq!(LayerState::Moving.label(JobKind::Pull), "Pulling");
        assert_eq!(LayerState::There.label(JobKind::Pull), "There");
    }
}
