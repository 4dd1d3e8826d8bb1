//! Webhooks: pipelines and registries say that an image was pushed, and what its tag means by now is
//! asked at once instead of at its next turn.
//!
//! A call is believed only in that something was pushed: it makes checks due, and the comparison of
//! the image library does the rest, as it would by itself within the hour. Who may call is decided
//! by a secret of which only a hash is kept.

use crate::{core::Core, entropy, registries, workspaces};
use domain::{
    Error, ErrorKind, HookId, Result, SignInId, Timestamp,
    actor::{Actor, Permission},
    event::Change,
    hook::{self, Called, Hook, HookOf, Named},
    image::ImageRef,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use store::{StoredHook, Tx};
use subtle::ConstantTimeEq;

/// Longest body of a call, in bytes.
pub const LARGEST_CALL: usize = 256 << 10;
/// Calls of one hook in a minute.
const A_MINUTE: usize = 60;
const MINUTE_MS: i64 = 60_000;
/// A secret waits so long for the page that shows it.
const SHOWN_WITHIN_MS: i64 = 5 * MINUTE_MS;
/// Names that are told of a call; of more the rest is counted.
const TOLD: usize = 3;
/// The hash that is compared where there is no hook, so that it takes as long.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Clone)]
pub struct Hooks {
    core: Arc<Core>,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Default)]
struct Memory {
    /// When each hook was called within the last minute.
    calls: HashMap<HookId, Vec<Timestamp>>,
    /// Secrets that a page is about to show, by the sign-in that made them.
    made: HashMap<SignInId, (HookOf, String, Timestamp)>,
}

fn refused() -> Error {
    Error::new(ErrorKind::Unauthenticated, "This webhook is not called with its secret.")
        .hint("An administrator can make a new one where its address is shown.")
}

const fn permission(of: &HookOf) -> Permission {
    match of {
        HookOf::Registry(_) => Permission::ManageRegistries,
        HookOf::Workspace(_) => Permission::ManageWorkspaces,
    }
}

/// What a hook belongs to, for the record.
async fn owner(tx: &mut Tx, of: &HookOf) -> Result<String> {
    match of {
        HookOf::Registry(id) => {
            let registry = tx.registry(id).await?.ok_or_else(registries::unknown)?;
            Ok(registry.definition.name)
        }
        HookOf::Workspace(id) => {
            let workspace = tx.workspace(id).await?.ok_or_else(workspaces::unknown)?;
            Ok(workspace.definition.name)
        }
    }
}

impl Hooks {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, memory: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hook of a registry or a workspace, if it has one.
    ///
    /// # Errors
    /// `Forbidden` unless the actor manages what it is of.
    pub async fn get(&self, actor: &Actor, of: &HookOf) -> Result<Option<Hook>> {
        actor.require(permission(of))?;
        Ok(self.core.store.hook_of(of).await?.map(|stored| stored.hook))
    }

    /// Makes a hook, or gives the one that is there another secret; the one before is worth nothing
    /// from then on. This is the only time that the secret is to be had.
    ///
    /// # Errors
    /// `NotFound` when what it is to be of is not there.
    pub async fn make_secret(&self, actor: &Actor, of: &HookOf) -> Result<(Hook, String)> {
        actor.require(permission(of))?;
        let core = &self.core;
        let (secret, now) = (entropy::secret()?, core.now());
        let mut tx = core.store.begin().await?;
        let name = owner(&mut tx, of).await?;
        let id = match tx.hook_of(of).await? {
            Some(known) => known.hook.id,
            None => core.new_id()?,
        };
        let hook =
            Hook { id, of: of.clone(), created_at: now, called_at: None, outcome: String::new() };
        let stored = StoredHook { hook, secret_hash: entropy::digest(&secret) };
        tx.save_hook(&stored).await?;
        tx.audit(now, Some(actor), "hook.make_secret", &name, Some(stored.hook.id.as_str()))
            .await?;
        tx.commit().await?;
        Ok((stored.hook, secret))
    }

    /// Keeps a secret that was just made for the page that its maker is led to. In memory alone.
    pub fn keep_for_page(&self, actor: &Actor, of: &HookOf, secret: String) {
        let now = self.core.now();
        let mut memory = self.lock();
        memory.made.retain(|_, (_, _, at)| now.since(*at) < SHOWN_WITHIN_MS);
        memory.made.insert(actor.sign_in.clone(), (of.clone(), secret, now));
    }

    /// The secret that was kept for a page, once.
    pub fn take_for_page(&self, actor: &Actor, of: &HookOf) -> Option<String> {
        let (made, secret, at) = self.lock().made.remove(&actor.sign_in)?;
        let fresh = self.core.now().since(at) < SHOWN_WITHIN_MS;
        (made == *of && fresh).then_some(secret)
    }

    /// Removes a hook; removing again is no error.
    ///
    /// # Errors
    /// `NotFound` when what it is of is not there.
    pub async fn remove(&self, actor: &Actor, of: &HookOf) -> Result<()> {
        actor.require(permission(of))?;
        let core = &self.core;
        let mut tx = core.store.begin().await?;
        let name = owner(&mut tx, of).await?;
        if tx.delete_hook(of).await? {
            tx.audit(core.now(), Some(actor), "hook.remove", &name, None).await?;
        }
        tx.commit().await
    }

    /// Who calls with which secret. The answer and its time are the same for an unknown hook and a
    /// wrong secret. Only calls with the right one are counted, so that nobody else can use them up.
    ///
    /// # Errors
    /// `Unauthenticated`, or `Exhausted` after too many calls.
    pub async fn admit(&self, id: &str, secret: &str) -> Result<Hook> {
        let known = match id.parse::<HookId>() {
            Ok(id) => self.core.store.hook(&id).await?,
            Err(_) => None,
        };
        let given = entropy::digest(secret);
        let hash = known.as_ref().map_or(NO_HASH, |known| known.secret_hash.as_str());
        let same: bool = given.as_bytes().ct_eq(hash.as_bytes()).into();
        let hook = known.filter(|_| same).ok_or_else(refused)?.hook;
        self.count(&hook.id)?;
        Ok(hook)
    }

    fn count(&self, id: &HookId) -> Result<()> {
        let now = self.core.now();
        let mut memory = self.lock();
        memory.calls.retain(|_, times| {
            times.retain(|at| now.since(*at) < MINUTE_MS);
            !times.is_empty()
        });
        let times = memory.calls.entry(id.clone()).or_default();
        if times.len() >= A_MINUTE {
            return Err(Error::exhausted(format!(
                "This webhook was called {A_MINUTE} times within a minute."
            ))
            .hint("Call it once after each push, and try again in a minute."));
        }
        times.push(now);
        Ok(())
    }

    /// Has the registry asked about each image that a call names and a workspace uses, and has it
    /// pulled if it is another one by now.
    ///
    /// # Errors
    /// `Invalid` at `body` for one that cannot be read.
    pub async fn call(&self, hook: &Hook, body: &[u8]) -> Result<Called> {
        let core = &self.core;
        let named = match hook::named(body) {
            Ok(named) => named,
            Err(why) => {
                self.note(hook, &BTreeSet::new(), "The call could not be read.").await?;
                return Err(Error::at("body", why)
                    .hint("Send {\"image\": \"repository:tag\"}, or what a registry sends."));
            }
        };
        let used = core.images_of_hook(&hook.of).await?;
        let is_used = |one: &&Named| used.iter().any(|image| one.is(image));
        let recognised: Vec<&Named> = named.iter().filter(is_used).collect();
        let meant = |image: &&ImageRef| named.iter().any(|one| one.is(image));
        let due: BTreeSet<String> = used.iter().filter(meant).map(ImageRef::canonical).collect();
        self.note(hook, &due, &outcome(&named, &recognised)).await?;
        tracing::info!(hook = %hook.id, named = named.len(), due = due.len(), "webhook called");
        if !due.is_empty() {
            // Wakes the comparison.
            core.bus.announce(Change::Images);
        }
        let count = |all: usize| u32::try_from(all).unwrap_or(u32::MAX);
        Ok(Called { recognised: count(recognised.len()), named: count(named.len()) })
    }

    async fn note(&self, hook: &Hook, due: &BTreeSet<String>, outcome: &str) -> Result<()> {
        let now = self.core.now();
        let mut tx = self.core.store.begin().await?;
        for name in due {
            tx.urge_check(name, now).await?;
        }
        tx.note_hook_called(&hook.id, now, outcome).await?;
        tx.commit().await
    }
}

/// What came of a call, for those who look where its address is shown.
fn outcome(named: &[Named], recognised: &[&Named]) -> String {
    let listed = |names: &[String]| {
        let mut text = names.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
        if let Some(more) = names.len().checked_sub(TOLD).filter(|more| *more > 0) {
            text.push_str(&format!(" and {more} more"));
        }
        text
    };
    let all: Vec<String> = named.iter().map(ToString::to_string).collect();
    let known: Vec<String> = recognised.iter().map(ToString::to_string).collect();
    match (all.as_slice(), known.as_slice()) {
        ([], _) => "It named no tag that was pushed.".to_owned(),
        (all, []) => format!(
            "It named {}: no enabled workspace uses that from a stored registry.",
            listed(all)
        ),
        (_, known) => format!("The registry was asked what {} means now.", listed(known)),
    }
}

impl Core {
    /// The images that a hook may be about: of enabled workspaces, by a tag, from a stored registry.
    async fn images_of_hook(&self, of: &HookOf) -> Result<Vec<ImageRef>> {
        let stored = self.store.registries().await?;
        let images = self.store.enabled_images().await?;
        let concerns = |(workspace, image): &(domain::WorkspaceId, ImageRef)| {
            let mut covering = stored.iter().filter(|one| one.definition.covers(image).is_some());
            image.digest.is_none()
                && match of {
                    HookOf::Registry(id) => covering.any(|one| one.id == *id),
                    HookOf::Workspace(id) => workspace == id && covering.next().is_some(),
                }
        };
        Ok(images.into_iter().filter(concerns).map(|(_, image)| image).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_a_call_is_a_sentence() {
        let body = r#"{"events":[
            {"action":"push","target":{"repository":"a","tag":"1"}},
            {"action":"push","target":{"repository":"b","tag":"1"}},
            {"action":"push","target":{"repository":"c","tag":"1"}},
            {"action":"push","target":{"repository":"d","tag":"1"}}
        ]}"#;
        let named = hook::named(body.as_bytes()).unwrap();
        assert_eq!(outcome(&[], &[]), "It named no tag that was pushed.");
        assert!(outcome(&named, &[]).starts_with("It named a:1, b:1, c:1 and 1 more: no enabled"));
        assert_eq!(outcome(&named, &[&named[1]]), "The registry was asked what b:1 means now.");
    }
}
