//! The second factor of local accounts: turned on with a device, asked for at sign-in, and taken away
//! when the device is lost.
//!
//! A device becomes the second factor only once it has shown a right code, so nobody locks himself out
//! by half a set-up. Whether somebody must have one is what groups say; that it is then enforced is
//! [`Access::actor`](crate::Access::actor)'s, which everything asks.

mod arriving;
mod proposal;
mod recovery;
mod totp;

use crate::{core::Core, throttle::NOWHERE};
use domain::{
    Error, Result, UserId,
    actor::{Actor, Permission},
    second_factor::{SecondFactor, Typed},
    user::User,
};
use std::sync::Arc;
use store::StoredSecondFactor;
use totp::Secret;

/// How long a device may be told the secret before it shows a first code.
const PROPOSED_FOR_S: i64 = 15 * 60;

#[derive(Clone)]
pub struct SecondFactors(Arc<Core>);

fn wrong() -> Error {
    Error::at("code", "This code is not right, or was used already.").hint(
        "Each code works once. Wait for the next one, and check that the device's clock is right.",
    )
}

fn off() -> Error {
    Error::conflict("There is no second factor: it is off.").hint("Set one up first.")
}

/// Where the secret of an account is kept.
fn place(user: &UserId) -> String {
    format!("second_factors.secret/{user}")
}

/// What attempts to guess a code of an account are counted under: not with those at its password, of
/// which a right one forgets the others.
fn guesses(name: &str) -> String {
    format!("code of {name}")
}

impl Core {
    /// Whether somebody must have a second factor and has none.
    pub(crate) async fn owes_second_factor(&self, user: &User) -> Result<bool> {
        let required = self.membership.requires_second_factor(&user.id, user.role).is_some();
        Ok(required && self.store.second_factor(&user.id).await?.is_none())
    }

    fn open_secret(&self, user: &UserId, sealed: &[u8]) -> Result<Secret> {
        Secret::read(&self.keys.open_sealed(&place(user), sealed)?)
    }
}

impl SecondFactors {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// The actor's own, with what a device has to be told if one was begun with in this browser. `host`
    /// is the console's, by which the device tells two Slipways apart.
    pub async fn show(&self, actor: &Actor, host: &str) -> Result<SecondFactor> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        let user = &actor.user;
        let proposed = core.store.second_factor_proposal(user, &actor.sign_in, core.now()).await?;
        let proposal = match proposed {
            Some(sealed) => {
                let secret = core.open_secret(user, &sealed)?;
                Some(proposal::proposal(&secret, &format!("{}@{host}", actor.name))?)
            }
            None => None,
        };
        Ok(SecondFactor {
            on_since: core.store.second_factor(user).await?.map(|factor| factor.on_since),
            codes_left: core.store.recovery_codes_left(user).await?,
            required_by: core.membership.requires_second_factor(user, actor.role),
            proposal,
        })
    }

    /// Begins with a device, a first or another one. Nothing changes until it has shown a right code.
    ///
    /// # Errors
    /// `Invalid` at `password`; `Exhausted` after too many wrong ones.
    pub async fn begin(&self, actor: &Actor, password: String) -> Result<()> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        core.check_own_password(actor, password, "password").await?;
        let sealed = core.keys.seal(&place(&actor.user), &Secret::new()?.base32())?;
        let until = core.now().plus_secs(PROPOSED_FOR_S);
        let mut tx = core.store.begin().await?;
        tx.propose_second_factor(&actor.user, &actor.sign_in, &sealed, until).await?;
        tx.commit().await
    }

    /// Turns the second factor on with the device that was begun with, in place of the one before, and
    /// ends the actor's other sign-ins. Gives new recovery codes, which are nowhere else.
    ///
    /// # Errors
    /// `Invalid` at `code`; `Conflict` when no device was begun with, or too long ago; `Exhausted`
    /// after too many wrong codes.
    pub async fn confirm(&self, actor: &Actor, code: &str) -> Result<Vec<String>> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        let (user, now) = (&actor.user, core.now());
        let over = || {
            Error::conflict("This took too long, or the device was begun with in another browser.")
                .hint("Begin again.")
        };
        let sealed = core.store.second_factor_proposal(user, &actor.sign_in, now).await?;
        let sealed = sealed.ok_or_else(over)?;
        core.throttle.attempt(&guesses(&actor.name), NOWHERE, true, now)?;
        let step = match Typed::read(code) {
            Some(Typed::Code(code)) => core.open_secret(user, &sealed)?.step_of(&code, now)?,
            Some(Typed::Recovery(_)) | None => None,
        };
        let last_step = step.ok_or_else(wrong)?;
        let (codes, hashes) = recovery::make(user)?;
        let factor = StoredSecondFactor { secret: sealed, last_step, on_since: now };
        let mut tx = core.store.begin().await?;
        if !tx.take_proposed_second_factor(user, &factor).await? {
            return Err(over());
        }
        tx.put_recovery_codes(user, &hashes).await?;
        tx.delete_sign_ins_of(user, Some(&actor.sign_in)).await?;
        tx.audit(now, Some(actor), "user.second_factor_on", &actor.name, None).await?;
        tx.commit().await?;
        core.throttle.succeeded(&guesses(&actor.name), NOWHERE);
        core.rights_changed(Some(user));
        Ok(codes)
    }

    /// Makes new recovery codes; those before are worth nothing from then on.
    ///
    /// # Errors
    /// `Invalid` at `password`; `Conflict` while the second factor is off.
    pub async fn new_codes(&self, actor: &Actor, password: String) -> Result<Vec<String>> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        core.check_own_password(actor, password, "password").await?;
        core.store.second_factor(&actor.user).await?.ok_or_else(off)?;
        let (codes, hashes) = recovery::make(&actor.user)?;
        let mut tx = core.store.begin().await?;
        tx.put_recovery_codes(&actor.user, &hashes).await?;
        tx.audit(core.now(), Some(actor), "user.recovery_codes", &actor.name, None).await?;
        tx.commit().await?;
        core.rights_changed(Some(&actor.user));
        Ok(codes)
    }

    /// Turns the second factor off and ends the actor's other sign-ins.
    ///
    /// # Errors
    /// `Invalid` at `password`; `Conflict` while it is off, or a group requires it.
    pub async fn turn_off(&self, actor: &Actor, password: String) -> Result<()> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        if let Some(group) = core.membership.requires_second_factor(&actor.user, actor.role) {
            return Err(Error::conflict(format!("The group “{group}” requires a second factor."))
                .hint("It can be moved to another device, and stays on."));
        }
        core.check_own_password(actor, password, "password").await?;
        let mut tx = core.store.begin().await?;
        if !tx.delete_second_factor(&actor.user).await? {
            return Err(off());
        }
        tx.delete_sign_ins_of(&actor.user, Some(&actor.sign_in)).await?;
        tx.audit(core.now(), Some(actor), "user.second_factor_off", &actor.name, None).await?;
        tx.commit().await?;
        core.rights_changed(Some(&actor.user));
        Ok(())
    }

    /// Keeps recovery codes for the page that the actor sees next.
    pub fn leave_codes(&self, actor: &Actor, codes: Vec<String>) {
        self.0.recovery_codes.leave(&actor.sign_in, codes, self.0.now());
    }

    /// The recovery codes that were left for this sign-in, once.
    pub fn take_codes(&self, actor: &Actor) -> Option<Vec<String>> {
        self.0.recovery_codes.take(&actor.sign_in, self.0.now())
    }
}
