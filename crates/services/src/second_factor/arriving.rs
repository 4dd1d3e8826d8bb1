//! The second step of signing in: the code after the password.

use super::{guesses, recovery};
use crate::{access::Access, core::Core, entropy};
use domain::{Error, ErrorKind, Result, audit::AuditResult, second_factor::Typed, user::User};
use std::net::IpAddr;
use store::{NewAuditLine, Tx};

impl Access {
    /// Checks the code of somebody whose password was right, and uses up the token that was given for
    /// it. A recovery code is as good as one of the device, once.
    ///
    /// # Errors
    /// `Unauthenticated` without a token that still counts; `Invalid` at `code`; `Exhausted` after too
    /// many wrong codes.
    pub async fn confirm(&self, token: &str, code: &str, address: IpAddr) -> Result<User> {
        let core = self.core();
        let now = core.now();
        let gone = || {
            Error::new(ErrorKind::Unauthenticated, "Name and password are asked for first.").hint(
                "The code is taken for five minutes after them, and in the same browser. Sign in again.",
            )
        };
        let hash = entropy::digest(token);
        let id = core.store.pending_sign_in(&hash, now).await?.ok_or_else(gone)?;
        let user = core.store.user(&id).await?.filter(|u| !u.disabled).ok_or_else(gone)?;
        let familiar = core.is_familiar(&id, address).await?;
        core.throttle.attempt(&guesses(&user.name), address, familiar, now)?;
        let typed = Typed::read(code);
        let factor = core.store.second_factor(&id).await?.ok_or_else(gone)?;
        // A recovery code needs no secret, and works also where the key to that is lost.
        let step = match &typed {
            Some(Typed::Code(code)) => core.open_secret(&id, &factor.secret)?.step_of(code, now)?,
            Some(Typed::Recovery(_)) | None => None,
        };

        let mut tx = core.store.begin().await?;
        let taken = take(core, &mut tx, &user, typed, step).await?;
        if taken.is_some() && !tx.take_pending_sign_in(&hash).await? {
            return Err(gone());
        }
        tx.audit_outside(&NewAuditLine {
            at: now,
            user: taken.as_ref().map(|_| (&user.id, user.name.as_str())),
            action: "sign_in",
            target: &user.name,
            detail: Some(taken.as_deref().unwrap_or("wrong code")),
            address: &address.to_string(),
            result: if taken.is_some() { AuditResult::Done } else { AuditResult::Refused },
        })
        .await?;
        if taken.is_some() {
            tx.touch_user(&id, now).await?;
        }
        tx.commit().await?;
        if taken.is_none() {
            return Err(super::wrong());
        }
        core.throttle.succeeded(&guesses(&user.name), address);
        Ok(user)
    }
}

/// Uses up what was typed; says what it was, if it was right.
async fn take(
    core: &Core,
    tx: &mut Tx,
    user: &User,
    typed: Option<Typed>,
    step: Option<i64>,
) -> Result<Option<String>> {
    Ok(match (typed, step) {
        (Some(Typed::Code(_)), Some(step)) if tx.take_step(&user.id, step).await? => {
            Some("with a code".to_owned())
        }
        (Some(Typed::Recovery(code)), _)
            if tx.take_recovery_code(&user.id, &recovery::hash(&user.id, &code)).await? =>
        {
            // Counted before this transaction: one of them is gone.
            let left = core.store.recovery_codes_left(&user.id).await? - 1;
            Some(format!("with a recovery code, {left} left"))
        }
        _ => None,
    })
}
