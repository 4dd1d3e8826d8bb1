//! A container's log: its lines, what of it is asked for, and how bad a line sounds.
//!
//! Moments in it are nanoseconds since 1970, because that is how finely engines tell lines apart, and
//! a page of a log begins where the one before ended.

use crate::ansi::{self, Span};
use crate::list::encode;
use serde::{Deserialize, Serialize};

const NANOS: i64 = 1_000_000_000;

/// A line as the container wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Nanoseconds since 1970; 0 if the engine does not say.
    pub at: i64,
    /// Whether it was written to standard error.
    pub stderr: bool,
    pub text: String,
}

/// How bad a line sounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    #[default]
    Other,
    Warning,
    Error,
}

impl Severity {
    /// The word that a query asks with for this and what is worse.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Other => "",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Anything unknown asks for everything.
    pub fn parse(text: &str) -> Self {
        match text {
            "warning" => Self::Warning,
            "error" => Self::Error,
            _ => Self::Other,
        }
    }
}

/// A line as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownLine {
    /// Nanoseconds since 1970; 0 if the engine does not say.
    pub at: i64,
    pub stderr: bool,
    pub severity: Severity,
    pub spans: Vec<Span>,
}

/// A part of a log, oldest line first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    pub lines: Vec<ShownLine>,
    /// Whether there are older lines that match.
    pub older: bool,
    /// When the newest line was written that was looked at, whether it matched or not.
    pub newest: i64,
}

/// Lines that came since the last ones; what is sent to a page that follows a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBatch {
    pub lines: Vec<ShownLine>,
    pub newest: i64,
}

/// What of a log is asked for, as the address bar carries it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuery {
    /// Words that must all be in a line, whatever their case.
    pub search: String,
    /// At least this bad.
    pub level: Severity,
    /// Only lines older than this moment; 0 for the newest.
    pub before: i64,
    /// Show when lines were written.
    pub times: bool,
    /// Do not break long lines.
    pub nowrap: bool,
}

impl LogQuery {
    /// Reads the query of a URL; anything strange falls back to the default.
    pub fn from_pairs<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            search: get("q").unwrap_or_default().trim().chars().take(200).collect(),
            level: Severity::parse(get("level").unwrap_or_default()),
            before: get("before").and_then(|v| v.parse().ok()).unwrap_or_default(),
            times: get("times") == Some("on"),
            nowrap: get("nowrap") == Some("on"),
        }
    }

    /// The query part of the URL that leads here again, with `?` unless it is empty.
    pub fn to_query(&self) -> String {
        let on = |set: bool| if set { "on".to_owned() } else { String::new() };
        let before = if self.before > 0 { self.before.to_string() } else { String::new() };
        let parts: Vec<String> = [
            ("q", encode(&self.search)),
            ("level", self.level.as_str().to_owned()),
            ("before", before),
            ("times", on(self.times)),
            ("nowrap", on(self.nowrap)),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// Whether lines are left out by a search or a level.
    pub fn is_narrowed(&self) -> bool {
        !self.search.is_empty() || self.level > Severity::Other
    }
}

/// Tells the lines that are asked for from the others.
#[derive(Debug, Clone)]
pub struct LogFilter {
    words: Vec<String>,
    level: Severity,
}

impl LogFilter {
    pub fn new(search: &str, level: Severity) -> Self {
        Self { words: search.to_lowercase().split_whitespace().map(str::to_owned).collect(), level }
    }

    /// Whether everything passes.
    pub fn is_open(&self) -> bool {
        self.words.is_empty() && self.level == Severity::Other
    }

    /// Whether the line with this text, escape sequences and all, is asked for.
    pub fn takes(&self, text: &str) -> bool {
        if self.is_open() {
            return true;
        }
        let text = if text.contains(['\u{1b}', '\u{9b}']) { &ansi::plain(text) } else { text };
        if self.level > Severity::Other && severity(text) < self.level {
            return false;
        }
        let lower = text.to_lowercase();
        self.words.iter().all(|word| lower.contains(word))
    }
}

impl From<LogLine> for ShownLine {
    fn from(line: LogLine) -> Self {
        let spans = ansi::spans(&line.text);
        let plain: String = spans.iter().map(|span| span.text.as_str()).collect();
        Self { at: line.at, stderr: line.stderr, severity: severity(&plain), spans }
    }
}

/// Where a level can be expected: behind a time and a name at most.
const FIRST_WORDS: usize = 10;
/// Where a named level can be expected, in bytes.
const FIRST_BYTES: usize = 400;

fn level_of(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "error" | "err" | "eror" | "fatal" | "critical" | "crit" | "panic" | "severe" | "emerg"
        | "emergency" | "alert" | "ee" => Severity::Error,
        "warning" | "warn" | "wrn" | "ww" => Severity::Warning,
        _ => Severity::Other,
    }
}

/// How bad a line of plain text sounds, by words at the places where programs write their levels:
/// `ERROR …`, `[warn] …`, `error: …`, `level=error`, `"severity":"WARNING"`, `E1121 …`.
pub fn severity(text: &str) -> Severity {
    let text = text.trim_start();
    let end = (0..=FIRST_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let text = text.get(..end.unwrap_or_default()).unwrap_or_default();
    if ["Traceback (most recent call last)", "Unhandled exception", "Uncaught "]
        .iter()
        .any(|begin| text.starts_with(begin))
    {
        return Severity::Error;
    }
    let named = named_level(text);
    if named.is_some() {
        return named.unwrap_or_default();
    }
    let mut worst = klog(text);
    for (start, word) in words(text).take(FIRST_WORDS) {
        let level = level_of(word);
        if level > worst && stands_for_itself(text, start, word) {
            worst = level;
        }
    }
    worst
}

/// Runs of letters with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let other = |c: char| !c.is_ascii_alphabetic();
    let mut next = 0;
    text.split_inclusive(other)
        .map(move |piece| {
            let start = next;
            next += piece.len();
            (start, piece.trim_end_matches(other))
        })
        .filter(|(_, word)| !word.is_empty())
}

/// Whether a word is written as a level: in capitals, in brackets, or with a colon behind it.
fn stands_for_itself(text: &str, start: usize, word: &str) -> bool {
    let before = text.get(..start).and_then(|t| t.chars().next_back());
    let after = text.get(start + word.len()..).and_then(|t| t.chars().next());
    // Parts of other words, names of files and of fields are not levels.
    let joined = |c: Option<char>| matches!(c, Some('_' | '-' | '.' | '/' | '=' | '0'..='9'));
    let capitals = word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase());
    // GLib puts its domain in front: `Gtk-WARNING **: …`.
    if joined(before) && !(capitals && before == Some('-')) || joined(after) {
        return false;
    }
    let brackets = matches!(
        (before, after),
        (Some('['), Some(']' | ' ' | ':'))
            | (Some('('), Some(')'))
            | (Some(':'), Some(']'))
            | (Some('<'), Some('>'))
    );
    capitals || brackets || (after == Some(':') && word.len() > 2)
}

/// The level of a line that names it: `level=warn`, `"level":"error"`.
fn named_level(text: &str) -> Option<Severity> {
    let lower = text.to_ascii_lowercase();
    ["level", "severity", "lvl", "loglevel"].into_iter().find_map(|name| {
        lower.match_indices(name).find_map(|(at, _)| {
            let begins = lower.get(..at)?.chars().next_back();
            if begins.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                return None;
            }
            let rest = lower.get(at + name.len()..)?.trim_start_matches('"').trim_start();
            let value = rest.strip_prefix(['=', ':'])?.trim_start().trim_start_matches('"');
            let word = value.split(|c: char| !c.is_ascii_alphabetic()).next()?;
            (!word.is_empty()).then(|| level_of(word))
        })
    })
}

/// The letter before a date that some programs begin with: `E1121 16:25:11.8`.
fn klog(text: &str) -> Severity {
    let date = text.get(1..5).is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    match (text.as_bytes().first(), date && text.as_bytes().get(5) == Some(&b' ')) {
        (Some(b'E' | b'F'), true) => Severity::Error,
        (Some(b'W'), true) => Severity::Warning,
        _ => Severity::Other,
    }
}

/// Reads a moment of RFC 3339 (`2026-11-21T16:25:11.852803977Z`) as nanoseconds since 1970.
pub fn nanos_of(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok()
    };
    let mark = |at: usize, mark: u8| (text.as_bytes().get(at) == Some(&mark)).then_some(());
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    for (at, sign) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        mark(at, sign)?;
    }
    if !(1970..2262).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut fraction = 0;
    if let Some(digits) = rest.strip_prefix('.') {
        let end = digits.find(|c: char| !c.is_ascii_digit())?;
        let nine = format!("{:0<9}", digits.get(..end)?);
        fraction = nine.get(..9)?.parse().ok()?;
        rest = digits.get(end..)?;
    }
    let offset = match rest {
        "Z" => 0,
        zone => {
            let sign = match zone.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
            sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60)
        }
    };
    // Days of the civil calendar, the way back of `Timestamp::civil`.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day
        - 1
        - 719_468;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(NANOS)?.checked_add(fraction)
}

/// A moment as RFC 3339 with all nine digits, for machines.
pub fn rfc3339(nanos: i64) -> String {
    let whole = crate::Timestamp(nanos.div_euclid(NANOS) * 1000).rfc3339();
    format!("{}.{:09}Z", whole.trim_end_matches('Z'), nanos.rem_euclid(NANOS))
}

/// `2026-11-21 16:25:11.852`, in UTC, for people.
pub fn display(nanos: i64) -> String {
    let mut text = rfc3339(nanos).replace('T', " ");
    text.truncate(23);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_are_found_where_programs_write_them() {
        for line in [
            "ERROR something broke",
            "2026-11-21T16:25:11Z ERROR app: broke",
            "2026-11-21 16:25:11,852 - worker - CRITICAL - broke",
            "[error] broke",
            "[Sat Nov 21 16:25:11] [core:error] broke",
            "error: could not compile",
            "ls: fatal: broke",
            "level=error msg=\"broke\"",
            "{\"time\":1,\"level\":\"fatal\",\"msg\":\"x\"}",
            "{\"severity\": \"ERROR\"}",
            "E1121 16:25:11.852803       1 main.go:9] broke",
            "(EE) no screens found",
            "npm ERR! code 1",
            "panic: runtime error",
            "Traceback (most recent call last):",
        ] {
            assert_eq!(severity(line), Severity::Error, "{line}");
        }
        for line in [
            "WARN  low on space",
            "2026/11/21 [warn] 7#7: low",
            "warning: unused variable",
            "(WW) falling back",
            "(xfwm4:25): libclock-WARNING **: 17:15:13.582: could not",
            "level=warning msg=\"an ERROR was survived\"",
            "W1121 16:25:11.8 slow",
        ] {
            assert_eq!(severity(line), Severity::Warning, "{line}");
        }
        for line in [
            "",
            "no errors were found",
            "GET /error.html 200",
            "loaded error_handler",
            "see high-error-rate for more",
            "level=info msg=\"ERROR count is 0\"",
            "an error in the middle of a sentence",
            "the last words of a long line in which nothing at all happened are these: ERROR",
            "E is a letter",
            "ääääääääääääääääääääääääääääää",
        ] {
            assert_eq!(severity(line), Severity::Other, "{line}");
        }
    }

    #[test]
    fn all_words_must_be_there_whatever_their_case_and_colour() {
        let filter = LogFilter::new("Disk FULL", Severity::Other);
        assert!(filter.takes("the disk is \u{1b}[31mfu\u{1b}[0mll"));
        assert!(!filter.takes("the disk is fine"));
        let errors = LogFilter::new("", Severity::Error);
        assert!(errors.takes("\u{1b}[31mERROR\u{1b}[0m x") && !errors.takes("WARN x"));
        assert!(LogFilter::new("", Severity::Warning).takes("ERROR x"));
        assert!(LogFilter::new(" ", Severity::Other).is_open());
    }

    #[test]
    fn a_query_survives_its_url() {
        let query = LogQuery {
            search: "a b&c".into(),
            level: Severity::Warning,
            before: 7,
            times: true,
            nowrap: true,
        };
        assert_eq!(query.to_query(), "?q=a%20b%26c&level=warning&before=7&times=on&nowrap=on");
        assert_eq!(LogQuery::default().to_query(), "");
        let strange = LogQuery::from_pairs(|key| match key {
            "level" => Some("loud"),
            "before" => Some("yesterday"),
            _ => None,
        });
        assert_eq!(strange, LogQuery::default());
    }

    #[test]
    fn moments_are_read_as_engines_write_them() {
        let nanos = 1_795_278_311_852_803_977;
        assert_eq!(nanos_of("2026-11-21T16:25:11.852803977Z"), Some(nanos));
        assert_eq!(nanos_of("2026-11-21T17:25:11.852803977+01:00"), Some(nanos));
        assert_eq!(nanos_of("2026-11-21T16:25:11Z"), Some(nanos - 852_803_977));
        assert_eq!(rfc3339(nanos), "2026-11-21T16:25:11.852803977Z");
        assert_eq!(display(nanos), "2026-11-21 16:25:11.852");
        for other in ["", "2026-11-21", "2026-11-21T16:25:11", "2026-13-21T16:25:11Z", "hello"] {
            assert_eq!(nanos_of(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in any::<String>()) {
            let _ = severity(&text);
            let _ = nanos_of(&text);
            let _ = LogFilter::new(&text, Severity::Error).takes(&text);
        }

        #[test]
        fn every_moment_reads_back(nanos in 0_i64..9_000_000_000_000_000_000) {
            prop_assert_eq!(nanos_of(&rfc3339(nanos)), Some(nanos));
        }
    }
}
