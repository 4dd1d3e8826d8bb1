//! Commands that are run in a container without anybody typing them.
//!
//! They are started like shells ([`super::shell`]) and ended like them when their time is up: the
//! command says its process number first, in a line that nobody else sees. There is no terminal, so
//! the engine frames what is written; each frame tells its length.

use super::connect::{Docker, QUICK};
use super::errors::Failure;
use super::shell::process_number;
use crate::{Ran, RunSpec, Shell};
use bollard::exec::CreateExecOptions;
use domain::{Error, Result};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Tells the process number, then becomes the command.
const BEGIN: &str = r#"printf 'slipway-shell %s\n' "$$"
exec "$@""#;
/// Stream, three bytes of nothing, and the length.
const FRAME: usize = 8;
/// What fits between the engine and the reader, in bytes.
const BETWEEN: usize = 16 * 1024;
/// How often the engine is asked whether the command has ended: what it left in the background may
/// hold its output open.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Wait for the rest of what an ended command wrote.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// Looks at an ended command until the engine knows its exit code, and between two of them.
const LOOKS: (u32, Duration) = (40, Duration::from_millis(50));
/// Exit codes of what could not be run at all.
const NEVER_RAN: [i64; 2] = [126, 127];
/// What is done here, in a sentence.
const VERB: &str = "run a command in";

impl Docker {
    pub(super) async fn run_command(&self, name: &str, spec: &RunSpec) -> Result<Ran> {
        let mut command = vec!["/bin/sh", "-c", BEGIN, "sh"];
        command.extend(spec.command.iter().map(String::as_str));
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command),
            ..CreateExecOptions::default()
        };
        let deadline = Instant::now() + spec.patience;
        let (exec, attached) = match self.run_in(name, options).await {
            Ok(started) => started,
            Err(failure) => return Err(self.not_entered(VERB, name, failure).await),
        };
        let (ours, theirs) = tokio::io::duplex(BETWEEN);
        // Ends with this call: what hangs and never writes would hold the connection for ever.
        let mut taking = JoinSet::new();
        taking.spawn(unframe(attached, theirs));
        let mut output = BufReader::new(ours);
        let refused = |failure: Failure| failure.into_error(VERB, "container", name);
        let begun = match tokio::time::timeout(QUICK, process_number(&mut output)).await {
            Ok(begun) => begun,
            Err(_) => {
                // An engine that still answers is not what hangs; the container may also be busy.
                self.exit_code(&exec).await.map_err(refused)?;
                return Err(not_begun(name, format!("It said nothing for {} s.", QUICK.as_secs())));
            }
        };
        let process = match begun {
            Ok(process) => process,
            // Engines lose what is written by one that is quick to end. It was run all the same.
            Err(said) if said.is_empty() => {
                return match self.ended_with(&exec).await.map_err(refused)? {
                    Some(code) if !NEVER_RAN.contains(&code) => {
                        Ok(Ran { exit_code: Some(code), output: String::new() })
                    }
                    _ => Err(not_begun(name, said)),
                };
            }
            Err(said) => return Err(not_begun(name, said)),
        };
        let mut kept = Tail { bytes: Vec::new(), longest: spec.longest };
        let mut looks = 0;
        loop {
            let look = Instant::now() + LOOK_EVERY;
            let over = kept.read_until(&mut output, look.min(deadline)).await;
            if let Some(code) = self.exit_code(&exec).await.map_err(refused)? {
                kept.read_until(&mut output, Instant::now() + LAST_WORDS).await;
                return Ok(Ran { exit_code: Some(code), output: kept.text() });
            }
            if Instant::now() >= deadline {
                let shell = Shell { container: name.to_owned(), exec, process };
                self.end_shell(&shell).await?;
                return Ok(Ran { exit_code: None, output: kept.text() });
            }
            // Nothing more is written, and the end is a moment behind; or it closed its output.
            if over {
                looks += 1;
                let wait = if looks < LOOKS.0 { LOOKS.1 } else { LOOK_EVERY };
                tokio::time::sleep(wait).await;
            }
        }
    }

    /// The exit code of a command whose output has ended, as soon as the engine knows it.
    async fn ended_with(&self, exec: &str) -> Result<Option<i64>, Failure> {
        for _ in 0..LOOKS.0 {
            if let Some(code) = self.exit_code(exec).await? {
                return Ok(Some(code));
            }
            tokio::time::sleep(LOOKS.1).await;
        }
        Ok(None)
    }

    /// `None` while it runs.
    async fn exit_code(&self, exec: &str) -> Result<Option<i64>, Failure> {
        let seen =
            self.call(QUICK, |client| async move { client.inspect_exec(exec).await }).await?;
        Ok(seen.exit_code.filter(|_| seen.running == Some(false)))
    }
}

fn not_begun(name: &str, said: String) -> Error {
    let sentence = format!("A command could not be begun in the container `{name}`.");
    let error = Error::conflict(sentence)
        .hint("Its image must have a `/bin/sh` that works. On a busy machine, try again.");
    if said.is_empty() { error } else { error.detail(said) }
}

/// Hands on what is in the frames, until they end or nobody listens.
async fn unframe(mut framed: impl AsyncRead + Unpin, mut plain: DuplexStream) -> io::Result<()> {
    loop {
        let mut head = [0; FRAME];
        framed.read_exact(&mut head).await?;
        let [_, _, _, _, length @ ..] = head;
        let mut frame = (&mut framed).take(u64::from(u32::from_be_bytes(length)));
        tokio::io::copy(&mut frame, &mut plain).await?;
        plain.flush().await?;
    }
}

/// The last bytes of what is written.
struct Tail {
    bytes: Vec<u8>,
    longest: usize,
}

impl Tail {
    /// Reads until a moment; whether there is no more to come.
    async fn read_until(&mut self, output: &mut BufReader<DuplexStream>, until: Instant) -> bool {
        let mut piece = [0; 8 * 1024];
        loop {
            match tokio::time::timeout_at(until, output.read(&mut piece)).await {
                Ok(Ok(0) | Err(_)) => return true,
                Ok(Ok(count)) => self.take(piece.get(..count).unwrap_or_default()),
                Err(_) => return false,
            }
        }
    }

    fn take(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
        // Not at every piece, because it moves all that is kept.
        if self.bytes.len() > self.longest.saturating_mul(2) {
            self.bytes.drain(..self.bytes.len() - self.longest);
        }
    }

    fn text(&self) -> String {
        let from = self.bytes.len().saturating_sub(self.longest);
        String::from_utf8_lossy(self.bytes.get(from..).unwrap_or_default()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_are_taken_off_however_they_arrive() {
        let mut framed = Vec::new();
        for (stream, text) in [(1_u8, "slipway-shell 7\n"), (1, "one "), (2, ""), (2, "two")] {
            framed.extend([stream, 0, 0, 0]);
            framed.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            framed.extend(text.as_bytes());
        }
        let (ours, theirs) = tokio::io::duplex(5);
        tokio::spawn(async move { unframe(&framed[..], theirs).await });
        let mut output = BufReader::new(ours);
        assert_eq!(process_number(&mut output).await, Ok(7));
        let mut kept = Tail { bytes: Vec::new(), longest: 5 };
        assert!(kept.read_until(&mut output, Instant::now() + QUICK).await);
        assert_eq!(kept.text(), "e two");
    }

    #[test]
    fn only_the_last_of_a_flood_is_kept() {
        let mut kept = Tail { bytes: Vec::new(), longest: 4 };
        for _ in 0..1_000 {
            kept.take(b"0123456789");
        }
        assert!(kept.bytes.len() <= 8);
        assert_eq!(kept.text(), "6789");
    }
}
