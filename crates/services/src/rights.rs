//! Rights changed by the command line, in another process, count in a running server too.

use crate::core::Core;
use domain::event::Change;
use std::{sync::Arc, time::Duration};

/// Key of the note that such a change leaves.
pub(crate) const CHANGED: &str = "rights_changed";
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks for the note and has every open stream checked again. Runs for ever.
pub(crate) async fn follow(core: Arc<Core>) {
    let mut seen = core.store.meta(CHANGED).await.ok().flatten();
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        if let Ok(now) = core.store.meta(CHANGED).await
            && now != seen
        {
            seen = now;
            core.rights_changed(None);
            core.bus.announce(Change::Resync);
        }
    }
}
