//! Who may see a session's stream, and where its container is.
//!
//! The console gives a one-time ticket; the session origin swaps it for a grant, bound to session,
//! user and sign-in, and asks again on every request and upgrade whether the grant still counts. A
//! change of rights moves a counter that open streams watch, so that they are cut at once.

mod tickets;

use self::tickets::Tickets;
use crate::{
    core::Core,
    entropy,
    sessions::{Sessions, launch_secret_place},
    settings::StreamMode,
};
use domain::{
    Error, Result, SessionId, Timestamp,
    actor::Actor,
    contract::{Contract, CookiePolicy},
    event::Change,
    session::{Cause, State, Status},
};
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use store::Grant;
use tokio::sync::watch;
use upstream::{Target, Upstream};

/// A grant ends with its sign-in, and after this long in any case.
const GRANT_S: i64 = 12 * 3600;
/// Grants and routes kept in memory at the most.
const MOST: usize = 10_000;

#[derive(Clone)]
pub struct Streams {
    core: Arc<Core>,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Default)]
struct Memory {
    tickets: Tickets,
    /// Grants found good, with the count of rights at that time.
    checked: HashMap<(String, SessionId), (Timestamp, u64)>,
    routes: HashMap<SessionId, Arc<Route>>,
    /// Counts removals of routes, so that one read before a removal is not kept after it.
    removals: u64,
}

/// A way into a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub session: SessionId,
    pub ticket: String,
    pub port: Option<u16>,
    pub shares_cookies: bool,
}

/// How to reach a session that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    pub session: SessionId,
    pub target: Target,
    pub contract: Contract,
    /// Path first opened, tokens replaced.
    pub entry: String,
    /// Value for the `Authorization` header, never sent to the browser.
    pub authorization: Option<String>,
}

/// What the session origin should do with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    Open(Arc<Route>),
    /// It does not run: say so, in these words.
    Closed {
        state: State,
        name: String,
        message: String,
    },
}

fn refused() -> Error {
    Error::forbidden("This window is not permitted to show the session (any more).")
        .hint("Open the session again from the console.")
}

impl Streams {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, memory: Arc::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn upstream(&self) -> &Upstream {
        &self.core.upstream
    }

    pub fn mode(&self) -> &StreamMode {
        &self.core.settings.streams
    }

    /// Gives a ticket for a running session; `None` while it does not run. A ticket given `before`
    /// stays the one, unless it is known not to have led the browser to the workspace.
    ///
    /// # Errors
    /// `NotFound` when there is no such session for the actor, `Forbidden` when the actor may see it
    /// and no more.
    pub async fn open(
        &self,
        actor: &Actor,
        id: &SessionId,
        before: Option<&str>,
    ) -> Result<Option<Opened>> {
        let session = Sessions::new(self.core.clone()).open(actor, id).await?;
        if session.state() != State::Running {
            return Ok(None);
        }
        let now = self.core.now();
        let grant = Grant {
            session: id.clone(),
            user: actor.user.clone(),
            sign_in: actor.sign_in.clone(),
            expires_at: now.plus_secs(GRANT_S),
        };
        let opens = before.is_none() && !session.config.commands.on_open.is_empty();
        let before = before.filter(|ticket| !self.lock().tickets.is_astray(ticket, &grant, now));
        let ticket = match before {
            Some(ticket) => ticket.to_owned(),
            None => self.lock().tickets.give(grant, now)?.ok_or_else(|| {
                Error::unavailable("Too many streams are being opened.")
                    .hint("Try again in a minute.")
            })?,
        };
        if session.owner != actor.user && before.is_none() {
            let mut tx = self.core.store.begin().await?;
            tx.add_to_timeline(id, &self.core.entry(Some(actor), "Opened the stream")).await?;
            tx.audit(now, Some(actor), "session.view", &session.workspace_name, Some(id.as_str()))
                .await?;
            tx.commit().await?;
        }
        if opens {
            let mut tx = self.core.store.begin().await?;
            tx.note_opened(id, now).await?;
            tx.commit().await?;
            self.core.reconciler.wake(&self.core, id);
        }
        let by_port = matches!(self.mode(), StreamMode::ByPort { .. });
        let passes = session.config.contract.cookies == CookiePolicy::Pass;
        Ok(Some(Opened {
            session: id.clone(),
            ticket,
            port: session.port,
            shares_cookies: by_port && passes,
        }))
    }

    /// Address that a frame is sent to, on the session's own origin.
    ///
    /// `scheme`, `host` and `port` are the console's, as the browser sees them.
    pub fn address(&self, opened: &Opened, scheme: &str, host: &str, port: Option<u16>) -> String {
        let origin = match self.mode() {
            StreamMode::ByPort { ports, public_first } => {
                let offset = opened.port.unwrap_or(*ports.start()) - ports.start();
                format!("{scheme}://{host}:{}", public_first + offset)
            }
            StreamMode::ByHost { domain } => {
                let port = port.map(|p| format!(":{p}")).unwrap_or_default();
                format!("{scheme}://{}.{domain}{port}", opened.session)
            }
        };
        format!("{origin}/_slipway/open?ticket={}", opened.ticket)
    }

    /// Swaps a ticket for a grant; returns the token for the browser's cookie. Works once.
    ///
    /// # Errors
    /// `Forbidden` for a stale, used, or foreign ticket.
    pub async fn redeem(&self, ticket: &str, session: &SessionId) -> Result<String> {
        let now = self.core.now();
        let found = self.lock().tickets.take(ticket, now);
        let grant = found.filter(|grant| grant.session == *session).ok_or_else(refused)?;
        // The sign-in may have ended since the ticket was given, and a grant hangs on it.
        let access = crate::Access::new(self.core.clone());
        access.actor(&grant.sign_in).await?.ok_or_else(refused)?;
        let token = entropy::secret()?;
        let mut tx = self.core.store.begin().await?;
        tx.insert_grant(&entropy::digest(&token), &grant).await?;
        tx.commit().await?;
        self.authorise(session, &token).await?;
        self.lock().tickets.expect(ticket, entropy::digest(&token));
        Ok(token)
    }

    /// Notes that a page of the workspace was answered to the bearer of this token.
    pub fn note_arrival(&self, token: &str) {
        let mut memory = self.lock();
        if !memory.tickets.none_awaited() {
            memory.tickets.note_arrival(&entropy::digest(token));
        }
    }

    /// Whether a browser's token still lets it see the session.
    ///
    /// # Errors
    /// `Forbidden` when it does not.
    pub async fn authorise(&self, session: &SessionId, token: &str) -> Result<()> {
        let now = self.core.now();
        let rights = *self.core.rights().borrow();
        let key = (entropy::digest(token), session.clone());
        if let Some((until, at)) = self.lock().checked.get(&key)
            && *at == rights
            && *until > now
        {
            return Ok(());
        }
        let grant = self.core.store.grant(&key.0, now).await?.ok_or_else(refused)?;
        let access = crate::Access::new(self.core.clone());
        let actor = access.actor(&grant.sign_in).await?.filter(|a| a.user == grant.user);
        let actor = actor.ok_or_else(refused)?;
        let known = self.core.store.session(session).await?;
        let known = known.filter(|s| grant.session == s.id && s.open_to(&actor));
        if known.is_none_or(|s| matches!(s.state(), State::Deleting | State::Deleted)) {
            return Err(refused());
        }
        let mut memory = self.lock();
        if memory.checked.len() >= MOST {
            memory.checked.clear();
        }
        memory.checked.insert(key, (grant.expires_at, rights));
        Ok(())
    }

    /// Moves whenever a permission may have been taken away; check again then.
    pub fn rights(&self) -> watch::Receiver<u64> {
        self.core.rights()
    }

    /// Notes that somebody has the session open.
    pub fn note_view(&self, session: &SessionId) {
        self.core.activity.note_view(session, self.core.now());
    }

    /// Notes that something happens in the session: a person's input, or a program's output.
    pub fn note_activity(&self, session: &SessionId) {
        self.core.activity.note_use(session, self.core.now());
    }

    /// Where a session's requests go.
    ///
    /// # Errors
    /// `NotFound` when there is no such session.
    pub async fn way(&self, id: &SessionId) -> Result<Way> {
        let removals = {
            let memory = self.lock();
            if let Some(route) = memory.routes.get(id) {
                return Ok(Way::Open(route.clone()));
            }
            memory.removals
        };
        let session = self.core.store.session(id).await?.ok_or_else(crate::sessions::unknown)?;
        let address = session.address.as_deref().and_then(|a| a.parse::<IpAddr>().ok());
        let (State::Running, Some(address)) = (session.state(), address) else {
            let message = match (&session.reason, session.state()) {
                (Some(reason), _) if reason.cause != Cause::Asked => reason.message.clone(),
                (_, state) if state.is_moving() => "This page goes on by itself.".to_owned(),
                _ => "Start it from the console.".to_owned(),
            };
            let (state, name) = (session.state(), session.workspace_name);
            return Ok(Way::Closed { state, name, message });
        };
        let contract = session.config.contract.blocking(&session.config.withheld);
        let authorization = match &contract.basic {
            Some(basic) => Some(self.core.authorization(id, &basic.user).await?),
            None => None,
        };
        let route = Arc::new(Route {
            session: id.clone(),
            target: Target {
                scheme: contract.scheme,
                address: SocketAddr::new(address, contract.port),
            },
            entry: Contract::fill(&contract.entry, id.as_str(), &session.owner_name),
            authorization,
            contract,
        });
        let mut memory = self.lock();
        if memory.removals == removals {
            memory.routes.insert(id.clone(), route.clone());
        }
        Ok(Way::Open(route))
    }

    /// Keeps routes true: forgets each one whose session changed. Runs for ever.
    pub async fn follow(&self) {
        let mut changes = self.core.bus.listen();
        loop {
            match changes.recv().await {
                Ok(Change::Session { id, .. }) => {
                    let mut memory = self.lock();
                    memory.routes.remove(&id);
                    memory.removals += 1;
                }
                Ok(_) => {}
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                    let mut memory = self.lock();
                    memory.routes.clear();
                    memory.removals += 1;
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    /// Which port belongs to which session, for sessions that may be shown or say why not.
    pub async fn ports(&self) -> Result<HashMap<u16, SessionId>> {
        let live = self.core.store.live_sessions().await?;
        let shown = |s: &store::LiveSession| s.status != Status::Failed;
        Ok(live.into_iter().filter(shown).filter_map(|s| Some((s.port?, s.id))).collect())
    }

    /// The port cannot be opened (another program has it): the session gets another.
    pub async fn move_from_port(&self, id: &SessionId, port: u16) -> Result<()> {
        self.core.reconciler.mark_unusable(port);
        let mut tx = self.core.store.begin().await?;
        let Some(mut session) = tx.session(id).await?.filter(|s| s.port == Some(port)) else {
            return Ok(());
        };
        session.port = None;
        tx.save_session(&session).await?;
        session.port = self.core.claim_port(&mut tx).await?;
        tx.save_session(&session).await?;
        tx.commit().await?;
        self.core.announce_session(&session);
        Ok(())
    }
}

impl Core {
    /// The session's own password for its container.
    pub(crate) async fn session_password(&self, id: &SessionId) -> Result<String> {
        let sealed = self.store.session_secret(id).await?;
        let sealed = sealed.ok_or_else(|| self.fault(&format!("session {id} has no secret")))?;
        self.keys.open_sealed(&launch_secret_place(id), &sealed)
    }

    /// `Basic` credentials for the session's container.
    pub(crate) async fn authorization(&self, id: &SessionId, user: &str) -> Result<String> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let password = self.session_password(id).await?;
        Ok(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }
}
