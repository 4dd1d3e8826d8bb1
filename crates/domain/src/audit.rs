//! The record of who did what to what, from where, and with which result.

use crate::{
    Timestamp,
    list::ListQuery,
    time::{DAY_MS, parse_day},
};
use serde::{Deserialize, Serialize};

/// What actions are about, and what that is called: the part of their names before the first dot.
/// The first means all.
pub const GROUPS: &[(&str, &str)] = &[
    ("", "All actions"),
    ("group", "Groups"),
    ("hook", "Webhooks"),
    ("image", "Images"),
    ("job", "Jobs"),
    ("registry", "Registries"),
    ("session", "Sessions"),
    ("settings", "Settings"),
    ("sign_in", "Sign-ins"),
    ("user", "Users"),
    ("workspace", "Workspaces"),
];

/// Whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditResult {
    Done,
    Refused,
}

impl AuditResult {
    pub const ALL: [Self; 2] = [Self::Done, Self::Refused];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::Refused => "Refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

/// One line of the record. Nothing secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Grows from line to line.
    pub id: i64,
    pub at: Timestamp,
    /// Name of who did it; absent for Slipway itself, its command line, and who is not signed in.
    pub actor: Option<String>,
    /// What was done, such as `session.launch`.
    pub action: String,
    /// The name of what it was done to.
    pub target: String,
    pub detail: Option<String>,
    /// Where the actor signed in from, or tried to; empty for Slipway itself.
    pub address: String,
    pub result: AuditResult,
}

impl AuditLine {
    /// Who did it, in words.
    pub fn who(&self) -> &str {
        match &self.actor {
            Some(name) => name,
            None if self.address.is_empty() => "Slipway",
            None => "Not signed in",
        }
    }
}

/// Which lines are asked for; what is empty narrows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Words that are part of any text of a line.
    pub search: String,
    /// The name of who did it.
    pub actor: String,
    /// One of [`GROUPS`].
    pub group: String,
    pub result: Option<AuditResult>,
    /// The first moment, and the first one that no longer counts.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl From<&ListQuery> for AuditFilter {
    /// `state` is a group and `filter` an actor. What is strange narrows nothing.
    fn from(query: &ListQuery) -> Self {
        let known = GROUPS.iter().any(|(group, _)| *group == query.state);
        Self {
            search: query.search.clone(),
            actor: query.filter.clone(),
            group: if known { query.state.clone() } else { String::new() },
            result: AuditResult::parse(&query.result),
            from: parse_day(&query.from),
            until: parse_day(&query.to).map(|day| day.plus_millis(DAY_MS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_days_holds_its_last_day() {
        let query = ListQuery {
            from: "2026-11-20".into(),
            to: "2026-11-20".into(),
            ..ListQuery::default()
        };
        let filter = AuditFilter::from(&query);
        let (from, until) = (filter.from.unwrap(), filter.until.unwrap());
        assert_eq!(until.since(from), DAY_MS);
        assert_eq!(from.rfc3339(), "2026-11-20T00:00:00Z");
    }

    #[test]
    fn what_makes_no_sense_narrows_nothing() {
        let query = ListQuery {
            state: "' OR 1".into(),
            result: "perhaps".into(),
            from: "yesterday".into(),
            to: "2026-02-30".into(),
            ..ListQuery::default()
        };
        assert_eq!(AuditFilter::from(&query), AuditFilter::default());
    }

    #[test]
    fn a_line_says_who_did_it() {
        let mut line = AuditLine {
            id: 1,
            at: Timestamp(0),
            actor: None,
            action: "session.stop".into(),
            target: "Desktop".into(),
            detail: None,
            address: String::new(),
            result: AuditResult::Done,
        };
        assert_eq!(line.who(), "Slipway");
        line.address = "192.0.2.1".into();
        assert_eq!(line.who(), "Not signed in");
        line.actor = Some("ada".into());
        assert_eq!(line.who(), "ada");
    }
}
