//! Stop, pause, start, delete (seed 002): each records a wish and is safe to repeat.

use crate::{
    core::Core,
    sessions::{Sessions, steerable, unknown},
};
use domain::{
    Error, Result, SessionId,
    actor::{Actor, Permission},
    limits::Asked,
    session::{Action, BulkOutcome, Desired, Session, State, Status},
};
use std::sync::Arc;
use store::Tx;

/// Most sessions one bulk action takes.
const MOST: usize = 500;

impl Sessions {
    /// Records what should become of a session; the reconciler makes it so.
    ///
    /// Asking for what already is, or is under way, is no error.
    ///
    /// # Errors
    /// `Conflict` when the session's state does not allow it; `Forbidden` for those who may only see
    /// it, and for force removal by others than administrators.
    pub async fn act(&self, actor: &Actor, id: &SessionId, action: Action) -> Result<()> {
        if action == Action::ForceRemove {
            actor.require(Permission::ForceRemoveSessions)?;
        }
        let core = &self.0;
        let free_disk = core.disk.free();
        let mut tx = core.store.begin().await?;
        let session = tx.session(id).await?.filter(|s| s.visible_to(actor));
        let Some(mut session) = session else {
            // Gone is what was wanted.
            return if action.desired() == Desired::Deleted { Ok(()) } else { Err(unknown()) };
        };
        steerable(&session, actor)?;
        if !actor.may(Permission::SteerAllSessions) {
            actor.require(action.permission())?;
        }
        let state = session.state();
        if settled_as_asked(&session, action) {
            return Ok(());
        }
        if !state.allows(action) {
            return Err(refusal(&session, action));
        }
        if action == Action::Start && !session.takes_resources() {
            let asked = Asked {
                workspace: session.workspace_name.clone(),
                cpu_millis: session.config.cpu_millis,
                memory_bytes: session.config.memory_bytes,
            };
            core.check_room(&mut tx, (&session.owner, session.owner_role), &asked, free_disk)
                .await?;
        }
        if action == Action::Start && session.port.is_none() {
            session.port = core.claim_port(&mut tx).await?;
        }
        record(core, tx, session, action, Some(actor)).await
    }

    /// Records that a session is to be deleted because its owner's account is: in the name of whoever
    /// deletes that, or of Slipway itself. One that is on its way out already is left alone.
    pub(crate) async fn delete_with_owner(
        &self,
        actor: Option<&Actor>,
        id: &SessionId,
    ) -> Result<()> {
        let mut tx = self.0.store.begin().await?;
        let session = tx.session(id).await?.filter(|s| s.desired != Desired::Deleted);
        match session {
            Some(session) => record(&self.0, tx, session, Action::Delete, actor).await,
            None => Ok(()),
        }
    }

    /// The same for many, each with its own outcome; one refusal does not stop the others.
    ///
    /// # Errors
    /// `Forbidden` for users, `Invalid` when nothing or too much is chosen.
    pub async fn act_on_many(
        &self,
        actor: &Actor,
        ids: &[String],
        action: Action,
    ) -> Result<Vec<BulkOutcome>> {
        actor.require(Permission::SteerAllSessions)?;
        if ids.is_empty() || ids.len() > MOST {
            return Err(Error::at("ids", format!("Choose between 1 and {MOST} sessions.")));
        }
        let mut outcomes = Vec::with_capacity(ids.len());
        for text in ids {
            let Ok(id) = text.parse::<SessionId>() else { continue };
            let session = self.0.store.session(&id).await?;
            let name = session.map_or_else(
                || id.short().to_owned(),
                |s| format!("{} of {}", s.workspace_name, s.owner_name),
            );
            let done = self.act(actor, &id, action).await;
            outcomes.push(BulkOutcome { id, name, problem: done.err().map(|e| e.to_string()) });
        }
        Ok(outcomes)
    }
}

/// Records a wish, tells everybody, and has the reconciler look.
async fn record(
    core: &Arc<Core>,
    mut tx: Tx,
    mut session: Session,
    action: Action,
    actor: Option<&Actor>,
) -> Result<()> {
    apply(&mut session, action, core.now());
    tx.save_session(&session).await?;
    let mut entry = core.entry(actor, format!("Asked to {}", action.deed()));
    if action == Action::ForceRemove {
        entry.detail = Some("What the engine still holds is removed as soon as it lets go.".into());
    }
    tx.add_to_timeline(&session.id, &entry).await?;
    let what = format!("session.{}", action.as_str());
    let id = Some(session.id.as_str());
    tx.audit(core.now(), actor, &what, &session.workspace_name, id).await?;
    tx.commit().await?;
    core.announce_session(&session);
    if action.desired() == Desired::Deleted {
        core.rights_changed(None);
    }
    core.reconciler.wake(core, &session.id);
    Ok(())
}

/// Whether the wish is already recorded, reached or not.
fn settled_as_asked(session: &Session, action: Action) -> bool {
    match action {
        Action::ForceRemove => session.status == Status::Deleted,
        Action::Start => session.desired == Desired::Running && session.status != Status::Failed,
        _ => session.desired == action.desired() && session.status != Status::Failed,
    }
}

fn refusal(session: &Session, action: Action) -> Error {
    let state = session.state();
    let name = &session.workspace_name;
    let message = format!(
        "“{name}” is {}; it cannot be asked to {} now.",
        state.label().to_lowercase(),
        action.label().to_lowercase()
    );
    let error = Error::conflict(message);
    match (action, state) {
        (Action::Pause, State::Starting) => error.hint("Wait until it runs, or stop it."),
        (Action::Pause, _) => error.hint("Only a running session can be paused. Start it first."),
        (Action::Stop, State::Failed) => {
            error.hint("It does not run. Start it again or delete it.")
        }
        (_, State::Deleting | State::Deleted) => {
            error.hint("Launch the workspace again from the launcher.")
        }
        _ => error,
    }
}

fn apply(session: &mut Session, action: Action, now: domain::Timestamp) {
    session.desired = action.desired();
    session.reason = None;
    match action {
        Action::ForceRemove => {
            session.status = Status::Deleted;
            session.port = None;
            session.network = None;
            session.address = None;
            session.running_since = None;
            session.ended_at = Some(now);
        }
        Action::Start => {
            // A session whose container is lost starts over with a new one.
            let lost = session.status == Status::Failed && session.network.is_none();
            if lost && session.created {
                session.generation += 1;
                session.created = false;
            }
            if session.status != Status::Paused {
                session.status = Status::Starting;
                session.progress = domain::session::LaunchProgress::default();
            }
        }
        Action::Stop | Action::Pause | Action::Delete => {}
    }
}
