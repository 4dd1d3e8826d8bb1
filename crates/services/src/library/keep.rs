//! Keeps the images of workspaces present and current (seed 000, *Pull Behavior*).
//!
//! Every so often what enabled workspaces need is compared with what the engine has. What is
//! missing is pulled at once; of what is there the registry is asked, once in a while and spread
//! over the time, what the name means by now, and it is pulled only if that is something else.
//! Either happens only where a stored registry is the one for the name. All that must survive a
//! restart, such as when to ask next, is in the database: coming back is no storm.

use super::credentials::Credentials;
use crate::{
    core::Core,
    images::{Holding, digest_of, has_digest},
    pulls::Pull,
    registries::repository_at,
};
use domain::{
    Error, ErrorKind, RegistryId, Result, Timestamp,
    event::Change,
    image::ImageRef,
    job::JobLinks,
    library::{Meaning, Upkeep, Upstream},
    registry::Fault,
};
use registry::{Question, Refusal};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::StoredRegistry;
use tokio::sync::broadcast::error::RecvError;

/// One registry is asked about so many names in one comparison at most; the others come next time.
const BUDGET: usize = 20;
/// A registry does not keep the others waiting for longer than this for each name.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a registry that takes no more requests is left alone if it does not say.
const RATE_LIMITED_S: i64 = 15 * 60;
/// The first pause after a failure; it doubles up to the time between two refreshes.
const FIRST_PAUSE_S: i64 = 60;
/// Several changes close together are one reason to look.
const BREATH: Duration = Duration::from_millis(100);
/// Images that are read in the background between two comparisons.
const READ_AT_ONCE: usize = 200;

/// Runs for ever.
pub(crate) async fn run(core: Arc<Core>) {
    let mut changes = core.bus.listen();
    let mut pace = Pace::default();
    loop {
        if core.engine_problem().is_none()
            && let Err(error) = compare(&core, &mut pace).await
        {
            tracing::warn!(%error, "images were not compared with what workspaces need");
        }
        read_architectures(&core).await;
        let every = u64::try_from(core.policy.get().upkeep.compare_s).unwrap_or(30);
        let until = tokio::time::sleep(Duration::from_secs(every));
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                change = changes.recv() => match change {
                    Ok(Change::Workspace { .. } | Change::Images | Change::Engine | Change::Resync)
                    | Err(RecvError::Lagged(_)) => {
                        tokio::time::sleep(BREATH).await;
                        // What piled up meanwhile is seen by the look that follows.
                        changes = changes.resubscribe();
                        break;
                    }
                    Ok(_) => {}
                    Err(RecvError::Closed) => return,
                },
            }
        }
        super::prune::by_rule(&core).await;
    }
}

/// How many names each registry was asked about since when: looking more often, because something has
/// changed, is not asking more.
#[derive(Debug, Default)]
struct Pace(HashMap<RegistryId, (Timestamp, usize)>);

impl Pace {
    /// About how many names a registry may be asked now.
    fn left(&mut self, of: &RegistryId, now: Timestamp, upkeep: &Upkeep) -> usize {
        let (since, asked) = self.0.entry(of.clone()).or_insert((now, 0));
        if now.since(*since) >= upkeep.compare_s * 1000 {
            (*since, *asked) = (now, 0);
        }
        BUDGET.saturating_sub(*asked)
    }

    fn asked(&mut self, of: &RegistryId, names: usize) {
        if let Some((_, asked)) = self.0.get_mut(of) {
            *asked += names;
        }
    }
}

/// A name that a workspace needs and a registry could bring.
struct Wanted {
    name: String,
    image: ImageRef,
    registry: StoredRegistry,
}

async fn compare(core: &Arc<Core>, pace: &mut Pace) -> Result<()> {
    let upkeep = core.policy.get().upkeep;
    let held = core.images.held();
    // Also of workspaces that are disabled: what becomes of those is on record too.
    note_meanings(core, &core.store.images_in_use().await?, &held).await?;
    crate::revisions::observe(core).await?;
    let mut names = core.store.wanted_images().await?;
    names.extend(lost_pins(core).await?);
    let credentials = Credentials::read(core).await?;
    if credentials.is_empty() {
        return Ok(());
    }
    let upstreams = core.store.upstreams().await?;
    let nothing = Upstream::default();
    let mut due: HashMap<String, Vec<Wanted>> = HashMap::new();
    for name in names {
        let Ok(image) = name.parse::<ImageRef>() else { continue };
        let Some(registry) = credentials.of(&image) else { continue };
        let known = upstreams.get(&name).unwrap_or(&nothing);
        let now = core.now();
        let paused = registry.paused_until.is_some_and(|until| until > now);
        let there = core.images.id_of(&name).is_some();
        let registry = registry.clone();
        if !there {
            let waits = known.failures > 0 && known.next_check_at.is_some_and(|next| next > now);
            let own = domain::preset::is_built_here(&image);
            if !paused
                && !waits
                && !own
                && !core.images.is_coming(&name)
                && !made_here(core, &name).await?
            {
                bring(core, &name).await?;
            }
        } else if image.digest.is_none() {
            match when(known, &upkeep) {
                None => {
                    let first = now.plus_millis(offset(core, &name, &upkeep));
                    let mut tx = core.store.begin().await?;
                    tx.plan_check(&name, first).await?;
                    tx.commit().await?;
                }
                Some(at) if at <= now && !paused && !made_here(core, &name).await? => {
                    let of = registry.id.to_string();
                    due.entry(of).or_default().push(Wanted { name, image, registry });
                }
                Some(_) => {}
            }
        }
    }
    for wanted in due.into_values() {
        // One registry's trouble is not another's.
        if let Err(error) = refresh(core, wanted, &upkeep, pace).await {
            tracing::warn!(%error, "a registry was not asked about its images");
        }
    }
    Ok(())
}

/// Images that enabled workspaces are pinned to and the engine has lost, as registries know them.
async fn lost_pins(core: &Core) -> Result<Vec<String>> {
    let pinned = core.store.pinned_workspaces().await?;
    let lost = pinned.into_iter().filter(|one| one.enabled).map(|one| one.pin).filter(|pin| {
        let known = [Some(&pin.id), pin.digest.as_ref()];
        known.into_iter().flatten().all(|name| core.images.id_of(name).is_none())
    });
    let mut names: Vec<String> = lost.filter_map(|pin| pin.digest).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// When the registry is to be asked about a name that is there; `None` if nobody has decided yet.
pub(super) fn when(known: &Upstream, upkeep: &Upkeep) -> Option<Timestamp> {
    match (known.failures, known.checked_at) {
        (0, Some(at)) => {
            // Counted from the last time, so that a changed setting holds for names that wait.
            let turn = at.plus_secs(upkeep.refresh_s);
            // Somebody wants it asked sooner.
            let urged = known.next_check_at.filter(|next| *next > at);
            Some(urged.map_or(turn, |urged| urged.min(turn)))
        }
        _ => known.next_check_at,
    }
}

/// Where in the time between two refreshes a name has its place: the same after each start, and
/// elsewhere on another installation.
fn offset(core: &Core, name: &str, upkeep: &Upkeep) -> i64 {
    let hash = Sha256::digest(format!("{} {name}", core.installation));
    let number = hash.iter().take(4).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    number % (upkeep.refresh_s * 1000).max(1)
}

/// Whether an image was made of a session here and has never been at its registry: whatever is
/// there under its name is another one.
async fn made_here(core: &Core, name: &str) -> Result<bool> {
    let made = core.store.snapshot(name).await?.filter(|made| made.remote_digest.is_none());
    let here = core.images.id_of(name);
    // What was asked for and never made, or has gone again, says nothing of the name.
    Ok(made.and_then(|made| made.image_id).is_some_and(|made| here.as_ref() == Some(&made)))
}

/// Has an image pulled, unless that is under way; tells whether it was not.
async fn bring(core: &Core, name: &str) -> Result<bool> {
    let pull = Pull { image: name.to_owned(), registry: None };
    core.ensure_pull(pull).await
}

/// Asks one registry about the names whose turn it is.
async fn refresh(
    core: &Arc<Core>,
    mut wanted: Vec<Wanted>,
    upkeep: &Upkeep,
    pace: &mut Pace,
) -> Result<()> {
    let Some(of) = wanted.first().map(|one| one.registry.id.clone()) else { return Ok(()) };
    wanted.truncate(pace.left(&of, core.now(), upkeep));
    pace.asked(&of, wanted.len());
    let Some(registry) = wanted.first().map(|one| one.registry.clone()) else { return Ok(()) };
    let address = registry.definition.address()?;
    let password = core.password_of(&registry)?.unwrap_or_default();
    let question = Question {
        address: &address,
        username: &registry.definition.username,
        password: &password,
        ca: &registry.definition.ca,
        repository: "",
    };
    let mut asked = Vec::with_capacity(wanted.len());
    for one in &wanted {
        let tag = one.image.tag.clone().unwrap_or_else(|| "latest".to_owned());
        asked.push((repository_at(&address, &one.image.path)?, tag));
    }
    // What is pushed while it answers counts as unasked.
    let began = core.now();
    let answers = registry::meanings(&question, &asked, PATIENCE).await;
    let mut rate = None;
    let mut pause = None;
    for (one, answer) in wanted.iter().zip(answers) {
        let now = core.now();
        match answer {
            Ok(meaning) => {
                rate = meaning.rate.or(rate);
                learned(core, one, meaning.digest, began, upkeep).await?;
            }
            Err(refusal) => {
                if refusal.fault == Fault::RateLimited {
                    let secs = refusal.wait_s.map_or(RATE_LIMITED_S, i64::from);
                    pause = Some(now.plus_secs(secs.clamp(1, 86_400)));
                }
                failed(core, &one.name, refusal, pause, upkeep).await?;
            }
        }
    }
    if rate != registry.rate || pause.is_some() || registry.paused_until.is_some() {
        let mut tx = core.store.begin().await?;
        tx.note_registry_said(&registry.id, rate.as_ref(), pause).await?;
        tx.commit().await?;
    }
    core.bus.announce(Change::Images);
    Ok(())
}

/// What a name means at its registry, and a pull if that is something new.
async fn learned(
    core: &Core,
    one: &Wanted,
    remote: Option<String>,
    now: Timestamp,
    upkeep: &Upkeep,
) -> Result<()> {
    let held = core.images.held();
    let image = held.find(&one.name);
    // One without a digest was built on this machine: what a registry has under its name is another.
    let came_from_there = image.is_some_and(|image| digest_of(image, &one.image).is_some());
    let is_here = remote
        .as_ref()
        .is_some_and(|remote| image.is_some_and(|image| has_digest(image, &one.image, remote)));
    let mut tx = core.store.begin().await?;
    match (&remote, came_from_there) {
        (None, true) => {
            let error = Error::not_found("The registry no longer has this tag.").hint(
                "Sessions can still be launched from the image that is here. Push the tag again, or name another one in the workspace.",
            );
            tx.note_trouble(&one.name, &error, now.plus_secs(upkeep.refresh_s)).await?;
        }
        (remote, false) => tx.note_checked(&one.name, remote.as_deref(), true, now).await?,
        (remote, true) => tx.note_checked(&one.name, remote.as_deref(), is_here, now).await?,
    }
    tx.commit().await?;
    let is_newer = remote.is_some() && came_from_there && !is_here;
    if is_newer && !bring(core, &one.name).await? {
        // The pull that is under way may have begun before this was pushed.
        let mut tx = core.store.begin().await?;
        tx.urge_check(&one.name, now.plus_secs(FIRST_PAUSE_S)).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn failed(
    core: &Core,
    name: &str,
    refusal: Refusal,
    pause: Option<Timestamp>,
    upkeep: &Upkeep,
) -> Result<()> {
    let known = core.store.upstream(name).await?;
    let again = core.now().plus_secs(pause_after(known.failures, upkeep));
    let kind = match refusal.fault {
        Fault::Unreachable | Fault::RateLimited => ErrorKind::Unavailable,
        Fault::Credentials | Fault::Permission => ErrorKind::Forbidden,
        Fault::Certificate | Fault::NotARegistry => ErrorKind::Conflict,
    };
    let error = Error::new(kind, refusal.message).hint(refusal.hint);
    let mut tx = core.store.begin().await?;
    tx.note_trouble(name, &error, pause.unwrap_or(again).max(again)).await?;
    tx.commit().await
}

/// Seconds to the next attempt after so many that failed.
fn pause_after(failures: u32, upkeep: &Upkeep) -> i64 {
    FIRST_PAUSE_S.saturating_mul(1 << failures.min(16)).min(upkeep.refresh_s.max(FIRST_PAUSE_S))
}

/// Writes down what names mean now, where that is something else than before.
async fn note_meanings(core: &Core, names: &[String], held: &Holding) -> Result<()> {
    let before = core.store.present_meanings().await?;
    let mut news = false;
    for name in names {
        let Some(image) = held.find(name) else { continue };
        if before.get(name) == Some(&image.id) {
            continue;
        }
        let digest = name.parse().ok().and_then(|name| digest_of(image, &name));
        let meaning =
            Meaning { id: image.id.clone(), digest: digest.unwrap_or_default(), since: core.now() };
        let mut tx = core.store.begin().await?;
        tx.note_meaning(name, &meaning).await?;
        tx.commit().await?;
        news = true;
    }
    if news {
        core.bus.announce(Change::Images);
    }
    Ok(())
}

/// Reads what some more images are built for; engines do not list it.
async fn read_architectures(core: &Core) {
    for id in core.images.not_read(READ_AT_ONCE) {
        match core.engine.image_config(&id).await {
            Ok(config) => {
                core.images.was_read(id, config.map(|c| c.architecture).unwrap_or_default());
            }
            Err(error) if error.kind == ErrorKind::Unavailable => return,
            Err(error) => tracing::debug!(%error, "an image was not read"),
        }
    }
}

impl Core {
    /// Has an image pulled by Slipway itself, unless that is under way; tells whether it was not.
    async fn ensure_pull(&self, pull: Pull) -> Result<bool> {
        let under_way = self.store.pulls_under_way().await?;
        if under_way.iter().any(|one| one.image == pull.image) {
            return Ok(false);
        }
        self.order_pull(None, pull, JobLinks::default()).await?;
        Ok(true)
    }

    /// A pull has failed for good: the next one that nobody asks for is made later. A registry that
    /// takes no more requests is left alone.
    pub(crate) async fn note_failed_pull(
        &self,
        name: &str,
        error: &Error,
        from: Option<&StoredRegistry>,
    ) -> Result<()> {
        let upkeep = self.policy.get().upkeep;
        let known = self.store.upstream(name).await?;
        let next = self.now().plus_secs(pause_after(known.failures, &upkeep));
        let mut tx = self.store.begin().await?;
        tx.note_trouble(name, error, next).await?;
        if let Some(from) = from.filter(|_| engine::is_rate_limit(error)) {
            let until = self.now().plus_secs(RATE_LIMITED_S);
            tx.note_registry_said(&from.id, None, Some(until)).await?;
        }
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_turn_after_the_last_answer_or_sooner_if_somebody_knows_better() {
        let upkeep = Upkeep::default();
        let (checked, turn) = (Timestamp(1_000_000), Timestamp(1_000_000 + 3_600_000));
        let at = |next: Option<i64>| {
            let next_check_at = next.map(Timestamp);
            let known =
                Upstream { checked_at: Some(checked), next_check_at, ..Upstream::default() };
            when(&known, &upkeep)
        };
        assert_eq!(at(None), Some(turn));
        // Before the last answer: that was the one.
        assert_eq!(at(Some(1_000_000)), Some(turn));
        assert_eq!(at(Some(1_000_001)), Some(Timestamp(1_000_001)));
        assert_eq!(at(Some(i64::MAX)), Some(turn));
        assert_eq!(when(&Upstream::default(), &upkeep), None);
    }

    #[test]
    fn failures_are_repeated_ever_later_but_never_later_than_a_refresh() {
        let upkeep = Upkeep::default();
        assert_eq!(pause_after(0, &upkeep), 60);
        assert_eq!(pause_after(3, &upkeep), 480);
        assert_eq!(pause_after(100, &upkeep), 3600);
    }
}
