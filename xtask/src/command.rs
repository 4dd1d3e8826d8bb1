//! Running other programs: quietly into a log, watched line by line, or for what they print.
//!
//! A quiet step that fails must not leave its reader with an exit code: the error names the log and
//! ends with the log's last lines.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{env, iter, thread};

use anyhow::{Context, Result, anyhow, bail};

use crate::paths::Paths;

/// How much of a log a message repeats.
const TAIL: usize = 20;

/// How long after a program's end its last words may come. What it leaves running holds the pipe open
/// and would be listened to for ever.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Folders of system programs that are often missing from the `PATH` of ordinary users.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Cargo, without what `cargo run` told this process about the xtask package, and without the
/// `LEPTOS_*` settings of other projects, which would change the file names the pages ask for.
pub fn cargo(paths: &Paths) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&paths.root).env("CARGO_TERM_COLOR", "never");
    scrub(&mut cargo);
    cargo
}

/// Takes this package's own build variables and foreign Leptos settings out of a command.
pub fn scrub(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let shown = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "LEPTOS_"].iter().any(|p| shown.starts_with(p)) {
            command.env_remove(&name);
        }
    }
}

/// Runs to the end with all output in `target/xtask-logs/NAME.log`.
pub fn quiet(paths: &Paths, name: &str, command: &mut Command) -> Result<()> {
    let log = paths.log(name);
    let file = start_log(&log, command)?;
    // The file itself and not a pipe: a service started by a package script keeps these open, and
    // a pipe would never end.
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let status = command.status().with_context(|| not_started(command))?;
    judge(paths, command, status, &log)
}

/// Runs to the end with all output in the log, telling of the process and giving each line to `see`
/// as it comes.
pub fn watched(
    paths: &Paths,
    name: &str,
    command: &mut Command,
    started: impl FnOnce(u32),
    see: impl FnMut(&str),
) -> Result<()> {
    let log = paths.log(name);
    let status = follow(&log, command, None, started, see)?;
    judge(paths, command, status, &log)
}

/// As `watched`, but leaves it to the caller what an exit code means. A program that says nothing for
/// as long as `patience` is ended with all it has started, and that is an error.
pub fn follow(
    log: &Path,
    command: &mut Command,
    patience: Option<Duration>,
    started: impl FnOnce(u32),
    mut see: impl FnMut(&str),
) -> Result<ExitStatus> {
    let mut file = start_log(log, command)?;
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| not_started(command))?;
    // The command still holds our copies of the writing end, which would keep the pipe open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    started(child.id());
    let (lines, said) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if lines.send(std::mem::take(&mut line)).is_err() {
                break;
            }
        }
    });
    let mut last = Instant::now();
    loop {
        match said.recv_timeout(LAST_WORDS) {
            Ok(line) => {
                last = Instant::now();
                file.write_all(&line)?;
                see(String::from_utf8_lossy(&line).trim_end());
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if child.try_wait()?.is_some() => break,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(patience) = patience.filter(|patience| last.elapsed() > *patience) {
                    end_all(&mut child);
                    bail!(
                        "`{}` said nothing for {} minutes and was ended.",
                        shown(command),
                        patience.as_secs() / 60
                    );
                }
            }
        }
    }
    Ok(child.wait()?)
}

/// Kills a process and everything it started.
fn end_all(child: &mut Child) {
    let mut found = vec![child.id()];
    let mut next = 0;
    while let Some(process) = found.get(next) {
        // Each thread has the children that it started itself.
        let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        for thread in threads {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
        next += 1;
    }
    for process in found {
        signal(process, "KILL");
    }
    let _ = child.wait();
}

/// Sends a signal by its name to a process.
pub fn signal(process: u32, name: &str) {
    // Gone already is as good as told.
    succeeds(Command::new("kill").args([format!("-{name}"), process.to_string()]));
}

/// What a command prints, or an error that ends with what it complained about.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| not_started(command))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}):\n{}", shown(command), output.status, complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a command succeeds; what it prints is of no interest.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Every file of this name on `PATH` and in the system folders, in that order.
pub fn all_on_path(program: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = env::split_paths(&path)
        .chain(SYSTEM.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .filter(|file| file.is_file())
        .collect();
    let mut seen = Vec::new();
    found.retain(|file| {
        let new = !seen.contains(file);
        seen.push(file.clone());
        new
    });
    found
}

pub fn on_path(program: &str) -> Option<PathBuf> {
    all_on_path(program).into_iter().next()
}

/// `PATH` with more folders in front.
pub fn path_with(front: &[PathBuf]) -> Result<std::ffi::OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(front.iter().cloned().chain(env::split_paths(&path)))
        .map_err(|_| anyhow!("A folder of the tool cache has a colon in its name."))
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| {
            let word = word.to_string_lossy();
            // Cargo and friends are started by absolute path; the name is what a reader knows.
            let short = Path::new(word.as_ref()).file_name().filter(|_| word.starts_with('/'));
            match short {
                Some(name) if word == command.get_program().to_string_lossy() => {
                    name.to_string_lossy().into_owned()
                }
                _ => word.into_owned(),
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last lines of a log, indented.
pub fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|b| plain(&String::from_utf8_lossy(&b))).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(TAIL);
    lines[from..].iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// Text without the colours a program put into it.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.next() == Some('[') {
            // A control sequence ends with its first letter.
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    out
}

fn start_log(log: &Path, command: &Command) -> Result<File> {
    let mut file = File::create(log)
        .with_context(|| format!("The log {} cannot be written.", log.display()))?;
    writeln!(file, "$ {}", shown(command))?;
    Ok(file)
}

fn judge(paths: &Paths, command: &Command, status: ExitStatus, log: &Path) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!(
        "`{}` failed ({status}). Its output is in {} and ends with:\n{}",
        shown(command),
        paths.shown(log),
        tail(log)
    )
}

fn not_started(command: &Command) -> String {
    format!("`{}` could not be started.", shown(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_typed() {
        let mut command = Command::new("/usr/lib/rust/bin/cargo");
        command.args(["test", "--test", "/a/b"]);
        assert_eq!(shown(&command), "cargo test --test /a/b");
    }

    #[test]
    fn what_a_program_leaves_running_is_not_waited_for() {
        let log = std::env::temp_dir().join(format!("slipway-left-{}.log", std::process::id()));
        let mut said = Vec::new();
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo first; sleep 300 & echo $!"]);
        let status = follow(&log, &mut shell, None, |_| {}, |line| said.push(line.to_owned()));
        assert!(status.is_ok_and(|status| status.success()));
        assert_eq!(said[0], "first");
        signal(said[1].parse().unwrap_or_default(), "KILL");
        let _ = fs::remove_file(log);
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_all_it_started() {
        let log = std::env::temp_dir().join(format!("slipway-hangs-{}.log", std::process::id()));
        let mut said = Vec::new();
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 300 & echo $!; wait"]);
        let patience = Some(Duration::ZERO);
        let outcome = follow(&log, &mut shell, patience, |_| {}, |line| said.push(line.to_owned()));
        assert!(outcome.is_err_and(|error| error.to_string().contains("said nothing")));
        let gone = || {
            let state = fs::read_to_string(format!("/proc/{}/stat", said[0])).unwrap_or_default();
            state.is_empty() || state.contains(") Z")
        };
        // A killed process takes a moment to go.
        let patience = Instant::now();
        while !gone() {
            assert!(patience.elapsed() < Duration::from_secs(10), "still there");
            thread::yield_now();
        }
        let _ = fs::remove_file(log);
    }

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(plain("\u{1b}[32m  3 passed\u{1b}[39m (1.2s)"), "  3 passed (1.2s)");
    }
}
