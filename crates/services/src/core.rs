//! What all services share: the store, the engine, time, and what is only worth keeping in memory.

use crate::{
    activity::Activity, bus::Bus, clock::Clock, disk::Disk, entropy, groups::Membership,
    handover::Handover, images::Images, jobs::Calls, keys::Keys, passwords::Passwords,
    policy::InForce, reconcile::Reconciler, settings::Settings, throttle::Throttle, usage::Usages,
    users::Link,
};
use domain::{
    Error, Result, SessionId, Timestamp, UserId,
    event::Change,
    session::{Session, TimelineEntry},
};
use engine::Engine;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use store::Store;
use tokio::sync::{Semaphore, watch};
use upstream::Upstream;

pub(crate) struct Core {
    pub store: Store,
    pub engine: Arc<dyn Engine>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub policy: InForce,
    pub membership: Membership,
    pub disk: Disk,
    /// Lets few look into containers at a time: how much there is to see is the container's to say.
    pub looking_inside: Semaphore,
    /// Lets few read catalogs at a time: how much there is to read is a stranger's to say.
    pub reading_catalogs: Semaphore,
    /// Names this installation on the engine's objects, so that two Slipways on one engine do not
    /// see each other's.
    pub installation: String,
    pub bus: Bus,
    pub keys: Keys,
    pub passwords: Passwords,
    pub throttle: Throttle,
    /// One-time links for the pages that are to show them.
    pub links: Handover<Link>,
    /// Recovery codes likewise.
    pub recovery_codes: Handover<Vec<String>>,
    pub images: Images,
    pub jobs: Calls,
    pub usages: Usages,
    pub activity: Activity,
    pub reconciler: Reconciler,
    pub upstream: Upstream,
    /// Counts changes of rights; open streams check again when it moves.
    rights: watch::Sender<u64>,
    engine_problem: Mutex<Option<Error>>,
    fault_count: AtomicU64,
}

/// Lists of processes and changed files that are read at a time.
const LOOKING_INSIDE: usize = 3;
/// Catalogs that are read at a time.
const READING_CATALOGS: usize = 2;

const INSTALLATION: &str = "installation";

/// What is wrong with the engine until it was read for the first time.
fn not_seen_yet() -> Error {
    Error::unavailable("Slipway has just started and has not reached the engine yet.")
        .hint("Try again in a moment.")
}

impl Core {
    pub(crate) async fn new(
        store: Store,
        engine: Arc<dyn Engine>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Arc<Self>> {
        let installation = match store.meta(INSTALLATION).await? {
            Some(known) => known,
            None => {
                let made = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
                let mut tx = store.begin().await?;
                tx.set_meta(INSTALLATION, &made).await?;
                tx.commit().await?;
                made
            }
        };
        let keys = Keys::open(&settings.data_dir)?;
        let upstream = Upstream::new().map_err(|error| {
            Error::unavailable("The TLS library cannot be used.").detail(error.to_string())
        })?;
        let policy = InForce::read(&store, settings.sessions_per_user).await?;
        let membership = Membership::read(&store).await?;
        Ok(Arc::new(Self {
            policy,
            membership,
            disk: Disk::default(),
            looking_inside: Semaphore::new(LOOKING_INSIDE),
            reading_catalogs: Semaphore::new(READING_CATALOGS),
            reconciler: Reconciler::new(&installation, &settings),
            store,
            engine,
            clock,
            settings,
            installation,
            bus: Bus::default(),
            keys,
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            links: Handover::default(),
            recovery_codes: Handover::default(),
            images: Images::default(),
            jobs: Calls::default(),
            usages: Usages::default(),
            activity: Activity::default(),
            upstream,
            rights: watch::channel(0).0,
            engine_problem: Mutex::new(Some(not_seen_yet())),
            fault_count: AtomicU64::new(1),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reads a session inside a write transaction, changes it, saves it, and tells everybody.
    ///
    /// Nothing is written when `change` returns `None`.
    pub(crate) async fn change_session(
        &self,
        id: &SessionId,
        change: impl FnOnce(&mut Session) -> Option<Vec<TimelineEntry>> + Send,
    ) -> Result<Option<Session>> {
        let mut tx = self.store.begin().await?;
        let Some(mut session) = tx.session(id).await? else { return Ok(None) };
        let Some(entries) = change(&mut session) else { return Ok(None) };
        tx.save_session(&session).await?;
        for entry in &entries {
            tx.add_to_timeline(id, entry).await?;
        }
        tx.commit().await?;
        self.announce_session(&session);
        Ok(Some(session))
    }

    pub(crate) fn announce_session(&self, session: &Session) {
        self.bus.announce(Change::Session { id: session.id.clone(), owner: session.owner.clone() });
    }

    /// Rights changed for somebody: open streams and cached permissions are checked again.
    pub(crate) fn rights_changed(&self, user: Option<&UserId>) {
        self.rights.send_modify(|count| *count += 1);
        if let Some(id) = user {
            self.bus.announce(Change::User { id: id.clone() });
        }
    }

    pub(crate) fn rights(&self) -> watch::Receiver<u64> {
        self.rights.subscribe()
    }

    /// Why the engine cannot be used right now, if it cannot.
    pub(crate) fn engine_problem(&self) -> Option<Error> {
        self.engine_problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_engine_problem(&self, problem: Option<Error>) {
        let before = {
            let mut slot = self.engine_problem.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *slot, problem.clone())
        };
        let is_news = match (&before, &problem) {
            (Some(before), Some(_)) => *before == not_seen_yet(),
            (before, problem) => before.is_some() != problem.is_some(),
        };
        if is_news {
            match &problem {
                Some(error) => tracing::warn!(%error, detail = error.detail, "engine lost"),
                None => tracing::info!(engine = self.engine.address(), "engine reached"),
            }
            self.bus.announce(Change::Engine);
        }
    }

    /// A fault of ours: the cause goes to the log, the reference to the reader.
    pub(crate) fn fault(&self, cause: &dyn std::fmt::Display) -> Error {
        let number = self.fault_count.fetch_add(1, Ordering::Relaxed);
        let reference = format!("f-{:x}-{number}", self.now().millis());
        tracing::error!(reference, %cause, "fault");
        Error::internal(reference)
    }

    pub(crate) fn new_id<T: std::str::FromStr<Err = Error>>(&self) -> Result<T> {
        entropy::new_id().map_err(|error| self.fault(&error))
    }
}
