//! Sessions: launching them, steering them, and showing them.

mod act;
mod given;
mod inside;
mod launch;
mod log;
mod show;

use crate::core::Core;
use domain::{
    Error, Result, SessionId,
    actor::{Actor, Permission},
    session::{Session, SessionRow, TimelineEntry, Waiting},
};
use std::sync::Arc;

#[derive(Clone)]
pub struct Sessions(pub(crate) Arc<Core>);

impl Sessions {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// A session that the actor may see. One that he may not see does not exist for him.
    pub(crate) async fn visible(&self, actor: &Actor, id: &SessionId) -> Result<Session> {
        let session = self.0.store.session(id).await?;
        session.filter(|s| s.visible_to(actor)).ok_or_else(unknown)
    }

    /// A session that the actor may look into and steer. To one who may only see it, it says so.
    pub(crate) async fn open(&self, actor: &Actor, id: &SessionId) -> Result<Session> {
        let session = self.visible(actor, id).await?;
        steerable(&session, actor)?;
        Ok(session)
    }
}

pub(crate) use given::{files_of_layer, variables};
pub(crate) use launch::secret_place as launch_secret_place;
pub(crate) use show::is_secret;

/// # Errors
/// `Forbidden` when the actor may see the session and no more.
pub(crate) fn steerable(session: &Session, actor: &Actor) -> Result<()> {
    if session.open_to(actor) { Ok(()) } else { actor.require(Permission::SteerAllSessions) }
}

pub(crate) fn unknown() -> Error {
    Error::not_found("There is no such session (any more).")
        .hint("It may have been deleted. Your own sessions are on the launcher.")
}

impl Core {
    /// Name of a session's container: derived, so that "already exists" means "adopt it".
    pub(crate) fn container_name(&self, id: &SessionId) -> String {
        format!("slipway-{}-{id}", self.installation)
    }

    /// A line for the timeline, by somebody or by Slipway itself.
    pub(crate) fn entry(&self, actor: Option<&Actor>, message: impl Into<String>) -> TimelineEntry {
        TimelineEntry {
            at: self.now(),
            actor: actor.map(|a| a.name.clone()),
            message: message.into(),
            detail: None,
        }
    }

    /// The content id that the next session of a session's workspace has, if the engine has that.
    pub(crate) fn launched_now(&self, session: &Session) -> Option<String> {
        session.source.as_ref().and_then(|source| self.images.id_for(source))
    }

    /// Whether the next session of its workspace has another image than a session.
    pub(crate) fn waiting(&self, session: &Session) -> Option<Waiting> {
        session.waiting(self.launched_now(session).as_deref())
    }

    /// A session as a list shows it.
    pub(crate) fn row(&self, mut session: Session) -> SessionRow {
        self.bring_up_to_date(&mut session);
        SessionRow {
            waiting: self.waiting(&session),
            state: session.state(),
            ending: self.ending(&session),
            usage: session.running_since.and_then(|_| self.usages.of(&session.id, self.now())),
            id: session.id,
            owner_name: session.owner_name,
            workspace_name: session.workspace_name,
            icon: session.icon,
            image: session.config.image,
            image_digest: session.image_digest,
            reason: session.reason,
            launched_at: session.launched_at,
            running_since: session.running_since,
            last_activity_at: session.last_activity_at,
        }
    }
}
