//! Toy shells: enough of one to be typed into, to answer, to have a size, to flood and to end.

use crate::{Shell, Terminal, TerminalSize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What fits between a shell and its reader before the shell waits, in bytes.
const BETWEEN: usize = 8 * 1024;

/// The shells of one container; they end with it.
#[derive(Debug, Default)]
pub(super) struct Shells {
    last: u32,
    all: BTreeMap<u32, Toy>,
    written: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Toy {
    size: watch::Sender<TerminalSize>,
    task: AbortHandle,
}

impl Drop for Toy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shells {
    pub(super) fn open_in(&mut self, container: &str, size: TerminalSize) -> Terminal {
        self.last += 1;
        let (ours, theirs) = tokio::io::duplex(BETWEEN);
        let (size, seen) = watch::channel(size);
        let toy = Running { line: theirs, size: seen, written: self.written.clone() };
        let task = tokio::spawn(toy.run()).abort_handle();
        self.all.insert(self.last, Toy { size, task });
        let (output, input) = tokio::io::split(ours);
        let shell = Shell {
            container: container.to_owned(),
            exec: format!("shell-{}", self.last),
            process: self.last,
        };
        Terminal { shell, output: Box::new(output), input: Box::new(input) }
    }

    pub(super) fn resize(&self, shell: &Shell, size: TerminalSize) {
        if let Some(toy) = self.all.get(&shell.process) {
            toy.size.send_replace(size);
        }
    }

    pub(super) fn end(&mut self, shell: &Shell) {
        self.all.remove(&shell.process);
    }

    pub(super) fn open(&self) -> usize {
        self.all.values().filter(|toy| !toy.task.is_finished()).count()
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }
}

struct Running {
    line: DuplexStream,
    size: watch::Receiver<TerminalSize>,
    written: Arc<AtomicU64>,
}

impl Running {
    /// Ends when told to; not when nobody listens any more, which no engine takes for an end.
    async fn run(mut self) {
        let mut typed = String::new();
        self.say("$ ").await;
        loop {
            let key = match self.line.read_u8().await {
                Ok(key) => key,
                Err(_) => std::future::pending().await,
            };
            if key != b'\r' && key != b'\n' {
                typed.push(char::from(key));
                self.say(char::from(key).encode_utf8(&mut [0; 4])).await;
            } else if self.obey(&std::mem::take(&mut typed)).await.is_none() {
                return;
            }
        }
    }

    /// `None` when the shell is to end.
    async fn obey(&mut self, command: &str) -> Option<()> {
        let answer = match command.split_once(' ') {
            _ if command == "exit" => return None,
            _ if command == "yes" => loop {
                self.say("y\r\n").await;
            },
            _ if command == "stty size" => {
                let size = *self.size.borrow();
                format!("{} {}\r\n", size.rows, size.columns)
            }
            Some(("echo", words)) => format!("{}\r\n", words.replace("''", "")),
            _ => String::new(),
        };
        self.say(&format!("\r\n{answer}$ ")).await;
        Some(())
    }

    async fn say(&mut self, text: &str) {
        if self.line.write_all(text.as_bytes()).await.is_err() {
            std::future::pending().await
        }
        self.written.fetch_add(text.len() as u64, Ordering::SeqCst);
    }
}
