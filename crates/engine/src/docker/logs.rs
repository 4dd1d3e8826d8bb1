//! What a container wrote, line by line, in bounded memory whatever it wrote.

use super::connect::{Docker, QUICK};
use super::errors::Failure;
use crate::LogSpec;
use bollard::container::LogOutput;
use bollard::query_parameters::{LogsOptions, LogsOptionsBuilder};
use domain::log::{self, LogLine};
use domain::{Error, Result};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt, TryStreamExt};
use std::collections::VecDeque;
use std::time::Duration;

/// Longest line of a tail, in characters.
const LINE_CHARS: usize = 2_000;
/// An engine may take this long to answer while a container writes nothing.
const PATIENT: Duration = Duration::from_secs(24 * 60 * 60);

impl Docker {
    pub(super) async fn read_log(&self, name: &str, lines: u32) -> Result<Vec<String>> {
        let options =
            LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let keep = usize::try_from(lines).unwrap_or(usize::MAX);
        let splitter = Splitter::new(LINE_CHARS, false);
        self.call(QUICK, |client| async move {
            client
                .logs(name, Some(options))
                .try_fold(Tail::new(keep, splitter), |mut tail, chunk| async move {
                    tail.add(&chunk);
                    Ok(tail)
                })
                .await
        })
        .await
        .map(Tail::finish)
        .map_err(|failure| refused(failure, name))
    }

    pub(super) async fn stream_log(
        &self,
        name: &str,
        spec: &LogSpec,
    ) -> Result<BoxStream<'static, Result<LogLine>>> {
        // The answer to the request itself is only read with the first line.
        if self.find_container(name).await?.is_none() {
            return Err(Error::not_found(format!(
                "There is no container `{name}` to read the log of."
            )));
        }
        let client = self.client().await.map_err(|failure| refused(failure, name))?;
        let client = if spec.follow { client.with_timeout(PATIENT) } else { client };
        let chunks = client.logs(name, Some(options(spec)));
        let (address, name, follow) = (self.address.clone(), name.to_owned(), spec.follow);
        let chunks = chunks.map_err(move |error| refused(Failure::new(error, &address), &name));
        let chunks = if follow { chunks.boxed() } else { in_time(chunks.boxed()) };
        let (since, until) = (spec.since, spec.until.unwrap_or(i64::MAX));
        let lines = lines(chunks, Splitter::new(spec.longest, true));
        // The engine only knows whole seconds.
        Ok(lines
            .try_filter(move |line| {
                std::future::ready(since.is_none_or(|since| line.at > since) && line.at < until)
            })
            .boxed())
    }
}

fn refused(failure: Failure, name: &str) -> Error {
    failure.into_error("read the log of", "container", name)
}

fn options(spec: &LogSpec) -> LogsOptions {
    let seconds = |nanos: i64| i32::try_from(nanos / 1_000_000_000).unwrap_or(i32::MAX);
    let options =
        LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).follow(spec.follow);
    let options = match spec.since {
        Some(since) => options.since(seconds(since)),
        None => options,
    };
    let options = match spec.until {
        Some(until) => options.until(seconds(until).saturating_add(1)),
        None => options,
    };
    match spec.tail {
        Some(tail) => options.tail(&tail.to_string()).build(),
        None => options.build(),
    }
}

/// Ends with an error when the engine says nothing for too long in the middle of a log.
fn in_time(chunks: BoxStream<'static, Result<LogOutput>>) -> BoxStream<'static, Result<LogOutput>> {
    stream::unfold(Some(chunks), |chunks| async move {
        let mut chunks = chunks?;
        match tokio::time::timeout(QUICK, chunks.next()).await {
            Ok(chunk) => Some((chunk?, Some(chunks))),
            Err(_) => {
                let error = Error::unavailable("The engine stopped in the middle of the log.");
                Some((Err(error.hint("Try again.")), None))
            }
        }
    })
    .boxed()
}

/// The lines of chunks, as soon as they are complete.
fn lines(
    chunks: impl Stream<Item = Result<LogOutput>> + Send + 'static,
    splitter: Splitter,
) -> impl Stream<Item = Result<LogLine>> + Send + 'static {
    let end = chunks.map(Some).chain(stream::once(async { None }));
    end.scan(splitter, |splitter, chunk| {
        let mut lines = Vec::new();
        match chunk {
            Some(Ok(chunk)) => splitter.add(&chunk, &mut |line| lines.push(Ok(line))),
            Some(Err(error)) => lines.push(Err(error)),
            None => splitter.finish(&mut |line| lines.push(Ok(line))),
        }
        std::future::ready(Some(stream::iter(lines)))
    })
    .flatten()
}

/// Makes lines of two interleaved streams that arrive in chunks of any size.
struct Splitter {
    /// In characters; longer lines are cut and say so.
    longest: usize,
    /// Whether each chunk begins with the moment at which it was written.
    stamped: bool,
    /// The unfinished line of standard output, and that of standard error.
    pending: [Pending; 2],
}

#[derive(Default)]
struct Pending {
    at: i64,
    bytes: Vec<u8>,
    begun: bool,
}

impl Splitter {
    fn new(longest: usize, stamped: bool) -> Self {
        Self { longest, stamped, pending: Default::default() }
    }

    fn add(&mut self, chunk: &LogOutput, told: &mut dyn FnMut(LogLine)) {
        let stderr = matches!(chunk, LogOutput::StdErr { .. });
        // Enough bytes for so many characters of any script.
        let most = self.longest.saturating_mul(4);
        for piece in chunk.as_ref().split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = piece.strip_suffix(b"\n").map_or((piece, false), |t| (t, true));
            let pending = &mut self.pending[usize::from(stderr)];
            // The engine cuts long lines into several chunks, and stamps each of them.
            let (at, text) = if self.stamped { stamp(text) } else { (None, text) };
            if !pending.begun {
                *pending =
                    Pending { at: at.unwrap_or_default(), begun: true, ..Pending::default() };
            }
            // One byte more than fits tells that the line was longer.
            let room = (most + 1).saturating_sub(pending.bytes.len());
            pending.bytes.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                let line = std::mem::take(pending);
                told(self.line(stderr, &line));
            }
        }
    }

    fn finish(&mut self, told: &mut dyn FnMut(LogLine)) {
        for (stderr, pending) in [false, true].into_iter().zip(std::mem::take(&mut self.pending)) {
            if !pending.bytes.is_empty() {
                told(self.line(stderr, &pending));
            }
        }
    }

    fn line(&self, stderr: bool, line: &Pending) -> LogLine {
        let text = String::from_utf8_lossy(line.bytes.strip_suffix(b"\r").unwrap_or(&line.bytes));
        let mut text = text.into_owned();
        if let Some((cut, _)) = text.char_indices().nth(self.longest) {
            text.truncate(cut);
            text.pop();
            text.push('…');
        }
        LogLine { at: line.at, stderr, text }
    }
}

/// Parts the moment that a chunk begins with from what was written.
fn stamp(text: &[u8]) -> (Option<i64>, &[u8]) {
    const LONGEST_STAMP: usize = 40;
    let end = text.iter().take(LONGEST_STAMP).position(|byte| *byte == b' ');
    let stamp = end.and_then(|end| log::nanos_of(std::str::from_utf8(&text[..end]).ok()?));
    match (stamp, end) {
        (Some(at), Some(end)) => (Some(at), &text[end + 1..]),
        _ => (None, text),
    }
}

/// The last lines of a log.
struct Tail {
    keep: usize,
    lines: VecDeque<String>,
    splitter: Splitter,
}

impl Tail {
    fn new(keep: usize, splitter: Splitter) -> Self {
        Self { keep, lines: VecDeque::new(), splitter }
    }

    fn add(&mut self, chunk: &LogOutput) {
        let Self { keep, lines, splitter } = self;
        splitter.add(chunk, &mut |line| push(lines, *keep, line.text));
    }

    fn finish(mut self) -> Vec<String> {
        let Self { keep, lines, splitter } = &mut self;
        splitter.finish(&mut |line| push(lines, *keep, line.text));
        self.lines.into()
    }
}

fn push(lines: &mut VecDeque<String>, keep: usize, line: String) {
    if lines.len() == keep {
        lines.pop_front();
    }
    if keep > 0 {
        lines.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(error: bool, text: &[u8]) -> LogOutput {
        let message = text.to_vec().into();
        if error { LogOutput::StdErr { message } } else { LogOutput::StdOut { message } }
    }

    fn tail(keep: usize, chunks: &[(bool, &[u8])]) -> Vec<String> {
        let mut tail = Tail::new(keep, Splitter::new(LINE_CHARS, false));
        for (error, text) in chunks {
            tail.add(&chunk(*error, text));
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
        let long = [b'x'; 12 * LINE_CHARS];
        let lines = tail(9, &[(false, &long), (false, &long), (false, b"\n\xff\xfe\n")]);
        assert_eq!(lines[0].chars().count(), LINE_CHARS);
        assert!(lines[0].ends_with('…'));
        assert_eq!(lines[1], "\u{fffd}\u{fffd}");
        let wide = "ä".repeat(LINE_CHARS);
        assert_eq!(tail(1, &[(false, wide.as_bytes())]), [wide]);
    }

    #[tokio::test]
    async fn each_line_has_its_moment_and_its_stream() {
        const ONE: &[u8] = b"2026-11-21T16:25:11.000000001Z ";
        const TWO: &[u8] = b"2026-11-21T16:25:12.000000002Z ";
        let chunks = [
            chunk(false, &[ONE, b"a long "].concat()),
            chunk(true, &[TWO, b"oops\n"].concat()),
            // The rest of a long line is stamped as its beginning was.
            chunk(false, &[ONE, b"line\n"].concat()),
            chunk(false, &[TWO, b"\n"].concat()),
            chunk(false, b"2026 is no moment"),
        ];
        let lines = lines(stream::iter(chunks.map(Ok)), Splitter::new(99, true));
        let lines: Vec<LogLine> = lines.map(Result::unwrap).collect().await;
        let second = 1_000_000_000;
        let at = 1_795_278_311 * second;
        let seen: Vec<_> = lines.iter().map(|l| (l.at, l.stderr, l.text.as_str())).collect();
        assert_eq!(
            seen,
            [
                (at + second + 2, true, "oops"),
                (at + 1, false, "a long line"),
                (at + second + 2, false, ""),
                (0, false, "2026 is no moment"),
            ]
        );
    }
}
