//! Stop, pause, start, delete (seed 002), and beginning anew from another image: each records a wish
//! and is safe to repeat.

use crate::{
    core::Core,
    sessions::{Sessions, steerable, unknown},
};
use domain::{
    Error, Result, SessionId, Timestamp,
    actor::{Actor, Permission},
    limits::Asked,
    session::{Action, BulkOutcome, Desired, Session, State, Status},
    workspace::Definition,
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
        let (began, free_disk) = (core.now(), core.disk.free());
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
        // What it is to begin anew from; read once, so that all that follows is about the same.
        let image = core.launched_now(&session);
        if settled_as_asked(&session, action, image.as_deref()) {
            return Ok(());
        }
        if !state.allows(action) {
            return Err(refusal(&session, action));
        }
        if action == Action::Renew {
            may_renew(&mut tx, &session, image.as_deref()).await?;
            let workspace = tx.workspace(&session.workspace).await?.map(|one| one.definition);
            if !actor.may(Permission::ManageWorkspaces) {
                core.still_given(&session, workspace.as_ref())?;
            }
            if let Some(definition) = workspace {
                // What groups take away is asked anew, and so is how it is kept.
                session.config.contract.withholds = definition.contract.withholds;
            }
        }
        let starts = action.desired() == Desired::Running;
        if starts && (action == Action::Renew || !session.takes_resources()) {
            let owner = (&session.owner, session.owner_role);
            core.check_bounds(owner, &session.workspace_name, &session.config)?;
        }
        if starts && !session.takes_resources() {
            let asked = Asked {
                workspace: session.workspace_name.clone(),
                cpu_millis: session.config.cpu_millis,
                memory_bytes: session.config.memory_bytes,
            };
            core.check_room(&mut tx, (&session.owner, session.owner_role), &asked, free_disk)
                .await?;
        }
        if starts && session.port.is_none() {
            session.port = core.claim_port(&mut tx).await?;
        }
        match image.filter(|_| action == Action::Renew) {
            Some(image) => core.renew(&mut session, image, began),
            None => apply(&mut session, action, began),
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
            Some(mut session) => {
                apply(&mut session, Action::Delete, self.0.now());
                record(&self.0, tx, session, Action::Delete, actor).await
            }
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

/// Records a session with a wish that is in it, tells everybody, and has the reconciler look.
async fn record(
    core: &Arc<Core>,
    mut tx: Tx,
    session: Session,
    action: Action,
    actor: Option<&Actor>,
) -> Result<()> {
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

/// Whether the wish is already recorded, reached or not. `image` is what it would begin anew from.
fn settled_as_asked(session: &Session, action: Action, image: Option<&str>) -> bool {
    match action {
        Action::Renew => image.is_some() && image == session.image_digest.as_deref(),
        Action::ForceRemove => session.status == Status::Deleted,
        Action::Start => session.desired == Desired::Running && session.status != Status::Failed,
        _ => session.desired == action.desired() && session.status != Status::Failed,
    }
}

/// Whether there is anything to begin anew from, and nothing that still needs the container.
async fn may_renew(tx: &mut Tx, session: &Session, image: Option<&str>) -> Result<()> {
    let name = &session.workspace_name;
    if session.source.is_none() {
        return Err(Error::conflict(format!(
            "“{name}” cannot begin anew: its workspace is no longer there."
        )));
    }
    if image.is_none() {
        return Err(Error::unavailable(format!(
            "“{name}” cannot begin anew: the image of its workspace is not on the engine."
        ))
        .hint("Its tile on the launcher says when it is."));
    }
    if tx.is_to_be_committed(&session.id).await? {
        return Err(Error::conflict(format!(
            "“{name}” cannot begin anew now: an image is being made of it."
        ))
        .hint("Wait until that is done."));
    }
    Ok(())
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

fn apply(session: &mut Session, action: Action, now: Timestamp) {
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
            // A session whose container is lost starts over with a new one. One without a network of
            // its own was made ready for that when it was lost.
            let lost = session.status == Status::Failed
                && session.network.is_none()
                && session.config.confinement.networks.instead().is_none();
            if lost && session.created {
                session.generation += 1;
                session.created = false;
            }
            if session.status != Status::Paused {
                session.status = Status::Starting;
                session.progress = domain::session::LaunchProgress::default();
            }
        }
        // How it begins anew is told below.
        Action::Renew | Action::Stop | Action::Pause | Action::Delete => {}
    }
}

impl Core {
    /// A new container is as good as a launch: the workspace must still be the owner's to launch.
    fn still_given(&self, session: &Session, workspace: Option<&Definition>) -> Result<()> {
        let own = self.membership.ids(&session.owner, session.owner_role);
        let given = workspace.is_some_and(|definition| {
            definition.enabled && definition.groups.iter().any(|group| own.contains(group))
        });
        if given {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "“{}” cannot begin anew: its workspace can no longer be launched.",
            session.workspace_name
        ))
        .hint("The session can be used as it is. An administrator can give the workspace back."))
    }

    /// Gives a session a new container of another image, in place of the one it has. It stays the
    /// same session, with its network, its port and everything else that it was launched with.
    fn renew(&self, session: &mut Session, image: String, began: Timestamp) {
        if let Some(source) = &session.source {
            session.config.image = source.image.to_string();
        }
        session.progress = self.begun(began, &image);
        session.image_digest = Some(image);
        session.generation += 1;
        session.created = false;
        session.config.mounts.iter_mut().for_each(|mount| mount.fresh = false);
        session.desired = Desired::Running;
        session.status = Status::Starting;
        session.reason = None;
        session.address = None;
        session.running_since = None;
    }
}
