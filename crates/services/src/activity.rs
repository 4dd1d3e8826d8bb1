//! When each session was last used and last looked at, kept in memory and written down now and then.
//!
//! Judged from what its streams carry, not from a tab that is open: see the proxy for what counts.

use crate::core::Core;
use domain::{Result, SessionId, Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const WRITE_EVERY: Duration = Duration::from_secs(15);

/// What was noticed of a session since it was last written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Noticed {
    /// Its streams carried something that somebody, or a program at work, sent.
    pub active_at: Option<Timestamp>,
    /// Somebody had it open.
    pub viewed_at: Option<Timestamp>,
}

#[derive(Debug, Default)]
pub(crate) struct Activity(Mutex<HashMap<SessionId, Noticed>>);

impl Activity {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Noticed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has the session open.
    pub(crate) fn note_view(&self, id: &SessionId, now: Timestamp) {
        self.lock().entry(id.clone()).or_default().viewed_at = Some(now);
    }

    /// Something happens in the session.
    pub(crate) fn note_use(&self, id: &SessionId, now: Timestamp) {
        self.lock().entry(id.clone()).or_default().active_at = Some(now);
    }

    /// What is not yet in the session's row.
    pub(crate) fn unwritten(&self, id: &SessionId) -> Noticed {
        self.lock().get(id).copied().unwrap_or_default()
    }

    fn all(&self) -> Vec<(SessionId, Noticed)> {
        self.lock().iter().map(|(id, noticed)| (id.clone(), *noticed)).collect()
    }

    /// Forgets what was written down, unless there is something newer.
    fn forget(&self, written: &[(SessionId, Noticed)]) {
        let mut all = self.lock();
        for (id, noticed) in written {
            if all.get(id) == Some(noticed) {
                all.remove(id);
            }
        }
    }
}

async fn write_down(core: &Core) -> Result<()> {
    let all = core.activity.all();
    if all.is_empty() {
        return Ok(());
    }
    let mut tx = core.store.begin().await?;
    for (id, noticed) in &all {
        tx.set_last_seen(id, noticed.active_at, noticed.viewed_at).await?;
    }
    tx.commit().await?;
    core.activity.forget(&all);
    Ok(())
}

pub(crate) async fn run(core: Arc<Core>) {
    let mut every = tokio::time::interval(WRITE_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = write_down(&core).await {
            tracing::warn!(%error, "last activity was not written down");
        }
    }
}
