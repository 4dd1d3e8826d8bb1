//! Taking an account away with its sessions.
//!
//! The row must outlive the containers: sessions hang on it, and what is no longer recorded is
//! nobody's to remove. So an account is first marked, which ends everything that can be done with it,
//! and its sessions are asked to go. A task in the background takes the row once none of them holds a
//! container; it reads what is recorded, so that a kill at any point loses nothing.

use super::{Users, not_own, not_the_last_administrator, unknown};
use crate::{core::Core, sessions::Sessions};
use domain::{
    Result, UserId,
    actor::{Actor, Permission},
    event::Change,
    session::Desired,
    user::{AccountState, UserRow},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// A look at all accounts that go, in case a change was missed.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What deleting an account would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub name: String,
    /// Sessions that hold a container, which go with their files.
    pub sessions: i64,
}

impl Users {
    /// What deleting would mean.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn removal(&self, actor: &Actor, id: &UserId) -> Result<Removal> {
        actor.require(Permission::ManageUsers)?;
        let user = self.0.store.user_row(id).await?.ok_or_else(unknown)?;
        Ok(Removal { name: user.name, sessions: user.sessions })
    }

    /// Deletes an account: at once nobody can do anything with it, its sessions go with their files,
    /// and then the account itself. Deleting again is no error.
    ///
    /// # Errors
    /// `Conflict` for the actor's own account and for the last administrator.
    pub async fn delete(&self, actor: &Actor, id: &UserId) -> Result<()> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let Some(user) = tx.user_row(id).await? else { return Ok(()) };
        if user.state == AccountState::Deleting {
            return Ok(());
        }
        not_own(actor, &user, "delete")?;
        not_the_last_administrator(&mut tx, &user).await?;
        tx.begin_user_deletion(id).await?;
        tx.delete_sign_ins_of(id, None).await?;
        tx.delete_account_link_of(id).await?;
        tx.audit(core.now(), Some(actor), "user.delete", &user.name, Some(id.as_str())).await?;
        tx.commit().await?;
        core.rights_changed(None);
        // It is promised now; what cannot be done at once is done by the task in the background.
        if let Err(error) = take_away(core, &user, Some(actor)).await {
            tracing::warn!(user = user.name, %error, "an account is deleted later");
        }
        core.rights_changed(Some(id));
        Ok(())
    }
}

/// Has an account's sessions deleted, and takes the account if none of them holds a container. Tells
/// whether it is gone.
async fn take_away(core: &Arc<Core>, user: &UserRow, actor: Option<&Actor>) -> Result<bool> {
    let sessions = Sessions::new(core.clone());
    for session in core.store.sessions_of(&user.id).await? {
        if session.desired != Desired::Deleted {
            sessions.delete_with_owner(actor, &session.id).await?;
        }
    }
    // A session that settles after this look is announced, which calls for the next one: the row must
    // never go before what hangs on it was seen to.
    if !core.store.sessions_of(&user.id).await?.is_empty() {
        return Ok(false);
    }
    // Homes and other volumes of one's own go with the account, while it is still on record.
    let volumes = core.engine.volumes(&core.installation).await?;
    for volume in volumes.iter().filter(|one| one.user.as_deref() == Some(user.id.as_str())) {
        core.engine.remove_volume(&volume.name).await?;
    }
    let mut tx = core.store.begin().await?;
    if tx.count_sessions_of(&user.id).await? > 0 {
        return Ok(false);
    }
    if tx.delete_user(&user.id).await? {
        tx.audit(core.now(), None, "user.deleted", &user.name, Some(user.id.as_str())).await?;
        tx.commit().await?;
        core.bus.announce(Change::User { id: user.id.clone() });
    }
    Ok(true)
}

/// Whether any account is still there that is to go.
async fn look(core: &Arc<Core>) -> Result<bool> {
    let mut left = false;
    for user in core.store.users_being_deleted().await? {
        left |= match take_away(core, &user, None).await {
            Ok(gone) => !gone,
            Err(error) => {
                tracing::warn!(user = user.name, %error, "an account is deleted later");
                true
            }
        };
    }
    Ok(left)
}

/// Waits until there may be something to do: a session went, while accounts wait for that, or an
/// account changed.
async fn news(changes: &mut Receiver<Change>, waiting: bool) {
    loop {
        match changes.recv().await {
            Ok(Change::Session { .. }) if waiting => return,
            Ok(Change::User { .. }) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            // Nothing will be heard any more: the regular look remains.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Takes away accounts that are to go. Runs for ever.
pub(crate) async fn run(core: Arc<Core>) {
    let mut changes = core.bus.listen();
    loop {
        let waiting = look(&core).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "accounts that are to go were not looked at");
            true
        });
        // Late is soon enough.
        let _ = tokio::time::timeout(LOOK_EVERY, news(&mut changes, waiting)).await;
    }
}
