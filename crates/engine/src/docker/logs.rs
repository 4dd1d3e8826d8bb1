//! The end of what a container wrote, in bounded memory whatever it wrote.

use super::connect::{Docker, QUICK};
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use domain::Result;
use futures_util::TryStreamExt;
use std::collections::VecDeque;

const LINE_CHARS: usize = 2_000;
/// Enough bytes for [`LINE_CHARS`] of any script.
const LINE_BYTES: usize = LINE_CHARS * 4;

impl Docker {
    pub(super) async fn read_log(&self, name: &str, lines: u32) -> Result<Vec<String>> {
        let options =
            LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let keep = usize::try_from(lines).unwrap_or(usize::MAX);
        self.call(QUICK, |client| async move {
            client
                .logs(name, Some(options))
                .try_fold(Tail::new(keep), |mut tail, chunk| async move {
                    tail.add(&chunk);
                    Ok(tail)
                })
                .await
        })
        .await
        .map(Tail::finish)
        .map_err(|failure| failure.into_error("read the log of", "container", name))
    }
}

/// The last lines of two interleaved streams that arrive in chunks of any size.
struct Tail {
    keep: usize,
    lines: VecDeque<String>,
    /// The unfinished line of standard output, and that of standard error.
    pending: [Vec<u8>; 2],
}

impl Tail {
    fn new(keep: usize) -> Self {
        Self { keep, lines: VecDeque::new(), pending: [Vec::new(), Vec::new()] }
    }

    fn add(&mut self, chunk: &LogOutput) {
        let stream = usize::from(matches!(chunk, LogOutput::StdErr { .. }));
        for piece in chunk.as_ref().split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = piece.strip_suffix(b"\n").map_or((piece, false), |t| (t, true));
            let pending = &mut self.pending[stream];
            // One byte more than fits tells that the line was longer.
            let room = (LINE_BYTES + 1).saturating_sub(pending.len());
            pending.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                let line = std::mem::take(pending);
                self.push(&line);
            }
        }
    }

    fn push(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        let mut text = text.into_owned();
        if let Some((cut, _)) = text.char_indices().nth(LINE_CHARS) {
            text.truncate(cut);
            text.pop();
            text.push('…');
        }
        if self.lines.len() == self.keep {
            self.lines.pop_front();
        }
        if self.keep > 0 {
            self.lines.push_back(text);
        }
    }

    fn finish(mut self) -> Vec<String> {
        for line in std::mem::take(&mut self.pending) {
            if !line.is_empty() {
                self.push(&line);
            }
        }
        self.lines.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(keep: usize, chunks: &[(bool, &[u8])]) -> Vec<String> {
        let mut tail = Tail::new(keep);
        for (error, text) in chunks {
            let message = text.to_vec().into();
            tail.add(&if *error {
                LogOutput::StdErr { message }
            } else {
                LogOutput::StdOut { message }
            });
        }
        tail.finish()
    }

    #[test]
    fn lines_survive_being_cut_into_chunks_and_mixed() {
        let lines = tail(9, &[(false, b"on"), (true, b"oops\r\n"), (false, b"e\ntwo\nthr")]);
        assert_eq!(lines, ["oops", "one", "two", "thr"]);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        assert_eq!(tail(2, &[(false, b"a\nb\n\nc\n")]), ["", "c"]);
        assert!(tail(0, &[(false, b"a\nb\n")]).is_empty());
    }

    #[test]
    fn long_lines_are_cut_and_say_so_and_odd_bytes_do_no_harm() {
        let long = [b'x'; 3 * LINE_BYTES];
        let lines = tail(9, &[(false, &long), (false, &long), (false, b"\n\xff\xfe\n")]);
        assert_eq!(lines[0].chars().count(), LINE_CHARS);
        assert!(lines[0].ends_with('…'));
        assert_eq!(lines[1], "\u{fffd}\u{fffd}");
        let wide = "ä".repeat(LINE_CHARS);
        assert_eq!(tail(1, &[(false, wide.as_bytes())]), [wide]);
    }
}
