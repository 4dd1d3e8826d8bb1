//! Accounts: making them, and changing one's own password.

use crate::{core::Core, rights};
use domain::{
    Error, Result, UserId,
    actor::{Actor, Permission, Role},
    user::{User, check_name},
};
use std::sync::Arc;
use store::Tx;

#[derive(Clone)]
pub struct Users(Arc<Core>);

impl Users {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Makes an account. Called by the command line and by first-run setup, which have proved their
    /// right otherwise.
    ///
    /// # Errors
    /// `Invalid` at `name`, `password` or `again`.
    pub async fn add(
        &self,
        name: &str,
        password: String,
        again: &str,
        role: Role,
    ) -> Result<UserId> {
        let core = &self.0;
        let (user, hash) = self.prepare(name, password, again, role).await?;
        let mut tx = core.store.begin().await?;
        insert(core, &mut tx, &user, &hash).await?;
        tx.commit().await?;
        Ok(user.id)
    }

    /// Checks a new account and hashes its password, without storing anything.
    pub(crate) async fn prepare(
        &self,
        name: &str,
        password: String,
        again: &str,
        role: Role,
    ) -> Result<(User, String)> {
        let core = &self.0;
        let name = check_name(name).map_err(|why| Error::at("name", why))?;
        core.passwords.check_new(&name, &password, again, "password", "again").await?;
        let hash = core.passwords.hash(password).await?;
        let id = core.new_id()?;
        Ok((User { id, name, role, disabled: false, created_at: core.now() }, hash))
    }

    /// Changes the actor's password and ends the actor's other sign-ins.
    ///
    /// # Errors
    /// `Invalid` at `current`, `new` or `again`; `Exhausted` after too many wrong guesses.
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: String,
        new: String,
        again: String,
    ) -> Result<()> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        let nowhere = std::net::IpAddr::from([0, 0, 0, 0]);
        core.throttle.attempt(&actor.name, nowhere, true, core.now())?;
        let known = core.store.credentials(&actor.name).await?;
        if !core.passwords.verify(current, known.map(|k| k.password_hash)).await? {
            return Err(Error::at("current", "This is not your present password."));
        }
        core.throttle.succeeded(&actor.name, nowhere);
        core.passwords.check_new(&actor.name, &new, &again, "new", "again").await?;
        let hash = core.passwords.hash(new).await?;
        let mut tx = core.store.begin().await?;
        tx.set_password(&actor.user, &hash).await?;
        tx.delete_sign_ins_of(&actor.user, Some(&actor.sign_in)).await?;
        tx.audit(core.now(), Some(actor), "user.change_password", &actor.name, None).await?;
        tx.commit().await?;
        core.rights_changed(Some(&actor.user));
        Ok(())
    }

    /// Disables or enables an account; disabling ends its sign-ins and cuts its streams.
    ///
    /// # Errors
    /// `NotFound` for an unknown name.
    pub async fn set_disabled(&self, name: &str, disabled: bool) -> Result<()> {
        let core = &self.0;
        let known = core
            .store
            .credentials(&name.to_lowercase())
            .await?
            .ok_or_else(|| Error::not_found(format!("There is no user “{name}”.")))?;
        let mut tx = core.store.begin().await?;
        tx.set_disabled(&known.user.id, disabled).await?;
        if disabled {
            tx.delete_sign_ins_of(&known.user.id, None).await?;
        }
        let action = if disabled { "user.disable" } else { "user.enable" };
        tx.audit(core.now(), None, action, &known.user.name, None).await?;
        // Also tells a server in another process, see `rights::follow`.
        tx.set_meta(rights::CHANGED, &core.now().millis().to_string()).await?;
        tx.commit().await?;
        core.rights_changed(Some(&known.user.id));
        Ok(())
    }
}

/// Stores a prepared account with its audit line.
pub(crate) async fn insert(core: &Core, tx: &mut Tx, user: &User, hash: &str) -> Result<()> {
    tx.insert_user(user, hash).await?;
    tx.audit(core.now(), None, "user.add", &user.name, Some(user.role.as_str())).await
}
