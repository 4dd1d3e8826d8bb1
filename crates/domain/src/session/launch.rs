//! How a launch is getting on, step by step.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// One step of a launch, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchStep {
    Limits,
    Image,
    Network,
    Container,
    Start,
    Ready,
    /// Only of workspaces that have one.
    Command,
}

impl LaunchStep {
    /// Those that every launch has.
    pub const ALL: [Self; 6] =
        [Self::Limits, Self::Image, Self::Network, Self::Container, Self::Start, Self::Ready];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Limits => "Permission and limits",
            Self::Image => "Image present",
            Self::Network => "Private network",
            Self::Container => "Container created",
            Self::Start => "Container started",
            Self::Ready => "Workspace answers",
            Self::Command => "Start command",
        }
    }
}

/// One step that began; a step that did not begin is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    pub step: LaunchStep,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What is worth knowing: a digest, an address, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default)]
    pub failed: bool,
}

/// How a launch is getting on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LaunchProgress(pub Vec<StepRecord>);

impl LaunchProgress {
    /// A step begins; the one before it is thereby done. Beginning the same step again (after a
    /// restart of the server) keeps its first time.
    pub fn begin(&mut self, step: LaunchStep, now: Timestamp) {
        if self.0.last().is_some_and(|last| last.step == step && !last.failed) {
            return;
        }
        self.end(now);
        self.0.retain(|record| record.step != step);
        self.0.push(StepRecord { step, began_at: now, ended_at: None, note: None, failed: false });
    }

    pub fn note(&mut self, note: impl Into<String>) {
        if let Some(last) = self.0.last_mut() {
            last.note = Some(note.into());
        }
    }

    pub fn end(&mut self, now: Timestamp) {
        if let Some(last) = self.0.last_mut() {
            last.ended_at.get_or_insert(now);
        }
    }

    pub fn fail(&mut self, now: Timestamp, why: impl Into<String>) {
        self.end(now);
        if let Some(last) = self.0.last_mut() {
            last.failed = true;
            last.note = Some(why.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_keeps_order_and_times() {
        let mut progress = LaunchProgress::default();
        progress.begin(LaunchStep::Limits, Timestamp(1));
        progress.begin(LaunchStep::Image, Timestamp(2));
        progress.begin(LaunchStep::Image, Timestamp(3));
        progress.fail(Timestamp(4), "gone");
        assert_eq!(progress.0.len(), 2);
        assert_eq!(progress.0[0].ended_at, Some(Timestamp(2)));
        assert_eq!(progress.0[1].began_at, Timestamp(2));
        assert!(progress.0[1].failed);
        progress.begin(LaunchStep::Image, Timestamp(9));
        assert_eq!((progress.0[1].began_at, progress.0[1].failed), (Timestamp(9), false));
    }
}
