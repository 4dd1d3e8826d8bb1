//! Signing in: who a browser is, and ending that.

use crate::{core::Core, entropy};
use domain::{
    Error, Result, SignInId, Timestamp, UserId,
    actor::{Actor, Permission},
    audit::AuditResult,
    user::{SignIn, User, check_name},
};
use std::{net::IpAddr, sync::Arc};
use store::{NewAuditLine, StoredSignIn};

/// A sign-in ends after this long without a visit.
pub const IDLE_S: i64 = 12 * 3600;
/// A sign-in ends this long after it began, visits or not.
pub const LONGEST_S: i64 = 7 * 24 * 3600;
/// How often a visit is written down.
const TOUCH_EVERY_S: i64 = 60;
/// How long a code may be given after the password.
const CODE_WITHIN_S: i64 = 5 * 60;

#[derive(Clone)]
pub struct Access(Arc<Core>);

/// The stored id of a sign-in: a hash of what the cookie carries.
pub fn sign_in_id(cookie: &str) -> Result<SignInId> {
    // 160 bits; an id is at most 63 characters long.
    entropy::digest(cookie)[..40].parse()
}

/// What is still asked of somebody whose password was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    In,
    /// To set up a second factor, before anything else.
    SetUp,
    /// A code, together with this token. Nobody is signed in before.
    Code(String),
}

/// Whom a sign-in belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    In(Actor),
    /// Somebody who must have a second factor and has none: to set it up is all there is to do.
    SetUp(Actor),
}

impl Access {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    pub(crate) fn core(&self) -> &Core {
        &self.0
    }

    /// Checks a name and password. The answer and its time are the same for an unknown name, a
    /// wrong password, a disabled account, and one that is only invited.
    ///
    /// # Errors
    /// `Unauthenticated`, or `Exhausted` after too many attempts.
    pub async fn check(
        &self,
        name: &str,
        password: String,
        address: IpAddr,
    ) -> Result<(User, Then)> {
        let core = &self.0;
        let refused = || {
            Error::new(domain::ErrorKind::Unauthenticated, "Name or password is wrong.").hint(
                "Check both and try again. An administrator can make a link for a new password.",
            )
        };
        let account = check_name(name).unwrap_or_else(|_| "-".to_owned());
        let known = core.store.credentials(&account).await?;
        let familiar = match &known {
            Some(known) => core.is_familiar(&known.user.id, address).await?,
            None => false,
        };
        core.throttle.attempt(&account, address, familiar, core.now())?;
        let longest = domain::user::PASSWORD_LONGEST * 4;
        let hash = known.as_ref().and_then(|k| k.password_hash.clone());
        let matches = password.len() <= longest && core.passwords.verify(password, hash).await?;
        let user = known.map(|k| k.user).filter(|u| matches && !u.disabled);
        let then = match &user {
            Some(user) if core.store.second_factor(&user.id).await?.is_some() => {
                Then::Code(entropy::secret()?)
            }
            Some(user) if core.owes_second_factor(user).await? => Then::SetUp,
            _ => Then::In,
        };
        let mut tx = core.store.begin().await?;
        tx.audit_outside(&NewAuditLine {
            at: core.now(),
            user: user.as_ref().map(|user| (&user.id, user.name.as_str())),
            action: if matches!(then, Then::Code(_)) { "sign_in.password" } else { "sign_in" },
            target: &account,
            detail: None,
            address: &address.to_string(),
            result: if user.is_some() { AuditResult::Done } else { AuditResult::Refused },
        })
        .await?;
        match (&user, &then) {
            (Some(user), Then::Code(token)) => {
                let until = core.now().plus_secs(CODE_WITHIN_S);
                tx.put_pending_sign_in(&entropy::digest(token), &user.id, until).await?;
                tx.delete_expired(core.now()).await?;
            }
            (Some(user), _) => tx.touch_user(&user.id, core.now()).await?,
            (None, _) => {}
        }
        tx.commit().await?;
        let user = user.ok_or_else(refused)?;
        core.throttle.succeeded(&account, address);
        Ok((user, then))
    }

    /// Who may act with a sign-in, if it still counts. Notes the visit.
    ///
    /// Nobody while a second factor is owed: every page, function, stream and terminal asks here, so
    /// that nothing is open but what asks for the [`arrival`](Self::arrival) itself.
    pub async fn actor(&self, id: &SignInId) -> Result<Option<Actor>> {
        Ok(match self.arrival(id).await? {
            Some(Arrival::In(actor)) => Some(actor),
            Some(Arrival::SetUp(_)) | None => None,
        })
    }

    /// Whom a sign-in belongs to, if it still counts, and whether a second factor is owed. Notes the
    /// visit.
    pub async fn arrival(&self, id: &SignInId) -> Result<Option<Arrival>> {
        let core = &self.0;
        let now = core.now();
        let Some(sign_in) = core.store.sign_in(id, now).await? else { return Ok(None) };
        let Some(user) = sign_in.user else { return Ok(None) };
        let Some(user) = core.store.user(&user).await?.filter(|u| !u.disabled) else {
            return Ok(None);
        };
        if now.since(sign_in.last_seen_at) > TOUCH_EVERY_S * 1000 {
            let mut tx = core.store.begin().await?;
            tx.touch_sign_in(id, now, expiry(sign_in.created_at, now)).await?;
            tx.touch_user(&user.id, now).await?;
            tx.commit().await?;
        }
        let owes = core.owes_second_factor(&user).await?;
        let grants = core.membership.grants(&user.id, user.role);
        let (sign_in, role) = (id.clone(), user.role);
        let actor = Actor { user: user.id, name: user.name, role, sign_in, grants };
        Ok(Some(if owes { Arrival::SetUp(actor) } else { Arrival::In(actor) }))
    }

    /// The actor's own sign-ins, the present one first.
    pub async fn sign_ins(&self, actor: &Actor) -> Result<Vec<SignIn>> {
        actor.require(Permission::UseOwnAccount)?;
        let mut all: Vec<SignIn> = self
            .0
            .store
            .sign_ins_of(&actor.user, self.0.now())
            .await?
            .into_iter()
            .map(|sign_in| shown(sign_in, &actor.sign_in))
            .collect();
        all.sort_by_key(|s| !s.current);
        Ok(all)
    }

    /// Ends one of the actor's sign-ins and cuts the streams opened with it.
    pub async fn revoke(&self, actor: &Actor, id: &SignInId) -> Result<()> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        let own = core.store.sign_ins_of(&actor.user, core.now()).await?;
        if !own.iter().any(|s| s.id == *id) {
            return Err(Error::not_found("That sign-in has already ended."));
        }
        let mut tx = core.store.begin().await?;
        tx.audit(core.now(), Some(actor), "sign_in.revoke", id.short(), None).await?;
        tx.delete_sign_in(id).await?;
        tx.commit().await?;
        core.rights_changed(Some(&actor.user));
        Ok(())
    }

    /// Ends all sign-ins of the actor but the present one.
    pub async fn revoke_others(&self, actor: &Actor) -> Result<()> {
        actor.require(Permission::UseOwnAccount)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        tx.delete_sign_ins_of(&actor.user, Some(&actor.sign_in)).await?;
        tx.audit(core.now(), Some(actor), "sign_in.revoke_others", &actor.name, None).await?;
        tx.commit().await?;
        core.rights_changed(Some(&actor.user));
        Ok(())
    }

    // The four below serve the cookie layer, which asks before anybody is known.

    pub async fn load_sign_in(&self, id: &SignInId) -> Result<Option<StoredSignIn>> {
        self.0.store.sign_in(id, self.0.now()).await
    }

    /// Stores a new record unless its id is taken; tells whether it did.
    pub async fn create_sign_in(&self, id: SignInId, record: SignInRecord) -> Result<bool> {
        let mut tx = self.0.store.begin().await?;
        let done = tx.insert_sign_in(&self.stored(id, record)?).await?;
        tx.delete_expired(self.0.now()).await?;
        tx.commit().await?;
        Ok(done)
    }

    pub async fn save_sign_in(&self, id: SignInId, record: SignInRecord) -> Result<()> {
        let mut tx = self.0.store.begin().await?;
        tx.save_sign_in(&self.stored(id, record)?).await?;
        tx.commit().await
    }

    pub async fn delete_sign_in(&self, id: &SignInId) -> Result<()> {
        let mut tx = self.0.store.begin().await?;
        tx.delete_sign_in(id).await?;
        tx.commit().await?;
        self.0.rights_changed(None);
        Ok(())
    }

    fn stored(&self, id: SignInId, record: SignInRecord) -> Result<StoredSignIn> {
        let now = self.0.now();
        Ok(StoredSignIn {
            id,
            user: record.user.map(|id| id.parse()).transpose()?,
            data: record.data,
            client: record.client,
            address: record.address,
            created_at: now,
            last_seen_at: now,
            expires_at: expiry(now, now),
        })
    }
}

impl Core {
    /// Whether an account's owner is signed in from an address already.
    pub(crate) async fn is_familiar(&self, user: &UserId, address: IpAddr) -> Result<bool> {
        let address = address.to_string();
        let earlier = self.store.sign_ins_of(user, self.now()).await?;
        Ok(earlier.iter().any(|s| s.address == address))
    }
}

/// What the cookie layer keeps of a browser.
#[derive(Debug, Clone, Default)]
pub struct SignInRecord {
    pub user: Option<String>,
    pub client: String,
    pub address: String,
    pub data: String,
}

/// A sign-in as pages list it, for a reader with the sign-in `current`.
pub(crate) fn shown(sign_in: StoredSignIn, current: &SignInId) -> SignIn {
    SignIn {
        current: sign_in.id == *current,
        client: client_name(&sign_in.client),
        id: sign_in.id,
        address: sign_in.address,
        created_at: sign_in.created_at,
        last_seen_at: sign_in.last_seen_at,
    }
}

fn expiry(created: Timestamp, now: Timestamp) -> Timestamp {
    now.plus_secs(IDLE_S).min(created.plus_secs(LONGEST_S))
}

/// Browser and system in two words, from a `User-Agent`.
fn client_name(user_agent: &str) -> String {
    let first = |pairs: &[(&str, &'static str)]| {
        pairs.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    // Order matters: later browsers name earlier ones in their text.
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_what_it_is() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        assert_eq!(client_name(chrome), "Chrome on Linux");
        assert_eq!(client_name(&format!("{chrome} Edg/156")), "Edge on Linux");
        assert_eq!(client_name(""), "Unknown browser");
    }

    #[test]
    fn visits_extend_a_sign_in_but_not_for_ever() {
        let created = Timestamp(0);
        assert_eq!(expiry(created, Timestamp(0)), Timestamp(IDLE_S * 1000));
        let late = Timestamp((LONGEST_S - 1) * 1000);
        assert_eq!(expiry(created, late), Timestamp(LONGEST_S * 1000));
    }
}
