//! What test runners say about their outcome, as numbers that can be added up.

use std::fmt;

use crate::command;

/// How much of what failed is repeated on the terminal.
const MOST_LINES: usize = 120;

#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Counts a line of output if it is a summary.
    pub fn read(&mut self, line: &str) {
        let line = command::plain(line);
        if let Some(result) = line.strip_prefix("test result: ") {
            self.cargo(result);
        } else {
            self.playwright(line.trim());
        }
    }

    /// `ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.03s`
    fn cargo(&mut self, result: &str) {
        for part in result.split(['.', ';']) {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.skipped += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// `12 passed (1.2m)`, and lines like `1 failed` of their own.
    fn playwright(&mut self, line: &str) {
        let Some((number, word)) = line.split_once(' ') else { return };
        let Ok(number) = number.parse::<u64>() else { return };
        // Only the line of those that passed has the time behind it.
        let word = word.split_once(" (").map_or(word, |(word, _)| word);
        match word {
            // Flaky ones passed in the end; that they are is seen in the log.
            "passed" | "flaky" => self.passed += number,
            "failed" | "interrupted" => self.failed += number,
            "skipped" | "did not run" => self.skipped += number,
            _ => {}
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// The part of a log that says what failed: Cargo's failure blocks and compile errors, Playwright's
/// numbered failures, or else the end.
pub fn failures(log: &str) -> String {
    let log = command::plain(log);
    let lines: Vec<&str> = log.lines().collect();
    let begins = |line: &&str| {
        *line == "failures:" || line.starts_with("error") || line.trim_start().starts_with("1) ")
    };
    let from =
        lines.iter().position(begins).unwrap_or_else(|| lines.len().saturating_sub(MOST_LINES / 4));
    lines[from..].iter().take(MOST_LINES).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn cargo_lines_add_up() {
        let output = "running 2 tests\ntest a ... ok\n\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.03s\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(tally(output), Tally { passed: 13, failed: 2, skipped: 1 });
    }

    #[test]
    fn playwright_lines_add_up() {
        let output = "Running 8 tests using 1 worker\n\
            \x20 \u{1b}[31m1 failed\u{1b}[39m\n    [chromium] › a.spec.ts:3:1 › launches\n\
            \x20 1 flaky\n    [chromium] › b.spec.ts:3:1 › pauses\n\
            \x20 2 skipped\n  1 did not run\n  3 passed (1.2m)\n";
        assert_eq!(tally(output), Tally { passed: 4, failed: 1, skipped: 3 });
    }

    #[test]
    fn what_tests_print_is_not_counted() {
        assert_eq!(
            tally("3 tiles passed\n12 passes\n  ok 3 [chromium] › passed\n"),
            Tally::default()
        );
    }

    #[test]
    fn the_closing_line_has_the_form_that_ci_reads() {
        let mut tally = Tally { passed: 3, failed: 0, skipped: 0 };
        assert_eq!(tally.to_string(), "3 passed, 0 failed");
        tally.add(&Tally { passed: 1, failed: 2, skipped: 4 });
        assert_eq!(tally.to_string(), "4 passed, 2 failed, 4 skipped");
    }

    #[test]
    fn failures_begin_where_the_runner_says_so() {
        assert_eq!(
            failures("running\ntest a ... FAILED\nfailures:\n\n---- a\n"),
            "failures:\n\n---- a\n"
        );
        assert_eq!(failures("   Compiling x\nerror[E0308]: no\n"), "error[E0308]: no\n");
        assert_eq!(failures("a\nb\n"), "a\nb\n");
    }
}
