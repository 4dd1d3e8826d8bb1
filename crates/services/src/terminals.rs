//! Shells in sessions' containers, for those who may see into everything.
//!
//! A terminal belongs to the sign-in that opened it. It outlives the connection of its page for a
//! minute, so that a page that was cut off finds its shell again, and ends when it is closed, when
//! the session no longer runs, when its opener may not have it any more, or with the server. Every
//! opening and every end is in the audit and in the session's timeline, where its owner sees it.

mod keeper;
mod scrollback;
mod slots;

use self::{
    keeper::{BETWEEN, Command, Keeper, Over},
    slots::{Slot, Slots},
};
use crate::{
    Access,
    core::Core,
    entropy,
    sessions::{Sessions, unknown},
};
use bytes::Bytes;
use domain::{
    Error, ErrorKind, Result, SessionId,
    actor::{Actor, Permission},
    event::Change,
    session::{Session, State},
};
use engine::{Shell, Terminal, TerminalSize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{
        broadcast::{self, error::RecvError},
        mpsc, oneshot, watch,
    },
    task::JoinSet,
};

/// For how long a shell is kept that nobody looks at.
const PATIENCE: Duration = Duration::from_secs(60);
/// How soon an end that the engine refused is asked for again, if nothing happens before.
const AGAIN: Duration = Duration::from_secs(30);
/// Pieces of input between a page and its shell.
const TYPED: usize = 8;
const STOPPED: &str = "Slipway was stopped, and the terminal with it.";
/// Largest and smallest size of a terminal.
const SIZES: std::ops::RangeInclusive<u16> = 2..=1000;

#[derive(Clone)]
pub struct Terminals {
    core: Arc<Core>,
    open: Arc<Mutex<HashMap<String, Arc<Kept>>>>,
    slots: Slots,
}

/// A terminal as it is found again.
struct Kept {
    actor: Actor,
    session: SessionId,
    commands: mpsc::Sender<Command>,
    typed: mpsc::Sender<Bytes>,
    size: watch::Sender<TerminalSize>,
    /// Why it has ended.
    end: OnceLock<String>,
}

/// A terminal that somebody looks at.
pub struct Attached {
    /// By which the same sign-in finds it again.
    pub id: String,
    /// What was printed last.
    pub replay: Vec<u8>,
    pub screen: Screen,
    pub keyboard: Keyboard,
}

/// What a terminal prints from now on. Dropping it is going away for a while.
pub struct Screen {
    terminals: Terminals,
    printed: mpsc::Receiver<Bytes>,
    kept: Arc<Kept>,
}

/// The way into a terminal.
pub struct Keyboard {
    terminals: Terminals,
    kept: Arc<Kept>,
}

/// Where a terminal is, for its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub session: SessionId,
    pub workspace_name: String,
    pub owner_name: String,
    pub state: State,
}

impl Terminals {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, open: Arc::default(), slots: Slots::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Kept>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn permitted(&self, actor: &Actor, id: &SessionId) -> Result<Session> {
        actor.require(Permission::OpenTerminals)?;
        let session = Sessions::new(self.core.clone()).open(actor, id).await?;
        match actor.may_to(Permission::OpenTerminals, &session.owner) {
            true => Ok(session),
            false => Err(Error::forbidden("You may open terminals in your own sessions only.")
                .hint("An administrator can open one here.")),
        }
    }

    /// The session that a terminal would be in, whether it runs or not.
    ///
    /// # Errors
    /// `Forbidden` for those who may not open terminals, `NotFound` when there is no such session.
    pub async fn place(&self, actor: &Actor, id: &SessionId) -> Result<Place> {
        let session = self.permitted(actor, id).await?;
        Ok(Place {
            state: session.state(),
            session: session.id,
            workspace_name: session.workspace_name,
            owner_name: session.owner_name,
        })
    }

    /// Opens a shell in a running session.
    ///
    /// # Errors
    /// `Conflict` when it does not run or has no shell, `Exhausted` when too many are open.
    pub async fn open(
        &self,
        actor: &Actor,
        id: &SessionId,
        size: TerminalSize,
    ) -> Result<Attached> {
        let session = self.permitted(actor, id).await?;
        // Watched from before anything is looked at, so that nothing changes unseen.
        let watch = Watch {
            core: self.core.clone(),
            actor: actor.clone(),
            session: id.clone(),
            rights: self.core.rights(),
            changes: self.core.bus.listen(),
        };
        if let Some(why) = watch.problem().await {
            return Err(Error::conflict(why).hint(match session.state() {
                state if state.is_moving() => "Wait until it runs.",
                _ => "A terminal needs a running session. Start it first.",
            }));
        }
        let slot = self.slots.take(&actor.user)?;
        let (terminals, actor) = (self.clone(), actor.clone());
        let opening =
            async move { terminals.begin(actor, session, clamped(size), watch, slot).await };
        // Apart from whoever asks: one who goes away in between leaves no shell that nobody knows.
        let (id, kept) = tokio::spawn(opening).await.map_err(|error| self.core.fault(&error))??;
        self.look(id, kept).await
    }

    /// Goes back to a terminal that was opened with the same sign-in.
    ///
    /// # Errors
    /// `NotFound` when it has ended.
    pub async fn reopen(
        &self,
        actor: &Actor,
        id: &SessionId,
        size: TerminalSize,
        terminal: &str,
    ) -> Result<Attached> {
        self.permitted(actor, id).await?;
        let found = self.lock().get(terminal).cloned();
        let found = found.filter(|kept| {
            kept.session == *id
                && (&kept.actor.user, &kept.actor.sign_in) == (&actor.user, &actor.sign_in)
        });
        let kept = found.ok_or_else(ended)?;
        kept.size.send_replace(clamped(size));
        self.look(terminal.to_owned(), kept).await
    }

    async fn look(&self, id: String, kept: Arc<Kept>) -> Result<Attached> {
        let (viewer, printed) = mpsc::channel(BETWEEN);
        let (replay, replayed) = oneshot::channel();
        // Neither is heard by a keeper that has just let go.
        let _ = kept.commands.send(Command::Look { viewer, replay }).await;
        let replay = replayed.await.map_err(|_| match kept.end.get() {
            Some(why) => Error::conflict(why.clone()).hint("Open a new one."),
            None => ended(),
        })?;
        let keyboard = Keyboard { terminals: self.clone(), kept: kept.clone() };
        Ok(Attached {
            id,
            replay,
            screen: Screen { terminals: self.clone(), printed, kept },
            keyboard,
        })
    }

    /// Opens the shell, records who did, and has it kept.
    async fn begin(
        self,
        actor: Actor,
        session: Session,
        size: TerminalSize,
        watch: Watch,
        slot: Slot,
    ) -> Result<(String, Arc<Kept>)> {
        let core = &self.core;
        let id = entropy::secret()?;
        let terminal = core.engine.open_terminal(&core.container_name(&session.id), size).await?;
        if let Err(error) = self.record(&actor, &session, Moment::Opened).await {
            // What nobody can be told of must not be.
            let _ = core.engine.end_terminal(&terminal.shell).await;
            return Err(error);
        }
        let (commands, asked) = mpsc::channel(1);
        let (typed, to_type) = mpsc::channel(TYPED);
        let (size, sizes) = watch::channel(size);
        let kept = Arc::new(Kept {
            actor,
            session: session.id.clone(),
            commands,
            typed,
            size,
            end: OnceLock::new(),
        });
        self.lock().insert(id.clone(), kept.clone());
        let Terminal { shell, output, input } = terminal;
        let keeping = Keeping {
            terminals: self.clone(),
            id: id.clone(),
            kept: kept.clone(),
            session,
            shell: shell.clone(),
            watch,
            _slot: slot,
        };
        let mut hands = JoinSet::new();
        hands.spawn(type_in(input, to_type));
        hands.spawn(resize(core.clone(), shell, sizes));
        tokio::spawn(keeping.run(Keeper::new(output, asked, PATIENCE), hands));
        if self.slots.are_closed() {
            // Too late for those who end all.
            let _ = kept.commands.send(Command::Close(STOPPED.to_owned())).await;
        }
        Ok((id, kept))
    }

    async fn record(&self, actor: &Actor, session: &Session, moment: Moment<'_>) -> Result<()> {
        let core = &self.core;
        let (action, mut entry) = match moment {
            Moment::Opened => ("session.terminal", core.entry(Some(actor), "Opened a terminal")),
            Moment::Ended(_) => {
                ("session.terminal.end", core.entry(Some(actor), "Closed the terminal"))
            }
        };
        if let Moment::Ended(why) = moment {
            entry.detail = Some(why.to_owned());
        }
        let mut tx = core.store.begin().await?;
        tx.add_to_timeline(&session.id, &entry).await?;
        let (name, id) = (&session.workspace_name, session.id.as_str());
        tx.audit(core.now(), Some(actor), action, name, Some(id)).await?;
        tx.commit().await?;
        core.announce_session(session);
        Ok(())
    }

    /// Ends all terminals and opens no more, because the server stops.
    pub async fn end_all(&self) {
        self.slots.close();
        let all: Vec<Arc<Kept>> = self.lock().values().cloned().collect();
        for kept in all {
            // One that has just ended does not hear it, and need not.
            let _ = kept.commands.send(Command::Close(STOPPED.to_owned())).await;
        }
        self.slots.all_free().await;
    }

    /// How many are open, for metrics.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Notes that something happens in the session: keys, or what a program prints for somebody.
    fn note_use(&self, session: &SessionId) {
        self.core.activity.note_use(session, self.core.now());
    }
}

#[derive(Clone, Copy)]
enum Moment<'a> {
    Opened,
    Ended(&'a str),
}

fn ended() -> Error {
    Error::not_found("This terminal has ended.").hint("Open a new one.")
}

/// Sizes come from browsers, which may say anything.
fn clamped(size: TerminalSize) -> TerminalSize {
    let within = |count: u16| count.clamp(*SIZES.start(), *SIZES.end());
    TerminalSize { columns: within(size.columns), rows: within(size.rows) }
}

impl Screen {
    /// What is printed next; `None` when that is all.
    pub async fn next(&mut self) -> Option<Bytes> {
        let printed = self.printed.recv().await?;
        self.terminals.note_use(&self.kept.session);
        Some(printed)
    }

    /// Notes that somebody still looks.
    pub fn note_view(&self) {
        let core = &self.terminals.core;
        core.activity.note_view(&self.kept.session, core.now());
    }

    /// Why nothing more comes; `None` if somebody else looks at the terminal now.
    pub fn end(&self) -> Option<&str> {
        self.kept.end.get().map(String::as_str)
    }
}

impl Keyboard {
    /// Types; waits while the shell does not read. What is typed into one that has ended is lost.
    pub async fn enter(&self, typed: Bytes) {
        self.terminals.note_use(&self.kept.session);
        let _ = self.kept.typed.send(typed).await;
    }

    pub fn resize(&self, size: TerminalSize) {
        self.kept.size.send_replace(clamped(size));
    }

    /// Ends the shell.
    pub async fn close(&self) {
        let why = "You closed the terminal.".to_owned();
        let _ = self.kept.commands.send(Command::Close(why)).await;
    }
}

async fn type_in(mut input: Box<dyn AsyncWrite + Send + Unpin>, mut typed: mpsc::Receiver<Bytes>) {
    while let Some(keys) = typed.recv().await {
        let sent = async {
            input.write_all(&keys).await?;
            input.flush().await
        };
        if sent.await.is_err() {
            return;
        }
    }
}

async fn resize(core: Arc<Core>, shell: Shell, mut sizes: watch::Receiver<TerminalSize>) {
    while sizes.changed().await.is_ok() {
        let size = *sizes.borrow_and_update();
        if let Err(error) = core.engine.resize_terminal(&shell, size).await {
            tracing::debug!(%error, "a terminal keeps its size");
        }
    }
}

/// Sees to it that a terminal goes when it must.
struct Watch {
    core: Arc<Core>,
    actor: Actor,
    session: SessionId,
    rights: watch::Receiver<u64>,
    changes: broadcast::Receiver<Change>,
}

impl Watch {
    /// Waits for something that may have changed the answer.
    async fn news(&mut self) {
        loop {
            tokio::select! {
                _ = self.rights.changed() => return,
                change = self.changes.recv() => match change {
                    Ok(Change::Session { id, .. }) if id == self.session => return,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return,
                },
            }
        }
    }

    /// Why there may be no terminal (any more).
    async fn problem(&self) -> Option<String> {
        let withdrawn = || Some("You are no longer permitted to have a terminal here.".to_owned());
        let actor = match Access::new(self.core.clone()).actor(&self.actor.sign_in).await {
            Ok(Some(actor)) if actor.user == self.actor.user => actor,
            // Also when it cannot be found out.
            _ => return withdrawn(),
        };
        let session = self.core.store.session(&self.session).await;
        match session.and_then(|found| found.ok_or_else(unknown)) {
            Ok(session) if !session.open_to(&actor) => withdrawn(),
            Ok(session) if !actor.may_to(Permission::OpenTerminals, &session.owner) => withdrawn(),
            Ok(session) if session.state() == State::Running => None,
            Ok(session) => {
                let state = session.state().label().to_lowercase();
                Some(format!("The session is {state}."))
            }
            Err(error) => Some(error.message),
        }
    }

    async fn until_problem(&mut self) -> String {
        loop {
            self.news().await;
            if let Some(why) = self.problem().await {
                return why;
            }
        }
    }
}

/// Everything about a terminal while it is kept, and then until its shell is gone.
struct Keeping {
    terminals: Terminals,
    id: String,
    kept: Arc<Kept>,
    session: Session,
    shell: Shell,
    watch: Watch,
    _slot: Slot,
}

impl Keeping {
    async fn run(mut self, mut keeper: Keeper, hands: JoinSet<()>) {
        let over = keeper.keep(self.watch.until_problem()).await;
        let why = match &over {
            Over::Ended => match self.watch.problem().await {
                Some(why) => why,
                None => "The shell has ended.".to_owned(),
            },
            Over::Unwanted(why) => why.clone(),
        };
        // Set before the reader learns of the end, who asks for it then.
        let _ = self.kept.end.set(why.clone());
        drop((keeper, hands));
        self.terminals.lock().remove(&self.id);
        let recorded =
            self.terminals.record(&self.kept.actor, &self.session, Moment::Ended(&why)).await;
        if let Err(error) = recorded {
            tracing::warn!(session = %self.session.id, %error, "the end of a terminal was not recorded");
        }
        // Also one that seems to have ended: the connection may only have broken.
        self.end_shell().await;
    }

    /// Ends the shell, at the latest when a session that was paused goes on.
    async fn end_shell(&mut self) {
        let core = self.terminals.core.clone();
        loop {
            let Err(error) = core.engine.end_terminal(&self.shell).await else { return };
            if !matches!(error.kind, ErrorKind::Conflict | ErrorKind::Unavailable) {
                tracing::warn!(session = %self.session.id, %error, "a shell could not be ended");
                return;
            }
            let _ = tokio::time::timeout(AGAIN, self.watch.news()).await;
        }
    }
}
