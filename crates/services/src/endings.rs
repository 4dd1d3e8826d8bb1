//! Ends sessions by the life-time rules, and warns before.
//!
//! Looks at running sessions every few seconds, by the rules as they are then, so that a changed
//! rule holds at once. All that must not be forgotten (that people were warned, that somebody asked
//! for more time) is in the session's row; ending one is recording the same wish as by hand.

use crate::{core::Core, sessions::Sessions};
use domain::{
    Error, Result, SessionId, Timestamp,
    actor::Actor,
    lifetime::{self, Ending, Life, Lifetime, Rules},
    session::{Session, State},
};
use std::{sync::Arc, time::Duration};
use store::RunningSession;

const LOOK_EVERY: Duration = Duration::from_secs(2);

pub(crate) async fn run(core: Arc<Core>) {
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = look(&core).await {
            tracing::warn!(%error, "the life-time rules were not looked at");
        }
    }
}

async fn look(core: &Arc<Core>) -> Result<()> {
    let anywhere = core.policy.get().lifetime != Lifetime::default();
    let all = anywhere || core.membership.has_lifetimes();
    for session in core.store.running_sessions(all).await? {
        let now = core.now();
        let around = core.lifetime_around(&session.owner, session.role);
        if due(core, &session, &around, now)
            && let Err(error) = act(core, &session.id).await
        {
            tracing::warn!(session = %session.id, %error, "a life-time rule was not carried out");
        }
    }
    Ok(())
}

/// Whether there is anything to do for a session: warn, end, or take a warning back.
fn due(core: &Core, session: &RunningSession, around: &Lifetime, now: Timestamp) -> bool {
    let noticed = core.activity.unwritten(&session.id);
    let mut seen = session.seen;
    seen.active_at = seen.active_at.max(noticed.active_at);
    let mut life = session.life;
    life.viewed_at = life.viewed_at.max(noticed.viewed_at);
    let rules = Rules::of(&[&session.lifetime, around]);
    let ending = lifetime::ending(&rules, &life, seen, now);
    deed(ending.as_ref(), &life, now).is_some()
}

/// What the rules ask for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Warn,
    TakeBack,
    End,
}

fn deed(ending: Option<&Ending>, life: &Life, now: Timestamp) -> Option<Deed> {
    let Some(ending) = ending else { return life.warning.map(|_| Deed::TakeBack) };
    match (ending.is_announced(life), ending.is_near(now)) {
        (true, _) if ending.at <= now => Some(Deed::End),
        (false, true) => Some(Deed::Warn),
        (_, false) => life.warning.map(|_| Deed::TakeBack),
        (true, true) => None,
    }
}

/// Decides once more, inside the transaction that records it: somebody may have been faster.
async fn act(core: &Arc<Core>, id: &SessionId) -> Result<()> {
    let now = core.now();
    let mut tx = core.store.begin().await?;
    let Some(mut session) = tx.session(id).await? else { return Ok(()) };
    core.bring_up_to_date(&mut session);
    // By one reading of the clock: an end that waits for its warning moves with the clock, and by a
    // second reading it would never be near.
    let around = core.lifetime_around(&session.owner, session.owner_role);
    let ending = session.ending(&around, now);
    let running = session.state() == State::Running;
    let deed = deed(ending.as_ref(), &session.life, now).filter(|_| running);
    match (deed, ending) {
        (Some(Deed::Warn), Some(ending)) => {
            session.life.warning = Some(ending.warned(now));
            tx.add_to_timeline(id, &core.entry(None, ending.warning())).await?;
        }
        (Some(Deed::TakeBack), _) => session.life.warning = None,
        // The image comes first; what it is made of must not go away under it.
        (Some(Deed::End), _) if tx.is_to_be_committed(id).await? => return Ok(()),
        (Some(Deed::End), Some(ending)) => {
            let reason = ending.reason();
            session.desired = ending.bound.action.action().desired();
            session.life.warning = None;
            tx.add_to_timeline(id, &core.entry(None, reason.message.clone())).await?;
            let what = format!("session.{}", ending.bound.action.as_str());
            tx.audit(now, None, &what, &session.workspace_name, Some(id.as_str())).await?;
            session.reason = Some(reason);
        }
        _ => return Ok(()),
    }
    tx.save_session(&session).await?;
    tx.commit().await?;
    core.announce_session(&session);
    if deed == Some(Deed::End) {
        core.rights_changed(None);
        core.reconciler.wake(core, id);
    }
    Ok(())
}

impl Core {
    /// What was noticed of a session and is not yet in its row.
    pub(crate) fn bring_up_to_date(&self, session: &mut Session) {
        let noticed = self.activity.unwritten(&session.id);
        session.last_activity_at = session.last_activity_at.max(noticed.active_at);
        session.life.viewed_at = session.life.viewed_at.max(noticed.viewed_at);
    }

    /// When and why a session ends by itself.
    pub(crate) fn ending(&self, session: &Session) -> Option<Ending> {
        let around = self.lifetime_around(&session.owner, session.owner_role);
        session.ending(&around, self.now())
    }
}

impl Sessions {
    /// Gives a session more time, within the rules.
    ///
    /// # Errors
    /// `Conflict` when it does not run or nothing ends it, `Exhausted` when the rules give no more,
    /// `Forbidden` for those who may only see it.
    pub async fn extend(&self, actor: &Actor, id: &SessionId) -> Result<()> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let session = tx.session(id).await?.filter(|s| s.visible_to(actor));
        let mut session = session.ok_or_else(crate::sessions::unknown)?;
        crate::sessions::steerable(&session, actor)?;
        core.bring_up_to_date(&mut session);
        let name = &session.workspace_name;
        let around = core.lifetime_around(&session.owner, session.owner_role);
        let Some(ending) = session.ending(&around, now) else {
            let state = session.state().label().to_lowercase();
            return Err(Error::conflict(format!(
                "“{name}” is {state} and needs no more time: no rule is about to end it."
            )));
        };
        session.life = lifetime::extend(&session.rules(&around), &session.life, &ending, now)?;
        let until = session.ending(&around, now).map(|ending| ending.at.display());
        let until = until.unwrap_or_default();
        let entry = core.entry(Some(actor), format!("Asked for more time: until {until}"));
        tx.save_session(&session).await?;
        tx.add_to_timeline(id, &entry).await?;
        tx.audit(now, Some(actor), "session.extend", &session.workspace_name, Some(id.as_str()))
            .await?;
        tx.commit().await?;
        core.announce_session(&session);
        Ok(())
    }
}
