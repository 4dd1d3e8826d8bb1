//! Accounts: making and changing them, and changing one's own password.
//!
//! [`show`] lists them, [`manage`] is what administrators do with them, [`invite`] the one-time links
//! by which people choose their own password, and [`removal`] takes an account away with what is its.

mod invite;
mod manage;
mod removal;
mod show;

pub use invite::{Invited, Link};
pub use removal::Removal;

pub(crate) use removal::run;

use crate::{core::Core, rights, throttle::NOWHERE};
use domain::{
    Error, Result, UserId,
    actor::{Actor, Permission, Role},
    user::{AccountState, User, UserRow, check_name},
};
use std::sync::Arc;
use store::Tx;

#[derive(Clone)]
pub struct Users(Arc<Core>);

pub(crate) fn unknown() -> Error {
    Error::not_found("There is no such user (any more).").hint("Look in the list of users.")
}

/// # Errors
/// `Conflict` when it is the actor's own account; `deed` completes "You cannot … your own account".
fn not_own(actor: &Actor, user: &UserRow, deed: &str) -> Result<()> {
    if actor.user != user.id {
        return Ok(());
    }
    Err(Error::conflict(format!("You cannot {deed} your own account."))
        .hint("Another administrator can."))
}

/// # Errors
/// `Conflict` when the account is on its way out.
fn not_going(user: &UserRow) -> Result<()> {
    if user.state != AccountState::Deleting {
        return Ok(());
    }
    Err(Error::conflict(format!("“{}” is being deleted.", user.name))
        .hint("It goes as soon as none of its sessions holds a container."))
}

/// # Errors
/// `Conflict` when nobody could manage users without this account.
async fn not_the_last_administrator(tx: &mut Tx, user: &UserRow) -> Result<()> {
    if user.role != Role::Administrator || tx.other_administrators(&user.id).await? > 0 {
        return Ok(());
    }
    Err(Error::conflict(format!("“{}” is the last administrator who can sign in.", user.name))
        .hint("Make somebody else an administrator first."))
}

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
        insert(core, &mut tx, None, &user, &hash).await?;
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
        let user = self.named(name, role)?;
        core.passwords.check_new(&user.name, &password, again, "password", "again").await?;
        let hash = core.passwords.hash(password).await?;
        Ok((user, hash))
    }

    /// A new account, not stored yet.
    ///
    /// # Errors
    /// `Invalid` at `name`.
    fn named(&self, name: &str, role: Role) -> Result<User> {
        let name = check_name(name).map_err(|why| Error::at("name", why))?;
        let created_at = self.0.now();
        Ok(User { id: self.0.new_id()?, name, role, disabled: false, created_at })
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
        core.check_own_password(actor, current, "current").await?;
        core.passwords.check_new(&actor.name, &new, &again, "new", "again").await?;
        let hash = core.passwords.hash(new).await?;
        let mut tx = core.store.begin().await?;
        tx.set_password(&actor.user, &hash).await?;
        tx.delete_sign_ins_of(&actor.user, Some(&actor.sign_in)).await?;
        tx.delete_account_link_of(&actor.user).await?;
        tx.audit(core.now(), Some(actor), "user.change_password", &actor.name, None).await?;
        tx.commit().await?;
        core.rights_changed(Some(&actor.user));
        Ok(())
    }

    /// Disables or enables an account by its name, for the command line; disabling ends its sign-ins
    /// and cuts its streams.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, `Conflict` for an account that is being deleted.
    pub async fn set_disabled(&self, name: &str, disabled: bool) -> Result<()> {
        let core = &self.0;
        let (mut tx, user) = self.begin_with(name).await?;
        switch(core, &mut tx, None, &user, disabled).await?;
        self.commit_rights(tx, &user).await
    }

    /// Takes away the second factor of an account by its name, for the command line, with its sign-ins;
    /// tells whether there was one.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, `Conflict` for an account that is being deleted.
    pub async fn reset_second_factor_of(&self, name: &str) -> Result<bool> {
        let core = &self.0;
        let (mut tx, user) = self.begin_with(name).await?;
        let was_on = reset_second_factor(core, &mut tx, None, &user).await?;
        self.commit_rights(tx, &user).await?;
        Ok(was_on)
    }

    /// A transaction about an account that the command line names.
    async fn begin_with(&self, name: &str) -> Result<(Tx, UserRow)> {
        let store = &self.0.store;
        let known = store
            .credentials(&name.to_lowercase())
            .await?
            .ok_or_else(|| Error::not_found(format!("There is no user “{name}”.")))?;
        let mut tx = store.begin().await?;
        let user = tx.user_row(&known.user.id).await?.ok_or_else(unknown)?;
        not_going(&user)?;
        Ok((tx, user))
    }

    /// Ends such a transaction, and also tells a server in another process, see `rights::follow`.
    async fn commit_rights(&self, mut tx: Tx, user: &UserRow) -> Result<()> {
        let core = &self.0;
        tx.set_meta(rights::CHANGED, &core.now().millis().to_string()).await?;
        tx.commit().await?;
        core.rights_changed(Some(&user.id));
        Ok(())
    }
}

impl Core {
    /// Asks the actor's own password again, before something that a browser left open must not do.
    ///
    /// # Errors
    /// `Invalid` at `field`; `Exhausted` after too many wrong guesses.
    pub(crate) async fn check_own_password(
        &self,
        actor: &Actor,
        password: String,
        field: &str,
    ) -> Result<()> {
        self.throttle.attempt(&actor.name, NOWHERE, true, self.now())?;
        let known = self.store.credentials(&actor.name).await?;
        let longest = domain::user::PASSWORD_LONGEST * 4;
        let hash = known.and_then(|k| k.password_hash);
        if password.len() > longest || !self.passwords.verify(password, hash).await? {
            return Err(Error::at(field, "This is not your present password."));
        }
        self.throttle.succeeded(&actor.name, NOWHERE);
        Ok(())
    }
}

/// Stores a prepared account with its audit line.
pub(crate) async fn insert(
    core: &Core,
    tx: &mut Tx,
    actor: Option<&Actor>,
    user: &User,
    hash: &str,
) -> Result<()> {
    tx.insert_user(user, hash).await?;
    tx.audit(core.now(), actor, "user.add", &user.name, Some(user.role.as_str())).await
}

/// Takes the second factor of an account away and ends its sign-ins, with its audit line; tells whether
/// there was one.
async fn reset_second_factor(
    core: &Core,
    tx: &mut Tx,
    actor: Option<&Actor>,
    user: &UserRow,
) -> Result<bool> {
    if !tx.delete_second_factor(&user.id).await? {
        return Ok(false);
    }
    tx.delete_sign_ins_of(&user.id, None).await?;
    tx.audit(core.now(), actor, "user.second_factor_reset", &user.name, None).await?;
    Ok(true)
}

/// Disables or enables an account, with its audit line.
async fn switch(
    core: &Core,
    tx: &mut Tx,
    actor: Option<&Actor>,
    user: &UserRow,
    disabled: bool,
) -> Result<()> {
    tx.set_disabled(&user.id, disabled).await?;
    if disabled {
        tx.delete_sign_ins_of(&user.id, None).await?;
    }
    let action = if disabled { "user.disable" } else { "user.enable" };
    tx.audit(core.now(), actor, action, &user.name, None).await
}
