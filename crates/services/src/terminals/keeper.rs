//! Holds one shell: carries what it prints to whoever looks, remembers the last of it, and waits a
//! while for somebody who went away.
//!
//! At every moment one piece is on its way and no other is read, so a reader who is slow makes the
//! shell wait and not the memory grow. While nobody looks the shell goes on: what it prints replaces
//! the oldest of what is remembered.

use super::scrollback::Scrollback;
use bytes::Bytes;
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

/// Read from a shell at once, in bytes.
const PIECE: usize = 8 * 1024;
/// Pieces between a shell and its reader.
pub(super) const BETWEEN: usize = 4;

/// What a keeper is asked.
pub(super) enum Command {
    /// Somebody looks, in place of who looked before: answered with what was printed last.
    Look { viewer: mpsc::Sender<Bytes>, replay: oneshot::Sender<Vec<u8>> },
    /// End it, for this reason.
    Close(String),
}

/// Why a shell is not kept any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It has ended by itself.
    Ended,
    /// It goes on, and must be ended.
    Unwanted(String),
}

pub(super) struct Keeper {
    output: Box<dyn AsyncRead + Send + Unpin>,
    commands: mpsc::Receiver<Command>,
    scrollback: Scrollback,
    viewer: Option<mpsc::Sender<Bytes>>,
    /// For how long a shell is kept that nobody looks at.
    patience: Duration,
}

impl Keeper {
    pub(super) fn new(
        output: Box<dyn AsyncRead + Send + Unpin>,
        commands: mpsc::Receiver<Command>,
        patience: Duration,
    ) -> Self {
        Self { output, commands, scrollback: Scrollback::default(), viewer: None, patience }
    }

    /// Until the shell has ended, `cut` says why it must, somebody closes it, or nobody came back.
    ///
    /// The reader learns of the end when the keeper is dropped.
    pub(super) async fn keep(&mut self, cut: impl Future<Output = String>) -> Over {
        tokio::pin!(cut);
        let mut piece = vec![0; PIECE];
        let mut pending = None;
        let mut until = Instant::now() + self.patience;
        loop {
            let (to, watched) = (self.viewer.clone(), self.viewer.clone());
            tokio::select! {
                why = &mut cut => return Over::Unwanted(why),
                command = self.commands.recv() => match command {
                    Some(Command::Look { viewer, replay }) => {
                        // Everything read so far is in the replay.
                        pending = None;
                        let gone = replay.send(self.scrollback.replay()).is_err();
                        self.viewer = (!gone).then_some(viewer);
                        until = Instant::now() + self.patience;
                    }
                    Some(Command::Close(why)) => return Over::Unwanted(why),
                    None => return Over::Unwanted("Nobody can reach the terminal.".to_owned()),
                },
                read = self.output.read(&mut piece), if pending.is_none() => {
                    // Broken off or ended, nothing more will come.
                    let printed = match read {
                        Ok(0) | Err(_) => return Over::Ended,
                        Ok(count) => piece.get(..count).unwrap_or_default(),
                    };
                    self.scrollback.add(printed);
                    if self.viewer.is_some() {
                        pending = Some(Bytes::copy_from_slice(printed));
                    }
                }
                place = place(to), if pending.is_some() => {
                    if let (Some(place), Some(printed)) = (place, pending.take()) {
                        place.send(printed);
                    }
                }
                () = left(watched), if self.viewer.is_some() => {
                    self.viewer = None;
                    pending = None;
                    until = Instant::now() + self.patience;
                }
                () = sleep_until(until), if self.viewer.is_none() => {
                    return Over::Unwanted("Nobody came back to the terminal.".to_owned());
                }
            }
        }
    }
}

/// Room for one piece; none if the reader has left.
async fn place(to: Option<mpsc::Sender<Bytes>>) -> Option<mpsc::OwnedPermit<Bytes>> {
    to?.reserve_owned().await.ok()
}

async fn left(viewer: Option<mpsc::Sender<Bytes>>) {
    if let Some(viewer) = viewer {
        viewer.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncWriteExt, DuplexStream, duplex},
        task::JoinHandle,
    };

    const PATIENCE: Duration = Duration::from_secs(60);

    struct Kept {
        shell: DuplexStream,
        commands: mpsc::Sender<Command>,
        over: JoinHandle<Over>,
    }

    fn kept() -> Kept {
        let (shell, output) = duplex(1024);
        let (commands, asked) = mpsc::channel(1);
        let mut keeper = Keeper::new(Box::new(output), asked, PATIENCE);
        let over = tokio::spawn(async move { keeper.keep(std::future::pending()).await });
        Kept { shell, commands, over }
    }

    impl Kept {
        async fn look(&self) -> (Vec<u8>, mpsc::Receiver<Bytes>) {
            let (viewer, seen) = mpsc::channel(BETWEEN);
            let (replay, replayed) = oneshot::channel();
            self.commands.send(Command::Look { viewer, replay }).await.unwrap();
            (replayed.await.unwrap(), seen)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_back_sees_what_was_printed_meanwhile() {
        let mut kept = kept();
        let (before, mut seen) = kept.look().await;
        assert_eq!(before, b"");
        kept.shell.write_all(b"one ").await.unwrap();
        assert_eq!(seen.recv().await.unwrap(), "one ");
        drop(seen);
        tokio::time::sleep(PATIENCE / 2).await;
        kept.shell.write_all(b"two ").await.unwrap();
        tokio::time::sleep(PATIENCE / 4).await;
        let (before, mut seen) = kept.look().await;
        assert_eq!(before, b"one two ");
        // And is not taken for gone.
        tokio::time::sleep(PATIENCE * 3).await;
        kept.shell.write_all(b"three").await.unwrap();
        assert_eq!(seen.recv().await.unwrap(), "three");
    }

    #[tokio::test(start_paused = true)]
    async fn a_shell_to_which_nobody_comes_back_is_not_kept() {
        let kept = kept();
        let (_, seen) = kept.look().await;
        drop(seen);
        let began = Instant::now();
        assert!(matches!(kept.over.await.unwrap(), Over::Unwanted(_)));
        assert_eq!(began.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_reader_takes_the_place_of_the_first() {
        let mut kept = kept();
        let (_, mut first) = kept.look().await;
        let (_, mut second) = kept.look().await;
        assert_eq!(first.recv().await, None);
        kept.shell.write_all(b"here").await.unwrap();
        assert_eq!(second.recv().await.unwrap(), "here");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_makes_the_shell_wait_and_can_still_close_it() {
        let mut kept = kept();
        let (_, mut seen) = kept.look().await;
        // One second without progress is never, in this test's time.
        let flood = [b'y'; 1024];
        let mut written = 0;
        while tokio::time::timeout(Duration::from_secs(1), kept.shell.write_all(&flood))
            .await
            .is_ok()
        {
            written += flood.len();
            assert!(written <= (BETWEEN + 2) * PIECE, "{written} bytes are held somewhere");
        }
        assert!(seen.recv().await.is_some());
        kept.commands.send(Command::Close("enough".into())).await.unwrap();
        assert_eq!(kept.over.await.unwrap(), Over::Unwanted("enough".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_words_are_seen() {
        let mut kept = kept();
        let (_, mut seen) = kept.look().await;
        kept.shell.write_all(b"bye").await.unwrap();
        drop(kept.shell);
        assert_eq!(kept.over.await.unwrap(), Over::Ended);
        assert_eq!(seen.recv().await.unwrap(), "bye");
        assert_eq!(seen.recv().await, None);
    }
}
