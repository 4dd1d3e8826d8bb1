//! Which images may go: a plan first, with a reason for each, and nothing that anything needs.

use crate::{Timestamp, time::length};
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;
/// What was made this shortly ago may be about to be used: a build that is under way has no name.
const FRESH_MS: i64 = 3_600_000;

/// What is taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PruneMode {
    #[default]
    Off,
    /// Images that have lost their last name.
    Dangling,
    /// Those, and images that nothing has used for some days.
    Unused,
}

impl PruneMode {
    pub const ALL: [Self; 3] = [Self::Off, Self::Dangling, Self::Unused];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Dangling => "dangling",
            Self::Unused => "unused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "Nothing",
            Self::Dangling => "Images without a name",
            Self::Unused => "Images that nothing uses",
        }
    }
}

/// What goes, and how long it must have been unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneRule {
    pub mode: PruneMode,
    pub unused_days: i64,
}

impl Default for PruneRule {
    fn default() -> Self {
        Self { mode: PruneMode::Off, unused_days: 30 }
    }
}

/// An image, with all that may need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Content id.
    pub id: String,
    /// Empty for one that has lost its last name.
    pub tags: Vec<String>,
    /// What would be free without it: layers that no other image has.
    pub bytes: i64,
    pub created_at: Timestamp,
    /// When it was pulled or a session was launched from it.
    pub used_at: Option<Timestamp>,
    /// A workspace that names it.
    pub workspace: Option<String>,
    /// Sessions that hold a container of it, or may be started again.
    pub sessions: i64,
    /// Containers of whatever sort, also those of others on the same engine.
    pub containers: i64,
    /// Whether other images are built on it.
    pub has_children: bool,
}

/// What is to become of one image, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub id: String,
    pub tags: Vec<String>,
    pub bytes: i64,
    pub goes: bool,
    pub why: String,
}

/// What pruning would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunePlan {
    /// What goes first, then the largest first.
    pub verdicts: Vec<Verdict>,
    /// Bytes that would be free.
    pub bytes: i64,
}

impl PrunePlan {
    pub fn going(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| verdict.goes)
    }
}

/// What a rule comes to.
pub fn plan(rule: &PruneRule, candidates: Vec<Candidate>, now: Timestamp) -> PrunePlan {
    let judged = candidates.into_iter().map(|one| {
        let (goes, why) = judge(rule, &one, now);
        Verdict { id: one.id, tags: one.tags, bytes: one.bytes, goes, why }
    });
    let mut verdicts: Vec<Verdict> = judged.collect();
    verdicts.sort_by(|a, b| (b.goes, b.bytes).cmp(&(a.goes, a.bytes)).then(a.tags.cmp(&b.tags)));
    let bytes = verdicts.iter().filter(|one| one.goes).map(|one| one.bytes).sum();
    PrunePlan { verdicts, bytes }
}

fn judge(rule: &PruneRule, one: &Candidate, now: Timestamp) -> (bool, String) {
    let stays = |why: String| (false, why);
    if let Some(workspace) = &one.workspace {
        return stays(format!("The workspace “{workspace}” is made from it."));
    }
    match (one.sessions, one.containers) {
        (1, _) => return stays("1 session is made from it.".into()),
        (2.., _) => return stays(format!("{} sessions are made from it.", one.sessions)),
        (_, 1..) => return stays("A container that is not Slipway's is made from it.".into()),
        _ => {}
    }
    if one.has_children {
        return stays("Other images are built on it.".into());
    }
    let touched = one.used_at.map_or(one.created_at, |used| used.max(one.created_at));
    let idle = now.since(touched);
    if now.since(one.created_at) < FRESH_MS && one.tags.is_empty() {
        return stays("It was made less than an hour ago.".into());
    }
    match (rule.mode, one.tags.is_empty()) {
        (PruneMode::Off, _) => stays("Nothing is to go.".into()),
        (_, true) => (true, "It has lost its last name, and nothing uses it.".into()),
        (PruneMode::Dangling, false) => stays("It has a name.".into()),
        (PruneMode::Unused, false) if idle >= rule.unused_days.saturating_mul(DAY_MS) => {
            (true, format!("Nothing has used it for {}.", length(idle)))
        }
        (PruneMode::Unused, false) => {
            stays(format!("It was used or made {} ago.", length(idle.max(0))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn candidate(tags: &[&str], days: i64) -> Candidate {
        Candidate {
            id: "sha256:1".into(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            bytes: 100,
            created_at: NOW.plus_millis(-days * DAY_MS),
            used_at: None,
            workspace: None,
            sessions: 0,
            containers: 0,
            has_children: false,
        }
    }

    fn goes(mode: PruneMode, one: Candidate) -> bool {
        let plan = plan(&PruneRule { mode, unused_days: 30 }, vec![one], NOW);
        assert!(!plan.verdicts[0].why.is_empty());
        assert_eq!(plan.bytes, if plan.verdicts[0].goes { 100 } else { 0 });
        plan.verdicts[0].goes
    }

    #[test]
    fn what_anything_needs_never_goes_in_any_mode() {
        for mode in PruneMode::ALL {
            for tags in [&[][..], &["app:1"]] {
                let old = || candidate(tags, 400);
                assert!(!goes(mode, Candidate { workspace: Some("A".into()), ..old() }));
                assert!(!goes(mode, Candidate { sessions: 1, ..old() }));
                assert!(!goes(mode, Candidate { containers: 1, ..old() }));
                assert!(!goes(mode, Candidate { has_children: true, ..old() }));
            }
        }
    }

    #[test]
    fn each_mode_takes_what_it_says() {
        assert!(!goes(PruneMode::Off, candidate(&[], 400)));
        assert!(goes(PruneMode::Dangling, candidate(&[], 1)));
        assert!(!goes(PruneMode::Dangling, candidate(&[], 0)), "a build may be under way");
        assert!(!goes(PruneMode::Dangling, candidate(&["app:1"], 400)));
        assert!(goes(PruneMode::Unused, candidate(&["app:1"], 30)));
        assert!(!goes(PruneMode::Unused, candidate(&["app:1"], 29)));
        let used = Candidate { used_at: Some(NOW), ..candidate(&["app:1"], 400) };
        assert!(!goes(PruneMode::Unused, used));
    }

    #[test]
    fn what_goes_comes_first_and_the_largest_of_it() {
        let small = Candidate { id: "small".into(), bytes: 1, ..candidate(&[], 2) };
        let large = Candidate { id: "large".into(), bytes: 9, ..candidate(&[], 2) };
        let kept = Candidate { id: "kept".into(), bytes: 50, ..candidate(&["app:1"], 2) };
        let rule = PruneRule { mode: PruneMode::Dangling, unused_days: 30 };
        let plan = plan(&rule, vec![small, kept, large], NOW);
        let order: Vec<&str> = plan.verdicts.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(order, ["large", "small", "kept"]);
        assert_eq!((plan.bytes, plan.going().count()), (10, 2));
    }
}
