//! Makes true what is recorded as desired.
//!
//! One [`pass`](pass::run) over everything looks for differences between the rows and the engine's
//! objects; one [`lane`] per session then applies [`domain::plan`] step by step until nothing is
//! left to do. Passes are woken by a timer and by the engine coming back; lanes by a recorded wish,
//! by the engine's events, and by passes. All of them run the same code, so restart and normal
//! operation are one path. Nothing here needs to be remembered across a crash: names are derived,
//! "already exists" means adopt, "gone" means plan again.

mod commands;
mod lane;
mod networks;
mod pass;
mod probe;
mod steps;
mod volumes;
mod watch;

use crate::{core::Core, settings::Settings};
use domain::{SessionId, Timestamp};
use networks::NetworkPool;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

/// The reconciler's memory. All of it may be lost at any time.
pub(crate) struct Reconciler {
    pub(in crate::reconcile) networks: NetworkPool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Sessions being worked on; `true` when there was another wake-up meanwhile.
    busy: HashMap<SessionId, bool>,
    /// Sessions not looked at since the engine or Slipway was away.
    unsure: HashSet<SessionId>,
    /// Sessions whose container got a signal through the engine.
    signalled: HashSet<SessionId>,
    /// Sessions that went down lately without Slipway being asked, with the time.
    went_down: HashMap<SessionId, Timestamp>,
    unusable_ports: HashSet<u16>,
}

impl Reconciler {
    pub(crate) fn new(installation: &str, settings: &Settings) -> Self {
        Self { networks: NetworkPool::new(installation, settings), state: Mutex::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a session looked at now, or again if it is being looked at.
    pub(crate) fn wake(&self, core: &Arc<Core>, id: &SessionId) {
        let mut state = self.lock();
        if let Some(again) = state.busy.get_mut(id) {
            *again = true;
            return;
        }
        state.busy.insert(id.clone(), false);
        drop(state);
        tokio::spawn(lane::run(core.clone(), id.clone()));
    }

    /// Ports of the range that other programs hold.
    pub(crate) fn unusable_ports(&self) -> Vec<u16> {
        self.lock().unusable_ports.iter().copied().collect()
    }

    pub(crate) fn mark_unusable(&self, port: u16) {
        self.lock().unusable_ports.insert(port);
    }
}

/// Watches the engine and keeps everything converged. Runs for ever.
pub(crate) async fn run(core: Arc<Core>) {
    watch::run(core).await;
}
