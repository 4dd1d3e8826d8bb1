//! What a terminal printed last, for a page that comes back to it.

use std::collections::VecDeque;

/// Bytes kept at the most.
const MOST: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Scrollback {
    kept: VecDeque<u8>,
    /// Whether something was dropped.
    torn: bool,
}

impl Scrollback {
    pub(super) fn add(&mut self, printed: &[u8]) {
        let printed = &printed[printed.len().saturating_sub(MOST)..];
        let over = (self.kept.len() + printed.len()).saturating_sub(MOST);
        if over > 0 {
            self.torn = true;
            self.kept.drain(..over);
        }
        self.kept.extend(printed);
    }

    /// All of it; from the beginning of a line if the first one is not whole, which could begin in
    /// the middle of a letter or of a colour.
    pub(super) fn replay(&self) -> Vec<u8> {
        let end_of_first = self.kept.iter().position(|byte| *byte == b'\n');
        let skip = if self.torn { end_of_first.map_or(0, |at| at + 1) } else { 0 };
        self.kept.iter().skip(skip).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_kept_as_it_was() {
        let mut scrollback = Scrollback::default();
        scrollback.add(b"half a line");
        scrollback.add(b" and more\r\n$ ");
        assert_eq!(scrollback.replay(), b"half a line and more\r\n$ ");
    }

    #[test]
    fn much_is_cut_at_a_line_and_never_more_than_the_bound() {
        let mut scrollback = Scrollback::default();
        let line = [b"x".repeat(99), b"\n".to_vec()].concat();
        for _ in 0..2_000 {
            scrollback.add(&line);
        }
        let replay = scrollback.replay();
        assert!(replay.len() <= MOST && replay.len() > MOST - 2 * line.len());
        assert!(replay.starts_with(b"xxx") && replay.len().is_multiple_of(100));
        scrollback.add(&b"y".repeat(10 * MOST));
        assert_eq!(scrollback.replay(), b"y".repeat(MOST));
        assert_eq!(scrollback.kept.len(), MOST);
    }
}
