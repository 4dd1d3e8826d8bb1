//! What administrators decide for the whole installation. Read at every launch and every few
//! seconds by the life-time rules, so it is kept in memory; only this process changes it.

use crate::core::Core;
use domain::{
    Error, Result,
    actor::{Actor, Permission},
    event::Change,
    policy::{Policy, PolicyForm},
};
use std::sync::{Arc, PoisonError, RwLock};
use store::Store;

const KEY: &str = "policy";

/// The policy in force.
pub(crate) struct InForce {
    policy: RwLock<Policy>,
    /// Held while it is changed, so that memory and disk end with the same.
    changing: tokio::sync::Mutex<()>,
}

impl InForce {
    /// Reads what was decided, or begins with what holds before anybody has.
    ///
    /// # Errors
    /// When what was decided cannot be read: without it there would be no limits.
    pub(crate) async fn read(store: &Store, sessions_per_user: i64) -> Result<Self> {
        let policy = match store.meta(KEY).await? {
            None => Policy::new(sessions_per_user),
            Some(text) => serde_json::from_str(&text).map_err(|cause| {
                Error::unavailable("The settings in the database cannot be read.")
                    .detail(cause.to_string())
                    .hint("They may come from a newer Slipway. Start that version, or restore a copy of the data directory.")
            })?,
        };
        Ok(Self { policy: RwLock::new(policy), changing: tokio::sync::Mutex::default() })
    }

    pub(crate) fn get(&self) -> Policy {
        *self.policy.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
pub struct Policies(Arc<Core>);

impl Policies {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// # Errors
    /// `Forbidden` unless the actor may decide for the installation.
    pub async fn get(&self, actor: &Actor) -> Result<Policy> {
        actor.require(Permission::ManageSettings)?;
        Ok(self.0.policy.get())
    }

    /// Decides anew. Holds at once, also for sessions that run.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub async fn change(&self, actor: &Actor, form: &PolicyForm) -> Result<()> {
        actor.require(Permission::ManageSettings)?;
        let core = &self.0;
        let policy = form.check()?;
        let text = serde_json::to_string(&policy).map_err(|cause| core.fault(&cause))?;
        let _alone = core.policy.changing.lock().await;
        let mut tx = core.store.begin().await?;
        tx.set_meta(KEY, &text).await?;
        tx.audit(core.now(), Some(actor), "settings.change", "installation", Some(&text)).await?;
        tx.commit().await?;
        *core.policy.policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
        core.bus.announce(Change::Resync);
        Ok(())
    }
}
