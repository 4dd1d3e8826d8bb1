//! When each session's stream last carried something, kept in memory and written down now and then.

use crate::core::Core;
use domain::{Result, SessionId, Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const WRITE_EVERY: Duration = Duration::from_secs(15);

#[derive(Debug, Default)]
pub(crate) struct Activity(Mutex<HashMap<SessionId, Timestamp>>);

impl Activity {
    pub(crate) fn note(&self, id: &SessionId, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get_mut(id) {
            Some(at) => *at = now,
            None => {
                seen.insert(id.clone(), now);
            }
        }
    }

    fn take(&self) -> HashMap<SessionId, Timestamp> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn write_down(core: &Core) -> Result<()> {
    let seen = core.activity.take();
    if seen.is_empty() {
        return Ok(());
    }
    let mut tx = core.store.begin().await?;
    for (id, at) in seen {
        tx.set_last_activity(&id, at).await?;
    }
    tx.commit().await
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
