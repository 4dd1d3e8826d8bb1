//! Interactive shells in containers.
//!
//! An engine does not end what was started in a container when the connection to it ends. So the
//! shell says its own process number first, in a line that nobody else sees, and is ended by that:
//! everything in its terminal session is asked to hang up, then killed. Both run as the container's
//! own user and with the container's own `/bin/sh`, which may be anything; neither has a right that
//! the container does not have.
//!
//! The connection is made here and not by bollard, which takes what a terminal prints for its own
//! framing when it begins with a small byte, and then waits for up to four gigabytes more.

use super::connect::{Docker, QUICK};
use super::errors::Failure;
use crate::{Shell, Terminal, TerminalSize};
use bollard::exec::{CreateExecOptions, ResizeExecOptions};
use bollard::models::ContainerStateStatusEnum as Status;
use bytes::Bytes;
use domain::{Error, Result};
use http_body_util::Full;
use hyper::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

/// Longest wait until a shell has ended with all that runs in it.
const ENDING: Duration = Duration::from_secs(20);
/// Longest wait for the rest of what is printed in place of a shell.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The engine lets go of a terminal at these keys. They cannot be switched off, and the first of
/// them waits for the next key; this one is pressed least.
const DETACH_KEYS: &str = "ctrl-^,ctrl-],ctrl-^,ctrl-],ctrl-^,ctrl-],ctrl-^,ctrl-]";
/// Begins the line with the shell's process number.
const MARK: &str = "slipway-shell ";
const LONGEST_MARK: u64 = 64;
const LONGEST_WORDS: u64 = 2_000;

/// The image's best shell, in place of the one that runs this.
const OPEN: &str = r#"printf 'slipway-shell %s\n' "$$"
command -v bash >/dev/null 2>&1 && exec bash
exec /bin/sh"#;

/// Ends the terminal session whose number is the first argument. Only built-ins and `sleep`, so
/// that it works in small images. What left for a session of its own, as a daemon does, stays.
const END: &str = r#"session=$1
signal() {
  found=
  for dir in /proc/[0-9]*; do
    { read -r line < "$dir/stat"; } 2>/dev/null || continue
    set -- "$1" ${line##*) }
    [ "$5" = "$session" ] && [ "$2" != Z ] || continue
    found=y
    kill "-$1" "${dir#/proc/}" 2>/dev/null
  done
  [ "$found" ]
}
signal HUP && signal CONT
for _ in 1 2 3 4 5; do
  signal 0 || exit 0
  sleep 0.1 2>/dev/null || sleep 1
done
signal KILL && signal KILL"#;

/// Bytes from and to a process.
type Attached = TokioIo<Upgraded>;

impl Docker {
    pub(super) async fn open_shell(&self, name: &str, size: TerminalSize) -> Result<Terminal> {
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(true),
            detach_keys: Some(DETACH_KEYS),
            env: Some(vec!["TERM=xterm-256color"]),
            cmd: Some(vec!["/bin/sh", "-c", OPEN]),
            ..CreateExecOptions::default()
        };
        let (exec, attached) = match self.run_in(name, options).await {
            Ok(started) => started,
            Err(failure) => return Err(self.not_open(name, failure).await),
        };
        let (output, input) = tokio::io::split(attached);
        // The buffer may hold more than the line, so it stays in between.
        let mut output = BufReader::new(output);
        let process = tokio::time::timeout(QUICK, process_number(&mut output))
            .await
            .map_err(|_| {
                // What has begun and says nothing goes with the container.
                tracing::warn!(container = name, exec, "a shell did not begin and was left");
                self.silent_for(QUICK).into_error("open a terminal in", "container", name)
            })?
            .map_err(|said| no_shell(name, said))?;
        let shell = Shell { container: name.to_owned(), exec, process };
        // Engines of API 1.41 take no size at the start. A shell of another size is better than one
        // that nobody has hold of.
        if let Err(error) = self.resize_shell(&shell, size).await {
            tracing::debug!(container = name, %error, "a terminal has no size yet");
        }
        Ok(Terminal { shell, output: Box::new(output), input: Box::new(input) })
    }

    pub(super) async fn resize_shell(&self, shell: &Shell, size: TerminalSize) -> Result<()> {
        let options = ResizeExecOptions { height: size.rows, width: size.columns };
        let exec = &shell.exec;
        let answer =
            self.call(QUICK, |client| async move { client.resize_exec(exec, options).await }).await;
        match answer {
            Err(failure @ Failure::Lost(_)) => {
                Err(failure.into_error("resize a terminal in", "container", &shell.container))
            }
            // Refused means that there is no terminal any more.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub(super) async fn end_shell(&self, shell: &Shell) -> Result<()> {
        let name = shell.container.as_str();
        let process = shell.process.to_string();
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(vec!["/bin/sh", "-c", END, "sh", &process]),
            ..CreateExecOptions::default()
        };
        let ended = async {
            let (_, mut attached) = self.run_in(name, options).await?;
            // Nothing is printed; the end of it is what counts.
            tokio::io::copy(&mut attached, &mut tokio::io::sink())
                .await
                .map(drop)
                .map_err(|error| self.broken(error))
        };
        let failure = match tokio::time::timeout(ENDING, ended).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) => failure,
            Err(_) => self.silent_for(ENDING),
        };
        if failure.is_missing() {
            return Ok(());
        }
        if failure.is_about_state()
            && matches!(self.status(name).await?, None | Some(Status::CREATED | Status::EXITED))
        {
            return Ok(());
        }
        Err(failure.into_error("end a terminal in", "container", name))
    }

    /// Starts something in a container and stays connected to it; returns the engine's name for it.
    pub(super) async fn run_in(
        &self,
        name: &str,
        options: CreateExecOptions<&str>,
    ) -> Result<(String, Attached), Failure> {
        let terminal = options.tty == Some(true);
        let exec = self
            .call(QUICK, |client| async move { client.create_exec(name, options).await })
            .await?
            .id;
        let body = format!("{{\"Detach\":false,\"Tty\":{terminal}}}");
        let attached = tokio::time::timeout(QUICK, self.attach(&exec, body))
            .await
            .map_err(|_| self.silent_for(QUICK))??;
        Ok((exec, attached))
    }

    /// Starts what was prepared, and goes over to plain bytes.
    async fn attach(&self, exec: &str, body: String) -> Result<Attached, Failure> {
        let request = Request::post("/")
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "tcp")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| self.broken(io::Error::other(error)))?;
        let mut response = self.send(&format!("/exec/{exec}/start"), request).await?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let upgraded = hyper::upgrade::on(&mut response).await;
            return upgraded.map(TokioIo::new).map_err(|e| self.broken(io::Error::other(e)));
        }
        Err(Self::refused(response).await)
    }

    /// Why there is no shell, by the state of the container where that is why.
    async fn not_open(&self, name: &str, failure: Failure) -> Error {
        self.not_entered("open a terminal in", name, failure).await
    }

    /// The same for whatever else was to be done inside.
    pub(super) async fn not_entered(&self, verb: &str, name: &str, failure: Failure) -> Error {
        let state = match &failure {
            refused if refused.is_about_state() => self.status(name).await.ok().flatten(),
            _ => None,
        };
        let error = failure.into_error(verb, "container", name);
        let (message, hint) = match state {
            Some(Status::PAUSED) => ("is paused", "Resume it first."),
            Some(Status::CREATED | Status::EXITED) => ("does not run", "Start it first."),
            _ => return error,
        };
        let sentence = format!("The container `{name}` {message}.");
        Error { detail: error.detail, ..Error::conflict(sentence).hint(hint) }
    }
}

fn no_shell(name: &str, said: String) -> Error {
    let sentence = format!("There is no shell in the container `{name}` that could be opened.");
    let error = Error::conflict(sentence).hint("Its image must have a `/bin/sh`.");
    if said.is_empty() { error } else { error.detail(said) }
}

/// What the first line says of the shell's process, or what was printed in its place.
pub(super) async fn process_number(
    output: &mut (impl AsyncBufReadExt + Unpin),
) -> std::result::Result<u32, String> {
    let mut line = Vec::new();
    // What broke shows in what was not read.
    let _ = (&mut *output).take(LONGEST_MARK).read_until(b'\n', &mut line).await;
    let text = String::from_utf8_lossy(&line);
    if let Some(number) = text.trim_end().strip_prefix(MARK).and_then(|n| n.parse().ok()) {
        return Ok(number);
    }
    let rest = output.take(LONGEST_WORDS);
    tokio::pin!(rest);
    let _ = tokio::time::timeout(LAST_WORDS, rest.read_to_end(&mut line)).await;
    Err(String::from_utf8_lossy(&line).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_mark_is_taken_off_and_nothing_behind_it() {
        let mut output = BufReader::new(&b"slipway-shell 42\r\n$ "[..]);
        assert_eq!(process_number(&mut output).await, Ok(42));
        let mut rest = String::new();
        output.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "$ ");
    }

    #[tokio::test]
    async fn what_is_printed_in_place_of_a_shell_is_kept() {
        let mut output = BufReader::new(&b"exec failed: /bin/sh:\r\nno such file\r\n"[..]);
        let said = process_number(&mut output).await.unwrap_err();
        assert_eq!(said, "exec failed: /bin/sh:\r\nno such file");
        assert_eq!(process_number(&mut BufReader::new(&b""[..])).await, Err(String::new()));
    }
}
