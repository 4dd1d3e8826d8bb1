//! Words of strangers, made fit to be shown, and the sentences about what is left out.

use serde_json::Value;

/// Most characters of something that is quoted.
pub(super) const QUOTED: usize = 80;
/// Most things that are named as left out of an entry.
pub(super) const NAMED: usize = 40;

/// What is left out, as far as it is named.
#[derive(Default)]
pub(super) struct LeftOut {
    all: Vec<String>,
    more: usize,
}

impl LeftOut {
    pub(super) fn add(&mut self, sentence: impl Into<String>) {
        if self.all.len() < NAMED {
            self.all.push(sentence.into());
        } else {
            self.more += 1;
        }
    }

    pub(super) fn into_sentences(mut self) -> Vec<String> {
        if self.more > 0 {
            self.all.push(format!("{} more things are left out.", self.more));
        }
        self.all
    }
}

/// Characters that cannot be seen, or make others look like something else.
pub(super) fn is_hidden(c: char) -> bool {
    let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let turns =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    breaks || turns || matches!(c, '\u{e0000}'..='\u{e007f}')
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
    if text.chars().count() <= longest {
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
