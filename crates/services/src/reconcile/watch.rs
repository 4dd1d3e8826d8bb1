//! Follows the engine's events, notices when it goes away, and catches up when it is back.

use crate::{core::Core, images::Images, reconcile::pass};
use domain::{
    Error, Result, SessionId,
    session::{Desired, Status},
};
use engine::EngineEvent;
use futures_util::StreamExt;
use std::{sync::Arc, time::Duration};

/// A pass over everything, in case an event was missed.
const PASS_EVERY: Duration = Duration::from_secs(30);
/// First and longest wait before the engine is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));
/// Containers that went down this shortly before the engine went down with it.
const SHUTDOWN_MS: i64 = 20_000;

pub(crate) async fn run(core: Arc<Core>) {
    let mut wait = RETRY.0;
    loop {
        match follow(&core).await {
            Ok(()) => wait = RETRY.0,
            Err(error) => {
                core.set_engine_problem(Some(error));
                wait = (wait * 2).min(RETRY.1);
            }
        }
        tokio::time::sleep(wait).await;
    }
}

/// Follows the engine until it goes away.
async fn follow(core: &Arc<Core>) -> Result<()> {
    // Listen first, then look: what happens in between is seen twice rather than never.
    let mut events = core.engine.events(&core.installation).await?;
    core.disk.is_at(&core.engine.info().await?.root_dir);
    // Only what was there before is in doubt; nothing new begins before the engine counts as
    // reached.
    let live = core.store.live_sessions().await?;
    core.reconciler.lock().unsure.extend(live.into_iter().map(|s| s.id));
    Images::refresh(core).await?;
    core.set_engine_problem(None);
    pass::run(core).await?;
    let mut passes = tokio::time::interval(PASS_EVERY);
    passes.reset();
    let lost = loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => handle(core, event).await?,
                Some(Err(error)) => break error,
                None => break Error::unavailable("The engine ended its stream of events."),
            },
            _ = passes.tick() => pass::run(core).await?,
        }
    };
    core.set_engine_problem(Some(lost));
    revive_what_went_down_with_the_engine(core).await
}

async fn handle(core: &Arc<Core>, event: EngineEvent) -> Result<()> {
    match event {
        EngineEvent::Images => Images::refresh(core).await,
        EngineEvent::Container { session, action } => {
            let Ok(id) = session.parse::<SessionId>() else { return Ok(()) };
            match action.as_str() {
                "kill" => {
                    core.reconciler.lock().signalled.insert(id);
                }
                _ => core.reconciler.wake(core, &id),
            }
            Ok(())
        }
    }
}

/// What ended just before the engine did was ended by it, so it is wanted again.
async fn revive_what_went_down_with_the_engine(core: &Arc<Core>) -> Result<()> {
    let now = core.now();
    let went_down = std::mem::take(&mut core.reconciler.lock().went_down);
    for (id, at) in went_down {
        if now.since(at) > SHUTDOWN_MS {
            continue;
        }
        let entry =
            core.entry(None, "The engine went down and took it along; it will be started again");
        core.change_session(&id, |session| {
            if (session.desired, session.status) != (Desired::Stopped, Status::Stopped) {
                return None;
            }
            session.desired = Desired::Running;
            session.status = Status::Starting;
            session.reason = None;
            Some(vec![entry])
        })
        .await?;
    }
    Ok(())
}
