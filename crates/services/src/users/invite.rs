//! One-time links by which people choose the password of their account: invited to a new one, or
//! because they have lost the one they had.
//!
//! The token is in the link alone; what is stored is its hash, so the link can be shown once and
//! never again. Until a link is used, everything about the account stays as it is.

use super::{Users, insert, not_going, unknown};
use crate::{core::Core, entropy};
use domain::{
    Error, Result, Timestamp, UserId,
    actor::{Actor, Permission, Role},
    audit::AuditResult,
    event::Change,
    user::{AccountState, UserRow},
};
use std::net::IpAddr;
use store::{AccountLink, NewAuditLine, Tx};

/// How long a link works.
const LIFETIME_S: i64 = 7 * 24 * 3600;

/// A link that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub user: UserId,
    pub name: String,
    /// What has to be in the address.
    pub token: String,
    pub expires_at: Timestamp,
}

/// What the holder of a link sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    pub name: String,
    /// Whether there is a password already, which another one replaces.
    pub has_password: bool,
    pub expires_at: Timestamp,
}

/// Makes the one link of an account, in the transaction of what makes it necessary.
async fn make(core: &Core, tx: &mut Tx, user: &UserId, name: &str) -> Result<Link> {
    let token = entropy::secret()?;
    let expires_at = core.now().plus_secs(LIFETIME_S);
    let link = AccountLink { user: user.clone(), expires_at };
    tx.put_account_link(&entropy::digest(&token), &link, core.now()).await?;
    Ok(Link { user: user.clone(), name: name.to_owned(), token, expires_at })
}

impl Users {
    /// Makes an account without a password, and the link by which its owner chooses one. Nobody signs
    /// in with it before.
    ///
    /// # Errors
    /// `Invalid` at `name`.
    pub async fn invite(&self, actor: &Actor, name: &str, role: Role) -> Result<Link> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let user = self.named(name, role)?;
        let mut tx = core.store.begin().await?;
        insert(core, &mut tx, Some(actor), &user, "").await?;
        tx.audit(core.now(), Some(actor), "user.invite", &user.name, None).await?;
        let link = make(core, &mut tx, &user.id, &user.name).await?;
        tx.commit().await?;
        core.bus.announce(Change::User { id: user.id });
        Ok(link)
    }

    /// Makes a new link to an account; the one before works no longer. A password that there is stays
    /// good until the link is used.
    ///
    /// # Errors
    /// `Conflict` for an account that is being deleted.
    pub async fn new_link(&self, actor: &Actor, id: &UserId) -> Result<Link> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let user = tx.user_row(id).await?.ok_or_else(unknown)?;
        not_going(&user)?;
        let action = if user.has_password { "user.reset_link" } else { "user.invite" };
        tx.audit(core.now(), Some(actor), action, &user.name, None).await?;
        let link = make(core, &mut tx, id, &user.name).await?;
        tx.commit().await?;
        core.bus.announce(Change::User { id: id.clone() });
        Ok(link)
    }

    /// Makes the open link to an account worth nothing; without one there is nothing to do.
    pub async fn withdraw_link(&self, actor: &Actor, id: &UserId) -> Result<()> {
        actor.require(Permission::ManageUsers)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let user = tx.user_row(id).await?.ok_or_else(unknown)?;
        if tx.delete_account_link_of(id).await? {
            tx.audit(core.now(), Some(actor), "user.withdraw_link", &user.name, None).await?;
        }
        tx.commit().await?;
        core.bus.announce(Change::User { id: id.clone() });
        Ok(())
    }

    /// Keeps a link for the page that the actor sees next.
    pub fn leave_link(&self, actor: &Actor, link: Link) {
        self.0.links.leave(&actor.sign_in, link, self.0.now());
    }

    /// The link to an account that was left for this sign-in, once.
    pub fn take_link(&self, actor: &Actor, user: &UserId) -> Option<Link> {
        let link = self.0.links.take(&actor.sign_in, self.0.now())?;
        (link.user == *user).then_some(link)
    }

    /// The account that a link is for.
    async fn linked(&self, token: &str, address: IpAddr) -> Result<(AccountLink, UserRow)> {
        let core = &self.0;
        let gone = || {
            Error::not_found("This link does not work (any more).").hint(
                "A link works once and for 7 days, and only the newest one. Ask an administrator for another.",
            )
        };
        let hash = entropy::digest(token);
        core.throttle.attempt(&hash, address, false, core.now())?;
        let link = core.store.account_link(&hash, core.now()).await?.ok_or_else(gone)?;
        let user = core.store.user_row(&link.user).await?.ok_or_else(gone)?;
        core.throttle.succeeded(&hash, address);
        match user.state {
            AccountState::Enabled | AccountState::Invited => Ok((link, user)),
            AccountState::Deleting => Err(gone()),
            AccountState::Disabled => {
                Err(Error::conflict(format!("The account “{}” is disabled.", user.name))
                    .hint("Ask an administrator to enable it. The link works again then."))
            }
        }
    }

    /// What a link is for. Looking does not use it up.
    ///
    /// # Errors
    /// `NotFound` for a link that was used or replaced, or whose time is over.
    pub async fn invited(&self, token: &str, address: IpAddr) -> Result<Invited> {
        let (link, user) = self.linked(token, address).await?;
        Ok(Invited {
            name: user.name,
            has_password: user.has_password,
            expires_at: link.expires_at,
        })
    }

    /// Sets the password of the account that a link is for, ends the account's sign-ins, and uses the
    /// link up. Gives the name to sign in with.
    ///
    /// # Errors
    /// As [`invited`](Self::invited), and `Invalid` at `password` or `again`, which leaves the link as
    /// it was.
    pub async fn accept(
        &self,
        token: &str,
        address: IpAddr,
        password: String,
        again: &str,
    ) -> Result<String> {
        let core = &self.0;
        let (_, user) = self.linked(token, address).await?;
        core.passwords.check_new(&user.name, &password, again, "password", "again").await?;
        let hash = core.passwords.hash(password).await?;
        let mut tx = core.store.begin().await?;
        // Of two who use the link at the same moment, one gets through.
        if !tx.take_account_link(&entropy::digest(token)).await? {
            return Err(Error::conflict("This link was just used by somebody else.")
                .hint("If that was not you, tell an administrator."));
        }
        tx.set_password(&user.id, &hash).await?;
        tx.delete_sign_ins_of(&user.id, None).await?;
        let action = if user.has_password { "user.reset_password" } else { "user.accept" };
        tx.audit_outside(&NewAuditLine {
            at: core.now(),
            user: Some((&user.id, user.name.as_str())),
            action,
            target: &user.name,
            detail: None,
            address: &address.to_string(),
            result: AuditResult::Done,
        })
        .await?;
        tx.commit().await?;
        core.rights_changed(Some(&user.id));
        Ok(user.name)
    }
}
