//! When and why a session ends by itself.
//!
//! There are three rules: nobody has looked at the session for a while, nothing has happened in it
//! for a while, and it has run for long enough. Each place that may decide about them (the
//! workspace, the installation, and between them whatever comes later) is a [`Lifetime`], a layer;
//! the nearest one that says something wins, rule by rule. [`ending`] is the moment that comes
//! first. No session ends without a warning before it: where a rule becomes tighter, or Slipway was
//! away, the end waits for that.

mod form;

pub use form::LifetimeForm;

use crate::{
    Error, Result, Timestamp,
    session::{Action, Cause, Reason},
    time::length,
};
use serde::{Deserialize, Serialize};

/// People are warned this long before the end; half of a rule that is shorter than twice that.
const WARNING_S: i64 = 300;
/// One *Extend* of a session that has run for long enough gives it this much more.
const EXTENSION_STEP_S: i64 = 3600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The last viewer left. Called keep-alive elsewhere.
    Unwatched,
    /// Neither input nor output.
    Idle,
    /// It ran for as long as it may.
    Longest,
}

impl Rule {
    pub const ALL: [Self; 3] = [Self::Unwatched, Self::Idle, Self::Longest];

    /// The name its form fields begin with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unwatched => "unwatched",
            Self::Idle => "idle",
            Self::Longest => "longest",
        }
    }
}

/// What a rule does to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndAction {
    #[default]
    Stop,
    Pause,
    Delete,
}

impl EndAction {
    pub const ALL: [Self; 3] = [Self::Stop, Self::Pause, Self::Delete];

    pub const fn action(self) -> Action {
        match self {
            Self::Stop => Action::Stop,
            Self::Pause => Action::Pause,
            Self::Delete => Action::Delete,
        }
    }

    pub const fn as_str(self) -> &'static str {
        self.action().as_str()
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// `stopped`, `paused`, `deleted`.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Stop => "stopped",
            Self::Pause => "paused",
            Self::Delete => "deleted",
        }
    }
}

/// How long a rule waits, and what it does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    pub after_s: i64,
    pub action: EndAction,
}

/// What one place says about one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Whatever the next place says.
    #[default]
    Inherit,
    Never,
    After(Bound),
}

/// What one place says about all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lifetime {
    pub unwatched: Choice,
    pub idle: Choice,
    pub longest: Choice,
    /// By how many seconds in all people may extend the longest duration.
    pub extension_s: Option<i64>,
}

impl Lifetime {
    /// What it says, and where it says nothing what a farther place does.
    #[must_use]
    pub fn over(&self, farther: &Self) -> Self {
        let choose = |near: Choice, far: Choice| if near == Choice::Inherit { far } else { near };
        Self {
            unwatched: choose(self.unwatched, farther.unwatched),
            idle: choose(self.idle, farther.idle),
            longest: choose(self.longest, farther.longest),
            extension_s: self.extension_s.or(farther.extension_s),
        }
    }

    pub const fn choice(&self, rule: Rule) -> Choice {
        match rule {
            Rule::Unwatched => self.unwatched,
            Rule::Idle => self.idle,
            Rule::Longest => self.longest,
        }
    }
}

/// What holds for a session, all places taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    unwatched: Option<Bound>,
    idle: Option<Bound>,
    longest: Option<Bound>,
    extension_s: i64,
}

impl Rules {
    /// From the nearest place to the furthest.
    pub fn of(places: &[&Lifetime]) -> Self {
        let bound = |rule: Rule| {
            let mut said = places.iter().map(|place| place.choice(rule));
            match said.find(|choice| *choice != Choice::Inherit) {
                Some(Choice::After(bound)) => Some(bound),
                _ => None,
            }
        };
        Self {
            unwatched: bound(Rule::Unwatched),
            idle: bound(Rule::Idle),
            longest: bound(Rule::Longest),
            extension_s: places.iter().find_map(|place| place.extension_s).unwrap_or(0),
        }
    }
}

/// What the rules look at, of a session that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// When somebody last looked at it: close to now while somebody does.
    pub viewed_at: Option<Timestamp>,
    /// When somebody last asked for more time.
    pub extended_at: Option<Timestamp>,
    /// By how much the longest duration was extended.
    pub extended_s: i64,
    /// The warning that still holds.
    pub warning: Option<Warning>,
}

/// What people were told, and when. A warning of one rule is none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub at: Timestamp,
    pub rule: Rule,
    pub action: EndAction,
}

/// When a session ends if nothing happens, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub at: Timestamp,
    pub rule: Rule,
    pub bound: Bound,
    /// How long before that people are warned, in seconds.
    pub warning_s: i64,
    /// Whether *Extend* moves it.
    pub may_extend: bool,
}

impl Ending {
    /// The warning that people are given at `now`.
    pub const fn warned(&self, now: Timestamp) -> Warning {
        Warning { at: now, rule: self.rule, action: self.bound.action }
    }

    /// Whether people were warned of this.
    pub fn is_announced(&self, life: &Life) -> bool {
        life.warning.is_some_and(|w| (w.rule, w.action) == (self.rule, self.bound.action))
    }

    /// Whether it is time to warn.
    pub const fn is_near(&self, now: Timestamp) -> bool {
        self.at.0 - now.0 <= self.warning_s * 1000
    }

    /// Under which condition it comes to that; completes "It will be stopped …".
    pub const fn unless(&self) -> &'static str {
        match self.rule {
            Rule::Unwatched => "unless somebody opens it before",
            Rule::Idle => "unless something happens in it before",
            Rule::Longest => "because it then has run for as long as it may",
        }
    }

    /// What the timeline says when people are warned.
    pub fn warning(&self) -> String {
        let (done, when) = (self.bound.action.done(), self.at.display());
        format!("Will be {done} at {when}, {}", self.unless())
    }

    /// What is recorded when it has come to that.
    pub fn reason(&self) -> Reason {
        let (done, after) = (self.bound.action.done(), length(self.bound.after_s * 1000));
        let why = match self.rule {
            Rule::Unwatched => format!("nobody looked at it for {after}"),
            Rule::Idle => format!("nothing happened in it for {after}"),
            Rule::Longest => format!("it has run for {after}, as long as it may"),
        };
        let hint = match self.bound.action {
            EndAction::Stop => "Start it again: its files are as they were.",
            EndAction::Pause => "Resume it: it goes on where it was.",
            EndAction::Delete => "Launch the workspace again for a new one.",
        };
        Reason {
            hint: Some(hint.to_owned()),
            ..Reason::new(Cause::Rule, format!("It was {done} because {why}."))
        }
    }
}

/// What else the rules need of a session's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub running_since: Timestamp,
    pub active_at: Option<Timestamp>,
}

/// The end that comes first, if any rule leads to one.
pub fn ending(rules: &Rules, life: &Life, seen: Seen, now: Timestamp) -> Option<Ending> {
    let rest = rules.extension_s - life.extended_s;
    let latest = |of: Option<Timestamp>| {
        seen.running_since.max(of.unwrap_or_default()).max(life.extended_at.unwrap_or_default())
    };
    let one = |rule: Rule, bound: Option<Bound>| {
        let bound = bound?;
        let from = match rule {
            Rule::Unwatched => latest(life.viewed_at),
            Rule::Idle => latest(seen.active_at),
            Rule::Longest => seen.running_since.plus_secs(life.extended_s),
        };
        let warning_s = WARNING_S.min(bound.after_s / 2);
        let told = life.warning.filter(|w| (w.rule, w.action) == (rule, bound.action));
        let warned = told.map_or(now, |warning| warning.at);
        Some(Ending {
            at: from.plus_secs(bound.after_s).max(warned.plus_secs(warning_s)),
            rule,
            bound,
            warning_s,
            may_extend: rule != Rule::Longest || rest > 0,
        })
    };
    let all = [
        one(Rule::Unwatched, rules.unwatched),
        one(Rule::Idle, rules.idle),
        one(Rule::Longest, rules.longest),
    ];
    all.into_iter().flatten().min_by_key(|ending| ending.at)
}

/// The life of a session that somebody asked more time for.
///
/// # Errors
/// `Exhausted` when the rule that ends it lets nobody have more.
pub fn extend(rules: &Rules, life: &Life, ending: &Ending, now: Timestamp) -> Result<Life> {
    let mut life = Life { extended_at: Some(now), warning: None, ..*life };
    if ending.rule == Rule::Longest {
        let rest = rules.extension_s - life.extended_s;
        if rest <= 0 {
            let longest = length((ending.bound.after_s + life.extended_s) * 1000);
            return Err(Error::exhausted(format!(
                "It may run for {longest}, and that cannot be extended (any more)."
            ))
            .hint("Save your work. An administrator can allow more under Settings or in the workspace's form."));
        }
        life.extended_s += rest.min(EXTENSION_STEP_S);
    }
    Ok(life)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp(1_800_000_000_000);
    const HOUR: i64 = 3600;

    fn after(secs: i64) -> Choice {
        Choice::After(Bound { after_s: secs, action: EndAction::Stop })
    }

    fn seen(active: i64) -> Seen {
        Seen { running_since: START, active_at: Some(START.plus_secs(active)) }
    }

    #[test]
    fn the_nearest_place_that_says_something_wins_rule_by_rule() {
        let house = Lifetime { idle: after(HOUR), longest: after(9 * HOUR), ..Lifetime::default() };
        let workspace = Lifetime { idle: Choice::Never, ..Lifetime::default() };
        let rules = Rules::of(&[&workspace, &house]);
        assert_eq!((rules.idle, rules.unwatched), (None, None));
        assert_eq!(rules.longest.map(|bound| bound.after_s), Some(9 * HOUR));
    }

    #[test]
    fn without_rules_nothing_ends() {
        let life = Life::default();
        assert_eq!(ending(&Rules::default(), &life, seen(0), START), None);
    }

    #[test]
    fn the_rule_that_comes_first_is_the_one_that_is_told() {
        let place =
            Lifetime { idle: after(HOUR), unwatched: after(2 * HOUR), ..Lifetime::default() };
        let rules = Rules::of(&[&place]);
        let life = Life { viewed_at: Some(START), ..Life::default() };
        let first = ending(&rules, &life, seen(0), START).unwrap();
        assert_eq!((first.rule, first.at), (Rule::Idle, START.plus_secs(HOUR)));
        // Work goes on without anybody looking.
        let later = ending(&rules, &life, seen(2 * HOUR - 60), START).unwrap();
        assert_eq!((later.rule, later.at), (Rule::Unwatched, START.plus_secs(2 * HOUR)));
    }

    #[test]
    fn a_rule_that_became_tighter_still_leaves_the_time_of_a_warning() {
        let rules = Rules::of(&[&Lifetime { idle: after(HOUR), ..Lifetime::default() }]);
        let now = START.plus_secs(5 * HOUR);
        let unwarned = ending(&rules, &Life::default(), seen(0), now).unwrap();
        assert_eq!(unwarned.at, now.plus_secs(WARNING_S));
        let life = Life { warning: Some(unwarned.warned(now)), ..Life::default() };
        let warned = ending(&rules, &life, seen(0), now.plus_secs(200)).unwrap();
        assert_eq!(warned.at, now.plus_secs(WARNING_S));
    }

    #[test]
    fn a_warning_of_one_rule_is_none_of_another() {
        let place = Lifetime {
            idle: after(HOUR),
            longest: Choice::After(Bound { after_s: HOUR + 60, action: EndAction::Delete }),
            ..Lifetime::default()
        };
        let rules = Rules::of(&[&place]);
        let warned = START.plus_secs(HOUR - 300);
        let idle = ending(&rules, &Life::default(), seen(0), warned).unwrap();
        let life = Life { warning: Some(idle.warned(warned)), ..Life::default() };
        // Work begins again, and what comes next is another end.
        let now = START.plus_secs(HOUR - 60);
        let longest = ending(&rules, &life, seen(HOUR - 60), now).unwrap();
        assert_eq!(longest.rule, Rule::Longest);
        assert!(!longest.is_announced(&life));
        assert_eq!(longest.at, now.plus_secs(300));
    }

    #[test]
    fn more_time_is_given_within_the_rules_and_no_further() {
        let place =
            Lifetime { longest: after(HOUR), extension_s: Some(HOUR + 60), ..Lifetime::default() };
        let rules = Rules::of(&[&place]);
        let now = START.plus_secs(HOUR - 60);
        let mut life = Life::default();
        for expected in [2 * HOUR, 2 * HOUR + 60] {
            let end = ending(&rules, &life, seen(0), now).unwrap();
            assert!(end.may_extend);
            life = extend(&rules, &life, &end, now).unwrap();
            let end = ending(&rules, &life, seen(0), now).unwrap();
            assert_eq!(end.at, START.plus_secs(expected));
        }
        let end = ending(&rules, &life, seen(0), now).unwrap();
        assert!(!end.may_extend);
        let refused = extend(&rules, &life, &end, now).unwrap_err();
        assert!(refused.message.contains("2 h 1 min"), "{refused}");
    }

    proptest! {
        #[test]
        fn nobody_is_ended_without_a_warning_before_it(
            idle in 10_i64..100_000, gone in 0_i64..1_000_000, warned in proptest::option::of(0_i64..1_000_000),
        ) {
            let rules = Rules::of(&[&Lifetime { idle: after(idle), ..Lifetime::default() }]);
            let now = START.plus_secs(gone);
            let end = ending(&rules, &Life::default(), seen(0), now).unwrap();
            let warning = warned.map(|at| end.warned(START.plus_secs(at)));
            let life = Life { warning, ..Life::default() };
            let end = ending(&rules, &life, seen(0), now).unwrap();
            let told = warning.map_or(now, |warning| warning.at);
            prop_assert!(end.at.since(told) >= end.warning_s * 1000);
            prop_assert!(end.at >= START.plus_secs(idle));
        }

        #[test]
        fn extending_never_brings_the_end_nearer(idle in 10_i64..100_000, gone in 0_i64..100_000) {
            let rules = Rules::of(&[&Lifetime { idle: after(idle), ..Lifetime::default() }]);
            let now = START.plus_secs(gone);
            let before = ending(&rules, &Life::default(), seen(0), now).unwrap();
            let life = extend(&rules, &Life::default(), &before, now).unwrap();
            prop_assert!(ending(&rules, &life, seen(0), now).unwrap().at >= before.at);
        }
    }
}
