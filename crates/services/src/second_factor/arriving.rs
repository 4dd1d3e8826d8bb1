//! The second step of signing in: the code after the password.
//!
//! How many wrong ones are looked at in a day is limited for each account, from wherever they come:
//! against many addresses the throttle alone would let a guesser go on for days. Only who has the
//! password gets this far, so nobody else can have an owner refused.

use super::{guesses, recovery};
use crate::{access::Access, entropy};
use domain::{
    Error, ErrorKind, Result, Timestamp, audit::AuditResult, second_factor::Typed, user::User,
};
use std::net::IpAddr;
use store::{NewAuditLine, Tx};

/// Wrong codes, recovery codes among them, that are looked at within [`WRONG_FOR_S`]. To guess one of
/// the three codes that are right at a time takes decades with so few.
const MOST_WRONG: usize = 20;
/// A wrong code counts for a day.
const WRONG_FOR_S: i64 = 24 * 3600;

impl Access {
    /// Checks the code of somebody whose password was right, and uses up the token that was given for
    /// it. A recovery code is as good as one of the device, once.
    ///
    /// # Errors
    /// `Unauthenticated` without a token that still counts; `Invalid` at `code`; `Exhausted` after too
    /// many wrong codes, in a short time or in a day.
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
        let since = now.plus_secs(-WRONG_FOR_S);
        check_number(&tx.wrong_codes(&id, since).await?, now)?;
        let taken = take(&mut tx, &user, typed, step).await?;
        if taken.is_none() {
            tx.add_wrong_code(&id, now, since).await?;
        } else if !tx.take_pending_sign_in(&hash).await? {
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

/// # Errors
/// `Exhausted` when no more codes are looked at, for so many were `wrong` within a day, newest first.
fn check_number(wrong: &[Timestamp], now: Timestamp) -> Result<()> {
    let Some(first) = wrong.get(MOST_WRONG - 1) else { return Ok(()) };
    let left_s = WRONG_FOR_S - now.since(*first) / 1000;
    let wait = match (left_s + 3599) / 3600 {
        ..=1 => "an hour".to_owned(),
        hours => format!("{hours} hours"),
    };
    Err(Error::exhausted("Too many wrong codes were given for this account.").hint(format!(
        "Try again in {wait}. An administrator can let you in before, by a link for a new password \
         or by resetting the second factor."
    )))
}

/// Uses up what was typed; says what it was, if it was right.
async fn take(
    tx: &mut Tx,
    user: &User,
    typed: Option<Typed>,
    step: Option<i64>,
) -> Result<Option<String>> {
    Ok(match (typed, step) {
        (Some(Typed::Code(_)), Some(step)) if tx.take_step(&user.id, step).await? => {
            Some("with a code".to_owned())
        }
        (Some(Typed::Recovery(code)), _) => {
            let left = tx.take_recovery_code(&user.id, &recovery::hash(&user.id, &code)).await?;
            left.map(|left| format!("with a recovery code, {left} left"))
        }
        _ => None,
    })
}
