//! What is to be seen inside a session's container: how much it uses, its processes, and the files
//! it has changed.

use crate::{Timestamp, hidden::is_hidden, session::UsageNow};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What a session used at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsagePoint {
    pub at: Timestamp,
    /// Thousandths of a core.
    pub cpu_millis: i64,
    /// Bytes, without the file cache, as the engine's own tool counts.
    pub memory_bytes: i64,
    pub memory_limit: i64,
    /// Bytes a second that came in by the network.
    pub received: i64,
    /// Bytes a second that went out by the network.
    pub sent: i64,
    /// Bytes a second read from disks.
    pub read: i64,
    /// Bytes a second written to disks.
    pub written: i64,
    pub processes: i64,
}

impl From<UsagePoint> for UsageNow {
    fn from(point: UsagePoint) -> Self {
        Self {
            cpu_millis: point.cpu_millis,
            memory_bytes: point.memory_bytes,
            memory_limit: point.memory_limit,
        }
    }
}

/// A process of a container, as the engine's host sees it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// Its number on the engine's host, not the one inside the container.
    pub pid: i64,
    pub user: String,
    /// Share of one core since the process began, in percent.
    pub cpu: Option<f64>,
    /// Memory it holds, in bytes.
    pub memory_bytes: Option<i64>,
    /// Since when it runs, in seconds.
    pub seconds: Option<i64>,
    pub command: String,
}

/// What became of a file of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Changed,
    Deleted,
}

impl ChangeKind {
    pub const ALL: [Self; 3] = [Self::Added, Self::Changed, Self::Deleted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Added => "Added",
            Self::Changed => "Changed",
            Self::Deleted => "Deleted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A path that differs from the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// As the engine tells it: anything a container may have called a file.
    pub path: String,
    pub kind: ChangeKind,
}

/// What the engine knows of a path without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStat {
    pub kind: PathKind,
    /// Bytes.
    pub size: i64,
    /// Where a link leads.
    pub target: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    File,
    Directory,
    Link,
    /// A socket, a pipe or a device.
    Special,
}

/// A changed file as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Fit to be shown: see [`readable`].
    pub path: String,
    pub change: ChangeKind,
    /// `None` for what is deleted, and where the engine did not say in time.
    pub kind: Option<PathKind>,
    /// Bytes of a file.
    pub size: Option<i64>,
    /// Where a link leads, fit to be shown.
    pub target: Option<String>,
}

/// One page of the changed files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFiles {
    pub rows: Vec<ChangedFile>,
    /// How many match what was asked for.
    pub total: i64,
    /// How many there are in all: added, changed, deleted.
    pub counts: [i64; 3],
    /// Whether there is a container at all.
    pub container: bool,
}

/// Leaves out directories of which only something inside changed. Engines list them with everything
/// that differs; nobody means them by a changed file.
pub fn without_parents(changes: Vec<FileChange>) -> Vec<FileChange> {
    let mut parents = HashSet::new();
    for change in &changes {
        let mut path = change.path.as_str();
        while let Some((parent, _)) = path.rsplit_once('/').filter(|(parent, _)| !parent.is_empty())
        {
            if !parents.insert(parent.to_owned()) {
                break;
            }
            path = parent;
        }
    }
    let is_parent = |change: &FileChange| parents.contains(change.path.trim_end_matches('/'));
    changes
        .into_iter()
        .filter(|change| change.kind != ChangeKind::Changed || !is_parent(change))
        .collect()
}

/// Text from a container, fit to be shown in one line: what would not be seen, or would change how
/// the rest is read, is written out.
pub fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// A text of at most `longest` characters: both ends of a longer one.
pub fn shortened(text: &str, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text.to_owned();
    }
    let end = longest / 3;
    let begin = longest.saturating_sub(end + 1);
    let first = text.chars().take(begin);
    first.chain(['…']).chain(text.chars().skip(length - end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change(kind: ChangeKind, path: &str) -> FileChange {
        FileChange { path: path.into(), kind }
    }

    #[test]
    fn directories_that_only_hold_changes_are_no_changes() {
        use ChangeKind::{Added, Changed, Deleted};
        let all = vec![
            change(Changed, "/etc"),
            change(Deleted, "/etc/debian_version"),
            change(Changed, "/home"),
            change(Changed, "/home-made"),
            change(Added, "/home/made"),
            change(Added, "/home/made/deep/file"),
            change(Changed, "/"),
        ];
        let left: Vec<String> = without_parents(all).into_iter().map(|c| c.path).collect();
        assert_eq!(
            left,
            ["/etc/debian_version", "/home-made", "/home/made", "/home/made/deep/file", "/"]
        );
    }

    #[test]
    fn hostile_names_are_written_out() {
        assert_eq!(
            readable("/tmp/a\nb\u{1b}[31m\u{202e}gpj.exe"),
            "/tmp/a\\nb\\u{1b}[31m\\u{202e}gpj.exe"
        );
        assert_eq!(readable("/tmp/a\u{3164}"), "/tmp/a\\u{3164}");
        assert_eq!(readable("/tmp/ä ü"), "/tmp/ä ü");
    }

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(shortened("abcdefghij", 10), "abcdefghij");
        assert_eq!(shortened("abcdefghijk", 7), "abcd…jk");
    }

    proptest! {
        #[test]
        fn shown_text_has_nothing_that_steers(text in any::<String>(), longest in 1_usize..40) {
            prop_assert!(!readable(&text).contains(is_hidden));
            prop_assert!(shortened(&text, longest).chars().count() <= longest);
        }
    }
}
