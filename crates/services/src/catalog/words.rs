//! Words of strangers, made fit to be shown, and the sentences about what is left out.

use domain::hidden::is_hidden;
use serde_json::Value;

/// Most characters of something that is quoted.
pub(super) const QUOTED: usize = 80;
/// Most characters of a sentence with something of theirs in it.
pub(super) const SENTENCE: usize = 300;
/// Most things that are named as left out of an entry.
pub(super) const NAMED: usize = 40;
/// Most names that one sentence lists.
const LISTED: usize = 10;

/// What is left out, as far as it is named: first what is always said; then what would have weakened something; then the rest.
#[derive(Default)]
pub(super) struct LeftOut {
    own: Vec<String>,
    weakening: Vec<String>,
    rest: Vec<String>,
    more: usize,
}

impl LeftOut {
    /// Something that is always said, because there is little of it whatever they write.
    pub(super) fn own(&mut self, sentence: impl Into<String>) {
        self.own.push(sentence.into());
    }

    /// Something that would have weakened the isolation of a session, or run something in it.
    pub(super) fn weakening(&mut self, sentence: String) {
        if self.weakening.len() < NAMED {
            self.weakening.push(sentence);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn add(&mut self, sentence: impl Into<String>) {
        if self.rest.len() < NAMED {
            self.rest.push(sentence.into());
        } else {
            self.more += 1;
        }
    }

    pub(super) fn into_sentences(self) -> Vec<String> {
        let theirs = self.weakening.len() + self.rest.len();
        let more = self.more + theirs.saturating_sub(NAMED);
        let theirs = self.weakening.into_iter().chain(self.rest).take(NAMED);
        let mut all: Vec<String> = self.own.into_iter().chain(theirs).collect();
        match more {
            0 => {}
            1 => all.push("One more thing is left out.".to_owned()),
            _ => all.push(format!("{more} more things are left out.")),
        }
        all
    }
}

/// Whether a browser that took a text for markup would find any.
fn has_markup(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
    text.split('<').skip(1).any(|rest| rest.starts_with(begins))
}

/// What no text of a workspace may have, if this one has it.
pub(super) fn flaw(text: &str) -> Option<&'static str> {
    let is_space = |c: char| matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(|c| is_hidden(c) && !is_space(c)) {
        Some("characters that cannot be seen")
    } else if has_markup(text) {
        Some("HTML")
    } else {
        None
    }
}

/// A text as it may be shown, whatever is in it: on one line, and not too long.
pub(super) fn shown(text: &str, longest: usize) -> String {
    let plain: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    cut(&plain.split_whitespace().collect::<Vec<_>>().join(" "), longest)
}

pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

pub(super) fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => shown(text, QUOTED),
        other => shown(&other.to_string(), QUOTED),
    }
}

/// Some names beside one another, the first ones of many.
pub(super) fn names(all: &[String]) -> String {
    let named: Vec<String> =
        all.iter().take(LISTED).map(|name| format!("`{}`", shown(name, QUOTED))).collect();
    match all.len().saturating_sub(named.len()) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
