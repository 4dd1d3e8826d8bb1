//! One look at everything: two listings of the engine, one of the store.

use crate::{core::Core, reconcile::lane};
use domain::{Result, plan};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Ended sessions are kept as history for this long.
const HISTORY_S: i64 = 30 * 24 * 3600;
/// A form left half-way, and credentials of a push that was refused, are kept for this long.
const UNDECIDED_S: i64 = 24 * 3600;

pub(crate) async fn run(core: &Arc<Core>) -> Result<()> {
    // The engine first, the store second: a container made in between belongs to a known session.
    let containers = core.engine.containers(&core.installation).await?;
    let networks = core.engine.networks(&core.installation).await?;
    let live = core.store.live_sessions().await?;

    let known: HashSet<&str> = live.iter().map(|s| s.id.as_str()).collect();
    for orphan in containers.iter().filter(|c| !known.contains(c.session.as_str())) {
        tracing::warn!(container = orphan.name, "removing a container without a session");
        if let Err(error) = core.engine.remove_container(&orphan.name).await {
            tracing::warn!(%error, container = orphan.name, "it stays for now");
        }
    }

    let by_session: HashMap<&str, _> =
        containers.iter().map(|c| (c.session.as_str(), c.observed)).collect();
    for session in &live {
        if core.reconciler.lock().busy.contains_key(&session.id) {
            continue;
        }
        let Some(full) = core.store.session(&session.id).await? else { continue };
        let observed = by_session.get(session.id.as_str()).copied();
        let continuity = core.reconciler.continuity(&session.id);
        if plan::plan(lane::intent(&full), observed, continuity).is_empty() {
            core.reconciler.settled(&session.id);
        } else {
            core.reconciler.wake(core, &session.id);
        }
    }

    // Of those that were opened just before Slipway went away.
    for id in core.store.opened_sessions().await? {
        core.reconciler.wake(core, &id);
    }

    let claimed = live.iter().filter_map(|s| s.network.clone()).collect();
    core.reconciler.networks.tidy(core, &networks, &claimed).await;

    let mut tx = core.store.begin().await?;
    let (history, undecided) =
        (core.now().plus_secs(-HISTORY_S), core.now().plus_secs(-UNDECIDED_S));
    tx.prune_sessions(history).await?;
    tx.prune_jobs(undecided, history).await?;
    tx.prune_snapshot_drafts(undecided).await?;
    tx.delete_expired(core.now()).await?;
    let audit_days = core.policy.get().audit_days;
    tx.prune_audit(core.now().plus_secs(-audit_days * 24 * 3600)).await?;
    tx.commit().await
}
