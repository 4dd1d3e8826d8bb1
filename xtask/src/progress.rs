//! One line for each long step, so that nobody wonders whether anything happens.
//!
//! A step prints `→ Building the client…` at once and `done in 212 s` behind it when it ends. Steps
//! may overlap (images build beside the client); then the line that was left open is closed first
//! and the end of the step gets a line of its own.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Error, Result};

/// The number of the step whose line has no end yet, and how many steps there have been.
static LINE: Mutex<(Option<u32>, u32)> = Mutex::new((None, 0));

/// Runs `work` under a line of its own. `note` is for what surprises, such as how long it takes.
pub fn step<T>(title: &str, note: Option<&str>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let number = open(title, note);
    let started = Instant::now();
    let outcome = work();
    let how = if outcome.is_ok() { "done in" } else { "failed after" };
    close(number, title, &format!("{how} {}", seconds(started.elapsed())));
    outcome
}

/// Prints a line of its own.
pub fn say(text: &str) {
    let mut line = line();
    end_open(&mut line);
    println!("{text}");
}

/// Prints why something ends without success.
pub fn fail(error: &Error) {
    let mut line = line();
    end_open(&mut line);
    eprintln!("\n{}\n", sentences(error));
}

/// An error and its causes as running text: messages here are sentences, those of libraries are not.
pub fn sentences(error: &Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, part| match text {
        text if text.is_empty() => part,
        text if text.ends_with('.') => format!("{text} {part}"),
        text => format!("{text}: {part}"),
    })
}

/// `212 s`, or `0.4 s` where whole seconds would say nothing.
pub fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

fn open(title: &str, note: Option<&str>) -> u32 {
    let mut line = line();
    end_open(&mut line);
    match note {
        Some(note) => print!("→ {title} ({note})…"),
        None => print!("→ {title}…"),
    }
    flush();
    line.1 += 1;
    line.0 = Some(line.1);
    line.1
}

fn close(number: u32, title: &str, how: &str) {
    let mut line = line();
    if line.0 == Some(number) {
        println!(" {how}");
        line.0 = None;
    } else {
        end_open(&mut line);
        println!("← {title}: {how}");
    }
}

fn end_open(line: &mut MutexGuard<'_, (Option<u32>, u32)>) {
    if line.0.take().is_some() {
        println!();
    }
}

fn line() -> MutexGuard<'static, (Option<u32>, u32)> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn flush() {
    // A closed standard output only means that nobody is reading.
    let _ = std::io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_as_text() {
        let error =
            Error::msg("No such file").context("`dist` cannot be read").context("It stops.");
        assert_eq!(sentences(&error), "It stops. `dist` cannot be read: No such file");
    }

    #[test]
    fn short_times_keep_a_decimal_and_long_ones_do_not() {
        assert_eq!(seconds(Duration::from_millis(412)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(211_800)), "212 s");
    }
}
