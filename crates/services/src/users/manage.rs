//! What administrators do with other people's accounts. What is taken away holds at once, also for
//! pages and streams that are open.

use super::{
    Users, insert, not_going, not_own, not_the_last_administrator, reset_second_factor, switch,
    unknown,
};
use domain::{
    Error, Result, SignInId, UserId,
    actor::{Actor, Permission, Role},
    event::Change,
};

impl Users {
    /// Makes an account with a password that the actor hands on.
    ///
    /// # Errors
    /// `Invalid` at `name`, `password` or `again`.
    pub async fn create(
        &self,
        actor: &Actor,
        name: &str,
        role: Role,
        password: String,
        again: &str,
    ) -> Result<UserId> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let (user, hash) = self.prepare(name, password, again, role).await?;
        let mut tx = core.store.begin().await?;
        insert(core, &mut tx, Some(actor), &user, &hash).await?;
        tx.commit().await?;
        core.bus.announce(Change::User { id: user.id.clone() });
        Ok(user.id)
    }

    /// Gives an account another role.
    ///
    /// # Errors
    /// `Conflict` for the actor's own account, the last administrator, and one that is being deleted.
    pub async fn set_role(&self, actor: &Actor, id: &UserId, role: Role) -> Result<()> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let user = tx.user_row(id).await?.ok_or_else(unknown)?;
        not_own(actor, &user, "change the role of")?;
        not_going(&user)?;
        if user.role == role {
            return Ok(());
        }
        not_the_last_administrator(&mut tx, &user).await?;
        tx.set_role(id, role).await?;
        let what = format!("{} to {}", user.role.as_str(), role.as_str());
        tx.audit(core.now(), Some(actor), "user.role", &user.name, Some(&what)).await?;
        tx.commit().await?;
        core.rights_changed(Some(id));
        Ok(())
    }

    /// Disables or enables an account; disabling ends its sign-ins and cuts its streams. Its sessions
    /// and everything else of it stay as they are.
    ///
    /// # Errors
    /// `Conflict` for the actor's own account, the last administrator, and one that is being deleted.
    pub async fn set_enabled(&self, actor: &Actor, id: &UserId, enabled: bool) -> Result<()> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let user = tx.user_row(id).await?.ok_or_else(unknown)?;
        not_own(actor, &user, if enabled { "enable" } else { "disable" })?;
        not_going(&user)?;
        if !enabled {
            not_the_last_administrator(&mut tx, &user).await?;
        }
        switch(core, &mut tx, Some(actor), &user, !enabled).await?;
        tx.commit().await?;
        core.rights_changed(Some(id));
        Ok(())
    }

    /// Takes the second factor of somebody who has lost it away, ends the account's sign-ins and cuts
    /// its streams. The password alone signs in from then on; where a group requires a second factor, to
    /// set up a new one. Without one there is nothing to do.
    ///
    /// # Errors
    /// `Conflict` for the actor's own account, which has a page for that, and one that is being deleted.
    pub async fn reset_second_factor(&self, actor: &Actor, id: &UserId) -> Result<()> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let user = tx.user_row(id).await?.ok_or_else(unknown)?;
        not_own(actor, &user, "reset the second factor of")?;
        not_going(&user)?;
        if reset_second_factor(core, &mut tx, Some(actor), &user).await? {
            tx.commit().await?;
            core.rights_changed(Some(id));
        }
        Ok(())
    }

    /// Ends one of an account's sign-ins, or all of them, and cuts the streams opened with it.
    ///
    /// # Errors
    /// `NotFound` when there is no such account, or the sign-in has already ended; `Conflict` for the
    /// actor's own account, which has a page for that.
    pub async fn end_sign_ins(
        &self,
        actor: &Actor,
        id: &UserId,
        sign_in: Option<&SignInId>,
    ) -> Result<()> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let user = core.store.user_row(id).await?.ok_or_else(unknown)?;
        not_own(actor, &user, "end the sign-ins of")?;
        let all = core.store.sign_ins_of(id, core.now()).await?;
        let mut tx = core.store.begin().await?;
        match sign_in {
            Some(one) if all.iter().all(|known| known.id != *one) => {
                return Err(Error::not_found("That sign-in has already ended."));
            }
            Some(one) => tx.delete_sign_in(one).await?,
            None => tx.delete_sign_ins_of(id, None).await?,
        }
        let which = sign_in.map_or("all", SignInId::short);
        tx.audit(core.now(), Some(actor), "user.sign_out", &user.name, Some(which)).await?;
        tx.commit().await?;
        core.rights_changed(Some(id));
        Ok(())
    }
}
